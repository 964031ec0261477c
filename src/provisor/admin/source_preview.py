"""The verbs that show what a run of a source would do: it is run for real, into a copy of the directory.

Nothing is written of the source or the directory, and the source itself is only read. One that is asked for is made
while whoever asked does something else; it is kept in this process, the newest of each source. Order: verbs, values.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Lock, Thread
from typing import Final

from provisor.admin.actor import SOURCE_READ, SOURCE_WRITE, Actor
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.admin.source_connecting import connect_stored
from provisor.admin.sources import Sources
from provisor.database import DatabaseError
from provisor.runner.source_running import SourceRefused
from provisor.runner.sourcing.previewing import SourceExample, SourcePreview, preview_source
from provisor.runner.sourcing.run_source import SourceOrder
from provisor.runner.sourcing.sourcing_run import SourceProgress
from provisor.storage.times import to_microseconds

__all__ = ["SourceExample", "SourcePreview", "SourcePreviewing", "SourcePreviews"]

AT_ONCE: Final = 2  # previews; each keeps a core busy, and a copy of the directory
KEPT: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePreviewing:
    """A preview that was asked for, of everything or of what has changed; `preview` once it is there, `error` why it
    never will be. `began_at` is UTC microseconds.
    """

    source: str
    full: bool
    began_at: int
    progress: SourceProgress | None = None
    preview: SourcePreview | None = None
    error: AdminError | None = None

    @property
    def is_running(self) -> bool:
        """Whether it is being made."""
        return self.preview is None and self.error is None


@dataclass(frozen=True, slots=True)
class SourcePreviews:
    """What sources would do."""

    context: Context
    sources: Sources
    _known: OrderedDict[str, SourcePreviewing] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def ask(self, actor: Actor, key: str, *, full: bool = False) -> SourcePreviewing:
        """Begin to make a preview, as `preview` does; what cannot be previewed is refused now."""
        connection = self.context.read(actor, SOURCE_WRITE)
        source = self.sources.find(connection, key)
        self.sources.needs_secret(connection, source)
        asked = SourcePreviewing(source=source.id, full=full, began_at=to_microseconds(self.context.now()))
        self._admit(asked, source.name)

        def work() -> None:
            try:
                made = self.preview(
                    actor, source.id, full=full, report=lambda progress: self._changed(source.id, progress=progress)
                )
                self._changed(source.id, preview=made)
            except AdminError as error:
                self._changed(source.id, error=error)
            except Exception as error:  # noqa: BLE001 - the edge of a thread: whoever waits must be told
                said = f"{type(error).__name__}: {error}"
                self._changed(source.id, error=AdminError("InternalError", said, "Report this as a bug."))

        Thread(target=work, name=f"preview of {source.id}", daemon=True).start()
        return asked

    def look(self, actor: Actor, key: str) -> SourcePreviewing | None:
        """The newest preview of a source that was asked for in this process, made or being made; None without one."""
        source = self.sources.find(self.context.read(actor, SOURCE_READ), key)
        with self._lock:
            return self._known.get(source.id)

    def _admit(self, asked: SourcePreviewing, name: str) -> None:
        with self._lock:
            running = [one.source for one in self._known.values() if one.is_running]
            if asked.source in running or len(running) >= AT_ONCE:
                said = (
                    f"A preview of {name} is being made."
                    if asked.source in running
                    else f"{len(running)} previews are being made, and no more are at once."
                )
                raise AdminError("source-busy", said, "Ask again when one is done.")
            self._known.pop(asked.source, None)
            self._known[asked.source] = asked
            for one in [*self._known.values()][: max(len(self._known) - KEPT, 0)]:
                if not one.is_running:
                    del self._known[one.source]

    def _changed(
        self,
        source: str,
        *,
        progress: SourceProgress | None = None,
        preview: SourcePreview | None = None,
        error: AdminError | None = None,
    ) -> None:
        with self._lock:
            self._known[source] = replace(self._known[source], progress=progress, preview=preview, error=error)

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
