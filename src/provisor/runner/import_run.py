"""What the steps of one import share: whom it is for, what its columns mean, its notes, and the summary it builds."""

from dataclasses import dataclass, field
from datetime import datetime

from provisor.directory.objects import Kind
from provisor.directory.rows import Columns
from provisor.runner.import_summary import Counts, ImportSummary, RowNote
from provisor.storage.import_notes import ImportNotes
from provisor.storage.sources import Source


@dataclass(slots=True, kw_only=True)
class ImportRun:
    """One import under way. `lost` has the first row of each file that says nothing of whom it was about."""

    tenant: str
    source: Source
    columns: dict[Kind, Columns]
    notes: ImportNotes
    now: datetime
    began_at_change: int
    summary: ImportSummary
    lost: list[RowNote] = field(default_factory=list)

    def counts(self, kind: Kind) -> Counts:
        """The counts of a kind of object."""
        return self.summary.users if kind == "user" else self.summary.groups

    def refuse(self, counts: Counts, file: str, row: int, reason: str) -> None:
        """Report a row that is not imported."""
        counts.refused += 1
        self.summary.refused.append(RowNote(file, row, reason))

    def warn(self, file: str, row: int, reason: str) -> None:
        """Report something that did not keep the row, or the file, from being imported."""
        self.summary.warnings.append(RowNote(file, row, reason))

    def lose(self, file: str, row: int, reason: str) -> None:
        """Remember that a row may have been about anyone: what is in no row may then be in this one."""
        if not any(note.file == file for note in self.lost):
            self.lost.append(RowNote(file, row, reason))
