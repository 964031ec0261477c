"""Deletions that are held back: why, whose, and which of them a person has allowed.

Above the threshold of section 12 their operations are `staged`, which nothing sends; above a limit the whole cycle
stops. Either way everybody held is written down here, and stays until the deed is done, is not due any more, or was
rejected. Order: the rows, staging, writing, deciding, reading.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from provisor.database import Connection, Row
from provisor.engine.brake import Amounts
from provisor.engine.operation import OperationKind
from provisor.engine.record import Kind
from provisor.rules.failure import Failure
from provisor.scim.values import Json
from provisor.storage.operations import SECOND

_COLUMNS = "stage, object, object_kind, name, kind, removes, reason, allowed_at"


class Hold(NamedTuple):
    """Why deletions of a job are held, and since when, in UTC microseconds."""

    since: int
    failure: Failure


class HeldDeletion(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody held: an account or group (stage 1), or members to be removed from a group (stage 2)."""

    stage: int
    object: str
    object_kind: Kind
    name: str
    kind: OperationKind
    removes: int
    reason: str
    allowed_at: int | None = None

    @property
    def deletes(self) -> bool:
        """Whether it would be deleted for good."""
        return self.kind == "delete"

    @property
    def action(self) -> str:
        """What would be done: disable, delete, members."""
        return self.kind if self.deletes or self.stage == SECOND else "disable"

    def to_json(self) -> dict[str, Json]:
        """For another program."""
        return {
            "kind": self.object_kind,
            "id": self.object,
            "name": self.name,
            "action": self.action,
            "removes": self.removes,
            "reason": self.reason,
            "allowed": self.allowed_at is not None,
        }


# Staging

# A person who allowed a disable has not allowed a deletion.
_ALLOWED = """h.job = o.job AND h.stage = o.stage AND h.object = o.object AND h.allowed_at IS NOT NULL
    AND (h.kind = 'delete' OR o.kind <> 'delete')"""

_WAITS_FOR_DELETION = """AND NOT (held.stage = 1 AND EXISTS (SELECT 1 FROM link l
    WHERE l.job = held.job AND l.object = held.object AND l.disabled_at IS NOT NULL))"""


def planned(connection: Connection, job: int, *, state: str = "planned", only: Iterable[str] | None = None) -> Amounts:
    """What is planned (or staged) to be taken away, without what a person has allowed; `only`: of these objects."""
    few = None if only is None else list(only)
    narrow = "" if few is None else f" AND o.object IN ({','.join('?' * len(few))})"
    removes, join = "o.removes", ""
    if anything_allowed(connection, job):
        removes = """CASE WHEN h.removes IS NULL THEN o.removes WHEN h.removes < o.removes THEN o.removes - h.removes
            ELSE 0 END"""
        join = f"LEFT JOIN held h ON {_ALLOWED}"
    rows = connection.all(
        f"""SELECT o.stage, o.object_kind, sum({removes}) FROM operation o {join}
        WHERE o.job = ? AND o.state = ? AND o.removes > 0{narrow} GROUP BY o.stage, o.object_kind""",
        (job, state, *(few or ())),
    )
    found = {(row[0], row[1]): int(row[2]) for row in rows}
    return Amounts(found.get((1, "user"), 0), found.get((1, "group"), 0), found.get((2, "group"), 0))


def anything_allowed(connection: Connection, job: int) -> bool:
    """Whether a person has let anybody through who has not gone yet."""
    row = connection.one("SELECT 1 FROM held WHERE job = ? AND allowed_at IS NOT NULL LIMIT 1", (job,))
    return row is not None


def anything_staged(connection: Connection, job: int) -> bool:
    """Whether a cycle has held anybody back."""
    return connection.one("SELECT 1 FROM operation WHERE job = ? AND state = 'staged' LIMIT 1", (job,)) is not None


