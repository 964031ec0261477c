"""The verb that imports CSV files into the directory. The summary it returns says what happened to every row."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from provisor.admin.actor import DIRECTORY_READ, DIRECTORY_WRITE, Actor
from provisor.admin.context import Context
from provisor.admin.errors import AdminError, accepted
from provisor.database import DatabaseError
from provisor.runner.importing.import_source import CsvImport, import_csv
from provisor.runner.importing.summary import (
    RESTORED_KEPT,
    Counts,
    ImportExample,
    ImportProgress,
    ImportSummary,
    RowNote,
)
from provisor.storage import sources
from provisor.storage.sources import Source

__all__ = ["Counts", "CsvImport", "ImportExample", "ImportProgress", "ImportSummary", "Imports", "RowNote", "Source"]

AGAIN: Final = "Import the same files again then: rows that came in already change nothing a second time."
ACTIVITY = "Import CSV files"


@dataclass(frozen=True, slots=True)
class Imports:
    """Sources of the directory."""

    context: Context

    def sources(self, actor: Actor) -> Sequence[Source]:
        """Where users and groups come from: every import by its name, and `local` for those made by hand."""
        return sources.every(self.context.read(actor, DIRECTORY_READ), self.context.tenant)

    def csv(
        self, actor: Actor, order: CsvImport, *, report: Callable[[ImportProgress], None] | None = None
    ) -> ImportSummary:
        """Import the files of one source. Raises AdminError, having written nothing, when one cannot be read at all.

        Every page is a transaction of its own, and so is the audit event, which follows the last page. A dry run writes
        nothing, and no event.
        """
        self.context.needs(actor, DIRECTORY_WRITE, ACTIVITY)
        try:
            outcome = import_csv(
                self.context.database, self.context.tenant, order, now=self.context.now(), report=report
            )
        except DatabaseError as error:
            raise AdminError("database", str(error), "" if order.dry_run else AGAIN) from error
        summary = accepted(outcome)
        if order.dry_run:
            return summary
        with self.context.change(actor, DIRECTORY_WRITE, ACTIVITY) as change:
            change.target = summary.source
            change.detail = {
                kind: {
                    "created": done.created,
                    "updated": done.updated,
                    "restored": done.restored,
                    "deleted": done.deleted,
                    "refused": done.refused,
                }
                for kind, done in (
                    ("users", summary.users),
                    ("groups", summary.groups),
                    ("memberships", summary.memberships),
                )
            }
            if summary.restored:
                change.detail["restored"] = [note.reason for note in summary.restored[:RESTORED_KEPT]]
        return summary
