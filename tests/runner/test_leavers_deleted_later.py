"""Leavers who are disabled, and deleted so many days later: remembered until it is done, undone by a return.

Order: the day, what changes meanwhile, kills and lost answers, the clock, guards, what is told.
"""

import asyncio
from datetime import timedelta

import pytest

from provisor.admin.actor import LOCAL_OPERATOR
from provisor.database import Writer
from provisor.engine.ports import Rejected, Unreachable
from provisor.runner.cycle import run_due
from provisor.runner.on_demand import Wish, provision_on_demand, try_on_demand
from provisor.runner.session import JobSession
from provisor.storage import directory_verbs, links
from provisor.testing.faults import Killed

DAYS = 30


@pytest.fixture
def make_leaving(make_world, admin_of):
    """Anna has left a job that deletes leavers 30 days later, and is disabled; Bo stays."""

    def make(*, leaves=lambda world: world.organisation.unassign("anna@x"), **more):
        world = make_world(**more)
        world.admin = admin_of(world)
        world.set = lambda **given: world.admin.jobs.settings(LOCAL_OPERATOR, world.job.id, **given)
        world.set(leavers="delete-after", leavers_days=DAYS)
        world.organisation.users(["anna@x", "bo@x"])
        world.organisation.assign("anna@x", "bo@x")
        world.run()
        leaves(world)
        world.run()
        assert account_of(world) == "disabled"
        return world

    return make


@pytest.fixture
def leaving(make_leaving):
    return make_leaving()


def account_of(world, name="anna@x"):
    account = world.target.by_name("user", name)
    return "gone" if account is None else "active" if account["active"] else "disabled"


def link_of(world, name="anna@x"):
    return links.by_object(world.database.reader(), world.job.number, world.organisation.id("user", name))


# The day


def test_a_leaver_is_deleted_when_the_day_has_come_and_not_before(leaving):
    leaving.pass_time(days=DAYS - 1)
    assert leaving.run().requests == {"GET": 1}
    assert leaving.plan().operations == 0

    leaving.pass_time(days=1)
    assert leaving.plan().operations == 1
    leaving.run()

    assert account_of(leaving) == "gone"
    assert [event.action for event in leaving.events(identity="anna@x")] == ["create", "disable", "delete"]
    assert leaving.run().requests == {"GET": 1}


@pytest.mark.parametrize("change_driven", [True, False])
def test_no_change_of_the_directory_is_needed_for_it(leaving, change_driven):
    leaving.set(change_driven=change_driven)
    leaving.run()
    leaving.pass_time(days=DAYS)

    asyncio.run(run_what_is_due(leaving))

    assert account_of(leaving) == "gone"


async def run_what_is_due(world):
    """As `provisor serve` does."""
    writer = Writer(world.database)
    session = JobSession(writer)
    try:
        await run_due(world.order(), session)
    finally:
        await session.close()
        await writer.close()


def test_memberships_are_kept_until_then_and_go_with_the_account(make_leaving):
    world = make_leaving()
    org = world.organisation
    org.group("Staff", ["bo@x"])
    org.assign("Staff", kind="group")
    world.run()
    org.join("Staff", "anna@x")  # which assigns her again
    world.run()
    assert account_of(world) == "active"
    org.unassign("Staff", kind="group")
    org.group("Others", [])
    org.assign("Others", kind="group")
    world.run()
    world.pass_time(days=DAYS)

    world.run()

    assert account_of(world) == "gone"
    assert {member for _, member in world.target.memberships()} <= {"bo@x"}
    assert world.run().requests == {"GET": 1}


def test_who_was_released_before_is_never_deleted(make_world, admin_of):
    world = make_world()
    admin = admin_of(world)
    world.organisation.users(["anna@x"])
    world.organisation.assign("anna@x")
    world.run()
    world.organisation.unassign("anna@x")
    world.run()

    admin.jobs.settings(LOCAL_OPERATOR, world.job.id, leavers="delete-after", leavers_days=1)
    world.run()
    world.pass_time(days=40)
    world.run()
    admin.jobs.settings(LOCAL_OPERATOR, world.job.id, leavers="delete")
    world.run()

    assert account_of(world) == "disabled"


