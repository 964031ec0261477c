"""Creates with an unknown outcome: sent but not clearly answered.

A row stays until its account was looked for, whatever happens to the object, its operation and the plan; a restart
does not remove it either. Operations that change an account record the doubt in the link
(links.NOBODY_KNOWS), those that change memberships in member_link (`pushed` 2).
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from provisor.database import Connection
from provisor.engine.record import Kind
from provisor.engine.unknown import SentValues
from provisor.storage import escrow, links, member_links
from provisor.storage.operations import StoredOperation


class UnknownCreate(NamedTuple):
    """One object whose create may have been carried out."""

    object: str
    kind: Kind
    sent: SentValues


def note(connection: Connection, job: int, rows: Iterable[UnknownCreate]) -> None:
    """These creates were not answered."""
    connection.many(
        """INSERT INTO unknown_create (job, object, kind, sent) VALUES (?, ?, ?, ?)
        ON CONFLICT (job, object) DO UPDATE SET sent = excluded.sent""",
        ((job, row.object, row.kind, row.sent.to_json()) for row in rows),
    )


def take_over(connection: Connection, job: int, object_id: str | None = None) -> None:
    """A run ended between request and record: what it had sent (about one object) is unknown from now on."""
    mark = """job = ? AND object = coalesce(?, object) AND stage = 1 AND state = 'sent' AND kind = 'create'
        AND sent IS NOT NULL"""
    connection.execute(
        f"""INSERT INTO unknown_create (job, object, kind, sent)
        SELECT job, object, object_kind, sent FROM operation WHERE {mark}
        ON CONFLICT (job, object) DO UPDATE SET sent = excluded.sent""",
        (job, object_id),
    )
    connection.execute(f"UPDATE operation SET state = 'left', left_over = 1 WHERE {mark}", (job, object_id))


def keep_in_doubt(connection: Connection, job: int, sent: Sequence[StoredOperation]) -> None:
    """What these had sent may have been carried out: say so where it is kept, whatever is planned later."""
    for one in sent:
        if one.kind == "create":
            take_over(connection, job, one.object)
        elif one.kind == "members":
            member_links.doubt_pending(connection, job, one.object)
        else:
            links.doubt(connection, job, [one.object], deleted=one.kind == "delete")


def anything_due(connection: Connection, job: int, at: int) -> bool:
    """Whether any is to be looked for at the moment `at`: a look that failed waits in escrow."""
    return anything(connection, job) and bool(page(connection, job=job, after="", limit=1, at=at))


def anything(connection: Connection, job: int) -> bool:
    """Whether any outcome is unknown; in most cycles none is."""
    return connection.one("SELECT 1 FROM unknown_create WHERE job = ? LIMIT 1", (job,)) is not None


def count(connection: Connection, job: int) -> int:
    """Of how many the outcome is unknown; those that a run which was cut short had sent included."""
    row = connection.one(
        """SELECT (SELECT count(*) FROM unknown_create u WHERE u.job = ?) + (SELECT count(*) FROM operation p
        WHERE p.job = ? AND p.stage = 1 AND p.state = 'sent' AND p.kind = 'create')""",
        (job, job),
    )
    return int(row[0]) if row else 0


def forget(connection: Connection, job: int) -> None:
    """Nobody looks for them any more: they were sent to another application."""
    connection.execute("DELETE FROM unknown_create WHERE job = ?", (job,))


def page(connection: Connection, *, job: int, after: str, limit: int, at: int) -> list[UnknownCreate]:
    """The next ones to be looked for at the moment `at`, in the order of their objects' ids.

    Without those whose look failed and who are not due in escrow, unless this cycle looks at their objects anyway.
    """
    rows = connection.all(
        f"""SELECT u.object, u.kind, u.sent FROM unknown_create u WHERE u.job = ? AND u.object > ?
        AND (NOT EXISTS (SELECT 1 FROM escrow e WHERE e.job = u.job AND e.object = u.object AND e.kind = 'object'
                AND NOT {escrow.is_due()})
            OR EXISTS (SELECT 1 FROM work w WHERE w.job = u.job AND w.kind = u.kind AND w.object = u.object))
        ORDER BY u.object LIMIT ?""",
        (job, after, *escrow.moment(at), limit),
    )
    return [UnknownCreate(row[0], row[1], SentValues.from_json(row[2])) for row in rows]


def among(connection: Connection, job: int, objects: Sequence[str]) -> frozenset[str]:
    """Of these objects, those that cannot be decided yet."""
    if not objects:
        return frozenset()
    marks = ",".join("?" * len(objects))
    rows = connection.all(f"SELECT object FROM unknown_create WHERE job = ? AND object IN ({marks})", (job, *objects))
    return frozenset(row[0] for row in rows)


def settle(connection: Connection, job: int, objects: Iterable[str]) -> None:
    """The outcome of these is now known."""
    connection.many("DELETE FROM unknown_create WHERE job = ? AND object = ?", ((job, one) for one in objects))
