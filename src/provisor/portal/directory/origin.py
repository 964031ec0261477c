"""Where a user or group came from, as its pages tell it: made here, an import, or connected sources that feed it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from provisor.admin.provenance import SourceOfObject, masters_among
from provisor.directory.objects import DirectoryKind, DirectoryObject
from provisor.directory.writable import is_synced
from provisor.portal.directory.labels import label_of
from provisor.portal.visits import PortalVisit
from provisor.rules.source_settings import KIND_NAMES

ACTIVE_DIRECTORY: Final = "Active Directory"  # of whom a file said so: which one is not known
_LOCAL: Final = "local"
_REFERENCES: Final = {"manager": "Manager", "members": "Members"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedingSource:
    """A connected source of an object, in words. `says` are the attributes that it masters, by their labels."""

    source: SourceOfObject
    kind: str
    says: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where an object came from. Where sources feed it, these say more than where it was first made."""

    source: str
    by_hand: bool
    anchor_column: str | None
    feeds: Sequence[FeedingSource] = ()

    @property
    def feeding(self) -> tuple[str, ...]:
        """The names of the sources that have it now: they say whether there is such an object."""
        return tuple(one.source.name for one in self.feeds if one.source.here)

    @property
    def masters(self) -> dict[str, str]:
        """Attribute, `manager` and `members` too: the name of the source that has it."""
        return masters_among([one.source for one in self.feeds])


def origin_of(visit: PortalVisit, item: DirectoryObject) -> Origin:
    """Where this object came from."""
    feeds = [_in_words(item.kind, one) for one in visit.admin.provenance.sources(visit.actor, item.id)]
    source = next((one for one in visit.admin.imports.sources(visit.actor) if one.id == item.source), None)
    if source is None or source.kind == _LOCAL:
        return Origin(source=_LOCAL, by_hand=True, anchor_column=None, feeds=feeds)
    return Origin(source=source.name, by_hand=False, anchor_column=source.anchor(item.kind), feeds=feeds)


def master_named(origin: Origin, item: DirectoryObject, what: str) -> str:
    """Who masters the manager or the members, in words; empty where they can be changed here."""
    return origin.masters.get(what, ACTIVE_DIRECTORY if is_synced(item) else "")


def _in_words(kind: DirectoryKind, one: SourceOfObject) -> FeedingSource:
    says = tuple(_REFERENCES.get(name) or label_of(kind, name) for name in one.masters)
    return FeedingSource(source=one, kind=KIND_NAMES[one.kind], says=says)
