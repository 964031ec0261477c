"""Many requests in flight, bounded. Order: a crew, which is given its work in portions; every item of a list.

After the first failure nothing new is started; running work ends first, so that its outcome is known. A cancelled or
broken run (anything that is not an Exception) takes its workers with it at once.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Crew(Generic[T]):
    """Workers that take what they are given, in order. `ended` is called when a failure ends the work."""

    def __init__(self, size: int, perform: Callable[[T], Awaitable[None]], ended: Callable[[], None]) -> None:
        self.failure: BaseException | None = None
        self.waiting: deque[T] = deque()
        self._perform = perform
        self._ended = ended
        self._filled = asyncio.Event()
        self._closing = False
        self._workers = [asyncio.create_task(self._work()) for _ in range(size)]

    def give(self, items: Iterable[T]) -> None:
        """More work."""
        self.waiting.extend(items)
        self._filled.set()

    def stop(self, failure: BaseException) -> None:
        """Start nothing new."""
        if self.failure is None:
            self.failure = failure
        self._filled.set()
        self._ended()

    async def close(self) -> None:
        """Wait until everything given is done; after a failure, until running work has ended."""
        self._closing = True
        self._filled.set()
        try:
            if self.failure is not None and not isinstance(self.failure, Exception):
                self._cancel()
            await asyncio.wait(self._workers)
        except BaseException:
            self._cancel()
            await asyncio.wait(self._workers)
            raise

    def _cancel(self) -> None:
        for worker in self._workers:
            worker.cancel()

    async def _work(self) -> None:
        while self.failure is None:
            if not self.waiting:
                if self._closing:
                    return
                self._filled.clear()
                await self._filled.wait()
                continue
            try:
                await self._perform(self.waiting.popleft())
            except BaseException as failure:  # noqa: BLE001 - kept for whoever gave the work
                self.stop(failure)
                if not isinstance(failure, Exception):
                    self._cancel()


async def each(items: Sequence[T], limit: int, do: Callable[[T], Awaitable[R]]) -> list[R]:
    """Do it for every item, at most `limit` at once; returns the results in order. Raises the first failure."""
    results: dict[int, R] = {}

    async def one(number: int) -> None:
        results[number] = await do(items[number])

    if not items:
        return []
    crew = Crew[int](min(limit, len(items)), one, lambda: None)
    crew.give(range(len(items)))
    await crew.close()
    if crew.failure is not None:
        raise crew.failure
    return [results[number] for number in range(len(items))]
