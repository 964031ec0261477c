"""What makes a job due, where several things could: quarantine, escrow, an approved plan, and changes."""

import asyncio

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.database import Writer
from provisor.engine.ports import Rejected
from provisor.rules.failure import Failure
from provisor.runner.cycle import run_due
from provisor.runner.due import has_news, next_start, nothing_to_do
from provisor.runner.plans import make_plan
from provisor.runner.session import JobSession
from provisor.storage import feed, jobs, plans, quarantine
from provisor.storage.authors import SERVICE
from provisor.storage.times import to_microseconds

HOUR = 3600 * 1_000_000
PEOPLE = [f"p{number:02}@x" for number in range(5)]


@pytest.fixture
def served(make_world):
    """Five people whose accounts are there, in a job that served them once."""
    world = make_world("scim", scope="all")
    world.organisation.users(PEOPLE)
    world.run()
    set_job(world, schedule_state="Active", status_code="Active")
    return world


def set_job(world, **changes):
    with world.database.transaction() as connection:
        jobs.change(connection, world.job.number, **changes)


def stored(world):
    job = jobs.read(world.database.reader(), world.job.number)
    assert job is not None
    return job


def present(world):
    return to_microseconds(world.now())


def news(world):
    return has_news(stored(world), feed.current_change(world.database.reader(), world.job.tenant))


def due(world, *, asked=False):
    """What comes of one run of a session, and the requests that it made."""
    world.target.journal.clear()

    async def main():
        writer = Writer(world.database)
        session = JobSession(writer)
        found = await run_due(world.order(), session, asked=asked)
        await session.close()
        await writer.close()
        return found

    return asyncio.run(main())


def quarantined(world):
    with world.database.transaction() as connection:
        failure = Failure(code="Timeout", message="No answer.", hint="")
        quarantine.impose(connection, stored(world), "QuarantinedOnDemand", failure, now=world.now())


def test_in_quarantine_a_change_waits_until_the_next_try(served):
    quarantined(served)
    served.organisation.change("p00@x", displayName="One")

    assert news(served) is False
    assert next_start(stored(served), present(served)) > present(served) + 5 * HOUR


def test_the_next_try_in_quarantine_is_a_whole_cycle_and_ends_it(served):
    quarantined(served)
    served.organisation.change("p00@x", displayName="One")
    served.pass_time(hours=7)

    ran = due(served)

    assert ran is not None and ran.state == "succeeded"
    assert stored(served).last_began_at >= present(served) - HOUR
    assert (stored(served).next_at, stored(served).status_code) == (None, "Active")


def test_in_quarantine_a_cycle_runs_although_nothing_is_to_be_done(served):
    quarantined(served)
    served.pass_time(hours=7)

    assert due(served) is not None
    assert quarantine.read(served.database.reader(), served.job.number) is None


def test_who_asks_need_not_wait_for_the_next_try(served):
    quarantined(served)

    assert due(served, asked=True) is not None
    assert quarantine.read(served.database.reader(), served.job.number) is None


def test_who_failed_waits_for_the_interval_though_others_change(served):
    served.organisation.change("p00@x", displayName="One")
    served.target.fail(1, Rejected("no", status=400), method="PATCH")
    due(served)
    served.heal()
    served.organisation.change("p01@x", displayName="Two")

    by_change = due(served)
    served.pass_time(hours=1)
    whole = due(served)

    assert by_change is not None and by_change.requests["PATCH"] == 1
    assert served.account("p01@x")["displayName"] == "Two"
    assert whole is not None and whole.requests["PATCH"] == 1
    assert served.account("p00@x")["displayName"] == "One"


def test_a_retry_that_is_asked_for_makes_a_change_driven_job_due_at_once(served):
    set_job(served, next_at=present(served))

    assert next_start(stored(served), present(served)) <= present(served)
    assert not nothing_to_do(served.database.reader(), stored(served), present(served))


def test_a_time_far_ahead_was_written_by_a_wrong_clock(served):
    set_job(served, next_at=present(served) + 25 * HOUR)

    assert next_start(stored(served), present(served)) == 0


def test_an_approved_plan_is_carried_out_by_a_whole_cycle_even_when_a_change_comes_first(served, admin_of):
    served.organisation.change("p00@x", displayName="One")
    number = asyncio.run(make_plan(served.order(), by=SERVICE))
    admin_of(served).plans.approve(ME, number)
    served.organisation.change("p01@x", displayName="Two")

    ran = due(served)

    found = plans.read(served.database.reader(), number)
    assert ran is not None and ran.requests["PATCH"] == 1
    assert found is not None and found.state == "applied"
    assert served.account("p00@x")["displayName"] == "One"
    assert news(served) is False
