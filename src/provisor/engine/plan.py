"""A plan as a value: what a cycle would send, to be printed, compared, judged, and only then carried out.

Pure. The operations themselves are rows; this is what is said about them. Two plans with the same digest hold the same
operations, so a run can be compared with the plan before it. Order: the value, its digest, its lines.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

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
    """What one cycle would do. `verdicts` counts skipped and failing objects by code."""

    cycle: str
    application: str
    counts: Mapping[tuple[Kind, OperationKind], int] = field(default_factory=dict)
    verdicts: Mapping[str, int] = field(default_factory=dict)
    capacity: Admission | None = None
    brake: Failure | None = None  # why a run would stop before its first write
    digest: str = ""

    @property
    def operations(self) -> int:
        """How many operations would be carried out."""
        return sum(number for (_, kind), number in self.counts.items() if kind != "verdict")


class Digest:
    """The hash over the operations of a plan, whatever the order in which they are met."""

    def __init__(self) -> None:
        self._sum = 0
        self._count = 0

    def add(self, kind: OperationKind, object_id: str, wanted_hash: str | None, base_hash: str | None) -> None:
        """Count one operation in."""
        text = f"{kind}\n{object_id}\n{wanted_hash or ''}\n{base_hash or ''}"
        # Adding makes the order irrelevant, so that a plan and a resumed run can be compared.
        self._sum += int.from_bytes(blake2b(text.encode(), digest_size=16).digest())
        self._count += 1

    def text(self) -> str:
        """The digest so far."""
        return f"{self._sum % 2**128:032x}-{self._count}"


def render(plan: Plan) -> Iterator[str]:
    """The plan in lines for a person."""
    if not plan.operations:
        yield f"{plan.application} holds what the directory says: nothing is to be done."
    else:
        operations = "operation" if plan.operations == 1 else "operations"
        yield f"{plan.operations:,} {operations} on {plan.application} in {_article(plan.cycle)} {plan.cycle} cycle:"
    for (kind, operation), number in sorted(plan.counts.items()):
        if number and operation != "verdict":
            yield f"  {number:>9,} {kind}{'' if number == 1 else 's'} to {_VERBS[operation]}"
    for code, number in sorted(plan.verdicts.items()):
        what = "left alone" if code in SKIPS else "not possible"
        yield f"  {number:>9,} {what} ({code})"
    if plan.capacity is not None and plan.capacity.waiting:
        yield from _capacity(plan.capacity, plan.application)
    if plan.brake is not None:
        yield f"A run would stop: {plan.brake.message} {plan.brake.hint}"


def _capacity(admission: Admission, application: str) -> Iterable[str]:
    names = [candidate.name for candidate in admission.waiting]
    more = f" and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else ""
    yield (
        f"  {application} takes {admission.limit} groups; waiting for a place:"
        f" {', '.join(names[:_SHOWN_NAMES])}{more} (CapacityReached)"
    )


def _article(word: str) -> str:
    return "an" if word[:1] in "aeiou" else "a"
