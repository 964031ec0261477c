"""What a service would hold that reads a domain, without any database: pages are followed as they are told."""

from contextlib import suppress

from provisor.connectors.active_directory import ActiveDirectory
from provisor.engine.ports import Secret
from provisor.engine.sources import CursorLost, RecordGone, RecordTold, RecordUnreadable
from provisor.rules.source_settings import ActiveDirectorySettings, Server
from support.own_clock import OwnClock


def settings_of(address, user, base, *, server=None, **changed):
    """Settings of a domain whose server is at an address, by plain LDAP unless `server` says otherwise."""
    reached = Server(
        **{"addresses": (address,), "user": user, "transport": "plain", "timeout_seconds": 10} | (server or {})
    )
    return ActiveDirectorySettings(**{"server": reached, "base": base} | changed)


class DomainFollowing:
    """Records and memberships by anchor, and the cursor that is kept with each page.

    `told` is what the last run was told, `pages` its pages, `lost` how often a cursor was.
    """

    def __init__(self, settings, password):
        self.clock = OwnClock()
        self.source = ActiveDirectory(settings, Secret(password), clock=self.clock)
        self.cursor, self.records, self.members, self.lost = None, {}, {}, 0
        self.told, self.pages = [], []
        self._seen, self._members_seen = set(), set()

    def run(self, *, most_pages=None):
        """One run, to its end or for some pages; returns the anchors that it was told of."""
        self.told, self.pages = [], []
        with suppress(CursorLost):
            self._follow(most_pages)
            return self.anchors
        self.lost, self.cursor = self.lost + 1, None
        self._follow(most_pages)
        return self.anchors

    def again(self, settings, password):
        """Another process that goes on with what was kept."""
        self.source.close()
        other = DomainFollowing(settings, password)
        other.cursor, other.records, other.members = self.cursor, self.records, self.members
        other._seen, other._members_seen = self._seen, self._members_seen
        return other

    @property
    def anchors(self):
        return {one.anchor for one in self.told}

    def of(self, kind):
        """Values of the records of a kind, by their cn or distinguished name."""
        found = (one for one in self.records.values() if one["kind"] == kind)
        return {one["values"].get("cn", [one["values"]["distinguishedName"]])[0]: one["values"] for one in found}

    def members_of(self, anchor):
        """Anchors of those who are in a group and there."""
        return self.members.get(anchor, set()) & set(self.records)

    def state(self):
        """All of it, to compare."""
        groups = {anchor for anchor, one in self.records.items() if one["kind"] == "group"}
        return (
            {
                anchor: {name: _sorted(value) for name, value in one["values"].items()}
                for anchor, one in self.records.items()
            },
            {anchor: self.members_of(anchor) for anchor in groups},
        )

    def fresh(self, settings, password):
        """What somebody holds who reads everything now."""
        other = DomainFollowing(settings, password)
        other.run()
        other.source.close()
        return other.state()

    def _follow(self, most_pages):
        if self.cursor is None:
            self._seen, self._members_seen = set(), set()
        for count, page in enumerate(self.source.read(self.cursor), start=1):
            self.pages.append(page)
            self.told += page.told
            for one in page.told:
                self._keep(one)
            self.cursor = page.cursor
            if page.full and page.last:
                self._forget_unseen()
            if page.last or count == most_pages:
                return

    def _keep(self, one):
        match one:
            case RecordGone():
                self.records.pop(one.anchor, None)
                for group in self.members.values():  # deleting takes an object out of its groups
                    group.discard(one.anchor)
                for record in self.records.values():
                    if record["values"].get("manager") == [one.anchor]:
                        del record["values"]["manager"]
            case RecordTold():
                before = {} if one.whole else self.records.get(one.anchor, {"values": {}})["values"]
                merged = {**before, **one.values}
                kept = {name: value for name, value in merged.items() if value is not None}
                former = self.records.get(one.anchor)
                self.records[one.anchor] = {"kind": one.kind, "values": kept}
                self._seen.add(one.anchor)
                if one.kind == "container" and former is not None:
                    self._rebase(former["values"]["distinguishedName"], kept["distinguishedName"])
                if one.members is not None:
                    group = self.members.setdefault(one.anchor, set())
                    if one.members.whole:
                        group.clear()
                    group.update(one.members.added)
                    group.difference_update(one.members.removed)
                    self._members_seen |= {(one.anchor, member) for member in one.members.added}
            case RecordUnreadable():
                raise AssertionError(one)

    def _rebase(self, former, present):
        for record in self.records.values():
            name = record["values"]["distinguishedName"]
            if name.lower().endswith("," + former.lower()):
                record["values"]["distinguishedName"] = name[: -len(former)] + present

    def _forget_unseen(self):
        self.records = {anchor: one for anchor, one in self.records.items() if anchor in self._seen}
        self.members = {
            anchor: {one for one in group if (anchor, one) in self._members_seen}
            for anchor, group in self.members.items()
            if anchor in self._seen
        }


def _sorted(value):
    return sorted(value) if isinstance(value, list) else value
