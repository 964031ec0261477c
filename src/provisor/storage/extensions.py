"""Registered directory extensions: properties of users and groups that Graph does not define.

Those of imports belong to the tenant's own "Tenant Schema Extension App", others to the application they were
registered for. A registration that is deleted leaves values where they are, out of sight: registered again, they are
back, as in Entra. Facts: spec/graph-synchronization-api.md section 11.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import msgspec

from provisor.database import Connection, Row
from provisor.database.identifiers import new_id
from provisor.directory.attributes import extension_name
from provisor.directory.extensions import TARGET, DataType, ExtensionProperty, unfit_definition
from provisor.directory.objects import DirectoryKind, Refusal
from provisor.storage import tenants
from provisor.storage.times import to_microseconds

_COLUMNS: Final = "name, attribute, data_type, targets, id, app_id, multi_valued, synced"


def registered(connection: Connection, tenant: str) -> dict[str, ExtensionProperty]:
    """Every extension of the tenant by its full name."""
    rows = connection.all(f"SELECT {_COLUMNS} FROM extension_property WHERE tenant = ? ORDER BY name", (tenant,))
    return {row[0]: _extension(row) for row in rows}


def full_name(connection: Connection, tenant: str, attribute: str) -> str:
    """The full name an attribute has, or would have, as an extension of this tenant's own application."""
    return extension_name(tenants.setting(connection, tenant, tenants.EXTENSION_APP) or "", attribute)


def register(connection: Connection, tenant: str, attribute: str, kind: DirectoryKind, *, now: datetime) -> str:
    """Register an import's column for a kind of object, unless it is already; returns its full name."""
    name = full_name(connection, tenant, attribute)
    known = registered(connection, tenant).get(name)
    if known is None:
        _synced(connection, tenant, attribute, kind, "String", multi_valued=False, now=now)
    else:
        _target(connection, tenant, known, kind)
    return name


def register_typed(
    connection: Connection,
    tenant: str,
    attribute: str,
    kind: DirectoryKind,
    *,
    data_type: DataType,
    multi_valued: bool,
    now: datetime,
) -> ExtensionProperty | Refusal:
    """Register an attribute of a source for a kind of object, with its type, unless it is already; refused where it is
    registered as of another type, or values of another type are there. One that a file brought as text takes bytes too.
    """
    refusal = unfit_definition(attribute, data_type, (TARGET[kind],), multi_valued=multi_valued)
    if refusal is not None:
        return refusal
    name = full_name(connection, tenant, attribute)
    known = registered(connection, tenant).get(name)
    if known is not None and not _takes(known, data_type, multi_valued=multi_valued):
        return _other_shape(known, data_type, multi_valued=multi_valued)
    if known is not None:
        return _target(connection, tenant, known, kind)
    plain = data_type in ("String", "Binary") and not multi_valued  # base64 is text that a file may have brought
    if not plain and _has_values(connection, tenant, name):
        return _values_left(name)
    return _synced(connection, tenant, attribute, kind, data_type, multi_valued=multi_valued, now=now)


def adopt(
    connection: Connection, tenant: str, extension: ExtensionProperty, *, now: datetime
) -> ExtensionProperty | Refusal:
    """Register one that another tenant has, under the name it has there (directory.foreign_extensions), unless it is
    already; refused where it is registered as of another type. Values that a mirror brought before stay.
    """
    known = registered(connection, tenant).get(extension.name)
    if known is None:
        return _insert(connection, tenant, extension, now=now)
    if not _takes(known, extension.data_type, multi_valued=extension.multi_valued):
        return _other_shape(known, extension.data_type, multi_valued=extension.multi_valued)
    for kind, target in TARGET.items():
        if target in extension.targets:
            known = _target(connection, tenant, known, kind)
    return known


def valued(connection: Connection, tenant: str, name: str) -> int:
    """How many live users have a value under this full name; they are gone through, by text and not as JSON."""
    row = connection.one(
        """SELECT count(*) FROM object WHERE tenant = ? AND kind = 'user' AND deleted_at IS NULL AND purged_at IS NULL
            AND instr(attributes, ?) > 0""",
        (tenant, f'"{name}":'),
    )
    return 0 if row is None else int(row[0])


def define(
    connection: Connection,
    tenant: str,
    *,
    app_id: str,
    attribute: str,
    data_type: DataType,
    targets: Sequence[str],
    multi_valued: bool,
    now: datetime,
) -> ExtensionProperty | Refusal:
    """Register an extension of an application; refused when it is there, or values of another type are."""
    chosen = tuple(dict.fromkeys(targets))
    refusal = unfit_definition(attribute, data_type, chosen, multi_valued=multi_valued)
    if refusal is not None:
        return refusal
    name = extension_name(app_id, attribute)
    if name in registered(connection, tenant):
        return Refusal(
            code="extension-exists",
            message=f"There is an extension {name} already.",
            hint="Choose another name, or use the one there is.",
        )
    plain = data_type == "String" and not multi_valued
    if not plain and _has_values(connection, tenant, name):
        return _values_left(name)
    extension = ExtensionProperty(
        name=name, attribute=attribute, data_type=data_type, targets=chosen, app_id=app_id, multi_valued=multi_valued
    )
    return _insert(connection, tenant, extension, now=now)


