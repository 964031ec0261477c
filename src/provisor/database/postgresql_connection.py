"""A connection to PostgreSQL: statements in, tuples out, opened again when the server went away between transactions.

A write transaction may be hasty: what answers nothing is then posted, not waited for, and any refusal makes the whole
transaction one that has to be done again, with care. Must not know any table. Source: decision 0004.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from enum import IntEnum

import psycopg
from psycopg.pq import TransactionStatus

from provisor.database.dialect import Sort, defined, understood
from provisor.database.ports import DatabaseError, IntegrityError, Row
from provisor.database.postgresql_wire import Answer, Wire

_STREAMED_ROWS = 100  # fetched at once
_MANY_ROWS = 500  # sent before the first answer is read
_LOCK = 0x50524F56  # "PROV": keeps off the advisory locks of others in the same database
_BEGIN_WRITING = b"BEGIN ISOLATION LEVEL READ COMMITTED"
_TAKE_LOCK = b"SELECT pg_advisory_xact_lock(%d, hashtext(current_schema()))" % _LOCK


class TryAgain(DatabaseError):
    """The transaction was refused for what others did meanwhile (a deadlock, a serialisation failure)."""


class ConnectionLost(DatabaseError):
    """The connection broke before COMMIT was sent: nothing of the transaction was kept."""


class Hasty(DatabaseError):
    """A hasty transaction met a refusal, of whichever of its statements: do it again with care."""


class _Reading(IntEnum):
    """How far a transaction of reads has come."""

    NOT = 0
    ASKED = 1  # BEGIN goes out with the first statement
    BEGUN = 2


class PostgresqlConnection:
    """One connection. Not for two threads at once."""

    __slots__ = ("_connect", "_name", "_reading", "_streams", "failed", "hasty", "raw", "wire", "writing", "wrote")

    def __init__(self, connect: Callable[[], "psycopg.Connection[Row]"], name: str) -> None:
        self._connect = connect
        self._name = name
        self._open()

    def _open(self) -> None:
        self.raw = self._connect()
        self.wire = Wire(self.raw, self._failure)
        self._reading = _Reading.NOT
        self._streams = 0
        self.writing = False  # in a write transaction, which must not go on over another connection
        self.hasty = False
        self.failed = False  # the write transaction can only be rolled back, to a savepoint at least
        self.wrote = False  # whether anything was written since somebody set this to False

    def reopen(self) -> None:
        """Begin anew when something may still be under way."""
        if self.raw.pgconn.transaction_status != TransactionStatus.IDLE:
            self.wire.lose()

    def execute(self, sql: str, values: Sequence[object] = (), /) -> Answer:
        """Run a statement; its whole answer is fetched."""
        statement = understood(sql)
        match statement.sort:
            case Sort.ASKS:
                self.wrote |= statement.writes
                return self._run(statement.text, values)
            case Sort.TELLS:
                self.wrote = True
                return self.post(statement.text, values) if self.hasty else self._run(statement.text, values)
            case Sort.MARKS:
                return self.post(statement.text, values)
            case Sort.BEGINS if not self.writing:
                self._reading, self.failed = _Reading.ASKED, False
                return Answer.nothing(self.wire)
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

    def _run(self, text: bytes, values: Sequence[object] = ()) -> Answer:
        if self.failed and self.hasty:
            raise Hasty("This transaction was refused already.")
        reading = self._reading
        fresh = reading is not _Reading.BEGUN and not self.writing
        try:
            return self._sent(text, values)
        except psycopg.Error as error:
            failure = self._failure(error)
        if not fresh or not isinstance(failure, ConnectionLost):
            raise failure
        self._open()  # a restarted server: nothing was begun that could be lost
        self._reading = reading
        try:
            return self._sent(text, values)
        except psycopg.Error as error:
            raise self._failure(error) from None

    def _sent(self, text: bytes, values: Sequence[object]) -> Answer:
        if self._reading is _Reading.ASKED:
            self.wire.post(b"BEGIN")
            self._reading = _Reading.BEGUN
        try:
            return self.wire.run(text, values)
        except psycopg.DataError as error:
            if error.sqlstate or not _holds_nul(values):
                raise
            return self.wire.run(text, without_nul(values))

    def post(self, text: bytes, values: Sequence[object]) -> Answer:
        """Have a statement sent with the next one that is waited for."""
        if self.failed and self.hasty:
            raise Hasty("This transaction was refused already.")
        try:
            try:
                return self.wire.post(text, values)
            except psycopg.DataError:  # of the driver: nothing was sent
                return self.wire.post(text, without_nul(values))
        except psycopg.Error as error:
            raise self._failure(error) from None

    def _directly(self, sql: str) -> Answer:
        """Through the driver, as it stands: DDL, settings, several statements at once."""
        self.wrote = True
        if not self.writing:
            self._run(b"SELECT 1")  # finds a lost connection again, and sends a BEGIN that is due
        try:
            self.wire.leave()
            cursor = self.raw.execute(sql.encode())
            rows = cursor.fetchall() if cursor.description else []
        except psycopg.Error as error:
            raise self._failure(error) from None
        answer = Answer(self.wire)
        answer.fill(rows, cursor.rowcount)
        return answer

    def _end_reading(self) -> Answer:
        if self._reading is _Reading.BEGUN:
            with suppress(psycopg.Error):  # who has read has read
                self.wire.post(b"COMMIT")
                self.wire.hand_over()
        self._reading = _Reading.NOT
        return Answer.nothing(self.wire)

    def _failure(self, error: psycopg.Error) -> Exception:
        """What a caller is told; the driver's own class stays in here."""
        if isinstance(error, psycopg.errors.InvalidSqlStatementName) or "cached plan must not" in str(error):
            self.wire.lose()  # its prepared statements are no longer those of the server
        closed = self.raw.closed
        self.failed = closed or self.raw.pgconn.transaction_status == TransactionStatus.INERROR
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
        text = understood(sql).text
        self.wrote = True
        for number, row in enumerate(rows, 1):
            self.post(text, row)
            if number % _MANY_ROWS == 0:
                self._settle()
        if not self.hasty:
            self._settle()

    def push(self) -> None:
        """Let the server begin with what was posted, while the next work is thought about."""
        try:
            self.wire.push()
        except psycopg.Error as error:
            raise self._failure(error) from None

    def _settle(self) -> None:
        try:
            self.wire.settle()
        except psycopg.Error as error:
            raise self._failure(error) from None

    def stream(self, sql: str, values: Sequence[object] = ()) -> Iterator[Row]:
        """The rows of a long answer, some at a time, through a cursor of the server's."""
        alone = self._reading is _Reading.NOT and not self.writing
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
                self.post(b"CLOSE " + name, ())

    def define(self, sql: str) -> None:
        """Run a CREATE or ALTER statement that is written for SQLite."""
        self.execute(defined(sql))

    def tables(self) -> set[str]:
        """The names of the schema's tables, but for those that an extension brought."""
        rows = self.all(
            "SELECT relname FROM pg_class c "
            "WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND NOT EXISTS "
            "(SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')"
        )
        return {name for (name,) in rows}

    def mark(self) -> object:
        """None: to ask for it would cost as much as to read."""
        return None

    def begin(self, *, hasty: bool = False) -> None:
        """Begin a write transaction, alone in the cluster. Raises DatabaseError when it stays locked."""
        try:
            self._lock()
        except ConnectionLost:  # while nothing was asked of it: a restarted server
            self._open()
            self._lock()
        self.writing, self.hasty, self.failed = True, hasty, False

    def _lock(self) -> None:
        try:
            self.wire.post(_BEGIN_WRITING)
            self.wire.run(_TAKE_LOCK)
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
            commit = self.wire.post(b"COMMIT")
        except psycopg.Error as error:
            raise self._failure(error) from None
        try:
            self.wire.settle()
        except psycopg.Error as error:
            failure = self._failure(error)
            if isinstance(failure, ConnectionLost) and not commit.skipped:
                raise DatabaseError(f"Whether a write was kept is not known: {failure}") from None
            self.rollback()
            raise failure from None
        finally:
            self.writing = self.hasty = False
        if commit.tag != b"COMMIT":
            raise DatabaseError(f"{self._name}: a transaction was rolled back instead of kept.")

    def rollback(self) -> None:
        """Forget the transaction; quietly when the connection that held it is gone."""
        self.writing = self.hasty = self.failed = False
        if self.raw.closed:
            return
        with suppress(psycopg.Error):  # of what was posted
            self.wire.settle()
        if not self.raw.closed and self.raw.pgconn.transaction_status != TransactionStatus.IDLE:
            try:
                self.wire.run(b"ROLLBACK")
            except psycopg.Error as error:
                raise self._failure(error) from None

    def close(self) -> None:
        """Close the connection; an open transaction is rolled back."""
        self.raw.close()


def _holds_nul(values: Sequence[object]) -> bool:
    return any(isinstance(value, str) and "\0" in value for value in values)


def without_nul(values: Sequence[object]) -> Sequence[object]:
    """The values as PostgreSQL can hold them: it knows no NUL in a text, where U+FFFD then stands."""
    return [value.replace("\0", "\ufffd") if isinstance(value, str) else value for value in values]
