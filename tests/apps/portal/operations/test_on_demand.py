"""Provision on demand in a browser: whom, the five steps with their facts, what is refused."""

from urllib.parse import quote

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.engine.ports import Rejected

from .conftest import APP, HOSTILE

STEPS = (
    "1. Test connection",
    "2. Import user",
    "3. Determine if user is in scope",
    "4. Match user between source and target system",
    "5. Perform action",
)


def provisioned(browser, world, name="anna", **fields):
    """The result of choosing somebody and sending the form."""
    action = f"{world.address}/on-demand"
    page = browser.get(f"{action}?user={world.id(name)}")
    return browser.submit(page, action, do="provision", **fields)


def test_people_and_groups_are_found_by_a_word_of_their_names(world, ana):
    page = ana.get(f"{world.address}/on-demand?search=sta")
    person = ana.get(f"{world.address}/on-demand?search=ann")

    assert f"{world.address}/on-demand?group={world.group()}" in page.document.links
    assert f"{world.address}/on-demand?user={world.id('anna')}" in person.document.links


def test_nobody_is_listed_before_something_is_typed(world, ana):
    assert "anna@x.example" not in ana.get(f"{world.address}/on-demand").text


def test_nobody_of_a_name_is_said(world, ana):
    assert "Nobody and no group is called “zzz”" in ana.get(f"{world.address}/on-demand?search=zzz").text


def test_the_five_steps_have_the_names_and_the_order_of_entra(world, ana):
    world.rename("anna", "Anna Berg")

    text = provisioned(ana, world).text

    places = [text.index(step) for step in STEPS]
    assert places == sorted(places)
    assert "Provisioned" in text


def test_what_was_written_is_shown_before_and_after(world, ana):
    world.rename("anna", "Anna Berg")

    page = provisioned(ana, world)

    assert "displayName Anna Anna Berg" in page.document.rows
    assert world.admin.links.shown_whole(ME, APP, "anna@x.example").attributes


def test_the_attributes_that_were_read_are_shown(world, ana):
    text = provisioned(ana, world).text

    assert "Attributes read" in text
    assert "userPrincipalName anna@x.example" in text


def test_a_look_writes_nothing(world, ana):
    world.rename("anna", "Anna Berg")
    action = f"{world.address}/on-demand"
    page = ana.get(f"{action}?user={world.id('anna')}")

    looked = ana.submit(page, action, do="look")

    assert "Would be provisioned" in looked.text
    assert {one["displayName"] for one in world.target.resources("user").values()} >= {"Anna"}


def test_who_is_not_in_scope_is_skipped_with_the_reason(world, ana):
    world.admin.users.create(ME, {"userPrincipalName": "new@x.example"})

    page = provisioned(ana, world, "new")

    assert "Skipped" in page.text
    assert "not assigned" in page.text


def test_a_refusal_is_told_with_what_to_do_and_the_failures(world, ana):
    world.rename("anna", "Anna Berg")
    world.target.fail(1, Rejected("broken", status=400, detail="bad title"), method="PATCH")

    page = provisioned(ana, world)

    assert "Failed" in page.text
    assert "bad title" in page.text
    assert f"{world.address}/failures" in page.document.links
    assert "`provisor" not in page.text


def test_the_same_is_tried_again_from_the_result(world, ana):
    world.rename("anna", "Anna Berg")
    first = provisioned(ana, world)

    again = ana.submit(first, f"{world.address}/on-demand", do="provision")

    assert "Skipped" in again.text


def test_a_group_is_provisioned_with_chosen_members(world, ana):
    world.admin.members.add(ME, "Staff", "carl@x.example")
    action = f"{world.address}/on-demand"
    page = ana.get(f"{action}?group={world.group()}")

    result = ana.submit(page, action, member=world.id("carl"), do="provision")

    assert "Group Staff" in result.text
    assert "User carl@x.example" in result.text
    assert ("Staff", "carl@x.example") in world.target.memberships()


def test_of_a_large_group_members_come_a_page_at_a_time(world, ana):
    for number in range(55):
        world.admin.users.create(ME, {"userPrincipalName": f"p{number}@x.example"})
        world.admin.members.add(ME, "Staff", f"p{number}@x.example")
    page = ana.get(f"{world.address}/on-demand?group={world.group()}")
    further = next(link for link in page.document.links if "after=" in link)

    names = [
        one["value"]
        for shown in (page, ana.get(further))
        for tag, one in shown.document.tags
        if tag == "input" and one.get("name") == "member"
    ]

    assert len(names) == len(set(names)) == 57


def test_as_in_entra_no_more_than_five_members_are_taken(world, ana):
    world.admin.jobs.settings(ME, APP, behaviour="entra")
    action = f"{world.address}/on-demand"
    page = ana.get(f"{action}?group={world.group()}")
    given = [("form_token", page.document.forms[action]["form_token"]), ("group", world.group())]

    answer = ana.request("POST", action, [*given, *(("member", f"p{number}") for number in range(6))])

    assert "Up to 5" in page.text
    assert answer.status == 400
    assert "5 can be at once" in answer.text
    assert "Selected group" in answer.text


def test_who_is_not_there_is_told(world, ana):
    assert ana.get(f"{world.address}/on-demand?user=nobody").status == 404


def test_markup_in_a_name_stays_text(world, ana):
    world.rename("anna", HOSTILE)

    for page in (ana.get(f"{world.address}/on-demand?search=script"), provisioned(ana, world)):
        assert "<script>alert" not in page.html
        assert "&lt;script&gt;" in page.html


@pytest.mark.parametrize("typed", [HOSTILE, "x" * 254, "\0", '"'])
def test_whatever_is_searched_for_is_text(world, ana, typed):
    page = ana.get(f"{world.address}/on-demand?search={quote(typed)}")

    assert page.status == 200
    assert "<script>alert" not in page.html
