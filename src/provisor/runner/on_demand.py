"""Provisions one user, or one group with chosen members, at once: the work of a cycle with a work set of one.

Under the job's lock, beside whatever a cycle that was cut short has left: nothing of others is sent or forgotten, the
watermark stays. A run that is killed is recovered by the next cycle like any other. A dry run finds out the same in a
scratch database, and the target sees nothing but GETs. Rules: spec/provisioning-service.md section 13.
Order: what is asked for, the run, its work, what came of it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from provisor.database import Connection
from provisor.database.identifiers import new_id
from provisor.engine.on_demand import Provisioned
from provisor.engine.record import Kind
from provisor.rules.failure import Failure
from provisor.runner.asking.watched import Watched
from provisor.runner.assembling import Order, ends, make_run
from provisor.runner.cycle_event import failed_cycle
from provisor.runner.ending import Ending
from provisor.runner.executing.executor import execute
from provisor.runner.explaining import Explaining
from provisor.runner.finishing import cut_short
from provisor.runner.job_lock import lock_within
from provisor.runner.on_demand_told import Subject, Telling
from provisor.runner.planning.admitting import Guards
from provisor.runner.planning.begin import Setup, load, number_of
from provisor.runner.planning.capacity import admit_groups
from provisor.runner.planning.plan_members import plan_second_stage_of
from provisor.runner.planning.planner import make_planner
from provisor.runner.planning.recovery import settle_unknown
from provisor.runner.recording.log_rows import Journal
from provisor.runner.recording.progress import Reporter
from provisor.runner.recording.summary import NotRunnable
from provisor.runner.run import Aborted, CycleStopped, Restarted, Run, StopRequested
from provisor.runner.session import Ends
from provisor.runner.tracing import span
from provisor.storage import clock, cycles, feed, log, operations, records, work
from provisor.storage.cycles import Cycle
from provisor.storage.operations import ON_DEMAND
from provisor.storage.scratch import scratch_for
from provisor.storage.times import to_microseconds

_KINDS: tuple[Kind, ...] = ("user", "group")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Whom to provision, by id: one user, or one group and `members` of it. `by` is who asks, by name."""

    object: str
    members: Sequence[str] = ()
    by: str

    @property
    def objects(self) -> tuple[str, ...]:
        """Everybody concerned, the one who was named first."""
        return (self.object, *self.members)


async def provision_on_demand(order: Order, wish: Wish, *, wait_seconds: float) -> list[Provisioned]:
    """Provision them now; what became of each, the one who was named first.

    Raises JobBusy when the job goes on running for so long, and NotRunnable when it is not configured.
    """
    ending = Ending(order.database, order.job, order.stop)
    async with lock_within(order.database.path, order.job, wait_seconds):
        with span("on demand", job=order.job):
            return await _carried_out(order, wish, ending, dry_run=False)


async def try_on_demand(order: Order, wish: Wish) -> list[Provisioned]:
    """Find out what that would do. Beside a cycle that runs, too: nothing is written anywhere."""
    number = number_of(order.database.reader(), order.job)
    with scratch_for(order.database, number) as scratch:
        here = replace(order, database=scratch)
        with span("on demand", job=order.job, dry_run=True):
            return await _carried_out(here, wish, Ending(scratch, order.job, order.stop), dry_run=True)


async def _carried_out(order: Order, wish: Wish, ending: Ending, *, dry_run: bool) -> list[Provisioned]:
    order = replace(order, prompt=True)
    number = number_of(order.database.reader(), order.job)
    began = order.now()
    async with ends(order, load(order.database.reader(), number)) as both:
        watched = Watched(both.target)
        failure = await _what_is_wrong(order, ending, both, number)
        # Read again under the lock, when the target has answered: rules or scope may have been saved meanwhile.
        begin = partial(_begin, job=number, moment=order.now(), dry_run=dry_run)
        setup, cycle = await both.writer.write(begin)
        # An account that is gone is matched again, as the failure of a cycle (InvalidAnchor) promises.
        setup = replace(setup, behaviour=replace(setup.behaviour, vanished="match-again"))
        run = make_run(order, setup, both._replace(target=watched), cycle, Counter())
        run.only, run.by = set(wish.objects), wish.by
        subjects = _subjects(run, wish)
        asked = failure is None
        if asked:
            failure = await _work(run, subjects, ending)
        if not dry_run:
            await both.writer.write(partial(_finish, run=run, failure=failure))
        telling = Telling(run, watched.seen, began, dry_run=dry_run, stopped=failure, asked=asked)
        return [telling.tell(subjects[one]) for one in wish.objects if one in subjects]


