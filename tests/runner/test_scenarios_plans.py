"""Plans, several jobs, changes while a cycle runs, and places for groups."""

import pytest

from provisor.engine.ports import Rejected
from provisor.storage import jobs

# Plans


def test_a_plan_keeps_somebody_who_failed_in_planning_for_the_next_run(world):
    world.organisation.users(["anna@x", "bo@x"])
    world.organisation.assign("anna@x", "bo@x")
    world.target.fail(2, Rejected("broken", status=500), method="GET")
    assert world.run().counts["user.fail"] == 1
    assert len(world.escrow()) == 1

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
        rules = jobs.rules(connection, first_job.number, 1)
    second_job = org.job(rules, scope="assigned")
    second_target = world.new_target()
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

    world.failing(create=create)
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

    states = []
    for _ in range(times + 1):
        states.append(world.run().state)
        world.pass_time(hours=6)

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