def read(connection: Connection, tenant: str, key: str, *, app_id: str | None = None) -> ExtensionProperty | None:
    """The extension with this id, of this application if one is given; None when there is none."""
    row = connection.one(
        f"SELECT {_COLUMNS} FROM extension_property WHERE tenant = ? AND id = ? AND app_id = coalesce(?, app_id)",
        (tenant, key, app_id),
    )
    return None if row is None else _extension(row)


def remove(connection: Connection, tenant: str, extension: ExtensionProperty) -> Refusal | None:
    """Delete a registration; refused while a job's rules name it, which would read nothing any more."""
    used = connection.one(
        """SELECT j.id FROM job j JOIN ruleset r ON r.job = j.number AND r.version = j.ruleset_version
        WHERE j.tenant = ? AND instr(r.document, ?) > 0 ORDER BY j.id LIMIT 1""",
        (tenant, extension.name),
    )
    if used is not None:
        return Refusal(
            code="extension-in-use",
            message=f"{extension.name} is in the rules of the job {used[0]}.",
            hint="Take it out of those rules first, in mappings and scoping filters.",
        )
    connection.execute("DELETE FROM extension_property WHERE name = ? AND tenant = ?", (extension.name, tenant))
    return None


def _insert(connection: Connection, tenant: str, extension: ExtensionProperty, *, now: datetime) -> ExtensionProperty:
    key = new_id()
    connection.execute(
        """INSERT INTO extension_property (name, tenant, id, app_id, attribute, data_type, targets, created_at,
        multi_valued, synced) VALUES (?,?,?,?,?,?,?,?,?,?)""",
        (
            extension.name,
            tenant,
            key,
            extension.app_id,
            extension.attribute,
            extension.data_type,
            _text([*extension.targets]),
            to_microseconds(now),
            int(extension.multi_valued),
            int(extension.synced),
        ),
    )
    return replace(extension, id=key)


def _synced(
    connection: Connection,
    tenant: str,
    attribute: str,
    kind: DirectoryKind,
    data_type: DataType,
    *,
    multi_valued: bool,
    now: datetime,
) -> ExtensionProperty:
    """A new one of the tenant's own application."""
    extension = ExtensionProperty(
        name=full_name(connection, tenant, attribute),
        attribute=attribute,
        data_type=data_type,
        targets=(TARGET[kind],),
        app_id=tenants.setting(connection, tenant, tenants.EXTENSION_APP) or "",
        multi_valued=multi_valued,
        synced=True,
    )
    return _insert(connection, tenant, extension, now=now)


def _target(connection: Connection, tenant: str, known: ExtensionProperty, kind: DirectoryKind) -> ExtensionProperty:
    """The extension, from now on of this kind of object too."""
    if TARGET[kind] in known.targets:
        return known
    targets = (*known.targets, TARGET[kind])
    connection.execute(
        "UPDATE extension_property SET targets = ? WHERE name = ? AND tenant = ?",
        (_text([*targets]), known.name, tenant),
    )
    return replace(known, targets=targets)


def _takes(known: ExtensionProperty, data_type: DataType, *, multi_valued: bool) -> bool:
    same = known.data_type == data_type or (known.data_type, data_type) == ("String", "Binary")  # base64 is text
    return same and known.multi_valued == multi_valued


def _other_shape(known: ExtensionProperty, data_type: DataType, *, multi_valued: bool) -> Refusal:
    return Refusal(
        code="extension-exists",
        message=f"{known.name} is registered as {_shape(known.data_type, several=known.multi_valued)}, and the source"
        f" has {_shape(data_type, several=multi_valued)}.",
        hint="Choose it with that type; or clear its values, delete the extension and choose it anew.",
    )


def _shape(data_type: str, *, several: bool) -> str:
    return f"{data_type} with several values" if several else f"{data_type} with one value"


def _values_left(name: str) -> Refusal:
    return Refusal(
        code="extension-exists",
        message=f"Users or groups still have values under {name}, from when it was registered before.",
        hint="Register it as a String, clear them, then delete it and register it anew; or choose another name.",
    )


def _has_values(connection: Connection, tenant: str, name: str) -> bool:
    """Whether anybody has a value; looks at everybody, which a rare question may."""
    row = connection.one(
        "SELECT 1 FROM object WHERE tenant = ? AND instr(attributes, ?) > 0 LIMIT 1", (tenant, f'"{name}":')
    )
    return row is not None


def _extension(row: Row) -> ExtensionProperty:
    return ExtensionProperty(
        name=row[0],
        attribute=row[1],
        data_type=row[2],
        targets=tuple(msgspec.json.decode(row[3])),
        id=row[4],
        app_id=row[5],
        multi_valued=row[6] != 0,
        synced=row[7] != 0,
    )


def _text(targets: list[str]) -> str:
    return msgspec.json.encode(targets).decode()
