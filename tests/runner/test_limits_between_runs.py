"""Limits in change-driven mode: what was sent since the last full cycle counts, whatever runs it was sent in."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.engine.ports import Rejected
from provisor.storage import holds, jobs, taken

PEOPLE = [f"p{number:02}@x" for number in range(40)]


@pytest.fixture
def served(make_world, admin_of):
    """Forty people in a group, whose accounts are there, in a job that is served."""
    world = make_world("scim", scope="all")
    world.organisation.users(PEOPLE)
    world.organisation.group("Staff", PEOPLE)
    world.admin = admin_of(world)
    world.run()
    with world.database.transaction() as connection:
        jobs.change(connection, world.job.number, schedule_state="Active")
    return world


def by_change(world):
    return world.run_due()


def leavers(world, first, number):
    """How many of these left before a run was stopped, each in a run of its own."""
    for gone, name in enumerate(PEOPLE[first : first + number]):
        world.organisation.change(name, accountEnabled=False)
        if by_change(world).error is not None:
            return gone
    return number


def left(world, number):
    """The same for memberships."""
    for gone, name in enumerate(PEOPLE[:number]):
        world.organisation.leave("Staff", name)
        if by_change(world).error is not None:
            return gone
    return number


def held(world):
    return sorted(one.name for one in holds.stream(world.database.reader(), world.job.number))


def inactive(world):
    return [name for name in PEOPLE if not world.account(name)["active"]]


def test_a_storm_of_single_leavers_stops_at_the_limit(served):
    assert leavers(served, 0, 40) == 10

    assert inactive(served) == PEOPLE[:10]
    assert held(served) == [PEOPLE[10]]
    message = holds.read(served.database.reader(), served.job.number).failure.message
    assert message.startswith(
        "11 of 40 users would be disabled or deleted (10 of them were, since the last full cycle)"
    )


def test_a_storm_of_single_memberships_stops_at_the_limit(served):
    assert left(served, 40) == 10

    assert len(served.target.memberships()) == 30


def test_changes_that_take_nothing_away_do_not_count(served):
    for name in PEOPLE[:12]:
        served.organisation.change(name, displayName="Changed")
        assert by_change(served).error is None

    assert taken.since_full_cycle(served.database.reader(), served.job.number) == (0, 0, 0)


def test_a_full_cycle_begins_counting_afresh(served):
    leavers(served, 0, 8)
    served.run(allow_deletes=0)

    assert leavers(served, 8, 8) == 8


def test_a_full_cycle_does_not_let_through_what_a_limit_has_stopped(served):
    leavers(served, 0, 11)

    summary = served.run(allow_deletes=0)

    assert summary.error.code == "too-many-deletions"
    assert inactive(served) == PEOPLE[:10]


def test_what_is_allowed_goes_and_counting_begins_afresh(served):
    leavers(served, 0, 11)

    served.admin.deletions.allow(ME, served.job.id)
    assert by_change(served).error is None

    assert inactive(served) == PEOPLE[:11]
    assert taken.since_full_cycle(served.database.reader(), served.job.number) == (0, 0, 0)
    assert leavers(served, 11, 20) == 10


def test_what_a_person_allowed_for_one_run_does_not_count_afterwards(served):
    for name in PEOPLE[:20]:
        served.organisation.change(name, accountEnabled=False)
    served.run(allow_deletes=20)

    assert leavers(served, 20, 10) == 10


def test_rejected_and_still_due_it_is_stopped_again(served):
    leavers(served, 0, 11)

    served.admin.deletions.reject(ME, served.job.id)

    assert by_change(served).error is not None
    assert inactive(served) == PEOPLE[:10]


def test_rejected_after_it_was_put_right_it_goes_on(served):
    leavers(served, 0, 11)
    served.organisation.change(PEOPLE[10], accountEnabled=True)

    served.admin.deletions.reject(ME, served.job.id)
    by_change(served)

    assert served.run(allow_deletes=0).state == "succeeded"
    assert (inactive(served), held(served)) == (PEOPLE[:10], [])


def test_what_is_provisioned_on_demand_counts_and_stops_too(served):
    results = []
    for name in PEOPLE[:12]:
        served.organisation.change(name, accountEnabled=False)
        (one, *_) = served.admin.on_demand.user(ME, served.job.id, name)
        results.append((one.result, one.code))

    assert results == [("Success", "")] * 10 + [("Failure", "too-many-deletions")] * 2
    assert inactive(served) == PEOPLE[:10]


def test_on_demand_goes_on_when_it_is_allowed(served):
    for name in PEOPLE[:11]:
        served.organisation.change(name, accountEnabled=False)
        served.admin.on_demand.user(ME, served.job.id, name)

    served.admin.deletions.allow(ME, served.job.id)
    (one, *_) = served.admin.on_demand.user(ME, served.job.id, PEOPLE[10])

    assert one.result == "Success"


@pytest.mark.parametrize(("limit", "most"), [("5", 5), ("off", 40), ("50%", 20), ("10%+2", 4), ("0", 0)])
def test_the_limit_is_that_of_the_job(served, limit, most):
    served.admin.jobs.settings(ME, served.job.id, limits={"users": limit})

    gone = leavers(served, 0, 40)

    assert gone == most


def test_the_threshold_counts_them_too(make_world, admin_of):
    world = make_world("scim", scope="all", behaviour="entra")
    world.organisation.users(PEOPLE)
    admin_of(world).jobs.settings(ME, world.job.id, deletion_threshold=5, change_driven=True)
    world.run()

    for name in PEOPLE[:8]:
        world.organisation.change(name, accountEnabled=False)
        by_change(world)

    assert inactive(world) == PEOPLE[:5]


def test_those_who_failed_before_and_are_held_stay_held_while_others_change(served):
    for name in PEOPLE[:12]:
        served.organisation.change(name, accountEnabled=False)
    served.target.fail(1, Rejected("no", status=400), method="PATCH", times=100)
    served.run(allow_deletes=100)
    served.heal()
    stopped = served.run(allow_deletes=0)
    served.organisation.change(PEOPLE[20], displayName="Changed")

    passed = by_change(served)

    assert (stopped.error.code, passed.error) == ("too-many-deletions", None)
    assert held(served) == PEOPLE[:12]
    assert holds.read(served.database.reader(), served.job.number) is not None
    served.admin.deletions.allow(ME, served.job.id)
    served.run(allow_deletes=0)
    assert inactive(served) == PEOPLE[:12]
    assert (held(served), holds.read(served.database.reader(), served.job.number)) == ([], None)