def stage(connection: Connection, job: int) -> None:
    """Hold back the planned disables and deletions of accounts, and deletions of groups, that nobody has allowed."""
    connection.execute(
        f"""UPDATE operation SET state = 'staged' WHERE job = ? AND state = 'planned' AND stage = 1 AND removes > 0
        AND NOT EXISTS (SELECT 1 FROM operation o JOIN held h ON {_ALLOWED}
            WHERE o.job = operation.job AND o.stage = operation.stage AND o.object = operation.object)""",
        (job,),
    )


def unstage(connection: Connection, job: int) -> None:
    """What a cycle that is gone on with had held back is judged again."""
    connection.execute("UPDATE operation SET state = 'planned' WHERE job = ? AND state = 'staged'", (job,))


def removing(connection: Connection, job: int, state: str, after: tuple[int, str], limit: int) -> list[HeldDeletion]:
    """The next operations in this state that take something away, and that nobody has allowed; without a reason yet."""
    rows = connection.all(
        f"""SELECT o.stage, o.object, o.object_kind, o.name, o.kind, o.removes, '', NULL FROM operation o
        WHERE o.job = ? AND o.state = ? AND o.removes > 0 AND (o.stage, o.object) > (?, ?)
        AND NOT EXISTS (SELECT 1 FROM held h WHERE {_ALLOWED}) ORDER BY o.stage, o.object LIMIT ?""",
        (job, state, *after, limit),
    )
    return [_held(row) for row in rows]


# Writing


def begin(connection: Connection, job: int, failure: Failure, at: int) -> None:
    """Something is held, for this reason; since when it began stays."""
    connection.execute(
        """INSERT INTO hold (job, since, code, message, hint) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (job) DO UPDATE SET code = excluded.code, message = excluded.message, hint = excluded.hint""",
        (job, at, failure.code, failure.message, failure.hint),
    )


def unknown(connection: Connection, job: int, rows: Sequence[HeldDeletion]) -> list[HeldDeletion]:
    """Those of these who are not held yet, or for something else."""
    marks = ", ".join("(?, ?)" for _ in rows)
    known = connection.all(
        f"""SELECT stage, object, kind, removes FROM held WHERE job = ? AND allowed_at IS NULL
        AND (stage, object) IN (VALUES {marks})""",
        (job, *(part for row in rows for part in (row.stage, row.object))),
    )
    found = {(row[0], row[1]): (row[2], row[3]) for row in known}
    return [row for row in rows if found.get((row.stage, row.object)) != (row.kind, row.removes)]


def keep(connection: Connection, job: int, rows: Iterable[HeldDeletion]) -> None:
    """Write down that these are held."""
    connection.many(
        f"""INSERT INTO held (job, {_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,NULL)
        ON CONFLICT (job, stage, object) DO UPDATE SET name = excluded.name, kind = excluded.kind,
        removes = excluded.removes, reason = excluded.reason, allowed_at = NULL""",
        ((job, row.stage, row.object, row.object_kind, row.name, row.kind, row.removes, row.reason) for row in rows),
    )


def drop_others(connection: Connection, job: int, state: str) -> None:
    """Who is not to go any more is held no longer: nothing in this state takes it away."""
    connection.execute(
        """DELETE FROM held WHERE job = ? AND allowed_at IS NULL AND NOT EXISTS (SELECT 1 FROM operation o
        WHERE o.job = held.job AND o.stage = held.stage AND o.object = held.object AND o.state = ?
        AND o.removes > 0)""",
        (job, state),
    )


def settle(connection: Connection, job: int, keys: Sequence[tuple[int, str]]) -> Amounts:
    """These deeds are done; returns how much of that a person had allowed."""
    if connection.one("SELECT 1 FROM held WHERE job = ? LIMIT 1", (job,)) is None:
        return Amounts()
    allowed = [0, 0, 0]
    for stage_number, object_id in keys:
        row = connection.one(
            "DELETE FROM held WHERE job = ? AND stage = ? AND object = ? RETURNING object_kind, removes, allowed_at",
            (job, stage_number, object_id),
        )
        if row is not None and row[2] is not None:
            allowed[2 if stage_number == 2 else ("user", "group").index(row[0])] += int(row[1])
    return Amounts(*allowed)


