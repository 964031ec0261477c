"""Where a read of an LDAP directory goes on: what its cursor remembers, as opaque text.

Pure. The cursor of a read that is over says from when on to ask for changes, and when everything was read last. Within
a full read it says which kind of objects it is at: pages of LDAP belong to one connection, so a kind begins anew.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Literal, TypeAlias

import msgspec

from provisor.connectors.ldap.horizon import Horizon, moment_of
from provisor.engine.sources import CursorLost, RecordKind
from provisor.rules.source_settings import LdapSettings

KINDS: Final[tuple[RecordKind, ...]] = ("container", "user", "group")  # the order of a full read
ChangeCounts: TypeAlias = Mapping[str, str]
COUNTS: Final = "contextCSN"
_VERSION: Final = 1


class LdapPlace(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`counts` is contextCSN by server id as it was before the read; empty where the server has none to read.

    `compared` is when (our clock) the last full read began, `compared_counts` contextCSN then. `swept` are containers
    whose content was told already, with their modifyTimestamp.
    """

    question: str  # what was asked for, folded to a few characters
    compared: datetime
    kind: RecordKind | Literal[""] = ""  # "": the read is over
    bound: datetime | None = None  # of a full read in progress
    horizon: Horizon | None = None
    counts: ChangeCounts = {}
    compared_counts: ChangeCounts = {}
    swept: Mapping[str, str] = {}


class _Cursor(msgspec.Struct, frozen=True, kw_only=True):
    version: int
    place: LdapPlace


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(_Cursor).decode


def cursor_of(place: LdapPlace) -> str:
    """A place as the text that is kept with a page."""
    return _encode(_Cursor(version=_VERSION, place=place)).decode()


def place_of(cursor: str, question: str) -> LdapPlace:
    """The place that a cursor is of. Raises CursorLost when it is none of this program's, or of another question."""
    try:
        found = _decode(cursor)
    except msgspec.MsgspecError:
        raise CursorLost("Where the last read of the directory ended cannot be read.") from None
    if found.version != _VERSION:
        raise CursorLost("Where the last read of the directory ended was noted by another version of this program.")
    if found.place.question != question:
        raise CursorLost("What is to be read of the directory was changed since it was read last.")
    return found.place


def question_of(settings: LdapSettings, attributes: Sequence[str]) -> str:
    """What tells one question from another: an answer to another one must not be continued."""
    asked = (settings.base, settings.user_filter, settings.group_filter, settings.anchor, *attributes)
    return hashlib.sha256("\0".join(asked).encode()).hexdigest()[:16]


def counts_of(values: Sequence[str]) -> dict[str, str]:
    """contextCSN by server id. Each is time#count#server#part (draft-chu-ldap-csn); others are left out."""
    parts = [(value, value.split("#")) for value in values]
    return {of[2]: value for value, of in sorted(parts) if len(of) == 4}


def is_behind(counts: ChangeCounts, known: ChangeCounts) -> bool:
    """Whether a server that counts lacks changes that were seen before, on it or on another one."""
    return bool(counts) and any(counts.get(server, "") < value for server, value in known.items())


def oldest_news(counts: ChangeCounts, known: ChangeCounts) -> datetime | None:
    """The moment after which changes may be new that reached this server late, from those servers whose count moved on;
    None when there is none. They are dated by where they were made.
    """
    moved = [known[server] for server, value in counts.items() if server in known and value != known[server]]
    return min((at for at in map(moment_in, moved) if at is not None), default=None)


def moment_in(count: str) -> datetime | None:
    """The time of a contextCSN."""
    return moment_of(count.partition("#")[0])
