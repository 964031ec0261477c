"""Begins a cycle: loads the job with the rules it pins, and writes the cycle's row with what it covers.

An interrupted cycle is continued unless the rules or the scope have changed since; then everything is evaluated
again. Order: loading, beginning a cycle, beginning a plan.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

import msgspec

from provisor.database import Connection
from provisor.database.identifiers import new_id
from provisor.engine.behaviour import PROVISOR, Behaviour, behaviour_named
from provisor.engine.leavers import leavers_of
from provisor.engine.rules import CompiledRules, ScopeSettings, compile_rules
from provisor.gallery import Template, template
from provisor.rules.failure import Failure
from provisor.rules.graph_json import read_schema
from provisor.rules.ruleset import Problem, RuleSet
from provisor.runner.planning.narrowing import NewsOfRules, news_of_rules
from provisor.runner.recording.summary import NotRunnable
from provisor.storage import (
    applications,
    clock,
    cycles,
    directory_verbs,
    escrow,
    feed,
    holds,
    jobs,
    links,
    member_links,
    operations,
    taken,
    unknown,
    work,
)
from provisor.storage.cycles import Cycle
from provisor.storage.jobs import SKIP, Job
from provisor.storage.times import from_microseconds, to_microseconds

EVERYTHING = -1  # as a cycle's `low`: every object is evaluated, whatever its change number
FIRST_STAGE = "user"
FOR_EVER = 2**62  # later than any moment of a column


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """A job with everything that was configured for it."""

    job: Job
    template: Template
    application: str
    ruleset: RuleSet
    rules: CompiledRules
    behaviour: Behaviour


def number_of(connection: Connection, job_id: str) -> int:
    """The number of this job in storage. Raises NotRunnable when there is none."""
    job = jobs.by_id(connection, job_id)
    if job is None:
        raise NotRunnable(f"There is no job {job_id}.", "`provisor job list` shows the jobs.")
    return job.number


def load(connection: Connection, number: int) -> Setup:
    """The job as it will run. Raises NotRunnable when it cannot."""
    job = jobs.read(connection, number)
    if job is None:
        raise NotRunnable("The job was deleted.", "`provisor job list` shows the jobs.")
    cut_short = cycles.interrupted(connection, job.number)
    continues = cut_short is not None and not job.must_begin_anew
    version = cut_short.ruleset_version if continues and cut_short is not None else job.ruleset_version
    found = template(job.template)
    if found is None:
        raise NotRunnable(f"The job {job.id} is of the unknown application {job.template}.", "Create the job anew.")
    text = jobs.rules_text(connection, job.number, version)
    ruleset = _read(text)
    if not isinstance(ruleset, RuleSet):
        problems = " ".join(str(problem) for problem in ruleset)
        raise NotRunnable(f"The rules of the job {job.id} cannot be used. {problems}", "Correct them and start again.")
    application = applications.read(connection, job.application)
    settings = ScopeSettings(
        sync_all=job.settings.get("scope") == "all",
        skip_out_of_scope_deletions=job.settings.get(SKIP) is True,
        leavers=leavers_of(job.settings),
        nested_groups=jobs.nested_groups(job),
    )
    return Setup(
        job=job,
        template=found,
        application=found.display_name if application is None else application.display_name,
        ruleset=ruleset,
        rules=_compiled(text, job.template, settings),
        behaviour=behaviour_named(job.behaviour) or PROVISOR,
    )


@lru_cache(maxsize=16)
def _read(document: str) -> RuleSet | tuple[Problem, ...]:
    """Cached: reading takes longer than a cycle without changes, and every look at a job needs it."""
    return read_schema(msgspec.json.decode(document))


@lru_cache(maxsize=16)
def _compiled(document: str, name: str, settings: ScopeSettings) -> CompiledRules:
    """Compiled once, for all runs by the same rules; they keep no state."""
    ruleset, found = _read(document), template(name)
    assert isinstance(ruleset, RuleSet) and found is not None  # noqa: S101 - `load` has looked
    return compile_rules(ruleset, found, settings)


def begin_cycle(
    connection: Connection, job: int, moment: datetime, failure: Failure | None, *, by_change: bool = False
) -> tuple[Setup, Cycle]:
    """The cycle to run: the one that was cut short, or a new one. Raises NotRunnable.

    It is over already when there is nothing to do, or when the target could not be reached (`failure`). `by_change`: it
    is for what has changed, and moves nothing of the interval.
    """
    setup = load(connection, job)
    if clock.observe(connection, setup.job.tenant, now=moment) is None:
        directory_verbs.purge_expired(connection, setup.job.tenant, now=moment)
    if not by_change:
        jobs.change(connection, job, last_began_at=to_microseconds(moment))
    return setup, _begin(connection, setup, to_microseconds(moment), failure, by_change=by_change)


def _begin(connection: Connection, setup: Setup, at: int, failure: Failure | None, *, by_change: bool) -> Cycle:
    job = setup.job
    operations.leave_on_demand(connection, job.number)
    cut_short = cycles.interrupted(connection, job.number)
    if cut_short is not None and not job.must_begin_anew:
        if failure is None:
            cycles.resume(connection, job.number, cut_short.n)
        else:
            cycles.finish(
                connection,
                job.number,
                cut_short.n,
                state="failed",
                counters=cut_short.counters,
                error=error_of(failure),
                at=at,
            )
        return replace(cut_short, state="running", error=None, ended_at=None)
    cycles.abandon(connection, job.number, at)
    operations.discard_plan(connection, job.number)
    everybody = cut_short is not None and cut_short.low == EVERYTHING
    cycle = replace(_new(connection, setup, at, plan=False, everybody=everybody), by_change=by_change)
    count_afresh(connection, job.number, by_change=by_change)
    nothing_new = cycle.low == cycle.high and cycle.affected is None
    idle = nothing_new and not left_over(connection, job, at)
    if idle:
        taken.import_over(connection, job.number)
    if idle or failure is not None:
        cycle = _over(cycle, at, failure)
    cycles.add(connection, job.number, cycle)
    jobs.change(connection, job.number, last_cycle=cycle.n)
    if cycle.ended_at is None:
        jobs.change(connection, job.number, full_evaluation=False, rules_changed=False)
        _look_at(connection, setup, cycle)
    return cycle


def begin_plan(connection: Connection, job: int, moment: datetime) -> tuple[Setup, Cycle]:
    """A plan covers what the next cycle would. An interrupted plan is not continued but made again from the start."""
    setup = load(connection, job)
    return setup, _begin_plan(connection, setup, to_microseconds(moment))


def _begin_plan(connection: Connection, setup: Setup, at: int) -> Cycle:
    job = setup.job
    cut_short = cycles.interrupted(connection, job.number)
    if cut_short is not None:
        cycles.abandon(connection, job.number, at)
        if cut_short.low == EVERYTHING:
            jobs.change(connection, job.number, full_evaluation=True)
            setup = replace(setup, job=replace(job, full_evaluation=True))
    operations.discard_plan(connection, job.number)
    cycle = _new(connection, setup, at, plan=True, everybody=False)
    cycles.add(connection, job.number, cycle)
    _look_at(connection, setup, cycle)
    return cycle


def error_of(failure: Failure) -> dict[str, str]:
    """A failure as stored in the cycle's row."""
    return {"code": failure.code, "message": failure.message, "hint": failure.hint}


