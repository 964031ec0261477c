"""Durable writes for an event loop: many writes, one commit.

Writes go on a list; the batch leaves when one more turn of the loop brought nothing and as many wait as the last
commit carried, or soon after: clients just answered get the time to ask again, so that lock-step clients fill it.
How a batch reaches the disk is the database's business.
Measured in explanation/performance.md; waiting this way doubled the writes a commit carries.
"""

import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from provisor.database.ports import BATCH_LIMIT, Connection, Database, Finish, PendingWork, WorkOutcome

if TYPE_CHECKING:
    import asyncio

T = TypeVar("T")

# How long to wait for those just answered, as a part of the last commit's time. Without it eight clients end up in
# commits of one and seven, and stay there.
PATIENCE = 0.5
LONGEST_PATIENCE_SECONDS = 0.002


class Writer:
    """Group commit on one connection of its own. Belongs to one event loop."""

    def __init__(
        self, database: Database, quiet: Callable[[], bool] = lambda: False, finish: Finish | None = None
    ) -> None:
        self._quiet = quiet  # whether the loop has nothing else to do than to write
        self._batches = database.batches(finish)
        from asyncio import get_running_loop  # a third of the start of a command that has no loop

        self._loop = get_running_loop()
        self._waiting: deque[PendingWork] = deque()
        self._draining = False
        self._carried = 0  # writes of the last commit
        self._patient_until = 0.0
        self._tasks: set[asyncio.Task[None]] = set()

    def write(self, work: Callable[[Connection], T]) -> "asyncio.Future[T]":
        """Run `work` in the next transaction; the future resolves once that is on disk.

        An exception raised by `work` undoes its own statements only and is set on its future. `work` may run again,
        when another one of its batch was undone or the transaction could not be committed, and on PostgreSQL in
        another thread: it must not change values of its own.
        """
        future: asyncio.Future[T] = self._loop.create_future()
        self._waiting.append((work, future))
        if not self._draining:
            self._draining = True
            self._loop.call_soon(self._linger, len(self._waiting))
        return future

    def _linger(self, seen: int) -> None:
        waiting = len(self._waiting)
        if waiting < BATCH_LIMIT and (seen < waiting or self._expects(waiting)):
            self._loop.call_soon(self._linger, waiting)
            return
        task = self._loop.create_task(self._commit_batch())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _expects(self, waiting: int) -> bool:
        """Whether those answered by the last commit may be about to ask again."""
        return waiting < self._carried and time.perf_counter() < self._patient_until

    async def _commit_batch(self) -> None:
        began = time.perf_counter()
        batch, outcomes = await self._batches.run(self._waiting, quiet=self._quiet())
        for pending, outcome in zip(batch, outcomes, strict=True):
            _tell(pending, outcome)
        ended = time.perf_counter()
        self._carried = len(batch)
        self._patient_until = ended + min((ended - began) * PATIENCE, LONGEST_PATIENCE_SECONDS)
        if self._waiting:
            self._loop.call_soon(self._linger, len(self._waiting))
        else:
            self._draining = False

    async def close(self) -> None:
        """Finish the waiting writes, then release the connection."""
        from asyncio import sleep, wait

        while self._draining:
            await sleep(0)
            if self._tasks:
                await wait(self._tasks)
        await self._batches.close()


def _tell(pending: PendingWork, outcome: WorkOutcome) -> None:
    _, future = pending
    result, failure = outcome
    if future.done():  # its caller was cancelled; the write stands
        return
    if failure is None:
        future.set_result(result)
    else:
        future.set_exception(failure)
