"""Taking access away that fails is tried every hour in the better behaviour, and never given up (decision 0012)."""

import pytest

from provisor.engine.ports import Rejected

BROKEN = Rejected("broken", status=500)
DAYS = 40


@pytest.fixture
def staff(make_world, request):
    """Two people and their group, at the target."""
    world = make_world("scim", behaviour=getattr(request, "param", "provisor"), scope="all")
    world.organisation.users(["anna@x", "bo@x"])
    world.organisation.group("Staff", ["anna@x", "bo@x"])
    world.run()
    return world


def disabled(world):
    world.organisation.change("anna@x", accountEnabled=False)


def purged(world):
    world.organisation.purge("anna@x")


def out_of_the_group(world):
    world.organisation.leave("Staff", "anna@x")


def group_gone(world):
    world.organisation.purge("Staff", kind="group")


def no_writes(world):
    """Nothing can be written from now on; returns the writes that were tried."""
    tried = []

    async def refused(original, *asked):
        tried.append(asked)
        raise BROKEN

    world.failing(patch=refused, delete=refused, patch_members=refused)
    return tried


LEAVES = pytest.mark.parametrize("leaves", [disabled, purged, out_of_the_group, group_gone])


def tries(world, leaves, hours):
    """In which of so many hours something was tried."""
    tried, found = no_writes(world), []
    leaves(world)
    world.run()
    for hour in range(hours):
        tried.clear()
        world.run()
        found += [hour] * bool(tried)
        world.pass_time(hours=1)
    return found


@LEAVES
def test_it_is_tried_by_the_next_cycle_and_then_every_hour(staff, leaves):
    assert tries(staff, leaves, 5) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("staff", ["entra"], indirect=True)
@LEAVES
def test_section_10_the_faithful_behaviour_keeps_its_cadence(staff, leaves):
    assert tries(staff, leaves, 8) == [0, 6]


@LEAVES
def test_cycles_in_between_do_not_try_it(staff, leaves):
    tried = no_writes(staff)
    leaves(staff)
    staff.run()
    staff.run()
    tried.clear()

    staff.run()

    assert tried == []


@LEAVES
def test_after_forty_days_it_is_still_tried_and_then_done(staff, leaves):
    no_writes(staff)
    leaves(staff)
    for _ in range(DAYS):
        staff.run()
        staff.pass_time(days=1)
    assert staff.escrow() != []
    staff.heal()

    staff.run()

    assert staff.escrow() == []
    active = {one["userName"] for one in staff.target.resources("user").values() if one["active"]}
    held = (active, staff.target.memberships(), len(staff.target.resources("group")))
    everybody, both = {"anna@x", "bo@x"}, {("Staff", "anna@x"), ("Staff", "bo@x")}
    assert (
        held
        == {
            disabled: ({"bo@x"}, both, 1),
            purged: ({"bo@x"}, {("Staff", "bo@x")}, 1),
            out_of_the_group: (everybody, {("Staff", "bo@x")}, 1),
            group_gone: (everybody, set(), 0),
        }[leaves]
    )
