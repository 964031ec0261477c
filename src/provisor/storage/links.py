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

LINK_COLUMNS = ("target_id", "state", "wanted_hash", "pushed_hash", "pushed_document")


class StoredLink(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One directory object at the target. `pushed_document` is JSON text: what the target is known to hold of ours."""

    target_id: str
    state: StoredLinkState
    wanted_hash: str
    pushed_hash: str
    pushed_document: str


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


NOBODY_KNOWS = ""  # as both hashes: a change was not answered, or not made; what it holds is read before the next one

_PUT = """INSERT INTO link (job, object, kind, target_id, state, wanted_hash, pushed_hash, pushed_document)
    VALUES (?,?,?,?,?,?,?,?)
    ON CONFLICT (job, object) DO UPDATE SET target_id = excluded.target_id, state = excluded.state,
    wanted_hash = excluded.wanted_hash, pushed_hash = excluded.pushed_hash,
    pushed_document = excluded.pushed_document"""


def link_of(row: Row, start: int = 0) -> StoredLink:
    """The link in a row that holds LINK_COLUMNS from `start`."""
    return StoredLink(
        target_id=row[start],
        state=row[start + 1],
        wanted_hash=row[start + 2],
        pushed_hash=row[start + 3],
        pushed_document=row[start + 4],
    )


def in_doubt(link: StoredLink) -> StoredLink:
    """The same link, of an account that is read, or was just read, because nobody knew what it holds."""
    return msgspec.structs.replace(link, wanted_hash=NOBODY_KNOWS, pushed_hash=NOBODY_KNOWS)


def put(connection: Connection, rows: Iterable[LinkRow]) -> None:
    """Make or change links. Raises the database's integrity error when a target id is linked already."""
    connection.many(_PUT, rows)


def doubt(connection: Connection, job: int, objects: Iterable[str]) -> None:
    """What these accounts hold nobody knows: they are tracked, and read before the next change."""
    connection.many(
        """UPDATE link SET state = 'linked', wanted_hash = ?, pushed_hash = ?
        WHERE job = ? AND object = ?""",
        ((NOBODY_KNOWS, NOBODY_KNOWS, job, object_id) for object_id in objects),
    )


def remove(connection: Connection, job: int, objects: Iterable[str]) -> None:
    """Forget the links of these objects."""
    connection.many("DELETE FROM link WHERE job = ? AND object = ?", ((job, object_id) for object_id in objects))


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
    """What these objects are known to hold, as JSON text; who has no link is left out."""
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
    """Of these target ids, those that belong to a directory object already, with that object's id."""
    if not target_ids:
        return {}
    marks = ",".join("?" * len(target_ids))
    statement = f"SELECT target_id, object FROM link WHERE job = ? AND kind = ? AND target_id IN ({marks})"
    return dict(connection.all(statement, (job, kind, *target_ids)))


def left_behind(connection: Connection, job: int, tenant: str, *, passed: int) -> list[tuple[Kind, str]]:
    """(kind, object) of those who are gone for good, and were when change number `passed` was given out, whose account
    was released and is in no group any more, as far as anybody knows."""
    return connection.all(
        """SELECT l.kind, l.object FROM object o JOIN link l ON l.job = ? AND l.object = o.id
        WHERE o.tenant = ? AND o.purged_at IS NOT NULL AND o.change <= ? AND l.state = 'released'
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
