"""A restart that forgets links meets a run in the middle of something: nobody keeps access, and nothing is invented.

Order: what is under way and a restart, kills, what the next run meets, what allows and forgets.
"""

import asyncio

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.engine.leavers import DAYS, SETTING
from provisor.engine.ports import Rejected
from provisor.runner.planning import planner
from provisor.storage import had_links, jobs, links, operations, resets
from provisor.testing.faults import Killed
from support.on_demand import on_demand

NAMES = ("anna@x", "bo@x", "cy@x")


@pytest.fixture
def world(make_world):
    return provisioned(make_world)


def provisioned(make_world):
    """Three people, two of them in a group, all at the application."""
    world = make_world("scim", behaviour="provisor")
    org = world.organisation
    org.users(NAMES, department="Sales")
    org.group("Staff", NAMES[:2])
    org.assign(*NAMES)
    org.assign("Staff", kind="group")
    world.run()
    return world


def restart(world, scope="ConnectorDataStore"):
    with world.database.transaction() as connection:
        resets.reset(connection, world.job.number, {scope}, now=world.now())


def disabled(world):
    world.organisation.change("anna@x", accountEnabled=False)


def binned(world):
    world.organisation.delete("anna@x")


def purged(world):
    world.purge("anna@x")


def unassigned(world):
    world.organisation.unassign("anna@x")
    world.organisation.unassign("Staff", kind="group")


LEAVES = {one.__name__: one for one in (disabled, binned, purged, unassigned)}


def changed(world):
    world.organisation.change("anna@x", jobTitle="Lead")


def hired(world):
    world.organisation.user("new@x", department="Sales")
    world.organisation.assign("new@x")


def returned(world):
    """She left, and is taken back."""
    unassigned(world)
    world.run()
    world.organisation.assign("anna@x")


def lost(world):
    """Her account is gone there."""
    world.target.lose("user", str(world.account("anna@x")["id"]))
    changed(world)


UNDER_WAY = {one.__name__: one for one in (disabled, purged, unassigned, changed, hired, returned, lost)}


def assert_right(world, *where):
    """Whoever is wanted has one account, linked and in use, and is in their groups; nobody else's is in use; no link
    leads to nothing."""
    reader, number = world.database.reader(), world.job.number
    linked = {row[0] for row in reader.all("SELECT target_id FROM link WHERE job = ?", (number,))}
    users = world.target.resources("user")
    active = {key: str(one["userName"]) for key, one in users.items() if one.get("active") is not False}
    assert linked <= {*users, *world.target.resources("group")}, where
    assert set(active) <= linked, where
    assert sorted(active.values()) == sorted(world.wanted()), where
    assert world.held() == world.wanted(), where
    assert not had_links.anybody(reader, number), where


def in_use(world, name):
    found = world.target.by_name("user", name)
    return found is not None and found.get("active") is not False


def assert_right_after_cycles(world, *where):
    for _ in range(2):
        assert world.run().error is None, where
    assert_right(world, *where)
    world.run()
    assert world.writes() == [], where


def hurried(world):
    """On demand: who was hired, else anna."""
    rows = world.database.reader().all("SELECT name FROM object WHERE name = 'new@x'")
    on_demand(world, rows[0][0] if rows else "anna@x")


RUNS = {"a cycle": lambda world: world.run(), "on demand": hurried}
PORT = ("find", "page", "read", "create", "patch", "patch_members", "delete")
MOMENTS = ("before", "after", "killed before", "killed after")  # its answer; and the run is killed with it


def restarting(world, nth, moment):
    """Have the job restarted around the n-th request of whatever kind; returns whether there was one."""
    left, reached = [nth], []

    async def struck(original, *asked):
        left[0] -= 1
        if left[0]:
            return await original(*asked)
        reached.append(moment)
        if moment in ("before", "killed before"):
            await asyncio.to_thread(restart, world)
        if moment == "killed before":
            raise Killed
        answer = await original(*asked)
        if moment in ("after", "killed after"):
            await asyncio.to_thread(restart, world)
        if moment == "killed after":
            raise Killed
        return answer

    world.failing(**dict.fromkeys(PORT, struck))
    return reached


def met_by_a_restart(make_world, happens, run, nth, moment):
    """A world in which a run about this was met by a restart; None when it had ended before."""
    world = provisioned(make_world)
    happens(world)
    reached = restarting(world, nth, moment)
    try:
        run(world)
    except Killed:
        pass
    world.heal()
    return world if reached else None


FAST = ("purged", "returned")


def some(name):
    return () if name in FAST else pytest.mark.slow


@pytest.mark.test_rows(24)
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("happens", [pytest.param(one, id=name, marks=some(name)) for name, one in UNDER_WAY.items()])
def test_whatever_is_under_way_a_restart_leaves_the_target_right(make_world, happens, run, moment):
    for nth in range(1, 30):
        world = met_by_a_restart(make_world, happens, RUNS[run], nth, moment)
        if world is None:
            break

        assert_right_after_cycles(world, nth)
    assert nth > 2


