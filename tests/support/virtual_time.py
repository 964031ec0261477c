"""Targets with limits, asked in virtual time: a loop whose clock moves only when everybody waits.

Order: the loop, limits, a target, work in virtual time.
"""

import asyncio
import math
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from provisor.engine.ports import Throttled

BEGAN = datetime(2026, 11, 1, tzinfo=UTC)


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose clock stands still while anything can be done, and goes on to the next timer when nothing can."""

    moment = 0.0

    def time(self) -> float:
        """The moment."""
        return self.moment

    def _run_once(self) -> None:
        if not self._ready and self._scheduled:  # type: ignore[attr-defined]
            self.moment = max(self.moment, self._scheduled[0].when())  # type: ignore[attr-defined]
        super()._run_once()  # type: ignore[misc]


class Limit(Protocol):
    """What a target bears."""

    def wait(self, moment: float) -> float:
        """How long somebody who asks now should wait; 0 when the request is taken."""


class Window:
    """So many requests in every window; the first one began `phase` of its length before we came."""

    def __init__(self, limit: float, phase: float = 0.0, seconds: float = 1) -> None:
        self.limit, self.seconds, self.began, self.taken = limit * seconds, seconds, -phase * seconds, 0

    def wait(self, moment: float) -> float:
        """As above."""
        while moment >= self.began + self.seconds:
            self.began, self.taken = self.began + self.seconds, 0
        if self.taken < self.limit:
            self.taken += 1
            return 0.0
        return self.began + self.seconds - moment


class Bucket:
    """A bucket of tokens that fills at the rate of the limit and holds those of a second."""

    def __init__(self, limit: float, phase: float = 0.0) -> None:
        self.limit, self.tokens, self.filled = limit, limit, 0.0

    def wait(self, moment: float) -> float:
        """As above."""
        self.tokens = min(self.limit, self.tokens + (moment - self.filled) * self.limit)
        self.filled = moment
        if self.tokens >= 1 - 1e-9:
            self.tokens -= 1
            return 0.0
        return (1 - self.tokens) / self.limit


class Unlimited:
    """Everything."""

    def wait(self, moment: float) -> float:
        """As above."""
        return 0.0


class Closed:
    """Nothing."""

    def wait(self, moment: float) -> float:
        """As above."""
        return 0.5


# What the connector makes of the answer (connectors.replies): whole seconds, a date in whole seconds, or nothing.
RETRY_AFTER: dict[str, Callable[[float, float], float]] = {
    "seconds": lambda moment, wait: moment + math.ceil(wait),
    "date": lambda moment, wait: math.ceil(moment + wait),
    "nothing": lambda moment, wait: moment + 1,
}


class LimitedTarget:
    """Answers after `latency`; what it does can be exchanged while it is asked. Requests arrive after half of it."""

    def __init__(self, limit: Limit, latency: float, retry_after: str = "seconds") -> None:
        self.limit, self.latency = limit, latency
        self.moments: list[float] = []  # of the requests that it took
        self.refused = 0
        self._told, self._until = retry_after != "nothing", RETRY_AFTER[retry_after]

    async def answer(self, error: Exception | None = None) -> None:
        """One request."""
        loop = asyncio.get_running_loop()
        await asyncio.sleep(self.latency / 2)
        wait = self.limit.wait(loop.time())
        until = BEGAN + timedelta(seconds=self._until(loop.time(), wait))
        if not wait:
            self.moments.append(loop.time())
        await asyncio.sleep(self.latency / 2)
        if wait:
            self.refused += 1
            raise Throttled("slow down", until=until, told=self._told)
        if error is not None:
            raise error


def virtually(work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Do it on such a loop."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work())


def virtual_now() -> datetime:
    """The moment as a date."""
    return BEGAN + timedelta(seconds=asyncio.get_running_loop().time())
