"""Where users and groups came from: the sources that feed them, with which attributes, and when these last ran."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from provisor.admin.actor import DIRECTORY_READ, Actor
from provisor.admin.context import Context
from provisor.storage import mastering
from provisor.storage.mastering import SourceOfObject, masters_among

__all__ = ["Provenance", "SourceOfObject", "masters_among"]


@dataclass(frozen=True, slots=True)
class Provenance:
    """Questions about single objects, by their ids."""

    context: Context

    def sources(self, actor: Actor, key: str) -> Sequence[SourceOfObject]:
        """The connected sources that feed an object or did, by precedence; none for one that is made here."""
        return mastering.sources_of(self.context.read(actor, DIRECTORY_READ), key)

    def last_runs(self, actor: Actor, ids: Sequence[str]) -> Mapping[str, int]:
        """Of these objects, those that a directory server feeds: when it was last read, in UTC microseconds."""
        return mastering.last_runs(self.context.read(actor, DIRECTORY_READ), self.context.tenant, ids)
