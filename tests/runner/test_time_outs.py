"""A target that hangs: on one object, which holds up nobody else, or altogether, which ends the cycle at once."""

import pytest

from provisor.engine.ports import Rejected, Unreachable
from provisor.runner.asking.timeouts import MOST_IN_A_ROW

PEOPLE = [f"p{number}@x" for number in range(6)]


def timed_out():
    return Unreachable("no answer within 60 s", timed_out=True)


@pytest.fixture
def staff(world):
    """Six people in one group, nothing provisioned yet."""
    org = world.organisation
    org.users(PEOPLE)
    org.group("Staff", PEOPLE)
    org.assign("Staff", kind="group")
    return world


def hanging_on(name, world, *, after_effect=False):
    """Let creating this person hang."""

    async def create(original, kind, document):
        if document.get("userName") != name:
            return await original(kind, document)
        if after_effect:
            await original(kind, document)
        raise timed_out()

    world.failing(create=create)


def test_an_object_the_target_hangs_on_holds_up_no_other(staff):
    hanging_on("p3@x", staff)

    summary = staff.run()

    assert summary.state == "entry-level-errors"
    assert (summary.counts["user.create"], summary.counts["user.fail"]) == (5, 1)
    assert len(staff.target.memberships()) == 5
    assert staff.events(identity="p3@x", status="failure")[-1].code == "Timeout"


def test_an_account_created_behind_a_time_out_is_found_and_not_doubled(staff):
    staff.target.fail(2, timed_out(), method="POST", kind="user", after_effect=True)

    summary = staff.run()

    assert (summary.state, summary.counts["user.create"]) == ("succeeded", len(PEOPLE))
    assert staff.target.memberships() == {("Staff", name) for name in PEOPLE}


def test_a_target_that_is_silent_altogether_ends_the_cycle_after_one_more_request(staff):
    asked = []

    async def create(original, kind, document):
        staff.target.fail(1, timed_out(), method="GET", times=1000)
        asked.append(len(staff.target.sent("GET")))
        raise timed_out()

    staff.failing(create=create)

    summary = staff.run()

    assert (summary.state, summary.error.code) == ("failed", "Timeout")
    assert len(staff.target.sent("GET")) == asked[0] + 1
    assert [event for event in staff.events(status="failure") if event.source_id] == []


def test_a_target_that_answers_questions_and_hangs_on_every_change_ends_the_cycle(world):
    names = [f"p{number}@x" for number in range(4 * MOST_IN_A_ROW + 64)]
    world.organisation.users(names)
    world.organisation.assign(*names)
    tried = []

    async def create(original, kind, document):
        tried.append(document["userName"])
        raise timed_out()

    world.failing(create=create)

    summary = world.run()

    assert (summary.state, summary.error.code) == ("failed", "Timeout")
    assert "in a row" in summary.error.message
    assert len(tried) < len(names)


def test_a_look_up_that_hangs_fails_the_one_object(world):
    world.organisation.users(["anna@x", "bo@x"])
    world.organisation.assign("anna@x", "bo@x")

    async def find(original, kind, path, value):
        if value == "anna@x":
            raise timed_out()
        return await original(kind, path, value)

    world.failing(find=find)

    summary = world.run()

    assert (summary.counts["user.create"], summary.counts["user.fail"]) == (1, 1)


def test_a_listing_that_hangs_is_replaced_by_look_ups(world):
    names = [f"p{number}@x" for number in range(10)]
    world.organisation.users(names)
    world.organisation.assign(*names)

    async def page(original, kind, start, count):
        raise timed_out()

    world.failing(page=page)

    assert world.run().counts["user.create"] == 10


def test_a_change_taken_back_after_a_time_out_is_taken_back_at_the_target(world):
    org = world.organisation
    org.user("anna@x")
    org.assign("anna@x")
    world.run()
    org.change("anna@x", displayName="Wrong")
    world.target.fail(1, timed_out(), method="PATCH", after_effect=True)
    assert world.run().counts["user.fail"] == 1

    org.change("anna@x", displayName="anna")
    world.run()

    assert world.account("anna@x")["displayName"] == "anna"
    assert dict(world.run().requests) == {"GET": 1}


def test_a_membership_taken_back_after_a_time_out_is_taken_back_at_the_target(staff):
    org = staff.organisation
    org.assign(*PEOPLE)
    staff.run()
    org.user("new@x")
    org.assign("new@x")
    org.join("Staff", "new@x")
    org.leave("Staff", "p0@x")
    staff.target.fail(1, timed_out(), method="PATCH", kind="group", after_effect=True)
    assert staff.run().counts["group.fail"] == 1

    org.leave("Staff", "new@x")
    org.join("Staff", "p0@x")
    staff.run()

    assert staff.target.memberships() == {("Staff", name) for name in PEOPLE}
    assert dict(staff.run().requests) == {"GET": 1}


def test_an_account_deleted_behind_a_time_out_is_made_anew_for_who_comes_back(make_world):
    world = make_world()
    org = world.organisation
    org.user("anna@x")
    org.group("Staff", ["anna@x"])
    org.assign("anna@x")
    org.assign("Staff", kind="group")
    world.run()
    org.unassign("Staff", kind="group")
    world.target.fail(1, timed_out(), method="DELETE", after_effect=True)
    assert world.run().counts["group.fail"] == 1

    org.assign("Staff", kind="group")
    world.run()

    assert world.target.memberships() == {("Staff", "anna@x")}


def test_a_rival_that_cannot_be_named_is_no_reason_to_end_the_cycle(world):
    org = world.organisation
    org.users(["anna@x", "bo@x"])
    org.assign("anna@x", "bo@x")
    world.run()
    org.change("anna@x", userPrincipalName="bo@x", displayName="x")
    finds = []

    async def find(original, kind, path, value):
        finds.append(value)
        if len(finds) > 1:
            raise Rejected("no", status=500)
        return await original(kind, path, value)

    world.failing(find=find)

    assert world.run().state == "entry-level-errors"
