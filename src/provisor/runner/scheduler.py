"""Runs jobs on their interval inside one process, until told to stop.

Next start = the later of (previous start + interval) and the previous end. Jobs do not block one another; one job never
runs twice at once (runner.joblock also keeps other processes out). Used by `provisor serve`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from provisor.database import Database
from provisor.runner.job_lock import JobBusy
from provisor.storage import clock, jobs
from provisor.storage.jobs import Job
from provisor.storage.times import to_microseconds

POLL_SECONDS = 1.0  # how soon a job started by another process is seen

_MICROSECONDS = 1_000_000
_A_MINUTE = 60 * _MICROSECONDS
_OBSERVED_EVERY = 3600 * _MICROSECONDS  # that a clock is looked at; jobs may have an interval of days


def next_start(job: Job, now: int) -> int | None:
    """When the job is due, in UTC microseconds (0: at once); None while its schedule is not active.

    Never later than now and an interval: a run that began in the future was one while the clock was wrong.
    """
    if job.schedule_state != "Active":
        return None
    if job.last_began_at is None or job.last_began_at > now:
        return 0
    return max(job.last_began_at + job.interval_seconds * _MICROSECONDS, min(job.last_ended_at or 0, now))


async def run_jobs(
    database: Database,
    tenant: str,
    run: Callable[[str], Awaitable[object]],
    *,
    stop: asyncio.Event,
    now: Callable[[], datetime],
    failed: Callable[[str, Exception], None],
    poll_seconds: float = POLL_SECONDS,
) -> None:
    """Start every job when it is due; when `stop` is set, start no more and wait for those that run.

    `run` runs one cycle of the job and heeds `stop` itself. What it raises goes to `failed`; the job is tried again
    after its interval.
    """
    running: dict[str, asyncio.Task[None]] = {}
    not_before: dict[str, int] = {}
    observed = 0

    async def run_one(job: Job) -> None:
        try:
            await run(job.id)
        except JobBusy:
            not_before[job.id] = to_microseconds(now()) + int(poll_seconds * _MICROSECONDS)
        except Exception as error:  # noqa: BLE001 - the edge of a job: one that breaks must not stop the others
            not_before[job.id] = to_microseconds(now()) + job.interval_seconds * _MICROSECONDS
            failed(job.id, error)
        finally:
            del running[job.id]

    while not stop.is_set():
        present = to_microseconds(now())
        if not 0 <= present - observed < _OBSERVED_EVERY:
            observed = present
            with database.transaction() as connection:
                clock.observe(connection, tenant, now=now())
        for job in jobs.all_jobs(database.reader(), tenant):
            start = next_start(job, present)
            held_back = not_before.get(job.id, 0)
            if held_back > present + job.interval_seconds * _MICROSECONDS + _A_MINUTE:
                held_back = 0  # by a clock that was ahead
            if start is None or job.id in running or present < max(start, held_back):
                continue
            running[job.id] = asyncio.create_task(run_one(job))
        try:
            await asyncio.wait_for(stop.wait(), poll_seconds)
        except TimeoutError:
            pass
    if running:
        await asyncio.wait(list(running.values()))
