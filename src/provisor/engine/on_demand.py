"""Provisioning on demand: what became of one object, in the five steps of spec/provisioning-service.md section 13.

Pure. Values only; runner.on_demand finds them out. Order: the values, the steps that follow from the directory alone,
Graph's shape.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from provisor.engine.decide import Fail
from provisor.engine.desired import Desired, provisioning_view
from provisor.engine.detail import Changed
from provisor.engine.modified import REDACTED
from provisor.engine.record import AttributeValue, Record
from provisor.rules.failure import Failure
from provisor.rules.flow import is_redacted, reads_of
from provisor.rules.mapping import ObjectMapping
from provisor.rules.scoping import Clause, as_text, decided
from provisor.scim.values import Json, Resource

StepName: TypeAlias = Literal["test connection", "import", "determine scope", "match", "perform action"]
OnDemandStatus: TypeAlias = Literal["success", "warning", "skipped", "failure"]
OnDemandResult: TypeAlias = Literal["Success", "Skipped", "Failure"]

_TYPES: Mapping[StepName, str] = {
    "test connection": "Import",
    "import": "Import",
    "determine scope": "Scoping",
    "match": "Matching",
    "perform action": "Export",
}
_NAMES: Mapping[StepName, str] = {
    "test connection": "TestConnection",
    "import": "EntryImport",
    "determine scope": "EntrySynchronizationScoping",
    "match": "EntryImport",
}
_EXPORTS = {"create": "EntryExportAdd", "update": "EntryExportUpdate", "disable": "EntryExportUpdate"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDemandStep:
    """One of the five steps: how it ended, in a sentence, and the details."""

    name: StepName
    status: OnDemandStatus
    description: str
    details: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisioned:
    """What became of one object, or would. `action` is create, update, disable, delete or other, as in the log.

    `changes` are the attributes and members written, or attempted when it failed; redacted values are hidden. `notes`
    say what else follows from it. `events` are the ids of what the provisioning log says about it; none of a dry run.
    """

    id: str
    kind: str
    name: str
    tenant: str
    source_name: str
    service_principal: str
    application: str
    target_id: str | None
    dry_run: bool
    result: OnDemandResult
    action: str
    steps: Sequence[OnDemandStep]
    changes: Sequence[Changed] = ()
    code: str = ""
    reason: str = ""
    hint: str = ""
    notes: Sequence[str] = ()
    events: Sequence[str] = ()
    began_at: datetime
    ended_at: datetime


class Setting(NamedTuple):
    """What of the job goes into the details of scope."""

    sync_all: bool
    roles: Sequence[str]
    mapping: ObjectMapping


# Steps


def not_connected(failure: Failure) -> OnDemandStep:
    """The first step, which is shown when it fails."""
    return OnDemandStep(name="test connection", status="failure", description=failure.message, details=_coded(failure))


def imported(record: Record, source_name: str, mapping: ObjectMapping) -> OnDemandStep:
    """The object as the directory has it, with the attributes that the mapping reads."""
    details: dict[str, Json] = {"id": record.id, "name": record.name, "accountEnabled": record.enabled}
    if record.deleted or record.purged:
        details["deleted"] = True
    details["read"] = _read(record, mapping)
    return OnDemandStep(
        name="import",
        status="success",
        description=f"Read the {record.kind} {record.name} from {source_name}.",
        details=details,
    )


def _read(record: Record, mapping: ObjectMapping) -> list[Json]:
    """What it has of what is mapped, values of redacted mappings hidden; nothing of what it has not."""
    view = provisioning_view(record)
    hidden = {name for row in mapping.mappings if is_redacted(row) for name in reads_of(row)}
    held = {name: view.get(name) for row in mapping.mappings for name in reads_of(row)}
    return [
        {"attribute": name, "value": REDACTED if name in hidden else _in_one(value)}
        for name, value in held.items()
        if value not in (None, "", [])
    ]


def _in_one(value: AttributeValue) -> str:
    return ", ".join(map(as_text, value)) if isinstance(value, list) else as_text(value)


def scoped(desired: Desired, record: Record, setting: Setting) -> OnDemandStep:
    """Whether the object is in scope, and clause by clause why."""
    passes = desired.verdict.passes
    in_scope = desired.standing == "wanted" and desired.aside is None
    failed = isinstance(desired.aside, Fail)
    details: dict[str, Json] = {
        "IsActive": str(desired.active),
        "Assigned": str(record.assigned),
        "IsEffectivelyEntitledForProvisioning": str(desired.entitled and desired.active),
        "IsInProvisioningScopeDisplayName": str(desired.entitled and passes),
        "ScopeSyncAll": str(setting.sync_all),
        # Any assignment entitles, that of the default access too (section 5.3).
        "HasRequiredRole": str(desired.entitled),
        "Roles": list(setting.roles),
        "ScopeEvaluationResult": str(passes),
        "Filters": filters(record, setting.mapping),
    }
    if in_scope:
        entitled = "the job is for everybody" if setting.sync_all else "it is assigned to the application"
        why = f"In scope: {entitled}. {desired.verdict.reason}"
    elif desired.aside is not None:
        why = desired.aside.failure.message if isinstance(desired.aside, Fail) else desired.aside.reason
    else:
        why = desired.why.reason
    status: OnDemandStatus = "failure" if failed else "success" if in_scope else "skipped"
    return OnDemandStep(name="determine scope", status=status, description=why, details=details)


def filters(record: Record, mapping: ObjectMapping) -> list[Json]:
    """Every scoping filter with every clause, whether it holds, and why not. Input filters come first."""
    view = provisioning_view(record)
    hidden = {name for row in mapping.mappings if is_redacted(row) for name in reads_of(row)}
    shown: list[Json] = []
    for kind, groups in (("input", mapping.scope.input_groups), ("scope", mapping.scope.groups)):
        for number, group in enumerate(groups, 1):
            clauses: list[Json] = [_clause(one, view.get(one.attribute), hidden) for one in group.clauses]
            holds = all(isinstance(one, dict) and one["held"] is True for one in clauses)
            shown.append({"title": group.title or str(number), "kind": kind, "held": holds, "clauses": clauses})
    return shown


def _clause(clause: Clause, value: object, hidden: set[str]) -> Resource:
    held = decided(clause, value)
    why = ""
    if held is None:
        why = "The pattern ran too long on the value."
    elif not held:
        empty = value is None or value == "" or value == []
        seen = f'"{REDACTED}"' if clause.attribute in hidden else f'"{as_text(value)}"'
        why = f"{clause.attribute} has no value." if empty else f"{clause.attribute} is {seen}."
    return {
        "attribute": clause.attribute,
        "operator": clause.operator,
        "value": ", ".join(clause.values),
        "held": held,
        "why": why,
    }


def _coded(failure: Failure) -> dict[str, Json]:
    return {"errorCode": failure.code, "recommendedAction": failure.hint}


# Graph


def graph_parts(one: Provisioned) -> dict[str, Json]:
    """Key and value of Graph's provisionOnDemand as objects (spec/graph-synchronization-api.md section 7)."""
    kind = one.kind.capitalize()
    value: Resource = {
        "action": one.action.capitalize(),
        "changeId": one.events[-1] if one.events else "",
        "startTime": one.began_at.isoformat(),
        "endTime": one.ended_at.isoformat(),
        "reportableIdentifier": one.name,
        "modifiedProperties": [
            {
                "displayName": change.attribute,
                "oldValue": _kept(change, change.old),
                "newValue": _kept(change, change.new),
            }
            for change in one.changes
        ],
        "provisioningSteps": [_graph_step(step, one) for step in one.steps],
        "statusInfo": {
            "status": one.result,
            "errorCode": one.code,
            "reason": one.reason,
            "additionalDetails": " ".join(one.notes),
            "errorCategory": _category(one.code),
            "recommendedAction": one.hint,
        },
        "sourceIdentity": {"id": one.id, "type": kind, "displayName": one.name, "details": {}},
        "targetIdentity": {
            "id": one.target_id or "",
            "type": kind,
            "displayName": one.name if one.target_id else "",
            "details": {},
        },
        "sourceSystem": {"id": one.tenant, "name": one.source_name, "details": {}},
        "targetSystem": {"id": one.service_principal, "name": one.application, "details": {}},
    }
    error: Resource = {"errorCode": one.code, "errorMessage": one.reason}
    return {"key": {"result": one.result, "details": error}, "value": value}


def graph_answer(one: Provisioned) -> dict[str, str]:
    """The answer as Graph gives it: both parts are JSON texts."""
    return {name: msgspec.json.encode(part).decode() for name, part in graph_parts(one).items()}


def _graph_step(step: OnDemandStep, one: Provisioned) -> Resource:
    name = _NAMES.get(step.name) or (
        "EntrySynchronizationSkip"
        if step.status == "skipped"
        else "EntryExportDelete"
        if one.action == "delete"
        else _EXPORTS.get(one.action, "EntryExportUpdate")
    )
    return {
        "name": name,
        "type": _TYPES[step.name],
        "status": step.status.capitalize(),
        "description": step.description,
        "timestamp": one.ended_at.isoformat(),
        "details": dict(step.details),
    }


def _category(code: str) -> str:
    if code == "InternalError":
        return "Failure"
    return "NonServiceFailure" if code else "Success"


def _kept(change: Changed, value: str | None) -> str | None:
    """A member by its id, as the log has it."""
    return change.id if change.id and value is not None else value
