"""The port of sources for a directory that speaks LDAP: when it is read whole, and when only what changed.

A full read is due `compare_seconds` after the last one began, because LDAP does not tell of deletions; where the server
counts its changes (contextCSN of OpenLDAP) and the count is the same as then, nobody can have left, and it is not.
A server that lacks changes which were seen before, a replica that is behind, is not read: people would seem to be gone.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from provisor.connectors.ldap.examining import examined
from provisor.connectors.ldap.horizon import OVERLAP, Horizon, Sighting, moment_of
from provisor.connectors.ldap.names import folded_name, is_below
from provisor.connectors.ldap.offering import offered
from provisor.connectors.ldap.place import (
    COUNTS,
    KINDS,
    ChangeCounts,
    LdapPlace,
    counts_of,
    cursor_of,
    is_behind,
    moment_in,
    oldest_news,
    place_of,
    question_of,
)
from provisor.connectors.ldap.questions import LdapQuestions
from provisor.connectors.ldap.reading import LdapReading
from provisor.connectors.ldap_session import LdapSession
from provisor.engine.ports import Secret, Unreachable
from provisor.engine.sources import (
    CursorLost,
    RecordGone,
    RecordTold,
    SourceAttribute,
    SourceCheck,
    SourcePage,
    SourceTold,
)
from provisor.rules.source_settings import LdapSettings

PAGE_RECORDS: Final = 500
_PAGE_MEMBERS: Final = 20_000  # a page of large groups ends early


def _now() -> datetime:
    return datetime.now(UTC)


class LdapDirectory:
    """A directory that speaks LDAP, as settings say. Opens nothing until asked.

    Of the secrets it takes `password`, of the account to sign in as. `clock` counts the seconds of a read and between
    full ones; when something changed, only the server's time says.
    """

    def __init__(
        self, settings: LdapSettings, secrets: Mapping[str, Secret], *, clock: Callable[[], datetime] = _now
    ) -> None:
        self._settings = settings
        self._asked = LdapQuestions(settings)
        self._session = LdapSession(settings.server, secrets.get("password", Secret("")))
        self._clock = clock
        self._question = question_of(settings, [name for kind in KINDS for name in self._asked.attributes(kind)])

    def check(self) -> Iterator[SourceCheck]:
        """Try what reading takes: sign in, find the base, people and groups, and what identifies and dates them."""
        return examined(self._session, self._asked, self._counts)

    def attributes(self) -> Sequence[SourceAttribute]:
        """What the published schema lets people and groups have besides the default attributes."""
        return offered(self._session)

    def close(self) -> None:
        """End the connection."""
        self._session.close()

    def look(self, anchors: Sequence[str]) -> Iterator[RecordTold | RecordGone]:
        """Ask after these objects by their anchors: whoever is below the base and fits a filter is told."""
        return self._reading(self._counts()).by_anchors(anchors)

    def moved(self, cursor: str) -> bool | None:
        """Whether the server's count of changes is another; None where it does not count."""
        try:
            place = place_of(cursor, self._question)
        except CursorLost:
            return True
        counts = self._counts()
        if not counts:
            return None
        return bool(place.kind) or counts != place.counts or self._is_due(place, counts)

    def read(self, cursor: str | None) -> Iterator[SourcePage]:
        """Everything, or what changed. Raises CursorLost, too, when it is time to see who is still there."""
        place = None if cursor is None else place_of(cursor, self._question)
        counts = self._counts()  # before anything is read: what changes meanwhile is looked at again
        if place is not None and is_behind(counts, place.counts):
            raise Unreachable(
                f"The server {self._session.address} lacks changes that were read before: it is a replica that is"
                " behind, or was restored from a backup. Try later, or read the source whole."
            )
        if place is None:
            begun = LdapPlace(
                question=self._question, kind=KINDS[0], counts=counts, compared=self._clock(), compared_counts=counts
            )
            return self._everything(begun)
        if place.kind:
            return self._everything(place)
        if self._is_due(place, counts):
            raise CursorLost("It is time to see who is still there: LDAP does not tell who was deleted.")
        if place.horizon is None or (counts and counts == place.counts):
            return iter([_page((), place, full=False, last=True)])
        return self._changes(place, place.horizon, counts)

    def _is_due(self, place: LdapPlace, counts: ChangeCounts) -> bool:
        """Whether it is time to see who is still there; a clock that was set back makes it so."""
        if counts and counts == place.compared_counts:
            return False
        passed = self._clock() - place.compared
        waits = timedelta() <= passed < timedelta(seconds=self._settings.compare_seconds)
        return place.horizon is None or not waits

    def _everything(self, place: LdapPlace) -> Iterator[SourcePage]:
        """A full read from a place in it."""
        reading, held = self._reading(place.counts), None
        # Of a read that another process began, only it knew what the server's time was at the beginning.
        began_by = place.bound if place.kind != KINDS[0] else None
        for kind in KINDS[KINDS.index(place.kind) :] if place.kind and began_by else KINDS:
            place = msgspec.structs.replace(place, kind=kind, bound=began_by or reading.sighting.bound)
            for told in _pages(reading.records(kind)):
                if held is not None:  # one page is held back: whether its kind ends with it shows after it
                    yield _page(held, place, full=True)
                held = told
        for told in _pages(self._meanwhile(place, reading)):
            if held is not None:
                yield _page(held, place, full=True)
            held = told
        over = LdapPlace(
            question=self._question, compared=place.compared, compared_counts=place.compared_counts,
            counts=place.counts, horizon=reading.sighting.after_all(began_by),
        )  # fmt: skip
        yield _page(held or (), over, full=True, last=True)

    def _meanwhile(self, place: LdapPlace, reading: LdapReading) -> Iterator[SourceTold]:
        """What changed during a full read: somebody who was moved may have been passed over, and would seem gone."""
        bound = reading.sighting.bound if place.bound is None else place.bound
        if bound is not None and not (place.counts and self._counts() == place.counts):
            yield from reading.changed(bound - OVERLAP, {})

    def _changes(self, place: LdapPlace, before: Horizon, counts: ChangeCounts) -> Iterator[SourcePage]:
        """What changed. Broken off, it begins anew: each page has the cursor that it began from."""
        reading, swept, held = self._reading(counts), dict(place.swept), None
        late = oldest_news(counts, place.counts)
        since = before.since if late is None else min(before.since, late - OVERLAP)
        for told in _pages(reading.changed(since, swept)):
            if held is not None:
                yield _page(held, place, full=False)
            held = told
        after = reading.sighting.after_changes(before)
        kept = {anchor: at for anchor, at in swept.items() if (moment_of(at) or after.since) >= after.since}
        over = msgspec.structs.replace(place, horizon=after, counts=counts, swept=kept)
        yield _page(held or (), over, full=False, last=True)

    def _reading(self, counts: ChangeCounts) -> LdapReading:
        """A read that begins now; the server's count of changes tells a time as well."""
        sighting = Sighting(self._clock)
        sighting.saw(*map(moment_in, counts.values()))
        return LdapReading(self._session, self._asked, sighting)

    def _counts(self) -> dict[str, str]:
        """contextCSN of the database that has the base, by server; empty where there is none to read."""
        base = folded_name(self._settings.base)
        contexts = self._session.root(["namingContexts"]).texts("namingContexts")
        above = [name for name in contexts if is_below(base, folded_name(name))]
        entry = self._session.look_up(max(above, key=len, default=self._settings.base), [COUNTS])
        return counts_of(entry.texts(COUNTS)) if entry is not None else {}


def _page(told: Sequence[SourceTold], place: LdapPlace, *, full: bool, last: bool = False) -> SourcePage:
    return SourcePage(told=told, cursor=cursor_of(place), last=last, full=full)


def _pages(records: Iterable[SourceTold]) -> Iterator[list[SourceTold]]:
    """Records in pages, smaller ones where groups are large."""
    page: list[SourceTold] = []
    members = 0
    for told in records:
        page.append(told)
        if isinstance(told, RecordTold) and told.members is not None:
            members += len(told.members.added)
        if len(page) == PAGE_RECORDS or members >= _PAGE_MEMBERS:
            yield page
            page, members = [], 0
    if page:
        yield page
