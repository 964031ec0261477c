"""One timer for many waiting tasks."""

import asyncio

import pytest

from provisor.connectors.deadlines import Deadlines


async def waiting(deadlines, seconds):
    """Sleep under the limit; a passed limit is a TimeoutError."""
    task = deadlines.begin()
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        if deadlines.passed(task):
            raise TimeoutError from None
        raise
    finally:
        deadlines.end(task)
    return "done"


async def test_who_is_in_time_is_left_alone():
    deadlines = Deadlines(0.05)

    assert await asyncio.gather(*(waiting(deadlines, 0.01) for _ in range(3))) == ["done"] * 3
    await asyncio.sleep(0.1)


async def test_who_overstays_is_stopped_however_the_starts_are_spread():
    deadlines = Deadlines(0.04)
    loop = asyncio.get_running_loop()

    async def late(pause):
        await asyncio.sleep(pause)
        started = loop.time()
        with pytest.raises(TimeoutError):
            await waiting(deadlines, 5)
        return loop.time() - started

    assert all(0.035 < took < 0.2 for took in await asyncio.gather(*(late(pause / 100) for pause in range(8))))


async def test_a_stopped_task_lives_on():
    deadlines = Deadlines(0.01)
    with pytest.raises(TimeoutError):
        await waiting(deadlines, 5)

    await asyncio.sleep(0)
    assert await waiting(deadlines, 0) == "done"
    assert asyncio.current_task().cancelling() == 0


async def test_a_cancellation_from_outside_passes():
    deadlines = Deadlines(0.5)
    task = asyncio.ensure_future(waiting(deadlines, 5))
    await asyncio.sleep(0.01)

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
