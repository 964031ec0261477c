"""What a directory answers, as plain values: entries, pages of DirSync, and the controls that questions carry.

No connection and no library here. Rules: RFC 4511 section 4.5.2, RFC 4515 section 3, MS-ADTS 3.1.1.3.4.1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple


@dataclass(frozen=True, slots=True, kw_only=True)
class LdapEntry:
    """An object as a directory tells it. Values are octets: what they mean, only the schema says.

    Names are as the server spells them, options included (`member;range=0-1499`). An attribute without values was
    emptied since the last time (DirSync alone tells that).
    """

    dn: str
    values: Mapping[str, Sequence[bytes]]

    def texts(self, name: str) -> list[str]:
        """The values of an attribute as text; case of the name does not count. Empty when there is none."""
        folded = name.lower()
        return [
            value.decode("utf-8", "replace")
            for told, values in self.values.items()
            if told.lower() == folded
            for value in values
        ]

    def text(self, name: str) -> str | None:
        """The first value of an attribute as text; None when there is none."""
        return next(iter(self.texts(name)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DirSyncPage:
    """What changed since a cookie, some of it where `more`; the next question carries this cookie."""

    entries: Sequence[LdapEntry]
    cookie: bytes
    more: bool


class LdapControl(NamedTuple):
    """What a question carries besides itself; `value` is already encoded (BER)."""

    oid: str
    critical: bool = False
    value: bytes | None = None


SHOW_DELETED: Final = LdapControl("1.2.840.113556.1.4.417", critical=True)
SHOW_RECYCLED: Final = LdapControl("1.2.840.113556.1.4.2064")
EXTENDED_NAMES: Final = LdapControl("1.2.840.113556.1.4.529", value=b"\x30\x03\x02\x01\x01")  # 1: GUIDs as text


def filter_value(value: str | bytes) -> str:
    """A value as it stands in a filter, whatever is in it."""
    octets = value.encode() if isinstance(value, str) else value
    return "".join(chr(octet) if _is_plain(octet) else f"\\{octet:02x}" for octet in octets)


def _is_plain(octet: int) -> bool:
    return 0x20 <= octet < 0x7F and octet not in b"()*\\"
