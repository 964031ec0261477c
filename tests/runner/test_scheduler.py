"""Jobs run on their interval, one run of a job at a time, until the process is asked to end."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from provisor.runner.job_lock import JobBusy
from provisor.runner.scheduler import next_start, run_jobs
from provisor.storage import jobs

SECOND = 1_000_000
NOW = 1_000_000 * SECOND


@pytest.fixture
def job(world):
    return lambda **changes: _changed(world, changes)


def _changed(world, changes):
    with world.database.transaction() as connection:
        jobs.change(connection, world.job.number, **changes)
        return jobs.read(connection, world.job.number)


def test_a_job_that_never_ran_is_due_at_once(job):
    assert next_start(job(), NOW) == 0


@pytest.mark.parametrize("state", ["Disabled", "Paused"])
def test_a_job_that_is_not_active_is_never_due(job, state):
    assert next_start(job(schedule_state=state), NOW) is None


def test_the_next_start_is_an_interval_after_the_previous_one(job):
    due = next_start(job(interval_seconds=2400, last_began_at=100 * SECOND, last_ended_at=130 * SECOND), NOW)

    assert due == 2500 * SECOND


def test_a_cycle_longer_than_the_interval_is_followed_at_once(job):
    due = next_start(job(interval_seconds=60, last_began_at=100 * SECOND, last_ended_at=500 * SECOND), NOW)

    assert due == 500 * SECOND


@pytest.mark.parametrize(
    ("began", "ended"),
    [
        pytest.param(NOW + 365 * 86_400 * SECOND, NOW + 365 * 86_400 * SECOND, id="a year ahead"),
        pytest.param(NOW - 60 * SECOND, NOW + 365 * 86_400 * SECOND, id="put ahead while it ran"),
        pytest.param(NOW + SECOND, None, id="put back by a moment"),
    ],
)
def test_a_run_of_the_future_holds_nothing_up(job, began, ended):
    due = next_start(job(interval_seconds=2400, last_began_at=began, last_ended_at=ended), NOW)

    assert due <= NOW + 2400 * SECOND


def test_a_clock_that_was_ahead_does_not_stop_the_schedule_once_it_is_put_right(world):
    ahead = [timedelta(days=400)]
    ran = []

    async def run(stop):
        ran.append(1)
        if len(ran) == 1:
            asyncio.get_running_loop().call_later(0.05, ahead.clear)
            raise RuntimeError("the clock is ahead")
        stop.set()

    scheduled(world, run, seconds=5, now=lambda: datetime.now(UTC) + sum(ahead, timedelta()))

    assert len(ran) == 2


def scheduled(world, run, *, seconds=0.3, now=lambda: datetime.now(UTC)):
    """What `run_jobs` reports as failed while it runs for some time."""
    failures = []

    async def main():
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(seconds, stop.set)
        await run_jobs(
            world.database,
            world.organisation.tenant,
            lambda job_id: run(stop),
            stop=stop,
            now=now,
            failed=lambda job_id, error: failures.append(error),
            poll_seconds=0.02,
        )

    asyncio.run(main())
    return failures


def test_a_running_job_is_not_started_a_second_time(world):
    starts = []

    async def run(stop):
        starts.append(1)
        await stop.wait()

    scheduled(world, run)

    assert starts == [1]


def test_stopping_waits_for_the_cycle_under_way(world):
    ended = []

    async def run(stop):
        await stop.wait()
        await asyncio.sleep(0.05)
        ended.append(1)

    scheduled(world, run)

    assert ended == [1]


def test_a_job_that_breaks_once_is_tried_again_long_before_its_interval(world, monkeypatch):
    monkeypatch.setattr("provisor.runner.scheduler.FIRST_PAUSE_SECONDS", 0.05)
    ran = []

    async def run(stop):
        ran.append(1)
        if len(ran) == 1:
            raise OSError("the disk is full")
        stop.set()

    failures = scheduled(world, run, seconds=5)

    assert (len(ran), len(failures)) == (2, 1)


def test_a_job_that_breaks_is_reported_and_not_tried_at_once(world):
    async def run(stop):
        raise ValueError("broken")

    failures = scheduled(world, run)

    assert [str(failure) for failure in failures] == ["broken"]


def test_a_job_that_runs_in_another_process_is_tried_again_soon(world):
    starts = []

    async def run(stop):
        starts.append(1)
        raise JobBusy("busy")

    failures = scheduled(world, run)

    assert len(starts) > 1
    assert failures == []


def test_a_job_is_run_again_when_its_interval_has_passed(world):
    starts = []

    async def run(stop):
        starts.append(1)
        present = int(datetime.now(UTC).timestamp() * SECOND)
        _changed(world, {"interval_seconds": 0, "last_began_at": present, "last_ended_at": present})
        if len(starts) == 3:
            stop.set()

    scheduled(world, run, seconds=60)

    assert len(starts) == 3
