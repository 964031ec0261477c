"""Short reads for an event loop that goes on meanwhile: what is asked in one turn goes out together.

Each question sees what was committed before it was asked. One that fails is asked once more by itself, so that nobody
suffers for another one. Belongs to one event loop, on a connection of its own. Source: decision 0004.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

import psycopg

from provisor.database.dialect import understood
from provisor.database.ports import DatabaseError, Row
from provisor.database.postgresql_connection import PostgresqlConnection
from provisor.database.postgresql_wire import Answer, Wire


class _Question(NamedTuple):
    sql: str
    values: Sequence[object]
    future: "asyncio.Future[Row | None]"


class PostgresqlQuestions:
    """Asks for single rows."""

    def __init__(self, connection: PostgresqlConnection) -> None:
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._waiting: list[_Question] = []
        self._asked: deque[tuple[_Question, Answer]] = deque()
        self._watched: tuple[Wire, int] | None = None

    def one(self, sql: str, values: Sequence[object]) -> "asyncio.Future[Row | None]":
        """The first row of a query, or None; DatabaseError when the server cannot be asked."""
        future: asyncio.Future[Row | None] = self._loop.create_future()
        if not self._waiting:
            self._loop.call_soon(self._send)
        self._waiting.append(_Question(sql, values, future))
        return future

    def _send(self) -> None:
        waiting, self._waiting = deque(self._waiting), []
        try:
            wire = self._watch()
            while waiting:
                question = waiting[0]
                try:
                    answer = self._connection.post(understood(question.sql).text, question.values)
                except UnicodeError as error:  # what no database can hold
                    if not question.future.done():
                        question.future.set_exception(error)
                else:
                    self._asked.append((question, answer))
                waiting.popleft()
            wire.hand_over()
        except (psycopg.Error, DatabaseError):
            self._singly([*(question for question, _ in self._asked), *waiting])

    def _watch(self) -> Wire:
        """The connection's wire, with its socket watched: another one when the connection was opened again."""
        wire = self._connection.wire
        if self._watched is None or self._watched[0] is not wire:
            self._forget()
            self._watched = wire, wire.socket
            self._loop.add_reader(wire.socket, self._readable)
        return wire

    def _forget(self) -> None:
        if self._watched is not None:
            with suppress(OSError, ValueError):
                self._loop.remove_reader(self._watched[1])
            self._watched = None

    def _readable(self) -> None:
        try:
            self._connection.wire.collect()
        except psycopg.Error:
            self._singly([question for question, _ in self._asked])
            return
        asked = self._asked
        while asked and asked[0][1].done:
            question, answer = asked.popleft()
            if not question.future.done():
                question.future.set_result(answer.fetchone())

    def _singly(self, questions: list[_Question]) -> None:
        """Ask each by itself: the connection finds a restarted server again, and whose fault it was is told to them."""
        self._forget()
        self._asked.clear()
        self._connection.reopen()
        away: DatabaseError | None = None
        for question in questions:
            if question.future.done():
                continue
            try:
                if away is not None:  # who is not there need not be waited for once more
                    raise away
                question.future.set_result(self._connection.one(question.sql, question.values))
            except Exception as error:  # noqa: BLE001 - handed to who asked
                if isinstance(error, DatabaseError) and self._connection.raw.closed:
                    away = error
                question.future.set_exception(error)
