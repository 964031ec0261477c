"""Targets that misbehave, places for groups, and plans: what one object meets must not hold up the others."""

import pytest

from provisor.engine.ports import Malformed, Rejected, Throttled, Unreachable
from provisor.storage import feed, jobs, members


def crowd(world, group, names):
    """A group with many members at once."""
    org = world.organisation
    org.groups([group])
    with world.database.transaction() as connection:
        edges = [(org.id("group", group), org.id("user", name)) for name in names]
        members.put(connection, org.tenant, edges, change=feed.next_change(connection, org.tenant))


def failing(world, **methods):
    """Replace methods of the target: name=function(original, *arguments) that returns an awaitable or raises."""

    def bound(name, function):
        original = getattr(type(world.target), name)

        async def call(self, *arguments):
            return await function(lambda *given: original(self, *given), *arguments)

        return call

    changed = {name: bound(name, function) for name, function in methods.items()}
    world.target.__class__ = type("Failing", (type(world.target),), changed)


# One object that cannot be provisioned


def test_an_object_that_always_fails_stops_no_other_and_is_tried_again_each_cycle(world):
    names = [f"p{number}@x" for number in range(20)]
    world.organisation.users(names)
    world.organisation.assign(*names)

    async def create(original, kind, document):
        if document["userName"] == "p7@x":
            raise Rejected("broken", status=500)
        return await original(kind, document)

    failing(world, create=create)
    first, second = world.run(), world.run()

    assert (first.counts["user.create"], first.counts["user.fail"], second.counts["user.fail"]) == (19, 1, 1)
    assert world.events(identity="p7@x")[-1].code == "InternalServerError"


def test_a_member_who_vanished_from_the_target_does_not_block_the_others(world):
    names = [f"p{number:03}@x" for number in range(120)]
    world.organisation.users(names)
    world.organisation.assign(*names)
    world.run()
    world.target._delete("user", str(world.account("p050@x")["id"]))
    crowd(world, "Staff", names)
    world.organisation.assign("Staff", kind="group")

    first = world.run()

    assert len(world.target.memberships()) >= 119
    second = world.run()
    assert len(world.target.memberships()) == 120
    assert (first.state, second.state) == ("succeeded", "succeeded")
    assert world.account("p050@x")["active"] is True


def test_a_member_whom_the_target_refuses_for_another_reason_blocks_nobody_else(world):
    names = [f"p{number}@x" for number in range(8)]
    world.organisation.users(names)
    world.organisation.assign(*names)
    world.run()
    bad = str(world.account("p3@x")["id"])
    asked = []
    crowd(world, "Staff", names)
    world.organisation.assign("Staff", kind="group")

    async def patch_members(original, target_id, add, remove):
        asked.append(len(add))
        if bad in add:
            raise Rejected("no", status=400, detail="p3 may not be in groups")
        return await original(target_id, add, remove)

    failing(world, patch_members=patch_members)
    first = world.run()

    assert len(world.target.memberships()) == 7
    assert (first.state, first.counts["group.fail"]) == ("entry-level-errors", 1)
    assert "p3 may not be in groups" in str(world.events(status="failure")[-1].document)
    asked.clear()
    assert world.run().counts["group.fail"] == 1
    assert asked == [1]


def test_a_target_that_answers_another_accounts_id_fails_that_object_only(world):
    world.organisation.users(["anna@x", "bo@x", "cleo@x"])
    world.organisation.assign("anna@x")
    world.run()
    anna = str(world.account("anna@x")["id"])
    world.organisation.assign("bo@x", "cleo@x")

    async def create(original, kind, document):
        answer = await original(kind, document)
        if document["userName"] == "bo@x":
            answer = type(answer)(resource={**answer.resource, "id": anna}, etag=None, exchange=answer.exchange)
        return answer

    failing(world, create=create)

    summary = world.run()

    assert (summary.counts["user.create"], summary.counts["user.fail"]) == (1, 1)


def test_a_target_that_refuses_to_be_listed_is_asked_for_each(world):
    names = [f"p{number}@x" for number in range(10)]
    world.organisation.users(names)
    world.organisation.assign(*names)

    async def page(original, kind, start, count):
        raise Rejected("a filter is required", status=400)

    failing(world, page=page)

    summary = world.run()

    assert (summary.state, summary.counts["user.create"]) == ("succeeded", 10)