@pytest.mark.test_rows(16)
@pytest.mark.slow
@pytest.mark.parametrize("after", RUNS)
@pytest.mark.parametrize("leaves", LEAVES)
@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("happens", [changed, returned, lost], ids=lambda one: one.__name__)
def test_who_leaves_after_a_restart_that_met_a_run_loses_access(make_world, happens, run, leaves, after):
    for nth in range(1, 30):
        world = met_by_a_restart(make_world, happens, RUNS[run], nth, "killed after")
        if world is None:
            break
        LEAVES[leaves](world)
        RUNS[after](world)

        assert_right_after_cycles(world, nth)


# What the next run meets


async def refused(original, *asked):
    raise Rejected("broken", status=500)


def broken_for(world, name):
    """A fault of our own about one account."""
    target_id = str(world.account(name)["id"])

    async def read(original, kind, asked):
        if asked == target_id:
            raise ValueError
        return await original(kind, asked)

    world.failing(read=read)


@pytest.mark.parametrize("leaves", LEAVES)
def test_a_fault_of_our_own_with_a_leaver_after_a_restart_is_tried_again(world, leaves):
    LEAVES[leaves](world)
    restart(world)
    broken_for(world, "anna@x")
    world.run()
    assert [one.removes for one in world.escrow()] == [1]
    world.heal()
    world.pass_time(hours=24)

    assert_right_after_cycles(world)


@pytest.mark.parametrize("leaves", LEAVES)
def test_who_leaves_between_the_match_and_the_link_loses_access(world, leaves):
    restart(world)
    world.at("GET", "group", 1, lambda: LEAVES[leaves](world))

    assert_right_after_cycles(world)


@pytest.mark.parametrize("leaves", LEAVES)
def test_who_could_not_be_matched_after_a_restart_and_leaves_then_loses_access(world, leaves):
    async def refused_for_her(original, kind, path, value):
        return await (refused if value == "anna@x" else original)(kind, path, value)

    restart(world)
    world.failing(find=refused_for_her, page=refused)
    world.run()
    assert [one.name for one in world.escrow()] == ["anna@x"]
    LEAVES[leaves](world)
    world.heal()

    assert_right_after_cycles(world)


def test_an_account_that_somebody_else_was_to_get_and_did_not_is_taken_out_of_use(make_world, monkeypatch):
    monkeypatch.setattr(planner, "PAGE", 1)
    world = make_world("scim", behaviour="provisor")
    org = world.organisation
    org.users(["early@x", "late@x"])
    org.group("Staff")
    org.assign("late@x")
    org.assign("Staff", kind="group")
    world.run()
    world.purge("late@x")
    org.change("early@x", userPrincipalName="late@x")
    early = org.id("user", "late@x")
    org.assign("late@x")
    restart(world)

    def called_otherwise():
        assert operations.claimed(world.database.reader(), world.job.number, "user", "u-1").id == early
        org.change("late@x", userPrincipalName="early@x")

    world.at("GET", "group", 1, called_otherwise)

    assert_right_after_cycles(world)
    assert in_use(world, "early@x")


# What is not so any more


def test_what_was_read_before_a_restart_brings_no_link_back(world):
    world.striking("read", 1, lambda: restart(world))

    on_demand(world, "anna@x")

    assert links.count(world.database.reader(), world.job.number, "user") == 0


def test_a_link_that_is_forgotten_by_hand_is_not_found_again(world, admin_of):
    admin = admin_of(world)
    restart(world)
    unassigned(world)
    world.failing(patch=refused)
    on_demand(world, "anna@x")
    world.heal()
    admin.jobs.pause(ME, world.job.id)
    admin.links.forget(ME, world.job.id, "anna@x")

    world.run()

    assert in_use(world, "anna@x")


def test_who_waits_for_a_deletion_when_a_second_restart_comes_keeps_the_account(make_world):
    world = provisioned(make_world)
    with world.database.transaction() as connection:
        settings = {**world.job.settings, SETTING: "delete-after", DAYS: 2}
        jobs.change(connection, world.job.number, settings=settings)
    restart(world)
    unassigned(world)
    on_demand(world, "anna@x")
    assert not in_use(world, "anna@x")
    restart(world)

    world.run()
    world.pass_time(days=4)
    world.run()

    assert world.target.by_name("user", "anna@x") is not None


def test_new_accounts_that_are_allowed_let_nobody_keep_an_old_one(make_world, admin_of):
    world = provisioned(make_world)
    admin = admin_of(world)
    admin.jobs.settings(ME, world.job.id, limits={"users": "0%"})
    for name in NAMES[1:]:
        world.target.lose("user", str(world.account(name)["id"]))
    restart(world)
    unassigned(world)
    stopped = world.run(allow_deletes=0)
    assert stopped.error.code == "accounts-not-matched"
    restart(world)

    admin.deletions.allow(ME, world.job.id)
    world.run()

    assert not in_use(world, "anna@x")
    assert in_use(world, "cy@x")
