"""Escrow: who failed, why, and when they are tried again; objects apart from what refers to others.

A row comes when an operation has failed, and goes when it has succeeded or is needed no more. `due` 0 is with the next
cycle; later ones follow engine.retry. Entries that are not due cost a cycle nothing. Order: the rows, writing them,
what is due, what shows that a cause is gone, reading.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from provisor.database import Connection, Row
from provisor.engine.behaviour import Behaviour
from provisor.engine.causes import Told, signature
from provisor.engine.record import Kind
from provisor.engine.retry import DAILY, GIVEN_UP, SIGNS, Sign, next_try
from provisor.rules.failure import Failure
from provisor.storage import clock
from provisor.storage.times import from_microseconds, to_microseconds

EscrowKind: TypeAlias = Literal["object", "reference"]

KINDS: dict[int, EscrowKind] = {1: "object", 2: "reference"}  # by the stage of the operation that failed
ALWAYS = -1  # as a moment: everything is due
_NEVER = 2**62
_MICROSECOND = timedelta(microseconds=1)
_A_DAY = DAILY // _MICROSECOND
_COLUMNS = """object, kind, object_kind, name, code, message, hint, cause, removes, event, attempts, first_failed_at,
    last_failed_at, due"""


class FailedRow(NamedTuple):
    """An operation that failed. `progress`: part of it was done, so the next cycle goes on with the rest.

    `who`: kind and name of somebody who may have no operation.
    """

    stage: int
    object: str
    failure: Failure
    at: int
    event: str | None = None
    progress: bool = False
    who: tuple[Kind, str] | None = None


class EscrowEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody in escrow; times are UTC microseconds."""

    object: str
    kind: EscrowKind
    object_kind: Kind
    name: str
    code: str
    message: str
    hint: str
    cause: str
    removes: bool
    event: str | None
    attempts: int
    first_failed_at: int
    last_failed_at: int
    due: int


def is_due(table: str = "e") -> str:
    """The condition that an entry is due; its values are those of `moment`."""
    return f"({table}.due <= ? OR {table}.due > ?)"


def moment(at: int) -> tuple[int, int]:
    """From when and until when entries are not due at the moment `at`.

    None is due later than in a day: one that seems so was written by a clock that was ahead.
    """
    return (_NEVER, _NEVER) if at == ALWAYS else (at, at + _A_DAY)


# Writing


def record(connection: Connection, job: int, rows: Iterable[FailedRow], behaviour: Behaviour) -> None:
    """These operations failed: they go, and their objects are in escrow. Those that are no more are left out."""
    hourly = behaviour.failed_removals == "hourly"
    for row in rows:
        operation = connection.one(
            "DELETE FROM operation WHERE job = ? AND stage = ? AND object = ? RETURNING object_kind, name, removes",
            (job, row.stage, row.object),
        )
        if operation is not None:
            _keep(connection, job, row, *operation, hourly=hourly and operation[2] > 0)
        elif row.who is not None:
            _keep(connection, job, row, *row.who, 0, hourly=False)


def _keep(
    connection: Connection, job: int, row: FailedRow, object_kind: Kind, name: str, removes: int, *, hourly: bool
) -> None:
    kind, failure = KINDS[row.stage], row.failure
    known = connection.one(
        "SELECT attempts, first_failed_at FROM escrow WHERE job = ? AND object = ? AND kind = ?",
        (job, row.object, kind),
    )
    attempts, first = (0, row.at) if known is None or row.progress else (known[0], min(known[1], row.at))
    again = next_try(from_microseconds(first), attempts + 1, from_microseconds(row.at), hourly=hourly)
    connection.execute(
        """INSERT INTO escrow (job, object, kind, object_kind, name, code, message, hint, cause, rival, removes, event,
        attempts, first_failed_at, last_failed_at, due) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
        ON CONFLICT (job, object, kind) DO UPDATE SET name = excluded.name, code = excluded.code,
        message = excluded.message, hint = excluded.hint, cause = excluded.cause, rival = excluded.rival,
        removes = excluded.removes, event = excluded.event, attempts = excluded.attempts,
        first_failed_at = excluded.first_failed_at, last_failed_at = excluded.last_failed_at, due = excluded.due""",
        (
            *(job, row.object, kind, object_kind, name, failure.code, failure.message, failure.hint),
            signature(Told(object_kind, name, failure.code, failure.message)),
            *(failure.rival, int(removes > 0), row.event, attempts + 1, first, row.at),
            0 if again is None else to_microseconds(again),
        ),
    )


def settle(connection: Connection, job: int, keys: Iterable[tuple[int, str]]) -> list[tuple[str, str]]:
    """These operations are over; (code, cause) of those that had failed before."""
    if not anything(connection, job):
        return []
    statement = "DELETE FROM escrow WHERE job = ? AND object = ? AND kind = ? RETURNING code, cause"
    rows = (connection.one(statement, (job, object_id, KINDS[stage])) for stage, object_id in keys)
    return [(row[0], row[1]) for row in rows if row is not None]