def test_a_request_that_is_throttled_is_repeated_and_nothing_else_is(world):
    from datetime import UTC, datetime

    names = [f"p{number}@x" for number in range(10)]
    world.organisation.users(names)
    world.organisation.assign(*names)
    world.target.fail(3, Throttled("slow down", until=datetime.now(UTC)), method="POST")

    summary = world.run()

    assert (summary.state, summary.counts["user.create"]) == ("succeeded", 10)
    assert world.methods()["POST"] == 11


def test_an_answer_that_cannot_be_read_fails_one_object_and_the_next_cycle_finds_it(world):
    world.organisation.users(["anna@x", "bo@x"])
    world.organisation.assign("anna@x", "bo@x")
    world.target.fail(1, Malformed("a web page"), method="POST", after_effect=True)

    first = world.run()
    second = world.run()

    assert (first.state, second.state) == ("entry-level-errors", "succeeded")
    assert len(world.target.resources("user")) == 2
    assert second.counts["user.link"] == 1


def test_a_connection_lost_while_members_are_written_is_taken_up_again(world):
    names = [f"p{number}@x" for number in range(250)]
    world.organisation.users(names)
    crowd(world, "Staff", names)
    world.organisation.assign("Staff", kind="group")
    world.target.fail(2, Unreachable("reset", sent=True), method="PATCH", after_effect=True)

    first = world.run()
    second = world.run()

    assert (first.state, second.state, second.n) == ("failed", "succeeded", first.n)
    assert len(world.target.memberships()) == 250
    assert dict(world.run().requests) == {"GET": 1}


def test_a_deletion_of_what_is_gone_already_is_a_success(world):
    world.organisation.users(["anna@x"])
    world.organisation.assign("anna@x")
    world.run()
    world.target._delete("user", str(world.account("anna@x")["id"]))

    world.organisation.purge("anna@x")

    assert world.run().state == "succeeded"
    assert dict(world.run().requests) == {"GET": 1}


def test_a_leaver_whose_account_vanished_is_forgotten(world):
    world.organisation.users(["anna@x"])
    world.organisation.assign("anna@x")
    world.run()
    world.target._delete("user", str(world.account("anna@x")["id"]))

    world.organisation.change("anna@x", accountEnabled=False)

    assert world.run().state == "succeeded"
    assert dict(world.run().requests) == {"GET": 1}


# Plans


def test_a_plan_keeps_somebody_who_failed_in_planning_for_the_next_run(world):
    world.organisation.users(["anna@x", "bo@x"])
    world.organisation.assign("anna@x", "bo@x")
    world.target.fail(2, Rejected("broken", status=500), method="GET")
    assert world.run().counts["user.fail"] == 1
    assert len(world.operations("retry")) == 1

    world.target.fail(2, Rejected("broken", status=500), method="GET")
    world.plan()
    world.run()

    assert {one["userName"] for one in world.target.resources("user").values()} == {"anna@x", "bo@x"}


def test_a_plan_and_the_run_after_it_hold_the_same_memberships(world):
    org = world.organisation
    names = [f"p{number}@x" for number in range(6)]
    org.users(names)
    org.group("Staff", names[:3])
    org.group("Crew", names[3:])
    org.assign("Staff", "Crew", kind="group")
    world.run()
    org.change("p0@x", accountEnabled=False)
    org.leave("Staff", "p1@x")
    org.join("Crew", "p2@x")
    org.user("late@x", enabled=False)
    org.join("Crew", "late@x")
    org.purge("p4@x")

    plan = world.plan()
    world.run()

    planned = plan.counts
    assert planned["group", "members"] == 2
    assert [name for method, name in world.writes() if method == "PATCH" and name in ("Staff", "Crew")] == [
        "Crew",
        "Staff",
    ]


# Two jobs on one directory


