"""Absence is concluded only where it was established: listings that are not whole, and look-ups that hide somebody."""

from dataclasses import replace

import pytest

from provisor.engine.ports import Page

PEOPLE = [f"p{number:03}@x" for number in range(230)]
NEW = ["new@x", "newer@x"]


def total_of_the_page(page, start, count, everybody):
    return replace(page, total=len(page.resources), next_index=None)


def total_ends_at_100(page, start, count, everybody):
    return replace(page, total=min(page.total, 100), next_index=page.next_index if start < 100 else None)


def no_total(page, start, count, everybody):
    return replace(page, total=None)


def nothing_said_without_a_count(page, start, count, everybody):
    return page if count else replace(page, total=0)


def index_ignored(page, start, count, everybody):
    first = everybody[:100]
    following = start + len(first)
    return replace(page, resources=first, next_index=following if following <= len(everybody) else None)


def counted_from_zero(page, start, count, everybody):
    some = everybody[start : start + min(count, 100)]
    following = start + len(some)
    return replace(page, resources=some, next_index=following if some and following <= len(everybody) else None)


def pages_overlap(page, start, count, everybody):
    some = everybody[max(start - 6, 0) : start - 1 + min(count, 100) - 5]
    following = start + len(some)
    return replace(page, resources=some, next_index=following if some and following <= len(everybody) else None)


def one_is_hidden(page, start, count, everybody):
    return replace(page, resources=[one for one in page.resources if one.get("userName") != PEOPLE[7]])


def one_is_unreadable(page, start, count, everybody):
    return replace(one_is_hidden(page, start, count, everybody), complete=False)


def total_changes(page, start, count, everybody):
    return replace(page, total=page.total - 1 if start > 100 else page.total)


def empty_at_first(page, start, count, everybody):
    return replace(page, resources=[], total=0, next_index=None)


FAULTS = {
    one.__name__: one
    for one in (
        total_of_the_page, total_ends_at_100, no_total, nothing_said_without_a_count, index_ignored,
        counted_from_zero, pages_overlap, one_is_hidden, one_is_unreadable, total_changes,
    )
}  # fmt: skip


def listed_by(world, fault):
    """The target lists as this fault has it, at most 100 at once; filters are right."""

    async def page(original, kind, start, count):
        answer = await original(kind, start, min(count, 100))
        return fault(answer, start, count, list(world.target.resources(kind).values()))

    world.failing(page=page)


@pytest.mark.fast_rows(2)
@pytest.mark.parametrize("fault", FAULTS)
def test_who_is_not_in_a_listing_that_is_not_whole_is_looked_up_before_a_create(make_world, fault):
    world = make_world("scim", scope="all")
    world.target.unique = False
    for name in PEOPLE:
        world.target.put("user", {"userName": name, "active": True})
    for number in range(150):
        world.target.put("group", {"displayName": f"G{number}"})
    world.organisation.users([*PEOPLE, *NEW])
    world.organisation.groups([f"G{number}" for number in range(150)])
    listed_by(world, FAULTS[fault])

    summary = world.run()

    assert summary.state == "succeeded"
    assert [one.subject for one in world.target.sent("POST")] == NEW
    assert len(world.target.resources("user")) == len(PEOPLE) + len(NEW)
    assert len(world.target.resources("group")) == 150


def test_a_listing_that_is_whole_spares_the_look_ups(make_world):
    world = make_world("scim", scope="all")
    for name in PEOPLE:
        world.target.put("user", {"userName": name, "active": True})
    world.organisation.users([*PEOPLE, *NEW])

    summary = world.run()

    assert summary.requests["GET"] < 10
    assert [one.subject for one in world.target.sent("POST")] == NEW


def test_an_empty_target_costs_a_single_question(make_world):
    world = make_world("scim", scope="all")
    world.organisation.users(PEOPLE)

    summary = world.run()

    assert dict(summary.requests) == {"GET": 2, "POST": len(PEOPLE)}


def test_a_look_up_that_is_not_whole_creates_nobody_and_says_why(make_world):
    world = make_world("scim", scope="all")
    world.organisation.users(["anna@x", "bo@x"])

    async def find(original, kind, path, value):
        found = await original(kind, path, value)
        return replace(found, complete=False, doubt="lists a resource without id") if value == "anna@x" else found

    async def page(original, kind, start, count):
        return Page(resources=[], total=None, next_index=None, exchange=(await original(kind, start, count)).exchange)

    world.failing(find=find, page=page)

    summary = world.run()

    assert summary.state == "entry-level-errors"
    assert [one.subject for one in world.target.sent("POST")] == ["bo@x"]
    assert "lists a resource without id" in str(world.events(status="failure")[0].document)
