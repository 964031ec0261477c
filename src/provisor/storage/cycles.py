"""Cycles: one row per run, with what it read of the feed, how far it got, and what it did.

A cycle that stopped, or whose process ended, keeps its phase and cursor and is continued by the next run.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from provisor.database import Connection, Row
from provisor.storage import taken

_COLUMNS = """n, id, kind, phase, state, ruleset_version, low, high, cursor, counters, error, began_at, ended_at,
    restarts, application_name, by_change, affected"""
LOOKED_BACK = 10  # cycles
ENOUGH_REQUESTS = 10  # to say how long one takes
_PAGE = 50
_EXPORTS = (  # counters of what was written
    *(f"{kind}.{outcome}" for kind in ("user", "group") for outcome in ("create", "update", "disable", "delete")),
    *("membership.add", "membership.remove", "reference.write"),
)
_BEYOND = 1 << 62  # no cycle has such a number


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """One run of a job. `low` and `high` bound the change numbers it covers; times are UTC microseconds.

    kind: initial, incremental, plan. state: running, succeeded, entry-level-errors, failed, planned, abandoned.
    `counters` maps `user.create` and the like to numbers; `error` is {code, message, hint} of what stopped the cycle.
    `by_change`: it was begun for what had changed, and tries nothing again that had failed.
    `affected`, of a cycle that also judges whom new rules can concern: by kind, the attributes of which an object must
    have one. `restarts` is how often the job had been restarted when the cycle began, `application_name` what the
    application was called then.
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
    by_change: bool = False
    affected: Mapping[str, Sequence[str]] | None = None


def add(connection: Connection, job: int, cycle: Cycle) -> None:
    """Write a new cycle's row."""
    connection.execute(
        f"INSERT INTO cycle (job, {_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
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
            int(cycle.by_change),
            None if cycle.affected is None else _text(cycle.affected),
        ),
    )


def advance(connection: Connection, job: int, n: int, *, phase: str, cursor: str | None) -> None:
    """Store how far the cycle has got."""
    connection.execute("UPDATE cycle SET phase = ?, cursor = ? WHERE job = ? AND n = ?", (phase, cursor, job, n))


def count(connection: Connection, job: int, n: int, counters: dict[str, int]) -> None:
    """Save the cycle's counters."""
    connection.execute("UPDATE cycle SET counters = ? WHERE job = ? AND n = ?", (_text(counters), job, n))


def add_counts(connection: Connection, job: int, n: int, counts: Mapping[str, int]) -> None:
    """Add to the cycle's counters, in the transaction that does what is counted: a kill loses and doubles none."""
    if not counts:
        return
    taken.count(connection, job, counts)
    row = connection.one("SELECT counters FROM cycle WHERE job = ? AND n = ?", (job, n))
    if row is None:
        return
    counters: dict[str, int] = msgspec.json.decode(row[0], type=dict[str, int])
    for name, number in counts.items():
        counters[name] = counters.get(name, 0) + number
    count(connection, job, n, counters)


def resume(connection: Connection, job: int, n: int) -> None:
    """The cycle runs again after an interruption."""
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
    """An interrupted cycle is not continued: the next one starts at the watermark again.

    Only the newest can be unfinished, since every cycle begins with this.
    """
    connection.execute(
        """UPDATE cycle SET state = 'abandoned', phase = 'done', cursor = NULL, ended_at = coalesce(ended_at, ?)
        WHERE job = ? AND n = (SELECT max(n) FROM cycle WHERE job = ?) AND phase <> 'done'""",
        (at, job, job),
    )


def interrupted(connection: Connection, job: int) -> Cycle | None:
    """The interrupted cycle that waits to be continued, if any."""
    row = connection.one(
        f"SELECT {_COLUMNS} FROM cycle WHERE job = ? AND n = (SELECT max(n) FROM cycle WHERE job = ?)", (job, job)
    )
    return _of(row) if row and row[3] != "done" else None


def newest(connection: Connection, job: int, limit: int = 10) -> list[Cycle]:
    """The job's last cycles, newest first."""
    rows = connection.all(f"SELECT {_COLUMNS} FROM cycle WHERE job = ? ORDER BY n DESC LIMIT ?", (job, limit))
    return [_of(row) for row in rows]


def last_passed(connection: Connection, job: int) -> int | None:
    """The version of the rules of the last cycle that ran to its end."""
    row = connection.one(
        """SELECT ruleset_version FROM cycle WHERE job = ? AND state IN ('succeeded', 'entry-level-errors')
        ORDER BY n DESC LIMIT 1""",
        (job,),
    )
    return int(row[0]) if row else None


def requests_a_second(connection: Connection, job: int) -> float | None:
    """How fast the last cycle went that sent more than a handful of requests; None when there was none."""
    for cycle in newest(connection, job, LOOKED_BACK):
        requests = sum(number for name, number in cycle.counters.items() if name.startswith("requests."))
        if cycle.ended_at is not None and requests >= ENOUGH_REQUESTS and cycle.ended_at > cycle.began_at:
            return requests * 1_000_000 / (cycle.ended_at - cycle.began_at)
    return None


def walk(connection: Connection, job: int) -> Iterator[Cycle]:
    """The job's cycles, newest first, some at a time."""
    before, page = _BEYOND, _PAGE
    while True:
        rows = connection.all(
            f"SELECT {_COLUMNS} FROM cycle WHERE job = ? AND n < ? ORDER BY n DESC LIMIT ?", (job, before, page)
        )
        yield from map(_of, rows)
        if len(rows) < page:
            return
        before = int(rows[-1][0])


def has_exports(cycle: Cycle) -> bool:
    """Whether it wrote to the application."""
    return any(cycle.counters.get(name) for name in _EXPORTS)


def last_succeeded(connection: Connection, job: int, *, exporting: bool = False) -> Cycle | None:
    """The last cycle without any error, or the last of those that wrote something, however long ago that was."""
    named = " OR ".join("counters LIKE ?" for _ in _EXPORTS) if exporting else "1 = 1"
    rows = connection.all(
        f"""SELECT {_COLUMNS} FROM cycle WHERE job = ? AND state = 'succeeded' AND ({named})
        ORDER BY n DESC LIMIT {_PAGE}""",
        (job, *(f'%"{name}"%' for name in _EXPORTS if exporting)),
    )
    return next((one for one in map(_of, rows) if not exporting or has_exports(one)), None)


def landmarks(connection: Connection, job: int) -> list[int]:
    """The cycles that are asked for however old: the last that ended, that passed, that succeeded, that wrote."""
    found: dict[str, int] = {}
    for cycle in walk(connection, job):
        facts = {
            "ended": cycle.ended_at is not None,
            "passed": cycle.state in ("succeeded", "entry-level-errors"),
            "succeeded": cycle.state == "succeeded",
            "exported": cycle.state == "succeeded" and has_exports(cycle),
        }
        for fact, holds in facts.items():
            if holds:
                found.setdefault(fact, cycle.n)
        if len(found) == len(facts):
            break
    return sorted(set(found.values()))


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
        by_change=row[15] != 0,
        affected=None if row[16] is None else msgspec.json.decode(row[16], type=dict[str, list[str]]),
    )
