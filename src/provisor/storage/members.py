"""Who is in which group: people, and other groups.

A removed membership stays as a tombstone with a change number until every job has passed it. A group may be in itself,
directly or through others; who is in a group through others is read by storage.nesting.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from provisor.database import Connection
from provisor.directory.objects import DirectoryKind, DirectoryObject
from provisor.engine.behaviour import NestedGroups
from provisor.storage import feed, nesting
from provisor.storage.objects import COLUMNS, object_of
from provisor.storage.times import to_microseconds

_IN_THE_BIN = "d.tenant = ? AND d.deleted_at > 0 AND d.purged_at IS NULL"  # as in the index object_deleted
_OF_OBJECT = ", ".join(f"o.{column.strip()}" for column in COLUMNS.split(","))
_OF_KIND = {None: "", "user": "AND m.nested = 0", "group": "AND m.nested = 1"}
_PUT = """INSERT INTO member (group_id, member_id, tenant, change, nested) VALUES (?, ?, ?, ?,
        CASE WHEN EXISTS (SELECT 1 FROM object o WHERE o.id = ? AND o.kind = 'group') THEN 1 ELSE 0 END)
    ON CONFLICT (group_id, member_id) DO UPDATE SET removed_at = NULL, change = excluded.change"""


def add(connection: Connection, tenant: str, group: str, member: str) -> bool:
    """Put a person or a group into a group; False when they are in it already."""
    if contains(connection, group, member):
        return False
    put(connection, tenant, [(group, member)], change=feed.next_change(connection, tenant))
    return True


def remove(connection: Connection, tenant: str, group: str, member: str, *, now: datetime) -> bool:
    """Take a person or a group out of a group; False when they are not in it."""
    if not contains(connection, group, member):
        return False
    connection.execute(
        "UPDATE member SET removed_at = ?, change = ? WHERE group_id = ? AND member_id = ?",
        (to_microseconds(now), feed.next_change(connection, tenant), group, member),
    )
    return True


_WITHIN = f"{nesting.groups_of('?')} SELECT 1 FROM above WHERE id = ?"


def contains(connection: Connection, group: str, member: str, nested: NestedGroups = "direct") -> bool:
    """Whether someone is a member of a group: a direct one, or where groups are flattened through others."""
    if nested == "flatten":
        return connection.one(_WITHIN, (member, group)) is not None
    row = connection.one(
        "SELECT 1 FROM member WHERE group_id = ? AND member_id = ? AND removed_at IS NULL", (group, member)
    )
    return row is not None


def put(connection: Connection, tenant: str, edges: Iterable[tuple[str, str]], *, change: int) -> None:
    """Store new or returning memberships under one change number."""
    connection.many(_PUT, ((group, member, tenant, change, member) for group, member in edges))


def take(connection: Connection, edges: Iterable[tuple[str, str]], *, at: int, change: int) -> None:
    """End memberships under one change number."""
    connection.many(
        "UPDATE member SET removed_at = ?, change = ? WHERE group_id = ? AND member_id = ? AND removed_at IS NULL",
        ((at, change, group, member) for group, member in edges),
    )


def present(connection: Connection, edges: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which of these memberships (group, member) exist; at most a few thousand at a time."""
    if not edges:
        return set()
    # Joined, because SQLite scans the whole table for `(a, b) IN (VALUES …)`.
    rows = connection.all(
        f"""WITH edge (group_id, member_id) AS (VALUES {",".join(["(?,?)"] * len(edges))})
        SELECT m.group_id, m.member_id FROM edge
        JOIN member m ON m.group_id = edge.group_id AND m.member_id = edge.member_id AND m.removed_at IS NULL""",
        [key for edge in edges for key in edge],
    )
    return {(row[0], row[1]) for row in rows}


def of_group(
    connection: Connection, group: str, *, after: str = "", limit: int = 100, kind: DirectoryKind | None = None
) -> list[DirectoryObject]:
    """The next live direct members of a group in the order of their ids, of one kind if one is given."""
    rows = connection.all(
        f"""SELECT {_OF_OBJECT} FROM member m CROSS JOIN object o WHERE o.id = m.member_id
        AND m.group_id = ? AND m.member_id > ? AND m.removed_at IS NULL {_OF_KIND[kind]}
        AND o.deleted_at IS NULL AND o.purged_at IS NULL ORDER BY m.member_id LIMIT ?""",
        (group, after, limit),
    )
    return [object_of(row) for row in rows]


def count_of_group(connection: Connection, tenant: str, group: str, *, kind: DirectoryKind | None = None) -> int:
    """How many live direct members a group has: all of them, less those who are in the recycle bin."""
    those = f"m.group_id = ? AND m.removed_at IS NULL {_OF_KIND[kind]}"
    row = connection.one(
        f"""SELECT (SELECT count(*) FROM member m WHERE {those})
        - (SELECT count(*) FROM object d CROSS JOIN member m WHERE {_IN_THE_BIN} AND m.member_id = d.id AND {those})""",
        (group, tenant, group),
    )
    return int(row[0]) if row else 0


def groups_page(connection: Connection, member: str, *, after: str = "", limit: int = 100) -> list[DirectoryObject]:
    """The next live groups that someone is directly in, in the order of their ids."""
    rows = connection.all(
        f"""SELECT {_OF_OBJECT} FROM member m CROSS JOIN object o WHERE o.id = m.group_id
        AND m.member_id = ? AND m.group_id > ? AND m.removed_at IS NULL
        AND o.deleted_at IS NULL AND o.purged_at IS NULL ORDER BY m.group_id LIMIT ?""",
        (member, after, limit),
    )
    return [object_of(row) for row in rows]


def groups_of(connection: Connection, member: str) -> list[tuple[str, str]]:
    """(id, displayName) of the live groups that someone is directly in."""
    rows = connection.all(
        """SELECT g.id, g.name FROM member m JOIN object g ON g.id = m.group_id
        WHERE m.member_id = ? AND m.removed_at IS NULL AND g.deleted_at IS NULL AND g.purged_at IS NULL
        ORDER BY g.folded_name, g.id""",
        (member,),
    )
    return [(row[0], row[1]) for row in rows]


def count(connection: Connection, tenant: str) -> int:
    """How many memberships between live objects there are.

    Counted in indexes as all of them, less those that were removed and those of the few who are soft-deleted: looking
    at both ends of each would take a hundred times as long.
    """
    row = connection.one(
        f"""SELECT (SELECT count(*) FROM member WHERE tenant = ?)
        - (SELECT count(*) FROM member WHERE tenant = ? AND removed_at IS NOT NULL)
        - (SELECT count(*) FROM object d CROSS JOIN member m
            WHERE {_IN_THE_BIN} AND m.group_id = d.id AND m.removed_at IS NULL)
        - (SELECT count(*) FROM object d CROSS JOIN member m CROSS JOIN object g
            WHERE {_IN_THE_BIN} AND m.member_id = d.id AND m.removed_at IS NULL
            AND g.id = m.group_id AND g.deleted_at IS NULL)""",
        (tenant, tenant, tenant, tenant),
    )
    return int(row[0]) if row else 0
