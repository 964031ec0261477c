"""One cycle of a job from its lock to its watermark; how it is carried through is in runner.carrying.

A cycle that was cut short goes on where it stopped. Order: a run that is asked for, one that is due, one cycle.
"""

from collections import Counter
from dataclasses import replace
from functools import partial

from provisor.runner.asking.probe import Trouble
from provisor.runner.assembling import Order, ends, make_run
from provisor.runner.carrying import carry_through
from provisor.runner.due import is_change_driven, next_start, nothing_to_do
from provisor.runner.ending import Ending
from provisor.runner.finishing import Ended, finish_idle, finish_nothing
from provisor.runner.job_lock import job_lock
from provisor.runner.planning.admitting import Guards
from provisor.runner.planning.begin import Setup, begin_cycle, load, number_of
from provisor.runner.recording.summary import CycleSummary, summary
from provisor.runner.run import Aborted, StopRequested
from provisor.runner.session import Ends, JobSession
from provisor.runner.tracing import span, tell
from provisor.storage import cycles, feed, jobs
from provisor.storage.plans import approved
from provisor.storage.times import to_microseconds


async def run_cycle(order: Order, *, allow_deletes: int = 0, plan: int | None = None) -> CycleSummary:
    """Run one cycle of the job, or go on with the one that was cut short.

    Raises JobBusy when the job is running elsewhere and NotRunnable when it is not configured; a target that cannot be
    used ends the cycle with an error in the summary. Setting `order.stop` ends it at the next point it can be continued
    from, and so does an abort (storage.jobs.note_abort), at once. `allow_deletes`: so many removals, where the brake
    would stop the cycle, a person has allowed for this run; a restart may have allowed all.
    `plan`: nothing is sent but what this plan holds; without it, the job's approved plan is what the cycle is held to.
    A cycle that is gone on with has seen nothing of what changed since it began: the next one follows at once.
    """
    ending = Ending(order.database, order.job, order.stop)
    with job_lock(order.database.path, order.job):
        return await _run(order, ending, number_of(order.database.reader(), order.job), allow_deletes, plan)


async def run_due(
    order: Order, session: JobSession, *, allow_deletes: int = 0, asked: bool = False
) -> CycleSummary | None:
    """What is due of a job that is served: a cycle, where its time has come or somebody has `asked`, or else only what
    has changed. None when there was nothing to do, of which a change-driven job makes no cycle.

    Raises like `run_cycle`.
    """
    order = replace(order, session=session)
    ending = Ending(order.database, order.job, order.stop)
    with job_lock(order.database.path, order.job):
        number = number_of(order.database.reader(), order.job)
        stored = jobs.read(order.database.reader(), number)
        if not asked and stored is not None and is_change_driven(stored):
            at = to_microseconds(order.now())
            start = next_start(stored, at)
            on_time = start is not None and start <= at
            if nothing_to_do(order.database.reader(), stored, at):
                if on_time:
                    await session.writer.write(partial(finish_nothing, job=stored, at=at))
                return None
            order = replace(order, by_change=not on_time and approved(order.database.reader(), number, at) is None)
        return await _run(order, ending, number, allow_deletes, None)


async def _run(order: Order, ending: Ending, job: int, allow_deletes: int, plan: int | None) -> CycleSummary:
    reader = order.database.reader
    resumes = cycles.interrupted(reader(), job)
    ran = await _run_one(order, ending, job, allow_deletes, plan)
    if resumes is None or ran.n != resumes.n or ran.error is not None or order.stop.is_set():
        return ran
    seen_all = feed.current_change(reader(), load(reader(), job).job.tenant) <= resumes.high
    if seen_all and resumes.by_change <= order.by_change:
        return ran
    return (await _run_one(order, ending, job, allow_deletes, plan)).following(ran)


async def _run_one(order: Order, ending: Ending, job: int, allow_deletes: int, plan: int | None) -> CycleSummary:
    with span("cycle", job=order.job) as opened:
        ran = await _begin_and_end(order, ending, job, allow_deletes, plan)
        tell(opened, cycle=ran.id, kind=ran.kind, state=ran.state)
        return ran


async def _begin_and_end(order: Order, ending: Ending, job: int, allow_deletes: int, plan: int | None) -> CycleSummary:
    early = load(order.database.reader(), job)
    began = order.now()
    async with ends(order, early) as both:
        trouble, asked = await _probe(order, ending, both, early)
        failure = None if trouble is None else trouble.failure
        # Read again where the cycle begins: rules or scope may have been saved while the target was asked.
        begin = partial(begin_cycle, job=job, moment=order.now(), failure=failure, by_change=order.by_change)
        setup, cycle = await both.writer.write(begin)
        counters = Counter(cycle.counters)
        counters["requests.GET"] += asked
        held_to = plan if plan is not None else approved(order.database.reader(), job, to_microseconds(order.now()))
        if failure is None and cycle.ended_at is None:
            run = make_run(order, setup, both, cycle, counters)
            guards = Guards(run, allow_deletes=allow_deletes, plan=held_to)
            ended = await carry_through(run, ending, order.report, guards)
        else:
            exchange = None if trouble is None else trouble.exchange
            ended = Ended(cycle.state if failure is None else "failed", failure, exchange=exchange)
            idle = partial(finish_idle, setup, cycle, counters, order.now(), ended, held_to, whole=not order.by_change)
            await both.writer.write(idle)
    if order.session is not None:
        order.session.ended(well=ended.failure is None)
    return summary(cycle, ended.state, counters, ended.failure, (order.now() - began).total_seconds())


async def _probe(order: Order, ending: Ending, both: Ends, setup: Setup) -> tuple[Trouble | None, int]:
    """What is wrong with the target, and the number of requests; for a change where all was well, nothing is asked."""
    if order.by_change and order.session is not None and order.session.well:
        return None, 0
    try:
        return await ending.heed(order.probe(both, setup)), 1
    except (StopRequested, Aborted):
        return None, 1  # the cycle that begins ends at once, and says why
