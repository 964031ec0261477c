"""What the steps of one import share: its source, the meaning of its columns, its notes, and the summary it builds."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from provisor.connectors.csv_files import CsvFile
from provisor.database import Connection
from provisor.directory.files import FileKind
from provisor.directory.objects import DirectoryKind, DirectoryObject
from provisor.directory.rows import Columns
from provisor.runner.importing.summary import EXAMPLES, Counts, ExampleKind, ImportExample, ImportSummary, RowNote
from provisor.scim.naming import spelled
from provisor.storage import feed
from provisor.storage.import_notes import ImportNotes
from provisor.storage.sources import Source
from provisor.storage.times import from_microseconds

Files: TypeAlias = Mapping[FileKind, CsvFile]


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeColumns:
    """The columns of a members file. Without one of the group every row is `of` the same, known by its id or not."""

    group: str | None
    member: str
    of: str | None = None
    of_id: str | None = None


@dataclass(slots=True, kw_only=True)
class ImportRun:
    """One running import. `lost` has the first row of each file that does not show whom it is about."""

    tenant: str
    source: Source
    columns: dict[DirectoryKind, Columns]
    edges: EdgeColumns | None
    notes: ImportNotes
    now: datetime
    began_at_change: int
    summary: ImportSummary
    lost: list[RowNote] = field(default_factory=list)
    examples_told: Counter[tuple[ExampleKind, DirectoryKind]] = field(default_factory=Counter)

    def counts(self, kind: DirectoryKind) -> Counts:
        """The counts of a kind of object."""
        return self.summary.users if kind == "user" else self.summary.groups

    def refuse(self, counts: Counts, file: str, row: int, reason: str) -> None:
        """Report a row that is not imported."""
        counts.refused += 1
        self.summary.refused.append(RowNote(file, row, reason))

    def restore(self, counts: Counts, file: str, row: int, before: DirectoryObject) -> None:
        """Report a user or group that a row brings back from the recycle bin."""
        counts.restored += 1
        deleted = f"{from_microseconds(before.deleted_at):%Y-%m-%d}" if before.deleted_at is not None else "before"
        self.summary.restored.append(RowNote(file, row, f"{spelled(before.name)}, deleted on {deleted}"))

    def example(
        self, what: ExampleKind, kind: DirectoryKind, file: str, row: int, name: str, attributes: Sequence[str] = ()
    ) -> None:
        """Name one of the first that something happened to; of the others there is the number alone."""
        told = self.examples_told[(what, kind)]
        if told < EXAMPLES:
            self.examples_told[(what, kind)] = told + 1
            made = ImportExample(what=what, kind=kind, file=file, row=row, name=name, attributes=tuple(attributes))
            self.summary.examples.append(made)

    def warn(self, file: str, row: int, reason: str) -> None:
        """Report something that did not prevent the import of the row or file."""
        self.summary.warnings.append(RowNote(file, row, reason))

    def warn_of_column(self, file: CsvFile, reason: str) -> None:
        """Report something about a column, once for the file."""
        self.warn(file.name, file.header_row, reason)

    def lose(self, file: str, row: int, reason: str) -> None:
        """Remember that a row may have been about anyone: what seems absent may be in this row."""
        if not any(note.file == file for note in self.lost):
            self.lost.append(RowNote(file, row, reason))


def of_another(kind: DirectoryKind, row: int) -> str:
    """Why a name means nobody: it is in a refused row of this import, whoever else has it."""
    return f"means row {row} of the {kind}s file, which was refused, and no other of that name"


class ChangeNumber:
    """The change number of a transaction, taken when something first really changes."""

    def __init__(self, connection: Connection, tenant: str) -> None:
        self._connection = connection
        self._tenant = tenant
        self._number = 0

    def get(self) -> int:
        self._number = self._number or feed.next_change(self._connection, self._tenant)
        return self._number
