"""One cycle of a job from its lock to its watermark; and the plan, which is the same up to the first write.

probe, purge, recover, plan (entries, capacity, memberships, references), execute, watermark last. A cycle that was cut
short goes on where it stopped. Order: the entry points, planning, executing, ending.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from provisor.database import Connection, Database
from provisor.engine.guard import Admission
from provisor.engine.operation import OperationKind
from provisor.engine.plan import Digest, Plan
from provisor.engine.record import Kind
from provisor.rules.failure import Failure
from provisor.runner.assembling import DEFAULT_ADDRESS, Connect, Now, Order, RandomBytes, ends, make_run
from provisor.runner.braking import REMOVED, Brake
from provisor.runner.capacity import admit_groups
from provisor.runner.cycle_event import failed_cycle
from provisor.runner.entries import Entries
from provisor.runner.executor import Executor
from provisor.runner.joblock import job_lock
from provisor.runner.journal import Journal
from provisor.runner.matcher import Matcher
from provisor.runner.memberships import Memberships
from provisor.runner.opening import EVERYTHING, Setup, begin, begin_plan, error_of, load, number_of
from provisor.runner.placing import Placing, forget
from provisor.runner.planner import Planner
from provisor.runner.recorder import Recorder
from provisor.runner.recovery import recover
from provisor.runner.reporting import Report, Reporter, part_of
from provisor.runner.run import CycleStopped, Restarted, Run, StopRequested
from provisor.runner.second_stage import plan_memberships, plan_references, plan_second_stage_again
from provisor.runner.summary import CycleSummary
from provisor.storage import clock, cycles, directory_verbs, feed, jobs, links, listing, log, operations, work
from provisor.storage.cycles import Cycle
from provisor.storage.jobs import Job
from provisor.storage.times import to_microseconds

STAGES = ("user", "group", "capacity", "members", "references", "execute")
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


async def run_cycle(
    database: Database,
    job_id: str,
    connect: Connect,
    *,
    now: Now,
    random_bytes: RandomBytes,
    report: Report | None = None,
    stop: asyncio.Event | None = None,
    address: str = DEFAULT_ADDRESS,
    allow_deletes: int = 0,
) -> CycleSummary:
    """Run one cycle of the job, or go on with the one that was cut short.

    Raises JobBusy when the job is running elsewhere and NotRunnable when it is not configured; a target that cannot be
    used ends the cycle with an error in the summary. Setting `stop` ends it at the next point it can be continued from.
    `allow_deletes`: as many removals, where the brake would stop the cycle, were allowed by a person for this run.
    A cycle that is gone on with has seen nothing of what changed since it began: the next one follows at once.
    """
    order = Order(
        database=database,
        job=number_of(database.reader(), job_id),
        connect=connect,
        now=now,
        random_bytes=random_bytes,
        report=report,
        stop=stop or asyncio.Event(),
        address=address,
    )
    with job_lock(database.path, job_id):
        resumes = cycles.interrupted(database.reader(), order.job)
        ran = await _run_one(order, allow_deletes)
        if resumes is None or ran.n != resumes.n or ran.error is not None or order.stop.is_set():
            return ran
        if feed.current_change(database.reader(), load(database.reader(), order.job).job.tenant) <= resumes.high:
            return ran
        return (await _run_one(order, allow_deletes)).following(ran)


async def _run_one(order: Order, allow_deletes: int) -> CycleSummary:
    early = load(order.database.reader(), order.job)
    began = order.now()
    async with ends(order, early) as (writer, target):
        failure = await order.probe(target, early)
        # Read again where the cycle begins: rules or scope may have been saved while the target was asked.
        setup, cycle = await writer.write(lambda connection: _begin(connection, order.job, order.now(), failure))
        counters = Counter(cycle.counters)
        counters["requests.GET"] += 1
        if failure is None and cycle.ended_at is None:
            run = make_run(order, setup, (writer, target), cycle, counters)
            state, failure = await _carry_through(run, order.report, Brake(run, allowed=allow_deletes))
        else:
            state = cycle.state if failure is None else "failed"
            at = to_microseconds(order.now())
            await writer.write(lambda connection: _end_idle(connection, setup, cycle, counters, at, failure))
    return _summary(cycle, state, counters, failure, (order.now() - began).total_seconds())


async def plan_cycle(
    database: Database,
    job_id: str,
    connect: Connect,
    *,
    now: Now,
    random_bytes: RandomBytes,
    report: Report | None = None,
    address: str = DEFAULT_ADDRESS,
) -> Plan:
    """What the next cycle would do. The target sees nothing but GETs; the plan's rows stay until the next plan or run.

    Raises CycleStopped when the target cannot be used, otherwise like `run_cycle`.
    """
    order = Order(
        database=database,
        job=number_of(database.reader(), job_id),
        connect=connect,
        now=now,
        random_bytes=random_bytes,
        report=report,
        address=address,
    )
    with job_lock(database.path, job_id):
        early = load(database.reader(), order.job)
        async with ends(order, early) as (writer, target):
            failure = await order.probe(target, early)
            if failure is not None:
                raise CycleStopped(failure)
            setup, cycle = await writer.write(lambda connection: _begin_plan(connection, order.job, now()))
            run = make_run(order, setup, (writer, target), cycle, Counter())
            admission = await _plan(run, Reporter(run, report))
            brake = Brake(run, allowed=0).failure()
            await writer.write(lambda connection: _end_plan(connection, run))
            return replace(_plan_value(run, admission), brake=brake)


def _begin(connection: Connection, job: int, moment: datetime, failure: Failure | None) -> tuple[Setup, Cycle]:
    setup = load(connection, job)
    if clock.observe(connection, setup.job.tenant, now=moment) is None:
        directory_verbs.purge_expired(connection, setup.job.tenant, now=moment)
    return setup, begin(connection, setup, to_microseconds(moment), failure)


def _begin_plan(connection: Connection, job: int, moment: datetime) -> tuple[Setup, Cycle]:
    setup = load(connection, job)
    return setup, begin_plan(connection, setup, to_microseconds(moment))


# Planning


async def _plan(run: Run, reporter: Reporter) -> Admission | None:
    """Plan from the stage that the cycle has reached; who waits for a place is returned."""
    journal = Journal(run)
    planner = Planner(run, Matcher(run), Placing(run, journal))
    await recover(run, planner)
    if run.cycle.phase == STAGES[-1]:
        await plan_second_stage_again(run)
    reached = STAGES.index(run.cycle.phase) if run.cycle.phase in STAGES else 0
    admission: Admission | None = None
    for number, stage in enumerate(STAGES[:-1]):
        if number < reached:
            continue
        cursor = run.cycle.cursor if number == reached else None
        reporter.planning(_STAGE_NAMES[stage])
        match stage:
            case "user" | "group":
                await planner.plan_kind(_KINDS[stage], cursor)
            case "capacity":
                await run.writer.write(lambda connection: _advance(connection, run, "capacity"))
                admission = await admit_groups(run, planner, journal)
            case "members":
                await plan_memberships(run, cursor)
            case "references":
                await plan_references(run, cursor)
    return admission


_KINDS: Mapping[str, Kind] = {"user": "user", "group": "group"}
_STAGE_NAMES: Mapping[str, str] = {
    "user": "users",
    "group": "groups",
    "capacity": "places for groups",
    "members": "memberships",
    "references": "references",
}


def _advance(connection: Connection, run: Run, phase: str) -> None:
    cycles.advance(connection, run.job.number, run.cycle.n, phase=phase, cursor=None)


def _plan_value(run: Run, admission: Admission | None) -> Plan:
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
        digest=digest.text(),
    )


def _end_plan(connection: Connection, run: Run) -> None:
    job, cycle = run.job.number, run.cycle.n
    cycles.finish(connection, job, cycle, state="planned", counters=dict(run.counters), error=None, at=run.at())
    work.clear(connection, job)
    listing.clear(connection, job)


# Executing


async def _carry_through(run: Run, report: Report | None, brake: Brake) -> tuple[str, Failure | None]:
    """Plan, execute and end the cycle; returns its state and what stopped it."""
    reporter = Reporter(run, report)
    failure: Failure | None = None
    state, anew = "failed", False
    try:
        await _plan(run, reporter)
        brake.check()
        await run.writer.write(lambda connection: _advance(connection, run, "execute"))
        reporter.begin(_total(run))
        await _execute(run, reporter, brake)
        reporter.end()
        state = "entry-level-errors" if _failures(run.counters) else "succeeded"
    except CycleStopped as stopped:
        failure, anew = stopped.failure, stopped.begins_anew
    except StopRequested:
        state, failure = "stopped", STOPPED
    except Restarted:
        state, failure = "abandoned", RESTARTED
    await run.writer.write(lambda connection: _end(connection, run, state, failure, begins_anew=anew))
    return state, failure


def _total(run: Run) -> Mapping[str, int]:
    total: Counter[str] = Counter()
    for (object_kind, kind, state), number in operations.counts(run.reader(), run.job.number, run.cycle.n).items():
        if state == "planned":
            total[part_of(object_kind, kind)] += number
    return total


async def _execute(run: Run, reporter: Reporter, brake: Brake) -> None:
    journal = Journal(run)
    recorder = Recorder(run)
    planner = Planner(run, Matcher(run), Placing(run, journal))
    executor = Executor(
        run, planner, Entries(run, journal), Memberships(run, journal, recorder.note), recorder, reporter, brake
    )
    await executor.execute()


def _failures(counters: Counter[str]) -> int:
    return sum(number for name, number in counters.items() if name.endswith(".fail"))


# Ending


def _end(connection: Connection, run: Run, state: str, failure: Failure | None, *, begins_anew: bool) -> None:
    """The watermark last of all, and only when everything before it is on disk."""
    job, at = run.job, run.at()
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


def _end_idle(
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


def _summary(cycle: Cycle, state: str, counters: Counter[str], failure: Failure | None, seconds: float) -> CycleSummary:
    prefix, hidden = "requests.", ("requests.", REMOVED)
    return CycleSummary(
        n=cycle.n,
        id=cycle.id,
        kind=cycle.kind,
        state=state,
        counts={name: number for name, number in counters.items() if not name.startswith(hidden) and number},
        requests={
            name.removeprefix(prefix): number for name, number in counters.items() if name.startswith(prefix) and number
        },
        error=failure,
        seconds=seconds,
    )