def test_who_is_disabled_in_the_directory_is_tracked_as_before(make_leaving):
    world = make_leaving(leaves=lambda world: world.organisation.change("anna@x", accountEnabled=False))
    world.pass_time(days=400)

    world.run()

    assert (account_of(world), link_of(world).state) == ("disabled", "linked")
    world.organisation.change("anna@x", accountEnabled=True)
    world.run()
    assert account_of(world) == "active"


def test_days_count_from_leaving_not_from_an_earlier_disabling(make_leaving):
    world = make_leaving(leaves=lambda world: world.organisation.change("anna@x", accountEnabled=False))
    world.pass_time(days=100)
    world.organisation.unassign("anna@x")
    world.run()

    assert account_of(world) == "disabled"
    world.pass_time(days=DAYS - 1)
    world.run()
    assert account_of(world) == "disabled"
    world.pass_time(days=1)
    world.run()
    assert account_of(world) == "gone"


# What changes meanwhile. Each: what is done, and what has become of the account the day after it would be deleted.


def assigned(world):
    world.organisation.assign("anna@x")


def assigned_and_disabled(world):
    world.organisation.change("anna@x", accountEnabled=False)
    world.organisation.assign("anna@x")


def soft_deleted(world):
    world.delete("anna@x", days_ago=-world.passed.days)


def deleted_and_restored_with_access(world):
    world.delete("anna@x", days_ago=-world.passed.days)
    world.run()
    world.organisation.restore("anna@x")
    world.organisation.assign("anna@x")


def purged(world):
    with world.database.transaction() as connection:
        item = directory_verbs.find(connection, world.organisation.tenant, "user", "anna@x")
        directory_verbs.purge(connection, world.organisation.tenant, item, now=world.now())


def renamed(world):
    world.organisation.change("anna@x", displayName="Somebody Else")


def more_days(world):
    world.set(leavers_days=DAYS * 3)


def fewer_days(world):
    world.set(leavers_days=1)


def kept_for_good(world):
    world.set(leavers="disable")


def left_alone(world):
    world.set(leavers="nothing")


def deleted_at_once(world):
    world.set(leavers="delete")


def changed_and_changed_back(world):
    world.set(leavers="disable")
    world.set(leavers="delete-after", leavers_days=DAYS)


def skipped(world):
    world.set(skip_out_of_scope_deletions=True)


def deletion_off(world):
    rules = world.rules()
    world.mapping_of(rules)["flowTypes"] = "Add,Update"
    world.save_rules(rules)


def forgotten(world):
    world.admin.jobs.pause(LOCAL_OPERATOR, world.job.id)
    world.admin.links.forget(LOCAL_OPERATOR, world.job.id, "anna@x")
    world.admin.jobs.start(LOCAL_OPERATOR, world.job.id)


def lost_at_the_target(world):
    if account_of(world) != "gone":
        world.target.lose("user", str(world.account("anna@x")["id"]))


def restarted(scope):
    def restart(world):
        world.admin.jobs.restart(LOCAL_OPERATOR, world.job.id, reset_scope=scope)

    restart.__name__ = f"restarted {scope or 'plainly'}"
    return restart


def paused_and_started(world):
    world.admin.jobs.pause(LOCAL_OPERATOR, world.job.id)
    world.admin.jobs.start(LOCAL_OPERATOR, world.job.id)


MEANWHILE = {
    assigned: "active",
    assigned_and_disabled: "disabled",
    soft_deleted: "gone",
    deleted_and_restored_with_access: "active",
    purged: "gone",
    renamed: "gone",
    more_days: "disabled",
    fewer_days: "gone",
    kept_for_good: "disabled",
    left_alone: "disabled",
    deleted_at_once: "gone",
    changed_and_changed_back: "disabled",
    skipped: "disabled",
    deletion_off: "disabled",
    forgotten: "disabled",
    lost_at_the_target: "gone",
    restarted(""): "gone",
    restarted("Escrows"): "gone",
    restarted("Watermark"): "gone",
    restarted("ForceDeletes"): "gone",
    restarted("ConnectorDataStore"): "disabled",  # nobody knows any more whose it is
    restarted("Full"): "disabled",
    paused_and_started: "gone",
}
EARLY = {fewer_days, deleted_at_once, lost_at_the_target}