def over(connection: Connection, job: int, *, whole: bool) -> bool:
    """A cycle has ended that held nothing back; who was allowed and failed stays allowed. Whether nothing is held now.

    Not `whole`: it has not looked at who failed, nor at leavers whose day has come, and these may still be held.
    """
    unseen = "" if whole else _WAITS_FOR_DELETION
    connection.execute(
        f"""DELETE FROM held WHERE job = ? AND ({"allowed_at IS NULL OR" if whole else ""} NOT EXISTS (SELECT 1
            FROM escrow e WHERE e.job = held.job AND e.object = held.object
            AND e.kind = CASE held.stage WHEN 1 THEN 'object' ELSE 'reference' END)) {unseen}""",
        (job,),
    )
    some = connection.one("SELECT 1 FROM held WHERE job = ? AND allowed_at IS NULL LIMIT 1", (job,))
    if some is None:
        connection.execute("DELETE FROM hold WHERE job = ?", (job,))
    return some is None


# Deciding


def allow(connection: Connection, job: int, at: int) -> int:
    """Whoever is held now may go; returns how many."""
    return connection.execute("UPDATE held SET allowed_at = ? WHERE job = ? AND allowed_at IS NULL", (at, job)).rowcount


def reject(connection: Connection, job: int) -> int:
    """What is held is decided anew by the next cycle; returns how many."""
    number = connection.execute("DELETE FROM held WHERE job = ?", (job,)).rowcount
    connection.execute("DELETE FROM hold WHERE job = ?", (job,))
    return number


# Reading


def read(connection: Connection, job: int) -> Hold | None:
    """Why something is held, if anything is."""
    row = connection.one("SELECT since, code, message, hint FROM hold WHERE job = ?", (job,))
    return None if row is None else Hold(row[0], Failure(code=row[1], message=row[2], hint=row[3]))


def count(connection: Connection, job: int, *, allowed: bool) -> Amounts:
    """How much is held and not allowed, or allowed and not done."""
    rows = connection.all(
        f"""SELECT stage, object_kind, sum(removes) FROM held WHERE job = ?
        AND allowed_at IS {"NOT " if allowed else ""}NULL GROUP BY stage, object_kind""",
        (job,),
    )
    found = {(row[0], row[1]): int(row[2]) for row in rows}
    return Amounts(found.get((1, "user"), 0), found.get((1, "group"), 0), found.get((2, "group"), 0))


def number(connection: Connection, job: int) -> int:
    """How many accounts and groups are held or allowed."""
    row = connection.one("SELECT count(*) FROM held WHERE job = ?", (job,))
    return int(row[0]) if row else 0


def stream(
    connection: Connection, job: int, *, search: str = "", after: tuple[int, str] = (0, ""), page: int = 500
) -> Iterator[HeldDeletion]:
    """Everybody held whose name contains `search`, by stage and object, after this one; pages keep memory flat."""
    named = "AND instr(lower(name), ?) > 0" if search else ""
    while True:
        rows = connection.all(
            f"""SELECT {_COLUMNS} FROM held WHERE job = ? {named} AND (stage, object) > (?, ?)
            ORDER BY stage, object LIMIT ?""",
            (job, *([search.lower()] if search else []), *after, page),
        )
        yield from map(_held, rows)
        if len(rows) < page:
            return
        after = (rows[-1][0], rows[-1][1])


def _held(row: Row) -> HeldDeletion:
    stage_number, object_id, object_kind, name, kind, removes, reason, allowed_at = row
    return HeldDeletion(
        stage=stage_number,
        object=object_id,
        object_kind=object_kind,
        name=name,
        kind=kind,
        removes=removes,
        reason=reason,
        allowed_at=allowed_at,
    )
