"""Cycles: one row a run, with what it read of the feed, how far it came, and what it did.

A cycle whose process ended, or that had to stop, keeps its phase and cursor and is continued by the next run.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from provisor.database import Connection, Row

_COLUMNS = """n, id, kind, phase, state, ruleset_version, low, high, cursor, counters, error, began_at, ended_at,
    restarts, application_name"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """One run of a job. `low` and `high` bound the change numbers it covers; times are UTC microseconds.

    kind: initial, incremental, plan. state: running, succeeded, entry-level-errors, failed, planned, abandoned.
    `counters` maps `user.create` and the like to numbers; `error` is {code, message, hint} of what stopped the cycle.
    `restarts` is how often the job had been restarted when the cycle began, `application_name` what the application was
    called then.
    """

    n: int
    id: str
    kind: str
    phase: str
    state: str
    ruleset_version: int
    low: int
    high: int
    cursor: str | None
    counters: dict[str, int]
    error: dict[str, str] | None
    began_at: int
    ended_at: int | None
    restarts: int = 0
    application_name: str | None = None


def add(connection: Connection, job: int, cycle: Cycle) -> None:
    """Write a new cycle's row."""
    connection.execute(
        f"INSERT INTO cycle (job, {_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            job,
            cycle.n,
            cycle.id,
            cycle.kind,
            cycle.phase,
            cycle.state,
            cycle.ruleset_version,
            cycle.low,
            cycle.high,
            cycle.cursor,
            _text(cycle.counters),
            None if cycle.error is None else _text(cycle.error),
            cycle.began_at,
            cycle.ended_at,
            cycle.restarts,
            cycle.application_name,
        ),
    )


def advance(connection: Connection, job: int, n: int, *, phase: str, cursor: str | None) -> None:
    """The cycle has come this far."""
    connection.execute("UPDATE cycle SET phase = ?, cursor = ? WHERE job = ? AND n = ?", (phase, cursor, job, n))


def count(connection: Connection, job: int, n: int, counters: dict[str, int]) -> None:
    """Save the cycle's counters."""
    connection.execute("UPDATE cycle SET counters = ? WHERE job = ? AND n = ?", (_text(counters), job, n))


def add_counts(connection: Connection, job: int, n: int, counts: Mapping[str, int]) -> None:
    """Add to the cycle's counters, in the transaction that does what is counted: a kill loses and doubles none."""
    if not counts:
        return
    row = connection.one("SELECT counters FROM cycle WHERE job = ? AND n = ?", (job, n))
    if row is None:
        return
    counters: dict[str, int] = msgspec.json.decode(row[0], type=dict[str, int])
    for name, number in counts.items():
        counters[name] = counters.get(name, 0) + number
    count(connection, job, n, counters)


def resume(connection: Connection, job: int, n: int) -> None:
    """The cycle runs again after it was cut short."""
    connection.execute(
        "UPDATE cycle SET state = 'running', error = NULL, ended_at = NULL WHERE job = ? AND n = ?", (job, n)
    )


def finish(
    connection: Connection,
    job: int,
    n: int,
    *,
    state: str,
    counters: dict[str, int],
    error: dict[str, str] | None,
    at: int,
) -> None:
    """The run is over. A cycle with an error keeps its phase and cursor; any other one is complete."""
    connection.execute(
        "UPDATE cycle SET state = ?, counters = ?, error = ?, ended_at = ? WHERE job = ? AND n = ?",
        (state, _text(counters), None if error is None else _text(error), at, job, n),
    )
    if error is None:
        connection.execute("UPDATE cycle SET phase = 'done', cursor = NULL WHERE job = ? AND n = ?", (job, n))


def close(connection: Connection, job: int, n: int) -> None:
    """The cycle is not continued, whatever its state says; the next one starts at the watermark again."""
    connection.execute("UPDATE cycle SET phase = 'done', cursor = NULL WHERE job = ? AND n = ?", (job, n))


def abandon(connection: Connection, job: int, at: int) -> None:
    """A cycle that was cut short is not continued: the next one starts at the watermark again.

    Only the newest can be unfinished, since every cycle begins with this.
    """
    connection.execute(
        """UPDATE cycle SET state = 'abandoned', phase = 'done', cursor = NULL, ended_at = coalesce(ended_at, ?)
        WHERE job = ? AND n = (SELECT max(n) FROM cycle WHERE job = ?) AND phase <> 'done'""",
        (at, job, job),
    )


def forget_plan(connection: Connection, job: int) -> None:
    """A plan leaves no gap in the numbers of cycles: a run, or another plan, takes its place.

    Only the newest can be one, since every cycle begins with this.
    """
    connection.execute(
        "DELETE FROM cycle WHERE job = ? AND n = (SELECT max(n) FROM cycle WHERE job = ?) AND kind = 'plan'", (job, job)
    )


def interrupted(connection: Connection, job: int) -> Cycle | None:
    """The cycle that was cut short and waits to be continued, if any."""
    row = connection.one(
        f"SELECT {_COLUMNS} FROM cycle WHERE job = ? AND n = (SELECT max(n) FROM cycle WHERE job = ?)", (job, job)
    )
    return _of(row) if row and row[3] != "done" and row[2] != "plan" else None


def newest(connection: Connection, job: int, limit: int = 10) -> list[Cycle]:
    """The job's last cycles, newest first."""
    rows = connection.all(f"SELECT {_COLUMNS} FROM cycle WHERE job = ? ORDER BY n DESC LIMIT ?", (job, limit))
    return [_of(row) for row in rows]


def last_passed(connection: Connection, job: int) -> int | None:
    """The version of the rules by which the last cycle that was carried through to its end was made."""
    row = connection.one(
        """SELECT ruleset_version FROM cycle WHERE job = ? AND kind <> 'plan'
        AND state IN ('succeeded', 'entry-level-errors') ORDER BY n DESC LIMIT 1""",
        (job,),
    )
    return int(row[0]) if row else None


def next_number(connection: Connection, job: int) -> int:
    """The number of the job's next cycle."""
    row = connection.one("SELECT max(n) FROM cycle WHERE job = ?", (job,))
    return int(row[0] or 0) + 1 if row else 1


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _of(row: Row) -> Cycle:
    return Cycle(
        n=row[0],
        id=row[1],
        kind=row[2],
        phase=row[3],
        state=row[4],
        ruleset_version=row[5],
        low=row[6],
        high=row[7],
        cursor=row[8],
        counters=msgspec.json.decode(row[9], type=dict[str, int]),
        error=None if row[10] is None else msgspec.json.decode(row[10], type=dict[str, str]),
        began_at=row[11],
        ended_at=row[12],
        restarts=row[13],
        application_name=row[14],
    )
