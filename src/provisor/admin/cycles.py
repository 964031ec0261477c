"""Verbs that reach the application: test the connection, plan, run one cycle, serve all jobs; and what came of them.

The asynchronous runner is driven from here, a loop for each verb; skins stay synchronous.
"""

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
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
from provisor.engine.causes import Cause
from provisor.engine.detail import Detail
from provisor.engine.plan import Plan, render
from provisor.engine.progress import Progress
from provisor.rules.failure import Failure
from provisor.rules.graph_json import read_schema
from provisor.rules.ruleset import RuleSet
from provisor.runner.asking.probe import test_connection
from provisor.runner.assembling import Order
from provisor.runner.cycle import plan_cycle, run_cycle
from provisor.runner.cycle_event import NO_CYCLE, failed_cycle
from provisor.runner.explaining import Explaining
from provisor.runner.job_lock import JobBusy, is_held, job_lock
from provisor.runner.recording.summary import CycleSummary, NotRunnable
from provisor.runner.run import CycleStopped
from provisor.runner.scheduler import run_jobs
from provisor.runner.serving import is_served, serving
from provisor.storage import applications, cycles, jobs, log
from provisor.storage.cycles import Cycle
from provisor.storage.jobs import Job
from provisor.storage.times import to_microseconds

__all__ = ["Cause", "CycleSummary", "Cycles", "Detail", "JobStatus", "Plan", "render"]

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
        ruleset = read_schema(jobs.rules(connection, job.number, job.ruleset_version))
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
        return _driven(plan_cycle(self._order(job.id, asyncio.Event())))

    def _order(self, job: str, stop: asyncio.Event, report: Callable[[Progress], None] | None = None) -> Order:
        context = self.context
        return Order(
            database=context.database,
            job=job,
            connect=context.connect,
            now=context.now,
            random_bytes=context.random_bytes,
            report=report,
            stop=stop,
            address=self._address(job),
        )

    def run(
        self,
        actor: Actor,
        key: str,
        *,
        report: Callable[[Progress], None] | None = None,
        stopping: Callable[[], None] | None = None,
        allow_deletes: int = 0,
    ) -> CycleSummary:
        """One cycle in the foreground. What stopped it, if anything did, is in the summary.

        `allow_deletes`: let a cycle through that would take access from many at once, but from no more than so many.

        With `stopping`, SIGINT ends it where the next run can go on, and is told by that; a second one ends it at once.
        """
        job = self._runnable(actor, key)
        with self.context.change(actor, JOB_RUN, "Run provisioning cycle") as change:
            change.target = job.id
            if allow_deletes:
                change.detail = {"allowDeletes": allow_deletes}

        async def run() -> CycleSummary:
            stop = asyncio.Event()
            if stopping is not None:
                _stop_at_sigint(stop, stopping)
            return await run_cycle(self._order(job.id, stop, report), allow_deletes=allow_deletes)

        return _driven(run())

    def planned(self, actor: Actor, key: str, *, each: int | None = None) -> Iterator[Detail]:
        """By name what the plan just made would do; `each`: not more than so many of a sort, and only what is done.

        The job is kept from running until the last is taken. AdminError is raised with the first when it runs already.
        """
        job, explaining = self._explaining(actor, key)

        def told() -> Iterator[Detail]:
            with _undisturbed(self.context.database.path, job, explaining):
                yield from explaining.plan(each=each)

        return told()

    def planned_causes(self, actor: Actor, key: str) -> tuple[Sequence[Cause], Sequence[Cause]]:
        """Why objects would fail by the plan just made, and why they would be left alone."""
        job, explaining = self._explaining(actor, key)
        with _undisturbed(self.context.database.path, job, explaining):
            failures, skips = explaining.planned_causes()
        return failures.found(), skips.found()

    def done(self, actor: Actor, key: str, cycle: int, *, each: int | None = None) -> Iterator[Detail]:
        """By name what a cycle did; `each` as above."""
        _, explaining = self._explaining(actor, key)
        found = _numbered(explaining, cycle)
        return iter(()) if found is None else explaining.cycle(found, each=each)

    def causes(self, actor: Actor, key: str, cycle: int) -> tuple[Sequence[Cause], Sequence[Cause]]:
        """Why objects failed in a cycle, and why they were left alone."""
        _, explaining = self._explaining(actor, key)
        found = _numbered(explaining, cycle)
        if found is None:
            return (), ()
        return explaining.causes(found, "failure").found(), explaining.causes(found, "skipped").found()

    def serve(self, actor: Actor, *, said: Callable[[str], None], failed: Callable[[str, str], None]) -> None:
        """Run all started jobs on their interval until SIGTERM or SIGINT; cycles under way stop at their next page."""
        actor.needs(JOB_RUN)
        with serving(self.context.database.path):
            _driven(self._serve(said, failed))

    def status(self, actor: Actor, key: str) -> JobStatus:
        """How a job is, in Graph's words."""
        connection = self.context.read(actor, JOB_READ)
        job = self.jobs.find(connection, key)
        path = self.context.database.path
        return status_of(
            connection,
            job,
            held=lambda: is_held(path, job.id),
            served=lambda: is_served(path),
            now=self.context.now(),
        )

    async def _serve(self, said: Callable[[str], None], failed: Callable[[str, str], None]) -> None:
        context, stop = self.context, asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)

        async def run(job: str) -> None:
            summary = await run_cycle(self._order(job, stop))
            said(f"{job}: {summary.kind} cycle {summary.n} {summary.state} after {summary.seconds:.1f} s.")
            if summary.error is not None:
                failed(job, f"{summary.error.message} {summary.error.hint}")

        def did_not_begin(job: str, error: Exception) -> None:
            failure = _failure_of(error)
            self._note(job, failure)
            failed(job, f"{failure.message} {failure.hint}")

        said("Running jobs on their interval; Ctrl-C ends.")
        await run_jobs(
            context.database,
            context.tenant,
            run,
            stop=stop,
            now=context.now,
            failed=did_not_begin,
        )

    def _note(self, key: str, failure: Failure) -> None:
        """What kept a job from running at all, in the provisioning log: no cycle says it."""
        context = self.context
        with context.database.transaction() as connection:
            job = jobs.by_id(connection, key)
            if job is None:
                return  # it was removed meanwhile
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

    def _explaining(self, actor: Actor, key: str) -> tuple[Job, Explaining]:
        connection = self.context.read(actor, JOB_READ)
        job = self.jobs.find(connection, key)
        return job, Explaining(
            connection=connection, job=job.number, now=self.context.now, random_bytes=self.context.random_bytes
        )

    def _runnable(self, actor: Actor, key: str) -> Job:
        connection = self.context.read(actor, JOB_RUN)
        job = self.jobs.find(connection, key)
        self.jobs.ready(connection, job)
        return job

    def _address(self, job_id: str) -> str:
        """The tenant URL as the messages name it, without what it may carry behind a question mark."""
        connection = self.context.database.reader()
        job = jobs.by_id(connection, job_id)
        stored = self.context.secret(connection, job.number, BASE_ADDRESS) if job else None
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


