"""One connection's traffic with the server: prepared statements, sent in a pipeline, answered in order.

The driver's cursors take three times as long for a short statement as the server does, so that this room speaks to its
libpq layer; values and rows are still adapted by the driver. A statement may be posted: it then goes out with the next
one that is waited for. Knows no transaction. Source: decision 0004.
"""

import select
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import psycopg
from psycopg import pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result

from provisor.database.ports import DatabaseError, Row

PREPARED = 256  # statements a connection; then all are forgotten, as filters may be of any kind
_SEEN = 2_048  # statements of which it is known that they came once
_TUPLES, _DONE, _ABORTED = pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK, pq.ExecStatus.PIPELINE_ABORTED

_Key = tuple[bytes, tuple[int, ...] | None]


class Answer:
    """The whole answer to a statement; whoever looks at one that was posted waits for it."""

    __slots__ = ("_rowcount", "_rows", "_wire", "done", "prepares", "skipped", "tag")

    def __init__(self, wire: "Wire", prepares: _Key | None = None) -> None:
        self._wire = wire
        self._rows: Iterator[Row] = iter(())
        self._rowcount = -1
        self.prepares = prepares
        self.done = False
        self.skipped = False  # the server said that it refused an earlier one, and so did not look at this
        self.tag: bytes | None = None

    @classmethod
    def nothing(cls, wire: "Wire") -> "Answer":
        """What a statement answers that does not go out yet."""
        answer = cls(wire)
        answer.done = True
        return answer

    def fill(self, rows: list[Row], rowcount: int) -> None:
        """The answer has come."""
        self._rows = iter(rows)
        self._rowcount = rowcount
        self.done = True

    def _wait(self) -> None:
        if not self.done:
            self._wire.wait_for(self)

    @property
    def rowcount(self) -> int:
        """How many rows were touched or found."""
        self._wait()
        return self._rowcount

    def fetchone(self) -> Row | None:
        """The next row, or None."""
        self._wait()
        return next(self._rows, None)

    def fetchall(self) -> list[Row]:
        """Every row that was not fetched yet."""
        self._wait()
        return list(self._rows)

    def __iter__(self) -> Iterator[Row]:
        self._wait()
        return self._rows


