"""Another application at another tenant URL, the links forgotten: no id and no unanswered request of the former one
counts there, whatever was under way when it was saved."""

import asyncio

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.errors import AdminError
from provisor.engine.ports import Unreachable

STRANGERS = [f"stranger{number}@y" for number in range(8)]
MOVED = {"BaseAddress": "http://127.0.0.1:2", "SecretToken": "another-token"}


@pytest.fixture
def moving(make_world, admin_of):
    """A job with something of every kind to do; at the other application the same ids are strangers'."""
    world = make_world("scim")
    org = world.organisation
    org.users(["anna@x", "bo@x", "cy@x"])
    org.group("Staff", ["anna@x", "bo@x"])
    org.assign("anna@x", "bo@x", "cy@x")
    org.assign("Staff", kind="group")
    world.admin = admin_of(world)
    world.run()
    org.users(["new@x", "old@x"])
    org.assign("new@x", "old@x")
    org.change("anna@x", displayName="Changed")
    org.leave("Staff", "bo@x")
    world.purge("cy@x")
    world.other = world.new_target()
    for name in STRANGERS:
        has_account(world.other, name)
    return world


def has_account(target, name):
    asyncio.run(target.create("user", {"userName": name, "active": True}))


def move(world, links="forget"):
    world.admin.credentials.save(ME, world.job.id, MOVED, links=links)


def accounts(world):
    return {str(one["userName"]): one["active"] for one in world.target.resources("user").values()}


@pytest.mark.parametrize("answered", [False, True], ids=["before the answer", "and the answer is lost"])
@pytest.mark.parametrize("method", ["find", "create", "patch", "patch_members", "delete"])
def test_no_stranger_is_touched_whatever_was_under_way(moving, method, answered):
    left = [1]

    async def struck(original, *asked):
        left[0] -= 1
        if left[0]:
            return await original(*asked)
        answer = await original(*asked) if answered else None
        await asyncio.to_thread(move, moving)
        raise Unreachable(f"lost: {answer}")

    moving.target.behave(method, struck)
    moving.run()
    moving.heal()
    moving.target = moving.other
    moving.organisation.unassign("new@x", "old@x")

    moving.run()
    moving.run()

    assert accounts(moving) == dict.fromkeys(["anna@x", "bo@x", *STRANGERS], True)
    assert moving.run().requests == {"GET": 1}


def test_what_was_not_answered_there_is_nobody_s_here(moving):
    async def lost(original, *asked):
        await original(*asked)
        raise Unreachable("lost")

    moving.failing(create=lost)
    moving.run()
    moving.heal()
    moving.target = moving.other
    for name in ("new@x", "old@x"):
        has_account(moving.other, name)
    moving.organisation.unassign("new@x", "old@x")

    move(moving)
    moving.run()

    assert accounts(moving)["new@x"] is accounts(moving)["old@x"] is True


def test_what_was_not_answered_is_asked_about_although_nobody_is_linked(make_world, admin_of):
    world = make_world("scim")
    world.organisation.user("anna@x")
    world.organisation.assign("anna@x")
    world.admin = admin_of(world)
    world.target.fail(1, Unreachable("lost"), method="POST")
    world.run()

    with pytest.raises(AdminError) as refused:
        move(world, links=None)

    assert refused.value.code == "links-of-another-address"
