"""Short reads that do not block the event loop: questions asked while others are answered are sent together.

Each question sees what was committed before it was asked. One that fails is asked again by itself, so that no
other question suffers. Belongs to one event loop; its connection to one thread. Source: decision 0004.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import NamedTuple

from provisor.database.dialect import understood
from provisor.database.ports import DatabaseError, Row
from provisor.database.postgresql_connection import PostgresqlConnection

_FEW = 3  # asked one after another; a pipeline costs a round trip by itself. Far from the server more wait, and gain.

_MOST = 64  # at once


class _Question(NamedTuple):
    sql: str
    values: Sequence[object]
    future: "asyncio.Future[Row | None]"


class PostgresqlQuestions:
    """Asks for single rows."""

    def __init__(self, connection: PostgresqlConnection) -> None:
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="question")
        self._waiting: deque[_Question] = deque()  # the loop appends, the thread takes: both are atomic
        self._asking = False

    def one(self, sql: str, values: Sequence[object]) -> "asyncio.Future[Row | None]":
        """The first row of a query, or None; DatabaseError when the server cannot be asked."""
        future: asyncio.Future[Row | None] = self._loop.create_future()
        self._waiting.append(_Question(sql, values, future))
        if not self._asking:
            self._asking = True
            self._loop.call_soon(self._ask)
        return future

    def _ask(self) -> None:
        self._thread.submit(self._answer)

    def _answer(self) -> None:
        """In the thread, until nobody waits. A question asked during its last look has it called again."""
        while self._waiting:
            self._answer_some()
        self._asking = False
        while self._waiting:
            self._answer_some()

    def _answer_some(self) -> None:
        questions = [self._waiting.popleft() for _ in range(min(len(self._waiting), _MOST))]
        try:
            answers = self._together(questions)
        except Exception:  # noqa: BLE001 - whose fault it was is told to them
            answers = self._singly(questions)
        with suppress(RuntimeError):  # the loop was closed, and nobody waits any more
            self._loop.call_soon_threadsafe(_tell, questions, answers)

    def _together(self, questions: list[_Question]) -> list[Row | Exception | None]:
        connection = self._connection
        if len(questions) <= _FEW:
            return [connection.one(question.sql, question.values) for question in questions]
        connection.next_work()
        with connection.raw.pipeline():
            asked = [connection.send(understood(one.sql).text, one.values) for one in questions]
        return [cursor.fetchone() for cursor in asked]

    def _singly(self, questions: list[_Question]) -> list[Row | Exception | None]:
        """Ask each by itself: the connection finds a restarted server again."""
        answers: list[Row | Exception | None] = []
        away: DatabaseError | None = None
        for question in questions:
            try:
                if away is not None:  # who is not there need not be waited for once more
                    raise away
                answers.append(self._connection.one(question.sql, question.values))
            except Exception as error:  # noqa: BLE001 - handed to who asked
                if isinstance(error, DatabaseError) and self._connection.raw.closed:
                    away = error
                answers.append(error)
        return answers


def _tell(questions: list[_Question], answers: list[Row | Exception | None]) -> None:
    for question, answer in zip(questions, answers, strict=True):
        if question.future.done():
            continue
        if isinstance(answer, Exception):
            question.future.set_exception(answer)
        else:
            question.future.set_result(answer)
