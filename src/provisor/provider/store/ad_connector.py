"""Identities of the on-premises AD connector: beside SCIM's, not seen by SCIM clients (spec/scim-wire.md section 11.5).

The connector itself is a program of the network's; here its identities are read from CSV files, so that
administrators see what happens when both are in use. SQL and CSV only.
"""

import csv
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from provisor.database import Connection
from provisor.provider.model.profiles import ResourceKind
from provisor.provider.store.tables import TargetError, Tenant
from provisor.scim.guid import guid_bytes
from provisor.scim.naming import problem_with_name
from provisor.scim.values import fold

SOURCE = "ad-connector"


class Imported(NamedTuple):
    """What a file brought: identities or memberships, and how many of them were new."""

    what: str
    rows: int
    new: int


def import_file(connection: Connection, tenant: Tenant, path: Path, now: int) -> Imported:
    """Import one CSV file; its header tells whether it holds users, groups or memberships.

    A second import of the same identity updates it. Raises TargetError naming the file and the row.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, strict=True)
            header = set(rows.fieldnames or ())
            if {"group", "member"} <= header:
                return _memberships(connection, tenant, path, rows)
            if "userPrincipalName" in header:
                return _identities(connection, tenant, path, rows, "User", "userPrincipalName", now)
            if "displayName" in header:
                return _identities(connection, tenant, path, rows, "Group", "displayName", now)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TargetError(f"{path} cannot be read: {error}.") from error
    raise TargetError(
        f"{path} has neither a column userPrincipalName (users), nor group and member (memberships), nor displayName "
        "(groups)."
    )


def _identities(
    connection: Connection,
    tenant: Tenant,
    path: Path,
    rows: Iterable[Mapping[str, str]],
    kind: ResourceKind,
    column: str,
    now: int,
) -> Imported:
    read = new = 0
    for number, row in enumerate(rows, start=2):
        name = (row[column] or "").strip()
        if not name:
            raise TargetError(f"{path}, row {number}: {column} is empty.")
        if (problem := problem_with_name(name)) is not None:
            raise TargetError(f"{path}, row {number}: {column} {problem}.")
        display = (row.get("displayName") or "").strip() or None
        guid = _guid_of(path, number, row)
        key = fold(name)
        known = connection.one(
            "SELECT id FROM ad_identity WHERE tenant = ? AND kind = ? AND name_key = ?", (tenant.number, kind, key)
        )
        display_key = None if display is None else fold(display)
        if known:
            connection.execute(
                "UPDATE ad_identity SET name = ?, display_name = ?, display_key = ?, object_guid = ?, changed_at = ? "
                "WHERE id = ?",
                (name, display, display_key, guid, now, known[0]),
            )
        else:
            connection.execute(
                "INSERT INTO ad_identity (id, tenant, kind, name_key, name, display_name, display_key, object_guid, "
                "imported_at, changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (_new_id(), tenant.number, kind, key, name, display, display_key, guid, now, now),
            )
        read, new = read + 1, new + (not known)
    return Imported("users" if kind == "User" else "groups", read, new)


def _guid_of(path: Path, number: int, row: Mapping[str, str]) -> str | None:
    text = (row.get("objectGUID") or "").strip()
    if not text:
        return None
    guid = guid_bytes(text)
    if guid is None:
        raise TargetError(f"{path}, row {number}: {text!r} is not an objectGUID.")
    return guid.hex()


def _new_id() -> str:
    return f"ad-{secrets.token_hex(12)}"


def _memberships(connection: Connection, tenant: Tenant, path: Path, rows: Iterable[Mapping[str, str]]) -> Imported:
    read = new = 0
    for number, row in enumerate(rows, start=2):
        group = _named(connection, tenant, path, number, "Group", row["group"] or "")
        member = _named(connection, tenant, path, number, "User", row["member"] or "")
        new += connection.execute(
            "INSERT INTO ad_membership (group_id, member_id) VALUES (?, ?) "
            "ON CONFLICT (group_id, member_id) DO NOTHING",
            (group, member),
        ).rowcount
        read += 1
    return Imported("memberships", read, new)


def _named(connection: Connection, tenant: Tenant, path: Path, number: int, kind: ResourceKind, name: str) -> str:
    row = connection.one(
        "SELECT id FROM ad_identity WHERE tenant = ? AND kind = ? AND name_key = ?",
        (tenant.number, kind, fold(name.strip())),
    )
    if row is None:
        raise TargetError(
            f"{path}, row {number}: the AD connector brought no {kind.lower()} {name!r}; import users and groups first."
        )
    return str(row[0])


def forget_all(connection: Connection, tenant: Tenant) -> int:
    """Remove every identity of the connector, as when it is uninstalled; returns how many there were."""
    connection.execute(
        "DELETE FROM ad_membership WHERE group_id IN (SELECT id FROM ad_identity WHERE tenant = ?)", (tenant.number,)
    )
    return connection.execute("DELETE FROM ad_identity WHERE tenant = ?", (tenant.number,)).rowcount
