"""SQLite as a durable store: WAL, synchronous=FULL, one writer at a time, files readable by their owner only.

The only place with a PRAGMA. SQL elsewhere uses `?` placeholders and nothing that PostgreSQL lacks.
"""

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Row = tuple[Any, ...]  # columns differ from statement to statement; callers unpack them

BUSY_SECONDS = 30.0  # a CLI beside a running server waits this long for the write lock
CACHE_KIB = 2048  # a connection; 8 MiB was no faster and cost 13 MiB of memory (docs/explanation/performance.md)


class DatabaseError(Exception):
    """A database that cannot be opened or used, with a sentence that says which and what to do."""


class Connection:
    """One connection: statements in, tuples out. Not for two threads at once."""

    __slots__ = ("execute", "raw")

    def __init__(self, raw: sqlite3.Connection) -> None:
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

    def close(self) -> None:
        """Close the connection; an open transaction is rolled back."""
        self.raw.close()


class Database:
    """One SQLite file: a reader per thread, and writes that are serialised inside and between processes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._readers = threading.local()
        self._connections: list[Connection] = []
        self._opening = threading.Lock()
        self._writing = threading.RLock()
        self._writer: Connection | None = None

    def connect(self, *, busy_seconds: float = BUSY_SECONDS) -> Connection:
        """A new connection, closed with the database at the latest."""
        raw = sqlite3.connect(
            self.path, timeout=busy_seconds, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        raw.execute("PRAGMA journal_mode=WAL")
        raw.execute("PRAGMA synchronous=FULL")
        raw.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
        connection = Connection(raw)
        with self._opening:
            self._connections.append(connection)
        return connection

    @property
    def connections(self) -> tuple[Connection, ...]:
        """Every connection opened so far (for counting what they do)."""
        return tuple(self._connections)

    def reader(self) -> Connection:
        """This thread's connection for short reads. Never hold a cursor of it over an await."""
        connection: Connection | None = getattr(self._readers, "connection", None)
        if connection is None:
            connection = self._readers.connection = self.connect()
        return connection

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A write transaction: committed at the end of the block, rolled back when it raises.

        Blocks while another thread or process writes, for at most 30 seconds; then raises DatabaseError.
        """
        with self._writing:
            if self._writer is None:
                self._writer = self.connect()
            connection = self._writer
            if connection.raw.in_transaction:
                raise DatabaseError("A write transaction was begun inside another one; pass the connection on instead.")
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                raise DatabaseError(
                    f"{self.path} was locked by another process for {BUSY_SECONDS:.0f} s: {error}. "
                    "Try again, or end the process that holds it."
                ) from error
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def close(self) -> None:
        """Close every connection."""
        with self._writing, self._opening:
            for connection in self._connections:
                connection.close()
            self._connections.clear()
            self._writer = None
            self._readers = threading.local()


def open_database(url: str) -> Database:
    """Open `sqlite:///FILE` (relative) or `sqlite:////FILE` (absolute); the file is made with mode 0600 when absent.

    Raises DatabaseError for another scheme, a folder that cannot be written, or a file that is no database.
    """
    scheme, separator, name = url.partition(":///")
    if scheme != "sqlite" or not separator or not name:
        raise DatabaseError(f"{url!r} is not a database this version can open; write it as sqlite:///FILE.")
    path = Path(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        database = Database(path)
        database.reader().one("SELECT count(*) FROM sqlite_master")
    except (OSError, sqlite3.Error) as error:
        raise DatabaseError(f"Cannot open the database {path}: {error}.") from error
    return database
