"""At a target that takes a name twice, somebody new gets a name that several accounts have, and give up in this cycle.

Who has it besides × how the other gives it up × both behaviours.
"""

import pytest

from provisor.engine.ports import Rejected

pytestmark = pytest.mark.fast_rows(4)

ANNA, BO, SHARED = "anna@x", "bo@x", "shared@x"

GIVEN_UP = {
    "renamed": lambda world: None,
    "renamed and disabled": lambda world: world.organisation.change(BO, accountEnabled=False),
    "renamed and unassigned": lambda world: world.organisation.unassign(BO),
    "renamed and deleted": lambda world: world.delete(BO),
    "renamed and purged": lambda world: world.purge(BO),
}


@pytest.fixture
def make_office(make_world):
    """Bo's account has the name that Cleo is to have, and so has another."""

    def make(behaviour, besides):
        world = make_world(behaviour=behaviour)
        world.target = world.new_target(unique=False)
        org = world.organisation
        org.users([ANNA, SHARED])
        org.assign(ANNA, SHARED)
        world.run()
        if besides == "Anna":
            hers = world.account(ANNA)["id"]
            org.change(SHARED, userPrincipalName=BO)
            org.change(ANNA, userPrincipalName=SHARED)
            world.failing(patch=only(hers))
            world.run()
            world.heal()
            org.change(SHARED, userPrincipalName=ANNA)
        else:
            org.change(SHARED, userPrincipalName=BO)
            world.target.put("user", {"userName": SHARED, "displayName": "Stranger", "active": True})
        org.user("cleo@x", mailNickname="cleo")
        org.change("cleo@x", userPrincipalName=SHARED)
        org.assign(SHARED)
        world.pass_time(hours=6)
        return world

    return make


def only(account):
    async def patch(original, kind, target_id, operations):
        if target_id != account:
            raise Rejected("not now", status=400, scim_type="invalidValue")
        return await original(kind, target_id, operations)

    return patch


@pytest.mark.parametrize("behaviour", ["provisor", "entra"])
@pytest.mark.parametrize("how", GIVEN_UP)
@pytest.mark.parametrize("besides", ["Anna", "a stranger"])
def test_a_name_that_all_but_one_give_up_is_had_in_the_same_cycle(make_office, besides, how, behaviour):
    world = make_office(behaviour, besides)
    accounts = len(world.target.resources("user"))
    GIVEN_UP[how](world)

    summary = world.run()

    named = [one for one in world.target.resources("user").values() if one["userName"] == SHARED and one["active"]]
    assert "user.fail" not in summary.counts
    assert [one["externalId"] for one in named] == [world.organisation.id("user", SHARED)]
    made = len(world.target.resources("user")) - accounts + ("purged" in how)
    assert made == (1 if besides == "Anna" else 0)


@pytest.mark.parametrize("behaviour", ["provisor", "entra"])
def test_a_name_that_several_keep_is_nobody_elses(make_office, behaviour):
    world = make_office(behaviour, "a stranger")
    world.target.put("user", {"userName": SHARED, "displayName": "Another", "active": True})
    accounts = len(world.target.resources("user"))

    summary = world.run()

    assert summary.counts["user.fail"] == 1
    assert len(world.target.resources("user")) == accounts
    assert "matches" in str(world.events(status="failure")[-1].document)
