"""Does the target hold what it should? Reads it over HTTP with a token of its own and compares everything.

Imports the standard library and the expectation beside it, nothing of what it verifies: neither engine nor target, not
even the protocol. Every difference is a sentence.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

from provisor.demo.expected import Expected, ExpectedGroup, ExpectedPerson, expected, guid_bytes

PAGE = 100
TIMEOUT_SECONDS = 60
UMBRELLA = "urn:ietf:params:scim:schemas:extension:ciscoumbrella:2.0:User"
_OF_THE_PROTOCOL = {"schemas", "id", "meta", "groups"}  # what every SCIM resource has besides its own attributes


def verify(
    *, url: str, token: str, users: Path | None, groups: Path | None, members: Path | None, changes: Path
) -> list[str]:
    """Every difference between the target and what files and changes say it should hold; empty when there is none."""
    wanted = expected(users, groups, members, changes)
    accounts = list(_read_all(url, "Users", token))
    names = {str(account["id"]): str(account.get("userName")) for account in accounts}
    differences = list(_people(wanted, accounts))
    return differences + list(_groups(wanted, list(_read_all(url, "Groups", token)), names))


def account(url: str, token: str, name: str) -> dict[str, Any] | None:
    """The account of this userName; None where there is none."""
    quoted = quote(f'userName eq "{name}"')
    return next(_read_all(url, f"Users?filter={quoted}", token), None)


def native_object_ids(url: str, token: str) -> dict[str, bytes | None]:
    """The 16 bytes that the nativeObjectId of each account stands for, by userName; None where it is none."""
    held = {
        str(each.get("userName")): each.get(UMBRELLA, {}).get("nativeObjectId")
        for each in _read_all(url, "Users", token)
    }
    return {name: guid_bytes(str(value)) for name, value in held.items()}


def _people(wanted: Expected, accounts: list[dict[str, Any]]) -> Iterator[str]:
    seen: set[str] = set()
    for account in accounts:
        name = str(account.get("userName"))
        person = wanted.people.get(name)
        if person is None:
            yield f"There is an account {name!r} that belongs to nobody in the directory."
        elif name in seen:
            yield f"There are two accounts {name!r}."
        elif person.standing == "gone":
            yield f"{name!r} was deleted for good and still has an account."
        else:
            yield from _account(person, account)
        seen.add(name)
    for name, person in wanted.people.items():
        if person.standing == "present" and name not in seen:
            yield f"{name!r} has no account."


def _account(person: ExpectedPerson, account: dict[str, Any]) -> Iterator[str]:
    """Every attribute of one account; of somebody who left, only that it is inactive and whose it is."""
    held = dict(_flat(account))
    active = held.pop("active", None)
    if active is not (person.standing == "present"):
        yield f"{person.user_name!r}: active is {active!r}."
    native = held.pop(f"{UMBRELLA}.nativeObjectId", None)
    if (guid_bytes(str(native)) if native is not None else None) != person.guid:
        yield f"{person.user_name!r}: nativeObjectId is {native!r}, which is not its objectGUID."
    yield from _external_id(person.user_name, person.id, held.pop("externalId", None))
    should = person.attributes()
    for attribute in sorted(held.keys() | should.keys()):
        if (held.get(attribute) or "") != should.get(attribute, ""):
            yield f"{person.user_name!r}: {attribute} is {held.get(attribute)!r}, not {should.get(attribute)!r}."


def _groups(wanted: Expected, resources: list[dict[str, Any]], names: dict[str, str]) -> Iterator[str]:
    seen: set[str] = set()
    for resource in resources:
        name = str(resource.get("displayName"))
        group = wanted.groups.get(name)
        if group is None or not group.provisioned:
            yield f"There is a group {name!r} that should not be there."
        elif name in seen:
            yield f"There are two groups {name!r}."
        else:
            yield from _group(group, resource, names)
        seen.add(name)
    for name, group in wanted.groups.items():
        if group.provisioned and name not in seen:
            yield f"There is no group {name!r}."


def _group(group: ExpectedGroup, resource: dict[str, Any], names: dict[str, str]) -> Iterator[str]:
    listed = [str(member.get("value")) for member in resource.get("members") or []]
    held = {names.get(member, member) for member in listed}
    should = group.members & set(names.values())  # somebody without an account is reported once, as a person
    for member in sorted(held - should):
        yield f"{member!r} is in the group {group.display_name!r} but should not be."
    for member in sorted(should - held):
        yield f"{member!r} is not in the group {group.display_name!r}."
    if len(listed) != len(held):
        yield f"The group {group.display_name!r} has a member twice."
    yield from _external_id(group.display_name, group.id, resource.get("externalId"))
    for attribute in sorted(resource.keys() - _OF_THE_PROTOCOL - {"displayName", "externalId", "members"}):
        yield f"The group {group.display_name!r} has {attribute} {resource[attribute]!r}, which nobody gave it."


def _external_id(who: str, should: str | None, held: object) -> Iterator[str]:
    if should is None or held != should:
        yield f"{who!r}: externalId is {held!r}, and its id in the directory is {should!r}."


def _flat(account: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Attributes by dotted name, without what the protocol adds."""
    for name, value in account.items():
        if name in _OF_THE_PROTOCOL:
            continue
        if isinstance(value, dict):
            yield from ((f"{name}.{part}", inner) for part, inner in value.items())
        else:
            yield name, value


def _read_all(url: str, endpoint: str, token: str) -> Iterator[dict[str, Any]]:
    """Every resource, page by page."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise ValueError(f"{url} is no web address.")
    start, total = 1, 1
    while start <= total:
        request = Request(  # noqa: S310 - the scheme was looked at above
            f"{url.rstrip('/')}/{endpoint}{'&' if '?' in endpoint else '?'}startIndex={start}&count={PAGE}",
            headers={"Authorization": f"Bearer {token}", "Accept": "application/scim+json"},
        )
        with urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - as above
            page = json.load(answer)
        total, found = int(page["totalResults"]), page.get("Resources") or []
        if not found:
            return
        yield from found
        start += len(found)
