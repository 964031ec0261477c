"""Plans memberships and references, once it is known who will have an account: the second half of planning.

A membership or manager both ends of which are linked, or are about to be in this very cycle, becomes an operation;
the others wait (storage.waiting). Planned before the first write, so that the total is known.
"""

from collections.abc import Mapping
from functools import partial

import msgspec

from provisor.database import Connection
from provisor.engine.log_event import SHOWN_UNRESOLVED
from provisor.engine.modified import reference_in
from provisor.rules.graph_json import read_schema
from provisor.rules.mapper import Mapper
from provisor.rules.ruleset import RuleSet
from provisor.runner.planning.plan_rows import second_row
from provisor.runner.recording.log_rows import Journal
from provisor.runner.run import Run
from provisor.scim.values import Resource
from provisor.storage import cycles, jobs, links, log, member_links, operations, records, waiting, work
from provisor.storage.operations import SECOND, PlannedRow
from provisor.storage.work import SecondStage

GROUPS_A_PAGE = 20  # a transaction holds the write lock; a group may have tens of thousands of members
PEOPLE_A_PAGE = 500
_decode = msgspec.json.Decoder(dict).decode
_BEGUN = ""  # the cursor once the work set of the stage is made


async def plan_memberships(run: Run, cursor: str | None, *, again: bool = False) -> None:
    """Compare the memberships of every group that this cycle touches; `again`: the cycle is beyond this stage."""
    if not (run.rules.groups.enabled and run.rules.groups.mapper.maps_members):
        return
    whole = run.evaluates_everything and not _rules_of_groups_stand(run)
    if cursor is None:
        cursor = _BEGUN
        await run.writer.write(lambda connection: _make_members_work(run, connection, whole=whole))
    while page := work.second_stage(
        run.reader(), job=run.job.number, kind="members", after=cursor, limit=GROUPS_A_PAGE
    ):
        run.check_stop()
        last = page[-1].object
        await run.writer.write(partial(_plan_groups, run, page=page, whole=whole, reached=None if again else last))
        cursor = last


async def plan_second_stage_again(run: Run) -> None:
    """Plan what belongs to groups that are about to be created or linked, and whom others of them wake.

    For what was planned anew during the execution, and for a run that was cut short in the middle of that.
    """
    await run.writer.write(lambda connection: work.fill_groups(connection, run.job.number, everything=False))
    await plan_memberships(run, _BEGUN, again=True)
    await plan_references(run, _BEGUN, again=True)


def _rules_of_groups_stand(run: Run) -> bool:
    """Whether everybody is looked at only because the rules of users have changed.

    Memberships are then as far as the last cycle brought them: who gains an account by the new rules is waited for.
    What else makes a cycle look at everybody (a new scope, a restart) leaves the rules at the version they had.
    """
    passed, behaviour = run.job.watermark, run.behaviour
    if passed is None or behaviour.rule_change != "affected" or not behaviour.heal_references:
        return False
    version = cycles.last_passed(run.reader(), run.job.number)
    if version is None or version == run.cycle.ruleset_version:
        return False
    before = read_schema(jobs.rules(run.reader(), run.job.number, version))
    return isinstance(before, RuleSet) and before.groups == run.ruleset.groups


def _make_members_work(run: Run, connection: Connection, *, whole: bool) -> None:
    job = run.job.number
    work.fill_groups(connection, job, everything=whole)
    if not whole:
        cycle = run.cycle
        low = run.job.watermark or 0 if run.evaluates_everything else cycle.low
        member_links.want_changed(connection, job=job, tenant=run.job.tenant, low=low, high=cycle.high)
        member_links.groups_with_pending(connection, job)
    cycles.advance(connection, job, run.cycle.n, phase="members", cursor=_BEGUN)


