"""An event of the provisioning log: kept as facts, and written out as Graph's provisioningObjectSummary when read.

Pure. A document repeats much that follows from a few facts; written out for every object it would be most of what a
cycle stores. Shape and words: spec/provisioning-service.md section 17. Order: the facts, taking them, the document, its
steps, its error.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from provisor.engine.decide import Standing
from provisor.engine.desired import Desired
from provisor.engine.modified import SHOWN_MEMBERS, ModifiedProperty, as_properties
from provisor.engine.ports import Exchange
from provisor.engine.record import Kind
from provisor.rules.failure import Failure, Retry
from provisor.scim.values import Json, Resource

LoggedAction: TypeAlias = Literal["create", "update", "delete", "disable", "stagedDelete", "stagedAction", "other"]
Status: TypeAlias = Literal["success", "failure", "skipped", "warning"]
FailedStep: TypeAlias = Literal["import", "scoping", "matching", "processing", "referenceResolution", "export"]

UNRESOLVED_REFERENCE = "UnableToResolveReferenceAttributeValue"
_BRING_THEM = "Bring them into the scope of the job. Users who are disabled in the directory get no account."
SHOWN_UNRESOLVED = 20
# When that is, is not known as the event is written: it depends on how often the object has failed (engine.retry).
_AGAIN = {
    Retry.NOW: Retry.NOW.value,
    Retry.LATER: "later; `provisor job escrow` says when",
    Retry.NEVER: Retry.NEVER.value,
}
_EXPORTS: dict[LoggedAction, str] = {
    "create": "EntryExportAdd",
    "update": "EntryExportUpdate",
    "disable": "EntryExportUpdate",
    "delete": "EntryExportDelete",
    "stagedDelete": "EntrySynchronizationSkip",
    "stagedAction": "EntrySynchronizationSkip",
    "other": "EntrySynchronizationSkip",
}
_DONE: dict[LoggedAction, str] = {
    "create": "was created",
    "update": "was updated",
    "disable": "was disabled",
    "delete": "was deleted",
    "stagedDelete": "was held back",
    "stagedAction": "was held back",
    "other": "was left as it is",
}


class Judged(msgspec.Struct, array_like=True):
    """What scope said about the object."""

    standing: Standing
    entitled: bool
    active: bool
    passes: bool
    why: str
    reason: str
    detail: list[tuple[str, str, bool]]


class LocatedFailure(msgspec.Struct, array_like=True):
    """A failure, and where it happened."""

    code: str
    message: str
    hint: str
    retry: Retry
    step: FailedStep


class Sent(msgspec.Struct, array_like=True):
    """What went over the wire."""

    method: str
    url: str
    status: int | None
    request: str
    response: str
    milliseconds: float


class Facts(msgspec.Struct, array_like=True, kw_only=True):
    """One event without what its row and its cycle already say."""

    kind: Kind
    judged: Judged | None = None
    modified: list[ModifiedProperty] = []
    matching: str | None = None
    unresolved: list[str] = []
    refused: LocatedFailure | None = None
    skip: tuple[str, str] | None = None
    sent: Sent | None = None
    unresolved_number: int = 0
    milliseconds: float = 0.0  # of a request whose exchange is kept apart (storage.exchanges)
    by: str = ""  # who asked for it by name; empty: the service, in a cycle


encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Facts).decode


def judged(desired: Desired) -> Judged:
    """What scope said, without the document that followed from it."""
    verdict = desired.verdict
    return Judged(
        desired.standing,
        desired.entitled,
        desired.active,
        verdict.passes,
        desired.why.reason,
        verdict.reason,
        list(verdict.detail),
    )


def refused(failure: Failure, step: FailedStep) -> LocatedFailure:
    """A failure as a fact."""
    return LocatedFailure(failure.code, failure.message, failure.hint, failure.retry, step)


def sent(exchange: Exchange | None) -> Sent | None:
    """A captured exchange as a fact."""
    if exchange is None:
        return None
    return Sent(
        exchange.method,
        exchange.url,
        exchange.status,
        exchange.request_body.decode("utf-8", "replace"),
        exchange.response_body.decode("utf-8", "replace"),
        round(exchange.milliseconds, 3),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Systems:
    """The two ends of a job and the job itself, as every event of a cycle repeats them."""

    tenant: str
    job: str
    cycle: str
    application: str
    """The id of the service principal."""
    application_name: str
    app_id: str = ""
    source_name: str = "Provisor Directory"
    user_urn: str
    group_urn: str


class Written(NamedTuple):
    """What the row of an event says beside its facts. `at` is UTC in ISO 8601.

    An event without an object id is about the job: its cycle failed.
    """

    id: str
    at: str
    action: LoggedAction
    status: Status
    object_id: str
    name: str
    target_id: str | None = None


class EventFrame:
    """What all events of one cycle have in common, prepared once; `document` adds what concerns one object."""

    def __init__(self, systems: Systems) -> None:
        self._systems = systems
        principal: Resource = {"id": systems.application, "displayName": systems.application_name}
        details: Resource = {
            "ApplicationId": systems.app_id,
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

    def document(self, row: Written, facts: Facts) -> Resource:
        """One event as Graph shows it, with the exchange beside it."""
        systems = self._systems
        urn = systems.user_urn if facts.kind == "user" else systems.group_urn
        document: Resource = {
            "id": row.id,
            "activityDateTime": row.at,
            "changeId": row.id,
            "provisioningAction": row.action,
            "durationInMilliseconds": round(facts.milliseconds if facts.sent is None else facts.sent.milliseconds),
            "provisioningStatusInfo": {"status": row.status, "errorInformation": _error(row, facts)},
            "provisioningSteps": self._steps(row, facts) if row.object_id else [],
            "modifiedProperties": as_properties(facts.modified),
            "sourceIdentity": {
                "id": row.object_id or systems.job,
                "displayName": row.name,
                "identityType": "ServicePrincipal" if not row.object_id else facts.kind.capitalize(),
                "details": {},
            },
            "targetIdentity": {
                "id": row.target_id or "",
                "displayName": row.name if row.target_id else "",
                "identityType": urn if row.object_id else "ServicePrincipal",
                "details": {},
            },
            **self._fixed,
        }
        if facts.by:
            document["initiatedBy"] = {"id": "", "displayName": facts.by, "initiatorType": "user"}
        if facts.sent is not None:
            document["exchange"] = msgspec.structs.asdict(facts.sent)
        return document

    def _steps(self, row: Written, facts: Facts) -> list[Json]:
        """The steps the object went through, up to the one that failed."""
        source, target, name = self._systems.source_name, self._systems.application_name, row.name
        steps: list[Json] = [_step("EntryImport", "import", "success", f"Read the {facts.kind} {name} from {source}.")]
        if facts.judged is not None and facts.judged.standing != "gone":
            steps.append(_scoping(facts.judged))
        if facts.matching is not None:
            steps.append(_step("EntrySynchronizationAdd", "matching", "success", facts.matching))
        if facts.modified:
            steps.append(_step("EntrySynchronizationUpdate", "processing", "success", _differing(name, facts.modified)))
        if absent := _absent(facts):
            details: Resource = {"errorCode": UNRESOLVED_REFERENCE}
            text = f"{name} refers to {absent}, who {_is_not(absent)} at the target yet."
            steps.append(_step("EntrySynchronizationUpdate", "referenceResolution", "warning", text, details))
        if facts.refused is not None:
            return _failed(steps, facts.refused, row.action)
        if facts.skip is not None:
            code, reason = facts.skip
            steps.append(_step("EntrySynchronizationSkip", "export", "skipped", reason, {"SkipReason": code}))
        else:
            steps.append(_step(_EXPORTS[row.action], "export", "success", f"{name} {_DONE[row.action]} in {target}."))
        return steps


def _step(name: str, kind: str, status: str, description: str, details: Resource | None = None) -> Resource:
    return {
        "name": name,
        "provisioningStepType": kind,
        "status": status,
        "description": description,
        "details": details or {},
    }


def _scoping(judged: Judged) -> Resource:
    in_scope = judged.entitled and judged.passes
    details: Resource = {
        "IsActive": str(judged.active),
        "Assigned": str(judged.entitled),
        "IsEffectivelyEntitledForProvisioning": str(judged.entitled and judged.active),
        "IsInProvisioningScope": str(in_scope),
        "ScopeEvaluationResult": {f"{title}: {clause}": held for title, clause, held in judged.detail},
    }
    reason = judged.why or judged.reason
    return _step("EntrySynchronizationScoping", "scoping", "success" if in_scope else "skipped", reason, details)


def _differing(name: str, modified: Sequence[ModifiedProperty]) -> str:
    """How much differs, in words: members are not attributes."""
    members = [new for attribute, _, new in modified if attribute == "members"]
    parts: list[str] = []
    if count := len(modified) - len(members):
        parts.append(f"{count} attribute{'' if count == 1 else 's'} of {name} differ{'s' if count == 1 else ''}.")
    come = sum(new is not None for new in members)
    more = " or more" if len(members) == SHOWN_MEMBERS else ""
    for number, what in ((come, "to be added to"), (len(members) - come, "to be removed from")):
        if number:
            parts.append(f"{number:,}{more} member{'' if number == 1 else 's'} {what} {name}.")
    return " ".join(parts)


def _absent(facts: Facts) -> str:
    """Who is referred to but not at the target: some by name and how many more; empty for nobody."""
    return _named(facts.unresolved, _number(facts))


def _number(facts: Facts) -> int:
    return max(facts.unresolved_number, len(facts.unresolved))


def _named(names: Sequence[str], number: int) -> str:
    """Some by name and how many more; empty for nobody."""
    shown = names[:SHOWN_UNRESOLVED]
    more = number - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")


def _is_not(absent: str) -> str:
    return "are not" if ", " in absent or " more" in absent else "is not"


def _failed(steps: list[Json], refused: LocatedFailure, action: LoggedAction) -> list[Json]:
    """The steps before the failed one, and the failed one with what went wrong."""
    order = ("import", "scoping", "matching", "processing", "referenceResolution", "export")
    last = order.index(refused.step)
    kept = [step for step in steps if isinstance(step, dict) and order.index(str(step["provisioningStepType"])) < last]
    names = {
        "import": "EntryImport",
        "scoping": "EntrySynchronizationScoping",
        "matching": "EntryImport",
        "export": _EXPORTS[action],
    }
    name = names.get(refused.step, "EntrySynchronizationUpdate")
    return [*kept, _step(name, refused.step, "failure", refused.message, {"errorCode": refused.code})]


def _error(row: Written, facts: Facts) -> Json:
    """errorInformation; null for a success."""
    if (refused := facts.refused) is not None:
        category = "failure" if refused.code == "InternalError" else "nonServiceFailure"
        again = f" Tried again {_AGAIN[refused.retry]}." if row.object_id else ""  # for a cycle, its hint says that
        return _information(refused.code, refused.message, category, refused.hint + again, _answered(facts.sent))
    if facts.skip is not None:
        return _information(*facts.skip, "nonServiceFailure", "")
    if facts.unresolved:
        text = unresolved_reason(row.name, facts.unresolved, _number(facts))
        return _information(UNRESOLVED_REFERENCE, text, "nonServiceFailure", _BRING_THEM)
    return None


def unresolved_reason(name: str, unresolved: Sequence[str], number: int) -> str:
    """The sentence about references that cannot be written; `unresolved` names some of the `number`."""
    what, are = ("reference", "it is") if number == 1 else ("references", "they are")
    absent = _named(unresolved, number)
    return f"{number:,} {what} of {name} cannot be written, because {are} not at the target: {absent}."


def _answered(exchange: Sent | None) -> str | None:
    """What was asked and answered, without a query and bodies; None where nothing was, or it is not kept any more."""
    if exchange is None:
        return None
    answer = "no answer" if exchange.status is None else f"status {exchange.status}"
    return f"{exchange.method} {exchange.url.partition('?')[0]}: {answer}"


def _information(code: str, reason: str, category: str, action: str, details: str | None = None) -> Resource:
    return {
        "errorCode": code,
        "reason": reason,
        "additionalDetails": details,
        "errorCategory": category,
        "recommendedAction": action,
    }
