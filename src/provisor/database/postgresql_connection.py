"""A connection to PostgreSQL: statements in, tuples out, opened again when the server went away between transactions.

The driver prepares what comes twice. A write transaction may be hasty: what answers nothing is then posted through the
driver's pipeline, not waited for, and any refusal makes the whole transaction one that has to be done again, with care.
Must not know any table. Source: decision 0004.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress

import psycopg
from psycopg.pq import TransactionStatus

from provisor.database.dialect import Sort, defined, holds_nul, understood, without_nul
from provisor.database.ports import DatabaseError, IntegrityError, Row

PREPARED = 256  # statements a connection; the one used longest ago is forgotten, as filters may be of any kind
_SPARE = 64  # cursors
_STREAMED_ROWS = 100  # fetched at once
_LOCK = 0x50524F56  # "PROV": keeps off the advisory locks of others in the same database
_BEGIN_WRITING = b"BEGIN ISOLATION LEVEL READ COMMITTED"
_TAKE_LOCK = b"SELECT pg_advisory_xact_lock(%d, hashtext(current_schema()))" % _LOCK
_TRY_LOCK = b"SELECT pg_try_advisory_xact_lock(%d, hashtext(current_schema()))" % _LOCK


class TryAgain(DatabaseError):
    """The transaction was refused for what others did meanwhile (a deadlock, a serialisation failure)."""


class ConnectionLost(DatabaseError):
    """The connection broke before COMMIT was sent: nothing of the transaction was kept."""


class Hasty(DatabaseError):
    """One of the statements of a hasty transaction was refused: repeat it with care."""


class StatementAnswer:
    """The whole answer to a statement."""

    __slots__ = ("_rowcount", "_rows")

    def __init__(self, rows: Iterable[Row] = (), rowcount: int = -1) -> None:
        self._rows = iter(rows)
        self._rowcount = rowcount

    @property
    def rowcount(self) -> int:
        """How many rows were touched or found."""
        return self._rowcount

    def fetchone(self) -> Row | None:
        """The next row, or None."""
        return next(self._rows, None)

    def fetchall(self) -> list[Row]:
        """Every row that was not fetched yet."""
        return list(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return self._rows


class Posted(StatementAnswer):
    """The answer to a write that was not waited for; reading its count waits."""

    __slots__ = ("_cursor", "_settle")

    def __init__(self, cursor: "psycopg.RawCursor[Row]", settle: Callable[[], None]) -> None:
        super().__init__()
        self._cursor = cursor
        self._settle = settle

    @property
    def rowcount(self) -> int:
        """How many rows were touched."""
        self._settle()
        return self._cursor.rowcount


class PostgresqlConnection:
    """One connection. Not for two threads at once."""

    __slots__ = (
        "_connect",
        "_cursor",
        "_name",
        "_pipeline",
        "_piping",
        "_reading",
        "_spare",
        "_streams",
        "_used",
        "failed",
        "hasty",
        "raw",
        "writing",
        "wrote",
    )

    def __init__(self, connect: Callable[[], "psycopg.Connection[Row]"], name: str) -> None:
        self._connect = connect
        self._name = name
        self._open()

    def _open(self) -> None:
        self.raw = self._connect()
        self._cursor: psycopg.RawCursor[Row] = psycopg.RawCursor(self.raw)
        self._spare: list[psycopg.RawCursor[Row]] = []  # making a cursor costs as much as sending a statement
        self._used = 0
        self._piping = ExitStack()
        self._pipeline: psycopg.Pipeline | None = None  # of a hasty transaction
        self._reading = False  # in a transaction of reads
        self._streams = 0
        self.writing = False  # in a write transaction, which must not go on over another connection
        self.hasty = False
        self.failed = False  # the write transaction can only be rolled back, to a savepoint at least
        self.wrote = False  # whether the current work has written anything

    def _leave(self) -> None:
        """Wait for what was posted, and post no more. Raises the first failure."""
        self._pipeline = None
        self._piping.close()

    def execute(self, sql: str, values: Sequence[object] = (), /) -> StatementAnswer:
        """Run a statement; its whole answer is fetched."""
        statement = understood(sql)
        match statement.sort:
            case Sort.ASKS:
                self.wrote |= statement.writes
                return self._run(statement.text, values)
            case Sort.TELLS:
                self.wrote = True
                return self._post(statement.text, values)
            case Sort.MARKS:
                return self._post(statement.text, values)
            case Sort.BEGINS if not self.writing:
                self._reading, self.failed = False, False
                answer = self._run(statement.text)
                self._reading = True
                return answer
            case Sort.ENDS if not self.writing:
                return self._end_reading()
            case Sort.UNDOES:
                answer = self._run(statement.text)
                self.failed = False
                return answer
            case _ if values:
                self.wrote = True
                return self._run(statement.text, values)
            case _:
                return self._directly(sql)

    def _run(self, text: bytes, values: Sequence[object] = ()) -> StatementAnswer:
        if self.failed and self.hasty:
            raise Hasty("This transaction was refused already.")
        fresh = not self._reading and not self.writing
        try:
            return self._asked(text, values)
        except psycopg.Error as error:
            failure = self._failure(error)
        if not fresh or not isinstance(failure, ConnectionLost):
            raise failure
        self._open()  # a restarted server: nothing was begun that could be lost
        try:
            return self._asked(text, values)
        except psycopg.Error as error:
            raise self._failure(error) from None

    def _asked(self, text: bytes, values: Sequence[object]) -> StatementAnswer:
        cursor = self._cursor
        _send(cursor, text, values)
        if self._pipeline is not None:
            self._pipeline.sync()
        return StatementAnswer(() if cursor.rownumber is None else cursor.fetchall(), cursor.rowcount)

    def _post(self, text: bytes, values: Sequence[object]) -> StatementAnswer:
        """Have a statement sent, and wait for its answer only if this is not in haste."""
        if self._pipeline is None:
            return self._run(text, values)
        try:
            return Posted(self.send(text, values), self._settle)
        except psycopg.Error as error:
            raise self._failure(error) from None

    def send(self, text: bytes, values: Sequence[object]) -> "psycopg.RawCursor[Row]":
        """Send a statement into a pipeline; its answer is good until the next work. Raises the driver's errors."""
        if self._used == len(self._spare):
            self._spare.append(psycopg.RawCursor(self.raw))
        cursor = self._spare[self._used]
        self._used += 1
        return _send(cursor, text, values)

    def next_work(self) -> None:
        """The next statements are independent of the previous ones."""
        self.wrote = False
        self._used = 0
        del self._spare[_SPARE:]

    def _settle(self) -> None:
        """Wait for what was posted. Raises DatabaseError when any of it was refused."""
        if self._pipeline is not None:
            try:
                self._pipeline.sync()
            except psycopg.Error as error:
                raise self._failure(error) from None

    def _directly(self, sql: str) -> StatementAnswer:
        """Through the driver, as it stands: DDL, settings, several statements at once."""
        self.wrote = True
        if not self.writing:
            self._run(b"SELECT 1")  # finds a lost connection again
        try:
            self._leave()
            cursor = self.raw.execute(sql.encode())
        except psycopg.Error as error:
            raise self._failure(error) from None
        return StatementAnswer(() if cursor.rownumber is None else cursor.fetchall(), cursor.rowcount)

    def _end_reading(self) -> StatementAnswer:
        if self._reading:
            self._reading = False
            with suppress(psycopg.Error):  # who has read has read
                self.raw.commit()
        return StatementAnswer()

    def _failure(self, error: psycopg.Error) -> Exception:
        """What a caller is told; the driver's own class stays in here."""
        if isinstance(error, psycopg.errors.InvalidSqlStatementName) or "cached plan must not" in str(error):
            self.raw.close()  # its prepared statements are no longer those of the server
        with suppress(psycopg.Error):  # what was posted behind the refused statement was not looked at
            self._leave()
        closed = self.raw.closed
        self.failed = closed or self.raw.info.transaction_status == TransactionStatus.INERROR
        sentence = f"{self._name}: {str(error).strip() or type(error).__name__}."
        if closed:
            return ConnectionLost(sentence)
        if isinstance(error, psycopg.errors.DeadlockDetected | psycopg.errors.SerializationFailure):
            return TryAgain(sentence)
        if isinstance(error, psycopg.errors.LockNotAvailable):
            return DatabaseError(f"{self._name} was locked by another process for too long; try again, or end it.")
        if self.hasty and self.failed:
            return Hasty(sentence)
        return IntegrityError(str(error)) if isinstance(error, psycopg.IntegrityError) else DatabaseError(sentence)

    def all(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """Every row of a query."""
        return self.execute(sql, values).fetchall()

    def one(self, sql: str, values: Sequence[object] = ()) -> Row | None:
        """The first row of a query, or None."""
        return self.execute(sql, values).fetchone()

    def many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run one statement for every row of values, without waiting for each."""
        self.wrote = True
        if self.failed and self.hasty:
            raise Hasty("This transaction was refused already.")
        held = (without_nul(row) if holds_nul(row) else row for row in rows)
        try:
            psycopg.RawCursor(self.raw).executemany(understood(sql).text, held)
        except psycopg.Error as error:
            raise self._failure(error) from None

    def stream(self, sql: str, values: Sequence[object] = ()) -> Iterator[Row]:
        """The rows of a long answer, some at a time, through a cursor of the server's."""
        alone = not self._reading and not self.writing
        if alone:
            self.execute("BEGIN")
        name = b"stream_%d" % self._streams
        self._streams += 1
        try:
            self._run(b"DECLARE %b NO SCROLL CURSOR FOR %b" % (name, understood(sql).text), values)
            while rows := self._run(b"FETCH %d FROM %b" % (_STREAMED_ROWS, name)).fetchall():
                yield from rows
        finally:
            self._streams -= 1
            if alone:
                self.execute("COMMIT")
            elif not self.failed:
                self._post(b"CLOSE " + name, ())

    def define(self, sql: str) -> None:
        """Run a CREATE or ALTER statement that is written for SQLite."""
        self.execute(defined(sql))

    def tables(self) -> set[str]:
        """The names of the schema's tables and views, but for those that an extension brought."""
        rows = self.all(
            "SELECT relname FROM pg_class c "
            "WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f') "
            "AND NOT EXISTS (SELECT 1 FROM pg_depend d "
            "WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')"
        )
        return {name for (name,) in rows}

    def columns(self, table: str) -> set[str]:
        """The names of the columns of a table or view; none when it is not there."""
        rows = self.all(
            "SELECT attname FROM pg_attribute JOIN pg_class c ON c.oid = attrelid "
            "WHERE relnamespace = current_schema()::regnamespace AND relname = ? AND attnum > 0 AND NOT attisdropped",
            (table,),
        )
        return {name for (name,) in rows}

    def settle(self) -> None:
        """Nothing: a server keeps its log by itself."""

    def mark(self) -> object:
        """None: to ask for it would cost as much as to read."""
        return None

    def begin(self, *, hasty: bool = False) -> None:
        """Begin a write transaction, alone in the cluster. Raises DatabaseError when it stays locked."""
        self._begin(_TAKE_LOCK, hasty=hasty)

    def begin_at_once(self) -> bool:
        """Begin a write transaction if nobody in the cluster is in one, and say whether; waits for nobody."""
        return self._begin(_TRY_LOCK)

    def _begin(self, take: bytes, *, hasty: bool = False) -> bool:
        try:
            answer = self._lock(take, hasty=hasty)
        except ConnectionLost:  # while nothing was asked of it: a restarted server
            self._open()
            answer = self._lock(take, hasty=hasty)
        if answer == (False,):
            self.rollback()
            return False
        self.writing, self.hasty, self.failed = True, hasty, False
        return True

    def _lock(self, take: bytes, *, hasty: bool) -> Row | None:
        try:
            if hasty:
                self._pipeline = self._piping.enter_context(self.raw.pipeline())
            self._cursor.execute(_BEGIN_WRITING)
            return self._cursor.execute(take).fetchone()
        except psycopg.Error as error:
            failure = self._failure(error)
            self.rollback()
            raise failure from None

    def commit(self) -> None:
        """Commit the write transaction, and everything posted in it. Raises DatabaseError.

        ConnectionLost, TryAgain and Hasty say that nothing was kept; a COMMIT without an answer is told as not known.
        """
        if self.failed:  # the server would answer COMMIT by rolling back, and say no more
            closed = self.raw.closed
            self.rollback()
            raise (ConnectionLost if closed else DatabaseError)(
                f"{self._name}: a statement failed, so that nothing of its transaction was kept."
            )
        try:
            self._leave()  # what is lost before COMMIT is sent was not kept
        except psycopg.Error as error:
            failure = self._failure(error)
            self.rollback()
            raise failure from None
        try:
            self._cursor.execute(b"COMMIT")
        except psycopg.Error as error:
            failure = self._failure(error)
            if isinstance(failure, ConnectionLost):
                raise DatabaseError(f"Whether a write was kept is not known: {failure}") from None
            self.rollback()
            raise failure from None
        finally:
            self.writing = self.hasty = False
        if self._cursor.statusmessage != "COMMIT":
            raise DatabaseError(f"{self._name}: a transaction was rolled back instead of kept.")

    def rollback(self) -> None:
        """Forget the transaction; quietly when the connection that held it is gone."""
        self.writing = self.hasty = self.failed = False
        if self.raw.closed:
            return
        with suppress(psycopg.Error):  # of what was posted
            self._leave()
        try:
            self.raw.rollback()
        except psycopg.Error as error:
            raise self._failure(error) from None

    def close(self) -> None:
        """Close the connection; an open transaction is rolled back."""
        self.raw.close()


def _send(cursor: "psycopg.RawCursor[Row]", text: bytes, values: Sequence[object]) -> "psycopg.RawCursor[Row]":
    try:
        return cursor.execute(text, values or None)
    except psycopg.DataError as error:
        if error.sqlstate or not holds_nul(values):  # else of the driver: nothing was sent
            raise
        return cursor.execute(text, without_nul(values))
