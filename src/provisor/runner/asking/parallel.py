"""Many requests in flight, bounded.

On the first error nothing new is begun, what is under way ends, and then the error is raised: outcomes of requests that
were made are never lost to somebody else's failure.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


async def each(items: Sequence[T], limit: int, do: Callable[[T], Awaitable[None]]) -> None:
    """Do it for every item, at most `limit` at once."""
    waiting = iter(items)
    failures: list[BaseException] = []

    async def work() -> None:
        for item in waiting:
            try:
                await do(item)
            except BaseException as failure:  # noqa: BLE001 - raised again below, once all have ended
                failures.append(failure)
            if failures:
                return

    workers = [asyncio.ensure_future(work()) for _ in range(min(limit, len(items)))]
    if workers:
        await asyncio.wait(workers)
    if failures:
        raise failures[0]
