"""Verbs on the clock: whether objects may be deleted because of their age, and a person's word that they may."""

from dataclasses import dataclass

from provisor.admin.actor import DIRECTORY_PURGE, DIRECTORY_READ, Actor
from provisor.admin.context import Context
from provisor.storage import clock
from provisor.storage.clock import Doubt

__all__ = ["Clock", "Doubt"]


@dataclass(frozen=True, slots=True)
class Clock:
    """The machine's clock, as this database has seen it."""

    context: Context

    def doubt(self, actor: Actor) -> Doubt | None:
        """Why nothing is deleted because of its age now; None when the clock is trusted."""
        return clock.doubt(self.context.read(actor, DIRECTORY_READ), self.context.tenant)

    def believe(self, actor: Actor) -> Doubt | None:
        """Confirm that the clock is right; returns what was doubted, None when nothing was."""
        with self.context.change(actor, DIRECTORY_PURGE, "Confirm the clock") as change:
            doubt = clock.doubt(change.connection, self.context.tenant)
            if doubt is None:
                change.nothing()
                return None
            clock.believe(change.connection, self.context.tenant)
            change.target = "clock"
            change.detail = {"before": doubt.before.isoformat(), "since": doubt.since.isoformat()}
            return doubt
