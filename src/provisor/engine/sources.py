"""What the engine needs from where identities come from: a directory that is read page by page, and its ways to fail.

Pure: only shapes. Implemented by the connectors of Active Directory, LDAP, Microsoft Entra and CSV files, and by the
in-memory source of provisor.testing, which pass one contract suite (tests/contract/test_source_contract.py). A source
says what it holds in its own words; what that means for the directory is decided in directory.inbound.
Facts: spec/entra-connect.md sections 7 and 8, spec/graph-synchronization-api.md section 12.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from provisor.directory.inbound.arriving import RawValue as RawValue
from provisor.engine.ports import ConnectorError

RecordKind: TypeAlias = Literal["user", "group", "container"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MembersTold:
    """What a source says of the members of a group, each by the reference of its record.

    `whole`: those added are all there are. Else they came, and those removed went, since what was told before.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordTold:
    """What a source says of one object.

    `anchor` identifies it there for good: across renames, moves and restores. `reference` is how others there name it
    (as a member, a manager); for many sources it is the anchor. `values` are under the source's own attribute names;
    bytes are base64, and whatever refers to another record is its reference. `whole`: these are all its values. Else
    they are those that changed, where None says that there is none any more.
    A container feeds nothing: its record is kept so that its being renamed is seen.
    """

    kind: RecordKind
    anchor: str
    reference: str
    values: Mapping[str, RawValue]
    whole: bool = True
    members: MembersTold | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordGone:
    """An object is deleted at the source. `for_good`: it cannot come back under this anchor."""

    anchor: str
    for_good: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordUnreadable:
    """Something the source told that could not be understood. `anchor` is whom it is about, where that shows.

    A read with one of unknown anchor proves nobody absent.
    """

    where: str
    reason: str
    anchor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentsTold:
    """Everybody who is assigned to an application at the source: pairs of reference and app role value ("": any)."""

    application: str
    assigned: tuple[tuple[str, str], ...]


SourceTold: TypeAlias = RecordTold | RecordGone | RecordUnreadable | AssignmentsTold


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePage:
    """Some of what a source tells, and the place from which it goes on.

    `cursor` is opaque text, good for another process at another time: kept in one transaction with the page. `last`:
    the read is over, and from the cursor the next one begins. `full`: the pages of this read together tell of
    everything there is, so that what they do not name is not there. All pages of one read say the same.
    `expected`: how many objects the read will tell of, where the source knows.
    """

    told: Sequence[SourceTold]
    cursor: str
    last: bool
    full: bool
    expected: int | None = None


@dataclass(slots=True)
class CursorLost(ConnectorError):
    """The source cannot go on from this cursor: it is too old, or of another server. A full read is to follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCheck:
    """One thing that a test of a source looked at, as a sentence; `hint` is what to do where it is not well."""

    what: str
    well: bool
    sentence: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceAttribute:
    """An attribute that may be read from a source besides the default ones, as its schema has it.

    `type` is that of a directory extension. `kinds` are those of objects that may have it.
    """

    name: str
    type: Literal["String", "Boolean", "Integer", "LargeInteger", "DateTime", "Binary"]
    multi_valued: bool
    kinds: tuple[Literal["user", "group"], ...]


class DirectorySource(Protocol):
    """Where identities come from. Every method raises a ConnectorError when there is no usable answer.

    Methods block, and are called by one thread at a time. Reading changes nothing at the source, and repeating a read
    from the same cursor tells at least what it told before, as things are by then.
    """

    def check(self) -> Iterator[SourceCheck]:
        """Try what reading takes, one thing after another, each told when it was tried; ends after what fails."""

    def attributes(self) -> Sequence[SourceAttribute]:
        """What its schema lets an administrator choose from, in the order of names."""

    def read(self, cursor: str | None) -> Iterator[SourcePage]:
        """Everything there is (None), or what goes on or has changed since a cursor of another page.

        Raises CursorLost when it cannot go on from there; nothing was told then.
        """

    def look(self, anchors: Sequence[str]) -> Iterator[RecordTold | RecordGone]:
        """Ask after these objects, a few hundred at most, because a full read did not tell of them.

        Who is there is told as in a full read, and who is known to be deleted is told as gone. Whoever is told neither
        way was asked for, and the source answered in so many words that there is no such object. Members are not told.
        """

    def moved(self, cursor: str) -> bool | None:
        """Whether something may have changed since a read ended with this cursor; None when only a read can tell.

        Cheap enough to be asked every second.
        """

    def close(self) -> None:
        """Release the connections."""
