"""Verbs on the clock: whether what is deleted for its age may be deleted, and a person's word that it may."""

from dataclasses import dataclass

from provisor.admin.actor import DIRECTORY_PURGE, DIRECTORY_READ, Actor
from provisor.admin.context import Context
from provisor.storage import clock
from provisor.storage.clock import Doubt

__all__ = ["Clock", "Doubt"]


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock of the machine, as this database has met it."""

    context: Context

    def doubt(self, actor: Actor) -> Doubt | None:
        """Why nothing is deleted for its age now; None when the clock is believed."""
        return clock.doubt(self.context.read(actor, DIRECTORY_READ), self.context.tenant)

    def believe(self, actor: Actor) -> Doubt | None:
        """Say that the clock is right; returns what was doubted, None when nothing was."""
        with self.context.change(actor, DIRECTORY_PURGE, "Confirm the clock") as change:
            doubt = clock.doubt(change.connection, self.context.tenant)
            if doubt is None:
                change.nothing()
                return None
            clock.believe(change.connection, self.context.tenant)
            change.target = "clock"
            change.detail = {"before": doubt.before.isoformat(), "since": doubt.since.isoformat()}
            return doubt
