"""Stored plans, which Graph lacks: what a job would do, as documents (explanation/one-record.md).

Order: bodies, shapes, documents.
"""

from typing import Any, Literal, NotRequired, TypedDict

import msgspec

from provisor.admin.plan_making import Making
from provisor.admin.plans import PlanDifference, PlanRow, PlanShown
from provisor.engine.detail import Changed, Detail
from provisor.graph_api.odata.times import moment_text, time_text

PlanStateWord = Literal["planned", "approved", "applied", "discarded", "expired"]


class PlanAsked(msgspec.Struct, rename="camel"):
    """What to plan with that is not saved; what is absent or null is as the job has it."""

    schema: dict[str, Any] | None = None
    scope: Literal["assigned", "all"] | None = None
    nested_groups: Literal["direct", "flatten"] | None = None


class PlanDecision(msgspec.Struct, rename="camel"):
    """`allowDeletes`: approve a plan that takes more away than the job's limits, up to so many in all."""

    allow_deletes: int = 0


class PlanStopWire(TypedDict):
    """Why a run would stop, or hold deletions back."""

    code: str
    message: str
    hint: str


class WaitingGroupWire(TypedDict):
    """A group for which the application has no place."""

    id: str
    displayName: str


class PlanCapacityWire(TypedDict):
    """How many groups the application takes, and which wait."""

    limit: int | None
    held: int
    order: str
    waiting: list[WaitingGroupWire]


class PlanWire(TypedDict):
    """A plan; `counts` by kind and operation, as `user.create`; `verdicts` by code."""

    id: str
    jobId: str
    state: PlanStateWord
    createdDateTime: str
    createdBy: str
    expirationDateTime: str
    ruleSetVersion: int
    proposed: dict[str, Any] | None
    decidedBy: str | None
    decidedDateTime: str | None
    cycleId: str | None
    cycle: str
    application: str
    operations: int
    counts: dict[str, int]
    verdicts: dict[str, int]
    removes: int
    capacity: PlanCapacityWire | None
    stops: PlanStopWire | None
    digest: str
    requests: int
    estimatedSeconds: float | None


class PlanChangeWire(TypedDict):
    """One attribute, or one member by name."""

    attribute: str
    oldValue: str | None
    newValue: str | None
    id: NotRequired[str]


class PlanDetailWire(TypedDict):
    """What is done to one object, or why nothing is."""

    operation: str
    status: Literal["planned", "waiting", "success", "warning", "failure", "skipped"]
    objectType: Literal["user", "group"]
    objectId: str
    displayName: str
    targetId: str | None
    changes: list[PlanChangeWire]
    code: str | None
    reason: str | None
    recommendedAction: str | None


class PlanOperationWire(PlanDetailWire):
    """The same, as part of a plan; `stale`: why it was left out when the plan was applied."""

    id: str
    stale: str | None


class PlanDifferenceWire(TypedDict):
    """Something that one plan holds and the other does not, or not like this."""

    before: PlanDetailWire | None
    after: PlanDetailWire | None


class PlanErrorWire(TypedDict):
    """Why a plan was not made."""

    code: str
    message: str


class PlanMakingWire(TypedDict):
    """A long-running operation, as Graph has them: `resourceLocation` is where the plan is once it is made."""

    id: str
    jobId: str
    createdDateTime: str
    status: Literal["running", "succeeded", "failed"]
    percentageComplete: int
    resourceLocation: str | None
    error: PlanErrorWire | None


def plan_document(shown: PlanShown) -> PlanWire:
    """A plan without its operations."""
    stored, plan = shown.stored, shown.stored.plan
    capacity, brake = plan.capacity, plan.brake
    return {
        "id": str(stored.number),
        "jobId": shown.job,
        "state": shown.state,
        "createdDateTime": moment_text(shown.made_at),
        "createdBy": stored.made_by,
        "expirationDateTime": moment_text(shown.expires_at),
        "ruleSetVersion": stored.ruleset_version,
        "proposed": stored.proposed,
        "decidedBy": stored.decided_by,
        "decidedDateTime": None if stored.decided_at is None else time_text(stored.decided_at),
        "cycleId": stored.cycle,
        "cycle": plan.cycle,
        "application": plan.application,
        "operations": plan.operations,
        "counts": {f"{kind}.{operation}": number for (kind, operation), number in plan.counts.items()},
        "verdicts": dict(plan.verdicts),
        "removes": plan.removes,
        "capacity": None
        if capacity is None
        else {
            "limit": capacity.limit,
            "held": capacity.held,
            "order": capacity.order,
            "waiting": [{"id": one.id, "displayName": one.name} for one in capacity.waiting],
        },
        "stops": None if brake is None else {"code": brake.code, "message": brake.message, "hint": brake.hint},
        "digest": plan.digest,
        "requests": plan.requests,
        "estimatedSeconds": plan.seconds,
    }


def operation_document(row: PlanRow) -> PlanOperationWire:
    """Something that a plan would do or leaves alone."""
    return {**_detail(row.detail), "id": f"{row.stage}-{row.object}", "stale": row.stale}


def difference_document(one: PlanDifference) -> PlanDifferenceWire:
    """What two plans do not have in common."""
    return {
        "before": None if one.before is None else _detail(one.before),
        "after": None if one.after is None else _detail(one.after),
    }


def making_document(made: Making, base: str) -> PlanMakingWire:
    """How far a plan is; `base` is the address of the version."""
    error = made.error
    fraction = 1.0 if made.state == "succeeded" else 0.0 if made.progress is None else min(made.progress.fraction, 0.99)
    return {
        "id": made.id,
        "jobId": made.job,
        "createdDateTime": moment_text(made.began_at),
        "status": made.state,
        "percentageComplete": int(fraction * 100),
        "resourceLocation": None if made.plan is None else f"{base}/provisor/plans/{made.plan}",
        "error": None if error is None else {"code": error.code, "message": f"{error.message} {error.hint}".strip()},
    }


def _detail(detail: Detail) -> PlanDetailWire:
    return {
        "operation": detail.operation,
        "status": detail.status,
        "objectType": detail.kind,
        "objectId": detail.id,
        "displayName": detail.name,
        "targetId": detail.target_id,
        "changes": [_change(one) for one in detail.changes],
        "code": detail.code or None,
        "reason": detail.reason or None,
        "recommendedAction": detail.hint or None,
    }


def _change(one: Changed) -> PlanChangeWire:
    shown: PlanChangeWire = {"attribute": one.attribute, "oldValue": one.old, "newValue": one.new}
    if one.id:
        shown["id"] = one.id
    return shown
