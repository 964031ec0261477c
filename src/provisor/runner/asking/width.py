"""How many requests in flight are of use: no more than make the target answer more of them in a second.

Pure. Times are seconds of any clock. A target that works on eight at once answers a ninth later, and no more of them;
one that is slowed down by many answers fewer. It is told from one that answers late but as many as it is asked by
trying: half as many in flight, or twice, and what came of it in answers a second. Order: what was measured, the width.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from math import inf
from typing import assert_never

_PROMPT_SECONDS = 0.1  # a target that answers so soon with everything in flight needs no sparing
_FEWEST_IN_FLIGHT = 4
_FEWEST_ANSWERS = 40  # of a measure
_OF_USE = 1.1  # so many times the answers a second make twice as many in flight worth while
_FIRST_SECONDS = 5.0  # from the first answer to the first try
_PATIENCE_SECONDS = 30.0  # before another width is tried; doubled after a try in vain
_LONGEST_PATIENCE_SECONDS = 240.0


@dataclass(slots=True)
class _Measure:
    """Answers at one width, which is the most that were in flight; how many, and how long by what was asked."""

    answers: int = 0
    width: int = 0
    seconds: dict[str, tuple[int, float]] = field(default_factory=dict)

    def add(self, about: str, seconds: float, in_flight: int) -> None:
        number, total = self.seconds.get(about, (0, 0.0))
        self.seconds[about] = number + 1, total + seconds
        self.answers += 1
        self.width = max(self.width, in_flight)

    @property
    def whole(self) -> bool:
        return self.answers >= max(_FEWEST_ANSWERS, self.width)

    @property
    def mean_seconds(self) -> float:
        return sum(total for _, total in self.seconds.values()) / max(self.answers, 1)


def _gain(narrow: _Measure, wide: _Measure) -> float | None:
    """How many times as many answers a second the wide one has, of what was asked in both; None for nothing."""
    took = [_times(narrow.seconds, wide.seconds, about) for about in narrow.seconds.keys() & wide.seconds.keys()]
    before, after = sum(one for one, _ in took), sum(other for _, other in took)
    if not before or not after:
        return None
    return wide.width / narrow.width * before / after


def _times(
    narrow: Mapping[str, tuple[int, float]], wide: Mapping[str, tuple[int, float]], about: str
) -> tuple[float, float]:
    """What as many of them would have taken in both."""
    (number, total), (other_number, other_total) = narrow[about], wide[about]
    same = min(number, other_number)
    return total / number * same, other_total / other_number * same


class _Trying(Enum):
    NOTHING = auto()
    NARROWER = auto()
    WIDER = auto()


class Width:
    """`limit` is how many may be in flight."""

    def __init__(self) -> None:
        self.limit = inf
        self._before = inf  # the limit before a try
        self._trying = _Trying.NOTHING
        self._kept: _Measure | None = None  # at the limit before the try
        self._measure = _Measure()
        self._passed = 0  # answers since the try began
        self._since: float | None = None  # what was sent earlier is not of this measure; None: not that many yet
        self._try_at: float | None = None
        self._patience = _PATIENCE_SECONDS
        self._widen_next = False

    def answered(self, about: str, sent: float, present: float, in_flight: int) -> None:
        """One was answered, with so many in flight, itself among them."""
        if self._try_at is None:
            self._try_at = present + _FIRST_SECONDS
        if present < self._try_at and self._trying is _Trying.NOTHING:
            return  # nothing is going to be tried by it; every request passes here
        if self._since is None:
            if not self._settled(in_flight):
                return
            self._since = present
        if sent < self._since:
            return
        self._measure.add(about, present - sent, in_flight)
        if self._measure.whole:
            whole, self._measure = self._measure, _Measure()
            if self._trying is _Trying.NOTHING:
                self._consider(whole, present)
            else:
                self._compare(whole, present)

    def _settled(self, in_flight: int) -> bool:
        """Whether as many are in flight as are tried; after a while it will not be more."""
        self._passed += 1
        match self._trying:
            case _Trying.NOTHING:
                return True
            case _Trying.NARROWER:
                return in_flight <= self.limit
            case _Trying.WIDER:
                return in_flight >= self.limit or self._passed > 2 * self.limit
            case _:
                assert_never(self._trying)

    def idle(self) -> None:
        """Something else holds requests up: what was measured says nothing about the width."""
        if self._trying is not _Trying.NOTHING:
            self.limit, self._trying = self._before, _Trying.NOTHING
        self._measure, self._since = _Measure(), None

    def _consider(self, whole: _Measure, present: float) -> None:
        """Try another width, if it is time and it could be of use."""
        slow = whole.mean_seconds > _PROMPT_SECONDS and whole.width >= _FEWEST_IN_FLIGHT
        wider = self._widen_next and self.limit < inf
        if self._try_at is None or present < self._try_at or not (slow or wider):
            return
        self._kept, self._before, self._since, self._passed = whole, self.limit, None, 0
        self._trying = _Trying.WIDER if wider else _Trying.NARROWER
        self.limit = self.limit * 2 if wider else max(whole.width // 2, 1)

    def _compare(self, whole: _Measure, present: float) -> None:
        assert self._kept is not None  # noqa: S101 - kept when the try began
        wider = self._trying is _Trying.WIDER
        gain = _gain(self._kept, whole) if wider else _gain(whole, self._kept)
        good = gain is not None and ((gain >= _OF_USE) if wider else (gain < _OF_USE))
        if good:
            self._patience, self._try_at, self._widen_next = _PATIENCE_SECONDS, present, wider
            if wider and whole.width < self.limit * 0.75:
                self.limit = inf  # nobody asks for more
        else:
            self.limit = self._before
            self._try_at = present + self._patience
            self._patience = min(self._patience * 2.0, _LONGEST_PATIENCE_SECONDS)
            self._widen_next = not wider
        self._trying, self._kept, self._since = _Trying.NOTHING, None, None
