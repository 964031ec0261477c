"""How many requests a second a target bears: found out by what it answered and refused.

Pure. Times are seconds of any clock. An unknown limit is estimated, because a client that slows down only when refused
is refused all day: everything in flight is refused at once, and a pause takes a second at least. So a rate that was
borne is kept for a while, and then a little more is tried. Order: the estimate, windows.
"""

from collections import deque
from collections.abc import Sequence
from enum import Enum, auto
from math import inf
from typing import NamedTuple

_KEPT = 0.99  # of a limit: a request may be on its way a few milliseconds longer than the one before
_KEPT_WHEN_STEADY = 0.97
LOWEST_RATE = 0.1
_NO_RATE = 5_000.0  # a target that bears this much has no limit that we could reach
_SOON_SECONDS = 8.0  # refused again this soon: the estimate was wrong, the limit did not change
_PATIENCE_SECONDS = 60.0  # before more is tried than was borne; doubled after a failed try
_LONGEST_PATIENCE_SECONDS = 240.0
_SMALL_RATE = 12.0  # a small bucket looks like a low limit; trying more costs little here
_SMALL_PATIENCE_SECONDS = 2.0
_SEARCH_PATIENCE_SECONDS = 3.0
_SEARCHED_A_SECOND = 0.015
_PROBED_A_SECOND = 0.01  # doubled with every second that is borne, up to
_PROBED_AT_MOST = 0.25
_IN_VAIN = 1.25  # times the rate: refused before that, the limit is where it was


class _Mode(Enum):
    KEEP = auto()  # what was borne, until patience ends
    SEARCH = auto()  # the limit is a little above: up slowly
    PROBE = auto()  # has the limit been raised? up ever faster


class _Refusal(NamedTuple):
    sent: float
    answers: int  # borne until then
    idle: float  # seconds until then with nothing to send
    recent: Sequence[float]  # when those of the second before it were sent, the last first


