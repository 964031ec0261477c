"""Who is held stays held, and nobody is told twice, whatever else the job does before a person has decided.

Order: full cycles, runs for changes, both brakes, imports and plans.
"""

import asyncio

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.engine.brake import KINDS
from provisor.runner.cycle import run_cycle
from provisor.runner.import_lock import importing
from provisor.runner.planning.holding import ACTIVITY
from provisor.storage import audit, holds, jobs, plans, quarantine, taken

PEOPLE = [f"p{number:02}@x" for number in range(40)]
NO_LIMITS = dict.fromkeys(KINDS, "off")


@pytest.fixture
def make_office(make_world, admin_of):
    """Forty people, assigned and in a group, in a job that is served and sends changes when they come."""

    def make(behaviour="provisor", *, threshold=None, **settings):
        world = make_world("scim", behaviour=behaviour)
        world.organisation.users(PEOPLE)
        world.organisation.group("Staff", PEOPLE)
        world.organisation.assign(*PEOPLE)
        world.organisation.assign("Staff", kind="group")
        world.admin = admin_of(world)
        world.set = lambda **given: world.admin.jobs.settings(ME, world.job.id, **given)
        if threshold is not None and behaviour == "provisor":
            settings.setdefault("limits", NO_LIMITS)
        world.set(change_driven=True, deletion_threshold=threshold, **settings)
        with world.database.transaction() as connection:
            jobs.change(connection, world.job.number, schedule_state="Active")
        assert world.run().state == "succeeded"
        return world

    return make


def served(world, *, asked=False):
    return world.run_due(asked=asked)


def cycle(world):
    return world.run(allow_deletes=0)


def for_changes(world):
    return asyncio.run(run_cycle(world.order(by_change=True)))


def inactive(world):
    return sorted(str(one["userName"]) for one in world.target.resources("user").values() if not one["active"])


def held(world, *, allowed=False):
    rows = holds.stream(world.database.reader(), world.job.number)
    return sorted(one.name for one in rows if (one.allowed_at is not None) is allowed)


def told(world):
    """How often somebody was told of held deletions or of the job's quarantine."""
    found = audit.newest(world.database.reader(), world.organisation.tenant, limit=1_000)
    return sum(one.activity == ACTIVITY or "quarantine" in one.activity.lower() for one in found)


def reason(world):
    found = quarantine.read(world.database.reader(), world.job.number)
    return None if found is None else found.reason


def one_by_one(world, number):
    for name in PEOPLE[:number]:
        world.organisation.change(name, accountEnabled=False)
        served(world)


# Full cycles


@pytest.mark.parametrize("behaviour", ["provisor", "entra"])
def test_who_is_held_above_the_threshold_is_held_by_the_next_full_cycle_too(make_office, behaviour):
    world = make_office(behaviour, threshold=5)
    one_by_one(world, 8)
    assert held(world) == PEOPLE[5:8]

    world.pass_time(hours=7)
    served(world)

    assert (inactive(world), held(world)) == (PEOPLE[:5], PEOPLE[5:8])
    world.admin.deletions.allow(ME, world.job.id)
    served(world, asked=True)
    assert (inactive(world), held(world)) == (PEOPLE[:8], [])


@pytest.mark.parametrize("threshold", [None, 10])
def test_rejected_and_still_due_they_are_held_by_a_full_cycle(make_office, threshold):
    world = make_office(threshold=threshold)
    one_by_one(world, 11)

    plans_of = [world.plan()]
    world.admin.deletions.reject(ME, world.job.id)
    plans_of.append(world.plan())
    served(world, asked=True)

    assert all(plan.brake is not None for plan in plans_of)
    assert (inactive(world), held(world)) == (PEOPLE[:10], PEOPLE[10:11])


@pytest.mark.parametrize("threshold", [None, 10])
def test_rejected_and_put_right_counting_begins_afresh_with_the_full_cycle_after_it(make_office, threshold):
    world = make_office(threshold=threshold)
    one_by_one(world, 11)
    world.organisation.change(PEOPLE[10], accountEnabled=True)

    world.admin.deletions.reject(ME, world.job.id)
    cycle(world)
    cycle(world)

    assert (held(world), reason(world)) == ([], None)
    assert taken.since_full_cycle(world.database.reader(), world.job.number) == (0, 0, 0)


# Runs for changes


