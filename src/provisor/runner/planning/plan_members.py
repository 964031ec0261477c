"""Plans memberships and references, once it is known who will have an account: the second half of planning.

A membership or manager both ends of which are linked, or are about to be in this very cycle, becomes an operation;
the others wait (storage.waiting). Planned before the first write, so that the total is known.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

import msgspec

from provisor.database import Connection
from provisor.engine.log_event import SHOWN_UNRESOLVED
from provisor.engine.modified import reference_in
from provisor.rules.graph_json import read_schema
from provisor.rules.mapper import Mapper
from provisor.rules.ruleset import RuleSet
from provisor.runner.planning.plan_rows import second_row
from provisor.runner.recording.blaming import one_by_one, own_failure
from provisor.runner.recording.log_rows import Journal
from provisor.runner.run import REFERENCES_FAILED, Run
from provisor.scim.values import Resource
from provisor.storage import (
    cycles,
    escrow,
    jobs,
    links,
    log,
    member_links,
    operations,
    records,
    waiting,
    wanted_members,
    work,
)
from provisor.storage.escrow import FailedRow
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
    if whole:
        await _note_of_those_to_be_deleted(run)
    while page := work.second_stage(
        run.reader(), job=run.job.number, kind="members", after=cursor, limit=GROUPS_A_PAGE
    ):
        run.check_stop()
        write = partial(_plan_groups, run, whole=whole)
        await one_by_one(page, partial(_write, run, write, again), partial(_blame, run, "members", again))
        cursor = page[-1].object


async def _note_of_those_to_be_deleted(run: Run) -> None:
    """What differs in groups that are to be deleted stays noted: they may be held, or refused, and wanted again, and no
    later cycle would see what has changed by now."""
    after = ""
    while page := work.groups_to_be_deleted(run.reader(), run.job.number, after, GROUPS_A_PAGE):
        run.check_stop()
        after = page[-1]
        await run.writer.write(partial(_note, run, page))


def _note(run: Run, groups: Sequence[str], connection: Connection) -> None:
    for group in groups:
        wanted_members.want_group(connection, run.job.number, group, run.nested)


async def plan_second_stage_again(run: Run) -> None:
    """Plan what belongs to groups that are about to be created or linked, and to objects that wait for them.

    For what was planned anew during the execution, and for a run that was cut short in the middle of that.
    """
    if run.only is not None:
        await plan_second_stage_of(run, run.only, again=True)
        return
    await run.writer.write(lambda connection: work.fill_groups(connection, run.job.number, everything=False))
    await plan_memberships(run, _BEGUN, again=True)
    await plan_references(run, _BEGUN, again=True)


async def plan_second_stage_of(run: Run, objects: Iterable[str], *, again: bool = False) -> None:
    """Plan the memberships and references of these objects alone: of groups those that lead to one of them."""
    await run.writer.write(partial(_plan_of, run, objects=sorted(objects), reached=None if again else _BEGUN))


def _plan_of(run: Run, connection: Connection, *, objects: list[str], reached: str | None) -> None:
    page = work.second_stage_of(connection, run.job.number, objects)
    groups, people = ([one for one in page if one.kind == kind] for kind in ("group", "user"))
    if groups and run.rules.groups.enabled and run.rules.groups.mapper.maps_members:
        for group in groups:
            if not group.entering:
                wanted_members.want_edges(connection, run.job.number, group.object, objects, run.nested)
        _plan_groups(run, connection, page=groups, whole=False, reached=reached)
    if people and run.rules.users.mapper.references:
        _plan_people(run, connection, page=people, reached=reached)


async def plan_news_of_second_stage(run: Run) -> list[str]:
    """Plan the memberships and references in the work set; returns the groups and people that they are of."""
    connection, job = run.reader(), run.job.number
    objects = [one for kind in ("members", "references") for one in work.linked(connection, job, kind)]
    await plan_memberships(run, _BEGUN, again=True)
    await plan_references(run, _BEGUN, again=True)
    return objects


def _rules_of_groups_stand(run: Run) -> bool:
    """Whether everybody is evaluated only because the rules of users have changed.

    Memberships are then where the last cycle left them: users who gain an account by the new rules are waited for.
    Other reasons to evaluate everybody (a new scope, a restart) leave the rules at their version.
    """
    if run.job.regroupings:
        return False
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
        wanted_members.want_changed(
            connection, job=job, tenant=run.job.tenant, low=low, high=cycle.high, nested=run.nested
        )
        due = escrow.ALWAYS if run.evaluates_everything else cycle.began_at
        member_links.groups_with_pending(connection, job, due)
    cycles.advance(connection, job, run.cycle.n, phase="members", cursor=_BEGUN)


async def _write(run: Run, write: Callable[..., None], again: bool, page: Sequence[SecondStage]) -> None:
    """One page in one transaction; its last object is how far the stage has come."""
    await run.writer.write(partial(write, page=page, reached=None if again else page[-1].object))


async def _blame(run: Run, stage: str, again: bool, item: SecondStage, error: Exception) -> None:
    """An error of our own about the members or references of one object: they fail, and all others are planned."""
    job, failure = run.job, own_failure(f"plan the {stage} of", item.name, error)

    def write(connection: Connection) -> None:
        if not again:
            cycles.advance(connection, job.number, run.cycle.n, phase=stage, cursor=item.object)
        if run.is_plan:
            return
        reads = records.by_ids(
            connection, application=job.application, job=job.number, nested=run.nested, ids=[item.object]
        )
        desired = [run.judge(record, linked=link is not None) for record, link in reads.values()]
        events = [Journal(run).failed(one, failure, "update", step="referenceResolution") for one in desired]
        log.append(connection, events)
        event = events[0].id if events else None
        row = FailedRow(SECOND, item.object, failure, run.at(), event, who=(item.kind, item.name))
        escrow.record(connection, job.number, [row], run.behaviour)
        cycles.add_counts(connection, job.number, run.cycle.n, counts)

    counts = Counter({f"{item.kind}.fail": 1, REFERENCES_FAILED: 1})
    await run.writer.write(write)
    run.counted(counts)


def _plan_groups(
    run: Run, connection: Connection, *, page: Sequence[SecondStage], whole: bool, reached: str | None
) -> None:
    job, heal = run.job.number, run.behaviour.heal_references
    rows: list[PlannedRow] = []
    idle: list[tuple[int, str]] = []
    absent: dict[str, list[str]] = {}
    for group in page:
        if whole or group.entering or group.broken:
            wanted_members.want_group(connection, job, group.object, run.nested)
        add, remove, aside = member_links.settle(connection, job, group.object, heal=heal)
        if (add or remove) and (group.linked or group.entering):
            rows.append(second_row(run, group, "members", removes=remove))
        else:
            idle.append((SECOND, group.object))
        if aside and (group.linked or group.entering):
            absent[group.object] = aside
    _over(run, connection, idle)
    operations.plan(connection, rows)
    if reached is not None:
        _tell(run, connection, absent)
        cycles.advance(connection, job, run.cycle.n, phase="members", cursor=reached)


def _over(run: Run, connection: Connection, keys: list[tuple[int, str]]) -> None:
    """Nothing is to be written about these."""
    operations.done(connection, run.job.number, keys)
    if not run.is_plan:
        escrow.settle(connection, run.job.number, keys)


def _tell(run: Run, connection: Connection, absent: Mapping[str, list[str]]) -> None:
    """Warn of references of these objects that cannot be written. What is planned again was warned of before."""
    if run.is_plan or not absent:
        return
    journal = Journal(run)
    reads = records.by_ids(
        connection, application=run.job.application, job=run.job.number, nested=run.nested, ids=list(absent)
    )
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
        write = partial(_plan_people, run)
        await one_by_one(page, partial(_write, run, write, again), partial(_blame, run, "references", again))
        cursor = page[-1].object


def _plan_people(run: Run, connection: Connection, *, page: Sequence[SecondStage], reached: str | None) -> None:
    job = run.job.number
    idle = [one.object for one in page if not waiting.writable_references(connection, job, one.object)]
    unwritable = waiting.unwritable_references(connection, job, idle)
    superseded = _superseded(run, connection, unwritable)
    absent = {
        object_id: [one.waits_for for one in some]
        for object_id, some in unwritable.items()
        if object_id not in superseded  # their operation's event says so
    }
    idle = [object_id for object_id in idle if object_id not in superseded]
    at_rest = frozenset(idle)
    _over(run, connection, [(SECOND, object_id) for object_id in idle])
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
    """Whether `held` refers to another object than the directory does. A released account is still the right one."""
    value = reference_in(mapper, reference.attribute, held)
    return value is not None and value != reference.target_id
