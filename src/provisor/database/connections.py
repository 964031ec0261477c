"""The connections of an open database, whichever it is: a reader per thread, one writer, others on request.

Knows no driver. Writes are serialised inside a process by a lock, between processes by the database.
"""

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar

from provisor.database.ports import BUSY_SECONDS, Connection, DatabaseError


class Writable(Connection, Protocol):
    """A connection that can hold a write transaction."""

    @property
    def writing(self) -> bool:
        """Whether it is in one."""

    def begin(self) -> None:
        """Begin one, alone in the database. Raises DatabaseError when it stays locked."""

    def begin_at_once(self) -> bool:
        """Begin one if nobody else is in one, and say whether; waits for nobody."""

    def commit(self) -> None:
        """Write it to the disk."""

    def rollback(self) -> None:
        """Forget it."""


C = TypeVar("C", bound=Writable)


class Connections(ABC, Generic[C]):
    """What SQLite and PostgreSQL have in common. A closed one opens again when it is used."""

    def __init__(self) -> None:
        self._readers = threading.local()
        self._connections: list[C] = []
        self._opening = threading.Lock()
        self._writing = threading.RLock()
        self._writer: C | None = None

    @abstractmethod
    def _open(self, busy_seconds: float) -> C:
        """A connection that waits so long for a lock."""

    @property
    def connections(self) -> tuple[C, ...]:
        """Every connection that is open (for counting what they do)."""
        return tuple(self._connections)

    def connect(self, *, busy_seconds: float = BUSY_SECONDS) -> C:
        """A new connection, closed with the database at the latest. Raises DatabaseError."""
        connection = self._open(busy_seconds)
        with self._opening:
            self._connections.append(connection)
        return connection

    def disconnect(self, connection: C) -> None:
        """Close one connection, before the database is closed or after."""
        with self._opening:
            if connection in self._connections:
                self._connections.remove(connection)
        connection.close()

    def reader(self) -> C:
        """This thread's connection for short reads. Do not hold a cursor of it over an await."""
        connection: C | None = getattr(self._readers, "connection", None)
        if connection is None:
            connection = self._readers.connection = self.connect()
        return connection

    @contextmanager
    def transaction(self) -> Iterator[C]:
        """A write transaction: committed at the end of the block, rolled back when it raises.

        Blocks while another thread writes, for at most 30 seconds, and while another process does, for as long again;
        then raises DatabaseError.
        """
        with self._alone():
            connection = self._idle_writer()
            connection.begin()
            with _kept(connection):
                yield connection

    @contextmanager
    def attempt(self) -> Iterator[C | None]:
        """A write transaction like any other, or None at once when another thread or process writes."""
        if not self._writing.acquire(blocking=False):
            yield None
            return
        try:
            connection = self._idle_writer()
            if connection.begin_at_once():
                with _kept(connection):
                    yield connection
            else:
                yield None
        finally:
            self._writing.release()

    def _idle_writer(self) -> C:
        if self._writer is None:
            self._writer = self.connect()
        if self._writer.writing:
            raise DatabaseError("A write transaction was begun inside another one; pass the connection on instead.")
        return self._writer

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._writing.acquire(timeout=BUSY_SECONDS):
            raise DatabaseError(
                f"Waited {BUSY_SECONDS:.0f} s for another write of this process. Try again; if it goes on, another "
                "process holds the database, or its disk is slow."
            )
        try:
            yield
        finally:
            self._writing.release()

    def close(self) -> None:
        """Close every connection."""
        with self._writing, self._opening:
            for connection in self._connections:
                connection.close()
            self._connections.clear()
            self._writer = None
            self._readers = threading.local()


@contextmanager
def _kept(connection: Writable) -> Iterator[None]:
    """What was begun is committed after the block, or forgotten when it raises."""
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()
