"""What a service would hold that runs an LDAP directory as a source, without any database: pages are followed as told."""

from dataclasses import replace

from provisor.connectors.ldap import LdapDirectory
from provisor.engine.ports import Secret
from provisor.engine.sources import CursorLost, RecordUnreadable
from provisor.rules.source_settings import LdapSettings, Server
from support.own_clock import OwnClock
from support.slapd import PASSWORD, READER, SUFFIX


def settings_of(port, **changed):
    server = Server(addresses=(f"127.0.0.1:{port}",), user=READER, transport="plain", timeout_seconds=5)
    return LdapSettings(**{"server": server, "base": SUFFIX} | changed)


class Following:
    """What a service would hold that runs a source: records by anchor, and a cursor that is kept with each page."""

    def __init__(self, port, **changed):
        self.port, self.clock, self._changed = port, OwnClock(), changed
        self.source = LdapDirectory(settings_of(port, **changed), {"password": Secret(PASSWORD)}, clock=self.clock)
        self.cursor, self.records, self.unreadable, self.told, self.pages = None, {}, [], [], 0
        self._seen, self.was_full = set(), False

    def run(self):
        """One run, to its end; returns the anchors that it told of."""
        self.told, self.pages = [], 0
        try:
            pages = self.source.read(self.cursor)
        except CursorLost:
            self.cursor = None
            pages = self.source.read(None)
        if self.cursor is None:
            self._seen = set()
        for page in pages:
            self._keep(page)
        return {one.anchor for one in self.told}

    def _keep(self, page):
        self.was_full, self.pages, self.cursor = page.full, self.pages + 1, page.cursor
        for one in page.told:
            self.told.append(one)
            if isinstance(one, RecordUnreadable):
                self.unreadable.append(one)
            else:
                self.records[one.anchor] = one
            self._seen.add(one.anchor)
        if page.full and page.last and None not in self._seen:
            self.records = {anchor: one for anchor, one in self.records.items() if anchor in self._seen}

    def of(self, kind):
        """Values of the records of a kind by the first value of cn, or of ou."""
        return {name_of(one): one for one in self.records.values() if one.kind == kind}

    def whole(self):
        """What a fresh read of everything tells, to compare with."""
        fresh = Following(self.port, **self._changed)
        fresh.run()
        fresh.source.close()
        return fresh.records


def name_of(record):
    values = record.values.get("cn") or record.values.get("ou") or record.values["distinguishedName"]
    return values[0]


def alike(some, others):
    """Whether records say the same; members have no order."""
    return _comparable(some) == _comparable(others)


def _comparable(records):
    return {
        anchor: replace(one, members=one.members and frozenset(one.members.added)) for anchor, one in records.items()
    }
