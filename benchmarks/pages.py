"""How long pages of a filled database take: p50 and p99 of each, in milliseconds, read by the verbs themselves.

    .venv/bin/python benchmarks/pages.py [PEOPLE] [MEMBERSHIPS] [GROUPS]        (default 10,000 / 100,000 / 1,000)

Goal: every page under 100 ms (p99) with 100,000 people and 3,000,000 memberships.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from provisor.database import Connection, Database, open_database
from provisor.directory.objects import DirectoryKind, DirectoryObject, DirectoryValue
from provisor.directory.query import (
    AllHold,
    Condition,
    ObjectQuery,
    Position,
    PropertyContains,
    PropertyEndsWith,
    PropertyEquals,
    PropertyStartsWith,
    Unless,
    searching,
)
from provisor.storage import directory_query, members, objects, sources
from provisor.storage.schema import migrate

SIZES = (10_000, 100_000, 1_000)  # people, memberships, groups
ROUNDS = 40
PAGE = 100
_AT_ONCE = 10_000
_GIVEN = ("Anna", "Bo", "Åse", "Иван", "美咲", "محمد", "Zoë", "Jürgen")  # in several scripts
_FAMILY = ("Nordmann", "Berg", "Øverås", "Петров", "王", "حسن", "Müller")

Page = Callable[[], object]


def person(number: int, source: str) -> DirectoryObject:
    """A made-up person."""
    given, family = _GIVEN[number % len(_GIVEN)], f"{_FAMILY[number % len(_FAMILY)]} {number}"
    upn = f"person{number * 7919 % 10_000_019:08}@fjord.example"
    attributes: dict[str, DirectoryValue] = {
        "userPrincipalName": upn, "displayName": f"{given} {family}", "givenName": given, "surname": family,
        "mail": f"{number}@mail.fjord.example", "jobTitle": "Consultant", "department": f"Department {number % 40}",
        "employeeId": f"{number:07}", "accountEnabled": number % 50 != 0, "mailNickname": f"nick{number}",
    }  # fmt: skip
    return _object(number, "user", source, upn, attributes, enabled=number % 50 != 0)


def group(number: int, source: str) -> DirectoryObject:
    """A made-up group."""
    return _object(number, "group", source, f"Group {number}", {"displayName": f"Group {number}"}, enabled=True)


def _object(
    number: int, kind: DirectoryKind, source: str, name: str, attributes: dict[str, DirectoryValue], *, enabled: bool
) -> DirectoryObject:
    key = _id(kind, number)
    return DirectoryObject(
        id=key, source=source, kind=kind, anchor=key, name=name, attributes=attributes, enabled=enabled, change=1
    )


def _id(kind: DirectoryKind, number: int) -> str:
    return f"0190000{0 if kind == 'user' else 1}-0000-7000-8000-{number:012}"


def fill(database: Database, tenant: str, people: int, memberships: int, groups: int) -> None:
    """Everybody, and memberships spread over the groups, half of them in the first tenth of the groups."""
    with database.transaction() as connection:
        source = sources.local(connection, tenant, now=datetime.now(UTC)).id
    for start in range(0, people, _AT_ONCE):
        with database.transaction() as connection:
            numbers = range(start, min(start + _AT_ONCE, people))
            objects.insert(connection, tenant, (person(number, source) for number in numbers))
    with database.transaction() as connection:
        objects.insert(connection, tenant, (group(number, source) for number in range(groups)))
    edges = _edges(people, memberships, groups)
    while some := [edge for edge, _ in zip(edges, range(_AT_ONCE * 10), strict=False)]:
        with database.transaction() as connection:
            connection.many(
                "INSERT INTO member (group_id, member_id, tenant, change) VALUES (?, ?, ?, 1) ON CONFLICT DO NOTHING",
                ((*edge, tenant) for edge in some),
            )


def _edges(people: int, memberships: int, groups: int) -> Iterator[tuple[str, str]]:
    """The first group has everybody, the others an equal share."""
    yield from ((_id("group", 0), _id("user", number)) for number in range(people))
    share = max(1, (memberships - people) // max(1, groups - 1))
    for number in range(1, groups):
        yield from ((_id("group", number), _id("user", (number * 37 + step) % people)) for step in range(share))


def pages(connection: Connection, tenant: str, people: int) -> dict[str, Page]:
    """Every page that is measured, by its name."""

    def users(condition: Condition | None = None, order: str = "id", *, middle: bool = False) -> Page:
        query = ObjectQuery(condition=condition, order_by=order)
        after = None
        if middle:
            some = person(people // 2, "")
            value = {"id": "", "displayName": str(some.attributes["displayName"]).lower()}.get(order, some.name)
            after = Position(value, some.id)
        return lambda: directory_query.page(connection, tenant, "user", query, after=after, limit=PAGE)

    def counted(condition: Condition | None) -> Page:
        return lambda: directory_query.number_of(connection, tenant, "user", condition)

    enabled = PropertyEquals("accountEnabled", True)
    one = person(people * 3 // 4, "")
    return {
        "users": users(),
        "users, from the middle": users(middle=True),
        "users by displayName, from the middle": users(order="displayName", middle=True),
        "users by userPrincipalName, from the middle": users(order="userPrincipalName", middle=True),
        "users, search that finds many": users(searching("user", "berg")),
        "users, search that finds nobody": users(searching("user", "nobody at all")),
        "users, search of one character (王)": users(searching("user", "王"), "displayName"),
        "users, userPrincipalName eq": users(PropertyEquals("userPrincipalName", one.name)),
        "users, mail eq": users(PropertyEquals("mail", str(one.attributes["mail"]))),
        "users, employeeId eq": users(PropertyEquals("employeeId", str(one.attributes["employeeId"]))),
        "users, startswith displayName": users(PropertyStartsWith("displayName", "åse ø")),
        "users, endswith mail, none": users(PropertyEndsWith("mail", "@elsewhere.example")),
        "users, contains and not enabled": users(
            AllHold((PropertyContains("department", "ment 1"), Unless(enabled))), "displayName"
        ),
        "users, count": counted(None),
        "users, count of enabled": counted(enabled),
        "users, count of a search": counted(searching("user", "berg")),
        "groups": lambda: directory_query.page(connection, tenant, "group", ObjectQuery(), limit=PAGE),
        "groups, search": lambda: directory_query.page(
            connection, tenant, "group", ObjectQuery(condition=searching("group", "up 99")), limit=PAGE
        ),
        "members of the largest group, from the middle": lambda: members.of_group(
            connection, _id("group", 0), after=_id("user", people // 2), limit=PAGE
        ),
        "groups of one person": lambda: members.groups_of(connection, one.id),
    }


def measure(page: Page) -> tuple[float, float]:
    """(p50, p99) in milliseconds."""
    taken = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        page()
        taken.append((time.perf_counter() - start) * 1_000)
    return statistics.median(taken), sorted(taken)[int(ROUNDS * 0.99)]


def main() -> None:
    """Fill a database and measure."""
    given = [int(one) for one in sys.argv[1:4]]
    people, memberships, groups = [*given, *SIZES[len(given) :]]
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{Path(folder) / 'service.db'}")
        tenant = migrate(database)
        start = time.perf_counter()
        fill(database, tenant, people, memberships, groups)
        print(f"{people:,} people, {memberships:,} memberships, {groups:,} groups: {time.perf_counter() - start:.0f} s")
        connection = database.reader()
        for name, page in pages(connection, tenant, people).items():
            median, worst = measure(page)
            print(f"{name:<50} p50 {median:8.2f} ms   p99 {worst:8.2f} ms")


if __name__ == "__main__":
    main()
