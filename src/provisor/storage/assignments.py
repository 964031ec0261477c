"""Assignments one by one, as Graph shows them: from the application, from the user, from the group.

One of a soft-deleted user or group is not shown; it is there again when that is restored. Facts:
spec/graph-synchronization-api.md section 1. Adding many at once: storage.applications.
"""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from provisor.database import Connection, Row
from provisor.engine.record import Kind
from provisor.scim.values import fold
from provisor.storage import applications, feed
from provisor.storage.times import to_microseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentSeen:
    """An assignment with the names of both ends, as they are now; `created_at` in UTC microseconds.

    `source` is the name of the source that made it; None: it was made by hand.
    """

    id: str
    application: str
    application_name: str
    principal: str
    principal_kind: Kind
    principal_name: str
    role: str
    created_at: int
    source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentQuery:
    """Which assignments of an application; what is None does not narrow. `search`: words of the principal's names."""

    application: str
    principal: str | None = None
    principal_kind: str | None = None
    role: str | None = None
    search: str = ""


class _Displayed(msgspec.Struct, rename="camel"):
    display_name: str | None = None


_displayed = msgspec.json.Decoder(_Displayed)
_FEW = 500  # people whom a search finds: their assignments are looked up; of more, those of the page are walked through
_LIVE = "a.removed_at IS NULL AND o.deleted_at IS NULL AND o.purged_at IS NULL"
_SELECT = """SELECT a.id, a.application, p.display_name, a.principal, a.principal_kind, o.attributes, o.name, a.role,
    a.created_at, f.name
    FROM assignment a JOIN object o ON o.id = a.principal JOIN application p ON p.id = a.application
    LEFT JOIN source f ON f.id = a.source"""


def read(connection: Connection, tenant: str, assignment_id: str) -> AssignmentSeen | None:
    """One assignment that is in force."""
    row = connection.one(f"{_SELECT} WHERE a.id = ? AND a.tenant = ? AND {_LIVE}", (assignment_id, tenant))
    return _seen(row) if row else None


def page(connection: Connection, query: AssignmentQuery, *, after: str, limit: int) -> list[AssignmentSeen]:
    """The next assignments of an application in the order of their ids."""
    where, values = _conditions(query)
    few = None
    if query.search:
        narrower, few = _searched(connection, query)
        where, values = f"{where} AND {narrower}", [*values, *(_words(query) if few is None else few)]
    # Spoiled for SQLite's choice, or it would go through all of the application's to find those of one principal, of a
    # few, or of the groups, which are fewer than people.
    walked = query.principal is None and few is None and query.principal_kind != "group"
    place = "a.id" if walked else "coalesce(a.id, '')"
    rows = connection.all(f"{_SELECT} WHERE {where} AND {place} > ? ORDER BY {place} LIMIT ?", (*values, after, limit))
    return [_seen(row) for row in rows]


def count(connection: Connection, query: AssignmentQuery) -> int:
    """How many assignments of an application fit."""
    where, values = _conditions(query)
    row = connection.one(
        f"SELECT count(*) FROM assignment a JOIN object o ON o.id = a.principal WHERE {where}", tuple(values)
    )
    return int(row[0]) if row else 0


def of_principal(connection: Connection, tenant: str, principal: str) -> list[AssignmentSeen]:
    """Everything that a user or group is assigned to itself, in the order of the assignments' ids."""
    rows = connection.all(
        f"{_SELECT} WHERE a.principal = ? AND a.tenant = ? AND {_LIVE} ORDER BY a.id", (principal, tenant)
    )
    return [_seen(row) for row in rows]


def add(
    connection: Connection, *, tenant: str, application: str, principal: str, kind: Kind, role: str, now: datetime
) -> str | None:
    """The id of a new assignment; None when there is one already."""
    added = applications.assign(
        connection, tenant=tenant, application=application, role=role, principals=[(principal, kind)], now=now
    )
    if not added:
        return None
    row = connection.one(
        "SELECT id FROM assignment WHERE principal = ? AND application = ? AND role = ?", (principal, application, role)
    )
    return str(row[0]) if row else None


def end(connection: Connection, tenant: str, assignment_id: str, *, now: datetime) -> None:
    """End one assignment; it stays as a tombstone until every job has passed it."""
    connection.execute(
        "UPDATE assignment SET removed_at = ?, change = ? WHERE id = ? AND removed_at IS NULL",
        (to_microseconds(now), feed.next_change(connection, tenant), assignment_id),
    )


def _searched(connection: Connection, query: AssignmentQuery) -> tuple[str, list[str] | None]:
    """A condition for who is searched for, and who it is where that are few; of many, the words are its values."""
    one = "(instr(s.name, ?) > 0 OR instr(s.display_name, ?) > 0 OR instr(s.mail, ?) > 0)"
    fits = " AND ".join([one] * len(fold(query.search).split()))
    of_tenant = "s.tenant = (SELECT tenant FROM application WHERE id = ?) AND s.kind IN ('user', 'group')"
    rows = connection.all(
        f"SELECT s.object FROM object_search s WHERE {of_tenant} AND {fits or '1 = 1'} LIMIT ?",
        (query.application, *_words(query), _FEW + 1),
    )
    if len(rows) <= _FEW:
        return f"a.principal IN ({','.join('?' * len(rows))})", [str(row[0]) for row in rows]
    same = "s.tenant = a.tenant AND s.kind = a.principal_kind AND s.object = a.principal"
    return f"EXISTS (SELECT 1 FROM object_search s WHERE {same} AND {fits or '1 = 1'})", None


def _words(query: AssignmentQuery) -> list[str]:
    """Every word once for each of the columns that it is looked for in."""
    return [word for word in fold(query.search).split() for _ in range(3)]


def _conditions(query: AssignmentQuery) -> tuple[str, list[object]]:
    where, values = f"a.application = ? AND {_LIVE}", list[object]([query.application])
    for name in ("principal", "principal_kind", "role"):
        value = getattr(query, name)
        if value is not None:
            where += f" AND a.{name} = ?"
            values.append(value)
    return where, values


def _seen(row: Row) -> AssignmentSeen:
    return AssignmentSeen(
        id=row[0],
        application=row[1],
        application_name=row[2],
        principal=row[3],
        principal_kind=row[4],
        principal_name=_displayed.decode(row[5]).display_name or row[6],
        role=row[7],
        created_at=row[8],
        source=row[9],
    )
