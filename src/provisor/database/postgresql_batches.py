"""Group commit on PostgreSQL: a thread takes the write lock, then everything that waits, and commits it all at once.

Every statement waits for the network, so nothing of it runs on the event loop. While another process writes, works
gather; the thread that gets the lock takes all of them. They are first done in haste, without savepoints and without
waiting for statements without an answer; if one is refused after it has written, all are repeated with savepoints.
Source: decision 0004.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from provisor.database.ports import BATCH_LIMIT, Committed, Connection, DatabaseError, Finish, PendingWork, WorkOutcome
from provisor.database.postgresql_connection import ConnectionLost, Hasty, PostgresqlConnection, TryAgain

TRIES = 5  # of a batch that met a deadlock or a connection that broke before its COMMIT was sent
CAREFUL = 8  # batches with savepoints after one that had to be repeated: refusals come in series
ANALYSE_AFTER = (0, 64, 512, 4_096, 32_768)  # writes; autovacuum comes once a minute, too late for a first import
_LONGEST_PAUSE_SECONDS = 0.02


class PostgresqlBatches:
    """Belongs to one event loop; its connection to one thread."""

    def __init__(
        self,
        connection: PostgresqlConnection,
        finish: Finish | None,
        *,
        analyse: Callable[[], None],
        give_back: Callable[[PostgresqlConnection], None],
    ) -> None:
        self._connection = connection
        self._finish = finish
        self._analyse_tables = analyse
        self._give_back = give_back
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="batch")
        self._careful = 0  # batches still to be done with savepoints
        self._written = 0
        self._analyses = deque(ANALYSE_AFTER)
        self._analysing: asyncio.Future[None] | None = None

    async def run(self, waiting: deque[PendingWork], *, quiet: bool = False) -> Committed:
        """Commit what waits in one transaction, each work as if in a savepoint of its own."""
        done = await self._loop.run_in_executor(self._thread, self._commit, waiting)
        self._written += len(done[0])
        if self._analyses and self._written >= self._analyses[0]:
            self._analyse()
        return done

    def _analyse(self) -> None:
        if self._analysing is None or self._analysing.done():
            self._analyses.popleft()
            self._analysing = self._loop.run_in_executor(None, self._analyse_tables)

    def _commit(self, waiting: deque[PendingWork]) -> Committed:
        batch: list[PendingWork] = []
        failure: DatabaseError | None = None
        self._careful = max(self._careful - 1, 0)
        tried = 0
        while tried < TRIES:
            if tried:  # apart from others that met the same
                time.sleep(random.uniform(0, _LONGEST_PAUSE_SECONDS) * tried)  # noqa: S311 - not a secret
            try:
                return batch, self._attempt(batch, waiting)
            except Hasty:
                self._careful = CAREFUL
            except (TryAgain, ConnectionLost) as error:
                failure = error
                tried += 1
            except DatabaseError as error:
                failure = error
                break
        self._take(batch, waiting)  # they would have met the same
        return batch, [(None, failure)] * len(batch)

    @staticmethod
    def _take(batch: list[PendingWork], waiting: deque[PendingWork]) -> None:
        while waiting and len(batch) < BATCH_LIMIT:
            batch.append(waiting.popleft())

    def _attempt(self, batch: list[PendingWork], waiting: deque[PendingWork]) -> list[WorkOutcome]:
        """One transaction; the works are taken once it has begun. Raises DatabaseError."""
        connection = self._connection
        try:
            connection.begin(hasty=not self._careful)
            self._take(batch, waiting)
            run = self._with_savepoint if self._careful else self._in_haste
            outcomes = [run(work) for work, _ in batch]
            if self._finish is not None:
                self._finish(connection, outcomes)
        except DatabaseError:
            connection.rollback()
            raise
        connection.commit()
        return outcomes

    def _outcome(self, work: Callable[[Connection], Any]) -> WorkOutcome:
        try:
            return work(self._connection), None
        except (TryAgain, ConnectionLost):
            raise
        except BaseException as error:  # noqa: BLE001 - handed to the caller through its future
            return None, error

    def _in_haste(self, work: Callable[[Connection], Any]) -> WorkOutcome:
        connection = self._connection
        connection.next_work()
        outcome = self._outcome(work)
        if connection.failed or (outcome[1] is not None and connection.wrote):
            raise Hasty("A work was refused.")
        return outcome

    def _with_savepoint(self, work: Callable[[Connection], Any]) -> WorkOutcome:
        connection = self._connection
        connection.next_work()
        connection.execute("SAVEPOINT work")
        outcome = self._outcome(work)
        if connection.failed and outcome[1] is None:
            outcome = None, DatabaseError("A statement failed and the work went on as if it had not.")
        if outcome[1] is not None:
            connection.execute("ROLLBACK TO work")
        connection.execute("RELEASE work")
        return outcome

    async def close(self) -> None:
        """Give the connection back."""
        if self._analysing is not None:
            await asyncio.wait([self._analysing])
        self._thread.shutdown(wait=True)
        self._give_back(self._connection)
