"""The tenant of this database, its settings, and the application that owns its directory extensions.

Made at the first start by `migrate`. There is one tenant per database today; every table has its id anyway.
"""

import uuid
from datetime import datetime

from provisor.database import Connection
from provisor.storage.times import to_microseconds

EXTENSION_APP = "extensionAppId"  # setting: appId of the "Tenant Schema Extension App" in extension_{appId}_{name}


def ensure(connection: Connection, *, now: datetime) -> str:
    """The id of the tenant; makes tenant, feed and extension application when this is the first start."""
    row = connection.one("SELECT id FROM tenant ORDER BY created_at, id")
    if row is not None:
        return str(row[0])
    tenant = str(uuid.uuid4())
    connection.execute(
        "INSERT INTO tenant (id, name, created_at) VALUES (?, ?, ?)", (tenant, "Provisor", to_microseconds(now))
    )
    connection.execute("INSERT INTO feed (tenant, number) VALUES (?, 0)", (tenant,))
    save_setting(connection, tenant, EXTENSION_APP, str(uuid.uuid4()))
    return tenant


def only(connection: Connection) -> str:
    """The id of the tenant of a database that `migrate` has made ready."""
    row = connection.one("SELECT id FROM tenant ORDER BY created_at, id")
    if row is None:
        raise LookupError("This database has no tenant yet; migrate it first.")
    return str(row[0])


def setting(connection: Connection, tenant: str, name: str) -> str | None:
    """A setting of the tenant as text, or None."""
    row = connection.one("SELECT value FROM setting WHERE tenant = ? AND name = ?", (tenant, name))
    return None if row is None else str(row[0])


def save_setting(connection: Connection, tenant: str, name: str, value: str) -> None:
    """Keep a setting, replacing what was there."""
    connection.execute(
        """INSERT INTO setting (tenant, name, value) VALUES (?, ?, ?)
        ON CONFLICT (tenant, name) DO UPDATE SET value = excluded.value""",
        (tenant, name, value),
    )
