"""The result of a run, for its caller. Values only."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from provisor.rules.failure import Failure
from provisor.runner.run import HIDDEN
from provisor.storage.cycles import Cycle


class NotRunnable(Exception):
    """The job cannot run as it is configured; the message says why, the hint what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleSummary:
    """One cycle. state: succeeded, entry-level-errors, failed, stopped.

    `counts` maps `user.create`, `group.skip`, `membership.add` and the like to numbers; `requests` counts by method.
    `error` is what stopped the cycle; its cursor is kept and the next run continues it.
    """

    n: int
    id: str
    kind: str
    state: str
    counts: Mapping[str, int] = field(default_factory=dict)
    requests: Mapping[str, int] = field(default_factory=dict)
    error: Failure | None = None
    seconds: float = 0.0
    ran: tuple[int, ...] = ()  # the numbers of the cycles that it tells of

    def following(self, earlier: "CycleSummary") -> "CycleSummary":
        """This cycle, with the numbers of the one before it in the same run added."""
        return replace(
            self,
            counts=dict(Counter(earlier.counts) + Counter(self.counts)),
            requests=dict(Counter(earlier.requests) + Counter(self.requests)),
            seconds=earlier.seconds + self.seconds,
            ran=(*earlier.ran, *self.ran),
        )

    @property
    def ended(self) -> str:
        """How it ended, in a sentence after its number."""
        words = {"entry-level-errors": "ended with failures", "stopped": "was stopped"}
        return words.get(self.state, self.state)

    @property
    def failed(self) -> int:
        """How many objects failed."""
        return sum(number for name, number in self.counts.items() if name.endswith(".fail"))


def summary(cycle: Cycle, state: str, counters: Counter[str], failure: Failure | None, seconds: float) -> CycleSummary:
    """The summary of a cycle whose numbers are `counters`."""
    prefix, hidden = "requests.", ("requests.", *HIDDEN)
    return CycleSummary(
        n=cycle.n,
        id=cycle.id,
        kind=cycle.kind,
        state=state,
        counts={name: number for name, number in counters.items() if not name.startswith(hidden) and number},
        requests={
            name.removeprefix(prefix): number for name, number in counters.items() if name.startswith(prefix) and number
        },
        error=failure,
        seconds=seconds,
        ran=(cycle.n,),
    )
