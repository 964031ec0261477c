"""Durable writes for an event loop: many writes, one commit.

A write goes on a list; the batch leaves when one more turn of the loop brought nothing, so that lock-step clients fill
it. Statements run on the loop, only COMMIT (which waits for the disk) runs in a thread: reads go on meanwhile.
Measured in docs/explanation/performance.md; the linger alone doubled the writes a commit carries.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from provisor.database.sqlite import BUSY_SECONDS, Connection, Database, DatabaseError

T = TypeVar("T")

BATCH_LIMIT = 512  # writes a commit; more only adds latency for the first of them
FIRST_WAIT_SECONDS = 0.001  # between tries while another process holds the write lock
LONGEST_WAIT_SECONDS = 0.05

_Pending = tuple[Callable[[Connection], Any], "asyncio.Future[Any]"]


class Writer:
    """Group commit on one connection of its own. Belongs to one event loop."""

    def __init__(self, database: Database) -> None:
        self._path = database.path
        self._connection = database.connect(busy_seconds=0)
        self._loop = asyncio.get_running_loop()
        self._committer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="commit")
        self._waiting: list[_Pending] = []
        self._draining = False
        self._tasks: set[asyncio.Task[None]] = set()

    def write(self, work: Callable[[Connection], T]) -> "asyncio.Future[T]":
        """Run `work` in a savepoint of the next transaction; the future resolves once that is on disk.

        An exception raised by `work` undoes its own statements only and is set on its future.
        """
        future: asyncio.Future[T] = self._loop.create_future()
        self._waiting.append((work, future))
        if not self._draining:
            self._draining = True
            self._loop.call_soon(self._linger, len(self._waiting))
        return future

    def _linger(self, seen: int) -> None:
        waiting = len(self._waiting)
        if seen < waiting < BATCH_LIMIT:
            self._loop.call_soon(self._linger, waiting)
            return
        task = self._loop.create_task(self._commit_batch())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _commit_batch(self) -> None:
        batch, self._waiting = self._waiting[:BATCH_LIMIT], self._waiting[BATCH_LIMIT:]
        try:
            await self._begin()
            outcomes = [self._run(work) for work, _ in batch]
            await self._loop.run_in_executor(self._committer, self._connection.execute, "COMMIT")
        except (sqlite3.Error, DatabaseError) as error:
            if self._connection.raw.in_transaction:
                self._connection.execute("ROLLBACK")
            outcomes = [(None, error)] * len(batch)
        for (_, future), (result, failure) in zip(batch, outcomes, strict=True):
            if future.done():  # its caller was cancelled; the write stands
                continue
            if failure is None:
                future.set_result(result)
            else:
                future.set_exception(failure)
        if self._waiting:
            self._loop.call_soon(self._linger, len(self._waiting))
        else:
            self._draining = False

    async def _begin(self) -> None:
        """BEGIN IMMEDIATE without ever blocking the loop while another process writes."""
        wait, waited = FIRST_WAIT_SECONDS, 0.0
        while True:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if waited >= BUSY_SECONDS or "locked" not in str(error):
                    raise DatabaseError(f"{self._path} could not be written: {error}.") from error
            await asyncio.sleep(wait)
            waited += wait
            wait = min(wait * 2, LONGEST_WAIT_SECONDS)

    def _run(self, work: Callable[[Connection], Any]) -> tuple[Any, Exception | None]:
        connection = self._connection
        connection.execute("SAVEPOINT work")
        try:
            result = work(connection)
        except Exception as error:  # noqa: BLE001 - handed to the caller through its future
            connection.execute("ROLLBACK TO work")
            connection.execute("RELEASE work")
            return None, error
        connection.execute("RELEASE work")
        return result, None

    async def close(self) -> None:
        """Finish the writes that are waiting, then give the connection back."""
        while self._draining:
            await asyncio.sleep(0)
            if self._tasks:
                await asyncio.wait(self._tasks)
        self._committer.shutdown(wait=True)
        self._connection.close()
