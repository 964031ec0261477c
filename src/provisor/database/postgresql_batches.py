"""Group commit on PostgreSQL: a thread takes the write lock, then whatever waits, and commits it all at once.

Every statement waits for the network, so nothing of it runs on the event loop. While another process writes, works
gather; the thread that gets the lock takes all of them. Each work has a savepoint. Source: decision 0004.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from provisor.database.ports import BATCH_LIMIT, Connection, DatabaseError, Outcome, Pending
from provisor.database.postgresql import ConnectionLost, PostgresqlConnection, PostgresqlDatabase, TryAgain

TRIES = 5  # of a batch that met a deadlock or a connection that broke before its COMMIT was sent
_LONGEST_PAUSE_SECONDS = 0.02


class PostgresqlBatches:
    """Belongs to one event loop; its connection to one thread."""

    def __init__(self, database: PostgresqlDatabase, connection: PostgresqlConnection) -> None:
        self._database = database
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="batch")

    async def run(self, waiting: deque[Pending], *, quiet: bool = False) -> tuple[list[Pending], list[Outcome]]:
        """Commit what waits in one transaction, each work in a savepoint of its own."""
        return await self._loop.run_in_executor(self._thread, self._commit, waiting)

    def _commit(self, waiting: deque[Pending]) -> tuple[list[Pending], list[Outcome]]:
        batch: list[Pending] = []
        failure: DatabaseError | None = None
        for tried in range(TRIES):
            if tried:  # apart from others that met the same
                time.sleep(random.uniform(0, _LONGEST_PAUSE_SECONDS) * tried)  # noqa: S311 - not a secret
            try:
                outcomes = self._attempt(batch, waiting)
            except (TryAgain, ConnectionLost) as error:
                failure = error
                continue
            except DatabaseError as error:
                failure = error
                break
            return batch, outcomes
        self._take(batch, waiting)  # they would have met the same
        return batch, [(None, failure)] * len(batch)

    @staticmethod
    def _take(batch: list[Pending], waiting: deque[Pending]) -> None:
        while waiting and len(batch) < BATCH_LIMIT:
            batch.append(waiting.popleft())

    def _attempt(self, batch: list[Pending], waiting: deque[Pending]) -> list[Outcome]:
        """One transaction; the works are taken once it has begun. Raises DatabaseError."""
        connection = self._connection
        try:
            connection.begin()
            self._take(batch, waiting)
            outcomes = [self._run(work) for work, _ in batch]
        except DatabaseError:
            connection.rollback()
            raise
        try:
            connection.commit()
        except ConnectionLost as error:  # it may or may not have been committed: nobody may be told either
            raise DatabaseError(f"Whether a write was kept is not known: {error}") from None
        return outcomes

    def _run(self, work: Callable[[Connection], Any]) -> Outcome:
        connection = self._connection
        connection.execute("SAVEPOINT work")
        outcome: Outcome
        try:
            outcome = work(connection), None
        except (TryAgain, ConnectionLost):
            raise
        except Exception as error:  # noqa: BLE001 - handed to the caller through its future
            outcome = None, error
        if connection.failed and outcome[1] is None:
            outcome = None, DatabaseError("A statement failed and the work went on as if it had not.")
        undo = "ROLLBACK TO work; RELEASE work" if outcome[1] is not None else "RELEASE work"
        connection.execute(undo)
        return outcome

    async def close(self) -> None:
        """Give the connection back."""
        self._thread.shutdown(wait=True)
        self._database.disconnect(self._connection)
