"""What the contract of sources asks of each of them: somebody who changes what it holds, and a model of who listens."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from provisor.engine.sources import CursorLost, DirectorySource, RecordGone, RecordTold, RecordUnreadable, SourcePage
from provisor.rules.source_settings import ActiveDirectorySettings, Server, SourceSettings
from provisor.testing.memory_domain import DOMAIN, Domain, anchor_of


class SourceRig(Protocol):
    """One kind of source, running, with an administrator at it. People and groups are called by short names."""

    tells_gone: bool  # a delta tells who was deleted; else only a full read shows it

    def settings(self) -> SourceSettings:
        """What an administrator would say of it."""

    def connector(self) -> DirectorySource:
        """A new connector to it."""

    def person(self, name: str, *, title: str = "", manager: str | None = None) -> None:
        """Add somebody, or change his title or manager."""

    def group(self, name: str, *members: str) -> None:
        """Add a group, or change its members: people or groups."""

    def rename(self, name: str, called: str) -> None:
        """Give somebody another name; he is asked for by the former one in these tests."""

    def remove(self, name: str) -> None:
        """Delete somebody, or a group."""

    def called(self, record: RecordTold) -> str:
        """The short name of whom a record is about."""

    def title(self, values: dict[str, Any]) -> str:
        """The title among values, or nothing."""


@dataclass(slots=True)
class Listener:
    """What somebody holds who keeps all that a source tells, as the runner does."""

    source: DirectorySource
    rig: SourceRig
    cursor: str | None = None
    records: dict[str, RecordTold] = field(default_factory=dict)
    members: dict[str, set[str]] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)  # anchors that the full read under way has told of
    told: list[str] = field(default_factory=list)  # short names of the last read, in order

    def read(self, *, full: bool = False, pages: int | None = None) -> list[SourcePage]:
        """Read to the end, or so many pages; from the beginning where the source cannot go on."""
        if full:
            self.cursor = None
        try:
            return self._read(pages)
        except CursorLost:
            self.cursor = None
            return self._read(pages)

    def _read(self, pages: int | None) -> list[SourcePage]:
        if self.cursor is None:
            self.seen = set()
        self.told, heard = [], list[SourcePage]()
        for page in self.source.read(self.cursor):
            heard.append(page)
            self.seen |= self._keep(page)
            self.cursor = page.cursor
            if page.last and page.full:
                for anchor in set(self.records) - self.seen:
                    del self.records[anchor]
            if page.last or (pages is not None and len(heard) == pages):
                break
        return heard

    def _keep(self, page: SourcePage) -> set[str]:
        seen = set()
        for told in page.told:
            if isinstance(told, RecordGone):
                gone = self.records.pop(told.anchor, None)
                self.told += [self.rig.called(gone)] if gone is not None and gone.kind != "container" else []
            elif isinstance(told, RecordTold):
                self._told(told)
                seen.add(told.anchor)
            elif isinstance(told, RecordUnreadable):
                raise AssertionError(told)
        return seen

    def _told(self, told: RecordTold) -> None:
        before = self.records.get(told.anchor)
        values = told.values if told.whole or before is None else {**before.values, **told.values}
        record = replace(told, values={name: value for name, value in values.items() if value not in (None, [])})
        self.records[told.anchor] = record
        if told.kind != "container":
            self.told.append(self.rig.called(record))
        if told.members is not None:
            held = set() if told.members.whole else self.members.get(told.anchor, set())
            self.members[told.anchor] = (held | set(told.members.added)) - set(told.members.removed)

    def find(self, name: str) -> RecordTold:
        """The record of somebody."""
        return next(
            record for record in self.records.values() if record.kind != "container" and self.rig.called(record) == name
        )

    def names(self, kind: str = "user") -> set[str]:
        """Everybody of a kind."""
        return {self.rig.called(record) for record in self.records.values() if record.kind == kind}

    def members_of(self, group: str) -> set[str]:
        """The short names of who is in a group."""
        references = self.members.get(self.find(group).anchor, set())
        return {
            self.rig.called(record)
            for record in self.records.values()
            if record.kind != "container" and record.reference in references
        }


class MemoryRig:
    """The in-memory source."""

    tells_gone = True

    def __init__(self) -> None:
        self.domain = Domain(page_size=2)

    def settings(self) -> SourceSettings:
        server = Server(addresses=("dc1.contoso.example",), user="reader@contoso.example")
        return ActiveDirectorySettings(server=server, base=DOMAIN)

    def connector(self) -> DirectorySource:
        return self.domain.source

    def person(self, name: str, *, title: str = "", manager: str | None = None) -> None:
        self.domain.person(name, manager=manager, title=title or None)

    def group(self, name: str, *members: str) -> None:
        self.domain.group(name, *members)

    def rename(self, name: str, called: str) -> None:
        self.domain.source.put("user", anchor_of(name), {"sAMAccountName": [called]})

    def remove(self, name: str) -> None:
        self.domain.remove(name)

    def called(self, record: RecordTold) -> str:
        return _first(record.values["sAMAccountName"])

    def title(self, values: dict[str, Any]) -> str:
        return _first(values.get("title", [""]))


def _first(values: Sequence[str] | Any) -> str:
    return str(values[0])
