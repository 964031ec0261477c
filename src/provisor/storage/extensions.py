"""Registered directory extensions: properties of users and groups that Graph does not know by itself.

All belong to the tenant's own "Tenant Schema Extension App". Facts: spec/graph-synchronization-api.md section 11.
"""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from provisor.database import Connection
from provisor.database.identifiers import new_id
from provisor.directory.attributes import extension_name
from provisor.directory.objects import DirectoryKind
from provisor.storage import tenants
from provisor.storage.times import to_microseconds

_TARGET: dict[DirectoryKind, str] = {"user": "User", "group": "Group"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionProperty:
    """One extension: its full name, the short one it was registered under, and the kinds of object that may have it."""

    name: str
    attribute: str
    data_type: str
    targets: tuple[str, ...]


def registered(connection: Connection, tenant: str) -> dict[str, ExtensionProperty]:
    """Every extension of the tenant by its full name."""
    rows = connection.all(
        "SELECT name, attribute, data_type, targets FROM extension_property WHERE tenant = ? ORDER BY name", (tenant,)
    )
    return {
        row[0]: ExtensionProperty(
            name=row[0], attribute=row[1], data_type=row[2], targets=tuple(msgspec.json.decode(row[3]))
        )
        for row in rows
    }


def full_name(connection: Connection, tenant: str, attribute: str) -> str:
    """The full name an attribute has, or would have, as an extension of this tenant."""
    return extension_name(tenants.setting(connection, tenant, tenants.EXTENSION_APP) or "", attribute)


def register(connection: Connection, tenant: str, attribute: str, kind: DirectoryKind, *, now: datetime) -> str:
    """Register an extension for a kind of object, if it is not; returns its full name."""
    name = full_name(connection, tenant, attribute)
    target = _TARGET[kind]
    known = registered(connection, tenant).get(name)
    if known is None:
        connection.execute(
            """INSERT INTO extension_property (name, tenant, id, app_id, attribute, data_type, targets, created_at)
            VALUES (?, ?, ?, ?, ?, 'String', ?, ?)""",
            (
                name,
                tenant,
                new_id(),
                tenants.setting(connection, tenant, tenants.EXTENSION_APP),
                attribute,
                msgspec.json.encode([target]).decode(),
                to_microseconds(now),
            ),
        )
    elif target not in known.targets:
        connection.execute(
            "UPDATE extension_property SET targets = ? WHERE name = ? AND tenant = ?",
            (msgspec.json.encode([*known.targets, target]).decode(), name, tenant),
        )
    return name