def _plan_groups(
    run: Run, connection: Connection, *, page: list[SecondStage], whole: bool, reached: str | None
) -> None:
    job, heal = run.job.number, run.behaviour.heal_references
    rows: list[PlannedRow] = []
    idle: list[tuple[int, str]] = []
    absent: dict[str, list[str]] = {}
    for group in page:
        if whole or group.entering:
            member_links.want_group(connection, job, group.object)
        add, remove, aside = member_links.settle(connection, job, group.object, heal=heal)
        if (add or remove) and (group.linked or group.entering):
            rows.append(second_row(run, group, "members", removes=remove))
        else:
            idle.append((SECOND, group.object))
        if aside and (group.linked or group.entering):
            absent[group.object] = aside
    operations.done(connection, job, idle)
    operations.plan(connection, rows)
    if reached is not None:
        _tell(run, connection, absent)
        cycles.advance(connection, job, run.cycle.n, phase="members", cursor=reached)


def _tell(run: Run, connection: Connection, absent: Mapping[str, list[str]]) -> None:
    """Warn of references of these objects that cannot be written. What is planned again was told the first time."""
    if run.is_plan or not absent:
        return
    journal = Journal(run)
    reads = records.by_ids(connection, application=run.job.application, job=run.job.number, ids=list(absent))
    events = []
    for object_id, (record, link) in reads.items():
        ids = absent[object_id]
        names = records.names(connection, ids[:SHOWN_UNRESOLVED])
        people = [names.get(one, one) for one in ids[:SHOWN_UNRESOLVED]] + ids[SHOWN_UNRESOLVED:]
        target_id = "" if link is None else link.target_id
        desired = run.judge(record, linked=link is not None)
        events.append(journal.members_changed(desired, target_id, (), people, None))
    log.append(connection, events)


async def plan_references(run: Run, cursor: str | None, *, again: bool = False) -> None:
    """See which of the references that are needed can be written in this cycle; `again` as above."""
    if cursor is None:
        cursor = _BEGUN
        if run.evaluates_everything:
            await run.writer.write(lambda connection: waiting.all_references(connection, run.job.number))
    while page := work.second_stage(
        run.reader(), job=run.job.number, kind="references", after=cursor, limit=PEOPLE_A_PAGE
    ):
        run.check_stop()
        last = page[-1].object
        await run.writer.write(partial(_plan_people, run, page=page, reached=None if again else last))
        cursor = last


def _plan_people(run: Run, connection: Connection, *, page: list[SecondStage], reached: str | None) -> None:
    job = run.job.number
    idle = [one.object for one in page if not waiting.writable_references(connection, job, one.object)]
    unwritable = waiting.unwritable_references(connection, job, idle)
    superseded = _superseded(run, connection, unwritable)
    absent = {
        object_id: [one.waits_for for one in some]
        for object_id, some in unwritable.items()
        if object_id not in superseded  # the event of their operation says it
    }
    idle = [object_id for object_id in idle if object_id not in superseded]
    at_rest = frozenset(idle)
    operations.done(connection, job, ((SECOND, object_id) for object_id in idle))
    if not run.behaviour.heal_references:
        waiting.forget(connection, job, idle)
    operations.plan(connection, [second_row(run, one, "reference") for one in page if one.object not in at_rest])
    if reached is not None:
        _tell(run, connection, absent)
        cycles.advance(connection, job, run.cycle.n, phase="references", cursor=reached)


def _superseded(run: Run, connection: Connection, unwritable: Mapping[str, list[waiting.Reference]]) -> frozenset[str]:
    """Those whose account still refers to somebody whom the directory no longer names."""
    documents = links.documents(connection, run.job.number, list(unwritable))
    mapper = run.rules.users.mapper
    return frozenset(
        object_id
        for object_id, held in documents.items()
        if any(is_superseded(mapper, one, _decode(held)) for one in unwritable[object_id])
    )


def is_superseded(mapper: Mapper, reference: waiting.Reference, held: Resource) -> bool:
    """Whether `held` refers to another than the directory does. A released account is still the right one."""
    value = reference_in(mapper, reference.attribute, held)
    return value is not None and value != reference.target_id
