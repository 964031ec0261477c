"""Plans and their details, read back from the JSON that they are kept as (Plan.to_json, Detail.to_json)."""

from collections.abc import Sequence
from typing import cast

import msgspec

from provisor.engine.detail import Changed, Detail, DetailStatus
from provisor.engine.guard import BY_NAME, Admission, Candidate
from provisor.engine.operation import OperationKind
from provisor.engine.plan import Plan
from provisor.engine.record import Kind
from provisor.rules.failure import Failure


class _KeptChange(msgspec.Struct):
    attribute: str
    old: str | None
    new: str | None
    id: str = ""


class _KeptDetail(msgspec.Struct, rename="camel"):
    operation: str
    status: DetailStatus
    kind: Kind
    id: str
    name: str
    target_id: str | None
    changes: Sequence[_KeptChange]
    code: str | None
    reason: str | None
    hint: str | None


class _KeptWaiting(msgspec.Struct):
    id: str
    name: str


class _KeptCapacity(msgspec.Struct):
    limit: int | None
    held: int
    waiting: Sequence[_KeptWaiting]
    order: str = BY_NAME.said


class _KeptStop(msgspec.Struct):
    code: str
    message: str
    hint: str


class _KeptPlan(msgspec.Struct):
    cycle: str
    application: str
    counts: dict[str, int]
    verdicts: dict[str, int]
    capacity: _KeptCapacity | None
    digest: str
    stops: _KeptStop | None
    requests: int
    seconds: float | None
    removes: int = 0


_detail = msgspec.json.Decoder(_KeptDetail).decode
_plan = msgspec.json.Decoder(_KeptPlan).decode


def read_detail(text: str) -> Detail:
    """The detail that this is the JSON of."""
    found = _detail(text)
    return Detail(
        operation=found.operation,
        status=found.status,
        kind=found.kind,
        id=found.id,
        name=found.name,
        target_id=found.target_id,
        changes=[Changed(one.attribute, one.old, one.new, one.id) for one in found.changes],
        code=found.code or "",
        reason=found.reason or "",
        hint=found.hint or "",
    )


def read_plan(text: str) -> Plan:
    """The plan that this is the JSON of; of its capacity, who waits and not who got a place."""
    found = _plan(text)
    capacity, stops = found.capacity, found.stops
    return Plan(
        cycle=found.cycle,
        application=found.application,
        counts={_key(name): number for name, number in found.counts.items()},
        verdicts=found.verdicts,
        capacity=None
        if capacity is None
        else Admission(
            limit=capacity.limit,
            held=capacity.held,
            admitted=(),
            waiting=tuple(Candidate(one.id, one.name) for one in capacity.waiting),
            order=capacity.order,
        ),
        brake=None if stops is None else Failure(code=stops.code, message=stops.message, hint=stops.hint),
        digest=found.digest,
        requests=found.requests,
        removes=found.removes,
        seconds=found.seconds,
    )


def _key(name: str) -> tuple[Kind, OperationKind]:
    kind, _, operation = name.partition(".")
    return cast(Kind, kind), cast(OperationKind, operation)
