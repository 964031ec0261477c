"""How fast the target is asked: at most so many requests a second, and a pause for all when it says so.

The connector reports *throttled until*; the wait is here. A target that throttles without a known limit is not
hit by everybody again when the pause ends: the rate it bore is kept and raised slowly (spec section 15 asks for the
pause and for repeating only the failed request).
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from provisor.engine.ports import Throttled
from provisor.engine.unknown import is_open

T = TypeVar("T")

LONGEST_PAUSE_SECONDS = 600.0  # spec/provisioning-service.md section 15
TRIES = 5  # of one request; then it fails as TooManyRequests and is tried again in the next cycle
_KEPT_OF_THE_RATE = 0.95
_RAISED_A_SECOND = 0.5  # requests a second gained in each second without a refusal
_LOWEST_RATE = 1.0


class Pace:
    """Lets requests through at the rate the target bears. Belongs to one job and one event loop."""

    def __init__(
        self,
        *,
        per_second: float | None,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._ceiling = per_second
        self._rate = per_second
        self._now = now
        self._sleep = sleep
        self._clock = asyncio.get_running_loop().time
        self._next_slot = 0.0
        self._paused_until = 0.0
        self._window_began = 0.0
        self._window_answers = 0
        self.throttled = 0  # refusals so far

    async def request(self, send: Callable[[], Awaitable[T]], *, repeatable: bool = True) -> T:
        """Send when it is due; repeat after a pause when the target throttles. Raises Throttled after the last try.

        What is not `repeatable` is not sent again after a 503, which does not say that nothing was done.
        """
        tries = 1
        while True:
            if self._rate is not None or self._paused_until:
                await self._turn()
            try:
                answer = await send()
            except Throttled as refusal:
                self._slow_down(refusal)
                if tries == TRIES or (is_open(refusal) and not repeatable):
                    raise
                tries += 1
                continue
            self._answered()
            return answer

    async def _turn(self) -> None:
        while (wait := self._paused_until - self._clock()) > 0:
            await self._sleep(wait)
        if self._rate is None:
            return
        present = self._clock()
        slot = max(present, self._next_slot)
        self._next_slot = slot + 1.0 / self._rate
        if slot > present:
            await self._sleep(slot - present)

    def _answered(self) -> None:
        present = self._clock()
        if present - self._window_began >= 1.0:
            self._window_began, self._window_answers = present, 0
        self._window_answers += 1
        if self._rate is not None and self._rate != self._ceiling:
            raised = self._rate + _RAISED_A_SECOND / self._rate
            self._rate = raised if self._ceiling is None else min(raised, self._ceiling)

    def _slow_down(self, refusal: Throttled) -> None:
        """Pause everybody; of the many refusals of one burst only the first lowers the rate."""
        self.throttled += 1
        present = self._clock()
        if present >= self._paused_until:
            seen = max(present - self._window_began, 1.0)
            borne = max(self._window_answers / seen * _KEPT_OF_THE_RATE, _LOWEST_RATE)
            self._rate = borne if self._rate is None else max(min(self._rate * _KEPT_OF_THE_RATE, borne), _LOWEST_RATE)
        seconds = (refusal.until - self._now()).total_seconds()
        self._paused_until = max(self._paused_until, present + min(max(seconds, 0.0), LONGEST_PAUSE_SECONDS))
