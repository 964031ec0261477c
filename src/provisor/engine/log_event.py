"""Log events: one object of one cycle, in the shape of Graph's provisioningObjectSummary.

Pure, and written for every object that is touched, hence plain dicts built in one go. Shape and words:
spec/provisioning-service.md section 17. Values of redacted mappings show as [Redact]. Order: the frame, its steps,
modified properties.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from provisor.engine.decide import Skip
from provisor.engine.desired import Desired
from provisor.engine.record import Kind
from provisor.rules.failure import Failure
from provisor.rules.mapper import Mapper
from provisor.scim.path import getter
from provisor.scim.values import Json, Resource

Action: TypeAlias = Literal["create", "update", "delete", "disable", "other"]
Status: TypeAlias = Literal["success", "failure", "skipped", "warning"]
Change: TypeAlias = tuple[str, str | None, str | None]  # attribute, old value, new value
FailedStep: TypeAlias = Literal["import", "scoping", "matching", "processing", "referenceResolution", "export"]

UNRESOLVED_REFERENCE = "UnableToResolveReferenceAttributeValue"
_BRING_THEM = "Bring them into the scope of the job; who is disabled in the directory gets no account."
REDACTED = "[Redact]"
SHOWN_UNRESOLVED = 20
_SHOWN_MEMBERS = 1_000  # a membership event lists no more; its export step says how many there were
_EXPORTS: dict[Action, str] = {
    "create": "EntryExportAdd",
    "update": "EntryExportUpdate",
    "disable": "EntryExportUpdate",
    "delete": "EntryExportDelete",
    "other": "EntrySynchronizationSkip",
}
_DONE: dict[Action, str] = {
    "create": "was created",
    "update": "was updated",
    "disable": "was disabled",
    "delete": "was deleted",
    "other": "was left as it is",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Systems:
    """The two ends of a job and the job itself, as every event of a cycle repeats them."""

    tenant: str
    job: str
    cycle: str
    application: str
    """The id of the service principal."""
    application_name: str
    source_name: str = "Provisor Directory"
    user_urn: str
    group_urn: str


class EventFrame:
    """What all events of one cycle have in common, prepared once; `event` adds what is told of one object."""

    def __init__(self, systems: Systems) -> None:
        self._systems = systems
        principal: Resource = {"id": systems.application, "displayName": systems.application_name}
        details: Resource = {
            "ServicePrincipalId": systems.application,
            "ServicePrincipalDisplayName": systems.application_name,
        }
        self._fixed: Resource = {
            "tenantId": systems.tenant,
            "jobId": systems.job,
            "cycleId": systems.cycle,
            "sourceSystem": {"id": systems.tenant, "displayName": systems.source_name, "details": {}},
            "targetSystem": {**principal, "details": details},
            "servicePrincipal": principal,
            "initiatedBy": {"id": "", "displayName": "Provisor provisioning service", "initiatorType": "system"},
        }

    def event(
        self,
        *,
        id: str,  # noqa: A002 - the field's name in Graph
        at: str,
        object_id: str,
        name: str,
        kind: Kind,
        action: Action,
        status: Status,
        target_id: str | None = None,
        desired: Desired | None = None,
        matching: str | None = None,
        modified: Sequence[Json] = (),
        unresolved: Sequence[str] = (),
        unresolved_number: int = 0,
        failure: Failure | None = None,
        failed_step: FailedStep = "export",
        skip: Skip | None = None,
        milliseconds: int = 0,
    ) -> Resource:
        """One event. `at` is UTC in ISO 8601; `matching` is the sentence of the matching step, None without one.

        `failed_step` is where a failure happened: no step after it is listed. `unresolved` names some of those whom a
        reference leads to although they are not at the target, `unresolved_number` says how many there are. An event
        without an object id is about the job: its cycle failed.
        """
        systems = self._systems
        number = max(unresolved_number, len(unresolved))
        absent = _named(unresolved, number)
        urn = systems.user_urn if kind == "user" else systems.group_urn
        steps: list[Json] = []
        if object_id:
            steps = self._steps(name, kind, action, desired, matching, modified, absent, failure, failed_step, skip)
        return {
            "id": id,
            "activityDateTime": at,
            "changeId": id,
            "provisioningAction": action,
            "durationInMilliseconds": milliseconds,
            "provisioningStatusInfo": {
                "status": status,
                "errorInformation": _error(object_id, name, failure, skip, absent, number),
            },
            "provisioningSteps": steps,
            "modifiedProperties": list(modified),
            "sourceIdentity": {
                "id": object_id or systems.job,
                "displayName": name,
                "identityType": "ServicePrincipal" if not object_id else "User" if kind == "user" else "Group",
                "details": {},
            },
            "targetIdentity": {
                "id": target_id or "",
                "displayName": name if target_id else "",
                "identityType": urn if object_id else "ServicePrincipal",
                "details": {},
            },
            **self._fixed,
        }

    def _steps(
        self,
        name: str,
        kind: Kind,
        action: Action,
        desired: Desired | None,
        matching: str | None,
        modified: Sequence[Json],
        absent: str,
        failure: Failure | None,
        failed_step: FailedStep,
        skip: Skip | None,
    ) -> list[Json]:
        """The steps the object went through, up to the one that failed."""
        source, target = self._systems.source_name, self._systems.application_name
        steps: list[Json] = [_step("EntryImport", "import", "success", f"Read the {kind} {name} from {source}.")]
        if desired is not None and desired.standing != "gone":
            steps.append(_scoping(desired))
        if matching is not None:
            steps.append(_step("EntrySynchronizationAdd", "matching", "success", matching))
        if modified:
            steps.append(_step("EntrySynchronizationUpdate", "processing", "success", _differing(name, modified)))
        if absent:
            details: Resource = {"errorCode": UNRESOLVED_REFERENCE}
            text = f"{name} refers to {absent}, who {_is_not(absent)} at the target yet."
            steps.append(_step("EntrySynchronizationUpdate", "referenceResolution", "warning", text, details))
        if failure is not None:
            return _failed(steps, failed_step, failure, action)
        if skip is not None:
            reason: Resource = {"SkipReason": skip.code}
            steps.append(_step("EntrySynchronizationSkip", "export", "skipped", skip.reason, reason))
        else:
            steps.append(_step(_EXPORTS[action], "export", "success", f"{name} {_DONE[action]} in {target}."))
        return steps


def _step(name: str, kind: str, status: str, description: str, details: Resource | None = None) -> Resource:
    return {
        "name": name,
        "provisioningStepType": kind,
        "status": status,
        "description": description,
        "details": details or {},
    }


def _scoping(desired: Desired) -> Resource:
    verdict = desired.verdict
    in_scope = desired.entitled and verdict.passes
    details: Resource = {
        "IsActive": "True" if desired.active else "False",
        "Assigned": "True" if desired.entitled else "False",
        "IsEffectivelyEntitledForProvisioning": "True" if desired.entitled and desired.active else "False",
        "IsInProvisioningScope": "True" if in_scope else "False",
        "ScopeEvaluationResult": {f"{title}: {clause}": held for title, clause, held in verdict.detail},
    }
    reason = desired.why.reason or verdict.reason
    return _step("EntrySynchronizationScoping", "scoping", "success" if in_scope else "skipped", reason, details)


def _differing(name: str, modified: Sequence[Json]) -> str:
    """How much differs, in words: members are not attributes."""
    changes = [one for one in modified if isinstance(one, dict)]
    members = [one for one in changes if one["displayName"] == "members"]
    parts: list[str] = []
    if count := len(changes) - len(members):
        parts.append(f"{count} attribute{'' if count == 1 else 's'} of {name} differ{'s' if count == 1 else ''}.")
    come = sum(one["newValue"] is not None for one in members)
    more = " or more" if len(members) == _SHOWN_MEMBERS else ""
    for number, what in ((come, "to be added to"), (len(members) - come, "to be removed from")):
        if number:
            parts.append(f"{number:,}{more} member{'' if number == 1 else 's'} {what} {name}.")
    return " ".join(parts)


def _named(names: Sequence[str], number: int) -> str:
    """Some by name and how many more; empty for nobody."""
    shown = names[:SHOWN_UNRESOLVED]
    more = number - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")


def _is_not(absent: str) -> str:
    return "are not" if ", " in absent or " more" in absent else "is not"


def _failed(steps: list[Json], failed_step: FailedStep, failure: Failure, action: Action) -> list[Json]:
    """The steps before the failed one, and that one with what went wrong."""
    order = ("import", "scoping", "matching", "processing", "referenceResolution", "export")
    last = order.index(failed_step)
    kept = [step for step in steps if isinstance(step, dict) and order.index(str(step["provisioningStepType"])) < last]
    names = {"import": "EntryImport", "scoping": "EntrySynchronizationScoping", "export": _EXPORTS[action]}
    name = names.get(failed_step, "EntrySynchronizationUpdate" if failed_step != "matching" else "EntryImport")
    details: Resource = {"errorCode": failure.code}
    return [*kept, _step(name, failed_step, "failure", failure.message, details)]


def _error(object_id: str, name: str, failure: Failure | None, skip: Skip | None, absent: str, number: int) -> Json:
    """errorInformation; null for a success."""
    if failure is not None:
        category = "failure" if failure.code == "InternalError" else "nonServiceFailure"
        again = f" Tried again {failure.retry.value}." if object_id else ""  # of a cycle its hint says that
        return _information(failure.code, failure.message, category, failure.hint + again)
    if skip is not None:
        return _information(skip.code, skip.reason, "nonServiceFailure", "")
    if absent:
        text = _cannot_be_written(name, absent, number)
        return _information(UNRESOLVED_REFERENCE, text, "nonServiceFailure", _BRING_THEM)
    return None


def unresolved_reason(name: str, unresolved: Sequence[str], number: int) -> str:
    """The sentence about references that cannot be written; `unresolved` names some of the `number`."""
    return _cannot_be_written(name, _named(unresolved, number), number)


def _cannot_be_written(name: str, absent: str, number: int) -> str:
    what, are = ("reference", "it is") if number == 1 else ("references", "they are")
    return f"{number:,} {what} of {name} cannot be written, because {are} not at the target: {absent}."


def _information(code: str, reason: str, category: str, action: str) -> Resource:
    return {
        "errorCode": code,
        "reason": reason,
        "additionalDetails": None,
        "errorCategory": category,
        "recommendedAction": action,
    }


def differing(mapper: Mapper, before: Resource | None, after: Resource) -> list[Change]:
    """(attribute, old, new) of what differs among the mapped attributes; `before` None for a creation."""
    redacted = mapper.redacted
    changes: list[Change] = []
    for path, take in mapper.targets:
        new = take(after)
        old = None if before is None else take(before)
        if old == new:
            continue
        if path in redacted:
            old, new = None if old is None else REDACTED, None if new is None else REDACTED
        changes.append((path, as_text(old), as_text(new)))
    return changes


def differing_references(mapper: Mapper, before: Resource, after: Resource) -> list[Change]:
    """(attribute, old target id, new target id) of the references, such as manager, that differ."""
    changes: list[Change] = []
    for path, _ in mapper.references:
        old, new = reference_in(mapper, path, before), reference_in(mapper, path, after)
        if old != new:
            changes.append((path, old, new))
    return changes


def reference_in(mapper: Mapper, path: str, document: Resource) -> str | None:
    """The target id that the reference at `path` leads to."""
    reference = getter(path, mapper.resource_type)(document)
    return as_text(reference.get("value") if isinstance(reference, dict) else reference)


def differing_members(added: Sequence[str], removed: Sequence[str]) -> list[Change]:
    """Membership changes: the id of who came as the new value, of who went as the old one; not more than are shown."""
    changes: list[Change] = [("members", None, member) for member in added[:_SHOWN_MEMBERS]]
    return changes + [("members", member, None) for member in removed[: _SHOWN_MEMBERS - len(changes)]]


def as_properties(changes: Iterable[Change]) -> list[Json]:
    """Changes as the log shows them."""
    return [{"displayName": path, "oldValue": old, "newValue": new} for path, old, new in changes]


def modified_properties(mapper: Mapper, before: Resource | None, after: Resource) -> list[Json]:
    """What differs between two documents among the mapped attributes; `before` None for a creation."""
    return as_properties(differing(mapper, before, after))


def modified_members(added: Iterable[str], removed: Iterable[str]) -> list[Json]:
    """Membership changes as the log shows them."""
    return as_properties(differing_members(list(added), list(removed)))


def as_text(value: Json) -> str | None:
    """A value as the log shows it: booleans as True and False, several joined."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(str(as_text(item)) for item in value)
    return str(value)
