"""An account gets another id in the middle of a cycle, and its name is not the one that its link was written with.

How its name came to be another than the link says × what became of the person since × both behaviours. What a cycle has
read of an account leads to it; what another link left behind is not taken for it.
"""

from datetime import UTC, datetime, timedelta

import pytest

from provisor.engine.ports import Malformed
from provisor.storage import links, resets

pytestmark = pytest.mark.fast_rows(2)

ANNA, ONE, TWO = "anna@x", "anna.one@x", "anna.two@x"
BEHAVIOURS = ["provisor", "entra"]


@pytest.fixture
def make_office(make_world):
    """Anna and Bo, and a stranger."""

    def make(behaviour="provisor"):
        world = make_world(behaviour=behaviour)
        world.organisation.users([ANNA, "bo@x"])
        world.organisation.assign(ANNA, "bo@x")
        world.target.put("user", {"userName": "stranger@x", "displayName": "Stranger", "active": True})
        return world

    return make


async def unanswered(original, *asked):
    """Done, and nobody can read what the target says of it."""
    await original(*asked)
    raise Malformed("no JSON", status=200)


def a_rename(world):
    world.run()
    world.organisation.change(ANNA, userPrincipalName=ONE)
    world.failing(patch=unanswered)
    world.run()
    world.heal()
    return ONE


def a_match(world):
    world.target.put("user", {"userName": ANNA, "displayName": "Somebody", "active": False})
    world.failing(patch=unanswered)
    world.run()
    world.heal()
    return ANNA


# What was not answered; each returns what the directory calls her.
UNANSWERED = {"a rename": a_rename, "a match": a_match}

FATES = {
    "stays": lambda world, name: None,
    "disabled": lambda world, name: world.organisation.change(name, accountEnabled=False),
    "unassigned": lambda world, name: world.organisation.unassign(name),
    "deleted": lambda world, name: world.delete(name),
    "purged": lambda world, name: world.purge(name),
}


def rekeyed_when_written_to(world, account):
    """The account has another id from the first request on that would change it."""
    left = [account]

    async def write(original, kind, target_id, *rest):
        if target_id in left:
            left.remove(target_id)
            world.target.rekey(kind, target_id)
        return await original(kind, target_id, *rest)

    world.failing(patch=write, delete=write)


def account_of(world, name):
    link = links.by_object(world.database.reader(), world.job.number, world.organisation.id("user", name))
    return None if link is None else link.target_id


@pytest.mark.parametrize("fate", FATES)
@pytest.mark.parametrize("what", UNANSWERED)
@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_an_account_that_was_just_read_is_found_by_what_it_was_read_to_hold(make_office, behaviour, what, fate):
    world = make_office(behaviour)
    name = UNANSWERED[what](world)
    account = account_of(world, name)
    world.organisation.change(name, userPrincipalName=TWO)
    FATES[fate](world, TWO)
    rekeyed_when_written_to(world, account)
    world.pass_time(hours=6)

    world.run()
    world.pass_time(hours=6)
    world.run()

    assert world.held() == {"stranger@x": set(), **world.wanted()}
    assert len(world.target.resources("user")) == (2 if fate == "purged" else 3)


def forgotten_and_made_anew(world):
    """A restart has forgotten the link when she had another name: her former account is left, with her externalId."""
    world.run()
    world.organisation.change(ANNA, userPrincipalName=ONE)
    with world.database.transaction() as connection:
        resets.reset(connection, world.job.number, {"ConnectorDataStore"}, now=datetime.now(UTC) + timedelta(hours=1))
    world.run()
    return dict(world.account(ANNA))


@pytest.mark.parametrize("fate", [one for one in FATES if one != "purged"])
@pytest.mark.parametrize("moment", ["before", "in the cycle"])
@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_an_account_of_a_forgotten_link_is_not_taken_for_the_one_that_was_lost(make_office, behaviour, moment, fate):
    world = make_office(behaviour)
    left = forgotten_and_made_anew(world)
    account = account_of(world, ONE)
    if moment == "before":
        world.target.rekey("user", account)
    else:
        rekeyed_when_written_to(world, account)
    world.organisation.change(ONE, userPrincipalName=ANNA)
    FATES[fate](world, ANNA)

    world.run()

    now = account_of(world, ANNA)
    held = world.target.resources("user")
    assert now not in (account, left["id"])
    assert held[now]["userName"] == ONE  # the name is taken
    assert held[now]["active"] is (fate == "stays")
    assert held[left["id"]] == left
