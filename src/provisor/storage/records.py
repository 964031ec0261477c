"""Reads directory objects as the engine judges them: the object, whether it is assigned, and the link it has.

Whether someone is assigned is computed here, in SQL, for exactly the rows that are read: a direct assignment, or a
direct membership in a live group that is assigned (spec/provisioning-service.md section 5.1), or where groups are
flattened a membership through any depth of live groups (storage.nesting). It is never stored.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from provisor.database import Connection, Row
from provisor.engine.behaviour import NestedGroups
from provisor.engine.record import Kind, Record
from provisor.storage import applications, nesting
from provisor.storage.links import LINK_COLUMNS, StoredLink, link_of

# CROSS JOIN keeps the order: from the person's own groups to their assignments, never through all assignments.
_LIVE = """a.application = ? AND a.removed_at IS NULL
    AND g.id = a.principal AND g.deleted_at IS NULL AND g.purged_at IS NULL AND g.enabled = 1"""


def _through_groups(nested: NestedGroups, wanted: str, person: str) -> str:
    """A query of a person's assignments through groups."""
    if nested == "flatten":
        return f"""{nesting.groups_of(person)} SELECT {wanted} FROM above CROSS JOIN assignment a CROSS JOIN object g
        WHERE a.principal = above.id AND {_LIVE}"""
    return f"""SELECT {wanted} FROM member m CROSS JOIN assignment a CROSS JOIN object g
        WHERE m.member_id = {person} AND m.removed_at IS NULL AND a.principal = m.group_id AND {_LIVE}"""


def _roles(nested: NestedGroups) -> str:
    """The same ways to be assigned, one row per role; an assignment without a role of the application gives none."""
    return f"""SELECT a.id, a.role FROM assignment a
        WHERE a.principal = ? AND a.application = ? AND a.removed_at IS NULL
        UNION SELECT t.id, t.role FROM ({_through_groups(nested, "a.id, a.role", "?")}) t"""


def _columns(nested: NestedGroups) -> str:
    return f"""o.id, o.kind, o.name, o.attributes, o.manager, o.enabled, o.deleted_at, o.purged_at, o.change,
        CASE WHEN ((o.kind = 'user' OR o.enabled = 1) AND EXISTS (
            SELECT 1 FROM assignment a WHERE a.principal = o.id AND a.application = ? AND a.removed_at IS NULL
        )) OR (o.kind = 'user' AND EXISTS ({_through_groups(nested, "1", "o.id")})) THEN 1 ELSE 0 END,
        {", ".join("l." + column for column in LINK_COLUMNS)}"""


_FIRST_LINK_COLUMN = 10


class _Statements(NamedTuple):
    """What is asked where `nested` says who is in a group."""

    by_key: str
    of_work: str
    by_id: str
    roles: str

    @classmethod
    def of(cls, nested: NestedGroups) -> "_Statements":
        """All of them."""
        every = f"SELECT {_columns(nested)} FROM object o LEFT JOIN link l ON l.job = ? AND l.object = o.id"
        return cls(
            by_key=f"{every} WHERE o.tenant = ? AND o.kind = ? AND o.id > ? ORDER BY o.id LIMIT ?",
            of_work=f"""SELECT {_columns(nested)} FROM work w JOIN object o ON o.id = w.object
            LEFT JOIN link l ON l.job = w.job AND l.object = o.id
            WHERE w.job = ? AND w.kind = ? AND w.object > ? ORDER BY w.object LIMIT ?""",
            by_id=f"{every} WHERE o.id IN (",
            roles=_roles(nested),
        )


_STATEMENTS: Mapping[NestedGroups, _Statements] = {
    "direct": _Statements.of("direct"),
    "flatten": _Statements.of("flatten"),
}

_AFFECTED = """SELECT o.id, o.name, o.attributes, w.object FROM object o
    LEFT JOIN work w ON w.job = ? AND w.kind = ? AND w.object = o.id
    WHERE o.tenant = ? AND o.kind = ? AND o.id > ? AND (w.object IS NOT NULL OR {held}) ORDER BY o.id LIMIT ?"""

