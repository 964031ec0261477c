"""Runs jobs when they are due inside one process, until told to stop: on their interval, when somebody asks for it
(storage.run_requests), in change-driven mode soon after the directory has changed, and when an import has ended that
removals waited for.

Changes are gathered: a run begins when none has come for a moment, and at the latest a second after the first, or
longer after it while whole files are imported. Jobs do not block one another; one job never runs twice at once
(runner.job_lock also keeps other processes out). The interval goes by the clock on the wall, which may be wrong
(runner.due); all else by one that only goes on. Used by `provisor serve`. Order: running jobs, who is due, gathering
changes.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from provisor.database import Database
from provisor.runner.due import MICROSECONDS, has_news, next_start
from provisor.runner.import_lock import is_importing, waited_too_long
from provisor.runner.job_lock import JobBusy
from provisor.storage import clock, exchanges, feed, jobs, taken
from provisor.storage.jobs import Job
from provisor.storage.times import to_microseconds

__all__ = ["next_start", "run_jobs"]

POLL_SECONDS = 0.1  # how soon a change, or a job that another process has started, is seen
QUIET_SECONDS = 0.2  # without a further change, and the run begins
LONGEST_GATHERED_SECONDS = 1.0  # although changes go on coming; doubled after each run of so many objects, up to
A_STORM = 500
LONGEST_STORM_SECONDS = 30.0
FIRST_PAUSE_SECONDS = 5.0  # after a run that failed; doubled with each, up to the interval

_A_MINUTE = 60 * MICROSECONDS
_OBSERVED_EVERY = 3600 * MICROSECONDS  # that a clock is looked at; jobs may have an interval of days
_LOOKED_AT_LEAST_SECONDS = 1.0


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

    `run` runs one cycle of the job and heeds `stop` itself; it answers False when something stopped the cycle, or how
    many objects it was about. What it raises goes to `failed`; the job is tried again in seconds, then later and later,
    up to its interval: who leaves must not wait for that because a disk was full once.
    """
    scheduler = _Scheduler(database, tenant, run, now, failed, poll_seconds)
    while not stop.is_set():
        scheduler.look()
        try:
            await asyncio.wait_for(stop.wait(), poll_seconds)
        except TimeoutError:
            pass
    if scheduler.running:
        await asyncio.wait(list(scheduler.running.values()))


class _Scheduler:
    """What is known from one look to the next."""

    def __init__(
        self,
        database: Database,
        tenant: str,
        run: Callable[[str], Awaitable[object]],
        now: Callable[[], datetime],
        failed: Callable[[str, Exception], None],
        poll_seconds: float,
    ) -> None:
        self.running: dict[str, asyncio.Task[None]] = {}
        self._database = database
        self._tenant = tenant
        self._run = run
        self._now = now
        self._failed = failed
        self._busy_for = int(poll_seconds * MICROSECONDS)
        self._gathering = _Gathering()
        self._busy_until: dict[str, int] = {}  # another process has it
        self._broken_until: dict[str, int] = {}  # whoever asks is told at once what is wrong with it
        self._observed = 0
        self._seen: object = None
        self._wake_at = 0
        self._looked_at = -_LOOKED_AT_LEAST_SECONDS

    def look(self) -> None:
        """Start who is due. The jobs are read only when something was written, or somebody's time has come."""
        present, moment = to_microseconds(self._now()), asyncio.get_running_loop().time()
        self._observe(present)
        reader = self._database.reader()
        mark = reader.mark()
        quiet = mark is not None and mark == self._seen and not self._gathering.waits and present < self._wake_at
        if quiet and moment - self._looked_at < _LOOKED_AT_LEAST_SECONDS:
            return
        self._looked_at, self._seen, self._wake_at = moment, mark, present + _A_MINUTE
        self._gathering.look(feed.current_change(reader, self._tenant), moment)
        waiting = self._import_ended(present)
        for job, asked in jobs.scheduled(reader, self._tenant):
            due = job.id not in self.running and self._is_due(job, present, moment, asked=asked)
            if due or (job.id not in self.running and job.number in waiting and self._gathering.may_run(job, moment)):
                self.running[job.id] = asyncio.create_task(self._run_one(job))

    def _import_ended(self, present: int) -> set[int]:
        """The jobs of which removals waited for an import that has ended, or has taken too long."""
        waiting = taken.waiting_jobs(self._database.reader())
        if not waiting:
            return set()
        importing = is_importing(self._database.path)
        return {job for job, since in waiting.items() if not importing or waited_too_long(since, present)}

    def _observe(self, present: int) -> None:
        if not 0 <= present - self._observed < _OBSERVED_EVERY:
            self._observed = present
            with self._database.transaction() as connection:
                clock.observe(connection, self._tenant, now=self._now())
                for job in jobs.all_jobs(connection, self._tenant):
                    exchanges.sweep(connection, job, present)

    def _is_due(self, job: Job, present: int, moment: float, *, asked: bool) -> bool:
        held_back = max(self._busy_until.get(job.id, 0), 0 if asked else self._broken_until.get(job.id, 0))
        if held_back > present + job.interval_seconds * MICROSECONDS + _A_MINUTE:
            held_back = 0  # by a clock that was ahead
        start = 0 if asked else next_start(job, present)
        if start is not None:
            self._wake_at = min(self._wake_at, max(start, held_back))
        if present < held_back:
            return False
        return (start is not None and start <= present) or self._gathering.is_over(job, moment)

    async def _run_one(self, job: Job) -> None:
        try:
            answer = await self._run(job.id)
            self._gathering.ran(job, well=answer is not False, size=answer if isinstance(answer, int) else 0)
        except JobBusy:
            self._busy_until[job.id] = to_microseconds(self._now()) + self._busy_for
        except Exception as error:  # noqa: BLE001 - the edge of a job: one that breaks must not stop the others
            self._gathering.ran(job, well=False, size=0)
            pause = self._gathering.pause_seconds(job)
            self._broken_until[job.id] = to_microseconds(self._now()) + int(pause * MICROSECONDS)
            self._failed(job.id, error)
        finally:
            del self.running[job.id]
            self._seen = None  # what it wrote last may have been seen before it was over


