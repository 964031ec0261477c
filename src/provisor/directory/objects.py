"""One user or group of the directory as a value, and the way the directory says no.

Pure. Attributes are Graph property names (spec/graph-synchronization-api.md section 11) with extension properties among
them; `manager` is not one of them but an object id.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

DirectoryKind: TypeAlias = Literal["user", "group"]
DirectoryValue: TypeAlias = bool | int | str | list[str] | list[dict[str, str]] | None
Attributes: TypeAlias = Mapping[str, DirectoryValue]

NAMING: Mapping[DirectoryKind, str] = {
    "user": "userPrincipalName",
    "group": "displayName",
}  # the attribute that is an object's name


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryObject:
    """A user or group, alive, soft-deleted (`deleted_at`) or purged (a tombstone). Times are UTC microseconds.

    `anchor` identifies it in its source; `enabled` repeats what `attributes` says under accountEnabled, of a
    group under securityEnabled.
    """

    id: str
    source: str
    kind: DirectoryKind
    anchor: str | None
    name: str
    attributes: dict[str, DirectoryValue]
    manager: str | None = None
    enabled: bool = True
    created_at: int = 0
    deleted_at: int | None = None
    purged_at: int | None = None
    change: int = 0

    @property
    def alive(self) -> bool:
        """Neither soft-deleted nor purged."""
        return self.deleted_at is None and self.purged_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why something was not done: a stable kebab-case code, a sentence naming who and what, and what to do.

    `about` has the noun and the name that was not found, so that those who may see such names are shown one.
    """

    code: str
    message: str
    hint: str
    about: tuple[str, str] | None = None
