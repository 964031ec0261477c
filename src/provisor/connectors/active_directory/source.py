"""The port of sources for a domain of Active Directory: which way it is read, and whether a place is still good.

DirSync first; what the account may see of it where it lacks the right; uSNChanged where DirSync is refused. Sources:
spec/entra-connect.md section 8.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from provisor.connectors.active_directory.asking import KINDS, asked_by
from provisor.connectors.active_directory.checking import checks
from provisor.connectors.active_directory.domain import DomainFacts
from provisor.connectors.active_directory.place import (
    COMPARED,
    Controller,
    DomainPlace,
    ReadMode,
    place_of,
    still_good,
)
from provisor.connectors.active_directory.reading import DomainReading
from provisor.connectors.active_directory.schema import attributes_of
from provisor.connectors.ldap_session import LdapSession
from provisor.engine.ports import Rejected, Secret
from provisor.engine.sources import CursorLost, RecordGone, RecordTold, SourceAttribute, SourceCheck, SourcePage
from provisor.rules.source_settings import ActiveDirectorySettings

_WAYS: Final[dict[str, tuple[ReadMode, ...]]] = {
    "automatic": ("dirsync", "visible", "usn"),
    "dirsync": ("dirsync", "visible"),
    "usn": ("usn",),
}


def _now() -> datetime:
    return datetime.now(UTC)


class ActiveDirectory:
    """A domain. Nothing is opened until something is asked. `clock` only says when a full read is due."""

    def __init__(
        self, settings: ActiveDirectorySettings, password: Secret, *, clock: Callable[[], datetime] = _now
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._asked = asked_by(settings)
        self._session = LdapSession(settings.server, password)
        self._domain = DomainFacts(self._session, settings.base)
        self._reading = DomainReading(self._session, settings.base, self._asked)

    def check(self) -> Iterator[SourceCheck]:
        """Try what reading takes, one thing after another, each told when it was tried; ends after what fails."""
        return checks(self._settings, self._session, self._domain)

    def attributes(self) -> Sequence[SourceAttribute]:
        """What the schema of the forest lets an administrator choose from, in the order of names."""
        return attributes_of(self._session, self._domain.schema_base())

    def read(self, cursor: str | None) -> Iterator[SourcePage]:
        """Everything there is (None), or what goes on or has changed since a cursor of another page.

        Raises CursorLost when it cannot go on from there; nothing was told then.
        """
        controller = self._domain.controller()
        if cursor is None:
            yield from self._full(controller)
            return
        place = place_of(cursor)
        still_good(place, self._asked.mark, controller)
        if place.state == "over" and self._is_compare_due(place):
            raise CursorLost("The account is not told of deletions: everything is read, to find out who is gone.")
        place = msgspec.structs.replace(place, controller=controller.name, invocation=controller.invocation)
        if place.state == "over":
            place = msgspec.structs.replace(place, state="delta", usn=controller.usn)
        yield from self._from(place)

    def look(self, anchors: Sequence[str]) -> Iterator[RecordTold | RecordGone]:
        """Ask after these objects by their GUIDs, deleted ones among them. Members are not told."""
        self._domain.controller()
        return self._reading.of_anchors(anchors)

    def moved(self, cursor: str) -> bool | None:
        """Whether something may have changed since a read ended with this cursor; None when only a read can tell.

        One question to the controller: its highestCommittedUSN.
        """
        try:
            place = place_of(cursor)
        except CursorLost:
            return True
        name, usn = self._domain.newest()
        if place.controller != name:
            return None
        return place.state != "over" or usn != place.usn or self._is_compare_due(place)

    def close(self) -> None:
        """Release the connection."""
        self._session.close()

    def _full(self, controller: Controller) -> Iterator[SourcePage]:
        """Begin a full read in the first of the ways that the account may go."""
        *earlier, last = _WAYS[self._settings.incremental]
        for mode in earlier:
            pages = self._from(self._beginning(mode, controller))
            try:
                first = next(pages)
            except Rejected:
                continue
            yield first
            yield from pages
            return
        yield from self._from(self._beginning(last, controller))

    def _beginning(self, mode: ReadMode, controller: Controller) -> DomainPlace:
        return DomainPlace(
            mode=mode, state="full", asked=self._asked.mark, controller=controller.name,
            invocation=controller.invocation, usn=controller.usn, cookies=("",) * len(KINDS),
            deletions=mode == "usn" and self._domain.shows_deleted(), compared=self._clock(),
        )  # fmt: skip

    def _from(self, place: DomainPlace) -> Iterator[SourcePage]:
        return self._reading.by_usn(place) if place.mode == "usn" else self._reading.by_dirsync(place)

    def _is_compare_due(self, place: DomainPlace) -> bool:
        """Whether a full read is to find out who was deleted, because the account is not told."""
        waits = timedelta() <= self._clock() - place.compared < COMPARED  # not where the clock was set back
        return not (place.deletions or waits)
