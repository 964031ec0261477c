"""What this process did since it started: requests to applications, cycles, runs of sources, counted where they are.

Written on the event loop, read by whoever asks for metrics in a thread of its own; nothing is ever taken away, so a
reader that comes in between sees a moment's numbers at worst one apart. What the database knows is not counted here.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

# Seconds. Applications answer in 20 ms to some seconds; a request is given up after 60.
REQUEST_BOUNDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
CYCLE_BOUNDS: Final = (0.1, 1.0, 10.0, 60.0, 300.0, 1_800.0, 7_200.0, 43_200.0)
NO_ANSWER: Final = "none"
_MOST_STATUSES = 40  # of each job and method; an application may answer with any number


class Histogram:
    """How many took how long: a number for every bound and one beyond them, and the sum of seconds."""

    __slots__ = ("bounds", "numbers", "seconds")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.numbers = [0] * (len(bounds) + 1)
        self.seconds = 0.0

    def add(self, seconds: float) -> None:
        """One more."""
        self.numbers[bisect_left(self.bounds, seconds)] += 1
        self.seconds += seconds

    def within(self, part: float) -> float | None:
        """The bound below which this part of all lies; None beyond the last one."""
        wanted, below = part * sum(self.numbers), 0
        for bound, number in zip(self.bounds, self.numbers, strict=False):
            below += number
            if below >= wanted:
                return bound
        return None


class Tally:
    """Counts of this process. Jobs and sources are called by their ids."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, str, str]] = Counter()  # job, method, status
        self.request_seconds: dict[tuple[str, str], Histogram] = {}  # job, method
        self.cycles: Counter[tuple[str, str, str]] = Counter()  # job, kind, state
        self.cycle_seconds: dict[tuple[str, str], Histogram] = {}  # job, kind
        self.source_runs: Counter[tuple[str, str, str]] = Counter()  # source, kind, state
        self.source_records: Counter[tuple[str, str]] = Counter()  # source, what happened to them

    def of_job(self, job: str) -> Callable[[str, int | None, float], None]:
        """What a client of this job's application tells its requests to."""
        return partial(self.request, job)

    def request(self, job: str, method: str, status: int | None, milliseconds: float) -> None:
        """A request came to its end; `status` None: without an answer."""
        said = NO_ANSWER if status is None else str(status)
        key = (job, method, said)
        if key not in self.requests and status is not None:
            known = sum(1 for other in list(self.requests) if other[:2] == key[:2])
            if known >= _MOST_STATUSES:
                key = (job, method, f"{status // 100}xx")
        self.requests[key] += 1
        _at(self.request_seconds, (job, method), REQUEST_BOUNDS).add(milliseconds / 1_000)

    def cycle(self, job: str, kind: str, state: str, seconds: float) -> None:
        """A cycle came to its end."""
        self.cycles[job, kind, state] += 1
        _at(self.cycle_seconds, (job, kind), CYCLE_BOUNDS).add(seconds)

    def source_run(self, source: str, kind: str, state: str, counters: Mapping[str, int]) -> None:
        """A run of a source came to its end, having counted this."""
        self.source_runs[source, kind, state] += 1
        for what, number in counters.items():
            self.source_records[source, what.replace(" ", "-")] += number


def _at(histograms: dict[tuple[str, str], Histogram], key: tuple[str, str], bounds: tuple[float, ...]) -> Histogram:
    found = histograms.get(key)
    if found is None:
        found = histograms[key] = Histogram(bounds)
    return found
