"""A plan is what the run after it does; it changes nothing at the target."""

import json

import pytest

from provisor.engine.ports import Unreachable
from provisor.storage import jobs
from provisor.testing.memory_target import Request
from provisor.testing.organisation import NOW

KINDS = ("user", "group")


def much_has_changed(world):
    """A settled organisation in which a little of everything has happened since."""
    org = world.organisation
    org.users(["anna@x", "bo@x", "cleo@x", "dan@x", "eve@x"])
    org.group("Staff", ["anna@x", "bo@x"])
    org.group("Old")
    org.assign("anna@x", "cleo@x", "dan@x", "eve@x")
    org.assign("Staff", "Old", kind="group")
    world.run()
    org.change("anna@x", displayName="Anna B")
    org.change("bo@x", accountEnabled=False)
    org.unassign("dan@x")
    org.purge("cleo@x")
    org.unassign("Old", kind="group")
    org.join("Staff", "eve@x")
    org.user("new@x")
    org.assign("new@x")
    return world


@pytest.fixture
def changed(world):
    return much_has_changed(world)


def test_a_plan_of_a_job_that_never_ran_says_what_the_initial_cycle_would_do(world):
    org = world.organisation
    org.users(["anna@x", "bo@x", "cleo@x"])
    org.group("Staff", ["bo@x"])
    org.assign("anna@x")
    org.assign("Staff", kind="group")

    plan = world.plan()

    assert plan.cycle == "initial"
    assert plan.counts == {("user", "create"): 2, ("group", "create"): 1, ("group", "members"): 1}
    assert plan.verdicts == {"NotEffectivelyEntitled": 1}


def test_during_a_plan_the_target_sees_only_gets(changed):
    changed.plan()

    assert changed.methods().keys() == {"GET"}


def test_the_run_after_a_plan_does_what_the_plan_says(changed):
    plan = changed.plan()
    again = changed.plan()

    changed.run()

    assert plan.digest == again.digest
    assert plan.counts == {
        ("user", "create"): 1,
        ("user", "update"): 1,
        ("user", "disable"): 2,
        ("user", "delete"): 1,
        ("group", "delete"): 1,
        ("group", "members"): 1,
    }
    assert changed.methods() == {"GET": 2, "POST": 1, "PATCH": 4, "DELETE": 2}


def what_came_of(world):
    """Everything a run shows: what it says, sends, logs, and leaves at the target; ids differ from world to world."""
    names = {one: world.called(Request("GET", kind, one)) for kind in KINDS for one in world.target.resources(kind)}
    names |= {name: name for name in names.values()} | {"new@x": "new@x"}  # a probe asks for somebody made up
    summary = world.run()
    return {
        "summary": (summary.state, summary.kind, summary.n, summary.counts, summary.requests),
        "requests": sorted((one.method, one.kind, names.get(one.subject, "nobody")) for one in world.target.journal),
        "log": sorted((str(event.name), event.action, event.status, str(event.code)) for event in world.events()),
        "resources": sorted(
            json.dumps({name: value for name, value in one.items() if name not in ("id", "externalId")})
            for kind in KINDS
            for one in world.target.resources(kind).values()
        ),
        "memberships": world.target.memberships(),
    }


def test_a_run_is_the_same_with_and_without_a_plan_before_it(make_world):
    planned, unplanned = (much_has_changed(make_world()) for _ in range(2))
    planned.plan()

    with_plan, without_plan = what_came_of(planned), what_came_of(unplanned)

    assert with_plan == without_plan
    assert with_plan["summary"][3]["user.update"] == 1
    assert planned.run().requests == unplanned.run().requests == {"GET": 1}


def test_a_plan_writes_no_log_and_moves_no_watermark(changed):
    before = len(changed.events())

    changed.plan()

    assert len(changed.events()) == before
    assert [cycle.kind for cycle in changed.cycles()] == ["initial"]
    assert changed.run().counts["user.create"] == 1


def test_a_plan_keeps_what_had_failed_for_the_next_run(changed):
    from provisor.engine.ports import Rejected

    changed.target.fail(1, Rejected("broken", status=500), method="POST")
    changed.run()
    assert len(changed.escrow()) == 1

    changed.plan()
    changed.run()

    assert [one.subject for one in changed.target.sent("POST")] == ["new@x"]


def test_plans_leave_no_gap_in_the_numbers_of_cycles(world):
    world.organisation.user("anna@x")
    world.organisation.assign("anna@x")
    world.plan()
    world.plan()

    assert world.run().n == 1


@pytest.fixture
def released(world):
    """Anna left the scope without a request, joined a group there, and is back: the rules do not disable."""
    org = world.organisation
    with world.database.transaction() as connection:
        document = jobs.rules(connection, world.job.number, 1)
        for mapping in document["synchronizationRules"][0]["objectMappings"]:
            if mapping["sourceObjectName"] == "User":
                rows = mapping["attributeMappings"]
                rows[:] = [row for row in rows if row["targetAttributeName"] != "active"]
        jobs.save_rules(connection, world.job.number, document, created_by="test", now=NOW)
    org.users(["anna@x", "bo@x"])
    org.group("Staff", ["bo@x"])
    org.assign("anna@x")
    org.assign("Staff", kind="group")
    world.run()
    org.unassign("anna@x")
    world.run()
    org.change("anna@x", accountEnabled=False)
    org.join("Staff", "anna@x")
    world.run()
    org.change("anna@x", accountEnabled=True)
    return world


def test_a_plan_knows_who_is_tracked_again_without_a_request(released):
    assert released.target.memberships() == {("Staff", "bo@x")}

    plan = released.plan()
    released.run()

    assert released.writes() == [("PATCH", "Staff")]
    assert plan.counts == {("group", "members"): 1}


@pytest.fixture
def unsure(world):
    """A cycle ended before the answer to a change of Anna's came."""
    org = world.organisation
    org.users(["anna@x", "bo@x"])
    org.group("Staff", ["anna@x", "bo@x"])
    org.assign("Staff", kind="group")
    world.run()
    org.change("anna@x", displayName="Anna B")
    world.target.fail(1, Unreachable("reset"), method="PATCH", after_effect=True)
    assert world.run().state == "failed"
    return world


def test_a_plan_and_the_run_after_it_find_the_same_of_a_change_that_was_not_answered(unsure):
    plan = unsure.plan()
    unsure.run()

    assert (plan.counts, unsure.writes()) == ({}, [])


def test_a_plan_and_the_run_after_it_find_the_same_of_an_account_that_vanished(unsure):
    unsure.target.lose("user", str(unsure.account("anna@x")["id"]))

    plan = unsure.plan()
    unsure.run()

    assert plan.counts == {("user", "create"): 1, ("group", "members"): 1}
    assert unsure.writes() == [("PATCH", "Staff"), ("POST", "anna@x")]


def test_a_plan_does_not_forget_that_a_change_was_not_answered(unsure):
    unsure.organisation.change("anna@x", displayName="anna")

    unsure.plan()
    unsure.run()

    assert unsure.account("anna@x")["displayName"] == "anna"
