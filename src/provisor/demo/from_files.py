"""The organisation of the demo from CSV files, imported and then changed by the verbs that a person would use."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from provisor.admin.session import Session
from provisor.demo.casting import CastChange
from provisor.terminal import counted, say

if TYPE_CHECKING:
    from provisor.admin.imports import ImportSummary

OBJECT_GUID = "objectGUID"
SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationFiles:
    """The organisation to play with; a small one may have users only."""

    users: Path | None = None
    groups: Path | None = None
    members: Path | None = None


@dataclass(slots=True)
class FromFiles:
    """Imports files, and changes by hand what they brought."""

    session: Session
    files: OrganisationFiles
    refused: int = field(default=0, init=False)

    def arrive(self) -> None:
        """Import them, and say what came."""
        from provisor.admin.imports import CsvImport

        say()
        say("Before the steps: the directory")
        order = CsvImport(users=self.files.users, groups=self.files.groups, members=self.files.members)
        summary = self.session.admin.imports.csv(self.session.actor, order)
        self.refused = len(summary.refused)
        _say_imported(summary)

    @property
    def has_object_guids(self) -> bool:
        """Whether people came with an objectGUID."""
        return self.files.users is not None and _has_column(self.files.users, OBJECT_GUID)

    def change(self, change: CastChange) -> CastChange:
        """One elementary change."""
        actor, admin, person = self.session.actor, self.session.admin, change["person"]
        match change["do"]:
            case "set":
                admin.users.set(actor, person, {change["attribute"]: change["value"]})
            case "join":
                admin.members.add(actor, change["group"], person)
            case "leave":
                admin.members.remove(actor, change["group"], person)
            case "disable":
                admin.users.set_enabled(actor, person, enabled=False)
            case "purge":
                admin.users.purge(actor, person)
            case _:
                admin.users.create(actor, {"userPrincipalName": person, **given(change)})
        return change

    def settle(self) -> None:
        """Changes by hand are there at once."""


def given(change: CastChange) -> Mapping[str, str]:
    """The attributes that a new hire comes with."""
    return {name: value for name, value in change.items() if name not in ("do", "person")}


def _say_imported(summary: "ImportSummary") -> None:
    say(
        f"Imported {counted(summary.users.created, 'user')}, {counted(summary.groups.created, 'group')} and "
        f"{counted(summary.memberships.created, 'membership')}."
    )
    for note in summary.refused[:SHOWN]:
        say(f"  Refused {note.file}, row {note.row}: {note.reason}")
    if len(summary.refused) > SHOWN:
        say(f"  … and {len(summary.refused) - SHOWN} more refused rows.")


def _has_column(path: Path, name: str) -> bool:
    import csv

    with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        return name in next(csv.reader(stream), [])
