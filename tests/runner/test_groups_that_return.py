"""A group that was to be deleted, was not, and is wanted again: memberships that changed meanwhile are told too, also
where a cycle that looked at everybody came in between."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.engine.ports import Rejected
from provisor.runner.import_lock import importing
from provisor.storage import restoring


@pytest.fixture
def office(make_world, admin_of):
    """Four people, of whom two are in a group, and one in a group in it."""
    world = make_world("scim")
    org = world.organisation
    org.users(["anna@x", "bo@x", "cy@x", "di@x"])
    org.assign("anna@x", "bo@x", "cy@x", "di@x")
    org.group("Inner", ["di@x"])
    org.group("Staff", ["anna@x", "bo@x"])
    org.join("Staff", "Inner", kind="group")
    org.assign("Staff", kind="group")
    world.admin = admin_of(world)
    world.set = lambda **given: world.admin.jobs.settings(ME, world.job.id, **given)
    world.run()
    return world


def members(world):
    return {member for _, member in world.target.memberships()}


def held(world, meanwhile):
    world.set(deletion_threshold=0)
    for _ in range(2):
        world.run(allow_deletes=0)
        meanwhile()
    world.run(allow_deletes=0)


def waits_for_an_import(world, meanwhile):
    with importing(world.database.path):
        for _ in range(2):
            world.run()
            meanwhile()
        world.run()


def refused(world, meanwhile):
    world.target.fail(1, Rejected("no", status=400), method="DELETE", times=100)
    for _ in range(2):
        world.run()
        meanwhile()
    world.run()
    world.heal()


def nothing(world):
    """No reason to look at everybody."""


def policy_of_groups(world):
    world.set(nested_groups="flatten")


def restart(world):
    world.admin.jobs.restart(ME, world.job.id, reset_scope="Watermark")


def backup(world):
    with world.database.transaction() as connection:
        restoring.doubt_everything(connection)


@pytest.mark.parametrize("looks", [nothing, policy_of_groups, restart, backup])
@pytest.mark.parametrize("stays", [held, waits_for_an_import, refused])
def test_memberships_that_changed_while_its_deletion_was_not_done(office, stays, looks):
    left = [("join", "cy@x"), ("leave", "bo@x")]

    def meanwhile():
        verb, name = left.pop(0)
        getattr(office.organisation, verb)("Staff", name)
        looks(office)

    office.organisation.unassign("Staff", kind="group")
    stays(office, meanwhile)
    office.organisation.assign("Staff", kind="group")
    office.pass_time(hours=2)
    office.run()

    assert members(office) == {"anna@x", "cy@x"} | ({"di@x"} if looks is policy_of_groups else set())
    assert office.run().requests == {"GET": 1}
