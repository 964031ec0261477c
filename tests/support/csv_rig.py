"""CSV files as a source under the contract: three files in a folder, written anew by every change."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from provisor.connectors.csv_source import CsvSource
from provisor.engine.sources import DirectorySource, RecordTold
from provisor.rules.source_settings import CsvSettings


@dataclass(slots=True)
class _Row:
    """Somebody, or a group, with what is called differently now."""

    called: str
    title: str = ""
    manager: str | None = None
    members: tuple[str, ...] = ()


@dataclass(slots=True)
class CsvRig:
    """Files in a folder. People are identified by employeeId and groups by id, so that they can be renamed."""

    folder: Path
    tells_gone: bool = False
    people: dict[str, _Row] = field(default_factory=dict)
    groups: dict[str, _Row] = field(default_factory=dict)

    def settings(self) -> CsvSettings:
        named = {name: str(self.folder / f"{name}.csv") for name in ("users", "groups", "members")}
        return CsvSettings(**named, user_anchor="employeeId", group_anchor="id")

    def connector(self) -> DirectorySource:
        return CsvSource(self.settings())

    def person(self, name: str, *, title: str = "", manager: str | None = None) -> None:
        called = self.people[name].called if name in self.people else name
        self.people[name] = _Row(called, title, manager)
        self._write()

    def group(self, name: str, *members: str) -> None:
        self.groups[name] = _Row(name, members=members)
        self._write()

    def rename(self, name: str, called: str) -> None:
        self.people[name].called = called
        self._write()

    def remove(self, name: str) -> None:
        for rows in (self.people, self.groups):
            rows.pop(name, None)
        self._write()

    def called(self, record: RecordTold) -> str:
        name = "userPrincipalName" if record.kind == "user" else "displayName"
        return str(record.values[name]).removesuffix("@contoso.com")

    def title(self, values: dict[str, Any]) -> str:
        return str(values.get("jobTitle", ""))

    def _address(self, name: str) -> str:
        return f"{self.people[name].called}@contoso.com" if name in self.people else name

    def _write(self) -> None:
        people = ((name, self._address(name), row.title, self._address(row.manager or ""))
                  for name, row in self.people.items())  # fmt: skip
        self._file("users", ("employeeId", "userPrincipalName", "jobTitle", "manager"), people)
        self._file("groups", ("id", "displayName"), ((name, row.called) for name, row in self.groups.items()))
        members = ((name, self._address(one)) for name, row in self.groups.items() for one in row.members)
        self._file("members", ("group", "member"), members)

    def _file(self, name: str, header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
        """Another file takes the place of the former one, so that it differs from it whatever the clock says."""
        with (self.folder / f"{name}.new").open("w", newline="") as stream:
            csv.writer(stream).writerows([header, *rows])
        (self.folder / f"{name}.new").replace(self.folder / f"{name}.csv")
