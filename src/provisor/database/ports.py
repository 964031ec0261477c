"""What a database offers, whichever it is: connections, short reads, transactions, batches of writes.

Implemented by sqlite and postgresql. Statements have `?` placeholders and are written in what both understand; the few
words of a CREATE TABLE that differ are written as for SQLite, and `define` puts them right.
"""

import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from asyncio import Future  # a command that only reads must not pay for it

Row = tuple[Any, ...]  # columns differ from statement to statement; callers unpack them
PendingWork = tuple[Callable[["Connection"], Any], "Future[Any]"]
Ask = Callable[[str, Sequence[object]], "Future[Row | None]"]  # a statement and its values, for the first row
WorkOutcome = tuple[Any, BaseException | None]  # what a piece of work returned or raised
Committed = tuple[list[PendingWork], list[WorkOutcome]]  # a transaction's works, and what each of them came to
Finish = Callable[["Connection", Sequence[WorkOutcome]], None]  # the last of a transaction, told what its works came to

BUSY_SECONDS = 30.0  # a command beside a running server waits this long for the write lock
BATCH_LIMIT = 512  # writes a commit; more only adds latency for the first of them

# What a unique or other constraint refused. The standard library's class is the name for both databases: PostgreSQL's
# driver is imported only when it is used, and its errors are raised as this one.
IntegrityError = sqlite3.IntegrityError


class DatabaseError(Exception):
    """A database that cannot be opened or used, with a sentence that says which and what to do."""


class Cursor(Protocol):
    """The answer to a statement."""

    @property
    def rowcount(self) -> int: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...
    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """One connection: statements in, tuples out. Not for two threads at once.

    BEGIN and COMMIT around several reads make them of one moment. A write belongs in a transaction of the database
    or in the work of a Writer. Raises IntegrityError for what a constraint refuses.
    """

    @property
    def raw(self) -> Any: ...
    def execute(self, sql: str, values: Sequence[object] = ..., /) -> Cursor: ...

    def all(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """Every row of a query."""

    def one(self, sql: str, values: Sequence[object] = ()) -> Row | None:
        """The first row of a query, or None."""

    def many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run one statement for every row of values."""

    def stream(self, sql: str, values: Sequence[object] = ()) -> Iterator[Row]:
        """The rows of a long answer one by one, without ever holding all of them."""

    def define(self, sql: str) -> None:
        """Run a CREATE or ALTER statement that is written for SQLite."""

    def tables(self) -> set[str]:
        """The names of the tables and views there are, except those of the database itself."""

    def columns(self, table: str) -> set[str]:
        """The names of the columns of a table or view; none when it is not there."""

    def settle(self) -> None:
        """Set the database up for us, once it is known to be empty or ours; until then nothing of it is changed."""

    def mark(self) -> object:
        """A value that another commit, of whatever process, has changed since; None where that is not available."""

    def close(self) -> None:
        """Close the connection; an open transaction is rolled back."""


class Batches(Protocol):
    """How a Writer writes its works to the disk: several of them in one transaction."""

    async def run(self, waiting: deque[PendingWork], *, quiet: bool = False) -> Committed:
        """Take works off the list and commit them; what each of them came to is known durably.

        `quiet`: the loop has nothing else to do, and may wait for a short commit.
        """

    async def close(self) -> None:
        """Release the connection."""


class Database(Protocol):
    """An open database: a reader per thread, and writes that are serialised inside and between processes."""

    @property
    def name(self) -> str:
        """Its name for people: the path of its file, or its URL without the password."""

    @property
    def path(self) -> Path:
        """The file it is in. Raises DatabaseError for PostgreSQL: what needs a file needs SQLite."""

    @property
    def connections(self) -> tuple[Connection, ...]:
        """Every connection opened so far (for counting what they do)."""

    def connect(self, *, busy_seconds: float = BUSY_SECONDS) -> Connection:
        """A new connection, closed with the database at the latest."""

    def reader(self) -> Connection:
        """This thread's connection for short reads. Never hold a cursor of it over an await."""

    def transaction(self) -> AbstractContextManager[Connection]:
        """A write transaction: committed at the end of the block, rolled back when it raises.

        Blocks while another thread or process writes, for at most 30 seconds; then raises DatabaseError.
        """

    def attempt(self) -> AbstractContextManager[Connection | None]:
        """A write transaction as above, or None at once when another thread or process writes.

        For what may as well be written the next time.
        """

    def batches(self, finish: Finish | None = None) -> Batches:
        """What a Writer of this database writes through; call it on the event loop."""

    def asking(self) -> Ask | None:
        """Short reads that do not block an event loop; None where that would not help. Call it on the loop."""

    def close(self) -> None:
        """Close every connection."""
