"""Requests to run a job now, from one process to the one that serves the jobs; and what came of each.

A request stays open until a run that began after it has ended: a process that is killed meanwhile finds it again.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

import msgspec

from provisor.database import Connection
from provisor.database.identifiers import new_id

KEPT = timedelta(days=1)


class RunAnswer(msgspec.Struct, frozen=True):
    """What came of a request: the cycles that ran for it, or what kept the job from running (code, message, hint)."""

    cycles: list[int] = []
    refusal: tuple[str, str, str] | None = None


class RunRequest(NamedTuple):
    """One open request."""

    id: str
    allow_deletes: int


def ask(connection: Connection, job: int, *, at: int, by_hand: bool, allow_deletes: int = 0) -> str:
    """Ask for a run, whatever the schedule (`by_hand`) or as part of it; returns the request's id.

    Answers that nobody will read any more go.
    """
    old = at - KEPT // timedelta(microseconds=1)
    connection.execute("DELETE FROM run_request WHERE job = ? AND asked_at < ? AND answer IS NOT NULL", (job, old))
    request = new_id()
    connection.execute(
        "INSERT INTO run_request (job, id, by_hand, allow_deletes, asked_at) VALUES (?, ?, ?, ?, ?)",
        (job, request, int(by_hand), allow_deletes, at),
    )
    return request


def unanswered(connection: Connection, job: int) -> list[RunRequest]:
    """The open requests of a job, oldest first."""
    rows = connection.all(
        "SELECT id, allow_deletes FROM run_request WHERE job = ? AND answer IS NULL ORDER BY id", (job,)
    )
    return [RunRequest(row[0], row[1]) for row in rows]


def answer(connection: Connection, job: int, requests: Sequence[str], answer: RunAnswer) -> None:
    """This came of them."""
    text = msgspec.json.encode(answer).decode()
    connection.many(
        "UPDATE run_request SET answer = ? WHERE job = ? AND id = ? AND answer IS NULL",
        ((text, job, request) for request in requests),
    )


def answered(connection: Connection, job: int, request: str) -> RunAnswer | None:
    """What came of a request; None while it is open. Raises LookupError when it is gone, with its job."""
    row = connection.one("SELECT answer FROM run_request WHERE job = ? AND id = ?", (job, request))
    if row is None:
        raise LookupError(f"There is no request {request}.")
    return None if row[0] is None else msgspec.json.decode(row[0], type=RunAnswer)


def withdraw(connection: Connection, job: int, request: str) -> bool:
    """Take an open request back; False when it was answered meanwhile."""
    row = connection.one(
        "DELETE FROM run_request WHERE job = ? AND id = ? AND answer IS NULL RETURNING id", (job, request)
    )
    return row is not None