@pytest.fixture
def day_has_come(make_office):
    """Fifteen have left so long ago that they are to be deleted, more than the limit; these are held."""
    world = make_office(leavers="delete-after", leavers_days=30)
    world.organisation.unassign("Staff", kind="group")
    world.organisation.unassign(*PEOPLE[:15])
    world.run()
    world.pass_time(days=31)
    assert cycle(world).error.code == "too-many-deletions"
    assert held(world) == PEOPLE[:15]
    return world


def test_who_is_to_be_deleted_today_and_held_stays_so_while_others_change(day_has_come):
    before = told(day_has_come)
    day_has_come.organisation.change(PEOPLE[30], displayName="Changed")

    for_changes(day_has_come)

    assert (held(day_has_come), told(day_has_come)) == (PEOPLE[:15], before)


def test_who_may_be_deleted_today_may_be_after_others_have_changed(day_has_come):
    day_has_come.admin.deletions.allow(ME, day_has_come.job.id)
    day_has_come.organisation.change(PEOPLE[30], displayName="Changed")

    for_changes(day_has_come)

    assert held(day_has_come, allowed=True) == PEOPLE[:15]
    assert cycle(day_has_come).error is None
    assert len(day_has_come.target.resources("user")) == 25


def test_who_was_to_be_deleted_and_returned_is_held_no_longer(day_has_come):
    day_has_come.organisation.assign(*PEOPLE[:15])

    for_changes(day_has_come)

    assert (held(day_has_come), inactive(day_has_come)) == ([], [])


# Both brakes


def test_above_the_threshold_and_a_limit_everybody_is_told_once(make_office):
    world = make_office(threshold=5, limits={**NO_LIMITS, "memberships": "5"})
    for name in PEOPLE[:8]:
        world.organisation.change(name, accountEnabled=False)
    for name in PEOPLE[20:30]:
        world.organisation.leave("Staff", name)

    assert cycle(world).error.code == "too-many-deletions"
    before = told(world), len(staged_events(world))
    for _ in range(3):
        cycle(world)
    assert (told(world), len(staged_events(world))) == before

    world.admin.deletions.allow(ME, world.job.id)
    cycle(world)
    assert (held(world), reason(world), inactive(world)) == (PEOPLE[:8], "TooManyDeletes", [])
    assert len(world.target.memberships()) == 30
    world.admin.deletions.allow(ME, world.job.id)
    cycle(world)
    assert (held(world), reason(world), inactive(world)) == ([], None, PEOPLE[:8])


def staged_events(world):
    return [event for event in world.events() if event.action.startswith("staged")]


# Imports and plans


def test_an_import_ends_no_quarantine_of_who_is_held(make_office):
    world = make_office(threshold=5)
    for name in PEOPLE[:8]:
        world.organisation.change(name, accountEnabled=False)
    served(world)
    before = told(world), len(staged_events(world))

    with importing(world.database.path):
        world.pass_time(hours=7)
        served(world)
        assert (reason(world), held(world)) == ("TooManyDeletes", PEOPLE[:8])
    served(world, asked=True)

    assert (told(world), len(staged_events(world))) == before
    assert (reason(world), held(world), inactive(world)) == ("TooManyDeletes", PEOPLE[:8], [])


def test_who_was_allowed_while_an_import_is_under_way_goes_at_its_end(make_office):
    world = make_office(threshold=5)
    for name in PEOPLE[:8]:
        world.organisation.change(name, accountEnabled=False)
    served(world)

    with importing(world.database.path):
        world.admin.deletions.allow(ME, world.job.id)
        served(world, asked=True)
        assert (reason(world), held(world, allowed=True)) == (None, PEOPLE[:8])
    served(world)

    assert (inactive(world), held(world)) == (PEOPLE[:8], [])


def test_an_approved_plan_of_others_ends_no_hold(make_office):
    world = make_office(threshold=5)
    world.set(approve_above=3)
    for name in PEOPLE[:8]:
        world.organisation.change(name, accountEnabled=False)
    for name in PEOPLE[20:26]:
        world.organisation.change(name, displayName="Changed")
    assert cycle(world).error.code == "approval-needed"
    before = len(staged_events(world))

    world.apply(plans.of_job(world.database.reader(), world.job.number)[0].number)

    assert (inactive(world), held(world)) == ([], PEOPLE[:8])
    cycle(world)
    assert (reason(world), held(world), len(staged_events(world))) == ("TooManyDeletes", PEOPLE[:8], before)
