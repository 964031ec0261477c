"""How fast the target is asked: at most so many requests a second, and a pause for all when it says so.

The connector reports *throttled until*; only this module waits (spec section 15 asks for the pause and for repeating
only the failed request). A limit that nobody told us is estimated, because whoever waits for refusals to slow down is
refused all day: what is refused at once is what is in flight, and a pause is a whole second at least. So a target is
approached gently, what it bore is kept for a while, and then a little more is tried. Order: Pace, Estimate, windows.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from enum import Enum, auto
from math import inf
from typing import NamedTuple, TypeVar

from provisor.engine.ports import Malformed, Rejected, Throttled
from provisor.engine.unknown import is_open

T = TypeVar("T")

LONGEST_PAUSE_SECONDS = 600.0  # spec/provisioning-service.md section 15
TRIES = 5  # of one request; then it fails as TooManyRequests and is tried again in the next cycle

# The beginning: this many in flight, one more with each answer up to _GENTLE, until enough were answered to have met a
# limit of some twenty a second; then more, until a limit of some hundreds would have shown.
_FIRST_IN_FLIGHT = 6
_GENTLE_IN_FLIGHT = 12
_GENTLE_ANSWERS = 50
_MORE_AN_ANSWER = 3
_ANSWERS_OF_THE_BEGINNING = 500
_FAST_A_SECOND = 1_300.0  # a target that answers so many needs no more in flight for now
_PROMPT_SECONDS = 0.05  # one that answers later also refuses later: it is approached more slowly

_DUE_SECONDS = 0.0001  # so much earlier is as good: no clock need be able to tell so little apart
_LATE_SECONDS = 0.05  # a slot that was slept past is made up for, so that timers do not cost a part of the rate

_KEPT = 0.99  # of a limit: a request may be on its way a few milliseconds longer than the one before
_KEPT_WHEN_STEADY = 0.97
_LOWEST_RATE = 0.1
_NO_RATE = 5_000.0  # what bears so much has no limit that we could meet
_SOON_SECONDS = 8.0  # refused again so soon: the estimate was wrong, not the target's mood
_PATIENCE_SECONDS = 60.0  # before more is tried than was borne; doubled when it was in vain
_LONGEST_PATIENCE_SECONDS = 240.0
_SMALL_RATE = 12.0  # a bucket that holds little looks like a low limit; trying for more costs little here
_SMALL_PATIENCE_SECONDS = 2.0
_SEARCH_PATIENCE_SECONDS = 3.0
_SEARCHED_A_SECOND = 0.015
_PROBED_A_SECOND = 0.01  # doubled with every second that is borne, up to
_PROBED_AT_MOST = 0.25
_IN_VAIN = 1.25  # times the rate: refused before that, the limit is where it was


class Pace:
    """Lets requests through at the rate the target bears, first come, first served. Of one job and one event loop."""

    def __init__(
        self,
        *,
        per_second: float | None,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._now = now
        self._sleep = sleep
        self._clock = asyncio.get_running_loop().time
        self._estimate = Estimate(ceiling=per_second)
        self._line = asyncio.Lock()  # its first waits for the slot, the others for the line
        self._next_slot = self._clock()
        self._paused_until = 0.0
        self._refused: float | None = None  # when it was sent, what was refused first; judged when the pause is over
        self._told_at = -inf  # when that refusal came: what was sent before is of the same burst
        self._alone = False  # the last pause was too short: one asks for all
        self._in_flight = 0
        self._answers = 0
        self._latency = 0.0
        self._room: asyncio.Future[None] | None = None
        self.throttled = 0  # refusals so far

    async def request(self, send: Callable[[], Awaitable[T]], *, repeatable: bool = True) -> T:
        """Send when it is due; repeat after a pause when the target throttles. Raises Throttled after the last try.

        What is not `repeatable` is not sent again after a 503, which does not say that nothing was done.
        """
        tries = 1
        while True:
            sent = await self._turn()
            self._in_flight += 1
            try:
                answer = await send()
            except Throttled as refusal:
                self._pause(refusal, sent)
                if tries == TRIES or (is_open(refusal) and not repeatable):
                    raise
                tries += 1
                continue
            except (Rejected, Malformed):
                self._answered(sent)  # it counts this request too
                raise
            finally:
                self._in_flight -= 1
                if self._room is not None and not self._room.done():
                    self._room.set_result(None)
            self._answered(sent)
            return answer

    async def _turn(self) -> float:
        """Wait until a request may be sent, and return the moment."""
        present = self._clock()
        if self._estimate.rate is None and not self._line.locked() and self._open(present) and self._has_room():
            return present
        async with self._line:
            while True:
                present = self._clock()
                if not self._open(present):
                    await self._sleep_until_open(present)
                elif not self._has_room():
                    self._room = asyncio.get_running_loop().create_future()
                    await self._room
                elif self._estimate.rate is None:
                    return present
                elif self._next_slot > present + _DUE_SECONDS:
                    await self._sleep(self._next_slot - present)
                else:
                    late = present - self._next_slot
                    idle = late if late > _LATE_SECONDS else 0.0  # nobody wanted to ask
                    self._next_slot += idle + 1.0 / self._estimate.slot(present, idle)
                    return present

    def _open(self, present: float) -> bool:
        return present >= self._paused_until - _DUE_SECONDS and self._refused is None

    async def _sleep_until_open(self, present: float) -> None:
        if self._paused_until > present + _DUE_SECONDS:
            await self._sleep(self._paused_until - present)
        elif self._refused is not None:
            # Only now, because what was in flight beside the refused request has been answered.
            self._alone = not self._estimate.refused(self._refused, present)
            self._refused, self._next_slot = None, present

    def _has_room(self) -> bool:
        if self._alone:
            return self._in_flight == 0
        if self._estimate.rate is not None or self._answers >= _ANSWERS_OF_THE_BEGINNING:
            return True
        share = min(1.0, _PROMPT_SECONDS / max(self._latency, 0.001)) ** 2
        if self._answers <= _GENTLE_ANSWERS:
            return self._in_flight < min(_FIRST_IN_FLIGHT + int(self._answers * share), _GENTLE_IN_FLIGHT)
        more = int(_MORE_AN_ANSWER * share * (self._answers - _GENTLE_ANSWERS))
        needed = max(_GENTLE_IN_FLIGHT, int(_FAST_A_SECOND * self._latency))
        return self._in_flight < min(_GENTLE_IN_FLIGHT + more, needed)

    def _answered(self, sent: float) -> None:
        self._alone = False
        self._answers += 1
        self._latency = self._clock() - sent
        self._estimate.borne(sent)

    def _pause(self, refusal: Throttled, sent: float) -> None:
        """Pause everybody; of the many refusals of one burst only the first says something about the rate."""
        self.throttled += 1
        present = self._clock()
        if sent > self._told_at:
            self._told_at, self._refused = present, sent
        seconds = (refusal.until - self._now()).total_seconds()
        self._paused_until = max(self._paused_until, present + min(max(seconds, 0.0), LONGEST_PAUSE_SECONDS))


class _Mode(Enum):
    KEEP = auto()  # what was borne, until patience ends
    SEARCH = auto()  # the limit is a little above: up slowly
    PROBE = auto()  # has the limit been raised? up ever faster


class _Refusal(NamedTuple):
    sent: float
    answers: int  # borne until then
    idle: float  # seconds in which nobody wanted to ask, until then
    recent: Sequence[float]  # when those of the second before it were sent, the last first


class Estimate:
    """How many requests a second the target bears. Pure: times are seconds of any clock.

    At the first refusal that is what it bore in the second before: right for windows of a second and for buckets that
    hold a second's worth, too much if a window had ended meanwhile. Two refusals soon after each other tell where the
    windows begin; where no window explains both, what was borne between them is the rate of a bucket, or of any limit
    over a longer time. What was found is kept until patience ends; then more is tried, for the limit may have been
    raised. A bucket lends for a while, so a rate found like that is on trial, and the one kept before is returned to.
    """

    def __init__(self, *, ceiling: float | None) -> None:
        self.rate = ceiling
        self._ceiling = ceiling
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

    def borne(self, sent: float) -> None:
        """One was answered."""
        self._answers += 1
        self._sent.append(sent)
        while self._sent[0] < sent - 3.0:  # a second, and what a refusal may take to come
            self._sent.popleft()

    def slot(self, present: float, idle: float) -> float:
        """One is sent, after so many seconds in which more might have been; the rate, raised when it is time."""
        rate = self.rate or _LOWEST_RATE
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
        """One that was sent then was refused, and the pause for it has ended. Returns False if nothing was learnt."""
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
        self.rate = max(rate, _LOWEST_RATE)
        return True

    def _probed(self, rate: float, present: float) -> float:
        """More was tried than was borne, and refused: a bucket lends for a while, so a much higher rate is on trial."""
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
