"""Applications of the tenant, who owns them, and who is assigned to them in which role.

A removed assignment stays as a tombstone with a change number until every job has passed it; assigning again revives
it. Facts: spec/graph-synchronization-api.md section 1.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, TypedDict, Unpack

import msgspec

from provisor.database import Connection, Row
from provisor.database.identifiers import new_id
from provisor.engine.record import Kind
from provisor.storage import feed
from provisor.storage.times import to_microseconds

DEFAULT_ACCESS = "00000000-0000-0000-0000-000000000000"  # the role of who is assigned in none
# What Entra's portal lists as an enterprise application.
DEFAULT_TAGS = ("WindowsAzureActiveDirectoryIntegratedApp",)


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
    """An enterprise application: the service principal, made from a gallery template. `app_id` is its name outside of
    the tenant, `object_id` that of the application behind it, which Graph shows as an object of its own.
    """

    id: str
    tenant: str
    app_id: str
    object_id: str
    template: str
    display_name: str
    roles: tuple[AppRole, ...]
    account_enabled: bool = True
    assignment_required: bool = True
    notes: str | None = None
    tags: tuple[str, ...] = DEFAULT_TAGS
    created_at: int


class ApplicationBrief(NamedTuple):
    """What lists of applications are filtered and ordered by; five thousand of them are read in some 10 ms."""

    id: str
    object_id: str
    app_id: str
    template: str
    display_name: str
    account_enabled: bool
    assignment_required: bool


class ApplicationChanges(TypedDict, total=False):
    """What `change` may set, by column."""

    display_name: str
    account_enabled: bool
    assignment_required: bool
    notes: str | None
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A user or group in a role of an application. `name` is the principal's, `source` who made it, if a source did."""

    id: str
    application: str
    principal: str
    principal_kind: Kind
    name: str
    role: str
    created_at: int
    source: str | None = None


_COLUMNS = """id, tenant, app_id, object_id, template, display_name, roles, account_enabled, assignment_required, notes,
    tags, created_at"""
_roles = msgspec.json.Decoder(tuple[AppRole, ...])
_tags = msgspec.json.Decoder(tuple[str, ...])


def create(
    connection: Connection, *, tenant: str, template: str, display_name: str, roles: Sequence[AppRole], now: datetime
) -> Application:
    """A new application with the roles its template defines."""
    application = Application(
        id=new_id(),
        tenant=tenant,
        app_id=new_id(),
        object_id=new_id(),
        template=template,
        display_name=display_name,
        roles=tuple(roles),
        created_at=to_microseconds(now),
    )
    connection.execute(
        f"INSERT INTO application ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            application.id,
            tenant,
            application.app_id,
            application.object_id,
            template,
            display_name,
            _text(application.roles),
            int(application.account_enabled),
            int(application.assignment_required),
            application.notes,
            _text(application.tags),
            application.created_at,
        ),
    )
    return application


def read(connection: Connection, application_id: str) -> Application | None:
    """One application by the id of its service principal."""
    row = connection.one(f"SELECT {_COLUMNS} FROM application WHERE id = ?", (application_id,))
    return _application(row) if row else None


def by_app_id(connection: Connection, tenant: str, app_id: str) -> Application | None:
    """One application by what it is called outside of the tenant."""
    row = connection.one(f"SELECT {_COLUMNS} FROM application WHERE tenant = ? AND app_id = ?", (tenant, app_id))
    return _application(row) if row else None


def by_object_id(connection: Connection, tenant: str, object_id: str) -> Application | None:
    """One application by the id of the application behind the service principal."""
    row = connection.one(f"SELECT {_COLUMNS} FROM application WHERE tenant = ? AND object_id = ?", (tenant, object_id))
    return _application(row) if row else None


def change(connection: Connection, application_id: str, **changes: Unpack[ApplicationChanges]) -> None:
    """Set columns of an application. Its name is what events tell from now on; those written before keep theirs."""
    values: dict[str, object] = {**changes}
    for name in {"account_enabled", "assignment_required"} & changes.keys():
        values[name] = int(bool(values[name]))
    if "tags" in changes:
        values["tags"] = _text(changes["tags"])
    names = ", ".join(f"{name} = ?" for name in values)
    connection.execute(f"UPDATE application SET {names} WHERE id = ?", (*values.values(), application_id))


def roles(connection: Connection, application_id: str) -> dict[str, AppRole]:
    """The roles of an application by id."""
    row = connection.one("SELECT roles FROM application WHERE id = ?", (application_id,))
    return {} if row is None else {role.id: role for role in _roles.decode(row[0])}


