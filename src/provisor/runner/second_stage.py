"""Plans memberships and references, once it is known who will have an account: the second half of planning.

A membership or manager both ends of which are linked, or are about to be in this very cycle, becomes an operation;
the others wait (storage.waiting). Planned before the first write, so that the total is known.
"""

from functools import partial

from provisor.database import Connection
from provisor.engine.operation import MEMBERS, REFERENCES
from provisor.runner.run import Run
from provisor.storage import cycles, member_links, operations, waiting, work
from provisor.storage.operations import SECOND, PlannedRow
from provisor.storage.work import SecondStage

GROUPS_A_PAGE = 20  # a transaction holds the write lock; a group may have tens of thousands of members
PEOPLE_A_PAGE = 500
_BEGUN = ""  # the cursor once the work set of the stage is made


async def plan_memberships(run: Run, cursor: str | None, *, again: bool = False) -> None:
    """Compare the memberships of every group that this cycle touches; `again`: the cycle is beyond this stage."""
    if not (run.rules.groups.enabled and run.rules.groups.mapper.maps_members):
        return
    if cursor is None:
        cursor = _BEGUN
        await run.writer.write(lambda connection: _make_members_work(run, connection))
    while page := work.second_stage(run.reader(), job=run.job.id, kind="members", after=cursor, limit=GROUPS_A_PAGE):
        run.check_stop()
        last = page[-1].object
        await run.writer.write(partial(_plan_groups, run, page=page, reached=None if again else last))
        cursor = last


async def plan_second_stage_again(run: Run) -> None:
    """Plan what belongs to groups that are about to be created or linked, and whom others of them wake.

    For what was planned anew during the execution, and for a run that was cut short in the middle of that.
    """
    await run.writer.write(lambda connection: work.fill_groups(connection, run.job.id, everything=False))
    await plan_memberships(run, _BEGUN, again=True)
    await plan_references(run, _BEGUN, again=True)


def _make_members_work(run: Run, connection: Connection) -> None:
    job = run.job.id
    work.fill_groups(connection, job, everything=run.evaluates_everything)
    if not run.evaluates_everything:
        cycle = run.cycle
        member_links.want_changed(connection, job=job, tenant=run.job.tenant, low=cycle.low, high=cycle.high)
        member_links.groups_with_pending(connection, job)
    cycles.advance(connection, job, run.cycle.n, phase="members", cursor=_BEGUN)


def _plan_groups(run: Run, connection: Connection, *, page: list[SecondStage], reached: str | None) -> None:
    job, heal = run.job.id, run.behaviour.heal_references
    rows: list[PlannedRow] = []
    idle: list[tuple[int, str]] = []
    for group in page:
        if run.evaluates_everything or group.entering:
            member_links.want_group(connection, job, group.object)
        add, remove = member_links.settle(connection, job, group.object, heal=heal)
        if (add or remove) and (group.linked or group.entering):
            rows.append(_row(run, group, "members", MEMBERS, f'{{"add":{add},"remove":{remove}}}'))
        else:
            idle.append((SECOND, group.object))
    operations.done(connection, job, idle)
    operations.plan(connection, rows)
    if reached is not None:
        cycles.advance(connection, job, run.cycle.n, phase="members", cursor=reached)


async def plan_references(run: Run, cursor: str | None, *, again: bool = False) -> None:
    """See which of the references that are needed can be written in this cycle; `again` as above."""
    if cursor is None:
        cursor = _BEGUN
        if run.evaluates_everything:
            await run.writer.write(lambda connection: waiting.all_references(connection, run.job.id))
    while page := work.second_stage(run.reader(), job=run.job.id, kind="references", after=cursor, limit=PEOPLE_A_PAGE):
        run.check_stop()
        last = page[-1].object
        await run.writer.write(partial(_plan_people, run, page=page, reached=None if again else last))
        cursor = last


def _plan_people(run: Run, connection: Connection, *, page: list[SecondStage], reached: str | None) -> None:
    job = run.job.id
    rows: list[PlannedRow] = []
    idle: list[str] = []
    for person in page:
        writable = waiting.writable_references(connection, job, person.object)
        if writable:
            rows.append(_row(run, person, "reference", REFERENCES, "{}"))
        else:
            idle.append(person.object)
    operations.done(connection, job, ((SECOND, object_id) for object_id in idle))
    if not run.behaviour.heal_references:
        waiting.forget(connection, job, idle)
    operations.plan(connection, rows)
    if reached is not None:
        cycles.advance(connection, job, run.cycle.n, phase="references", cursor=reached)


def _row(run: Run, item: SecondStage, kind: str, phase: int, detail: str) -> PlannedRow:
    return (
        run.job.id,
        SECOND,
        item.object,
        run.cycle.n,
        item.kind,
        item.name,
        kind,
        phase,
        "planned",
        None,
        None,
        None,
        None,
        detail,
    )
