"""How fast a target is asked, and what happens when it throttles."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest

from provisor.engine.ports import Throttled
from provisor.runner.asking.pace import TRIES, Pace


class HurriedLoop(asyncio.SelectorEventLoop):
    """A loop that does not wait: when everybody sleeps, its clock goes on to the moment at which the first wakes."""

    ahead: ClassVar[float] = 0.0

    def time(self):
        return super().time() + self.ahead

    def _run_once(self):
        if not self._ready and self._scheduled:
            HurriedLoop.ahead += max(0.0, self._scheduled[0].when() - self.time())
        super()._run_once()


def present():
    return datetime.now(UTC) + timedelta(seconds=HurriedLoop.ahead)


def throttled(seconds):
    return Throttled("slow down", until=present() + timedelta(seconds=seconds))


def paced(per_second, work):
    """Run `work(pace)` and return how many seconds it took and what it returned."""

    async def run():
        pace = Pace(per_second=per_second, now=present)
        loop = asyncio.get_running_loop()
        began = loop.time()
        return await work(pace), loop.time() - began

    with asyncio.Runner(loop_factory=HurriedLoop) as runner:
        return runner.run(run())


def test_requests_without_a_limit_are_not_held_up():
    async def work(pace):
        for _ in range(500):
            await pace.request(lambda: asyncio.sleep(0))

    _, seconds = paced(None, work)

    assert seconds < 0.5


def test_a_limit_is_kept_and_used():
    async def work(pace):
        await asyncio.gather(*(pace.request(lambda: asyncio.sleep(0)) for _ in range(21)))

    _, seconds = paced(100.0, work)

    assert 0.19 < seconds < 0.4


def test_a_throttled_request_waits_for_the_moment_that_the_target_named_and_is_repeated():
    answers = [throttled(0.2), "done"]

    async def send():
        answer = answers.pop(0)
        if isinstance(answer, Throttled):
            raise answer
        return answer

    result, seconds = paced(None, lambda pace: pace.request(send))

    assert result == "done"
    assert seconds >= 0.19


def test_everybody_waits_while_the_target_asks_to():
    moments = []

    async def work(pace):
        first = [throttled(0.2), None]

        async def refused_once():
            error = first.pop(0)
            if error is not None:
                raise error

        async def other():
            moments.append(asyncio.get_running_loop().time() - began)

        began = asyncio.get_running_loop().time()
        one = asyncio.create_task(pace.request(refused_once))
        await asyncio.sleep(0.01)
        await pace.request(other)
        await one

    paced(None, work)

    assert moments[0] >= 0.19


def test_a_request_that_is_always_throttled_is_given_up():
    tries = []

    async def send():
        tries.append(1)
        raise throttled(0)

    with pytest.raises(Throttled):
        paced(None, lambda pace: pace.request(send))

    assert len(tries) == TRIES


def test_after_a_refusal_the_rate_that_was_borne_is_kept():
    """A target that takes 50 requests a second is not met with everything at once again."""
    taken = []
    refused = []

    async def work(pace):
        loop = asyncio.get_running_loop()

        async def send():
            now = loop.time()
            if sum(1 for moment in taken if moment > now - 0.5) >= 25:
                refused.append(now)
                raise throttled(0.5)
            taken.append(now)

        waiting = iter(range(100))

        async def lane():
            for _ in waiting:
                await pace.request(send)

        await asyncio.gather(*(lane() for _ in range(5)))

    paced(None, work)

    assert len(taken) == 100
    assert len(refused) <= 15
