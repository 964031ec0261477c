"""One person or group: attributes, where it came from, members or groups, and its counterpart in the other source.

Reads only; a group's members come a page by key, so that one of 50,000 opens as fast as one of five.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from provisor.database import Connection
from provisor.scim.guid import guid_bytes
from provisor.scim.schemas import UMBRELLA_URN
from provisor.scim.values import Json, fold
from provisor.target.ad_connector import SOURCE as AD
from provisor.target.dashboard.identities import SCIM
from provisor.target.documents import dump, load
from provisor.target.profiles import Kind
from provisor.target.store import Tenant

LINKS_LIMIT = 100  # members or groups shown at once
_NOT_SHOWN = frozenset({"schemas", "id", "meta"})


class Link(NamedTuple):
    """Somebody named on the page of somebody else."""

    id: str
    name: str
    kind: Kind
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """What the page of one identity shows."""

    id: str
    kind: Kind
    name: str
    source: str
    active: bool
    created_at: int
    modified_at: int
    attributes: list[tuple[str, str]]
    counterparts: list[Link]


def read_detail(connection: Connection, tenant: Tenant, kind: Kind, id_: str) -> Detail | None:
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
    own = content.get(UMBRELLA_URN)
    native = own.get("nativeObjectId") if isinstance(own, dict) else None
    return Detail(
        id=id_,
        kind=kind,
        name=str(content.get("userName" if kind == "User" else "displayName")),
        source=SCIM,
        active=active != 0,
        created_at=created,
        modified_at=modified,
        attributes=[(name, value) for key_, item in content.items() for name, value in _flat(key_, item)],
        counterparts=_in_connector(connection, tenant, kind, key, native),
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


def _in_connector(connection: Connection, tenant: Tenant, kind: Kind, key: str, native: Json) -> list[Link]:
    raw = guid_bytes(native) if isinstance(native, str) else None
    return [
        Link(id_, name, kind, AD)
        for id_, name in connection.all(
            "SELECT id, name FROM ad_identity WHERE tenant = ? AND kind = ? AND name_key = ? "
            "UNION SELECT id, name FROM ad_identity WHERE tenant = ? AND kind = ? AND object_guid = ? ORDER BY 2, 1",
            (tenant.number, kind, key, tenant.number, kind, raw.hex() if raw else ""),
        )
    ]


def _of_connector(connection: Connection, tenant: Tenant, kind: Kind, id_: str) -> Detail | None:
    row = connection.one(
        "SELECT name, display_name, object_guid, imported_at, changed_at FROM ad_identity "
        "WHERE id = ? AND tenant = ? AND kind = ?",
        (id_, tenant.number, kind),
    )
    if row is None:
        return None
    name, display, guid, imported, changed = row
    twin = connection.one(
        "SELECT id, document FROM resource WHERE tenant = ? AND kind = ? AND name_key = ?",
        (tenant.number, kind, fold(name)),
    )
    named = [("userPrincipalName" if kind == "User" else "displayName", name)]
    if kind == "User" and display:
        named.append(("displayName", display))
    if guid:
        named.append(("objectGUID (bytes, hexadecimal)", guid))
    return Detail(
        id=id_,
        kind=kind,
        name=name,
        source=AD,
        active=True,
        created_at=imported,
        modified_at=changed,
        attributes=named,
        counterparts=[Link(twin[0], name, kind, SCIM)] if twin else [],
    )


class Links(NamedTuple):
    """Members of a group or groups of somebody: some of them, how many in all, where the rest begins."""

    shown: list[Link]
    total: int
    later: str | None


def read_members(connection: Connection, detail: Detail, after: str) -> Links:
    """Members of a group in the order of their ids, from the first behind `after`."""
    counted = connection.one(f"SELECT count(*) FROM {_table(detail)} WHERE group_id = ?", (detail.id,))
    if detail.source == SCIM:
        rows = connection.all(
            "SELECT r.id, r.document, r.kind FROM membership m JOIN resource r ON r.id = m.member_id "
            "WHERE m.group_id = ? AND m.member_id > ? ORDER BY m.member_id LIMIT ?",
            (detail.id, after, LINKS_LIMIT + 1),
        )
        found = [_scim_link(*row) for row in rows]
    else:
        found = [
            Link(id_, name, "User", AD)
            for id_, name in connection.all(
                "SELECT i.id, i.name FROM ad_membership m JOIN ad_identity i ON i.id = m.member_id "
                "WHERE m.group_id = ? AND m.member_id > ? ORDER BY m.member_id LIMIT ?",
                (detail.id, after, LINKS_LIMIT + 1),
            )
        ]
    return _links(found, counted[0] if counted else 0)


def read_groups(connection: Connection, detail: Detail, after: str) -> Links:
    """The groups somebody is a direct member of."""
    counted = connection.one(f"SELECT count(*) FROM {_table(detail)} WHERE member_id = ?", (detail.id,))
    if detail.source == SCIM:
        rows = connection.all(
            "SELECT r.id, r.document, r.kind FROM membership m JOIN resource r ON r.id = m.group_id "
            "WHERE m.member_id = ? AND m.group_id > ? ORDER BY m.group_id LIMIT ?",
            (detail.id, after, LINKS_LIMIT + 1),
        )
        found = [_scim_link(*row) for row in rows]
    else:
        found = [
            Link(id_, name, "Group", AD)
            for id_, name in connection.all(
                "SELECT i.id, i.name FROM ad_membership m JOIN ad_identity i ON i.id = m.group_id "
                "WHERE m.member_id = ? AND m.group_id > ? ORDER BY m.group_id LIMIT ?",
                (detail.id, after, LINKS_LIMIT + 1),
            )
        ]
    return _links(found, counted[0] if counted else 0)


def _table(detail: Detail) -> str:
    return "membership" if detail.source == SCIM else "ad_membership"


def _scim_link(id_: str, document: str, kind: Kind) -> Link:
    content = load(document)
    return Link(id_, str(content.get("userName" if kind == "User" else "displayName")), kind, SCIM)


def _links(found: list[Link], total: int) -> Links:
    more = len(found) > LINKS_LIMIT
    shown = found[:LINKS_LIMIT]
    return Links(shown, total, shown[-1].id if more else None)
