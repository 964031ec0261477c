"""How one who asks a target goes about it: waits for turns, and repeats what the target throttled.

The connector reports *throttled until*; the wait is here (spec/provisioning-service.md section 15 asks for the pause
and for repeating the request that was refused, no other). How fast a target is asked is found out for all who ask it
together (runner.asking.turns). Order: the pace, waiting.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from math import inf
from typing import TypeVar

from provisor.engine.ports import Malformed, Rejected, Throttled
from provisor.engine.unknown import is_open
from provisor.runner.asking.turns import Lane, Turns

T = TypeVar("T")

TRIES = 5  # of one request, where the behaviour says nothing; then it fails as TooManyRequests, and is retried later


class Pace:
    """Lets the requests of one who asks through when it is their turn, first come, first served. For one event loop.

    `turns` are shared with all who ask the same target with the same credential. `per_second` and `at_once` are limits
    of this one alone, `ceiling` is what the target's profile allows to all. `prompt`: a person waits for it, so it goes
    first. Where the target asks for a pause longer than `patience_seconds`, that is raised and not waited for.
    `interrupted` returns when nobody is to wait any longer, with the reason, which is raised where somebody does.
    """

    def __init__(
        self,
        turns: Turns | None = None,
        *,
        now: Callable[[], datetime],
        per_second: float | None = None,
        at_once: float = inf,
        ceiling: float | None = None,
        prompt: bool = False,
        patience_seconds: float = inf,
        tries: int = TRIES,
        interrupted: Callable[[], Awaitable[BaseException]] | None = None,
    ) -> None:
        self._turns = Turns() if turns is None else turns
        self._now = now
        self._patience_seconds = patience_seconds
        self._tries = tries
        self._interrupted = interrupted
        self._interruption: asyncio.Future[BaseException] | None = None
        loop = asyncio.get_running_loop()
        self._lane = Lane(loop=loop, per_second=per_second, at_once=at_once, ceiling=ceiling, prompt=prompt)
        self._turns.join(self._lane)

    def close(self) -> None:
        """Ask no more."""
        if self._interruption is not None:
            self._interruption.cancel()
        self._turns.leave(self._lane)

    def aside(self) -> "Pace":
        """For a single question about the target, which goes first and is not repeated. To be closed."""
        return Pace(
            self._turns,
            now=self._now,
            prompt=True,
            patience_seconds=self._patience_seconds,
            tries=1,
            interrupted=self._interrupted,
        )

    @property
    def throttled(self) -> int:
        """Refusals so far."""
        return self._lane.refusals

    async def request(self, send: Callable[[], Awaitable[T]], *, about: str = "", repeatable: bool = True) -> T:
        """Send when it is due; repeat after a pause when the target throttles. Raises Throttled after the last try.

        What is not `repeatable` is not sent again after a 503, which does not say that nothing was done. `about` tells
        requests apart that take a target differently long.
        """
        tries = 1
        while True:
            sent = await self._turn()
            try:
                answer = await send()
            except Throttled as refusal:
                self._turns.refused(self._lane, sent, self._pause(refusal))
                if tries == self._tries or (is_open(refusal) and not repeatable):
                    raise
                if self._turns.paused_seconds() > self._patience_seconds:
                    raise
                tries += 1
            except (Rejected, Malformed):
                self._turns.answered(self._lane, sent, about)
                raise
            except GeneratorExit:
                raise  # its loop is gone: the turns find that out themselves
            except BaseException:
                self._turns.lost(self._lane)
                raise
            else:
                self._turns.answered(self._lane, sent, about)
                return answer

    def _pause(self, refusal: Throttled) -> float | None:
        return (refusal.until - self._now()).total_seconds() if refusal.told else None

    # Waiting

    async def _turn(self) -> float:
        """Wait until a request may be sent, and return the moment."""
        if self._patience_seconds < inf:
            self._check_patience()
        turn = self._turns.take(self._lane)
        if isinstance(turn, float):
            return turn
        try:
            self._heed_interruption()
            return await turn.turn
        except GeneratorExit:
            raise
        except BaseException:
            self._turns.withdraw(turn)
            raise

    def _check_patience(self) -> None:
        seconds = self._turns.paused_seconds()
        if seconds > self._patience_seconds:
            until = self._now() + timedelta(seconds=seconds)
            raise Throttled(f"It asked that nothing be sent before {until:%Y-%m-%d %H:%M:%S} UTC.", until=until)

    def _heed_interruption(self) -> None:
        """Somebody waits: see that they are told when they must not."""
        if self._interrupted is None:
            return
        if self._interruption is None:
            self._interruption = asyncio.ensure_future(self._interrupted())
            self._interruption.add_done_callback(self._end)
        if self._interruption.done():
            raise self._interruption.result()

    def _end(self, interruption: "asyncio.Future[BaseException]") -> None:
        if not interruption.cancelled():
            self._turns.end(self._lane, interruption.result())
