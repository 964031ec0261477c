"""Creates whose outcome nobody knows: sent, and not clearly answered.

A row stays until its account was looked for, whatever becomes of the object, of its operation and of the plan; a
restart does not take it away either. Operations that change an account keep their doubt in the link
(links.NOBODY_KNOWS), those that change memberships in member_link (`pushed` 2).
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from provisor.database import Connection
from provisor.engine.record import Kind
from provisor.engine.unknown import SentValues


class UnknownCreate(NamedTuple):
    """One object whose create may have been carried out."""

    object: str
    kind: Kind
    sent: SentValues


def note(connection: Connection, job: int, rows: Iterable[UnknownCreate]) -> None:
    """The answers to these creates did not come."""
    connection.many(
        """INSERT INTO unknown_create (job, object, kind, sent) VALUES (?, ?, ?, ?)
        ON CONFLICT (job, object) DO UPDATE SET sent = excluded.sent""",
        ((job, row.object, row.kind, row.sent.to_json()) for row in rows),
    )


def take_over(connection: Connection, job: int) -> None:
    """A run ended between request and record: what it had sent is unknown from now on."""
    mark = "job = ? AND stage = 1 AND state = 'sent' AND kind = 'create' AND sent IS NOT NULL"
    connection.execute(
        f"""INSERT INTO unknown_create (job, object, kind, sent)
        SELECT job, object, object_kind, sent FROM operation WHERE {mark}
        ON CONFLICT (job, object) DO UPDATE SET sent = excluded.sent""",
        (job,),
    )
    connection.execute(f"UPDATE operation SET state = 'retry' WHERE {mark}", (job,))


def anything(connection: Connection, job: int) -> bool:
    """Whether any outcome is unknown; in most cycles none is."""
    return connection.one("SELECT 1 FROM unknown_create WHERE job = ? LIMIT 1", (job,)) is not None


def page(connection: Connection, *, job: int, after: str, limit: int) -> list[UnknownCreate]:
    """The next ones in the order of their objects' ids."""
    rows = connection.all(
        "SELECT object, kind, sent FROM unknown_create WHERE job = ? AND object > ? ORDER BY object LIMIT ?",
        (job, after, limit),
    )
    return [UnknownCreate(row[0], row[1], SentValues.from_json(row[2])) for row in rows]


def among(connection: Connection, job: int, objects: Sequence[str]) -> frozenset[str]:
    """Of these objects, those about which nothing may be decided yet."""
    if not objects:
        return frozenset()
    marks = ",".join("?" * len(objects))
    rows = connection.all(f"SELECT object FROM unknown_create WHERE job = ? AND object IN ({marks})", (job, *objects))
    return frozenset(row[0] for row in rows)


def settle(connection: Connection, job: int, objects: Iterable[str]) -> None:
    """It is known now what became of these."""
    connection.many("DELETE FROM unknown_create WHERE job = ? AND object = ?", ((job, one) for one in objects))
