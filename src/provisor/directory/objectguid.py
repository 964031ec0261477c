"""objectGUID, one GUID in many spellings (spec/entra-connect.md section 5).

Pure. Active Directory's raw bytes have the first three fields little-endian. Text, with or without braces or hyphens
grouping it, is read by people; 32 hexadecimal digits and base64 are of the raw bytes.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error
from uuid import UUID

_TEXT = re.compile(r"\{?[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\}?")
_HEX = re.compile(r"[0-9a-fA-F]{32}")
_BASE64_LENGTHS = (22, 24)  # without and with padding


def read_guid(text: str) -> bytes | None:
    """The 16 raw bytes of a GUID in any of its spellings; None when it is none of them."""
    if _TEXT.fullmatch(text) and text.startswith("{") == text.endswith("}"):
        return UUID(text.strip("{}")).bytes_le
    if _HEX.fullmatch(text):
        return bytes.fromhex(text)
    if len(text) in _BASE64_LENGTHS:
        try:
            raw = b64decode(text.ljust(24, "="), validate=True)
        except (Error, ValueError):
            return None
        return raw if len(raw) == 16 else None
    return None


def as_base64(raw: bytes) -> str:
    """How an extension property holds it: base64 of the raw bytes."""
    return b64encode(raw).decode("ascii")
