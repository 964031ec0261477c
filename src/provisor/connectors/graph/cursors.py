"""Where a read of a tenant stands, as text that another process goes on from.

Pure. A read tells users, then groups, then assignments. Within a full read the links lead through first rounds; the
links at the ends of rounds are kept for the next read. A cursor is good for what it was made with: Graph folds $select
into its links, so that other properties are a matter of a full read.
"""

import hashlib
from typing import Final, Literal, TypeAlias

import msgspec

from provisor.connectors.graph.choices import selected
from provisor.connectors.graph.clouds import CloudPlaces
from provisor.engine.sources import CursorLost
from provisor.rules.source_settings import EntraSettings

ReadPhase: TypeAlias = Literal["user", "group", "assignments"]
_VERSION: Final = 1


class TenantCursor(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """`link` leads to the next page of the phase; empty: the phase begins. `users` and `groups` end their rounds."""

    made_for: str
    full: bool
    phase: ReadPhase = "user"
    link: str = ""
    users: str = ""
    groups: str = ""
    version: Literal[1] = _VERSION


def made_for(settings: EntraSettings, places: CloudPlaces) -> str:
    """What a cursor is good for: the tenant, where it is read, and which properties."""
    what = [places.graph, settings.tenant.strip().lower(), selected(settings, "user"), selected(settings, "group")]
    return hashlib.sha256(msgspec.json.encode(what)).hexdigest()[:16]


def written(cursor: TenantCursor) -> str:
    """The cursor as text."""
    return msgspec.json.encode(cursor).decode()


def read_cursor(text: str, made: str) -> TenantCursor:
    """Raises CursorLost for one that is not of these settings."""
    try:
        cursor = msgspec.json.decode(text, type=TenantCursor)
    except (msgspec.DecodeError, UnicodeEncodeError):
        raise CursorLost("The place from which the tenant is read cannot be understood; it is read anew.") from None
    if cursor.made_for != made:
        raise CursorLost("The tenant, its address or the chosen attributes are others now; everything is read anew.")
    return cursor
