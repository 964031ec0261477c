"""Finds people and groups by the objectGUID in nativeObjectId, in every spelling (spec/scim-wire.md section 11.3).

The attribute is stored as sent; beside it stands its key, which two spellings of one GUID share. Two resources with one
GUID are warned of, not refused: only their directory knows which of them is right. SQL only.
"""

import logging
from collections.abc import Mapping
from hashlib import sha256

import msgspec

from provisor.database import Connection
from provisor.provider.model.profiles import ResourceKind
from provisor.scim.errors import shown
from provisor.scim.guid import guid_key
from provisor.scim.schemas.resource_types import UMBRELLA_GROUP_URN, UMBRELLA_URN
from provisor.scim.values import Resource

URNS: Mapping[ResourceKind, str] = {"User": UMBRELLA_URN, "Group": UMBRELLA_GROUP_URN}

_LONGEST_KEY = 200  # a GUID's has 37 characters

_load = msgspec.json.Decoder(dict).decode

logger = logging.getLogger("provisor.target")


def native_id(content: Resource, kind: ResourceKind) -> str | None:
    """The nativeObjectId of a resource as it was sent."""
    container = content.get(URNS[kind])
    value = container.get("nativeObjectId") if isinstance(container, dict) else None
    return value if isinstance(value, str) else None


def key_of(value: str) -> str:
    """What all spellings of a nativeObjectId share; short enough for an index, whatever a client sends."""
    key = guid_key(value)
    return key if len(key) <= _LONGEST_KEY else f"hash:{sha256(key.encode('utf-8', 'replace')).hexdigest()}"


def remember(connection: Connection, tenant: int, kind: ResourceKind, id_: str, value: str | None) -> None:
    """Keep the key of a resource's nativeObjectId, in place of another one; warn when another resource has it."""
    connection.execute("DELETE FROM native_object WHERE resource_id = ?", (id_,))
    if value is None:
        return
    key = key_of(value)
    connection.execute(
        "INSERT INTO native_object (resource_id, tenant, kind, guid) VALUES (?, ?, ?, ?)", (id_, tenant, kind, key)
    )
    other = connection.one(
        "SELECT kind, resource_id FROM native_object WHERE tenant = ? AND guid = ? AND resource_id <> ?",
        (tenant, key, id_),
    )
    if other is not None:
        logger.warning("%s %s has the nativeObjectId of %s %s: %s", kind, id_, other[0], other[1], shown(value))


def forget(connection: Connection, id_: str) -> None:
    """The resource is deleted."""
    connection.execute("DELETE FROM native_object WHERE resource_id = ?", (id_,))


def duplicates(connection: Connection, tenant: int) -> list[tuple[str, str]]:
    """Every (key, resource id) of which several resources have the key."""
    return [
        (row[0], row[1])
        for row in connection.all(
            "SELECT guid, resource_id FROM native_object WHERE tenant = ? AND guid IN "
            "(SELECT guid FROM native_object WHERE tenant = ? GROUP BY guid HAVING count(*) > 1) "
            "ORDER BY guid, resource_id",
            (tenant, tenant),
        )
    ]


def fill(connection: Connection) -> None:
    """Keep the keys of what was stored before there were keys."""
    stored = connection.all("SELECT tenant, kind, id, document FROM resource WHERE document LIKE '%nativeObjectId%'")
    for tenant, kind, id_, document in stored:
        value = native_id(_load(document), kind)
        if value is not None:
            remember(connection, tenant, kind, id_, value)
