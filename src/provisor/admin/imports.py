"""The verb that imports CSV files into the directory. What became of every row is in the summary it returns."""

from collections.abc import Callable
from dataclasses import dataclass

from provisor.admin.actor import DIRECTORY_WRITE, Actor
from provisor.admin.context import Context
from provisor.admin.errors import accepted
from provisor.runner.import_summary import ImportProgress, ImportSummary
from provisor.runner.importer import CsvImport, import_csv

__all__ = ["CsvImport", "ImportProgress", "ImportSummary", "Imports"]


@dataclass(frozen=True, slots=True)
class Imports:
    """Sources of the directory."""

    context: Context

    def csv(
        self, actor: Actor, order: CsvImport, *, report: Callable[[ImportProgress], None] | None = None
    ) -> ImportSummary:
        """Import the files of one source. Raises AdminError when one cannot be read at all; nothing is written then.

        Pages are transactions of their own, so the audit event has one too; it follows the last page. A dry run writes
        nothing, and leaves no event.
        """
        actor.needs(DIRECTORY_WRITE)
        summary = accepted(
            import_csv(self.context.database, self.context.tenant, order, now=self.context.now(), report=report)
        )
        if order.dry_run:
            return summary
        with self.context.change(actor, DIRECTORY_WRITE, "Import CSV files") as change:
            change.target = summary.source
            change.detail = {
                kind: {
                    "created": done.created,
                    "updated": done.updated,
                    "deleted": done.deleted,
                    "refused": done.refused,
                }
                for kind, done in (
                    ("users", summary.users),
                    ("groups", summary.groups),
                    ("memberships", summary.memberships),
                )
            }
        return summary
