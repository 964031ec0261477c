"""An import as tests write it: tables given as lists of rows become files, the directory is looked at afterwards."""

import csv
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from provisor.database import Database
from provisor.directory.objects import DirectoryKind, DirectoryObject, DirectoryValue, Refusal
from provisor.runner.importing.import_source import CsvImport, import_csv
from provisor.runner.importing.summary import ImportSummary
from provisor.storage import directory_verbs as verbs
from provisor.storage import extensions, feed, members, objects

Rows = Sequence[Sequence[str]]


class Company:
    """One tenant that takes CSV files written into a folder."""

    def __init__(self, database: Database, tenant: str, now: datetime, folder: Path) -> None:
        self.database = database
        self.tenant = tenant
        self.now = now
        self.folder = folder

    def take(
        self, users: Rows | None = None, groups: Rows | None = None, members: Rows | None = None, **order: Any
    ) -> ImportSummary:
        """Write these tables as files and import them; fails when they are refused as a whole."""
        outcome = self.offer(users, groups, members, **order)
        if isinstance(outcome, Refusal):
            raise AssertionError(outcome)
        return outcome

    def offer(
        self, users: Rows | None = None, groups: Rows | None = None, members: Rows | None = None, **order: Any
    ) -> ImportSummary | Refusal:
        """Write these tables as files and import them; whatever comes of it."""
        order |= {
            name: self.written(name, table)
            for name, table in (("users", users), ("groups", groups), ("members", members))
            if table is not None
        }
        return import_csv(self.database, self.tenant, CsvImport(**order), now=self.now)

    def written(self, name: str, table: Rows) -> Path:
        path = self.folder / f"{name}.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(table)
        return path

    def people(self, *upns: str, **order: Any) -> ImportSummary:
        """Import a users file that has only names."""
        return self.take(users=[["userPrincipalName"], *([upn] for upn in upns)], **order)

    def user(self, key: str) -> DirectoryObject:
        """The live user of this name."""
        return self._found("user", key)

    def group(self, key: str) -> DirectoryObject:
        """The live group of this name."""
        return self._found("group", key)

    def attribute(self, key: str, name: str) -> DirectoryValue:
        """One attribute of a live user."""
        return self.user(key).attributes.get(name)

    def manager(self, key: str) -> str | None:
        """The userPrincipalName of somebody's manager."""
        item = self.user(key)
        found = objects.read(self.database.reader(), self.tenant, item.manager) if item.manager else None
        return found.name if found else None

    def members(self, group: str) -> set[str]:
        """The names of a group's live members."""
        found = members.of_group(self.database.reader(), self._found("group", group).id, limit=10_000)
        return {item.name for item in found}

    def full_name(self, attribute: str) -> str:
        """The name an attribute has as an extension here."""
        return extensions.full_name(self.database.reader(), self.tenant, attribute)

    @property
    def change(self) -> int:
        """The newest change number."""
        return feed.current_change(self.database.reader(), self.tenant)

    def count(self, kind: DirectoryKind = "user") -> int:
        """How many live objects there are."""
        return objects.count(self.database.reader(), self.tenant, kind)

    def _found(self, kind: DirectoryKind, key: str) -> DirectoryObject:
        found = verbs.find(self.database.reader(), self.tenant, kind, key)
        if isinstance(found, Refusal):
            raise AssertionError(found)
        return found
