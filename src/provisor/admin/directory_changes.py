"""What changed in the directory since somebody asked (spec/graph-synchronization-api.md section 12), page by page."""

from dataclasses import dataclass

from provisor.admin.actor import DIRECTORY_READ, Actor
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.directory.delta import MOST_IDS, DeltaPage, DeltaPlace
from provisor.directory.objects import DirectoryKind
from provisor.storage import delta


@dataclass(frozen=True, slots=True)
class DirectoryChanges:
    """Deltas of users, groups and memberships."""

    context: Context

    def begin(
        self, actor: Actor, kind: DirectoryKind, select: tuple[str, ...], ids: tuple[str, ...] = ()
    ) -> DeltaPlace:
        """Where everything there is begins to be told; of these objects only, if ids are given."""
        connection = self.context.read(actor, DIRECTORY_READ)
        if len(ids) > MOST_IDS:
            raise AdminError("too-many-ids", f"{len(ids)} ids were named.", f"Name {MOST_IDS} at most.")
        return delta.begin(connection, self.context.tenant, kind, select, ids)

    def latest(self, actor: Actor, place: DeltaPlace) -> DeltaPlace:
        """From where only what changes from now on is told."""
        return delta.latest(self.context.read(actor, DIRECTORY_READ), self.context.tenant, place)

    def page(self, actor: Actor, place: DeltaPlace, *, limit: int = 200) -> DeltaPage:
        """Some more of what is told. Raises AdminError where the changes since then are not known any more."""
        found = delta.page(self.context.read(actor, DIRECTORY_READ), self.context.tenant, place, limit=limit)
        if found is None:
            raise AdminError(
                "sync-state-expired",
                "What changed since this link was given out is no longer known whole.",
                "Begin again without a token, and delete what is not told any more.",
            )
        return found
