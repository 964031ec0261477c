"""A leaver whom the application was not told of yet, and a restart that forgets links: access ends all the same."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR
from provisor.engine.ports import Rejected
from provisor.storage import resets

FORGETS = ["Full", "ConnectorDataStore"]


@pytest.fixture
def world(make_world):
    world = make_world("scim", behaviour="provisor")
    org = world.organisation
    org.user("anna@x", department="Sales")
    org.user("bo@x", department="Sales")
    org.group("Staff", ["anna@x", "bo@x"])
    org.assign("anna@x", "bo@x")
    org.assign("Staff", kind="group")
    world.run()
    org.unassign("Staff", kind="group")
    org.group("Crew", ["bo@x"])
    org.assign("Crew", kind="group")
    world.run()
    return world


def restart(world, scope):
    with world.database.transaction() as connection:
        resets.reset(connection, world.job.number, {scope}, now=world.now())


def only_in_sales(world):
    rules = world.rules()
    clause = {"sourceOperandName": "department", "operatorName": "EQUALS", "targetOperand": {"values": ["Sales"]}}
    world.mapping_of(rules)["scope"] = {"groups": [{"name": "sales", "clauses": [clause]}]}
    world.save_rules(rules)


def filtered_out(world):
    only_in_sales(world)
    world.organisation.change("anna@x", department="Support")


LEAVES = {
    "disabled": lambda world: world.organisation.change("anna@x", accountEnabled=False),
    "deleted": lambda world: world.organisation.delete("anna@x"),
    "purged": lambda world: world.purge("anna@x"),
    "unassigned": lambda world: world.organisation.unassign("anna@x"),
    "filtered out": filtered_out,
}


def in_use(world, name="anna@x"):
    found = world.target.by_name("user", name)
    return found is not None and found.get("active") is not False


@pytest.mark.parametrize("scope", FORGETS)
@pytest.mark.parametrize("how", LEAVES)
def test_who_left_before_a_restart_loses_access_with_the_next_cycle(world, how, scope):
    LEAVES[how](world)
    restart(world, scope)

    world.run()

    assert not in_use(world)
    assert in_use(world, "bo@x")
    world.run()
    assert world.writes() == []


def test_an_account_that_somebody_else_matches_now_is_theirs(world):
    world.purge("anna@x")
    world.organisation.user("anna@x", department="Sales")  # hired again, as another person
    world.organisation.assign("anna@x")
    restart(world, "Full")

    world.run()
    world.run()

    assert in_use(world)


@pytest.mark.parametrize("how", LEAVES)
def test_who_leaves_between_a_restart_and_its_cycle_loses_access_too(world, how):
    restart(world, "Full")
    LEAVES[how](world)

    world.run()

    assert not in_use(world)


@pytest.mark.parametrize("how", LEAVES)
def test_a_removal_that_failed_is_not_forgotten_by_two_restarts(world, how):
    async def refused(original, *asked):
        raise Rejected("broken", status=500)

    LEAVES[how](world)
    world.failing(patch=refused, delete=refused)
    world.run()
    restart(world, "Full")
    world.run()
    restart(world, "Full")
    world.target.heal()

    world.run()

    assert not in_use(world)


@pytest.mark.parametrize("scope", FORGETS)
def test_a_group_that_left_before_a_restart_goes(world, scope):
    world.organisation.unassign("Crew", kind="group")
    restart(world, scope)

    world.run()

    assert world.target.by_name("group", "Crew") is None


def test_a_plan_after_a_restart_shows_who_loses_access(world, admin_of):
    world.organisation.unassign("anna@x")
    restart(world, "Full")

    plan = admin_of(world).plans.make(LOCAL_OPERATOR, world.job.id).stored.plan

    assert plan.removes == 1
    assert in_use(world)


def test_entra_leaves_them_alone(make_world):
    world = make_world("scim", behaviour="entra")
    world.organisation.user("anna@x")
    world.organisation.assign("anna@x")
    world.run()
    world.organisation.unassign("anna@x")
    restart(world, "Full")

    world.run()

    assert in_use(world)
