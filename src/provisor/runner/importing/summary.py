"""What an import did, as one value: counts for each kind, every refused row, who came back, warnings, new extensions.

`code` and sentences are for administrators; the whole is kept as JSON with the source.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

import msgspec

from provisor.directory.objects import DirectoryKind, Refusal

ExampleKind: TypeAlias = Literal["created", "updated", "deleted"]

EXAMPLES: Final = 20  # of each kind of object, and of what happened to it
RESTORED_KEPT: Final = 20  # restored objects kept by name with the source and in the audit log


@dataclass(slots=True)
class Counts:
    """What happened to the rows of one kind; `deleted` counts what was in no file (`--complete`).

    `restored` counts those from the recycle bin, which no other number includes.
    """

    created: int = 0
    updated: int = 0
    restored: int = 0
    unchanged: int = 0
    deleted: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class RowNote:
    """A row with what is wrong with it. Row 1 is the header; 0 means the file as a whole."""

    file: str
    row: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportExample:
    """One of the first users or groups that something happened to; `row` is 0 for what was in no row.

    `attributes` are those of an updated one that changed.
    """

    what: ExampleKind
    kind: DirectoryKind
    file: str
    row: int
    name: str
    attributes: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class ImportSummary:
    """The outcome of one import. `stopped` says why nothing was deleted although it should have been."""

    source: str
    dry_run: bool = False
    users: Counts = field(default_factory=Counts)
    groups: Counts = field(default_factory=Counts)
    memberships: Counts = field(default_factory=Counts)
    refused: list[RowNote] = field(default_factory=list)
    restored: list[RowNote] = field(default_factory=list)
    warnings: list[RowNote] = field(default_factory=list)
    extensions: list[str] = field(default_factory=list)
    examples: list[ImportExample] = field(default_factory=list)
    stopped: Refusal | None = None

    def sort_refused(self, files: Sequence[str]) -> None:
        """Put the refused rows into the order in which a person finds them: by file, then by row."""
        places = {file: place for place, file in enumerate(files)}
        self.refused.sort(key=lambda note: (places.get(note.file, len(files)), note.row))


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """How far one file has been read."""

    file: str
    rows: int
    read_bytes: int
    size_bytes: int


def as_json(summary: ImportSummary) -> str:
    """The summary to be kept with its source: counts in full, the lengths of the lists, and who was restored."""
    lists = {name: len(getattr(summary, name)) for name in ("refused", "warnings", "extensions")}
    restored = [note.reason for note in summary.restored[:RESTORED_KEPT]]
    counts = {name: getattr(summary, name) for name in ("users", "groups", "memberships")}
    return msgspec.json.encode({**counts, **lists, "restored": restored, "stopped": summary.stopped}).decode()
