"""Names of objects as a domain controller spells them: with GUID and SID before them, and of deleted objects.

Pure. Sources: MS-ADTS 3.1.1.3.4.1.5 (extended names), 3.1.1.5.5 (deletion), spec/entra-connect.md section 8.
"""

import re
from base64 import b64encode
from typing import Final, NamedTuple

from provisor.scim.guid import guid_bytes

_EXTENDED: Final = re.compile(r"<GUID=([^>]*)>;(?:<SID=[^>]*>;)?(.*)", re.DOTALL | re.IGNORECASE)
# CN=Anna\0ADEL:1f2e…,CN=Deleted Objects,… - the line feed may come escaped or as it is.
_DELETED: Final = re.compile(r"(?:\\0A|\n)DEL:[0-9a-f-]{36}(?:,|$)", re.IGNORECASE)
_ESCAPED: Final = re.compile(r"\\([0-9a-fA-F]{2})|\\(.)", re.DOTALL)


class ExtendedName(NamedTuple):
    """A name with the reference of its object: base64 of the 16 bytes of objectGUID; None when it came without."""

    reference: str | None
    name: str


def extended(text: str) -> ExtendedName:
    """The parts of an extended name; a plain one has no reference."""
    found = _EXTENDED.fullmatch(text)
    if found is None:
        return ExtendedName(None, text)
    raw = guid_bytes(found[1])
    return ExtendedName(None if raw is None else b64encode(raw).decode(), found[2])


def names_deleted(name: str) -> bool:
    """Whether a name is that of a deleted object."""
    return _DELETED.search(name) is not None


def common_name(name: str) -> str | None:
    """The value of the first part of a name when it is a CN: DirSync does not tell that attribute by itself."""
    kind, _, rest = name.partition("=")
    if kind.strip().lower() != "cn":
        return None
    end = next((at for at, letter in enumerate(rest) if letter == "," and not _is_escaped(rest, at)), len(rest))
    raw = bytearray()
    place = 0
    for found in _ESCAPED.finditer(rest[:end]):
        raw += rest[place : found.start()].encode()
        raw += bytes.fromhex(found[1]) if found[1] else found[2].encode()
        place = found.end()
    raw += rest[place:end].encode()
    return raw.decode("utf-8", "replace")


def by_guid(reference: str) -> str:
    """The name under which an object is asked for by its GUID, whatever it is called now."""
    raw = guid_bytes(reference)
    return "" if raw is None else f"<GUID={raw.hex()}>"


def _is_escaped(text: str, at: int) -> bool:
    before = text[:at]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1
