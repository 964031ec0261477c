"""PostgreSQL under the same interface: `?` placeholders, plain tuples, one writer at a time in the whole cluster.

A write transaction first takes an advisory lock of its schema, as SQLite takes its write lock: what is right with one
writer there is right here, over any number of processes and machines, and no two transactions can deadlock. Readers
wait for nobody. The only place that knows the driver. Source: decision 0004.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus

from provisor.database.dialect import defined, positional
from provisor.database.ports import BUSY_SECONDS, Batches, DatabaseError, IntegrityError, Row

T = TypeVar("T")

# A read on the loop blocks every other request for as long as the server is away; a thread costs about this much more.
NEAR_SECONDS = 0.0002
_STREAMED_ROWS = 100  # fetched at once
_SECONDS_TO_CONNECT = 10
_OPTIONS: dict[str, str | int | None] = {
    "application_name": "provisor",
    "connect_timeout": _SECONDS_TO_CONNECT,
    "tcp_user_timeout": 10_000,  # ms until a server that vanished is noticed
    "keepalives_idle": 30,
}
# Reads between BEGIN and COMMIT are of one moment, as on SQLite; a writer says what it needs when it begins. A process
# that hangs in a transaction loses it, and the write lock with it.
_SESSION = (
    "SET default_transaction_isolation TO 'repeatable read'; "
    "SET idle_in_transaction_session_timeout TO '60s'; "
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'; "
    "SET lock_timeout TO {milliseconds}"
)
_LOCK = 0x50524F56  # "PROV": keeps off the advisory locks of others in the same database
BEGIN = f"BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock({_LOCK}, hashtext(current_schema()))"


class TryAgain(DatabaseError):
    """The transaction was refused for what others did meanwhile (a deadlock, a serialisation failure)."""


class ConnectionLost(DatabaseError):
    """The connection broke."""


class Answer:
    """The whole answer to a statement."""

    __slots__ = ("_rows", "rowcount")

    def __init__(self, rows: list[Row], rowcount: int) -> None:
        self._rows = iter(rows)
        self.rowcount = rowcount

    def fetchone(self) -> Row | None:
        """The next row, or None."""
        return next(self._rows, None)

    def fetchall(self) -> list[Row]:
        """Every row that was not fetched yet."""
        return list(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return self._rows


class PostgresqlConnection:
    """One connection, opened again when the server went away between two transactions."""

    __slots__ = ("_connect", "_cursor", "_name", "raw", "writing")

    def __init__(self, connect: Callable[[], "psycopg.Connection[Row]"], name: str) -> None:
        self._connect = connect
        self._name = name
        self.writing = False  # in a write transaction, which must not go on over another connection
        self._open()

    def _open(self) -> None:
        self.raw = self._connect()
        self._cursor = self.raw.cursor()

    def execute(self, sql: str, values: Sequence[object] = (), /) -> Answer:
        """Run a statement; its whole answer is fetched."""
        return self._attempt(lambda: self._execute(sql, values))

    def _execute(self, sql: str, values: Sequence[object]) -> Answer:
        cursor = self._cursor
        if not values:
            cursor.execute(sql.encode())
        else:
            try:
                cursor.execute(positional(sql), values)
            except psycopg.DataError:
                if not any(isinstance(value, str) and "\0" in value for value in values):
                    raise
                cursor.execute(positional(sql), without_nul(values))
        return Answer(cursor.fetchall() if cursor.description else [], cursor.rowcount)

    def _attempt(self, work: Callable[[], T]) -> T:
        if self.raw.closed and not self.writing:
            self._open()
        fresh = self.raw.info.transaction_status == TransactionStatus.IDLE
        try:
            return work()
        except psycopg.Error as error:
            failure = self._failure(error)
        if fresh and isinstance(failure, ConnectionLost):  # a restarted server: nothing was begun that could be lost
            self._open()
            try:
                return work()
            except psycopg.Error as error:
                failure = self._failure(error)
        raise failure

    def _failure(self, error: psycopg.Error) -> Exception:
        """What a caller is told; the driver's own class stays in here."""
        if isinstance(error, psycopg.IntegrityError):
            return IntegrityError(str(error))
        sentence = f"{self._name}: {str(error).strip() or type(error).__name__}."
        if isinstance(error, psycopg.errors.DeadlockDetected | psycopg.errors.SerializationFailure):
            return TryAgain(sentence)
        if isinstance(error, psycopg.errors.LockNotAvailable):
            return DatabaseError(f"{self._name} was locked by another process for too long; try again, or end it.")
        if self.raw.closed:
            return ConnectionLost(sentence)
        return DatabaseError(sentence)

    def all(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """Every row of a query."""
        return self.execute(sql, values).fetchall()

    def one(self, sql: str, values: Sequence[object] = ()) -> Row | None:
        """The first row of a query, or None."""
        return self.execute(sql, values).fetchone()

    def many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run one statement for every row of values, in one round trip."""
        listed = [without_nul(row) for row in rows]
        self._attempt(lambda: self._cursor.executemany(positional(sql), listed))

    def stream(self, sql: str, values: Sequence[object] = ()) -> Iterator[Row]:
        """The rows of a long answer, some at a time, through a cursor of the server's."""
        with self._told(), self.raw.transaction(), self.raw.cursor(name="stream") as cursor:
            cursor.execute(positional(sql), values)
            while rows := cursor.fetchmany(_STREAMED_ROWS):
                yield from rows

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise self._failure(error) from None

    def define(self, sql: str) -> None:
        """Run a CREATE or ALTER statement that is written for SQLite."""
        self.execute(defined(sql))

    def has_table(self, name: str) -> bool:
        """Whether the schema has a table of that name."""
        return self.one("SELECT to_regclass(quote_ident(?))", (name,)) != (None,)

    def mark(self) -> object:
        """None: to ask for it would cost as much as to read."""
        return None

    def begin(self) -> None:
        """Begin a write transaction, alone in the cluster. Raises DatabaseError when it stays locked."""
        try:
            self.execute(BEGIN)
        except DatabaseError:
            self.rollback()
            raise
        self.writing = True

    def commit(self) -> None:
        """Commit the write transaction. Raises DatabaseError, also when a statement of it failed unnoticed."""
        if self.failed:  # the server would answer COMMIT by rolling back, and say no more
            self.rollback()
            raise DatabaseError(f"{self._name}: a statement failed, so that nothing of its transaction was kept.")
        try:
            self.execute("COMMIT")
        finally:
            self.writing = False

    def rollback(self) -> None:
        """Forget the transaction; quietly when the connection that held it is gone."""
        self.writing = False
        if not self.raw.closed and self.raw.info.transaction_status != TransactionStatus.IDLE:
            with self._told():
                self.raw.rollback()

    @property
    def failed(self) -> bool:
        """Whether the transaction can only be rolled back, to a savepoint at least."""
        return self.raw.closed or self.raw.info.transaction_status == TransactionStatus.INERROR

    def close(self) -> None:
        """Close the connection; an open transaction is rolled back."""
        self.raw.close()


class PostgresqlDatabase:
    """One schema of one database of a server."""

    def __init__(self, url: str, name: str) -> None:
        self._url = url  # holds the password: for the driver alone
        self.name = name
        self._readers = threading.local()
        self._connections: list[PostgresqlConnection] = []
        self._opening = threading.Lock()
        self._writing = threading.RLock()
        self._writer: PostgresqlConnection | None = None
        self.near = _round_trip_seconds(self.reader()) <= NEAR_SECONDS

    def __repr__(self) -> str:
        return f"PostgresqlDatabase({self.name!r})"

    @property
    def path(self) -> Path:
        """Raises DatabaseError: there is no file."""
        raise DatabaseError(f"{self.name} cannot be used here: this part of Provisor needs SQLite, sqlite:///FILE.")

    @property
    def connections(self) -> tuple[PostgresqlConnection, ...]:
        """Every connection that is open (for counting what they do)."""
        return tuple(self._connections)

    def connect(self, *, busy_seconds: float = BUSY_SECONDS) -> PostgresqlConnection:
        """A new connection, closed with the database at the latest. Raises DatabaseError."""
        connection = PostgresqlConnection(lambda: self._driver_connection(busy_seconds), self.name)
        with self._opening:
            self._connections.append(connection)
        return connection

    def _driver_connection(self, busy_seconds: float) -> "psycopg.Connection[Row]":
        try:
            raw = psycopg.connect(self._url, autocommit=True)
            raw.execute(_SESSION.format(milliseconds=int(busy_seconds * 1000)).encode())
        except psycopg.Error as error:
            raise DatabaseError(f"Cannot open the database {self.name}: {str(error).strip()}.") from None
        encoding = raw.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            raw.close()
            raise DatabaseError(f"{self.name} has the encoding {encoding}; make a database with ENCODING 'UTF8'.")
        return raw

    def reader(self) -> PostgresqlConnection:
        """This thread's connection for short reads."""
        connection: PostgresqlConnection | None = getattr(self._readers, "connection", None)
        if connection is None:
            connection = self._readers.connection = self.connect()
        return connection

    @contextmanager
    def transaction(self) -> Iterator[PostgresqlConnection]:
        """A write transaction: committed at the end of the block, rolled back when it raises."""
        with self._writing:
            if self._writer is None:
                self._writer = self.connect()
            connection = self._writer
            if connection.writing:
                raise DatabaseError("A write transaction was begun inside another one; pass the connection on instead.")
            connection.begin()
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    def batches(self) -> Batches:
        """What a Writer of this database writes through."""
        from provisor.database.postgresql_batches import PostgresqlBatches

        return PostgresqlBatches(self, self.connect())

    def disconnect(self, connection: PostgresqlConnection) -> None:
        """Close one connection before the database is closed."""
        with self._opening:
            self._connections.remove(connection)
        connection.close()

    def close(self) -> None:
        """Close every connection."""
        with self._writing, self._opening:
            for connection in self._connections:
                connection.close()
            self._connections.clear()
            self._writer = None
            self._readers = threading.local()


def without_nul(values: Sequence[object]) -> Sequence[object]:
    """The values as PostgreSQL can hold them: it knows no NUL in a text, where U+FFFD then stands."""
    return [value.replace("\0", "\ufffd") if isinstance(value, str) else value for value in values]


def open_server(url: str) -> PostgresqlDatabase:
    """Open `postgresql://USER@HOST:PORT/DATABASE`. Raises DatabaseError, never with the password."""
    try:
        given = conninfo_to_dict(url)
    except psycopg.Error:  # its message quotes pieces of the URL, perhaps of the password
        given = {}
    if not given or "@" in f"{given.get('host')}{given.get('port')}":  # an @ of the password, taken for the last one
        raise DatabaseError(
            "The database's URL cannot be read; write it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with "
            "special characters in percent signs (@ is %40)."
        )
    place = f"{given.get('host') or 'localhost'}:{given.get('port') or 5432}"
    name = f"postgresql://{place}/{given.get('dbname') or given.get('user') or ''}"
    options = {option: value for option, value in _OPTIONS.items() if option not in given}
    return PostgresqlDatabase(make_conninfo(url, **options), name)


def _round_trip_seconds(connection: PostgresqlConnection) -> float:
    def once() -> float:
        started = time.perf_counter()
        connection.execute("SELECT 1")
        return time.perf_counter() - started

    return min(once() for _ in range(10))