def set_roles(connection: Connection, application: Application, after: Sequence[AppRole]) -> None:
    """Replace the roles. The next cycle looks at everyone assigned to a changed one."""
    connection.execute(
        "UPDATE application SET roles = ? WHERE id = ?",
        (_text(tuple(after)), application.id),
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
    """How many users and groups are assigned to a role."""
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


def briefs(connection: Connection, tenant: str) -> list[ApplicationBrief]:
    """Every application of the tenant in short, oldest first."""
    rows = connection.all(
        """SELECT id, object_id, app_id, template, display_name, account_enabled, assignment_required
        FROM application WHERE tenant = ? ORDER BY id""",
        (tenant,),
    )
    return [ApplicationBrief(row[0], row[1], row[2], row[3], row[4], row[5] != 0, row[6] != 0) for row in rows]


def of_ids(connection: Connection, ids: Sequence[str]) -> dict[str, Application]:
    """The applications of these service principals, at most a thousand, by id."""
    marks = ",".join("?" * len(ids))
    rows = connection.all(f"SELECT {_COLUMNS} FROM application WHERE id IN ({marks})", tuple(ids)) if ids else []
    return {row[0]: _application(row) for row in rows}


def assigned_since(connection: Connection, application: str, kind: str) -> dict[str, int]:
    """Since when each user, or group, is assigned, in UTC microseconds."""
    rows = connection.all(
        """SELECT principal, min(created_at) FROM assignment
        WHERE application = ? AND principal_kind = ? AND removed_at IS NULL GROUP BY principal""",
        (application, kind),
    )
    return {row[0]: int(row[1]) for row in rows}


def delete(connection: Connection, application: str) -> None:
    """Forget an application with its owners, assignments and credentials. Its jobs must be gone."""
    connection.execute(
        """DELETE FROM secret WHERE tenant = (SELECT tenant FROM application WHERE id = ?)
        AND owner_kind = 'application' AND owner = ?""",
        (application, application),
    )
    connection.execute("DELETE FROM application_owner WHERE application = ?", (application,))
    connection.execute("DELETE FROM assignment WHERE application = ?", (application,))
    connection.execute("DELETE FROM application WHERE id = ?", (application,))


def add_owner(connection: Connection, tenant: str, application: str, user: str) -> bool:
    """Make a user an owner; False when it already is one."""
    cursor = connection.execute(
        "INSERT INTO application_owner (application, object, tenant) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (application, user, tenant),
    )
    return cursor.rowcount > 0


def remove_owner(connection: Connection, application: str, user: str) -> bool:
    """Remove an owner; False when the user was not one."""
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
            DO UPDATE SET removed_at = NULL, created_at = excluded.created_at, change = excluded.change,
            source = NULL""",
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
        """SELECT a.id, a.application, a.principal, a.principal_kind, o.name, a.role, a.created_at, f.name
        FROM assignment a JOIN object o ON o.id = a.principal LEFT JOIN source f ON f.id = a.source
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
            source=row[7],
        )
        for row in rows
    ]


def count_assignments(connection: Connection, application: str) -> dict[Kind, int]:
    """How many users and how many groups are assigned; counted in the order of the index assignment_application."""
    statement = """SELECT count(*) FROM (SELECT DISTINCT principal FROM assignment
        WHERE application = ? AND principal_kind = ? AND removed_at IS NULL) AS assigned"""
    kinds: tuple[Kind, ...] = ("user", "group")
    return {kind: (connection.one(statement, (application, kind)) or (0,))[0] for kind in kinds}


def count_up_to(connection: Connection, application: str, most: int) -> int:
    """How many users and groups are assigned, `most` standing for any more."""
    row = connection.one(
        """SELECT count(*) FROM (SELECT DISTINCT principal_kind, principal FROM assignment
        WHERE application = ? AND removed_at IS NULL LIMIT ?) AS assigned""",
        (application, most),
    )
    return int(row[0]) if row else 0


def _application(row: Row) -> Application:
    return Application(
        id=row[0],
        tenant=row[1],
        app_id=row[2],
        object_id=row[3],
        template=row[4],
        display_name=row[5],
        roles=_roles.decode(row[6]),
        account_enabled=bool(row[7]),
        assignment_required=bool(row[8]),
        notes=row[9],
        tags=_tags.decode(row[10]),
        created_at=row[11],
    )


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()
