"""Applications of the tenant, who owns them, and who is assigned to them in which role.

An assignment that goes stays as a tombstone with a change number until every job has passed it; assigning again revives
it. Facts: spec/graph-synchronization-api.md section 1.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from provisor.database import Connection, Row
from provisor.database.identifiers import new_id
from provisor.engine.record import Kind
from provisor.storage import feed
from provisor.storage.times import to_microseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class AppRole:
    """A role that an application defines; every assignment is in one, or in the default access."""

    id: str
    display_name: str
    value: str | None = None
    description: str = ""
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """An enterprise application: the service principal, made from a gallery template."""

    id: str
    tenant: str
    app_id: str
    template: str
    display_name: str
    roles: tuple[AppRole, ...]
    created_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A user or group in a role of an application. `name` is what the principal is called now."""

    id: str
    application: str
    principal: str
    principal_kind: Kind
    name: str
    role: str
    created_at: int


_COLUMNS = "id, tenant, app_id, template, display_name, roles, created_at"
_roles = msgspec.json.Decoder(tuple[AppRole, ...])


def create(
    connection: Connection, *, tenant: str, template: str, display_name: str, roles: Sequence[AppRole], now: datetime
) -> Application:
    """A new application with the roles its template defines."""
    application = Application(
        id=new_id(),
        tenant=tenant,
        app_id=new_id(),
        template=template,
        display_name=display_name,
        roles=tuple(roles),
        created_at=to_microseconds(now),
    )
    connection.execute(
        f"INSERT INTO application ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            application.id,
            tenant,
            application.app_id,
            template,
            display_name,
            msgspec.json.encode(application.roles).decode(),
            application.created_at,
        ),
    )
    return application


def read(connection: Connection, application_id: str) -> Application | None:
    """One application by the id of its service principal."""
    row = connection.one(f"SELECT {_COLUMNS} FROM application WHERE id = ?", (application_id,))
    return _application(row) if row else None


def roles(connection: Connection, application_id: str) -> dict[str, AppRole]:
    """The roles of an application by id."""
    row = connection.one("SELECT roles FROM application WHERE id = ?", (application_id,))
    return {} if row is None else {role.id: role for role in _roles.decode(row[0])}


def set_roles(connection: Connection, application: Application, after: Sequence[AppRole]) -> None:
    """Define the roles anew. Whoever is assigned in one that changed is looked at in the next cycle."""
    connection.execute(
        "UPDATE application SET roles = ? WHERE id = ?",
        (msgspec.json.encode(tuple(after)).decode(), application.id),
    )
    kept = {role.id: role for role in after}
    changed = [role.id for role in application.roles if kept.get(role.id) != role]
    if changed:
        connection.execute(
            f"""UPDATE assignment SET change = ?
            WHERE application = ? AND removed_at IS NULL AND role IN ({",".join("?" * len(changed))})""",
            (feed.next_change(connection, application.tenant), application.id, *changed),
        )


def count_in_role(connection: Connection, application_id: str, role: str) -> int:
    """How many users and groups are assigned in a role."""
    row = connection.one(
        "SELECT count(*) FROM assignment WHERE application = ? AND role = ? AND removed_at IS NULL",
        (application_id, role),
    )
    return int(row[0]) if row else 0


def by_name(connection: Connection, tenant: str, display_name: str) -> list[Application]:
    """Applications with exactly this name; names need not be unique."""
    rows = connection.all(
        f"SELECT {_COLUMNS} FROM application WHERE tenant = ? AND display_name = ? ORDER BY id", (tenant, display_name)
    )
    return [_application(row) for row in rows]


def all_applications(connection: Connection, tenant: str) -> list[Application]:
    """Every application of the tenant, oldest first."""
    rows = connection.all(f"SELECT {_COLUMNS} FROM application WHERE tenant = ? ORDER BY id", (tenant,))
    return [_application(row) for row in rows]


def delete(connection: Connection, application: str) -> None:
    """Forget an application with its owners and assignments. Its jobs must be gone."""
    connection.execute("DELETE FROM application_owner WHERE application = ?", (application,))
    connection.execute("DELETE FROM assignment WHERE application = ?", (application,))
    connection.execute("DELETE FROM application WHERE id = ?", (application,))


