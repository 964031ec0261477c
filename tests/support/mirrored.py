"""A domain of Active Directory in memory, mirrored into a directory of its own, for tests of sources."""

import json
from datetime import UTC, datetime, timedelta

from provisor.database import Database, open_database
from provisor.engine.sources import DirectorySource
from provisor.rules.source_settings import ActiveDirectorySettings, Server, SourceSettings
from provisor.runner.sourcing.previewing import preview_source
from provisor.runner.sourcing.run_source import SourceOrder, run_source
from provisor.storage import connected_sources, members, objects, source_records
from provisor.storage.schema import migrate
from provisor.testing.memory_domain import DOMAIN, PEOPLE, Domain, anchor_of

__all__ = ["DOMAIN", "PEOPLE", "Domain", "Mirror", "anchor_of", "mirror_in"]


class Mirror:
    """A directory with sources, and what a test asks of it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.tenant = migrate(database)
        self.passed = timedelta()

    def now(self) -> datetime:
        """The time of the test."""
        return datetime(2031, 3, 4, 10, tzinfo=UTC) + self.passed

    def connect(
        self,
        name: str = "contoso",
        *,
        precedence: int = 100,
        threshold: int | None = 500,
        staging: bool = False,
        **settings,
    ) -> str:
        """A source of Active Directory; returns its id."""
        server = Server(addresses=("dc1.contoso.example",), user="reader@contoso.example")
        document = ActiveDirectorySettings(server=server, base=DOMAIN, **settings)
        return self.connect_as(name, document, precedence=precedence, threshold=threshold, staging=staging)

    def connect_as(
        self,
        name: str,
        document: SourceSettings,
        *,
        precedence: int = 100,
        threshold: int | None = 500,
        staging: bool = False,
    ) -> str:
        """A source of any kind; returns its id."""
        with self.database.transaction() as connection:
            made = connected_sources.add(
                connection, self.tenant, name, document, precedence=precedence, interval_seconds=1800,
                staging=staging, deletion_threshold=threshold, now=self.now(),
            )  # fmt: skip
        return made.id

    def only_source(self) -> str:
        """The id of the only source there is."""
        (found,) = connected_sources.every(self.database.reader(), self.tenant)
        return found.id

    def source(self, source: str):
        """A source as it is stored."""
        return connected_sources.read(self.database.reader(), self.tenant, source)

    def run(self, source: str, domain: Domain, **order):
        """One run of a source."""
        return self.run_with(source, domain.source, **order)

    def run_with(self, source: str, connector: DirectorySource, **order):
        """One run of a source by this connector."""
        return run_source(self.database, self.tenant, SourceOrder(source=source, **order), connector, now=self.now)

    def preview(self, source: str, domain: Domain, **order):
        """What a run of a source would do."""
        return preview_source(
            self.database, self.tenant, SourceOrder(source=source, **order), domain.source, now=self.now
        )

    def alive(self, kind: str = "user") -> dict[str, objects.DirectoryObject]:
        """Everybody alive, by the part of the name before the @."""
        found, after = {}, ""
        while page := objects.page(self.database.reader(), self.tenant, kind, after=after, limit=500):
            after = page[-1].id
            found |= {item.name.partition("@")[0]: item for item in page}
        return found

    def deleted(self, kind: str = "user") -> set[str]:
        """The short names of those in the recycle bin."""
        page = objects.page(self.database.reader(), self.tenant, kind, limit=500, deleted=True)
        return {item.name.partition("@")[0] for item in page}

    def members(self, group: str) -> set[str]:
        """The short names of the live members of a group."""
        item = self.alive("group")[group]
        found = members.of_group(self.database.reader(), item.id, limit=1_000)
        return {one.name.partition("@")[0] for one in found}

    def manager(self, name: str) -> str | None:
        """The short name of somebody's manager."""
        people = self.alive()
        leader = people[name].manager
        return next((short for short, item in people.items() if item.id == leader), None)

    def reasons(self, source: str) -> dict[str, str]:
        """Why records are left out or refused: code by anchor."""
        rows = source_records.page(self.database.reader(), source, with_reason=True)
        return {row.anchor: row.reason.code for row in rows if row.reason is not None}

    def seen(self) -> dict[str, object]:
        """What the directory holds, told without ids and moments: equal in two that mirror the same."""
        people, groups = self.alive(), self.alive("group")
        moments = {"onPremisesLastSyncDateTime"}
        told = {
            name: {key: value for key, value in item.attributes.items() if key not in moments}
            for name, item in {**people, **groups}.items()
        }
        managers = {name: self.manager(name) for name in people}
        return {"told": told, "managers": managers, "members": {name: self.members(name) for name in groups}}

    def everything(self) -> str:
        """Objects and memberships as text, without change numbers: equal when nothing was changed."""
        reader = self.database.reader()
        rows = reader.all(
            "SELECT id, kind, name, attributes, manager, enabled, deleted_at, purged_at FROM object ORDER BY id"
        )
        edges = reader.all("SELECT group_id, member_id, removed_at FROM member ORDER BY group_id, member_id")
        return json.dumps([[list(row) for row in rows], [list(edge) for edge in edges]])


def mirror_in(path) -> Mirror:
    """A mirror in a new database."""
    return Mirror(open_database(f"sqlite:///{path}"))
