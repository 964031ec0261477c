"""A place in the changes of the directory, and what is told of them (spec/graph-synchronization-api.md section 12).

Pure. A first round tells everything there is, later ones what changed since. Whoever follows rounds to their ends,
whatever changes meanwhile, holds what the directory holds: storage.delta says why.
"""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import msgspec

from provisor.directory.objects import DirectoryKind, DirectoryObject

EVERYTHING: Final = -1  # the `since` of a first round
MOST_IDS: Final = 50  # objects that a query may be narrowed to


class DeltaPlace(msgspec.Struct, frozen=True, array_like=True):
    """Where a round stands. It tells of the change numbers above `since`, up to `high`.

    `phase` counts what was told whole; `change`, `first` and `second` are the last row of the present phase. At the end
    of a round `high` has become `since`, and both are the same until the next round begins.
    """

    kind: DirectoryKind
    select: tuple[str, ...]
    ids: tuple[str, ...]
    since: int
    high: int
    phase: int = 0
    change: int = -1
    first: str = ""
    second: str = ""

    @property
    def with_members(self) -> bool:
        """Whether memberships of groups are told, too."""
        return self.kind == "group" and "members" in self.select


@dataclass(frozen=True, slots=True)
class ChangedObject:
    """An object as it is now: alive, soft-deleted or purged."""

    object: DirectoryObject


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedMember:
    """Whether somebody, of a kind, is now in a group or is not."""

    group: str
    member: str
    kind: Literal["user", "group"]
    present: bool


ChangeTold: TypeAlias = ChangedObject | ChangedMember


@dataclass(frozen=True, slots=True)
class DeltaPage:
    """Some of a round, in any order. `place` is where it goes on; `over`: from there the next round begins."""

    told: tuple[ChangeTold, ...]
    place: DeltaPlace
    over: bool
