"""Reading a domain: by DirSync, kind by kind, or by uSNChanged; page by page, each with the place after it.

A place is good in another process: of an answer that becomes several pages, those before the last keep the place before
it. Sources: spec/entra-connect.md section 8, MS-ADTS 3.1.1.3.4.1.3. Order: what is read with, DirSync, uSNChanged.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import msgspec

from provisor.connectors.active_directory.asking import KINDS, MEMBER, QUERIES, DomainAsked
from provisor.connectors.active_directory.domain import shows_deletion, shows_restore
from provisor.connectors.active_directory.place import DomainPlace, as_cursor, with_cookie
from provisor.connectors.active_directory.telling import DomainTelling
from provisor.connectors.ldap_session import LdapEntry, LdapSession, filter_value
from provisor.connectors.ldap_session.entries import EXTENDED_NAMES, SHOW_DELETED, SHOW_RECYCLED, LdapControl
from provisor.engine.ports import Malformed
from provisor.engine.sources import CursorLost, RecordGone, RecordTold, SourcePage, SourceTold
from provisor.scim.guid import guid_bytes

PAGE_OBJECTS: Final = 500
_ANYTHING: Final = "(|" + "".join(QUERIES[kind] for kind in KINDS) + ")"
_AT_ONCE: Final = (EXTENDED_NAMES,)
_WITH_DELETED: Final = (EXTENDED_NAMES, SHOW_DELETED, SHOW_RECYCLED)
_RESTORED: Final = "Somebody was restored who had been deleted: everything is read, to have his groups right."
_ASKED_TOGETHER: Final = 100  # objects by their GUIDs
_REPEATED: Final = 3  # so often an answer may leave the read where it was
_FIRST_STEP: Final = 10_000  # changes whose objects are asked for together in a full read; steps adapt


@dataclass(frozen=True, slots=True)
class DomainReading:
    """What a domain is read with."""

    session: LdapSession
    base: str
    asked: DomainAsked

    def by_dirsync(self, place: DomainPlace) -> Iterator[SourcePage]:
        """Go on from a place to the end of the read.

        Raises CursorLost when somebody was restored: whose member he is, or whose manager, is told of neither him nor
        them, and it is as before only where the domain has a recycle bin.
        """
        telling = DomainTelling(self.session, self.asked)
        full, repeated = place.state == "full", 0
        while True:
            kind = KINDS[place.stream]
            answer = self.session.dirsync(
                self.base,
                QUERIES[kind],
                self.asked.attributes[kind],
                place.cookie,
                object_security=place.mode == "visible",
            )
            repeated = repeated + 1 if answer.more and answer.cookie == place.cookie else 0
            if repeated > _REPEATED:
                raise Malformed("The domain controller says again and again that more follows, and tells nothing more.")
            if not full and any(shows_restore(entry) for entry in answer.entries):
                raise CursorLost(_RESTORED)
            if full and any(shows_deletion(entry) for entry in answer.entries):
                place = msgspec.structs.replace(place, deletions=True)
            after = with_cookie(place, answer.cookie, more=answer.more)
            told = [one for entry in answer.entries for one in telling.of_change(kind, entry)]
            yield from _pages(told, place, after, full=full)
            if after.state == "over":
                return
            place = after

    def by_usn(self, place: DomainPlace) -> Iterator[SourcePage]:
        """Go on from a place to the end of the read.

        A full read asks for the objects step by step along their last change, so that it can go on in between. What
        changes meanwhile is beyond the last step, where a search without an upper end finds it.
        """
        full = place.state == "full"
        step = _FIRST_STEP
        while full and place.since < place.usn:
            upto = min(place.since + step, place.usn)
            after = msgspec.structs.replace(place, since=upto)
            count = 0
            for page in _pages(self._between(place.since, upto), place, after, full=True):
                count += len(page.told)
                yield page
            step = step * 4 if count < PAGE_OBJECTS else max(step // 2, 1) if count > 4 * PAGE_OBJECTS else step
            place = after
        newest = self._newest()
        after = msgspec.structs.replace(place, since=newest, usn=newest, state="over")
        yield from _pages(self._between(place.since, None), place, after, full=full)

    def of_anchors(self, anchors: Sequence[str]) -> Iterator[RecordTold | RecordGone]:
        """What there is to tell of these objects, members left out; nothing of those that there are none of."""
        telling = DomainTelling(self.session, self.asked)
        names = [raw for anchor in anchors if (raw := guid_bytes(anchor)) is not None]
        attributes = [name for name in self.asked.of_all if name != MEMBER]
        for start in range(0, len(names), _ASKED_TOGETHER):
            some = names[start : start + _ASKED_TOGETHER]
            query = "(|" + "".join(f"(objectGUID={filter_value(raw)})" for raw in some) + ")"
            for entry in self.session.search(self.base, f"(&{_ANYTHING}{query})", attributes, controls=_WITH_DELETED):
                yield from telling.of_found(entry)

    def _newest(self) -> int:
        return int(self.session.root(["highestCommittedUSN"]).text("highestCommittedUSN") or 0)

    def _between(self, since: int, upto: int | None) -> Iterator[SourceTold]:
        telling = DomainTelling(self.session, self.asked)
        upper = "" if upto is None else f"(uSNChanged<={upto})"
        query = f"(&{_ANYTHING}(uSNChanged>={since + 1}){upper})"
        controls = _AT_ONCE if upto is not None else _WITH_DELETED
        for entry in self._found(query, controls):
            yield from telling.of_object(entry)

    def _found(self, query: str, controls: tuple[LdapControl, ...]) -> Iterator[LdapEntry]:
        return self.session.search(self.base, query, self.asked.of_all, controls=controls)


def _pages(told: Iterable[SourceTold], before: DomainPlace, after: DomainPlace, *, full: bool) -> Iterator[SourcePage]:
    """What is told in pages; only after the last of them the read goes on behind it."""
    rest = iter(told)
    page = list(islice(rest, PAGE_OBJECTS))
    while following := list(islice(rest, PAGE_OBJECTS)):
        yield SourcePage(told=page, cursor=as_cursor(before), last=False, full=full)
        page = following
    yield SourcePage(told=page, cursor=as_cursor(after), last=after.state == "over", full=full)
