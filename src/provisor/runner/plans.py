"""Makes a plan: what the next cycle would do, found out by the same code, and kept in the service's tables.

Everything that planning writes goes to a scratch database (storage.scratch): a plan can be made beside a cycle that
runs, and of rules that are not saved. The target sees nothing but GETs. Order: what may be proposed, making, keeping.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

from provisor.database import Connection, Database
from provisor.engine.behaviour import NestedGroups
from provisor.engine.detail import Detail
from provisor.engine.guard import Admission
from provisor.engine.operation import OperationKind
from provisor.engine.plan import Digest, Plan
from provisor.engine.record import Kind
from provisor.rules.failure import Failure
from provisor.runner.assembling import Order, ends, make_run
from provisor.runner.ending import Ending
from provisor.runner.explaining import Explaining
from provisor.runner.planning.approval import aim_of, digest_of
from provisor.runner.planning.begin import EVERYTHING, begin_plan, load, number_of
from provisor.runner.planning.braking import Brake
from provisor.runner.planning.planner import make_planner
from provisor.runner.planning.recovery import recover
from provisor.runner.planning.stages import plan_stages
from provisor.runner.recording.progress import Reporter
from provisor.runner.recording.summary import NotRunnable
from provisor.runner.run import CycleStopped, Run
from provisor.runner.tracing import span
from provisor.scim.values import Json
from provisor.storage import cycles, jobs, operations, plans
from provisor.storage.authors import SERVICE, Author
from provisor.storage.operations import StoredOperation
from provisor.storage.plans import NewPlan, PlanRow
from provisor.storage.scratch import scratch_for

PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What is planned with, unsaved: rules (Graph's synchronizationSchema), who is in scope, who is in a group."""

    rules: Json = None
    scope: str | None = None
    nested_groups: NestedGroups | None = None

    def to_json(self) -> dict[str, Json] | None:
        """As the plan keeps it; None when nothing is proposed."""
        proposed = {"rules": self.rules, "scope": self.scope, jobs.NESTED_GROUPS: self.nested_groups}
        return {name: value for name, value in proposed.items() if value is not None} or None


async def make_plan(order: Order, *, by: Author, proposal: Proposal = Proposal()) -> int:
    """Find out what the next cycle would do, and keep it; returns the plan's number.

    Raises CycleStopped when the target cannot be used, StopRequested when `order.stop` is set, and NotRunnable when the
    job is not configured. An abort of the job's cycle is none of a plan's business.
    """
    number = number_of(order.database.reader(), order.job)
    with scratch_for(order.database, number) as scratch:
        here = replace(order, database=scratch, session=None, by_change=False)
        with scratch.transaction() as connection:
            _propose(connection, number, proposal, here)
        ending = Ending(scratch, order.job, order.stop)  # which sees no abort: it is of the service's database
        with span("plan", job=order.job):
            run, value = await ending.heed(_plan(here, number))
        return await asyncio.to_thread(keep_plan, order.database, run, value, by=by, proposal=proposal)


async def _plan(order: Order, number: int) -> tuple[Run, Plan]:
    early = load(order.database.reader(), number)
    async with ends(order, early) as both:
        trouble = await order.probe(both, early)
        if trouble is not None:
            raise CycleStopped(trouble.failure, exchange=trouble.exchange)
        setup, cycle = await both.writer.write(partial(begin_plan, job=number, moment=order.now()))
        run = make_run(order, setup, both, cycle, Counter())
        planner = make_planner(run)
        await recover(run, planner)
        admission = await plan_stages(run, planner, Reporter(run, order.report))
        brake = Brake(run, allowed=0)
        stops = brake.above_the_threshold() or brake.above_a_limit()
        return run, replace(_value(run, admission, stops), removes=sum(brake.planned()))


def _propose(connection: Connection, job: int, proposal: Proposal, order: Order) -> None:
    """Save in the scratch database what is proposed; whoever is looked at then is, as when it is saved for good."""
    if proposal.rules is not None:
        jobs.save_rules(connection, job, proposal.rules, created_by="", now=order.now())
        jobs.change(connection, job, rules_changed=True)
    found = jobs.read(connection, job)
    chosen: dict[str, Json] = {"scope": proposal.scope, jobs.NESTED_GROUPS: proposal.nested_groups}
    if found is not None and any(chosen.values()):
        settings = {**found.settings, **{name: value for name, value in chosen.items() if value is not None}}
        jobs.change(connection, job, settings=settings)
    if proposal.nested_groups is not None and found is not None:
        jobs.change(connection, job, regroupings=found.regroupings + 1)
    if any(chosen.values()):
        jobs.change(connection, job, full_evaluation=True)


