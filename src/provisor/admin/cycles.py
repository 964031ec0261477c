"""Verbs that reach the application: test the connection, plan, run one cycle, serve all jobs, status.

The asynchronous runner is driven from here, a loop for each verb; skins stay synchronous.
"""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import uvloop

from provisor.admin.actor import JOB_READ, JOB_RUN, Actor
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.admin.jobs import BASE_ADDRESS, Jobs
from provisor.admin.status import JobStatus, status_of
from provisor.database import DatabaseError
from provisor.engine.plan import Plan, render
from provisor.engine.progress import Progress
from provisor.rules.graph_json import read_schema
from provisor.rules.ruleset import RuleSet
from provisor.runner.connection import test_connection
from provisor.runner.cycle import plan_cycle, run_cycle
from provisor.runner.joblock import JobBusy, job_lock
from provisor.runner.run import CycleStopped
from provisor.runner.scheduler import run_jobs
from provisor.runner.summary import CycleSummary, NotRunnable
from provisor.storage import applications, jobs
from provisor.storage.jobs import Job

__all__ = ["CycleSummary", "Cycles", "JobStatus", "Plan", "render"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Cycles:
    """What jobs do."""

    context: Context
    jobs: Jobs

    def test_connection(self, actor: Actor, key: str) -> None:
        """Ask for somebody who does not exist. Raises AdminError with the status and the reason when that fails."""
        connection = self.context.read(actor, JOB_RUN)
        job = self.jobs.find(connection, key)
        self.jobs.ready(connection, job)
        ruleset = read_schema(jobs.rules(connection, job.id, job.ruleset_version))
        if not isinstance(ruleset, RuleSet):
            raise AdminError("rule-problems", "\n".join(map(str, ruleset)), "Correct the rules first.")
        application = applications.read(connection, job.application)
        name = application.display_name if application else job.application

        async def ask() -> Any:
            target = self.context.connect(job)
            try:
                return await test_connection(
                    target, ruleset, self.context.random_bytes, application=name, address=self._address(job.id)
                )
            finally:
                await target.close()

        failure = _driven(ask())
        if failure is not None:
            raise AdminError("connection-failed", failure.message, failure.hint)

    def plan(self, actor: Actor, key: str) -> Plan:
        """What a cycle would do now. The application is only read; nothing but the plan is kept."""
        job = self._runnable(actor, key)
        context = self.context
        return _driven(
            plan_cycle(
                context.database,
                job.id,
                context.connect,
                now=context.now,
                random_bytes=context.random_bytes,
                address=self._address(job.id),
            )
        )

    def run(self, actor: Actor, key: str, *, report: Callable[[Progress], None] | None = None) -> CycleSummary:
        """One cycle in the foreground. What stopped it, if anything did, is in the summary."""
        job = self._runnable(actor, key)
        with self.context.change(actor, JOB_RUN, "Run provisioning cycle") as change:
            change.target = job.id
        context = self.context
        return _driven(
            run_cycle(
                context.database,
                job.id,
                context.connect,
                now=context.now,
                random_bytes=context.random_bytes,
                report=report,
                address=self._address(job.id),
            )
        )

    def serve(self, actor: Actor, *, said: Callable[[str], None], failed: Callable[[str, str], None]) -> None:
        """Run all started jobs on their interval until SIGTERM or SIGINT; cycles under way stop at their next page."""
        actor.needs(JOB_RUN)
        _driven(self._serve(said, failed))

    def status(self, actor: Actor, key: str) -> JobStatus:
        """How a job is, in Graph's words."""
        connection = self.context.read(actor, JOB_READ)
        job = self.jobs.find(connection, key)
        return status_of(connection, job, held=lambda: _held(self.context.database.path, job.id))

    async def _serve(self, said: Callable[[str], None], failed: Callable[[str, str], None]) -> None:
        context, stop = self.context, asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)

        async def run(job: str) -> None:
            summary = await run_cycle(
                context.database,
                job,
                context.connect,
                now=context.now,
                random_bytes=context.random_bytes,
                stop=stop,
                address=self._address(job),
            )
            said(f"{job}: {summary.kind} cycle {summary.n} {summary.state} after {summary.seconds:.1f} s.")
            if summary.error is not None:
                failed(job, f"{summary.error.message} {summary.error.hint}")

        said("Running jobs on their interval; Ctrl-C ends.")
        await run_jobs(
            context.database,
            context.tenant,
            run,
            stop=stop,
            now=context.now,
            failed=lambda job, error: failed(job, str(error)),
        )

    def _runnable(self, actor: Actor, key: str) -> Job:
        connection = self.context.read(actor, JOB_RUN)
        job = self.jobs.find(connection, key)
        self.jobs.ready(connection, job)
        return job

    def _address(self, job: str) -> str:
        """The tenant URL as the messages name it, without what it may carry behind a question mark."""
        stored = self.context.secret(self.context.database.reader(), job, BASE_ADDRESS)
        return stored.reveal().partition("?")[0] if stored else ""


def _driven(work: Coroutine[Any, Any, T]) -> T:
    """Run the work on a loop of its own; what a run cannot begin with becomes an AdminError."""
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(work)
    except JobBusy as error:
        raise AdminError("job-busy", str(error), "Or pause the job that `provisor serve` runs.") from error
    except DatabaseError as error:
        raise AdminError(
            "database",
            str(error),
            "Run the job again then: it goes on where it stopped, and looks first for what it had sent.",
        ) from error
    except NotRunnable as error:
        raise AdminError("job-not-runnable", str(error), error.hint) from error
    except CycleStopped as stopped:
        raise AdminError("connection-failed", stopped.failure.message, stopped.failure.hint) from stopped


def _held(database: Path, job: str) -> bool:
    """Whether some process runs the job now. Takes the lock for a moment: asked only when a cycle has not ended."""
    try:
        with job_lock(database, job):
            return False
    except JobBusy:
        return True
