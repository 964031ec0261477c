"""What a SCIM application holds, read over HTTP page by page, as values that can be compared.

Shares nothing with the product's client, so that it can judge it. Ids and meta are left out: after a crash another
run may have got other ids. Order: the state, reading it, comparing.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast
from urllib.request import Request, urlopen

from provisor.scim.values import Json, Resource

PAGE_RESOURCES = 100
_OWN_AFFAIRS = ("id", "meta", "schemas", "groups")


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetState:
    """Users and groups as canonical JSON with how often each is there, and memberships as (group, user) names."""

    users: Counter[str]
    groups: Counter[str]
    memberships: Counter[tuple[str, str]]

    def duplicates(self) -> list[str]:
        """Names that more than one user, or more than one group, has."""
        return [
            f"{kind} {name} is there {times} times"
            for kind, key, held in (("user", "userName", self.users), ("group", "displayName", self.groups))
            for name, times in Counter(str(json.loads(one)[key]).lower() for one in held.elements()).items()
            if times > 1
        ]


def read_state(base_url: str, token: str) -> TargetState:
    """Everything at a SCIM base URL. Loopback only in tests; raises urllib.error.HTTPError for a refusal."""
    users = list(_listing(f"{base_url}/Users", token))
    groups = list(_listing(f"{base_url}/Groups", token))
    names = {str(user["id"]): str(user["userName"]) for user in users}
    memberships = Counter(
        (str(group["displayName"]), names.get(member, f"unknown id {member}"))
        for group in groups
        for member in _member_ids(group)
    )
    return TargetState(
        users=Counter(_canonical(user) for user in users),
        groups=Counter(_canonical({**group, "members": None}) for group in groups),
        memberships=memberships,
    )


def differences(expected: TargetState, found: TargetState) -> list[str]:
    """Sentences saying what is missing and what is too much; empty when the states are the same."""
    return [
        *_told("user", expected.users, found.users),
        *_told("group", expected.groups, found.groups),
        *_told("membership", _as_text(expected.memberships), _as_text(found.memberships)),
    ]


def _told(kind: str, wanted: Counter[str], held: Counter[str]) -> list[str]:
    return [
        *(f"{kind} missing: {one}" for one in (wanted - held).elements()),
        *(f"{kind} too much: {one}" for one in (held - wanted).elements()),
    ]


def _as_text(memberships: Counter[tuple[str, str]]) -> Counter[str]:
    return Counter({f"{user} in {group}": times for (group, user), times in memberships.items()})


def _listing(url: str, token: str) -> Iterator[Resource]:
    start, total = 1, 1
    while start <= total:
        request = Request(  # noqa: S310  the test names its own target
            f"{url}?startIndex={start}&count={PAGE_RESOURCES}", headers={"Authorization": f"Bearer {token}"}
        )
        with urlopen(request, timeout=30) as answer:  # noqa: S310  as above
            page = json.loads(answer.read())
        resources = cast(list[Resource], page.get("Resources", []))
        if not resources:
            return
        yield from resources
        start, total = start + len(resources), page["totalResults"]


def _member_ids(group: Resource) -> list[str]:
    members = group.get("members")
    return [str(one["value"]) for one in members if isinstance(one, dict)] if isinstance(members, list) else []


def _canonical(resource: Resource) -> str:
    kept: dict[str, Json] = {
        name: value for name, value in resource.items() if name not in _OWN_AFFAIRS and value is not None
    }
    return json.dumps(kept, sort_keys=True, ensure_ascii=False)
