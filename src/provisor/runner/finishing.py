"""Ends a cycle or a plan: what it came to, the watermark last of all, and what nobody needs any more.

Order: how it ended, a cycle, one that was over at its beginning, a plan.
"""

from collections import Counter
from typing import NamedTuple

from provisor.database import Connection
from provisor.engine.guard import Admission
from provisor.engine.operation import OperationKind
from provisor.engine.plan import Digest, Plan
from provisor.engine.record import Kind
from provisor.rules.failure import Failure
from provisor.runner.cycle_event import failed_cycle
from provisor.runner.planning.begin import EVERYTHING, Setup, error_of
from provisor.runner.planning.link_rows import forget
from provisor.runner.run import CycleStopped, Restarted, Run, StopRequested
from provisor.storage import cycles, directory_verbs, jobs, links, listing, log, operations, work
from provisor.storage.cycles import Cycle
from provisor.storage.jobs import Job

RESTARTED = Failure(
    code="job-restarted",
    message="The cycle ended early because the job was restarted or deleted meanwhile.",
    hint="Nothing is lost: the next cycle looks at everything that was asked for.",
)
STOPPED = Failure(
    code="cycle-interrupted",
    message="The cycle was interrupted because its process was asked to end.",
    hint="Nothing is lost: the next run goes on where this one stopped.",
)


class Ended(NamedTuple):
    """How a cycle ended, and what stopped it. `begins_anew`: the next one does not go on where it stopped."""

    state: str
    failure: Failure | None = None
    begins_anew: bool = False


def through(run: Run) -> Ended:
    """Everything that was planned is carried out."""
    failed = any(number for name, number in run.counters.items() if name.endswith(".fail"))
    return Ended("entry-level-errors" if failed else "succeeded")


def cut_short(reason: CycleStopped | StopRequested | Restarted) -> Ended:
    """Something ended the cycle early."""
    match reason:
        case CycleStopped():
            return Ended("failed", reason.failure, reason.begins_anew)
        case StopRequested():
            return Ended("stopped", STOPPED)
        case Restarted():
            return Ended("abandoned", RESTARTED)


def finish(connection: Connection, run: Run, ended: Ended) -> None:
    """The watermark last of all, and only when everything before it is on disk."""
    job, at = run.job, run.at()
    state, failure, begins_anew = ended
    error = None if failure is None else error_of(failure)
    cycles.finish(connection, job.number, run.cycle.n, state=state, counters=dict(run.counters), error=error, at=at)
    jobs.change(connection, job.number, last_ended_at=at)
    if state == "abandoned" or begins_anew:
        cycles.close(connection, job.number, run.cycle.n)
    if begins_anew and run.evaluates_everything:
        jobs.change(connection, job.number, full_evaluation=True)
    if failure is not None:
        if state == "failed":
            _tell(connection, job, run.application, run.cycle, failure, at)
        return
    operations.leave_for_next(connection, job.number)
    for kind, object_id in links.left_behind(connection, job.number, job.tenant, passed=run.cycle.high):
        forget(connection, job.number, kind, [object_id])
    work.clear(connection, job.number)
    listing.clear(connection, job.number)
    _passed(connection, job.number, run.cycle, at)
    passed = jobs.lowest_watermark(connection, job.tenant)
    if passed is not None:
        directory_verbs.clean_tombstones(connection, job.tenant, passed)


def finish_idle(
    connection: Connection, setup: Setup, cycle: Cycle, counters: Counter[str], at: int, failure: Failure | None
) -> None:
    """A cycle that was over at its beginning."""
    cycles.count(connection, setup.job.number, cycle.n, dict(counters))
    jobs.change(connection, setup.job.number, last_ended_at=at)
    if failure is not None:
        _tell(connection, setup.job, setup.application, cycle, failure, at)
    if cycle.error is None and cycle.ended_at is not None:
        _passed(connection, setup.job.number, cycle, at)


def _tell(connection: Connection, job: Job, application: str, cycle: Cycle, failure: Failure, at: int) -> None:
    """Why the cycle failed, in the provisioning log."""
    row = failed_cycle(
        tenant=job.tenant, job=job.number, application=application, cycle=cycle.id, failure=failure, at=at
    )
    log.append(connection, [row])


def _passed(connection: Connection, number: int, cycle: Cycle, at: int) -> None:
    """The job has seen everything up to the cycle's end of the feed, unless it was restarted since the cycle began."""
    job = jobs.read(connection, number)
    if job is None or job.restarts != cycle.restarts:
        return
    jobs.change(connection, number, watermark=cycle.high, steady_last_at=at)
    if job.steady_first_at is None:
        jobs.change(connection, number, steady_first_at=at)
    if job.status_code in ("NotConfigured", "NotRun"):
        jobs.change(connection, number, status_code="Active")


def finish_plan(connection: Connection, run: Run) -> None:
    """The plan's rows stay until the next plan or run."""
    job, cycle = run.job.number, run.cycle.n
    cycles.finish(connection, job, cycle, state="planned", counters=dict(run.counters), error=None, at=run.at())
    work.clear(connection, job)
    listing.clear(connection, job)


def plan_value(run: Run, admission: Admission | None, brake: Failure | None) -> Plan:
    """What is planned, as a value."""
    digest = Digest()
    counts: Counter[tuple[Kind, OperationKind]] = Counter()
    verdicts: Counter[str] = Counter()
    for row in operations.stream(run.reader(), run.job.number, run.cycle.n):
        if row.state == "planned":
            # A released account is disabled first; that nothing more is tracked of it afterwards is no operation.
            kind: OperationKind = "disable" if row.kind == "release" else row.kind
            counts[row.object_kind, kind] += 1
            digest.add(kind, row.object, row.wanted_hash, row.base_hash)
        else:
            verdicts[row.code] += 1
    return Plan(
        cycle="initial" if run.cycle.low == EVERYTHING else "incremental",
        application=run.application,
        counts=counts,
        verdicts=verdicts,
        capacity=admission,
        brake=brake,
        digest=digest.text(),
    )
