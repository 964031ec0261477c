"""SQLite as a durable store: WAL, synchronous=FULL, one writer at a time, files readable by their owner only.

SQL elsewhere uses `?` placeholders and nothing that PostgreSQL lacks. Which file a name
means is settled in sqlite_files.
"""

import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any

from provisor.database.connections import Connections
from provisor.database.ports import (
    BATCH_LIMIT,
    BUSY_SECONDS,
    Committed,
    Connection,
    DatabaseError,
    Finish,
    PendingWork,
    Row,
    WorkOutcome,
)
from provisor.database.refusals import told, why
from provisor.database.sqlite_files import FileIdentity, identity, made, only_name, uri

CACHE_KIB = 2048  # a connection; 8 MiB was no faster and cost 13 MiB of memory (explanation/performance.md)
FIRST_WAIT_SECONDS = 0.001  # between tries while another process holds the write lock
LONGEST_WAIT_SECONDS = 0.004  # with 0.05 the slowest write beside two busy processes took 0.6 s, with this 0.09 s
SHORT_COMMIT_SECONDS = 0.001  # a longer one is left to a thread


class SqliteConnection:
    """One connection: statements in, tuples out. Not for two threads at once."""

    __slots__ = ("_committing", "_path", "execute", "raw")

    def __init__(self, raw: sqlite3.Connection, path: Path) -> None:
        self._path = path
        self._committing = Lock()
        self.raw = raw
        self.execute = raw.execute  # bound once: it is the hot path

    def all(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """Every row of a query."""
        return self.execute(sql, values).fetchall()

    def one(self, sql: str, values: Sequence[object] = ()) -> Row | None:
        """The first row of a query, or None."""
        row: Row | None = self.execute(sql, values).fetchone()
        return row

    def many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run one statement for every row of values."""
        self.raw.executemany(sql, rows)

    def stream(self, sql: str, values: Sequence[object] = ()) -> Iterator[Row]:
        """The rows of a long answer one by one."""
        return self.execute(sql, values)

    def define(self, sql: str) -> None:
        """Run a CREATE or ALTER statement."""
        self.execute(sql)

    def tables(self) -> set[str]:
        """The names of the tables and views there are."""
        rows = self.all("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
        return {name for (name,) in rows if not name.startswith("sqlite_")}

    def columns(self, table: str) -> set[str]:
        """The names of the columns of a table or view; none when it is not there."""
        return {name for (name,) in self.all("SELECT name FROM pragma_table_info(?)", (table,))}

    def settle(self) -> None:
        """Have the file keep a write-ahead log: this is stored in the file, so another program's file is left alone."""
        try:
            self.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            raise DatabaseError(f"Cannot open the database {self._path}: {why(error)}.") from error

    def mark(self) -> object:
        """Changes with every commit of any other connection or process; half the cost of the smallest read."""
        return self.execute("PRAGMA data_version").fetchone()

    @property
    def writing(self) -> bool:
        """Whether it is in a transaction."""
        return self.raw.in_transaction

    def begin(self) -> None:
        """Begin a write transaction. Raises DatabaseError when the file stays locked."""
        try:
            self.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            raise DatabaseError(
                f"{self._path} was locked by another process for {BUSY_SECONDS:.0f} s: {error}. "
                "Try again, or end the process that holds it."
            ) from error

    def begin_at_once(self) -> bool:
        """Begin a write transaction if nobody else is in one, and say whether; waits for nobody."""
        [(wait_milliseconds,)] = self.all("PRAGMA busy_timeout")
        self.execute("PRAGMA busy_timeout=0")
        try:
            self.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            return False
        finally:
            self.execute(f"PRAGMA busy_timeout={wait_milliseconds}")
        return True

    def commit(self) -> None:
        """Bring the transaction to the disk, from whatever thread."""
        with self._committing:
            self.execute("COMMIT")

    def rollback(self) -> None:
        """Forget the transaction, unless a full disk has ended it already."""
        if self.raw.in_transaction:
            self.execute("ROLLBACK")

    def close(self) -> None:
        """Close the connection; an open transaction is rolled back. A commit under way in another thread is waited for:
        it would read what was freed."""
        with self._committing:
            self.raw.close()


class SqliteDatabase(Connections[SqliteConnection]):
    """One SQLite file: a reader per thread, and writes that are serialised inside and between processes."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.name = str(path)
        self._identity: FileIdentity | None = None

    def _open(self, busy_seconds: float) -> SqliteConnection:
        self._recognise()
        raw = sqlite3.connect(
            uri(self.path),
            uri=True,
            timeout=busy_seconds,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )
        raw.execute("PRAGMA synchronous=FULL")
        raw.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
        return SqliteConnection(raw, self.path)

    def _recognise(self) -> None:
        """Two files under one name would share a write-ahead log, which would overwrite the newer one."""
        found = identity(self.path)
        if self.connections and found != self._identity:
            raise DatabaseError(
                f"{self.path} was replaced by another file while it was in use. End every program that uses it, put "
                "the file in place (without -wal and -shm files beside it), and start again."
            )
        self._identity = found

    @contextmanager
    def transaction(self) -> Iterator[SqliteConnection]:
        """A write transaction, as every database has it; a full disk is raised as a DatabaseError."""
        try:
            with super().transaction() as connection:
                yield connection
        except sqlite3.OperationalError as error:
            raise told(self.path, error) from error

    @contextmanager
    def attempt(self) -> Iterator[SqliteConnection | None]:
        """A write transaction unless somebody writes; a full disk is raised as a DatabaseError."""
        try:
            with super().attempt() as connection:
                yield connection
        except sqlite3.OperationalError as error:
            raise told(self.path, error) from error

    def batches(self, finish: Finish | None = None) -> "SqliteBatches":
        """What a Writer of this database writes through; call it on the event loop."""
        return SqliteBatches(self, finish)

    def asking(self) -> None:
        """None: a short read does not leave the process."""
        return


class SqliteBatches:
    """Statements on the loop, COMMIT (which waits for the disk) in a thread: reads go on meanwhile.

    When the loop is otherwise idle, COMMIT is on it too: a thread would only add the way there and back.
    """

    def __init__(self, database: SqliteDatabase, finish: Finish | None) -> None:
        from asyncio import CancelledError, get_running_loop  # a third of the start of a command that has no loop
        from concurrent.futures import ThreadPoolExecutor

        self._path = database.path
        self._database = database
        self._finish = finish
        self._connection = database.connect(busy_seconds=0)
        self._loop = get_running_loop()
        self._cancelled = CancelledError
        self._committer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="commit")
        self._commit_seconds = SHORT_COMMIT_SECONDS  # of the last one

    async def run(self, waiting: deque[PendingWork], *, quiet: bool = False) -> Committed:
        """Commit what waits in one transaction; a work that is refused takes back what it did, and nothing else."""
        batch: list[PendingWork] = []
        try:
            try:
                await self._begin()
            finally:
                batch = [waiting.popleft() for _ in range(min(len(waiting), BATCH_LIMIT))]
            outcomes = self._attempt(batch)
            if outcomes is None:
                await self._begin()
                outcomes = [self._run(work) for work, _ in batch]
            if self._finish is not None:
                self._finish(self._connection, outcomes)
            began = time.perf_counter()
            if quiet and self._commit_seconds < SHORT_COMMIT_SECONDS:
                self._connection.execute("COMMIT")
            else:
                await self._loop.run_in_executor(self._committer, self._connection.commit)
            self._commit_seconds = time.perf_counter() - began
        except self._cancelled:
            raise
        except BaseException as error:  # noqa: BLE001 - whoever waits must be told, or would wait for ever
            with suppress(sqlite3.ProgrammingError):  # the database was closed meanwhile, and nothing is left of it
                self._connection.rollback()
            return batch, [(None, told(self._path, error))] * len(batch)
        return batch, outcomes

    def _attempt(self, batch: list[PendingWork]) -> list[WorkOutcome] | None:
        """Run every work without a savepoint; None, with nothing done, when one would have needed it.

        Nearly every refusal comes before the first change, and then there is nothing to take back. A savepoint of the
        whole batch would cost a copy of every page it changes.
        """
        connection, raw = self._connection, self._connection.raw
        outcomes: list[WorkOutcome] = []
        for work, _ in batch:
            changes = raw.total_changes
            try:
                outcomes.append((work(connection), None))
            except Exception as error:  # handed to the caller through its future
                if not raw.in_transaction:  # a full disk ends it: nothing of the batch is there
                    raise
                if raw.total_changes != changes:
                    connection.rollback()
                    return None
                outcomes.append((None, error))
        return outcomes

    async def _begin(self) -> None:
        """BEGIN IMMEDIATE without ever blocking the loop while another process writes."""
        wait, waited = FIRST_WAIT_SECONDS, 0.0
        while True:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if waited >= BUSY_SECONDS or "locked" not in str(error):
                    raise DatabaseError(f"{self._path} could not be written: {why(error)}.") from error
            from asyncio import sleep

            await sleep(wait)
            waited += wait
            wait = min(wait * 2, LONGEST_WAIT_SECONDS)

    def _run(self, work: Callable[[Connection], Any]) -> WorkOutcome:
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
        """Give the connection back."""
        self._committer.shutdown(wait=True)
        self._database.disconnect(self._connection)


def open_file(name: str) -> SqliteDatabase:
    """Open a file, relative or absolute, through whatever links; it is made with mode 0600 when absent.

    Raises DatabaseError for a folder that cannot be written, a file that is not a database, and one with several names.
    """
    try:
        path = made(Path(name))
        only_name(path)
        database = SqliteDatabase(path)
        if database.reader().one("SELECT count(*) FROM sqlite_master") == (0,):
            database.reader().settle()
    except (OSError, sqlite3.Error) as error:
        raise DatabaseError(f"Cannot open the database {name}: {why(error)}.") from error
    return database