def _new(connection: Connection, setup: Setup, at: int, *, plan: bool, everybody: bool) -> Cycle:
    job = setup.job
    everything = everybody or job.watermark is None or job.full_evaluation
    news = NewsOfRules() if everything else news_of_rules(connection, job, setup.template, setup.behaviour)
    everything = everything or news.everybody
    kind = "plan" if plan else "initial" if everything else "incremental"
    return Cycle(
        n=cycles.next_number(connection, job.number),
        id=new_id(),
        kind=kind,
        phase=FIRST_STAGE,
        state="running",
        ruleset_version=job.ruleset_version,
        low=EVERYTHING if everything or job.watermark is None else job.watermark,
        high=feed.current_change(connection, job.tenant),
        cursor=None,
        counters={},
        error=None,
        began_at=at,
        ended_at=None,
        restarts=job.restarts,
        application_name=setup.application,
        affected=news.affected,
    )


def _over(cycle: Cycle, at: int, failure: Failure | None) -> Cycle:
    state, error = ("succeeded", None) if failure is None else ("failed", error_of(failure))
    return replace(cycle, phase="done", state=state, error=error, ended_at=at)


def left_over(connection: Connection, job: Job, at: int) -> bool:
    """Whether something of an earlier cycle comes again although nothing has changed, or somebody's day has come."""
    number, disabled_by = job.number, leavers_disabled_by(connection, job, at)
    return (
        unknown.anything_due(connection, number, at)
        or escrow.any_due(connection, number, at)
        or member_links.anything_pending(connection, number)
        or any(operations.any_in_state(connection, number, state) for state in ("left", "waiting", "staged", "sent"))
        or (disabled_by is not None and links.any_leaver(connection, number, disabled_by))
    )


def leavers_disabled_by(connection: Connection, job: Job, at: int) -> int | None:
    """The moment by which the account of a leaver must have been disabled to be deleted now; None: none is deleted."""
    leavers = leavers_of(job.settings)
    if not leavers.deletes or job.settings.get(SKIP) is True:
        return None
    now = from_microseconds(at)
    if leavers.policy == "delete":
        return FOR_EVER
    if not clock.is_trusted(connection, job.tenant, now=now):
        return None
    return to_microseconds(now - timedelta(days=leavers.days))


def count_afresh(connection: Connection, job: int, *, by_change: bool = False) -> None:
    """A full cycle begins: what was taken away before may count no more."""
    if not by_change and counts_afresh(connection, job):
        taken.begin(connection, job)


def counts_afresh(connection: Connection, job: int) -> bool:
    """Whether a full cycle counts afresh: nobody is held, or was rejected and may be due still."""
    return holds.read(connection, job) is None and not taken.goes_on(connection, job)


def _look_at(connection: Connection, setup: Setup, cycle: Cycle) -> None:
    """Make the work set."""
    job = setup.job
    if cycle.low == EVERYTHING:
        work.clear(connection, job.number)
        return
    work.make(
        connection,
        job=job.number,
        tenant=job.tenant,
        application=job.application,
        low=cycle.low,
        high=cycle.high,
        assigned_only=not setup.rules.settings.sync_all,
        nested=setup.rules.settings.nested_groups,
        at=None if cycle.by_change else cycle.began_at,
        left=True,
        given_up=escrow.given_up(connection, job.tenant, cycle.began_at, setup.behaviour),
        disabled_by=leavers_disabled_by(connection, job, cycle.began_at),
    )
    if cycle.affected is not None:
        work.add_failed(connection, job.number)
