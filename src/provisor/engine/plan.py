"""A plan as a value: what a cycle would send, to be printed, compared and judged before it is carried out.

Pure. The operations themselves are rows; this is their summary. Two plans with the same digest hold the same
operations, so a run can be compared with the plan before it. Order: the value, its digest, its lines.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

from provisor.engine.brake import HELD
from provisor.engine.decide import (
    ACTION_DISABLED,
    DELETION_SKIPPED,
    IMPORT_SKIPPED,
    NOT_ENTITLED,
    NOT_IN_SCOPE,
    REDUNDANT,
)
from provisor.engine.guard import CAPACITY_REACHED, Admission
from provisor.engine.operation import OperationKind
from provisor.engine.record import Kind
from provisor.rules.failure import Failure
from provisor.scim.values import Json

_VERBS: dict[OperationKind, str] = {
    "create": "create",
    "link": "link to an existing account",
    "update": "update",
    "disable": "disable",
    "release": "release without a change",
    "delete": "delete",
    "members": "change members",
    "reference": "set the manager",
}
_SHOWN_NAMES = 10

SKIPS = frozenset(
    {ACTION_DISABLED, CAPACITY_REACHED, DELETION_SKIPPED, IMPORT_SKIPPED, NOT_ENTITLED, NOT_IN_SCOPE, REDUNDANT}
)
"""The codes of those who are left alone; any other code of a verdict is a failure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one cycle would do. `verdicts` counts skipped and failing objects by code.

    `requests` is how many it takes at least, `seconds` how long at the rate of the job's last cycles, None while that
    is not known.
    """

    cycle: str
    application: str
    counts: Mapping[tuple[Kind, OperationKind], int] = field(default_factory=dict)
    verdicts: Mapping[str, int] = field(default_factory=dict)
    capacity: Admission | None = None
    brake: Failure | None = None  # why a run would stop before its first write, or hold deletions back
    removes: int = 0  # accounts, groups and memberships that it takes away
    digest: str = ""
    requests: int = 0
    seconds: float | None = None

    @property
    def operations(self) -> int:
        """How many operations would be carried out."""
        return sum(number for (_, kind), number in self.counts.items() if kind != "verdict")

    def to_json(self) -> dict[str, Json]:
        """For another program, and to be kept."""
        return {
            "cycle": self.cycle,
            "application": self.application,
            "operations": self.operations,
            "counts": {f"{kind}.{operation}": number for (kind, operation), number in self.counts.items()},
            "verdicts": dict(self.verdicts),
            "capacity": None if self.capacity is None else _capacity_json(self.capacity),
            "digest": self.digest,
            "removes": self.removes,
            "stops": None if self.brake is None else _failure_json(self.brake),
            "requests": self.requests,
            "seconds": self.seconds,
        }


def _failure_json(failure: Failure) -> Json:
    return {"code": failure.code, "message": failure.message, "hint": failure.hint}


def _capacity_json(capacity: Admission) -> Json:
    waiting: list[Json] = [{"id": one.id, "name": one.name} for one in capacity.waiting]
    return {"limit": capacity.limit, "held": capacity.held, "order": capacity.order, "waiting": waiting}


class Digest:
    """The hash over the operations of a plan, in whatever order they come."""

    def __init__(self) -> None:
        self._sum = 0
        self._count = 0

    def add(self, digest: str) -> None:
        """Count one operation in, by its own digest."""
        # Adding makes the order irrelevant, so that a plan and a resumed run can be compared.
        self._sum += int(digest, 16)
        self._count += 1

    def text(self) -> str:
        """The digest so far."""
        return f"{self._sum % 2**128:032x}-{self._count}"


def operation_digest(kind: OperationKind, object_id: str, *parts: str | None) -> str:
    """What exactly one operation would do; `parts` are what it follows from: hashes, the account, members."""
    text = "\n".join((kind, object_id, *(part or "" for part in parts)))
    return blake2b(text.encode(), digest_size=16).hexdigest()


def render(plan: Plan) -> Iterator[str]:
    """The plan in lines for a person."""
    if not plan.operations:
        yield f"{plan.application} holds what the directory says: there is nothing to do."
    else:
        operations = "operation" if plan.operations == 1 else "operations"
        yield f"{plan.operations:,} {operations} on {plan.application} in {_article(plan.cycle)} {plan.cycle} cycle:"
    for (kind, operation), number in sorted(plan.counts.items()):
        if number and operation != "verdict":
            yield f"  {number:>9,} {kind}{'' if number == 1 else 's'} to {_VERBS[operation]}"
    for code, number in sorted(plan.verdicts.items()):
        what = "left alone" if code in SKIPS else "not possible"
        yield f"  {number:>9,} {what} ({code})"
    if plan.requests:
        takes = "" if plan.seconds is None else f", about {_minutes(plan.seconds)} at the rate of the last cycles"
        yield f"It takes at least {plan.requests:,} request{'' if plan.requests == 1 else 's'}{takes}."
    if plan.capacity is not None and plan.capacity.waiting:
        yield from _capacity(plan.capacity, plan.application)
    if plan.brake is not None:
        what = "hold deletions back" if plan.brake.code == HELD else "stop"
        yield f"A run would {what}: {plan.brake.message}"


def _capacity(admission: Admission, application: str) -> Iterable[str]:
    names = [candidate.name for candidate in admission.waiting]
    more = f" and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else ""
    yield (
        f"  {application} takes {admission.limit} groups; places are given {admission.order}; waiting for one:"
        f" {', '.join(names[:_SHOWN_NAMES])}{more} (CapacityReached)"
    )


def _minutes(seconds: float) -> str:
    if seconds < 90:
        return f"{max(round(seconds), 1)} s"
    return f"{round(seconds / 60):,} minutes"


def _article(word: str) -> str:
    return "an" if word[:1] in "aeiou" else "a"
