"""The rows of resources: insert, read, update, delete, and the tally that goes with them.

SQL only; what a document means is in documents, what a client may do in resources. Every statement names the tenant.
The functions that write are called inside a transaction and raise ScimError for what the database refuses.
"""

import re
import sqlite3
from functools import lru_cache
from typing import NamedTuple

from provisor.database import Connection
from provisor.provider.model.documents import Sealed, etag, load
from provisor.provider.model.profiles import ResourceKind
from provisor.provider.store.tables import Tenant
from provisor.scim.errors import ScimError, forbidden, not_found, precondition_failed, shown, uniqueness

_MARK = re.compile(r'\.[0-9a-f]{8}"$')  # of the groups a user is in, which a write does not touch
_NAMES: dict[ResourceKind, str] = {"User": "userName", "Group": "displayName"}

READ_DOCUMENT = "SELECT document, version FROM resource WHERE id = ? AND tenant = ? AND kind = ?"
READ_BY_NAME = "SELECT document FROM resource WHERE tenant = ? AND kind = ? AND name_key = ?"


class ResourceRow(NamedTuple):
    """A stored resource."""

    number: int
    version: int
    created_at: int
    modified_at: int
    document: str
    name_key: str
    external_id: str | None
    display_key: str | None
    active: int | None


def read(connection: Connection, tenant: Tenant, kind: ResourceKind, id_: str) -> ResourceRow:
    """The row of a resource. Raises ScimError 404."""
    row = connection.one(
        "SELECT number, version, created_at, modified_at, document, name_key, external_id, display_key, active "
        "FROM resource WHERE id = ? AND tenant = ? AND kind = ?",
        (id_, tenant.number, kind),
    )
    if row is None:
        raise not_found(kind, id_)
    return ResourceRow(*row)


def check_version(version: int, if_match: str | None, if_none_match: str | None = None) -> None:
    """Refuse a write whose If-Match is not the current version (RFC 7644 section 3.14), or whose If-None-Match is.

    Weak and strong tags alike.
    """
    if if_match is not None and not _meets(version, if_match):
        raise precondition_failed(
            f"The resource is at version {etag(version)}, not at {if_match.strip()}; read it again."
        )
    if if_none_match is not None and _meets(version, if_none_match):  # RFC 9110 section 13.1.2
        raise precondition_failed(f"The resource is at version {etag(version)}, which If-None-Match rules out.")


def _meets(version: int, tags: str) -> bool:
    if tags.strip() == "*":
        return True
    return etag(version)[2:] in [_MARK.sub('"', tag.strip().removeprefix("W/")) for tag in tags.split(",")]


def insert(connection: Connection, tenant: Tenant, kind: ResourceKind, id_: str, now: int, sealed: Sealed) -> None:
    """Store a new resource. Raises ScimError 409 for a name that is taken, 403 for a group beyond the limit."""
    if kind == "Group" and tenant.group_limit is not None:
        row = connection.one("SELECT live FROM tally WHERE tenant = ? AND kind = ?", (tenant.number, kind))
        if row is not None and row[0] >= tenant.group_limit:
            raise forbidden(f"group limit {tenant.group_limit} reached")
    try:
        connection.execute(_INSERT, (tenant.number, kind, tenant.number, kind, id_, now, now, *sealed))
    except sqlite3.IntegrityError:
        raise _taken(kind, sealed) from None
    connection.execute(
        "UPDATE tally SET live = live + 1, last = last + 1 WHERE tenant = ? AND kind = ?", (tenant.number, kind)
    )


# Whatever is refused is refused by the first statement that writes: a batch has nothing to take back then, and on
# PostgreSQL neither has an answer to wait for. VALUES, because SQLite is ready to take back what a SELECT brings in
# several rows, which costs half as much again.
_INSERT = (
    "INSERT INTO resource (number, tenant, kind, id, version, created_at, modified_at, name_key, external_id, "
    "display_key, active, document) VALUES ((SELECT last + 1 FROM tally WHERE tenant = ? AND kind = ?), "
    "?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?)"
)


def _taken(kind: ResourceKind, sealed: Sealed) -> ScimError:
    name = _NAMES[kind]
    return uniqueness(f"{name} {shown(load(sealed.document).get(name))} is taken.")


def update(
    connection: Connection,
    tenant: Tenant,
    kind: ResourceKind,
    row: ResourceRow,
    *,
    version: int,
    now: int,
    sealed: Sealed,
) -> None:
    """Replace the document of a resource and the columns it is found by. Raises ScimError 409."""
    changed = tuple(name for name in _FOUND_BY if getattr(sealed, name) != getattr(row, name))
    try:
        connection.execute(
            _update(changed),
            (version, now, sealed.document, *[getattr(sealed, name) for name in changed], row.number, tenant.number),
        )
    except sqlite3.IntegrityError:
        raise _taken(kind, sealed) from None


_FOUND_BY = ("name_key", "external_id", "display_key", "active")


@lru_cache(maxsize=16)  # every choice of the four
def _update(changed: tuple[str, ...]) -> str:
    """Naming a column that stays as it is would still rewrite its entry in the index: a page each to log and sync."""
    columns = "".join(f", {name} = ?" for name in changed)
    return f"UPDATE resource SET version = ?, modified_at = ?, document = ?{columns} WHERE number = ? AND tenant = ?"  # noqa: S608 - columns of ours


def stamp(connection: Connection, tenant: Tenant, row: ResourceRow, *, version: int, now: int, document: str) -> None:
    """Store a document of which only meta changed: nothing that an index holds."""
    connection.execute(
        "UPDATE resource SET version = ?, modified_at = ?, document = ? WHERE number = ? AND tenant = ?",
        (version, now, document, row.number, tenant.number),
    )


def delete(connection: Connection, tenant: Tenant, kind: ResourceKind, row: ResourceRow) -> None:
    """Delete a resource for good and count the removal."""
    connection.execute("DELETE FROM resource WHERE number = ? AND tenant = ?", (row.number, tenant.number))
    connection.execute(
        "UPDATE tally SET live = live - 1, removals = removals + 1 WHERE tenant = ? AND kind = ?",
        (tenant.number, kind),
    )
