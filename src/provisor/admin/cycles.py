"""Verbs that reach the application: test the connection, run one cycle, serve all jobs; and what came of them.

They drive the asynchronous runner, each on an event loop of its own; skins stay synchronous.
"""

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import uvloop

from provisor.admin.actor import JOB_READ, JOB_RUN, SERVICE_WRITE, Actor
from provisor.admin.connecting import Examination, ReportCheck, examine_connection
from provisor.admin.context import Change, Context
from provisor.admin.credential_keys import BASE_ADDRESS
from provisor.admin.errors import AdminError
from provisor.admin.following import Following, until_idle
from provisor.admin.jobs import Jobs, JobShown, owner_of
from provisor.admin.serving import Serving
from provisor.admin.status import JobStatus, status_of
from provisor.database import DatabaseError
from provisor.engine.causes import Cause
from provisor.engine.detail import Detail
from provisor.engine.plan import Plan, render
from provisor.engine.progress import Progress
from provisor.runner.assembling import Order
from provisor.runner.cycle import run_cycle
from provisor.runner.explaining import Explaining
from provisor.runner.job_lock import JobBusy, is_held
from provisor.runner.recording.summary import CycleSummary, NotRunnable
from provisor.runner.run import CycleStopped
from provisor.runner.serving import is_served, serving
from provisor.runner.tidying.pulse import Pulse
from provisor.storage import cycles, jobs, run_requests
from provisor.storage.cycles import Cycle
from provisor.storage.jobs import Job
from provisor.storage.secrets import current_key
from provisor.storage.times import to_microseconds

__all__ = ["Cause", "CycleSummary", "Cycles", "Detail", "JobStatus", "Plan", "render"]

