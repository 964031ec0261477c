"""The sample organisation as a throwaway Active Directory: a domain of Samba, filled before it answers.

What is in it is remembered by the names that the files have, and written down with the objectGUIDs that the domain
gave, for the verifier. Order: the domain, its objects, what a column is in Active Directory.
"""

import base64
import csv
import secrets
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from provisor.demo.from_files import OBJECT_GUID, OrganisationFiles

if TYPE_CHECKING:
    from provisor.testing.samba import SambaDomain, SambaStep

PEOPLE: Final = "OU=People"
GROUPS: Final = "OU=Groups"
READER: Final = "provisor"
AT_ONCE: Final = 500  # objects in a transaction
ENABLED: Final = "544"  # userAccountControl: a normal account that needs no password, which none of these has
DISABLED: Final = "546"
IN_DOMAIN: Final = {
    "displayName": "displayName",
    "givenName": "givenName",
    "surname": "sn",
    "mail": "mail",
    "jobTitle": "title",
    "department": "department",
    "city": "l",
    "officeLocation": "physicalDeliveryOfficeName",
    "businessPhone": "telephoneNumber",
    "mobilePhone": "mobile",
    "faxNumber": "facsimileTelephoneNumber",
    "employeeId": "employeeID",
    "employeeType": "employeeType",
}


class SampleDomain:
    """People in a unit per department, groups, and an account to read them with."""

    def __init__(self, samba: "SambaDomain") -> None:
        self.samba = samba
        self.people: dict[str, str] = {}  # userPrincipalName -> distinguished name
        self.groups: dict[str, str] = {}  # displayName -> distinguished name
        self.containers = tuple(f"{unit},{samba.base}" for unit in (PEOPLE, GROUPS))
        self.reader_password = f"{secrets.token_urlsafe(18)}-0pen"

    def fill(self, files: OrganisationFiles, written: Path) -> int:
        """Put the organisation in; `written` gets its people with the objectGUIDs that the domain gave. How many
        memberships there are.
        """
        people, members = _rows(files.users), dict[str, list[str]]()
        for row in people:
            self.people[row["userPrincipalName"]] = self._name_of(row["userPrincipalName"], row["department"])
        for row in _rows(files.members):
            members.setdefault(row["group"], []).append(self.people[row["member"]])
        self._units(sorted({row["department"] for row in people}))
        guids = self._added([self._person(row) for row in people])
        self._added([self._group(row, members.get(row["displayName"], [])) for row in _rows(files.groups)])
        self.samba.account(READER, self.reader_password)
        self.samba.allow_replication(READER)
        self.samba.allow_deletions(READER)
        with written.open("w", encoding="utf-8", newline="") as stream:
            rows = csv.DictWriter(stream, people[0].keys())
            rows.writeheader()
            rows.writerows({**row, OBJECT_GUID: guid} for row, guid in zip(people, guids, strict=True))
        return sum(map(len, members.values()))

    def change(self, change: Mapping[str, str]) -> Mapping[str, str]:
        """One change of the demo's list, as the verifier is to be told of it."""
        person, samba = change["person"], self.samba
        match change["do"]:
            case "set":
                samba.set(self.people[person], **{IN_DOMAIN[change["attribute"]]: change["value"]})
            case "join":
                samba.join(self.groups[change["group"]], self.people[person])
            case "leave":
                samba.leave(self.groups[change["group"]], self.people[person])
            case "disable":
                samba.set(self.people[person], userAccountControl=DISABLED)
            case "purge":
                samba.delete(self.people.pop(person))
            case _:
                self.people[person] = self._name_of(person, "")
                return {**change, OBJECT_GUID: self._added([self._person(change)])[0]}
        return change

    def object_guids(self, names: Iterable[str]) -> dict[str, bytes]:
        """The 16 bytes of objectGUID as the domain tells them now, by userPrincipalName; of whom it has."""
        known = [name for name in names if name in self.people]
        told = self.samba.write([{"do": "read", "dn": self.people[name], "attribute": OBJECT_GUID} for name in known])
        return {name: base64.b64decode(guid or "") for name, guid in zip(known, told, strict=True)}

    def _units(self, departments: list[str]) -> None:
        names = [*self.containers, *(f"OU={department},{self.containers[0]}" for department in departments)]
        self._added([_step(name, {"objectClass": "organizationalUnit"}) for name in names])

    def _added(self, steps: "list[SambaStep]") -> list[str]:
        told: list[str | None] = []
        for first in range(0, len(steps), AT_ONCE):
            told += self.samba.write(steps[first : first + AT_ONCE])
        return [guid or "" for guid in told]

    def _name_of(self, principal: str, department: str) -> str:
        unit = f"OU={department},{self.containers[0]}" if department else self.containers[0]
        return f"CN={principal.partition('@')[0]},{unit}"

    def _person(self, row: Mapping[str, str]) -> "SambaStep":
        """Managers come before those who report to them, in the sample."""
        principal = row["userPrincipalName"] if "userPrincipalName" in row else row["person"]
        manager = row.get("manager")
        values = {
            "objectClass": "user",
            "sAMAccountName": principal.partition("@")[0],
            "userPrincipalName": principal,
            "userAccountControl": DISABLED if row.get("accountEnabled") == "false" else ENABLED,
            "manager": self.people[manager] if manager else "",
            **{name: row.get(column, "") for column, name in IN_DOMAIN.items()},
        }
        return _step(self.people[principal], {name: value for name, value in values.items() if value})

    def _group(self, row: Mapping[str, str], members: list[str]) -> "SambaStep":
        name = row["displayName"]
        self.groups[name] = f"CN={name},{self.containers[1]}"
        values: dict[str, str | list[str]] = {
            "objectClass": "group",
            "sAMAccountName": name,
            "displayName": name,
            "description": row["description"],
            "member": members,
        }
        return _step(self.groups[name], values)


def _step(dn: str, values: Mapping[str, str | list[str]]) -> "SambaStep":
    listed = {name: value if isinstance(value, list) else [value] for name, value in values.items()}
    return {"do": "add", "dn": dn, "values": {name: each for name, each in listed.items() if each}}


def _rows(path: Path | None) -> list[dict[str, str]]:
    def read(found: Path) -> Iterator[dict[str, str]]:
        with found.open(encoding="utf-8", newline="") as stream:
            yield from csv.DictReader(stream)

    return [] if path is None else list(read(path))
