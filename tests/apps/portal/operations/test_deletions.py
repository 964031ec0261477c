"""Held deletions in a browser: who, why, allow, reject, what was decided."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME

from .conftest import APP


@pytest.fixture
def held(world):
    """Two are held: the threshold is one."""
    world.admin.jobs.settings(ME, APP, deletion_threshold=1)
    world.disable("carl", "dora")
    world.run()
    return world


def test_where_nothing_is_held_the_page_says_when_something_would_be(world, ana):
    world.admin.jobs.settings(ME, APP, deletion_threshold=7)

    page = ana.get(f"{world.address}/deletions")

    assert "Nothing is held back" in page.text
    assert "more than 7 users and groups" in page.text


def test_everybody_is_listed_with_what_and_why(held, ana):
    page = ana.get(f"{held.address}/deletions")

    assert "2 users held back" in page.text
    assert "more than the threshold of 1" in page.text
    assert sorted(page.document.rows[1:]) == [
        f"{name}@x.example Disable Held The account is disabled in the directory." for name in ("carl", "dora")
    ]


def test_somebody_is_found_by_name(held, ana):
    rows = ana.get(f"{held.address}/deletions?search=DORA").document.rows

    assert [row.split()[0] for row in rows[1:]] == ["dora@x.example"]


def test_a_page_goes_on_after_the_last_one(world, ana):
    for number in range(60):
        world.person(f"p{number:02}")
    world.run()
    world.admin.jobs.settings(ME, APP, deletion_threshold=1)
    world.disable(*(f"p{number:02}" for number in range(60)))
    world.run()

    first = ana.get(f"{world.address}/deletions")
    further = next(one for one in first.document.links if one and "after=" in one)
    rows = first.document.rows[1:] + ana.get(further).document.rows[1:]

    assert len(rows) == len(set(rows)) == 60


def test_allowing_names_how_many_and_lets_them_go(held, ana):
    address = f"{held.address}/deletions/allow"
    confirm = ana.get(address)

    page = ana.follow(ana.submit(confirm, address))

    assert "Allow 2 users?" in confirm.text
    assert "Allowed 2 of those held back." in page.text
    held.run()
    active = {one["userName"] for one in held.target.resources("user").values() if one["active"]}
    assert active == {"anna@x.example", "bo@x.example"}


def test_who_came_after_the_page_is_not_allowed_with_it(held, ana):
    address = f"{held.address}/deletions/allow"
    confirm = ana.get(address)
    held.disable("bo")
    held.run()

    answer = ana.submit(confirm, address)

    assert answer.status == 400
    assert "3 are held back by now, and 2 were shown" in answer.text
    assert not any(held.admin.deletions.show(ME, APP).allowed)


def test_rejecting_judges_anew(held, ana):
    address = f"{held.address}/deletions/reject"

    page = ana.follow(ana.submit(ana.get(address), address))

    assert "2 are judged anew." in page.text
    assert held.admin.deletions.show(ME, APP).hold is None


def test_what_was_decided_is_told_with_who_did(held, ana):
    held.admin.deletions.reject(ME, APP)

    page = ana.get(f"{held.address}/deletions")

    assert "What was decided" in page.text
    assert "Rejected 2 by local operator" in page.text


@pytest.mark.parametrize("decision", ["allow", "reject"])
def test_deciding_about_nothing_says_so(world, ana, decision):
    address = f"{world.address}/deletions/{decision}"

    page = ana.get(address)

    assert "Nothing is held back" in page.text
    assert address not in page.document.forms