class Estimate:
    """How many requests a second the target bears; `ceiling` is what its profile allows.

    At the first refusal that is what it bore in the second before: right for windows of a second and for buckets that
    hold a second's worth, too much if a window had ended meanwhile. Two refusals soon after each other tell where the
    windows begin; where no window explains both, what was borne between them is the rate of a bucket, or of any limit
    over a longer time. What was found is kept until patience ends; then more is tried, for the limit may have been
    raised. A bucket allows bursts, so a rate found like that is on trial; if refused, the previous one is restored.
    """

    def __init__(self) -> None:
        self.rate: float | None = None
        self._ceiling: float | None = None
        self._mode = _Mode.KEEP
        self._kept = inf  # the rate that was borne before more was tried
        self._before = self._before_that = 0.0  # a second ago, two seconds ago
        self._growth = 0.0
        self._raised_at = 0.0  # when the growth began or was last doubled
        self._raise_at = inf
        self._patience = _PATIENCE_SECONDS
        self._trial = False  # of a rate that a probe found
        self._found = False  # by searching
        self._limits: list[int] = []  # of windows, that explain what was refused lately
        self._answers = 0
        self._idle = 0.0
        self._sent: deque[float] = deque()  # of the answers of the last seconds
        self._last: _Refusal | None = None

    def bound(self, ceiling: float | None) -> None:
        """From now on no more than this is asked for. What was learned below it stays."""
        if self.rate == self._ceiling:
            self.rate = ceiling  # nothing was learned but that it bears as much
        elif ceiling is not None:
            self.rate = ceiling if self.rate is None else min(self.rate, ceiling)
        self._ceiling = ceiling

    def borne(self, sent: float) -> None:
        """One was answered."""
        self._answers += 1
        self._sent.append(sent)
        while self._sent[0] < sent - 3.0:  # a second, and what a refusal may take to come
            self._sent.popleft()

    def slot(self, present: float, idle: float) -> float:
        """One is sent, after so many seconds in which more might have been; the rate, raised when it is time."""
        rate = self.rate or LOWEST_RATE
        self._idle += idle
        if rate == self._ceiling or present < self._raise_at:
            return rate
        if not self._growth:
            if self._mode is not _Mode.SEARCH:
                self._mode, self._kept = _Mode.PROBE, rate
            self._growth = _PROBED_A_SECOND if self._mode is _Mode.PROBE else _SEARCHED_A_SECOND
            self._before = self._before_that = rate
            self._raised_at = present
        elif present - self._raised_at >= 1.0:
            self._raised_at = present
            self._before_that, self._before = self._before, rate
            if self._mode is _Mode.PROBE:
                self._growth = min(self._growth * 2.0, _PROBED_AT_MOST)
        rate += self._growth  # with each of `rate` requests a second: so much of itself in a second
        self.rate = min(rate, self._ceiling or inf) if self._ceiling or rate < _NO_RATE else None
        return rate

    def refused(self, sent: float, present: float) -> bool:
        """One that was sent then was refused, and the pause for it has ended. Returns False if nothing was learned."""
        last, this = self._last, _Refusal(sent, self._answers, self._idle, self._second_before(sent))
        if this.answers == (last.answers if last else 0):
            return False  # nothing was borne since the last refusal: the pause was too short, the rate may be right
        self._last = this
        rate = self.rate if self.rate is not None else inf
        if last is None:
            rate = min(rate, len(this.recent)) * _KEPT
            self._keep(present, _SMALL_PATIENCE_SECONDS if rate <= _SMALL_RATE else self._patience)
        elif self._mode is _Mode.PROBE and self._growth:
            rate = self._probed(rate, present)
        elif self._mode is _Mode.SEARCH and self._growth:
            rate, self._found = self._before_that, True
            self._keep(present, self._patience)
        else:
            seconds = max(sent - last.sent - (this.idle - last.idle), 0.001)
            between = (this.answers - last.answers) / seconds
            if seconds < _SOON_SECONDS or between < rate / 2.0:
                rate = self._refused_soon(last, this, between, present)
            else:
                rate = max(min(rate, between), rate * _KEPT_WHEN_STEADY)
                self._found, self._limits = False, []
                self._keep(present, self._patience)
        self.rate = max(rate, LOWEST_RATE)
        return True

    def _probed(self, rate: float, present: float) -> float:
        """More was tried than was borne, and refused: a bucket allows bursts, so a much higher rate is on trial."""
        self._patience = min(self._patience * 2.0, _LONGEST_PATIENCE_SECONDS)
        self._found, self._limits = False, []
        self._trial = rate > self._kept * _IN_VAIN
        self._keep(present, _SEARCH_PATIENCE_SECONDS if self._trial else self._patience)
        if self._trial:
            self._mode = _Mode.SEARCH
            return self._before_that
        return self._kept

    def _refused_soon(self, last: _Refusal, this: _Refusal, between: float, present: float) -> float:
        """The estimate was too high; find a better one in what was borne."""
        rate = self.rate if self.rate is not None else inf
        trial, self._trial = self._trial, False
        if not self._limits:
            self._limits = window_limits(last.sent, last.recent, this.sent, this.recent)
        self._limits = [one for one in self._limits if between <= one < rate]
        self._keep(present, self._patience)
        if trial:
            return min(rate, max(self._kept, between * _KEPT))
        if self._limits:
            return self._limits[0] * _KEPT
        if not self._found:
            # A bucket that was full before the pause was over bears more than what was borne.
            self._mode, self._raise_at = _Mode.SEARCH, present + _SEARCH_PATIENCE_SECONDS
        return between

    def _keep(self, present: float, seconds: float) -> None:
        self._mode, self._growth, self._raise_at = _Mode.KEEP, 0.0, present + seconds

    def _second_before(self, sent: float) -> list[float]:
        return sorted((one for one in self._sent if sent - 1.0 < one <= sent), reverse=True)


def window_limits(
    first: float, before_first: Sequence[float], second: float, before_second: Sequence[float]
) -> list[int]:
    """The limits of windows of a second that explain two refusals, the highest first.

    `before_first` are the answered requests of the second before the `first` refusal, the last first. With a limit of n
    the window began after the request before the last n and not after the first of these; both windows began at the
    same part of a second.
    """
    found = []
    for limit in range(min(len(before_first), len(before_second)), 0, -1):
        began, length = _began(first, before_first, limit)
        began_again, length_again = _began(second, before_second, limit)
        meet = (began_again - began) % 1.0 <= length or (began - began_again) % 1.0 <= length_again
        if length and length_again and meet:
            found.append(limit)
    return found


def _began(refused: float, before: Sequence[float], limit: int) -> tuple[float, float]:
    """When a window of this limit began at the earliest, and how many seconds later at the latest."""
    earliest = before[limit] if limit < len(before) else refused - 1.0
    return earliest, before[limit - 1] - earliest