def retry(
    connection: Connection, job: int, at: int, *, cause: str | None = None, object_id: str | None = None
) -> list[str]:
    """Try these at once, all of the job unless told which: of a cause or a code, of one object. Whose they are."""
    rows = connection.all(
        """UPDATE escrow SET due = ? WHERE job = ? AND (cause = coalesce(?, cause) OR code = ?)
        AND object = coalesce(?, object) RETURNING object""",
        (at, job, cause, cause, object_id),
    )
    return [row[0] for row in rows]


def forget(connection: Connection, job: int) -> None:
    """What failed is not tried again for its own sake. What must be taken away, or looked at, the next cycle does."""
    connection.execute(
        """DELETE FROM member_link WHERE job = ? AND pushed = 0 AND pending = 1
        AND group_id IN (SELECT object FROM escrow WHERE job = ? AND kind = 'reference')""",
        (job, job),
    )
    connection.execute(
        """INSERT INTO operation (job, stage, object, cycle, object_kind, name, kind, phase, state, removes, left_over)
        SELECT e.job, CASE e.kind WHEN 'object' THEN 1 ELSE 2 END, e.object, 0, e.object_kind, e.name,
            CASE WHEN e.kind = 'object' THEN 'verdict' WHEN e.object_kind = 'group' THEN 'members' ELSE 'reference' END,
            0, 'left', e.removes, 1
        FROM escrow e WHERE e.job = ? AND (e.removes > 0 OR EXISTS (SELECT 1 FROM link l
            WHERE l.job = e.job AND l.object = e.object AND l.pushed_hash = ''))
        ON CONFLICT DO NOTHING""",
        (job,),
    )
    connection.execute("DELETE FROM escrow WHERE job = ?", (job,))


def give_up(connection: Connection, job: int, entries: Iterable[EscrowEntry]) -> None:
    """These have failed for too long: until their objects change, nobody tries them again."""
    for entry in entries:
        if entry.kind == "reference":
            where = "job = ? AND group_id = ? AND pending <> 0"
            connection.execute(f"DELETE FROM member_link WHERE {where} AND pushed = 0", (job, entry.object))
            connection.execute(f"UPDATE member_link SET pending = 0 WHERE {where}", (job, entry.object))
        connection.execute(
            "DELETE FROM escrow WHERE job = ? AND object = ? AND kind = ?", (job, entry.object, entry.kind)
        )


# What is due


def anything(connection: Connection, job: int) -> bool:
    """Whether anybody is in escrow at all."""
    return connection.one("SELECT 1 FROM escrow WHERE job = ? LIMIT 1", (job,)) is not None


def any_due(connection: Connection, job: int, at: int) -> bool:
    """Whether a cycle has somebody to try again."""
    later = connection.one("SELECT 1 FROM escrow WHERE job = ? AND due > ? LIMIT 1", (job, at + _A_DAY))
    return later is not None or (
        connection.one("SELECT 1 FROM escrow WHERE job = ? AND due <= ? LIMIT 1", (job, at)) is not None
    )


class GivenUp(NamedTuple):
    """Who has failed since this moment or longer, and takes away no more than this, is given up."""

    since: int
    removes: int


NOBODY = GivenUp(-1, 0)


