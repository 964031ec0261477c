"""How far a cycle has got, in objects: the total is known before the first write, and progress does not go back.

Pure: time is given. An estimate appears once there is enough to go by.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

ESTIMATE_AFTER_SECONDS = 2.0  # before that, start-up costs dominate
ESTIMATE_AFTER_FRACTION = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """`completed` and `total` count objects by kind; both are fixed in what they count from the first write on."""

    phase: str
    began_at: datetime
    at: datetime
    total: Mapping[str, int] = field(default_factory=dict)
    completed: Mapping[str, int] = field(default_factory=dict)

    @property
    def all_objects(self) -> int:
        return sum(self.total.values())

    @property
    def completed_objects(self) -> int:
        return sum(self.completed.values())

    @property
    def fraction(self) -> float:
        """Between 0 and 1; an empty cycle is complete."""
        return self.completed_objects / self.all_objects if self.all_objects else 1.0

    @property
    def seconds_left(self) -> float | None:
        """At the pace so far; None while that says nothing."""
        elapsed = (self.at - self.began_at).total_seconds()
        if elapsed < ESTIMATE_AFTER_SECONDS or self.fraction < ESTIMATE_AFTER_FRACTION:
            return None
        return elapsed * (1.0 - self.fraction) / self.fraction


def advance(
    progress: Progress, now: datetime, *, phase: str | None = None, completed: Mapping[str, int] | None = None
) -> Progress:
    """The progress after `completed` objects of each kind are done. No number goes back or beyond its total."""
    counted = dict(progress.completed)
    for kind, number in (completed or {}).items():
        counted[kind] = min(max(counted.get(kind, 0), number), progress.total.get(kind, 0))
    return replace(progress, at=max(now, progress.at), phase=phase or progress.phase, completed=counted)
