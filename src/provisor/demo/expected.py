"""What the target should hold: worked out from the CSV files and the list of changes, and from nothing of ours.

Written against the documentation, not against the code, so that agreement with the product means something. Order: the
values, the files, the changes.
"""

import base64
import csv
import json
import re
import unicodedata
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

GROUP_LIMIT = 200  # what Umbrella allows: the tutorial's "Connector Limitations"

_GUID = re.compile(r"\{?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}?")
_UNREADABLE = re.compile("[\udc80-\udcff\0]")


@dataclass(slots=True, kw_only=True)
class ExpectedPerson:
    """One person of the directory and where provisioning should have brought them.

    standing: present (an active account), left (absent or inactive), gone (absent).
    """

    user_name: str
    id: str | None
    texts: dict[str, str]
    guid: bytes | None = None
    standing: str = "present"

    def attributes(self) -> dict[str, str]:
        """The account's text attributes by name; an empty one may be absent."""
        given, surname = self.texts.get("givenName", ""), self.texts.get("surname", "")
        return {
            "userName": self.user_name,
            "displayName": self.texts.get("displayName", ""),
            "name.givenName": given,
            "name.familyName": surname,
            "name.formatted": " ".join(part for part in (given, surname) if part),
        }


@dataclass(slots=True, kw_only=True)
class ExpectedGroup:
    """One group of the directory with the userNames of its members; `provisioned` is False beyond the capacity."""

    display_name: str
    id: str | None
    members: set[str] = field(default_factory=set)
    provisioned: bool = True


@dataclass(slots=True, kw_only=True)
class Expected:
    """Everything the target should hold."""

    people: dict[str, ExpectedPerson]
    groups: dict[str, ExpectedGroup]


def expected(users: Path | None, groups: Path | None, members: Path | None, changes: Path) -> Expected:
    """What the target should hold after these files and the changes, a JSON file that the demo wrote."""
    told = json.loads(changes.read_text(encoding="utf-8"))
    people = _people(users, told["people"])
    found = _groups(groups, told["groups"])
    _memberships(members, people, found)
    result = Expected(
        people={each.user_name: each for each in people}, groups={each.display_name: each for each in found}
    )
    for name in sorted(result.groups)[GROUP_LIMIT:]:
        result.groups[name].provisioned = False
    for change in told["changes"]:
        _apply(result, change, told["people"])
    return result


def same_name(text: str) -> str:
    """Names that differ only in case, or in how an accent is written, are the same name."""
    return unicodedata.normalize("NFC", text).lower()


def guid_bytes(text: str) -> bytes | None:
    """The 16 bytes of a GUID written as text, as 32 digits or in base64; None when it is invalid."""
    if _GUID.fullmatch(text):
        return uuid.UUID(text.strip("{}")).bytes_le
    if re.fullmatch("[0-9a-fA-F]{32}", text):
        return bytes.fromhex(text)
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return None
    return raw if len(raw) == 16 else None


def _people(path: Path | None, ids: Mapping[str, str]) -> list[ExpectedPerson]:
    """The rows that the directory accepts: the first of a name or objectGUID, readable, with a name."""
    found: list[ExpectedPerson] = []
    names: set[str] = set()
    guids: set[bytes] = set()
    for row in _rows(path):
        name = row["userPrincipalName"]
        guid_text = row.get("objectGUID")
        guid = guid_bytes(guid_text) if guid_text else None
        enabled = row.get("accountEnabled", "").lower()
        if not name.strip() or (guid_text is not None and guid is None) or enabled not in ("", "true", "false"):
            continue
        if same_name(name) in names or guid in guids:
            continue
        names.add(same_name(name))
        if guid is not None:
            guids.add(guid)
        standing = "left" if enabled == "false" else "present"
        found.append(ExpectedPerson(user_name=name, id=ids.get(name), texts=row, guid=guid, standing=standing))
    return found


def _groups(path: Path | None, ids: Mapping[str, str]) -> list[ExpectedGroup]:
    found: list[ExpectedGroup] = []
    names: set[str] = set()
    keys: set[str] = set()
    for row in _rows(path):
        name, key = row["displayName"], row.get("id")
        if not name.strip() or same_name(name) in names or (key is not None and (not key.strip() or key in keys)):
            continue
        names.add(same_name(name))
        keys.add(key or "")
        found.append(ExpectedGroup(display_name=name, id=ids.get(name)))
    return found


def _memberships(path: Path | None, people: list[ExpectedPerson], groups: list[ExpectedGroup]) -> None:
    by_name = {same_name(each.user_name): each for each in people}
    group_by_name = {same_name(each.display_name): each for each in groups}
    for row in _rows(path):
        group, person = group_by_name.get(same_name(row["group"])), by_name.get(same_name(row["member"]))
        if group is not None and person is not None:
            group.members.add(person.user_name)


def _apply(result: Expected, change: Mapping[str, str], ids: Mapping[str, str]) -> None:
    """One change of the demo's list; `do` says which."""
    name = change.get("person", "")
    match change["do"]:
        case "set":
            person = result.people[name]
            person.texts = {**person.texts, change["attribute"]: change["value"]}
        case "join":
            result.groups[change["group"]].members.add(name)
        case "leave":
            result.groups[change["group"]].members.discard(name)
        case "disable" | "unassign":
            result.people[name].standing = "left"
        case "purge":
            result.people[name].standing = "gone"
            for group in result.groups.values():
                group.members.discard(name)
        case "hire":
            guid = guid_bytes(change.get("objectGUID", ""))
            result.people[name] = ExpectedPerson(user_name=name, id=ids.get(name), texts=dict(change), guid=guid)
        case unknown:
            raise ValueError(f"The list of changes has one that the verifier does not know: {unknown}.")


def _rows(path: Path | None) -> Iterator[dict[str, str]]:
    """The readable rows of a CSV file under their headers, cells untouched."""
    if path is None:
        return
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
        lines = list(stream)
    records = _records(lines)
    header = next(records)
    for cells in records:
        if len(cells) == len(header) and not any(_UNREADABLE.search(cell) for cell in cells):
            yield dict(zip(header, cells, strict=True))


def _records(lines: list[str]) -> Iterator[list[str]]:
    """Records of a CSV file; one that cannot be read is given up, and the next line is tried."""
    begin = 0
    while begin < len(lines):
        at = begin

        def following() -> Iterator[str]:
            nonlocal at
            while at < len(lines):
                at += 1
                yield lines[at - 1]

        try:
            for cells in csv.reader(following(), strict=True):
                begin = at
                yield cells
            return
        except csv.Error:
            begin += 1
