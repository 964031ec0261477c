"""Ends a cycle: what it came to, the watermark last of all, and what nobody needs any more.

Order: how it ended, a cycle, one that was over at its beginning.
"""

from collections import Counter
from datetime import datetime
from typing import NamedTuple

from provisor.database import Connection
from provisor.engine.behaviour import Behaviour
from provisor.engine.ports import Exchange
from provisor.rules.failure import Failure
from provisor.runner.health import judge_health, tell_failed
from provisor.runner.planning.approval import NOTHING_TO_DO
from provisor.runner.planning.begin import Setup, count_afresh, error_of
from provisor.runner.planning.holding import over, undecided
from provisor.runner.planning.link_rows import forget
from provisor.runner.run import Aborted, CycleStopped, Restarted, Run, StopRequested
from provisor.storage import (
    cycles,
    exchanges,
    had_links,
    jobs,
    links,
    listing,
    operations,
    plans,
    quarantine,
    taken,
    tombstones,
    work,
)
from provisor.storage.cycles import Cycle
from provisor.storage.jobs import Job
from provisor.storage.times import to_microseconds

RESTARTED = Failure(
    code="job-restarted",
    message="The cycle ended early: the job was restarted, deleted or told to treat leavers otherwise meanwhile.",
    hint="Nothing is lost: the next cycle looks at everything that was asked for.",
)
STOPPED = Failure(
    code="cycle-interrupted",
    message="The cycle was interrupted because its process was asked to end.",
    hint="Nothing is lost: the next run goes on where this one stopped.",
)
ABORTED = Failure(
    code="cycle-aborted",
    message="The cycle was aborted: requests under way were cancelled.",
    hint="Nothing is lost: the next run finds out what became of them, and goes on where this one stopped.",
)


class Ended(NamedTuple):
    """How a cycle ended, and what stopped it. `begins_anew`: the next one does not go on where it stopped.

    `exchange`: the request and answer that showed what stopped it.
    """

    state: str
    failure: Failure | None = None
    begins_anew: bool = False
    exchange: Exchange | None = None


def through(run: Run) -> Ended:
    """The end of a cycle whose whole plan was carried out."""
    failed = any(number for name, number in run.counters.items() if name.endswith(".fail"))
    return Ended("entry-level-errors" if failed else "succeeded")


def cut_short(reason: CycleStopped | StopRequested | Aborted | Restarted) -> Ended:
    """Something ended the cycle early."""
    match reason:
        case CycleStopped():
            return Ended("failed", reason.failure, reason.begins_anew, reason.exchange)
        case StopRequested():
            return Ended("stopped", STOPPED)
        case Aborted():
            return Ended("stopped", ABORTED)
        case Restarted():
            return Ended("abandoned", RESTARTED)


def finish(connection: Connection, run: Run, ended: Ended, *, plan: int | None = None) -> None:
    """The watermark last of all, and only when everything before it is on disk. `plan`: the one it was held to."""
    job, at = run.job, run.at()
    state, failure, begins_anew, _ = ended
    error = None if failure is None else error_of(failure)
    cycles.finish(connection, job.number, run.cycle.n, state=state, counters=dict(run.counters), error=error, at=at)
    if not run.by_change:
        jobs.change(connection, job.number, last_ended_at=at)
    exchanges.sweep(connection, job, at)
    if state == "abandoned" or begins_anew:
        cycles.close(connection, job.number, run.cycle.n)
    if begins_anew and run.evaluates_everything:
        jobs.change(connection, job.number, full_evaluation=True)
    if begins_anew and run.cycle.affected is not None:
        jobs.change(connection, job.number, rules_changed=True)
    if failure is not None:
        if state == "failed":
            tell_failed(connection, job, run.application, run.cycle, failure, run.now(), exchange=ended.exchange)
        return
    if plan is not None:
        plans.applied(connection, plan, run.cycle.id)
    operations.leave_for_next(connection, job.number)
    for kind, object_id in links.left_behind(connection, job.number, job.tenant, passed=run.cycle.high):
        forget(connection, job.number, kind, [object_id], run.nested)
    work.clear(connection, job.number)
    listing.clear(connection, job.number)
    _passed(connection, job, run.cycle, at, run.behaviour)
    if run.deletes_allowed:
        taken.begin(connection, job.number)
    left = run.removals_wait or (plan is not None and run.again)  # for an import, or the next cycle: and held still
    if run.held is None and not left:
        over(connection, job, run.application, now=run.now(), whole=not run.by_change)
    held = run.held or undecided(connection, job.number)
    judge_health(
        connection, job.number, run.application, run.cycle, run.counters, run.now(), again=run.again, held=held
    )
    passed = jobs.lowest_watermark(connection, job.tenant)
    if passed is not None:
        tombstones.clean(connection, job.tenant, passed, now=run.now())


def finish_idle(
    setup: Setup,
    cycle: Cycle,
    counters: Counter[str],
    now: datetime,
    ended: Ended,
    plan: int | None,
    connection: Connection,
    *,
    whole: bool,
) -> None:
    """A cycle that was over at its beginning. `whole`: it was not only for what had changed."""
    at = to_microseconds(now)
    cycles.count(connection, setup.job.number, cycle.n, dict(counters))
    if whole:
        jobs.change(connection, setup.job.number, last_ended_at=at)
    exchanges.sweep(connection, setup.job, at)
    if ended.failure is not None:
        tell_failed(connection, setup.job, setup.application, cycle, ended.failure, now, exchange=ended.exchange)
    if cycle.error is None and cycle.ended_at is not None:
        if plan is not None:
            plans.stale_unless_planned(connection, plan, setup.job.number, NOTHING_TO_DO)
            plans.applied(connection, plan, cycle.id)
        _passed(connection, setup.job, cycle, at, setup.behaviour)
        over(connection, setup.job, setup.application, now=now, whole=whole)
        if setup.job.next_at is not None or quarantine.read(connection, setup.job.number) is not None:
            judge_health(connection, setup.job.number, setup.application, cycle, counters, now)


def finish_nothing(connection: Connection, job: Job, at: int) -> None:
    """The interval of a change-driven job is over, and nothing was to be done: of that no cycle is made."""
    jobs.change(connection, job.number, last_began_at=at, last_ended_at=at, steady_last_at=at)
    taken.decided(connection, job.number)
    count_afresh(connection, job.number)


def _passed(connection: Connection, began: Job, cycle: Cycle, at: int, behaviour: Behaviour) -> None:
    """The job, as it was when the run began, has seen everything up to the cycle's end of the feed, unless it was
    restarted since the cycle began. Deletions that were allowed by then are done."""
    number = began.number
    job = jobs.read(connection, number)
    if job is None or job.restarts != cycle.restarts:
        return
    if began.force_deletes is not None:
        jobs.forced(connection, number, began.force_deletes)
    if began.regroupings:  # which came with a look at everybody
        jobs.regrouped(connection, number, began.regroupings)
    if behaviour.forgotten_leavers == "find":
        had_links.forget_settled(connection, number)
    else:
        had_links.forget(connection, number)
    jobs.change(connection, number, watermark=cycle.high, steady_last_at=at)
    if job.steady_first_at is None:
        jobs.change(connection, number, steady_first_at=at)
    if job.status_code in ("NotConfigured", "NotRun"):
        jobs.change(connection, number, status_code="Active")
