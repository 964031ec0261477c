"""Finds out what happened to requests that were sent but not clearly answered, before anything is planned.

A create is looked for by the values that were sent, whatever has happened to its object since; an account found
with these values is linked first. Changed accounts are read by id when they are planned, memberships are sent
again. Then every such object is decided again (explanation/settled-cases.md section *Crash protocol*).
Order: recovering, one page of unknown creates.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

import msgspec

from provisor.database import Connection
from provisor.engine.decide import Skip
from provisor.engine.desired import Desired
from provisor.engine.outcome import failure_from
from provisor.engine.ports import ConnectorError
from provisor.engine.record import Kind
from provisor.engine.unknown import FoundAgain, Ours, Stranger, said, values_held
from provisor.rules.failure import Failure
from provisor.runner.asking.parallel import each
from provisor.runner.planning.link_rows import adopted_row, forget
from provisor.runner.planning.looking import look_for
from provisor.runner.planning.planner import Planner
from provisor.runner.recording.blaming import one_by_one, own_failure
from provisor.runner.recording.log_rows import Journal
from provisor.runner.run import PAGE, Run
from provisor.scim.values import Resource
from provisor.storage import cycles, escrow, links, log, operations, records, unknown, waiting, wanted_members, work
from provisor.storage.escrow import FailedRow
from provisor.storage.log import LogRow
from provisor.storage.operations import ENTRY, SECOND
from provisor.storage.unknown import UnknownCreate

_decode = msgspec.json.Decoder(dict).decode
_KINDS: tuple[Kind, ...] = ("user", "group")


async def recover(run: Run, planner: Planner) -> int:
    """Settle every operation with an unknown outcome; returns how many objects that concerned."""
    objects = await settle_unknown(run)
    for kind, found in objects.items():
        await planner.plan_all_again(kind, sorted(found), verify=True)
    return sum(map(len, objects.values()))


async def settle_unknown(run: Run) -> Mapping[Kind, set[str]]:
    """Find out what can be found out; who is named must be read and decided about anew."""
    left = [one for one in operations.sent(run.reader(), run.job.number) if run.concerns(one.object)]
    await run.writer.write(partial(_keep_in_doubt, run.job.number, left))
    # Members are planned as they were; if the account or a reference was to change, it is read before a decision.
    objects = {
        kind: {one.object for one in left if one.object_kind == kind and one.kind != "members"} for kind in _KINDS
    }
    due = escrow.ALWAYS if run.evaluates_everything else run.cycle.began_at
    for _ in range(2):  # once more where the account of one was taken for another's until then
        after, displaced = "", set[str]()
        while page := unknown.page(run.reader(), job=run.job.number, after=after, limit=PAGE, at=due):
            run.check_stop()
            after = page[-1].object
            for kind in _KINDS:
                rows = [one for one in page if one.kind == kind and run.concerns(one.object)]
                objects[kind] |= {one.object for one in rows}
                await one_by_one(rows, partial(_settle, run, kind, displaced), partial(_blame, run, kind))
        if not displaced:
            break
    return objects


def _keep_in_doubt(job: int, left: Sequence[operations.StoredOperation], connection: Connection) -> None:
    """What an ended run had sent may have been carried out: say so where it is kept, whatever is planned later."""
    unknown.keep_in_doubt(connection, job, left)
    operations.unsend(connection, job, [(one.stage, one.object) for one in left if one.stage == SECOND])


class _Look(NamedTuple):
    """The result of looking for one account: found or not, or the failure of the look-up."""

    row: UnknownCreate
    found: FoundAgain | Failure


async def _settle(run: Run, kind: Kind, displaced: set[str], rows: Sequence[UnknownCreate]) -> None:
    """Look for these accounts and write down what is known now; a look that failed leaves its object alone.

    `displaced` gets those whose links led to one of them: where their accounts are, nobody knows from now on.
    """
    if not rows:
        return

    async def look(row: UnknownCreate) -> _Look:
        try:
            return _Look(row, await look_for(run, kind, row.object, row.sent))
        except ConnectorError as error:
            await run.stop_by(error, "filter")
            failure = failure_from(error, application=run.application, verb="look up", who=row.sent.matching[0][1])
            return _Look(row, failure)

    looks = _each_one_of_their_own(await each(rows, run.behaviour.requests_at_once, look))
    people = _people(run, rows)
    journal = Journal(run)
    events = [event for one in looks if (event := _event(journal, people.get(one.row.object), one)) is not None]
    found, others = await run.writer.write(partial(_write, run, kind, looks, people, events))
    run.counted(Counter({f"{kind}.create": found}))
    displaced.update(others)


async def _blame(run: Run, kind: Kind, row: UnknownCreate, error: Exception) -> None:
    """An error of our own about one of them: it stays unknown, and is looked for another time."""
    failure = own_failure("look for", row.sent.matching[0][1], error)
    look = _Look(row, failure)
    people = _people(run, [row])
    desired = people.get(row.object)
    events = [] if desired is None else [Journal(run).failed(desired, failure, "other", step="matching")]
    await run.writer.write(partial(_write, run, kind, [look], people, events))


def _people(run: Run, rows: Sequence[UnknownCreate]) -> dict[str, Desired]:
    ids = [row.object for row in rows]
    reads = records.by_ids(
        run.reader(), application=run.job.application, job=run.job.number, nested=run.nested, ids=ids
    )
    return {object_id: run.judge(record, linked=True) for object_id, (record, _) in reads.items()}


def _each_one_of_their_own(looks: Sequence[_Look]) -> list[_Look]:
    """Of two whose requests had the same values, one can have the account."""
    given: set[str] = set()
    told: list[_Look] = []
    for one in looks:
        if isinstance(one.found, Ours):
            target_id = str(one.found.resource["id"])
            told.append(one._replace(found=Stranger(target_id)) if target_id in given else one)
            given.add(target_id)
        else:
            told.append(one)
    return told


def _event(journal: Journal, desired: Desired | None, look: _Look) -> LogRow | None:
    """What the log says: wanted objects are planned next, and that says more."""
    if desired is None:
        return None
    match look.found:
        case Failure() as failure:
            return journal.failed(desired, journal.shown(desired, failure), "other", step="matching")
        case Ours(resource) as found:
            return journal.done(desired, "create", str(resource["id"]), after=resource, matching=said(found))
        case Stranger() as found if desired.standing != "wanted":
            return journal.skipped(desired, Skip(desired.why.code, said(found)), found.target_id)
        case _:
            return None


def _write(
    run: Run,
    kind: Kind,
    looks: Sequence[_Look],
    people: dict[str, Desired],
    events: Sequence[LogRow],
    connection: Connection,
) -> tuple[int, list[str]]:
    """The facts: whose account was found is linked, and who waited for it is woken.

    Returns how many were found, and others whose links led to one of them.
    """
    job = run.job.number
    known = [one for one in looks if not isinstance(one.found, Failure)]
    ours = [(one.row.object, one.found.resource) for one in known if isinstance(one.found, Ours)]
    displaced = _displace(run, kind, ours, connection)
    links.put(connection, [adopted_row(run, kind, object_id, resource) for object_id, resource in ours])
    unknown.settle(connection, job, [one.row.object for one in known])
    waiting.wake(connection, job, [object_id for object_id, _ in ours])
    for object_id, _ in ours:
        if kind == "group" and object_id in people:
            wanted_members.want_group(connection, job, object_id, run.nested)
            work.add(connection, job, "members", object_id)
    log.append(connection, events)
    failed = [row for one in looks if (row := _failed_look(run, people, one)) is not None]
    escrow.record(connection, job, failed, run.behaviour)
    cycles.add_counts(connection, job, run.cycle.n, {f"{kind}.create": len(ours)})
    return len(ours), displaced


def _failed_look(run: Run, people: dict[str, Desired], look: _Look) -> FailedRow | None:
    """Somebody whose create stays unknown: looked for again as often as anybody is tried who failed."""
    desired = people.get(look.row.object)
    if desired is None or not isinstance(look.found, Failure) or run.is_plan:
        return None
    failure = Journal(run).shown(desired, look.found)
    return FailedRow(ENTRY, desired.id, failure, run.at(), who=(desired.kind, desired.name))


def _displace(run: Run, kind: Kind, ours: Sequence[tuple[str, Resource]], connection: Connection) -> list[str]:
    """Others whose links lead to these accounts: theirs is known by what it holds alone, and is looked for."""
    job, mapper = run.job.number, run.rules.of(kind).mapper
    taken = {str(resource["id"]): object_id for object_id, resource in ours}
    owners = links.owners(connection, job, kind, list(taken))
    displaced = [owner for target_id, owner in owners.items() if owner != taken[target_id]]
    for owner, document in links.documents(connection, job, displaced).items():
        held = values_held(_decode(document), run.matching_paths(kind), mapper.resource_type)
        unknown.note(connection, job, [UnknownCreate(owner, kind, held)])
    forget(connection, job, kind, displaced, run.nested)
    waiting.refer_again(connection, job, displaced, [path for path, _ in run.rules.users.mapper.references])
    return displaced