MOST_ALLOWED_DELETES: Final = 1_000_000_000
RUN_ACTIVITY: Final = "Run provisioning cycle"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Cycles:
    """What jobs do."""

    context: Context
    jobs: Jobs

    def test_connection(
        self,
        actor: Actor,
        key: str,
        unsaved: Mapping[str, str] | None = None,
        *,
        report: ReportCheck | None = None,
    ) -> Examination:
        """Ask for somebody who does not exist, and what else a cycle will use; unsaved credentials are not kept.
        `report` is told each check as it is made.

        Raises AdminError with the status and the reason when that fails.
        """
        return examine_connection(self.context, self.jobs, actor, key, unsaved, report)

    def order(self, job: str, stop: asyncio.Event, report: Callable[[Progress], None] | None = None) -> Order:
        """What the runner is asked with."""
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
            rates=context.rates,
        )

    def run(
        self,
        actor: Actor,
        key: str,
        *,
        report: Callable[[Progress], None] | None = None,
        stopping: Callable[[], None] | None = None,
        allow_deletes: int = 0,
        plan: int | None = None,
    ) -> CycleSummary:
        """One cycle now. What stopped it, if anything did, is in the summary.

        Where `provisor serve` looks after the jobs it does the cycle, and is followed; otherwise it is done here.

        `plan`: nothing is sent but what this plan holds. `allow_deletes`: let a cycle through that would take access
        from many at once, but from no more than so many.

        With `stopping`, SIGINT or SIGTERM ends one that is done here where the next run can go on, and is told by that;
        a second one ends it at once.
        """
        job = self.runnable(actor, key)
        with self.context.change(actor, JOB_RUN, RUN_ACTIVITY, job.application) as change:
            change.target = job.id
            if allow_deletes:
                change.detail = {"allowDeletes": allow_deletes}
            if plan is not None:
                change.detail = {"plan": plan}
            served = plan is None and is_served(self.context.database.path)
            request = self._asked(change, job, allow_deletes) if served else None
        if request is not None:
            followed = Following(self.context, job, request, report).to_its_end()
            if followed is not None:
                return followed

        async def run() -> CycleSummary:
            stop = asyncio.Event()
            if stopping is not None:
                _stop_at_signals(stop, stopping)
            return await run_cycle(self.order(job.id, stop, report), allow_deletes=allow_deletes, plan=plan)

        return driven(run())

    def ask(self, actor: Actor, key: str, *, allow_deletes: int = 0) -> None:
        """Have whoever serves the jobs run one cycle, and do not wait for it; `allow_deletes` as in `run`."""
        if not 0 <= allow_deletes <= MOST_ALLOWED_DELETES:
            raise AdminError(
                "invalid-value", f"{allow_deletes} is no number of deletions.", "Give the number that you were shown."
            )
        job = self.runnable(actor, key)
        with self.context.change(actor, JOB_RUN, "Run provisioning cycle", job.application) as change:
            change.target = job.id
            if allow_deletes:
                change.detail = {"allowDeletes": allow_deletes}
            self._asked(change, job, allow_deletes)

    def _asked(self, change: Change, job: Job, allow_deletes: int) -> str:
        at = to_microseconds(change.now)
        return run_requests.ask(change.connection, job.number, at=at, by_hand=True, allow_deletes=allow_deletes)

    def abort(self, actor: Actor, key: str) -> JobShown:
        """End the cycle that runs at once, in whatever process, and start no other; back when it has ended.

        Raises AdminError when the process that runs it does not let go of it.
        """
        shown = self.jobs.abort(actor, key)
        if not until_idle(self.context, shown.job):
            raise AdminError(
                "job-busy",
                f"The job {shown.job.id} was paused and asked to end, and still runs.",
                "Look at the process that runs it; it may be killed: the next run goes on where it was.",
            )
        return shown

    def done(self, actor: Actor, key: str, cycle: int, *, each: int | None = None) -> Iterator[Detail]:
        """By name what a cycle did; `each` as above."""
        explaining = self._explaining(actor, key)
        found = _numbered(explaining, cycle)
        return iter(()) if found is None else explaining.cycle(found, each=each)

    def causes(self, actor: Actor, key: str, cycle: int) -> tuple[Sequence[Cause], Sequence[Cause]]:
        """Why objects failed in a cycle, and why they were left alone."""
        explaining = self._explaining(actor, key)
        found = _numbered(explaining, cycle)
        if found is None:
            return (), ()
        return explaining.causes(found, "failure").found(), explaining.causes(found, "skipped").found()

    def serve(
        self,
        actor: Actor,
        *,
        said: Callable[[str], None],
        failed: Callable[[str, str], None],
        pulse: Pulse | None = None,
    ) -> None:
        """Run all started jobs on their interval and when something changes, and those that are asked for, until
        SIGTERM or SIGINT. `pulse` beats for as long as it does.

        Cycles under way then stop where the next run goes on, within ten seconds.
        """
        self.context.needs(actor, SERVICE_WRITE, "Run provisioning service")
        if current_key(self.context.database.reader(), self.context.tenant) is not None:
            self.context.key()  # a wrong key file is told now, not by every job at its interval
        with serving(self.context.database.path):
            driven(Serving(self.context, self.order, said, failed, pulse or Pulse()).serve())

    def status(self, actor: Actor, key: str) -> JobStatus:
        """The status of a job, in Graph's words."""
        connection = self.context.read(actor, JOB_READ)
        job = self.jobs.find(connection, key, actor, JOB_READ)
        path = self.context.database.path
        return status_of(
            connection,
            job,
            held=lambda: is_held(path, job.id),
            served=lambda: is_served(path),
            now=self.context.now(),
        )

    def succeeded(self, actor: Actor, key: str) -> bool:
        """Whether a cycle of the job has ever succeeded, for who needs no more of its status."""
        connection = self.context.read(actor, JOB_READ)
        return cycles.last_succeeded(connection, self.jobs.find(connection, key, actor, JOB_READ).number) is not None

    def _explaining(self, actor: Actor, key: str) -> Explaining:
        connection = self.context.read(actor, JOB_READ)
        job = self.jobs.find(connection, key, actor, JOB_READ)
        return Explaining(
            connection=connection, job=job.number, now=self.context.now, random_bytes=self.context.random_bytes
        )

    def runnable(self, actor: Actor, key: str) -> Job:
        """The job, for an actor who may run it. Raises AdminError when it cannot run."""
        connection = self.context.read(actor, JOB_RUN)
        job = self.jobs.find(connection, key, actor, JOB_RUN)
        self.jobs.ready(connection, job)
        return job

    def _address(self, job_id: str) -> str:
        """The tenant URL as messages show it, without its query."""
        connection = self.context.database.reader()
        job = jobs.by_id(connection, job_id)
        stored = self.context.secret(connection, owner_of(job), BASE_ADDRESS) if job else None
        return stored.reveal().partition("?")[0] if stored else ""


def driven(work: Coroutine[Any, Any, T]) -> T:
    """Run the work on a loop of its own; what a run cannot begin with becomes an AdminError."""
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(work)
    except JobBusy as error:
        raise AdminError("job-busy", str(error), "If `provisor serve` runs it, you can pause the job.") from error
    except DatabaseError as error:
        raise AdminError(
            "database",
            str(error),
            "Run the job again then: it goes on where it stopped, and first looks up what it had sent.",
        ) from error
    except NotRunnable as error:
        raise AdminError("job-not-runnable", str(error), error.hint) from error
    except CycleStopped as stopped:
        raise AdminError("connection-failed", stopped.failure.message, stopped.failure.hint) from stopped


def _stop_at_signals(stop: asyncio.Event, stopping: Callable[[], None]) -> None:
    """The first SIGINT or SIGTERM asks for an end, which may take as long as the requests under way; the second is
    obeyed."""
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)

    def asked() -> None:
        for number in signals:
            loop.remove_signal_handler(number)
        stop.set()
        stopping()

    for number in signals:
        loop.add_signal_handler(number, asked)


def _numbered(explaining: Explaining, number: int) -> Cycle | None:
    """One of the job's latest cycles."""
    newest = cycles.newest(explaining.connection, explaining.job)
    return next((cycle for cycle in newest if cycle.n == number), None)
