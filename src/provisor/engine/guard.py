"""What stands between a plan and its first request: the capacity of the application.

Pure. Linked groups keep their place; the rest go by the job's order, which ends with display name in code point order
and id, so that the same directory always gives the same result. Objects in the target that are not ours count
(explanation/settled-cases.md section *Capacity*).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from provisor.engine.decide import Skip
from provisor.scim.values import Json

CAPACITY_REACHED = "CapacityReached"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An object that would have to be created: its id and its name."""

    id: str
    name: str
    assigned_at: int | None = None
    """Since when it is assigned, in UTC microseconds."""


@dataclass(frozen=True, slots=True)
class CapacityOrder:
    """Who gets a place before whom: the groups with the ids in `first`, in that order, then the others, by name or by
    how long they have been assigned.
    """

    by: Literal["name", "assigned"] = "name"
    first: tuple[str, ...] = ()

    def key(self, candidate: Candidate) -> tuple[int, int, str, str]:
        """To sort by."""
        rank = self.first.index(candidate.id) if candidate.id in self.first else len(self.first)
        since = 0 if self.by == "name" else _NEVER if candidate.assigned_at is None else candidate.assigned_at
        return rank, since, candidate.name, candidate.id

    @property
    def said(self) -> str:
        """In a sentence, after *places are given*."""
        named = f"{len(self.first)} named by the administrator first, then " if self.first else ""
        return f"{named}{_SAID[self.by]}"


_NEVER = 2**62
_SAID = {"name": "by name", "assigned": "to those assigned earlier"}
BY_NAME = CapacityOrder()
ORDER, FIRST = "capacityOrder", "capacityFirst"  # settings of a job


def order_of(settings: Mapping[str, Json]) -> CapacityOrder:
    """The order of a job; what is not set is by name."""
    first = settings.get(FIRST)
    ids = tuple(str(one) for one in first) if isinstance(first, list) else ()
    return CapacityOrder("assigned" if settings.get(ORDER) == "assigned" else "name", ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Who gets a place and who waits, each in the order in which places are given."""

    limit: int | None
    held: int
    admitted: tuple[Candidate, ...]
    waiting: tuple[Candidate, ...]
    order: str = BY_NAME.said


def admit(limit: int | None, held: int, candidates: Iterable[Candidate], order: CapacityOrder = BY_NAME) -> Admission:
    """Give the free places of an application to the objects that would be created.

    `held` counts what will be at the target after the deletes of this plan: linked objects that stay,
    matched ones about to be linked, and strangers. Without a limit everybody is admitted.
    """
    queue = sorted(candidates, key=order.key)
    free = len(queue) if limit is None else max(0, limit - held)
    return Admission(
        limit=limit, held=held, admitted=tuple(queue[:free]), waiting=tuple(queue[free:]), order=order.said
    )


def capacity_reached(candidate: Candidate, admission: Admission, application: str) -> Skip:
    """Why an object waits, as the log and the plan say it."""
    return Skip(
        CAPACITY_REACHED,
        f"{application} takes {admission.limit} groups and has {admission.held + len(admission.admitted)}, so"
        f" {candidate.name} waits. It is provisioned when a group is deleted there or leaves the scope of the job.",
    )