Read = tuple[Record, StoredLink | None]

_decode = msgspec.json.decode


def page_of_all(
    connection: Connection,
    *,
    tenant: str,
    application: str,
    job: int,
    kind: Kind,
    nested: NestedGroups,
    after: str,
    limit: int,
) -> list[Read]:
    """The next objects of a kind in the order of their ids, deleted ones and tombstones included."""
    rows = connection.all(_STATEMENTS[nested].by_key, (application, application, job, tenant, kind, after, limit))
    return [_read(row) for row in rows]


def page_of_work(
    connection: Connection, *, application: str, job: int, kind: Kind, nested: NestedGroups, after: str, limit: int
) -> list[Read]:
    """The next objects of a kind in the job's work set (storage.work)."""
    rows = connection.all(_STATEMENTS[nested].of_work, (application, application, job, kind, after, limit))
    return [_read(row) for row in rows]


class Glance(NamedTuple):
    """As much of an object as changed mappings read. `sure`: it is in the job's work set, whatever they make of it."""

    record: Record
    sure: bool


def page_of_affected(
    connection: Connection, *, tenant: str, job: int, kind: Kind, names: Sequence[str], after: str, limit: int
) -> list[Glance]:
    """The next objects of a kind that have one of these attributes, or are in the job's work set.

    The attributes are looked for in the text that holds them: some more objects may be found, none is missed. Names are
    of letters, digits and the like; `_` in one stands for any letter.
    """
    held = " OR ".join(["o.attributes LIKE ?"] * len(names)) or "1 = 0"
    patterns = [f'%"{name}":%' for name in names]
    rows = connection.all(_AFFECTED.format(held=held), (job, kind, tenant, kind, after, *patterns, limit))
    return [
        Glance(Record(id=row[0], kind=kind, name=row[1], attributes=_decode(row[2])), row[3] is not None)
        for row in rows
    ]


def by_ids(
    connection: Connection, *, application: str, job: int, nested: NestedGroups, ids: Sequence[str]
) -> dict[str, Read]:
    """The named objects by id; at most some hundred at a time."""
    if not ids:
        return {}
    statement = _STATEMENTS[nested].by_id + ",".join("?" * len(ids)) + ")"
    rows = connection.all(statement, (application, application, job, *ids))
    return {row[0]: _read(row) for row in rows}


def roles(connection: Connection, *, application: str, user: str, nested: NestedGroups) -> list[dict[str, str]]:
    """The app roles a person is assigned in, directly or through a group: each once, by its first assignment.

    Default access and a disabled role give access but no role.
    """
    defined = applications.roles(connection, application)
    found: dict[str, dict[str, str]] = {}
    # Ordered here: asked for in order, SQLite walks through all assignments, because they come in order that way.
    held = sorted(connection.all(_STATEMENTS[nested].roles, (user, application, user, application)))
    for assignment, role_id in held:
        role = defined.get(role_id)
        if role is not None and role.enabled and role_id not in found:
            found[role_id] = {"id": assignment, "value": role.value or "", "displayName": role.display_name}
    return list(found.values())


def count_all(connection: Connection, *, tenant: str, kind: Kind) -> int:
    """How many rows `page_of_all` will bring altogether."""
    row = connection.one("SELECT count(*) FROM object WHERE tenant = ? AND kind = ?", (tenant, kind))
    return int(row[0]) if row else 0


def names(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """The names of the objects with these ids."""
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
        enabled=row[5] != 0 or row[1] == "group",
        deleted=row[6] is not None,
        purged=row[7] is not None,
        change=row[8],
        assigned=row[9] != 0,
    )
    return record, (None if row[_FIRST_LINK_COLUMN] is None else link_of(row, _FIRST_LINK_COLUMN))