def given_up(connection: Connection, tenant: str, at: int, behaviour: Behaviour) -> GivenUp:
    """Who is given up now; nobody while the clock is doubted."""
    if clock.doubt(connection, tenant) is not None:
        return NOBODY
    return GivenUp(at - GIVEN_UP // _MICROSECOND, 0 if behaviour.failed_removals == "hourly" else 1)


def expired(
    connection: Connection, job: int, tenant: str, at: int, limit: int, behaviour: Behaviour
) -> list[EscrowEntry]:
    """Of those that are due, some that have failed for too long."""
    return _read(
        connection,
        "WHERE job = ? AND due <= ? AND first_failed_at <= ? AND removes <= ? ORDER BY due LIMIT ?",
        (job, at, *given_up(connection, tenant, at, behaviour), limit),
    )


# Signs that a cause is gone (engine.retry)


def see(
    connection: Connection, job: int, at: int, *, gone: Sequence[tuple[str, str]], changed: Sequence[str], freed: int
) -> bool:
    """Try at once whose cause is seen to be gone; whether there was anybody.

    `gone`: the (code, cause) of those who failed and got through, `changed`: objects whose accounts were written,
    `freed`: how many accounts were disabled or deleted.
    """
    if not anything(connection, job):
        return False
    causes = {cause for code, cause in gone if Sign.ANYBODY in SIGNS.get(code, ())}
    soon = "UPDATE escrow SET due = ? WHERE job = ? AND due > ?"
    seen = sum(connection.execute(f"{soon} AND cause = ?", (at, job, at, cause)).rowcount for cause in causes)
    if connection.one("SELECT 1 FROM escrow WHERE job = ? AND rival IS NOT NULL LIMIT 1", (job,)) is not None:
        seen += sum(connection.execute(f"{soon} AND rival = ?", (at, job, at, one)).rowcount for one in changed)
    if freed:
        codes = [code for code, sign in SIGNS.items() if Sign.PLACE in sign]
        rows = connection.all(
            f"""SELECT object, kind FROM escrow WHERE job = ? AND due > ? AND code IN ({",".join("?" * len(codes))})
            ORDER BY first_failed_at, object LIMIT ?""",
            (job, at, *codes, freed),
        )
        connection.many(f"{soon} AND object = ? AND kind = ?", ((at, job, at, *row) for row in rows))
        seen += len(rows)
    return seen > 0


# Reading


class EscrowCause(NamedTuple):
    """Who failed for one cause: how many, since when, when the first is tried again, and one of them as an example."""

    cause: str
    objects: int
    references: int
    first_failed_at: int
    due: int
    example: EscrowEntry
    last_failed_at: int = 0


def count(connection: Connection, job: int) -> dict[EscrowKind, int]:
    """How many objects, and how many whose references, are in escrow."""
    rows = connection.all("SELECT kind, count(*) FROM escrow WHERE job = ? GROUP BY kind", (job,))
    return {"object": 0, "reference": 0, **{row[0]: int(row[1]) for row in rows}}


def next_due(connection: Connection, job: int) -> int | None:
    """When the next is due; 0 for the next cycle, None when nobody is in escrow."""
    row = connection.one("SELECT min(due) FROM escrow WHERE job = ?", (job,))
    return None if row is None or row[0] is None else int(row[0])


def groups(connection: Connection, job: int) -> list[EscrowCause]:
    """By cause, the most frequent first."""
    rows = connection.all(
        """SELECT cause, sum(CASE kind WHEN 'object' THEN 1 ELSE 0 END), sum(CASE kind WHEN 'object' THEN 0 ELSE 1 END),
        min(first_failed_at), min(due), max(last_failed_at)
        FROM escrow WHERE job = ? GROUP BY cause ORDER BY count(*) DESC, cause""",
        (job,),
    )
    return [
        EscrowCause(row[0], int(row[1]), int(row[2]), row[3], row[4], example, row[5])
        for row in rows
        for example in _read(connection, "WHERE job = ? AND cause = ? LIMIT 1", (job, row[0]))
    ]


def of_object(connection: Connection, job: int, object_id: str) -> list[EscrowEntry]:
    """What is in escrow of one object."""
    return _read(connection, "WHERE job = ? AND object = ? ORDER BY kind", (job, object_id))


def named(connection: Connection, job: int, name: str) -> list[EscrowEntry]:
    """What is in escrow under this name."""
    return _read(connection, "WHERE job = ? AND name = ? ORDER BY object, kind", (job, name))


def stream(
    connection: Connection,
    job: int,
    *,
    cause: str | None = None,
    search: str = "",
    after: tuple[str, str] = ("", ""),
    page: int = 500,
) -> Iterator[EscrowEntry]:
    """Everybody in escrow, or all of a cause or code whose name contains `search`, after this object and kind; pages
    keep memory flat.
    """
    last, narrowed, values = after, "", []
    if cause is not None:
        known = connection.one("SELECT 1 FROM escrow WHERE job = ? AND cause = ? LIMIT 1", (job, cause))
        narrowed, values = " AND code = ?" if known is None else " AND cause = ?", [cause]
    if search:
        narrowed += " AND instr(lower(name), ?) > 0"
        values.append(search.lower())
    while True:
        rows = _read(
            connection,
            f"WHERE job = ?{narrowed} AND (object, kind) > (?, ?) ORDER BY object, kind LIMIT ?",
            (job, *values, *last, page),
        )
        yield from rows
        if len(rows) < page:
            return
        last = (rows[-1].object, rows[-1].kind)


def _read(connection: Connection, condition: str, values: tuple[object, ...]) -> list[EscrowEntry]:
    return [_of(row) for row in connection.all(f"SELECT {_COLUMNS} FROM escrow {condition}", values)]


def _of(row: Row) -> EscrowEntry:
    return EscrowEntry(
        object=row[0],
        kind=row[1],
        object_kind=row[2],
        name=row[3],
        code=row[4],
        message=row[5],
        hint=row[6],
        cause=row[7],
        removes=bool(row[8]),
        event=row[9],
        attempts=row[10],
        first_failed_at=row[11],
        last_failed_at=row[12],
        due=row[13],
    )