def _stop_at_sigint(stop: asyncio.Event, stopping: Callable[[], None]) -> None:
    """The first SIGINT asks for an end, which may take as long as the requests under way; the second is obeyed."""
    loop = asyncio.get_running_loop()

    def asked() -> None:
        loop.remove_signal_handler(signal.SIGINT)
        stop.set()
        stopping()

    loop.add_signal_handler(signal.SIGINT, asked)


def _failure_of(error: Exception) -> Failure:
    """What ended a job's run without a cycle that could say it."""
    match error:
        case AdminError():
            return Failure(code=error.code, message=error.message, hint=error.hint)
        case NotRunnable():
            return Failure(code="job-not-runnable", message=str(error), hint=error.hint)
        case _:
            said = f"{type(error).__name__}: {error}"
            return Failure(code="InternalError", message=said, hint="Report this as a bug.")


def _numbered(explaining: Explaining, number: int) -> Cycle | None:
    """One of the job's last cycles."""
    newest = cycles.newest(explaining.connection, explaining.job)
    return next((cycle for cycle in newest if cycle.n == number), None)


@contextmanager
def _undisturbed(database: Path, job: Job, explaining: Explaining) -> Iterator[None]:
    """Keep the job from running, which would take the place of its plan. Raises AdminError when that has happened."""
    try:
        with job_lock(database, job.id):
            if explaining.newest_plan() is None:
                raise AdminError("job-busy", "The job has run since it was planned.", "Plan again.")
            yield
    except JobBusy as error:
        raise AdminError("job-busy", str(error), "Plan again when that cycle has ended.") from error