def add_owner(connection: Connection, tenant: str, application: str, user: str) -> bool:
    """Make a user an owner; False when it is one already."""
    cursor = connection.execute(
        "INSERT INTO application_owner (application, object, tenant) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (application, user, tenant),
    )
    return cursor.rowcount > 0


def remove_owner(connection: Connection, application: str, user: str) -> bool:
    """Take ownership away; False when the user was no owner."""
    cursor = connection.execute(
        "DELETE FROM application_owner WHERE application = ? AND object = ?", (application, user)
    )
    return cursor.rowcount > 0


def owners(connection: Connection, application: str) -> list[tuple[str, str]]:
    """(id, userPrincipalName) of every owner."""
    rows = connection.all(
        """SELECT o.id, o.name FROM application_owner w JOIN object o ON o.id = w.object
        WHERE w.application = ? AND o.purged_at IS NULL ORDER BY o.folded_name, o.id""",
        (application,),
    )
    return [(row[0], row[1]) for row in rows]


def assign(
    connection: Connection,
    *,
    tenant: str,
    application: str,
    role: str,
    principals: Iterable[tuple[str, Kind]],
    now: datetime,
) -> int:
    """Assign users and groups in a role; returns how many were not assigned before. One change number for all."""
    fresh = [
        (principal, kind)
        for principal, kind in principals
        if connection.one(
            "SELECT 1 FROM assignment WHERE principal = ? AND application = ? AND role = ? AND removed_at IS NULL",
            (principal, application, role),
        )
        is None
    ]
    if fresh:
        change = feed.next_change(connection, tenant)
        at = to_microseconds(now)
        connection.many(
            """INSERT INTO assignment (id, tenant, application, principal, principal_kind, role, created_at, change)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (principal, application, role)
            DO UPDATE SET removed_at = NULL, created_at = excluded.created_at, change = excluded.change""",
            ((new_id(), tenant, application, principal, kind, role, at, change) for principal, kind in fresh),
        )
    return len({principal for principal, _ in fresh})


def unassign(
    connection: Connection,
    *,
    tenant: str,
    application: str,
    principals: Sequence[str],
    now: datetime,
    role: str | None = None,
) -> int:
    """End the assignments of users and groups, in one role or in all; returns how many assignments ended."""
    marks = ",".join("?" * len(principals))
    where = f"application = ? AND principal IN ({marks}) AND removed_at IS NULL AND role = COALESCE(?, role)"
    values = (application, *principals, role)
    if connection.one(f"SELECT 1 FROM assignment WHERE {where}", values) is None:
        return 0
    change = feed.next_change(connection, tenant)
    cursor = connection.execute(
        f"UPDATE assignment SET removed_at = ?, change = ? WHERE {where}", (to_microseconds(now), change, *values)
    )
    return cursor.rowcount


def assignments(connection: Connection, application: str, *, after: str = "", limit: int = 100) -> list[Assignment]:
    """The next assignments of an application in the order of their ids."""
    rows = connection.all(
        """SELECT a.id, a.application, a.principal, a.principal_kind, o.name, a.role, a.created_at
        FROM assignment a JOIN object o ON o.id = a.principal
        WHERE a.application = ? AND a.removed_at IS NULL AND a.id > ? ORDER BY a.id LIMIT ?""",
        (application, after, limit),
    )
    return [
        Assignment(
            id=row[0],
            application=row[1],
            principal=row[2],
            principal_kind=row[3],
            name=row[4],
            role=row[5],
            created_at=row[6],
        )
        for row in rows
    ]


def count_assignments(connection: Connection, application: str) -> dict[Kind, int]:
    """How many users and how many groups are assigned; counted in the order of the index assignment_application."""
    statement = """SELECT count(*) FROM (SELECT DISTINCT principal FROM assignment
        WHERE application = ? AND principal_kind = ? AND removed_at IS NULL) AS assigned"""
    kinds: tuple[Kind, ...] = ("user", "group")
    return {kind: (connection.one(statement, (application, kind)) or (0,))[0] for kind in kinds}


def _application(row: Row) -> Application:
    return Application(
        id=row[0],
        tenant=row[1],
        app_id=row[2],
        template=row[3],
        display_name=row[4],
        roles=_roles.decode(row[5]),
        created_at=row[6],
    )