async def _what_is_wrong(order: Order, ending: Ending, both: Ends, job: int) -> Failure | None:
    """Why nothing can be done now: the target cannot be used, or somebody had it end."""
    try:
        trouble = await ending.heed(order.probe(both, load(order.database.reader(), job)))
    except (StopRequested, Aborted) as reason:
        return cut_short(reason).failure
    return None if trouble is None else trouble.failure


def _begin(connection: Connection, *, job: int, moment: datetime, dry_run: bool) -> tuple[Setup, Cycle]:
    """The job as it is now, and a cycle that stands in no table."""
    setup = load(connection, job)
    if not dry_run:
        clock.observe(connection, setup.job.tenant, now=moment)
        operations.leave_on_demand(connection, job)  # of a run that was killed
    high = feed.current_change(connection, setup.job.tenant)
    return setup, Cycle(
        n=ON_DEMAND,
        id=new_id(),
        kind="plan" if dry_run else "on-demand",
        phase="execute",
        state="running",
        ruleset_version=setup.job.ruleset_version,
        low=min(setup.job.watermark or 0, high),
        high=high,
        cursor=None,
        counters={},
        error=None,
        began_at=to_microseconds(moment),
        ended_at=None,
        restarts=setup.job.restarts,
        application_name=setup.application,
    )


def _subjects(run: Run, wish: Wish) -> Mapping[str, Subject]:
    """Everybody as the directory has them before anything is asked or sent."""
    job = run.job
    reads = records.by_ids(
        run.reader(), application=job.application, job=job.number, nested=run.nested, ids=wish.objects
    )
    if wish.object not in reads:
        raise NotRunnable("The object was deleted meanwhile.", "Look for it with `provisor user list --deleted`.")
    found: dict[str, Subject] = {}
    for object_id, (record, link) in reads.items():
        desired = run.judge(record, linked=link is not None)
        found[object_id] = Subject(record=record, link=link, desired=desired)
    return found


# The work


async def _work(run: Run, subjects: Mapping[str, Subject], ending: Ending) -> Failure | None:
    """What stopped it, if anything did."""
    try:
        await ending.heed(_steps(run, subjects))
    except (CycleStopped, StopRequested, Aborted, Restarted) as reason:
        return cut_short(reason).failure
    finally:
        run.silence.end()
    return None


async def _steps(run: Run, subjects: Mapping[str, Subject]) -> None:
    """Recover, plan, execute, like a cycle."""
    planner = make_planner(run)
    await settle_unknown(run)
    for kind in _KINDS:
        mine = sorted(one.record.id for one in subjects.values() if one.record.kind == kind)
        await planner.plan_all_again(kind, mine, verify=True)  # what is asked about is read, not believed
    await admit_groups(run, planner, Journal(run))
    await plan_second_stage_of(run, subjects)
    _note_plan(run, subjects)
    guards = Guards(run, allow_deletes=0, plan=None)
    await guards.check()
    if not run.is_plan:
        await execute(run, guards, Reporter(run, None))


def _note_plan(run: Run, subjects: Mapping[str, Subject]) -> None:
    """What is about to be done, attribute by attribute: of what fails, the log only says why."""
    explaining = Explaining(connection=run.reader(), job=run.job.number, now=run.now, random_bytes=run.random_bytes)
    for row, detail in explaining.planned(ON_DEMAND):
        if row.object in subjects:
            changes = [one for one in detail.changes if not one.id or row.kind != "members" or run.concerns(one.id)]
            subjects[row.object].planned.append(replace(detail, changes=changes))


def _finish(connection: Connection, *, run: Run, failure: Failure | None) -> None:
    """What was not begun comes with the next cycle; what stopped the run is in the log."""
    operations.leave_on_demand(connection, run.job.number)
    if cycles.interrupted(connection, run.job.number) is None:  # else it is that cycle's
        work.clear(connection, run.job.number)
    if failure is not None:
        row = failed_cycle(
            tenant=run.job.tenant,
            job=run.job.number,
            application=run.application,
            cycle=run.cycle.id,
            failure=failure,
            at=run.at(),
            by=run.by,
        )
        log.append(connection, [row])
