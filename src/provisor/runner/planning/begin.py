"""Begins a cycle: loads the job with the rules it pins, and writes the cycle's row with what it covers.

A cycle that was cut short is taken up again unless the rules or the scope have changed since; then everything is looked
at anew. Order: loading, beginning a cycle, beginning a plan.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

import msgspec

from provisor.database import Connection
from provisor.database.identifiers import new_id
from provisor.engine.behaviour import PROVISOR, Behaviour, behaviour_named
from provisor.engine.rules import CompiledRules, ScopeSettings, compile_rules
from provisor.gallery import Template, template
from provisor.rules.failure import Failure
from provisor.rules.graph_json import read_schema
from provisor.rules.ruleset import Problem, RuleSet
from provisor.runner.recording.summary import NotRunnable
from provisor.storage import applications, clock, cycles, directory_verbs, feed, jobs, operations, unknown, work
from provisor.storage.cycles import Cycle
from provisor.storage.jobs import Job
from provisor.storage.times import to_microseconds

EVERYTHING = -1  # as a cycle's `low`: every object is looked at, whatever its change number
FIRST_STAGE = "user"


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
    """What storage calls this job. Raises NotRunnable when there is none."""
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
    continues = cut_short is not None and not job.full_evaluation
    version = cut_short.ruleset_version if continues and cut_short is not None else job.ruleset_version
    found = template(job.template)
    if found is None:
        raise NotRunnable(f"The job {job.id} is of the unknown application {job.template}.", "Create the job anew.")
    ruleset = _read(jobs.rules_text(connection, job.number, version))
    if not isinstance(ruleset, RuleSet):
        problems = " ".join(str(problem) for problem in ruleset)
        raise NotRunnable(f"The rules of the job {job.id} cannot be used. {problems}", "Correct them and start again.")
    application = applications.read(connection, job.application)
    settings = ScopeSettings(
        sync_all=job.settings.get("scope") == "all",
        skip_out_of_scope_deletions=job.settings.get("skipOutOfScopeDeletions") is True,
    )
    return Setup(
        job=job,
        template=found,
        application=found.display_name if application is None else application.display_name,
        ruleset=ruleset,
        rules=compile_rules(ruleset, found, settings),
        behaviour=behaviour_named(job.behaviour) or PROVISOR,
    )


@lru_cache(maxsize=16)
def _read(document: str) -> RuleSet | tuple[Problem, ...]:
    """Reading takes longer than a cycle without changes does; it is asked for by every look at a job."""
    return read_schema(msgspec.json.decode(document))


def begin_cycle(connection: Connection, job: int, moment: datetime, failure: Failure | None) -> tuple[Setup, Cycle]:
    """The cycle to run: the one that was cut short, or a new one. Raises NotRunnable.

    It is over already when there is nothing to do, or when the target could not be reached (`failure`).
    """
    setup = load(connection, job)
    if clock.observe(connection, setup.job.tenant, now=moment) is None:
        directory_verbs.purge_expired(connection, setup.job.tenant, now=moment)
    return setup, _begin(connection, setup, to_microseconds(moment), failure)


def _begin(connection: Connection, setup: Setup, at: int, failure: Failure | None) -> Cycle:
    job = setup.job
    cut_short = cycles.interrupted(connection, job.number)
    if cut_short is not None and not job.full_evaluation:
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
        jobs.change(connection, job.number, last_began_at=at)
        return replace(cut_short, state="running", error=None, ended_at=None)
    cycles.abandon(connection, job.number, at)
    operations.discard_plan(connection, job.number)
    cycle = _new(connection, setup, at, plan=False)
    idle = cycle.low == cycle.high and not _left_over(connection, job.number)
    if idle or failure is not None:
        cycle = _over(cycle, at, failure)
    cycles.add(connection, job.number, cycle)
    jobs.change(connection, job.number, last_began_at=at, last_cycle=cycle.n)
    if cycle.ended_at is None:
        jobs.change(connection, job.number, full_evaluation=False)
        _look_at(connection, setup, cycle)
    return cycle


def begin_plan(connection: Connection, job: int, moment: datetime) -> tuple[Setup, Cycle]:
    """A plan covers what the next cycle would. One that was cut short is not continued but planned anew, whole."""
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
    cycle = _new(connection, setup, at, plan=True)
    cycles.add(connection, job.number, cycle)
    _look_at(connection, setup, cycle)
    return cycle


def error_of(failure: Failure) -> dict[str, str]:
    """A failure as the cycle's row keeps it."""
    return {"code": failure.code, "message": failure.message, "hint": failure.hint}


def _new(connection: Connection, setup: Setup, at: int, *, plan: bool) -> Cycle:
    job = setup.job
    cycles.forget_plan(connection, job.number)
    everything = job.watermark is None or job.full_evaluation
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
    )


def _over(cycle: Cycle, at: int, failure: Failure | None) -> Cycle:
    state, error = ("succeeded", None) if failure is None else ("failed", error_of(failure))
    return replace(cycle, phase="done", state=state, error=error, ended_at=at)


def _left_over(connection: Connection, job: int) -> bool:
    """Whether something of an earlier cycle comes again although nothing has changed."""
    return unknown.anything(connection, job) or any(
        operations.any_in_state(connection, job, state) for state in ("retry", "waiting", "sent")
    )


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
    )
