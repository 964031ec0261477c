"""One GUID in its spellings: text, hexadecimal, base64 of AD's raw bytes (spec/entra-connect.md section 5).

Pure. The first three fields of the raw bytes are little-endian; base64 of them is what synchronisation logs show.
"""

import base64
import binascii
import re
from uuid import UUID

_TEXT = re.compile(r"(\{)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?(1)\})", re.IGNORECASE)
_HEX = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)
_LDAP = re.compile(r"(?:\\[0-9a-f]{2}){16}", re.IGNORECASE)
_BASE64 = re.compile(r"[A-Za-z0-9+/]{22}==")


def guid_bytes(text: str) -> bytes | None:
    """The 16 bytes a text means, as Active Directory stores them; None when it does not spell a GUID.

    32 digits without dashes are the raw bytes, as LDAP tools print them, not the text without its dashes.
    """
    text = text.strip()
    found = _TEXT.fullmatch(text)
    if found is not None:
        return UUID(found[2]).bytes_le
    if _HEX.fullmatch(text):
        return bytes.fromhex(text)
    if _LDAP.fullmatch(text):
        return bytes.fromhex(text.replace("\\", ""))
    if _BASE64.fullmatch(text):
        try:
            return base64.b64decode(text, validate=True)
        except binascii.Error:
            return None
    return None


def guid_key(text: str) -> str:
    """The form in which two spellings of one GUID are equal; any other text stands for itself."""
    raw = guid_bytes(text)
    return f"text:{text}" if raw is None else f"guid:{raw.hex()}"
