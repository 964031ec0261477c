"""Asking an LDAP directory for its objects, kind by kind: all of them, those that changed, or those below a container.

Everything that is seen tells something of the server's time (horizon). Members whom a group names by uid are looked up
when it is told, because nothing else links them to their entries.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from provisor.connectors.ldap.horizon import Sighting, moment_of
from provisor.connectors.ldap.names import folded_name, is_below
from provisor.connectors.ldap.place import KINDS
from provisor.connectors.ldap.questions import CHANGED, CREATED, OF_THE_SERVER, UID, LdapQuestions
from provisor.connectors.ldap.telling import member_names, record_of
from provisor.connectors.ldap_session import LdapEntry, LdapSession
from provisor.connectors.ldap_session.failures import NO_SUCH_OBJECT
from provisor.engine.ports import Malformed, Rejected
from provisor.engine.sources import RecordKind, RecordTold, RecordUnreadable, SourceTold
from provisor.scim.values import fold

PAGE_ENTRIES: Final = 500
_GROUPS_AT_ONCE: Final = 50  # each may have a hundred thousand members
_NAMES_AT_ONCE: Final = 100


class LdapReading:
    """One read of a directory. `sighting` finds out what it has seen of the server's time."""

    def __init__(self, session: LdapSession, asked: LdapQuestions, sighting: Sighting) -> None:
        self._session = session
        self._asked = asked
        self._base = asked.settings.base
        self.sighting: Final = sighting

    def records(
        self, kind: RecordKind, *, since: datetime | None = None, base: str | None = None
    ) -> Iterator[SourceTold]:
        """Objects of a kind. Of two with one anchor the first counts, and the other is told as unreadable."""
        name = self._asked.anchor(kind)
        seen: set[str] | None = None if name.lower() in OF_THE_SERVER else set()
        for entry in self._entries(kind, since=since, base=base):
            named = self._named(member_names(entry)) if kind == "group" else {}
            told = record_of(self._asked, kind, entry, named)
            if seen is not None and told.anchor is not None:
                if told.anchor in seen:
                    why = f"another entry has the same {name}, {told.anchor}."
                    told = RecordUnreadable(where=entry.dn, reason=why, anchor=told.anchor)
                seen.add(told.anchor or "")
            yield told

    def changed(self, since: datetime, swept: dict[str, str]) -> Iterator[SourceTold]:
        """Every object that changed, and whatever is below a container that did: it may have been renamed or moved,
        which changes nothing of them but their names. `swept` are containers (anchor, modifyTimestamp) that need no
        second look; those looked at are added.
        """
        moved: list[str] = []
        for entry in list(self._entries("container", since=since)):
            told = record_of(self._asked, "container", entry, {})
            yield told
            at = entry.text(CHANGED) or ""
            if told.anchor is not None and swept.get(told.anchor) != at and at != entry.text(CREATED):
                swept[told.anchor] = at
                moved.append(entry.dn)
        for name in _outermost(moved):
            yield from self._below(name)
        for kind in KINDS[1:]:
            yield from self.records(kind, since=since)

    def by_anchors(self, anchors: Sequence[str]) -> Iterator[RecordTold]:
        """Whoever there is of these; groups come without members. Raises Malformed where somebody cannot be read."""
        for kind in KINDS:
            name = self._asked.anchor(kind)
            for start in range(0, len(anchors), _NAMES_AT_ONCE):
                some = "".join(self._asked.equal(name, anchor) for anchor in anchors[start : start + _NAMES_AT_ONCE])
                query = f"(&{self._asked.query(kind)}(|{some}))"
                for entry in self._session.search(self._base, query, self._asked.attributes(kind, members=False)):
                    told = record_of(self._asked, kind, entry, {})
                    if isinstance(told, RecordUnreadable):
                        raise Malformed(f"The directory has {told.where}, but {told.reason}")
                    yield replace(told, members=None)

    def _below(self, container: str) -> Iterator[SourceTold]:
        try:
            for kind in KINDS:
                yield from self.records(kind, base=container)
        except Rejected as refused:
            if refused.status != NO_SUCH_OBJECT:  # it was moved on or deleted meanwhile, which tells itself
                raise

    def _entries(
        self, kind: RecordKind, *, since: datetime | None = None, base: str | None = None
    ) -> Iterator[LdapEntry]:
        found = self._session.search(
            base or self._base,
            self._asked.query(kind, since),
            self._asked.attributes(kind),
            page_entries=_GROUPS_AT_ONCE if kind == "group" else PAGE_ENTRIES,
        )
        for entry in found:
            self.sighting.saw(moment_of(entry.text(CHANGED)), moment_of(entry.text(CREATED)))
            yield entry

    def _named(self, uids: Sequence[str]) -> dict[str, str]:
        """The references of the people with these uids, by uid; both folded."""
        named: dict[str, str] = {}
        for start in range(0, len(uids), _NAMES_AT_ONCE):
            some = "".join(self._asked.equal(UID, uid) for uid in uids[start : start + _NAMES_AT_ONCE])
            query = f"(&{self._asked.query('user')}(|{some}))"
            for entry in self._session.search(self._base, query, [UID], paged=False):
                named |= {fold(uid): folded_name(entry.dn) for uid in entry.texts(UID)}
        return named


def _outermost(names: Sequence[str]) -> list[str]:
    """The containers that are below none of the others."""
    folded = {name: folded_name(name) for name in names}
    return [
        name
        for name, own in folded.items()
        if not any(own != other and is_below(own, other) for other in folded.values())
    ]
