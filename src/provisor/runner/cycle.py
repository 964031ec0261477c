"""One cycle of a job from its lock to its watermark; and the plan, which is the same up to the first write.

recover, plan, admit, execute, finish. A cycle that was cut short goes on where it stopped. Order: the cycle, the plan.
"""

from collections import Counter
from functools import partial

from provisor.engine.plan import Plan
from provisor.rules.failure import Failure
from provisor.runner.assembling import Order, ends, make_run
from provisor.runner.executing.executor import execute
from provisor.runner.finishing import Ended, cut_short, finish, finish_idle, finish_plan, plan_value, through
from provisor.runner.job_lock import job_lock
from provisor.runner.planning.begin import begin_cycle, begin_plan, load, number_of
from provisor.runner.planning.braking import Brake
from provisor.runner.planning.planner import make_planner
from provisor.runner.planning.recovery import recover
from provisor.runner.planning.stages import STAGES, enter, plan
from provisor.runner.recording.progress import Reporter, ReportProgress
from provisor.runner.recording.summary import CycleSummary, summary
from provisor.runner.run import CycleStopped, Restarted, Run, StopRequested
from provisor.storage import cycles, feed
from provisor.storage.times import to_microseconds


async def run_cycle(order: Order, *, allow_deletes: int = 0) -> CycleSummary:
    """Run one cycle of the job, or go on with the one that was cut short.

    Raises JobBusy when the job is running elsewhere and NotRunnable when it is not configured; a target that cannot be
    used ends the cycle with an error in the summary. Setting `order.stop` ends it at the next point it can be continued
    from. `allow_deletes`: so many removals, where the brake would stop the cycle, a person has allowed for this run.
    A cycle that is gone on with has seen nothing of what changed since it began: the next one follows at once.
    """
    reader = order.database.reader
    with job_lock(order.database.path, order.job):
        job = number_of(reader(), order.job)
        resumes = cycles.interrupted(reader(), job)
        ran = await _run_one(order, job, allow_deletes)
        if resumes is None or ran.n != resumes.n or ran.error is not None or order.stop.is_set():
            return ran
        if feed.current_change(reader(), load(reader(), job).job.tenant) <= resumes.high:
            return ran
        return (await _run_one(order, job, allow_deletes)).following(ran)


async def _run_one(order: Order, job: int, allow_deletes: int) -> CycleSummary:
    early = load(order.database.reader(), job)
    began = order.now()
    async with ends(order, early) as (writer, target):
        failure = await order.probe(target, early)
        # Read again where the cycle begins: rules or scope may have been saved while the target was asked.
        setup, cycle = await writer.write(partial(begin_cycle, job=job, moment=order.now(), failure=failure))
        counters = Counter(cycle.counters)
        counters["requests.GET"] += 1
        if failure is None and cycle.ended_at is None:
            run = make_run(order, setup, (writer, target), cycle, counters)
            ended = await _carry_through(run, order.report, Brake(run, allowed=allow_deletes))
        else:
            ended = Ended(cycle.state if failure is None else "failed", failure)
            at = to_microseconds(order.now())
            await writer.write(lambda connection: finish_idle(connection, setup, cycle, counters, at, failure))
    return summary(cycle, ended.state, counters, ended.failure, (order.now() - began).total_seconds())


async def _carry_through(run: Run, report: ReportProgress | None, brake: Brake) -> Ended:
    """The whole of a cycle, as far as it gets."""
    reporter = Reporter(run, report)
    try:
        planner = make_planner(run)
        await recover(run, planner)
        await plan(run, planner, reporter)
        await _admit(run, brake)
        await execute(run, brake, reporter)
        ended = through(run)
    except (CycleStopped, StopRequested, Restarted) as reason:
        ended = cut_short(reason)
    await run.writer.write(lambda connection: finish(connection, run, ended))
    return ended


async def _admit(run: Run, brake: Brake) -> None:
    """What is planned may be carried out. Raises CycleStopped when it would take too much away."""
    brake.check()
    await run.writer.write(partial(enter, run, STAGES[-1]))


async def plan_cycle(order: Order) -> Plan:
    """What the next cycle would do. The target sees nothing but GETs; the plan's rows stay until the next plan or run.

    Raises CycleStopped when the target cannot be used, otherwise like `run_cycle`.
    """
    with job_lock(order.database.path, order.job):
        job = number_of(order.database.reader(), order.job)
        early = load(order.database.reader(), job)
        async with ends(order, early) as (writer, target):
            failure = await order.probe(target, early)
            if failure is not None:
                raise CycleStopped(failure)
            setup, cycle = await writer.write(partial(begin_plan, job=job, moment=order.now()))
            run = make_run(order, setup, (writer, target), cycle, Counter())
            planner = make_planner(run)
            await recover(run, planner)
            admission = await plan(run, planner, Reporter(run, order.report))
            stopped_by: Failure | None = Brake(run, allowed=0).failure()
            await writer.write(lambda connection: finish_plan(connection, run))
            return plan_value(run, admission, stopped_by)