async def ask_for_approval(run: Run, admission: Admission | None) -> None:
    """Raise CycleStopped when the job may not send so much without somebody's approval; what was planned is kept."""
    most = run.job.settings.get(jobs.APPROVE_ABOVE)
    if not isinstance(most, int) or isinstance(most, bool):
        return
    value = _value(run, admission, None)
    if value.operations <= most:
        return
    waiting = (one for one in plans.of_job(run.reader(), run.job.number) if one.state == "planned")
    number = next((one.number for one in waiting if one.plan.digest == value.digest), None)
    if number is None:
        number = await asyncio.to_thread(keep_plan, run.database, run, value, by=SERVICE)
    raise CycleStopped(
        Failure(
            code="approval-needed",
            message=f"{value.operations:,} operations would be sent, and this job needs an approval above {most:,}."
            f" They are kept as plan {number}.",
            hint=f"See it with `provisor job plans show {number}`. Then `provisor job apply {number}` sends it now,"
            f" `provisor job approve {number}` with the next cycle, and `provisor job discard {number}` not at all.",
        ),
        begins_anew=True,
    )


def keep_plan(database: Database, run: Run, value: Plan, *, by: Author, proposal: Proposal = Proposal()) -> int:
    """Keep what this run has planned, a page at a time; returns the plan's number."""
    saved = jobs.read(database.reader(), run.job.number)
    if saved is None:
        raise _job_gone()
    new = NewPlan(
        tenant=run.job.tenant,
        job=run.job.number,
        made_at=run.at(),
        made_by=by.name,
        made_by_id=by.id,
        ruleset_version=saved.ruleset_version,
        change=run.cycle.high,
        proposed=proposal.to_json(),
        plan=_with_cost(database.reader(), run, value),
    )
    with database.transaction() as connection:
        number = plans.add(connection, new)
    found, position = _rows(run), 0
    while page := list(islice(found, PAGE)):
        try:
            with database.transaction() as connection:
                plans.add_rows(connection, number, position, page)
        except LookupError as error:
            raise _job_gone() from error
        position += len(page)
    with database.transaction() as connection:
        plans.made(connection, number)
    return number


def _job_gone() -> NotRunnable:
    return NotRunnable("The job was deleted.", "`provisor job list` shows the jobs.")


def _rows(run: Run) -> Iterator[PlanRow]:
    connection, job = run.reader(), run.job.number
    explaining = Explaining(connection=connection, job=job, now=run.now, random_bytes=run.random_bytes)
    for row, detail in explaining.planned(run.cycle.n):
        yield _row(connection, job, row, detail)


def _row(connection: Connection, job: int, row: StoredOperation, detail: Detail) -> PlanRow:
    if row.state != "planned":
        return PlanRow(row.stage, row.object, None, detail)
    return PlanRow(row.stage, row.object, digest_of(connection, job, row), detail, aim=aim_of(row))


def _with_cost(connection: Connection, run: Run, value: Plan) -> Plan:
    """How many requests it takes at least, and how long those would have taken in the job's last cycles."""
    reads = 0
    if run.behaviour.before_update == "read":
        reads = sum(number for (_, kind), number in value.counts.items() if kind in ("update", "disable"))
    requests = value.operations + reads
    rate = cycles.requests_a_second(connection, run.job.number)
    return replace(value, requests=requests, seconds=requests / rate if requests and rate else None)


def _value(run: Run, admission: Admission | None, brake: Failure | None) -> Plan:
    """What is planned, as a value."""
    digest = Digest()
    counts: Counter[tuple[Kind, OperationKind]] = Counter()
    verdicts: Counter[str] = Counter()
    for row in operations.stream(run.reader(), run.job.number, run.cycle.n):
        if row.state == "planned":
            # A released account is disabled first; that nothing more is tracked of it afterwards is no operation.
            kind: OperationKind = "disable" if row.kind == "release" else row.kind
            counts[row.object_kind, kind] += 1
            digest.add(digest_of(run.reader(), run.job.number, row))
        else:
            verdicts[row.verdict or ""] += 1
    return Plan(
        cycle="initial" if run.cycle.low == EVERYTHING else "incremental",
        application=run.application,
        counts=counts,
        verdicts=verdicts,
        capacity=admission,
        brake=brake,
        digest=digest.text(),
    )
