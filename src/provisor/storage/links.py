"""Links: which account or group at the target belongs to which directory object, and what we last wrote there.

A link is made by a create or a match, survives unassignment as `released`, and goes only with a DELETE or when the
target has lost the object. One target object belongs to at most one directory object of a job (unique index).
"""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

import msgspec

from provisor.database import Connection, Row
from provisor.engine.decide import Owner
from provisor.engine.record import Kind

StoredLinkState = Literal["linked", "released"]

LINK_COLUMNS = ("target_id", "state", "wanted_hash", "pushed_hash", "pushed_document", "disabled_at")


class StoredLink(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One directory object at the target. `pushed_document` is JSON text: what the target is known to hold of ours.

    `disabled_at` (UTC microseconds): when the account of somebody who left was disabled, so many days before it is to
    be deleted; None: it is not to be deleted.
    """

    target_id: str
    state: StoredLinkState
    wanted_hash: str
    pushed_hash: str
    pushed_document: str
    disabled_at: int | None = None


class LinkRow(NamedTuple):
    """A link as it is written."""

    job: int
    object: str
    kind: Kind
    target_id: str
    state: StoredLinkState
    wanted_hash: str
    pushed_hash: str
    pushed_document: str
    disabled_at: int | None = None  # counts when the link becomes `released`; kept while it is, gone when it is not


NOBODY_KNOWS = ""  # as both hashes: a change was not answered, or not made; the account is read before the next one

_PUT = """INSERT INTO link
    (job, object, kind, target_id, state, wanted_hash, pushed_hash, pushed_document, disabled_at)
    VALUES (?,?,?,?,?,?,?,?,?)
    ON CONFLICT (job, object) DO UPDATE SET target_id = excluded.target_id, state = excluded.state,
    wanted_hash = excluded.wanted_hash, pushed_hash = excluded.pushed_hash,
    pushed_document = excluded.pushed_document, disabled_at = CASE WHEN excluded.state = 'linked' THEN NULL
        WHEN link.state = 'released' THEN link.disabled_at ELSE excluded.disabled_at END"""


# Who is due for deletion, of a job and disabled by then; not who failed, whom escrow tries again.
LEAVER = """l.job = ? AND l.disabled_at <= ? AND NOT EXISTS (SELECT 1 FROM escrow e
    WHERE e.job = l.job AND e.object = l.object AND e.kind = 'object')"""


def link_of(row: Row, start: int = 0) -> StoredLink:
    """The link in a row that holds LINK_COLUMNS from `start`."""
    return StoredLink(
        target_id=row[start],
        state=row[start + 1],
        wanted_hash=row[start + 2],
        pushed_hash=row[start + 3],
        pushed_document=row[start + 4],
        disabled_at=row[start + 5],
    )


def in_doubt(link: StoredLink) -> StoredLink:
    """The same link, of an account that is read, or was just read, because its content was unknown."""
    return msgspec.structs.replace(link, wanted_hash=NOBODY_KNOWS, pushed_hash=NOBODY_KNOWS)


def put(connection: Connection, rows: Iterable[LinkRow]) -> None:
    """Make or change links. Raises the database's integrity error when a target id is linked already."""
    connection.many(_PUT, rows)


def doubt(connection: Connection, job: int, objects: Iterable[str], *, deleted: bool = False) -> None:
    """The content of these accounts is unknown: they are tracked, and read before the next change.

    `deleted`: they were to be deleted; of one that was due for it, it is not forgotten since when.
    """
    tracked = "state = CASE WHEN disabled_at IS NULL THEN 'linked' ELSE state END"
    if not deleted:
        tracked = "state = 'linked', disabled_at = NULL"
    connection.many(
        f"UPDATE link SET {tracked}, wanted_hash = ?, pushed_hash = ? WHERE job = ? AND object = ?",
        ((NOBODY_KNOWS, NOBODY_KNOWS, job, object_id) for object_id in objects),
    )


def keep_for_good(connection: Connection, job: int) -> None:
    """Whoever's account waits for its deletion keeps it, whatever the job does with leavers later."""
    connection.execute("UPDATE link SET disabled_at = NULL WHERE job = ? AND disabled_at IS NOT NULL", (job,))


def leavers(connection: Connection, job: int) -> tuple[int, int | None]:
    """How many accounts wait for their deletion, and when the first of them was disabled."""
    row = connection.one(
        "SELECT count(*), min(disabled_at) FROM link WHERE job = ? AND disabled_at IS NOT NULL", (job,)
    )
    return (0, None) if row is None else (int(row[0]), row[1])


class WaitingLeaver(NamedTuple):
    """Somebody whose account waits for its deletion, disabled at this moment (UTC microseconds)."""

    object: str
    kind: Kind
    name: str
    target_id: str
    disabled_at: int


def leavers_page(
    connection: Connection, job: int, *, after: tuple[int, str] = (0, ""), limit: int = 50
) -> list[WaitingLeaver]:
    """Whose accounts wait for their deletion, who was disabled first first, after this moment and object."""
    rows = connection.all(
        """SELECT l.object, l.kind, o.name, l.target_id, l.disabled_at FROM link l JOIN object o ON o.id = l.object
        WHERE l.job = ? AND l.disabled_at IS NOT NULL AND (l.disabled_at, l.object) > (?, ?)
        ORDER BY l.disabled_at, l.object LIMIT ?""",
        (job, *after, limit),
    )
    return [WaitingLeaver(*row) for row in rows]


def any_leaver(connection: Connection, job: int, disabled_by: int) -> bool:
    """Whether somebody's account was disabled by then and is to be deleted; not who failed, whom escrow tries again."""
    row = connection.one(f"SELECT 1 FROM link l WHERE {LEAVER} LIMIT 1", (job, disabled_by))
    return row is not None


def remove(connection: Connection, job: int, objects: Iterable[str]) -> None:
    """Forget the links of these objects, but not that there were some; nor are they found again by what a restart kept
    of them (storage.had_links).
    """
    gone = [(job, object_id) for object_id in objects]
    connection.many(
        """INSERT INTO once_linked (job, object, kind) SELECT job, object, kind FROM link WHERE job = ? AND object = ?
        ON CONFLICT (job, object) DO NOTHING""",
        gone,
    )
    for table in ("link", "had_link"):
        connection.many(f"DELETE FROM {table} WHERE job = ? AND object = ?", gone)


def by_object(connection: Connection, job: int, object_id: str) -> StoredLink | None:
    """The link of one object."""
    row = connection.one(f"SELECT {', '.join(LINK_COLUMNS)} FROM link WHERE job = ? AND object = ?", (job, object_id))
    return link_of(row) if row else None


def targets(connection: Connection, job: int, objects: Sequence[str]) -> dict[str, str]:
    """Target ids of the objects that are linked now (not released)."""
    if not objects:
        return {}
    marks = ",".join("?" * len(objects))
    statement = f"SELECT object, target_id FROM link WHERE job = ? AND state = 'linked' AND object IN ({marks})"
    return dict(connection.all(statement, (job, *objects)))


def documents(connection: Connection, job: int, objects: Sequence[str]) -> dict[str, str]:
    """What these objects are known to hold, as JSON text; those without a link are left out."""
    if not objects:
        return {}
    marks = ",".join("?" * len(objects))
    statement = f"SELECT object, pushed_document FROM link WHERE job = ? AND object IN ({marks})"
    return dict(connection.all(statement, (job, *objects)))


def owner(connection: Connection, job: int, kind: Kind, target_id: str) -> Owner | None:
    """The directory object that a target object belongs to in this job."""
    row = connection.one(
        """SELECT l.object, o.name, o.deleted_at FROM link l JOIN object o ON o.id = l.object
        WHERE l.job = ? AND l.kind = ? AND l.target_id = ?""",
        (job, kind, target_id),
    )
    return Owner(row[0], row[1], row[2] is not None) if row else None


def owners(connection: Connection, job: int, kind: Kind, target_ids: Sequence[str]) -> dict[str, str]:
    """Of these target ids, those that already belong to a directory object, with that object's id."""
    if not target_ids:
        return {}
    marks = ",".join("?" * len(target_ids))
    statement = f"SELECT target_id, object FROM link WHERE job = ? AND kind = ? AND target_id IN ({marks})"
    return dict(connection.all(statement, (job, kind, *target_ids)))


def left_behind(connection: Connection, job: int, tenant: str, *, passed: int) -> list[tuple[Kind, str]]:
    """(kind, object) of those who are gone for good, and were when change number `passed` was given out, whose account
    was released, is not to be deleted, and is in no group any more, as far as anybody knows."""
    # `> 0` and `+ 0` lead through the index of those who are purged, not of all changes there ever were.
    return connection.all(
        """SELECT l.kind, l.object FROM object o CROSS JOIN link l WHERE l.job = ? AND l.object = o.id
        AND o.tenant = ? AND o.purged_at > 0 AND o.change + 0 <= ? AND l.state = 'released' AND l.disabled_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM member_link m WHERE m.job = l.job AND m.member_id = o.id AND m.pushed <> 0)""",
        (job, tenant, passed),
    )


def count_linked(connection: Connection, job: int, kind: Kind) -> int:
    """How many objects of a kind are provisioned now."""
    row = connection.one("SELECT count(*) FROM link WHERE job = ? AND kind = ? AND state = 'linked'", (job, kind))
    return int(row[0]) if row else 0


def count(connection: Connection, job: int, kind: Kind) -> int:
    """How many objects of a kind have a link, released ones included."""
    row = connection.one("SELECT count(*) FROM link WHERE job = ? AND kind = ?", (job, kind))
    return int(row[0]) if row else 0


def count_ever(connection: Connection, job: int, kind: Kind) -> int:
    """How many objects of a kind have or had a link since links were last forgotten: it grows, and never shrinks."""
    row = connection.one(
        """SELECT count(*) FROM once_linked o WHERE o.job = ? AND o.kind = ?
        AND NOT EXISTS (SELECT 1 FROM link l WHERE l.job = o.job AND l.object = o.object)""",
        (job, kind),
    )
    return count(connection, job, kind) + (int(row[0]) if row else 0)
