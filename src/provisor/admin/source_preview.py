"""The verb that shows what a run of a source would do: it is run for real, into a copy of the directory.

Nothing is written of the source or the directory, nobody waits, and the source itself is only read.
"""

from collections.abc import Callable
from dataclasses import dataclass

from provisor.admin.actor import SOURCE_WRITE, Actor
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.admin.source_connecting import connect_stored
from provisor.admin.sources import Sources
from provisor.database import DatabaseError
from provisor.runner.source_running import SourceRefused
from provisor.runner.sourcing.previewing import SourceExample, SourcePreview, preview_source
from provisor.runner.sourcing.run_source import SourceOrder
from provisor.runner.sourcing.sourcing_run import SourceProgress

__all__ = ["SourceExample", "SourcePreview", "SourcePreviews"]


@dataclass(frozen=True, slots=True)
class SourcePreviews:
    """What sources would do."""

    context: Context
    sources: Sources

    def preview(
        self,
        actor: Actor,
        key: str,
        *,
        full: bool = False,
        report: Callable[[SourceProgress], None] | None = None,
    ) -> SourcePreview:
        """What a run would do now, staging mode or not: of what has changed, or of everything.

        Raises AdminError with what kept the source from being read.
        """
        context = self.context
        connection = context.read(actor, SOURCE_WRITE)
        source = self.sources.find(connection, key)
        self.sources.needs_secret(connection, source)
        try:
            connector = connect_stored(context, source)
        except SourceRefused as refused:
            raise AdminError(refused.failure.code, refused.failure.message, refused.failure.hint) from refused
        order = SourceOrder(source=source.id, full=full, report=report or (lambda _: None))
        try:
            found = preview_source(context.database, context.tenant, order, connector, now=context.now)
        except DatabaseError as error:
            hint = "Make room on the disk of the database, then try again."
            raise AdminError("database", str(error), hint) from error
        finally:
            connector.close()
        if found.run.error is not None:
            raise AdminError(found.run.error.code, found.run.error.message, found.run.error.hint)
        return found