def test_two_jobs_on_one_directory_each_see_every_change(world):
    org = world.organisation
    org.users(["anna@x", "bo@x"])
    org.group("Staff", ["anna@x", "bo@x"])
    org.assign("Staff", kind="group")
    first_target, first_job = world.target, world.job
    with world.database.transaction() as connection:
        rules = jobs.rules(connection, first_job.id, 1)
    second_job = org.job(rules, scope="assigned")
    second_target = type(first_target)(*(first_target._shelves[kind].type for kind in ("user", "group")))
    world.run()
    org.leave("Staff", "bo@x")
    world.run()
    world.job, world.target = second_job, second_target
    world.run()
    org.purge("anna@x")
    world.run()
    world.job, world.target = first_job, first_target
    world.run()

    assert [target.by_name("user", "anna@x") for target in (first_target, second_target)] == [None, None]
    assert first_target.by_name("user", "bo@x")["active"] is False
    assert second_target.by_name("user", "bo@x") is None
    assert [target.memberships() for target in (first_target, second_target)] == [set(), set()]


# Changes while a cycle runs


def test_a_change_during_a_cycle_is_sent_by_it_or_by_the_next_and_never_lost(world):
    org = world.organisation
    names = [f"p{number}@x" for number in range(30)]
    org.users(names)
    org.group("Staff", names[:10])
    org.assign(*names)
    org.assign("Staff", kind="group")
    happened = []

    async def create(original, kind, document):
        if not happened:
            happened.append(True)
            org.change("p5@x", displayName="Changed")
            org.change("p6@x", accountEnabled=False)
            org.unassign("p20@x")
            org.leave("Staff", "p1@x")
            org.join("Staff", "p11@x")
            org.purge("p7@x")
            org.user("new@x")
            org.assign("new@x")
        return await original(kind, document)

    failing(world, create=create)
    world.run()
    world.run()

    assert world.account("p5@x")["displayName"] == "Changed"
    accounts = {str(one["userName"]): one["active"] for one in world.target.resources("user").values()}
    assert "p7@x" not in accounts
    assert accounts["new@x"] is True
    assert not accounts.get("p6@x", False)
    assert not accounts.get("p20@x", False)
    staff = {member for _, member in world.target.memberships()}
    assert staff - {"p6@x"} == {*names[:10], "p11@x"} - {"p1@x", "p7@x", "p6@x"}
    assert dict(world.run().requests) == {"GET": 1}


# Places for groups


def test_deleted_groups_free_places_in_the_same_cycle(make_world):
    world = make_world(capacity=200)
    org = world.organisation
    names = [f"G{number:03}" for number in range(202)]
    org.groups(names)
    org.assign(*names, kind="group")
    world.run()
    assert len(world.target.resources("group")) == 200

    org.unassign("G000", kind="group")
    org.delete("G001", "group")
    world.run()

    assert sorted(method for method, _ in world.writes()) == ["DELETE", "DELETE", "POST", "POST"]
    assert {"G200", "G201"} <= {str(one["displayName"]) for one in world.target.resources("group").values()}


@pytest.mark.parametrize("times", [1, 2])
def test_a_place_that_does_not_become_free_after_all_is_no_catastrophe(make_world, times):
    world = make_world(capacity=200)
    org = world.organisation
    names = [f"G{number:03}" for number in range(201)]
    org.groups(names)
    org.assign(*names, kind="group")
    world.run()
    org.unassign("G000", kind="group")
    world.target.fail(1, Rejected("broken", status=500), method="DELETE", times=times)

    states = [world.run().state for _ in range(times + 1)]

    assert states == ["entry-level-errors"] * times + ["succeeded"]
    assert len(world.target.resources("group")) == 200
    assert world.target.by_name("group", "G200") is not None


def test_a_waiting_group_whose_members_change_gets_all_of_them_when_it_joins(make_world):
    world = make_world(capacity=200)
    org = world.organisation
    org.users(["anna@x", "bo@x"])
    org.assign("anna@x", "bo@x")
    names = [f"G{number:03}" for number in range(201)]
    org.groups(names)
    org.join("G200", "anna@x")
    org.assign(*names, kind="group")
    world.run()
    org.join("G200", "bo@x")
    world.run()

    org.unassign("G000", kind="group")
    world.run()

    assert world.target.memberships() == {("G200", "anna@x"), ("G200", "bo@x")}