@pytest.mark.fast_rows(8)
@pytest.mark.parametrize("when", ["at once", "on the day"])
@pytest.mark.parametrize("change", MEANWHILE, ids=lambda change: change.__name__)
def test_what_changes_while_somebody_waits(leaving, change, when):
    world = leaving
    if when == "at once":
        change(world)
        world.run()
        if change in EARLY:
            world.pass_time(days=2)
        else:
            world.pass_time(days=DAYS - 1)
            world.run()
            assert account_of(world) == ("disabled" if MEANWHILE[change] == "gone" else MEANWHILE[change])
            world.pass_time(days=2)
    else:
        world.pass_time(days=DAYS + 1)
        change(world)

    world.run()
    world.run()

    assert account_of(world) == MEANWHILE[change]
    assert account_of(world, "bo@x") == "active"
    assert world.run().requests == {"GET": 1}


@pytest.mark.fast_rows(6)
@pytest.mark.parametrize("change", [
    assigned, assigned_and_disabled, soft_deleted, purged, renamed, more_days, kept_for_good, left_alone,
    deleted_at_once, skipped, lost_at_the_target, restarted("Watermark"), restarted("Full"),
], ids=lambda change: change.__name__)  # fmt: skip
def test_what_changes_in_the_cycle_that_was_to_delete(leaving, change):
    """Between its plan and the deletion: while somebody else is updated."""
    world = leaving
    world.organisation.change("bo@x", displayName="Changed")
    world.pass_time(days=DAYS)
    world.striking("patch", 1, lambda: change(world))

    world.run()
    world.run()

    skips_what_began = change is skipped  # what was planned before it was said goes out
    assert account_of(world) == ("gone" if skips_what_began else MEANWHILE.get(change, ENDS.get(change.__name__)))


ENDS = {"restarted Watermark": "gone", "restarted Full": "disabled"}


@pytest.mark.parametrize("leaves_again_after", [0, 10])
def test_a_return_begins_the_waiting_anew(leaving, leaves_again_after):
    leaving.pass_time(days=DAYS - 1)
    leaving.organisation.assign("anna@x")
    leaving.run()
    leaving.pass_time(days=leaves_again_after)
    leaving.organisation.unassign("anna@x")
    leaving.run()

    leaving.pass_time(days=DAYS - 1)
    leaving.run()
    assert account_of(leaving) == "disabled"
    leaving.pass_time(days=1)
    leaving.run()
    assert account_of(leaving) == "gone"


def test_somebody_deleted_for_good_keeps_the_tombstone_until_the_account_is_gone(leaving):
    purged(leaving)
    for _ in range(3):
        leaving.pass_time(days=9)
        leaving.run()
    assert account_of(leaving) == "disabled"

    leaving.pass_time(days=4)
    leaving.run()
    leaving.run()

    assert account_of(leaving) == "gone"
    assert link_of(leaving) is None
    rows = leaving.database.reader().all("SELECT id FROM object WHERE purged_at IS NOT NULL")
    assert rows == []


def test_the_tombstone_goes_where_the_account_is_kept_after_all(leaving):
    purged(leaving)
    leaving.run()

    kept_for_good(leaving)
    leaving.run()
    leaving.organisation.change("bo@x", displayName="Changed")
    leaving.run()
    leaving.forget()

    assert account_of(leaving) == "disabled"
    assert leaving.database.reader().all("SELECT id FROM object WHERE purged_at IS NOT NULL") == []


