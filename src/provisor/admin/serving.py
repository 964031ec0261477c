"""Looks after all started jobs and sources in one process: what `provisor serve` does until it is told to stop.

The runner's scheduler says when a job is due; here each run is put together, told about, and answered for. Beside the
jobs the service beats, tells of trouble and keeps house. Order: serving, runs, what goes on beside.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.admin.source_connecting import source_access
from provisor.database import Writer
from provisor.rules.failure import Failure
from provisor.runner.assembling import Order
from provisor.runner.cycle import run_due
from provisor.runner.cycle_event import NO_CYCLE, failed_cycle
from provisor.runner.job_lock import JobBusy
from provisor.runner.recording.summary import NotRunnable
from provisor.runner.scheduler import run_jobs
from provisor.runner.session import JobSession
from provisor.runner.source_schedule import SourceSchedule, run_sources
from provisor.runner.tidying.housekeeping import keep_house
from provisor.runner.tidying.pulse import Pulse
from provisor.storage import applications, jobs, log, run_requests
from provisor.storage.connected_sources import ConnectedSource
from provisor.storage.run_requests import RunAnswer, RunRequest
from provisor.storage.source_runs import SourceRun
from provisor.storage.times import to_microseconds


@dataclass(slots=True)
class Serving:
    """One process that serves the jobs. `said` is told what ran, `failed` what went wrong with which job; `pulse` beats
    for as long as it does.
    """

    context: Context
    order: Callable[[str, asyncio.Event], Order]
    said: Callable[[str], None]
    failed: Callable[[str, str], None]
    pulse: Pulse
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    sessions: dict[str, JobSession] = field(default_factory=dict)  # by job; as many as were served

    async def serve(self) -> None:
        """Run jobs until SIGTERM or SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self.stop.set)
        self.pulse.beat_once()
        self.said("Running jobs on their interval; Ctrl-C ends.")
        database, tenant = self.context.database, self.context.tenant
        writer = Writer(database)
        try:
            async with self._beside():
                await run_jobs(
                    database,
                    tenant,
                    lambda key: self._run(key, writer),
                    stop=self.stop,
                    now=self.context.now,
                    failed=self._did_not_begin,
                )
        finally:
            for session in self.sessions.values():
                await session.close()
            await writer.close()

    async def _run(self, key: str, writer: Writer) -> int | Literal[False]:
        """One run, and the answer to everybody who had asked for it by then; as the scheduler wants to know of it."""
        reader = self.context.database.reader()
        job = jobs.by_id(reader, key)
        if job is None:
            return 0
        requests = run_requests.unanswered(reader, job.number)
        try:
            allowed = max((one.allow_deletes for one in requests), default=0)
            session = self.sessions.setdefault(key, JobSession(writer))
            summary = await run_due(self.order(key, self.stop), session, allow_deletes=allowed, asked=bool(requests))
        except JobBusy:
            raise  # tried again soon
        except Exception as error:  # whoever asked and waits is answered, whatever it was; the scheduler has it then
            failure = failure_of(error)
            refusal = RunAnswer(refusal=(failure.code, failure.message, failure.hint))
            await self._answer(writer, job.number, requests, refusal)
            raise
        if summary is None:
            return 0
        await self._answer(writer, job.number, requests, RunAnswer(cycles=list(summary.ran)))
        self.context.tally.cycle(key, summary.kind, summary.state, summary.seconds)
        self.said(f"{key}: {summary.kind} cycle {summary.n} {summary.ended} after {summary.seconds:.1f} s.")
        if summary.error is None and any(name.endswith(".held") for name in summary.counts):
            self.failed(key, "Deletions are held back: see whom with `provisor job deletions`.")
        if summary.error is not None:
            self.failed(key, f"{summary.error.message} {summary.error.hint}")
        return False if summary.error is not None else sum(summary.counts.values())

    async def _answer(self, writer: Writer, job: int, requests: list[RunRequest], answer: RunAnswer) -> None:
        keys = [one.id for one in requests]
        if keys:
            await writer.write(lambda connection: run_requests.answer(connection, job, keys, answer))

    def _did_not_begin(self, key: str, error: Exception) -> None:
        """What kept a job from running at all, in the provisioning log too: no cycle says it."""
        failure = failure_of(error)
        context = self.context
        with context.database.transaction() as connection:
            job = jobs.by_id(connection, key)
            if job is not None:  # else it was removed meanwhile
                application = applications.read(connection, job.application)
                row = failed_cycle(
                    tenant=job.tenant,
                    job=job.number,
                    application=job.application if application is None else application.display_name,
                    cycle=NO_CYCLE,
                    failure=failure,
                    at=to_microseconds(context.now()),
                )
                log.append(connection, [row])
        self.failed(key, f"{failure.message} {failure.hint}")

    @asynccontextmanager
    async def _beside(self) -> AsyncIterator[None]:
        """What a service does beside its jobs, until they have ended."""
        from provisor.admin.mail import notifying  # it costs imports of HTTP and SMTP that other verbs need not pay
        from provisor.runner.notifying.sender import send_notices

        context, over = self.context, asyncio.Event()
        house = keep_house(
            context.database,
            context.tenant,
            stop=over,
            now=context.now,
            failed=lambda why: self.failed("service", why),
        )
        tasks = [
            asyncio.create_task(work)
            for work in (send_notices(notifying(context, self.failed), stop=over), house, self.pulse.beat(over))
        ]
        reading = asyncio.create_task(run_sources(self._sources(), stop=self.stop))
        try:
            yield
            await reading
        finally:
            over.set()
            await asyncio.gather(*tasks)

    def _sources(self) -> SourceSchedule:
        return SourceSchedule(access=source_access(self.context), ran=self._read, failed=self.failed)

    def _read(self, source: ConnectedSource, run: SourceRun) -> None:
        """A run of a source has ended; one that found nothing is not worth a line."""
        self.context.tally.source_run(source.id, run.kind, run.state, run.counters)
        if run.error is not None:
            self.failed(source.name, f"{run.error.message} {run.error.hint}")
        elif run.state != "succeeded" or any(name != "read" for name in run.counters):
            counts = ", ".join(f"{number:,} {name}" for name, number in run.counters.items())
            self.said(f"{source.name}: {run.kind} read {run.n} {run.state}: {counts or 'nothing new'}.")
        if run.state == "held":
            self.failed(source.name, f"Deletions are held back: see `provisor source status {source.name}`.")


def failure_of(error: Exception) -> Failure:
    """What ended a job's run without a cycle that could say it."""
    match error:
        case AdminError():
            return Failure(code=error.code, message=error.message, hint=error.hint)
        case NotRunnable():
            return Failure(code="job-not-runnable", message=str(error), hint=error.hint)
        case _:
            said = f"{type(error).__name__}: {error}"
            return Failure(code="InternalError", message=said, hint="Report this as a bug.")
