"""Applies the application's capacity to the groups that would be created, before any request is made for them.

Who gets a place is decided by engine.guard; strangers at the target count, which costs one request, made only when
a group is to be admitted; a target that cannot count its groups is assumed to hold ours alone. A waiting group is
reported once, and admitted in the cycle that finds a free place.
"""

from collections import Counter
from collections.abc import Mapping

from provisor.database import Connection
from provisor.engine.decide import Skip
from provisor.engine.guard import Admission, Candidate, admit, capacity_reached, order_of
from provisor.engine.ports import ConnectorError, Malformed, Rejected, Throttled
from provisor.engine.record import Kind
from provisor.runner.planning.planner import Planner
from provisor.runner.recording.log_rows import Journal
from provisor.runner.run import PAGE, Run
from provisor.storage import applications, cycles, links, log, operations, records

_KIND: Kind = "group"  # the only kind that an application of the gallery limits


async def admit_groups(run: Run, planner: Planner, journal: Journal) -> Admission | None:
    """Make groups without a place wait, and admit those that waited. None when there were none to judge."""
    limit = run.template.capacity.get(_KIND)
    if limit is None:
        return None
    creates = [one for one in operations.creates(run.reader(), run.job.number, _KIND) if run.concerns(one[0])]
    if not creates:
        return None
    total = await _count(run)
    leaving = 0
    if run.only is None:  # else what a cycle has planned to delete is still there
        leaving = operations.count_planned(run.reader(), run.job.number, kind="delete", object_kind=_KIND)
    order = order_of(run.job.settings)
    since: Mapping[str, int] = {}
    if order.by == "assigned":
        since = applications.assigned_since(run.reader(), run.job.application, _KIND)
    candidates = [Candidate(object_id, name, since.get(object_id)) for object_id, name, _ in creates]
    admission = admit(limit, total - leaving, candidates, order)
    reasons = {candidate.id: capacity_reached(candidate, admission, run.application) for candidate in admission.waiting}
    await _keep_waiting(run, journal, reasons)
    waited = {object_id for object_id, _, waits in creates if waits}
    await _join(run, planner, [candidate.id for candidate in admission.admitted if candidate.id in waited])
    return admission


async def _count(run: Run) -> int:
    """How many groups the target holds; if it does not say, those we know of: it refuses what is too much."""
    try:
        total = (await run.page(_KIND, 1, 0)).total
    except (Rejected, Malformed):
        total = None
    except ConnectorError as error:
        await run.stop_by(error, "object")
        if isinstance(error, Throttled):
            raise run.stopped_by(error) from error
        total = None
    return links.count(run.reader(), run.job.number, _KIND) if total is None else total


async def _keep_waiting(run: Run, journal: Journal, reasons: dict[str, Skip]) -> None:
    reads = {}
    ids = list(reasons)
    for start in range(0, len(ids), PAGE):
        part = ids[start : start + PAGE]
        reads.update(
            records.by_ids(
                run.reader(), application=run.job.application, job=run.job.number, nested=run.nested, ids=part
            )
        )

    def write(connection: Connection) -> int:
        rows = [(object_id, why.code, why.reason) for object_id, why in reasons.items()]
        operations.wait_for_place(connection, run.job.number, run.cycle.n, rows)
        if run.is_plan:
            return 0
        told = operations.newly(connection, run.job.number, ids)
        log.append(
            connection,
            [
                journal.skipped(run.judge(reads[object_id][0], linked=False), reasons[object_id])
                for object_id in told
                if object_id in reads
            ],
        )
        cycles.add_counts(connection, run.job.number, run.cycle.n, {"group.skip": len(told)})
        return len(told)

    told = await run.writer.write(write)
    run.counted(Counter({"group.skip": told}))


async def _join(run: Run, planner: Planner, ids: list[str]) -> None:
    """A place is free: look for them at the target after all, and plan accordingly."""
    for start in range(0, len(ids), PAGE):
        part = ids[start : start + PAGE]
        reads = records.by_ids(
            run.reader(), application=run.job.application, job=run.job.number, nested=run.nested, ids=part
        )
        await planner.plan_again(_KIND, list(reads.values()))