class _Gathering:
    """Which changes are waited for, so that many that come together are one run. Moments are of the loop's clock."""

    def __init__(self) -> None:
        self._change = 0
        self._moved_at = 0.0
        self._first_at: dict[str, float] = {}  # by job: since when it has news
        self._longest: dict[str, float] = {}
        self._failures: dict[str, int] = {}
        self._paused_until: dict[str, float] = {}

    @property
    def waits(self) -> bool:
        """Whether some job has news that it was not told of yet."""
        return bool(self._first_at)

    def look(self, change: int, moment: float) -> None:
        """The feed's newest number, now."""
        if change != self._change:
            self._change, self._moved_at = change, moment

    def is_over(self, job: Job, moment: float) -> bool:
        """Whether the job has news and need not wait for more."""
        if not has_news(job, self._change):
            self._first_at.pop(job.id, None)
            return False
        first = self._first_at.setdefault(job.id, moment)
        longest = self._longest.get(job.id, LONGEST_GATHERED_SECONDS)
        gathered = moment - self._moved_at >= QUIET_SECONDS or moment - first >= longest
        return gathered and moment >= self._paused_until.get(job.id, 0.0)

    def may_run(self, job: Job, moment: float) -> bool:
        """Whether changes of the job are sent when they come, and its last run of them did not fail just now."""
        waits = job.schedule_state != "Active" or job.status_code == "Quarantine"
        return not waits and moment >= self._paused_until.get(job.id, 0.0)

    def ran(self, job: Job, *, well: bool, size: int) -> None:
        """The job has run; where that failed, changes wait longer each time, up to the interval."""
        self._first_at.pop(job.id, None)
        if size < A_STORM:
            self._longest.pop(job.id, None)
        else:
            longest = self._longest.get(job.id, LONGEST_GATHERED_SECONDS)
            self._longest[job.id] = min(longest * 2, LONGEST_STORM_SECONDS)
        if well:
            self._failures.pop(job.id, None)
            self._paused_until.pop(job.id, None)
            return
        self._failures[job.id] = min(self._failures.get(job.id, 0) + 1, 20)
        self._paused_until[job.id] = asyncio.get_running_loop().time() + self.pause_seconds(job)

    def pause_seconds(self, job: Job) -> float:
        """How long the job waits after as many failed runs as it has behind it."""
        doubled = FIRST_PAUSE_SECONDS * 2.0 ** (self._failures[job.id] - 1)
        return min(doubled, float(job.interval_seconds))
