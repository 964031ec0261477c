"""One person or group: attributes, where it came from, members or groups, and its counterpart in the other source.

Reads only; a group's members come a page by key, so that one of 50,000 opens as fast as one of five.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from provisor.database import Connection
from provisor.provider.dashboard.identities import SCIM
from provisor.provider.model.documents import dump, load
from provisor.provider.model.native_ids import key_of, native_id
from provisor.provider.model.profiles import ResourceKind
from provisor.provider.store.ad_connector import SOURCE as AD
from provisor.provider.store.tables import Tenant
from provisor.scim.guid import guid_bytes
from provisor.scim.values import Json, fold

LINKS_LIMIT = 100  # members or groups shown at once
SORTED_LIMIT = 2_000  # up to this many are sorted by name; more come in the order of their ids
_NOT_SHOWN = frozenset({"schemas", "id", "meta"})


class IdentityLink(NamedTuple):
    """An identity named on the page of another."""

    id: str
    name: str
    kind: ResourceKind
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityDetail:
    """What the page of one identity shows."""

    id: str
    kind: ResourceKind
    name: str
    source: str
    active: bool
    created_at: int
    modified_at: int
    attributes: list[tuple[str, str]]
    counterparts: list[IdentityLink]


def read_detail(connection: Connection, tenant: Tenant, kind: ResourceKind, id_: str) -> IdentityDetail | None:
    """An identity of either source, or None."""
    row = connection.one(
        "SELECT document, active, created_at, modified_at, name_key FROM resource "
        "WHERE id = ? AND tenant = ? AND kind = ?",
        (id_, tenant.number, kind),
    )
    if row is None:
        return _of_connector(connection, tenant, kind, id_)
    document, active, created, modified, key = row
    content = load(document)
    return IdentityDetail(
        id=id_,
        kind=kind,
        name=str(content.get("userName" if kind == "User" else "displayName")),
        source=SCIM,
        active=active != 0,
        created_at=created,
        modified_at=modified,
        attributes=[(name, value) for key_, item in content.items() for name, value in _flat(key_, item)],
        counterparts=_in_connector(connection, tenant, kind, key, native_id(content, kind)),
    )


def _flat(name: str, value: Json) -> Iterator[tuple[str, str]]:
    """An attribute as rows of a table: `name.givenName`, `emails[1].value`, `urn:…:User:nativeObjectId`."""
    if name in _NOT_SHOWN:
        return
    if isinstance(value, dict):
        joint = ":" if name.startswith("urn:") else "."
        for inner, item in value.items():
            yield from _flat(f"{name}{joint}{inner}", item)
    elif isinstance(value, list):
        for number, item in enumerate(value, start=1):
            yield from _flat(f"{name}[{number}]", item)
    else:
        yield name, value if isinstance(value, str) else dump(value)


def _in_connector(
    connection: Connection, tenant: Tenant, kind: ResourceKind, key: str, native: str | None
) -> list[IdentityLink]:
    raw = None if native is None else guid_bytes(native)
    return [
        IdentityLink(id_, name, kind, AD)
        for id_, name in connection.all(
            "SELECT id, name FROM ad_identity WHERE tenant = ? AND kind = ? AND name_key = ? "
            "UNION SELECT id, name FROM ad_identity WHERE tenant = ? AND kind = ? AND object_guid = ? ORDER BY 2, 1",
            (tenant.number, kind, key, tenant.number, kind, raw.hex() if raw else ""),
        )
    ]


def _of_connector(connection: Connection, tenant: Tenant, kind: ResourceKind, id_: str) -> IdentityDetail | None:
    row = connection.one(
        "SELECT name, display_name, object_guid, imported_at, changed_at FROM ad_identity "
        "WHERE id = ? AND tenant = ? AND kind = ?",
        (id_, tenant.number, kind),
    )
    if row is None:
        return None
    name, display, guid, imported, changed = row
    named = [("userPrincipalName" if kind == "User" else "displayName", name)]
    if kind == "User" and display:
        named.append(("displayName", display))
    if guid:
        named.append(("objectGUID (bytes, hexadecimal)", guid))
    return IdentityDetail(
        id=id_,
        kind=kind,
        name=name,
        source=AD,
        active=True,
        created_at=imported,
        modified_at=changed,
        attributes=named,
        counterparts=_in_scim(connection, tenant, kind, fold(name), guid),
    )


def _in_scim(
    connection: Connection, tenant: Tenant, kind: ResourceKind, key: str, guid: str | None
) -> list[IdentityLink]:
    return [
        _scim_link(id_, document, kind)
        for id_, document in connection.all(
            "SELECT id, document FROM resource WHERE tenant = ? AND kind = ? AND name_key = ? "
            "UNION SELECT r.id, r.document FROM native_object n JOIN resource r ON r.id = n.resource_id "
            "WHERE n.guid = ? AND n.tenant = ? AND n.kind = ? ORDER BY 1",
            (tenant.number, kind, key, key_of(guid) if guid else "", tenant.number, kind),
        )
    ]


class Links(NamedTuple):
    """Members of a group or groups of somebody: some of them, how many in all, where the rest begins."""

    shown: list[IdentityLink]
    total: int
    later: str | None
    by_name: bool


def read_links(connection: Connection, detail: IdentityDetail, after: str) -> Links:
    """Members of a group, or the groups somebody is a direct member of, from the first behind the place `after`."""
    whose, others = ("member_id", "group_id") if detail.kind == "User" else ("group_id", "member_id")
    memberships, identities, shown = (
        ("membership", "resource", "i.id, i.name_key, i.document, i.kind")
        if detail.source == SCIM
        else ("ad_membership", "ad_identity", "i.id, i.name_key, i.name, i.kind")
    )
    counted = connection.one(f"SELECT count(*) FROM {memberships} WHERE {whose} = ?", (detail.id,))
    total = counted[0] if counted else 0
    by_name = total <= SORTED_LIMIT
    id_, _, key = after.partition(":")
    order = "i.name_key, i.id" if by_name else f"m.{others}"
    behind, place = ("(i.name_key, i.id) > (?, ?)", (key, id_)) if by_name else (f"m.{others} > ?", (id_,))
    rows = connection.all(
        f"SELECT {shown} FROM {memberships} m JOIN {identities} i ON i.id = m.{others} "
        f"WHERE m.{whose} = ? AND {behind} ORDER BY {order} LIMIT ?",
        (detail.id, *place, LINKS_LIMIT + 1),
    )
    found = [
        _scim_link(row[0], row[2], row[3]) if detail.source == SCIM else IdentityLink(row[0], row[2], row[3], AD)
        for row in rows[:LINKS_LIMIT]
    ]
    later = f"{rows[LINKS_LIMIT - 1][0]}:{rows[LINKS_LIMIT - 1][1]}" if len(rows) > LINKS_LIMIT else None
    return Links(found, total, later, by_name)


def _scim_link(id_: str, document: str, kind: ResourceKind) -> IdentityLink:
    content = load(document)
    return IdentityLink(id_, str(content.get("userName" if kind == "User" else "displayName")), kind, SCIM)
