"""What a row of a CSV file gives: values that were read as the directory's own, under its names.

Pure. A column that is no attribute becomes a directory extension under its own name, as in imports; objectGUID does
too. Source: explanation/settled-cases.md section *CSV files*.
"""

from collections.abc import Mapping
from typing import Final

from provisor.directory.attributes import KNOWN, Unreadable, extension_name
from provisor.directory.dynamic import refused_dynamic, sign_of_dynamic
from provisor.directory.extensions import PREFIX
from provisor.directory.inbound.arriving import Arrived, ArrivedOrNot, LeftOut, RawValue
from provisor.directory.inbound.extending import fit_extension
from provisor.directory.inbound.giving import Giving, addresses_in, reference_in
from provisor.directory.names import ID, MANAGER, OBJECT_GUID
from provisor.directory.objectguid import as_base64, read_guid
from provisor.directory.objects import NAMING, DirectoryKind
from provisor.directory.writable import LONGEST_TEXT
from provisor.scim.naming import escaped

_NO_PROPERTY: Final = frozenset({ID, MANAGER})


def from_csv(kind: DirectoryKind, raw: Mapping[str, RawValue], app_id: str) -> ArrivedOrNot:
    """What a row gives, or why it is left out."""
    giving = Giving(kind)
    for name, value in raw.items():
        if name in KNOWN[kind]:
            giving.put(name, value)
        elif name == OBJECT_GUID:
            giving.put_extension(extension_name(app_id, OBJECT_GUID), _guid(value))
        elif name not in _NO_PROPERTY:
            full_name = name if name.startswith(PREFIX) else extension_name(app_id, name)
            giving.put_extension(full_name, fit_extension(giving, full_name, value, longest=LONGEST_TEXT))
    nameless = giving.nameless("its cell is empty")
    if nameless is not None:
        return nameless
    sign = sign_of_dynamic(giving.given) if kind == "group" else None
    if sign is not None:
        refusal = refused_dynamic(str(giving.given[NAMING[kind]]), sign)
        return LeftOut(code=refusal.code, message=refusal.message)
    immutable_id = giving.given.get("onPremisesImmutableId")
    return Arrived(
        given=giving.given,
        manager=reference_in(raw.get(MANAGER)) if kind == "user" else None,
        immutable_id=immutable_id if isinstance(immutable_id, str) else None,
        addresses=addresses_in(str(giving.given.get("mail", ""))),
        warnings=tuple(giving.warnings),
    )


def _guid(value: RawValue) -> str | Unreadable | None:
    if value is None or value == "":
        return None
    raw = read_guid(value) if isinstance(value, str) else None
    return (
        Unreadable(f"{OBJECT_GUID} is left away: {escaped(str(value))} is no GUID.") if raw is None else as_base64(raw)
    )