class Wire:
    """Statements out, answers in. Errors are the driver's; after one, everything sent with it was refused too."""

    def __init__(self, raw: "psycopg.Connection[Any]", told: Callable[[psycopg.Error], Exception]) -> None:
        self._raw = raw
        self._told = told  # what those are told who look at a posted answer
        self._libpq = raw.pgconn
        self._transformer = Transformer(raw)
        self._poll = select.poll()
        self._poll.register(self._libpq.socket, select.POLLIN)
        self._sent: deque[Answer | None] = deque()  # None for the end of a pipeline
        self._piping = False
        self._answered = False  # and the None behind the answer has not been read
        self._names: dict[_Key, bytes] = {}
        self._seen: set[_Key] = set()
        self._count = 0

    @property
    def socket(self) -> int:
        """What becomes readable when something has come."""
        return self._libpq.socket

    def run(self, text: bytes, values: Sequence[object] = ()) -> Answer:
        """Send a statement, behind what was posted, and wait for all of it."""
        answer = self.post(text, values)
        self.settle()
        return answer

    def post(self, text: bytes, values: Sequence[object] = ()) -> Answer:
        """Have a statement sent with the next one that is waited for."""
        transformer = self._transformer
        parameters: Sequence[Any] | None = None
        types: tuple[int, ...] | None = None
        formats = None
        if values:
            parameters = transformer.dump_sequence(values, (PyFormat.AUTO,) * len(values))
            types, formats = transformer.types, transformer.formats
        if not self._piping:
            self._libpq.enter_pipeline_mode()
            self._piping = True
        key = text, types
        name = self._names.get(key) or self._prepared(key)
        if name is None:
            self._libpq.send_query_params(text, parameters, types, formats)
        else:
            self._libpq.send_query_prepared(name, parameters, formats)
        answer = Answer(self)
        self._sent.append(answer)
        return answer

    def _prepared(self, key: _Key) -> bytes | None:
        """A statement that comes for the second time gets a name: the server need not read or plan it again."""
        if key not in self._seen:
            if len(self._seen) >= _SEEN:
                self._seen.clear()
            self._seen.add(key)
            return None
        if len(self._names) >= PREPARED:
            self.forget()
        self._count += 1
        name = b"s%d" % self._count
        self._libpq.send_prepare(name, *key)
        self._names[key] = name
        self._sent.append(Answer(self, key))
        return name

    def forget(self) -> None:
        """Let go of every prepared statement; the next one is sent behind this."""
        self._names.clear()
        self._libpq.send_query_params(b"DEALLOCATE ALL", None)
        self._sent.append(Answer(self))

    def wait_for(self, answer: Answer) -> None:
        """Have the answer to a posted statement. Raises DatabaseError when there will be none."""
        if answer in self._sent:
            try:
                self.settle()
            except psycopg.Error as error:
                raise self._told(error) from None
        if not answer.done:
            raise DatabaseError("A statement before this one was refused.")

    def push(self) -> None:
        """Have the server begin with what was posted; its answers come with the next one that is waited for."""
        self._flush()

    def hand_over(self) -> None:
        """Send what was posted without waiting for it."""
        self._libpq.pipeline_sync()
        self._sent.append(None)
        self._flush()

    def settle(self) -> None:
        """Send what was posted and wait for it. Raises the first failure."""
        sent, failure = self._sent, None
        try:
            self.hand_over()
            while sent:
                refusal = self._receive(self._next())
                failure = failure or refusal
        except psycopg.OperationalError as error:
            self.lose()
            raise (failure or error) from None
        except BaseException:  # an interrupted wait: what comes next would be read as the answer to something else
            self.lose()
            raise
        if failure is not None:
            raise failure

    def collect(self) -> None:
        """Take what has come of what was handed over, without waiting. Raises the first failure."""
        failure = None
        try:
            self._libpq.consume_input()
            while self._sent and not self._libpq.is_busy():
                refusal = self._receive(self._libpq.get_result())
                failure = failure or refusal
        except psycopg.OperationalError as error:
            self.lose()
            raise (failure or error) from None
        if failure is not None:
            raise failure

    def _receive(self, result: "pq.abc.PGresult | None") -> psycopg.Error | None:
        """Give a result to who waits for it; every answer, but for the end of a pipeline, is followed by None."""
        if result is None:
            if not self._answered:
                raise psycopg.OperationalError("the connection ended in the middle of an answer")
            self._answered = False
            return None
        answer = self._sent.popleft()
        if answer is None:
            return None
        self._answered = True
        return self._take(answer, result)

    def _take(self, answer: Answer, result: pq.abc.PGresult) -> psycopg.Error | None:
        status = result.status
        if status == _TUPLES:
            self._transformer.set_pgresult(result)
            rows = self._transformer.load_rows(0, result.ntuples, tuple)
            answer.fill(rows, len(rows))
        elif status == _DONE:
            answer.tag = result.command_status
            answer.fill([], result.command_tuples or 0)
        else:
            answer.skipped = status == _ABORTED
            if answer.prepares is not None:
                self._names.pop(answer.prepares, None)
            if not answer.skipped:
                error = error_from_result(result)
                if not error.sqlstate:  # libpq's own, not the server's: nobody knows how far it came
                    raise psycopg.OperationalError(str(error))
                return error
        return None

    def _next(self) -> "pq.abc.PGresult | None":
        libpq = self._libpq
        while libpq.is_busy():
            self._poll.poll()
            libpq.consume_input()
        return libpq.get_result()

    def _flush(self) -> None:
        libpq = self._libpq
        while libpq.flush():  # more than the socket takes at once; the server may be waiting for us to read
            self._poll.modify(libpq.socket, select.POLLIN | select.POLLOUT)
            if any(event & select.POLLIN for _, event in self._poll.poll()):
                libpq.consume_input()
            self._poll.modify(libpq.socket, select.POLLIN)

    def lose(self) -> None:
        """Close the connection, and forget what was asked of it."""
        self._sent.clear()
        self._raw.close()

    def leave(self) -> None:
        """Leave the connection to the driver for a statement of another sort."""
        if self._sent:
            self.settle()
        if self._piping:
            self._libpq.exit_pipeline_mode()
            self._piping = False
