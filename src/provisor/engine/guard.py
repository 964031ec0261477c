"""What stands between a plan and its first request: the capacity of the application.

Pure. Linked groups keep their place; places left over go by display name in code point order, then by id, so that the
same directory always gives the same result. Objects in the target that are none of ours count
(explanation/settled-cases.md section *Capacity*).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from provisor.engine.decide import Skip

CAPACITY_REACHED = "CapacityReached"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An object that would have to be created: its id and what people call it."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Who gets a place and who waits, each in the order in which places are given."""

    limit: int | None
    held: int
    admitted: tuple[Candidate, ...]
    waiting: tuple[Candidate, ...]


def admit(limit: int | None, held: int, candidates: Iterable[Candidate]) -> Admission:
    """Give the free places of an application to those who would be created.

    `held` counts what will be at the target when the deletes of this plan are through: linked objects that stay,
    matched ones about to be linked, and strangers. No limit admits everybody.
    """
    queue = sorted(candidates, key=lambda candidate: (candidate.name, candidate.id))
    free = len(queue) if limit is None else max(0, limit - held)
    return Admission(limit=limit, held=held, admitted=tuple(queue[:free]), waiting=tuple(queue[free:]))


def capacity_reached(candidate: Candidate, admission: Admission, application: str) -> Skip:
    """Why somebody waits, as the log and the plan say it."""
    return Skip(
        CAPACITY_REACHED,
        f"{application} takes {admission.limit} groups and has {admission.held + len(admission.admitted)}, so"
        f" {candidate.name} waits. It is provisioned when a group is deleted there or leaves the scope of the job.",
    )