@pytest.mark.parametrize("behaviour", ["provisor"])
def test_who_returns_with_another_account_is_the_manager_and_member_they_were(make_world, admin_of, behaviour):
    world = make_world("scim", behaviour=behaviour)
    org = world.organisation
    org.user("anna@x")
    org.user("bo@x", manager="anna@x")
    org.group("Staff", ["bo@x", "anna@x"])
    org.assign("anna@x", "bo@x")
    admin_of(world).jobs.settings(LOCAL_OPERATOR, world.job.id, leavers="delete")
    world.run()
    org.group("Assigned", ["anna@x"])
    org.unassign("anna@x")
    world.run()
    assert account_of(world) == "gone"
    assert world.run().requests == {"GET": 1}

    org.assign("anna@x")
    org.assign("Staff", kind="group")
    world.run()

    enterprise = world.account("bo@x")["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]
    assert enterprise["manager"]["value"] == world.account("anna@x")["id"]
    assert world.target.memberships() == {("Staff", "anna@x"), ("Staff", "bo@x")}


def test_who_waits_for_a_leaver_as_manager_is_served_when_they_are_tracked_again(make_leaving):
    world = make_leaving(application="scim")
    world.organisation.change("bo@x", manager="anna@x")
    world.run()

    assigned_and_disabled(world)
    world.run()

    enterprise = world.account("bo@x")["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]
    assert enterprise["manager"]["value"] == world.account("anna@x")["id"]
    assert (account_of(world), link_of(world).state) == ("disabled", "linked")


# Kills, lost answers, refusals


@pytest.mark.parametrize("after_effect", [False, True])
@pytest.mark.parametrize("nth", [1, 2])
def test_a_kill_in_the_cycle_that_deletes_forgets_nothing(leaving, nth, after_effect):
    leaving.pass_time(days=DAYS)
    leaving.target.fail(nth, Killed(), after_effect=after_effect)
    with pytest.raises(Killed):
        leaving.run()
    leaving.heal()

    leaving.run()

    assert account_of(leaving) == "gone"
    assert link_of(leaving) is None


@pytest.mark.parametrize("after_effect", [False, True])
@pytest.mark.parametrize("nth", [1, 2])
def test_a_kill_in_the_cycle_that_disables_remembers_from_then_on(make_leaving, nth, after_effect):
    def leaves(world):
        world.organisation.unassign("anna@x")
        world.target.fail(nth, Killed(), after_effect=after_effect)
        with pytest.raises(Killed):
            world.run()
        world.heal()
        world.pass_time(days=3)

    world = make_leaving(leaves=leaves)
    assert link_of(world).disabled_at is not None
    world.pass_time(days=DAYS - 1)
    world.run()
    assert account_of(world) == "disabled"
    world.pass_time(days=1)
    world.run()
    assert account_of(world) == "gone"


def test_who_was_due_while_such_deletions_were_skipped_is_deleted_once_they_are_not(leaving):
    skipped(leaving)
    leaving.pass_time(days=DAYS)
    leaving.run()
    assert account_of(leaving) == "disabled"

    leaving.set(skip_out_of_scope_deletions=False)
    leaving.run()

    assert account_of(leaving) == "gone"


@pytest.mark.fast_rows(8)
@pytest.mark.parametrize("after_effect", [False, True])
@pytest.mark.parametrize("then", MEANWHILE, ids=lambda change: change.__name__)
def test_what_changes_after_a_kill_in_the_deletion_is_heeded(leaving, then, after_effect):
    leaving.pass_time(days=DAYS)
    leaving.target.fail(1, Killed(), method="DELETE", after_effect=after_effect)
    with pytest.raises(Killed):
        leaving.run()
    leaving.heal()
    then(leaving)

    leaving.run()
    leaving.run()

    back = MEANWHILE[then] == "active"
    assert account_of(leaving) == ("gone" if after_effect and not back else MEANWHILE[then])
    assert leaving.run().requests == {"GET": 1}


@pytest.mark.parametrize("after_effect", [False, True])
@pytest.mark.parametrize("error", [
    Unreachable("lost"), Unreachable("60 s", timed_out=True), Rejected("oops", status=500),
], ids=["lost", "timed-out", "500"])  # fmt: skip
def test_a_deletion_that_was_not_answered_is_looked_up_and_done(leaving, error, after_effect):
    leaving.pass_time(days=DAYS)
    leaving.target.fail(1, error, method="DELETE", after_effect=after_effect)

    leaving.run()
    leaving.pass_time(hours=2)
    leaving.run()

    assert account_of(leaving) == "gone"
    assert link_of(leaving) is None


def test_a_deletion_that_is_refused_is_tried_every_hour_and_not_more_often(leaving):
    leaving.pass_time(days=DAYS)
    tried = []

    async def refused(original, *asked):
        tried.append(asked)
        raise Rejected("no", status=403)

    leaving.failing(delete=refused)

    leaving.run()
    leaving.run()
    leaving.run()
    assert 1 <= len(tried) <= 2  # the first failure is tried again by the next cycle
    before = len(tried)
    leaving.pass_time(hours=1)
    leaving.run()
    assert len(tried) == before + 1
    leaving.heal()
    leaving.pass_time(hours=1)
    leaving.run()
    assert account_of(leaving) == "gone"


@pytest.mark.fast_rows(6)
@pytest.mark.parametrize("then", MEANWHILE, ids=lambda change: change.__name__)
def test_what_changes_after_a_refused_deletion_is_heeded_and_nothing_is_left(leaving, then):
    leaving.pass_time(days=DAYS)
    leaving.target.fail(1, Rejected("no", status=403), method="DELETE")
    leaving.run()
    then(leaving)

    leaving.run()
    leaving.pass_time(hours=2)
    leaving.run()

    assert (account_of(leaving), leaving.escrow()) == (MEANWHILE[then], [])
    assert leaving.run().requests == {"GET": 1}


@pytest.mark.parametrize("kind", ["user", "group"])
def test_who_comes_back_between_plan_and_deletion_is_not_deleted(make_world, admin_of, kind):
    """Nothing tells their values apart: groups have no active, and no mapping of these rules reads IsSoftDeleted."""
    world = make_world()
    rules = world.rules()
    flow = world.mapping_of(rules)
    flow["attributeMappings"] = [one for one in flow["attributeMappings"] if one["targetAttributeName"] != "active"]
    world.save_rules(rules)
    admin_of(world).jobs.settings(LOCAL_OPERATOR, world.job.id, leavers="delete")
    org = world.organisation
    org.users(["anna@x", "bo@x"])
    org.assign("anna@x", "bo@x")
    org.group("Staff", [])
    org.assign("Staff", kind="group")
    world.run()
    name = "anna@x" if kind == "user" else "Staff"
    before = world.target.by_name(kind, name)["id"]
    org.unassign(name, kind=kind)
    new = org.user("cy@x") if kind == "user" else org.group("New")  # asked for when the leaver is judged already
    assert new
    org.assign("cy@x" if kind == "user" else "New", kind=kind)
    world.at("GET", kind, 2 if kind == "user" else 1, lambda: org.assign(name, kind=kind))

    world.run()
    world.run()

    assert world.target.by_name(kind, name)["id"] == before


# The clock


def jump(world, **time):
    """The clock is set otherwise, in one step."""
    world.passed += timedelta(**time)


def test_a_clock_that_jumps_ahead_deletes_nobody_until_it_is_believed(leaving):
    jump(leaving, days=DAYS + 1)
    leaving.run()
    assert leaving.plan().operations == 0
    assert account_of(leaving) == "disabled"

    leaving.admin.clock.believe(LOCAL_OPERATOR)
    leaving.run()

    assert account_of(leaving) == "gone"


def test_a_clock_that_jumps_ahead_and_is_corrected_deletes_nobody(leaving):
    jump(leaving, days=DAYS + 1)
    leaving.run()
    jump(leaving, days=-DAYS)
    leaving.run()

    assert account_of(leaving) == "disabled"
    leaving.pass_time(days=DAYS)
    leaving.run()
    assert account_of(leaving) == "gone"


def test_a_clock_that_jumps_in_the_middle_of_a_cycle_deletes_nobody(leaving):
    leaving.organisation.change("bo@x", displayName="Changed")
    leaving.pass_time(days=DAYS - 1)
    leaving.striking("patch", 1, lambda: jump(leaving, days=3))

    leaving.run()

    assert account_of(leaving) == "disabled"


def test_who_left_while_the_clock_was_behind_is_not_deleted_early(make_leaving):
    def leaves(world):
        world.pass_time(days=2)
        world.run()
        jump(world, days=-100)
        world.organisation.unassign("anna@x")

    world = make_leaving(leaves=leaves)
    jump(world, days=100)
    world.run()
    world.admin.clock.believe(LOCAL_OPERATOR)
    world.run()
    assert account_of(world) == "disabled"

    world.pass_time(days=DAYS)
    world.run()

    assert account_of(world) == "gone"


def test_what_waits_for_a_trusted_clock_is_told(leaving):
    jump(leaving, days=DAYS + 1)
    leaving.run()

    (found,) = on_demand(leaving, dry_run=True)

    assert "waits because the clock is not trusted" in found.reason


# Guards and plans


@pytest.fixture
def many(make_leaving):
    """Fifty people, of whom twenty have left."""
    world = make_leaving()
    names = [f"p{number:02}@x" for number in range(50)]
    world.organisation.users(names)
    world.organisation.assign(*names)
    world.run()
    world.organisation.unassign(*names[:20])
    world.run()
    world.pass_time(days=DAYS)
    return world


def test_the_brake_counts_those_who_are_due(many):
    before = len(many.target.resources("user"))

    stopped = many.run(allow_deletes=0)

    assert stopped.error is not None
    assert (stopped.error.code, len(many.target.resources("user"))) == ("too-many-deletions", before)
    many.run()
    assert len(many.target.resources("user")) == before - 21


def test_a_plan_names_who_is_due_and_is_applied(many):
    number = many.make_plan()

    due = [one for one in many.planned(number) if one.operation == "delete"]
    assert len(due) == 21
    assert all(one.reason.endswith("is to be deleted now, 30 days later.") for one in due)
    many.organisation.assign("anna@x")
    many.apply(number)

    assert account_of(many) == "disabled"  # what has changed since is left out
    assert len(many.target.resources("user")) == 32
    many.run()
    assert account_of(many) == "active"


# What is told


def on_demand(world, *, dry_run=False):
    wish = Wish(object=world.organisation.id("user", "anna@x"), by="test")
    if dry_run:
        return asyncio.run(try_on_demand(world.order(), wish))
    return asyncio.run(provision_on_demand(world.order(), wish, wait_seconds=1))


def test_on_demand_says_when_the_account_will_be_deleted(leaving):
    day = (leaving.now() + timedelta(days=DAYS)).strftime("%Y-%m-%d")
    sentence = f"The account will be deleted on {day}, 30 days after it was disabled, unless they return."

    (found,) = on_demand(leaving)

    assert found.result == "Skipped"
    assert found.reason == f"The object is not assigned to the application. {sentence}"
    assert leaving.admin.links.show(LOCAL_OPERATOR, leaving.job.id, "anna@x").deletion is not None
    status = leaving.admin.cycles.status(LOCAL_OPERATOR, leaving.job.id)
    assert (status.leaving, status.next_deletion.strftime("%Y-%m-%d")) == (1, day)


def test_on_demand_says_so_when_it_disables(leaving):
    leaving.organisation.assign("anna@x")
    leaving.run()
    leaving.organisation.unassign("anna@x")

    (tried,) = on_demand(leaving, dry_run=True)
    (found,) = on_demand(leaving)

    assert any("will be deleted on" in note for note in tried.notes)
    assert any("will be deleted on" in note for note in found.notes)
    assert link_of(leaving).disabled_at is not None


def test_on_demand_deletes_who_is_due(leaving):
    leaving.pass_time(days=DAYS)

    (found,) = on_demand(leaving)

    assert (found.action, account_of(leaving)) == ("delete", "gone")
