"""Whoever follows deltas to their ends holds what the directory holds, whatever changes between and within their pages."""

import shutil
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from provisor.database import open_database
from provisor.directory.delta import ChangedMember, ChangedObject
from provisor.directory.objects import DirectoryObject
from provisor.storage import delta, feed, members, objects, tenants, tombstones
from provisor.storage import directory_verbs as verbs

NAMES = ["anna", "bo", "cleo", "dag"]
TEAMS = ["Sales", "Staff", "Board"]


class Directory:
    """A few people and groups, changed by numbers that hypothesis draws."""

    def __init__(self, path):
        self.database = open_database(f"sqlite:///{path}")
        self.tenant = tenants.only(self.database.reader())
        self.now = datetime(2026, 3, 1, tzinfo=UTC)
        self.ids = []

    def do(self, verb, *arguments, **named):
        with self.database.transaction() as connection:
            return verb(connection, self.tenant, *arguments, **named)

    def of(self, kind, number, state):
        found = [objects.read(self.database.reader(), self.tenant, key) for key in self.ids]
        fit = [item for item in found if item is not None and item.kind == kind and state(item)]
        return fit[number % len(fit)] if fit else None

    def change(self, what, kind, first, second):
        self.now += timedelta(minutes=1)
        item = self.of(kind, first, lambda item: item.alive)
        match what:
            case "create":
                names = NAMES if kind == "user" else TEAMS
                called = {"user": "userPrincipalName", "group": "displayName"}[kind]
                made = self.do(verbs.create, kind, {called: names[first % len(names)]}, now=self.now)
                if isinstance(made, DirectoryObject):
                    self.ids.append(made.id)
            case "edit" if item is not None:
                self.do(verbs.update, item, {"mailNickname": f"nick{second}"})
            case "disable" if item is not None:
                flag = "accountEnabled" if kind == "user" else "securityEnabled"
                self.do(verbs.update, item, {flag: second % 2 == 0})
            case "delete" if item is not None:
                self.do(verbs.delete, item, now=self.now)
            case "restore":
                gone = self.of(kind, first, lambda item: item.deleted_at is not None and item.purged_at is None)
                if gone is not None:
                    self.do(verbs.restore, gone)
            case "purge":
                doomed = self.of(kind, first, lambda item: item.purged_at is None)
                if doomed is not None:
                    self.do(verbs.purge, doomed, now=self.now)
            case "add" | "remove":
                group, member = (
                    self.of("group", first, lambda item: item.alive),
                    self.of(kind, second, lambda item: item.alive),
                )
                if group is not None and member is not None and group.id != member.id:
                    if what == "add":
                        self.do(members.add, group.id, member.id)
                    else:
                        self.do(members.remove, group.id, member.id, now=self.now)
            case "clean":
                self.now += timedelta(days=9)
                passed = feed.current_change(self.database.reader(), self.tenant)
                self.do(tombstones.clean, passed, now=self.now)

    def held(self, kind):
        """What there is: attributes by id, and who is in each group."""
        reader = self.database.reader()
        found = {item.id: item.attributes for item in objects.page(reader, self.tenant, kind, limit=1_000)}
        within = {key: {one.id for one in members.of_group(reader, key, limit=1_000)} for key in found}
        return found, within if kind == "group" else {}


class Reader:
    """Somebody who keeps a copy by following links, and begins anew when told to."""

    def __init__(self, directory, kind):
        self.directory, self.kind = directory, kind
        self.begin()

    def begin(self):
        self.objects, self.members = {}, {}
        select = ("displayName", "members") if self.kind == "group" else ("displayName",)
        self.place = delta.begin(self.directory.database.reader(), self.directory.tenant, self.kind, select)

    def read(self, limit):
        """One page; whether the round is over."""
        page = delta.page(self.directory.database.reader(), self.directory.tenant, self.place, limit=limit)
        if page is None:
            self.begin()
            return False
        for told in page.told:
            match told:
                case ChangedObject(object=item) if item.alive:
                    self.objects[item.id] = item.attributes
                    if self.kind == "group":
                        self.members.setdefault(item.id, set())
                case ChangedObject(object=item):
                    self.objects.pop(item.id, None)
                    self.members.pop(item.id, None)
                case ChangedMember(present=True):
                    self.members.setdefault(told.group, set()).add(told.member)
                case ChangedMember():
                    self.members.get(told.group, set()).discard(told.member)
        self.place = page.place
        return page.over

    def catch_up(self):
        for _ in range(200):
            if self.read(100) and self.place.since == feed.current_change(
                self.directory.database.reader(), self.directory.tenant
            ):
                return
        raise AssertionError("The reader never comes to an end.")


NUMBER = st.integers(min_value=0, max_value=3)
OFTEN = ["edit", "disable", "delete", "restore", "add", "remove"]
CHANGES = st.tuples(
    st.sampled_from([*OFTEN * 4, "create", "create", "purge", "purge", "clean"]),
    st.sampled_from(["user", "group"]),
    NUMBER,
    NUMBER,
)
TO_THE_END = st.just(("all",))
READS = st.tuples(st.just("read"), st.sampled_from(["user", "group"]), st.integers(min_value=1, max_value=3))


def followed(path, steps):
    directory = Directory(path)
    try:
        for number in range(2):
            directory.change("create", "user", number, 0)
            directory.change("create", "group", number, 0)
            directory.change("add", "user", number, number)
        directory.change("add", "group", 0, 1)
        readers = {kind: Reader(directory, kind) for kind in ("user", "group")}
        for step in steps:
            if step[0] == "all":
                for reader in readers.values():
                    reader.catch_up()
            elif step[0] == "read":
                readers[step[1]].read(step[2])
            else:
                directory.change(*step)
        for reader in readers.values():
            reader.catch_up()
        return {kind: (reader.objects, reader.members) for kind, reader in readers.items()}, {
            kind: directory.held(kind) for kind in readers
        }
    finally:
        directory.database.close()


@settings(max_examples=150)
@given(steps=st.lists(CHANGES | CHANGES | READS | TO_THE_END, max_size=60))
def test_a_reader_holds_what_the_directory_holds(steps, migrated_file, tmp_path_factory):
    path = tmp_path_factory.mktemp("delta") / "service.db"
    shutil.copy(migrated_file, path)

    held, there = followed(path, steps)

    assert held == there
