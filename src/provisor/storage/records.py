"""Reads directory objects as the engine judges them: the object, whether it is assigned, and the link it has.

Whether someone is assigned is computed here, in SQL, for exactly the rows that are read: a direct assignment, or a
direct membership in a live group that is assigned (spec/provisioning-service.md section 5.1). It is never stored.
"""

from collections.abc import Sequence

import msgspec

from provisor.database import Connection, Row
from provisor.engine.record import Kind, Record
from provisor.storage import applications
from provisor.storage.links import LINK_COLUMNS, StoredLink, link_of

# CROSS JOIN keeps the order: from the person's own groups to their assignments, never through all assignments.
_ASSIGNED = """CASE WHEN EXISTS (
    SELECT 1 FROM assignment a WHERE a.principal = o.id AND a.application = ? AND a.removed_at IS NULL
) OR (o.kind = 'user' AND EXISTS (
    SELECT 1 FROM member m CROSS JOIN assignment a CROSS JOIN object g
    WHERE m.member_id = o.id AND m.removed_at IS NULL
    AND a.principal = m.group_id AND a.application = ? AND a.removed_at IS NULL
    AND g.id = m.group_id AND g.deleted_at IS NULL AND g.purged_at IS NULL
)) THEN 1 ELSE 0 END"""

# The same ways to be assigned, one row for each role; an assignment in no role of the application brings none.
_ROLES = """SELECT a.id, a.role FROM assignment a
    WHERE a.principal = ? AND a.application = ? AND a.removed_at IS NULL
    UNION SELECT a.id, a.role FROM member m CROSS JOIN assignment a CROSS JOIN object g
    WHERE m.member_id = ? AND m.removed_at IS NULL
    AND a.principal = m.group_id AND a.application = ? AND a.removed_at IS NULL
    AND g.id = m.group_id AND g.deleted_at IS NULL AND g.purged_at IS NULL
    ORDER BY 1"""

_COLUMNS = f"""o.id, o.kind, o.name, o.attributes, o.manager, o.enabled, o.deleted_at, o.purged_at, o.change,
    {_ASSIGNED}, {", ".join("l." + column for column in LINK_COLUMNS)}"""
_FIRST_LINK_COLUMN = 10

_BY_KEY = f"""SELECT {_COLUMNS} FROM object o LEFT JOIN link l ON l.job = ? AND l.object = o.id
    WHERE o.tenant = ? AND o.kind = ? AND o.id > ? ORDER BY o.id LIMIT ?"""
_OF_WORK = f"""SELECT {_COLUMNS} FROM work w JOIN object o ON o.id = w.object
    LEFT JOIN link l ON l.job = w.job AND l.object = o.id
    WHERE w.job = ? AND w.kind = ? AND w.object > ? ORDER BY w.object LIMIT ?"""
_BY_ID = f"""SELECT {_COLUMNS} FROM object o LEFT JOIN link l ON l.job = ? AND l.object = o.id WHERE o.id IN ("""

Read = tuple[Record, StoredLink | None]

_decode = msgspec.json.decode


def page_of_all(
    connection: Connection, *, tenant: str, application: str, job: int, kind: Kind, after: str, limit: int
) -> list[Read]:
    """The next objects of a kind in the order of their ids, deleted ones and tombstones included."""
    rows = connection.all(_BY_KEY, (application, application, job, tenant, kind, after, limit))
    return [_read(row) for row in rows]


def page_of_work(
    connection: Connection, *, application: str, job: int, kind: Kind, after: str, limit: int
) -> list[Read]:
    """The next objects of a kind in the job's work set (storage.work)."""
    rows = connection.all(_OF_WORK, (application, application, job, kind, after, limit))
    return [_read(row) for row in rows]


def by_ids(connection: Connection, *, application: str, job: int, ids: Sequence[str]) -> dict[str, Read]:
    """The named objects by id; at most some hundred at a time."""
    if not ids:
        return {}
    statement = _BY_ID + ",".join("?" * len(ids)) + ")"
    rows = connection.all(statement, (application, application, job, *ids))
    return {row[0]: _read(row) for row in rows}


def roles(connection: Connection, *, application: str, user: str) -> list[dict[str, str]]:
    """The app roles a person is assigned in, directly or through a group: each once, by its first assignment.

    The default access and a role that is switched off give access and no role.
    """
    defined = applications.roles(connection, application)
    found: dict[str, dict[str, str]] = {}
    for assignment, role_id in connection.all(_ROLES, (user, application, user, application)):
        role = defined.get(role_id)
        if role is not None and role.enabled and role_id not in found:
            found[role_id] = {"id": assignment, "value": role.value or "", "displayName": role.display_name}
    return list(found.values())


def count_all(connection: Connection, *, tenant: str, kind: Kind) -> int:
    """How many rows `page_of_all` will bring altogether."""
    row = connection.one("SELECT count(*) FROM object WHERE tenant = ? AND kind = ?", (tenant, kind))
    return int(row[0]) if row else 0


def names(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """What people call the objects with these ids."""
    if not ids:
        return {}
    return dict(connection.all(f"SELECT id, name FROM object WHERE id IN ({','.join('?' * len(ids))})", tuple(ids)))


def _read(row: Row) -> Read:
    record = Record(
        id=row[0],
        kind=row[1],
        name=row[2],
        attributes=_decode(row[3]),
        manager=row[4],
        enabled=row[5] != 0,
        deleted=row[6] is not None,
        purged=row[7] is not None,
        change=row[8],
        assigned=row[9] != 0,
    )
    return record, (None if row[_FIRST_LINK_COLUMN] is None else link_of(row, _FIRST_LINK_COLUMN))
