"""Finds out what became of requests that were sent and not clearly answered, before anything is planned.

A create is looked for by the values that were sent, whatever has become of its object since; the account that is found
and holds them is linked first. Accounts that were changed are read by id when they are planned, memberships are said
again. Then every such object is decided about anew (explanation/settled-cases.md section *Crash protocol*).
Order: recovering, one page of unknown creates.
"""

from collections import Counter
from collections.abc import Sequence
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
from provisor.runner.recording.log_rows import Journal
from provisor.runner.run import PAGE, Run
from provisor.scim.values import Resource
from provisor.storage import cycles, links, log, member_links, operations, records, unknown, waiting, work
from provisor.storage.log import LogRow
from provisor.storage.operations import SECOND
from provisor.storage.unknown import UnknownCreate

_decode = msgspec.json.Decoder(dict).decode
_KINDS: tuple[Kind, ...] = ("user", "group")


async def recover(run: Run, planner: Planner) -> int:
    """Settle every operation with an unknown outcome; returns how many objects that concerned."""
    left = operations.sent(run.reader(), run.job.number)
    await run.writer.write(partial(_keep_in_doubt, run.job.number, left))
    # Members are planned as they were; whose account or reference was to change is read before it is decided about.
    objects = {
        kind: {one.object for one in left if one.object_kind == kind and one.kind != "members"} for kind in _KINDS
    }
    for _ in range(2):  # once more where the account of one was taken for another's until then
        after, displaced = "", False
        while page := unknown.page(run.reader(), job=run.job.number, after=after, limit=PAGE):
            run.check_stop()
            after = page[-1].object
            for kind in _KINDS:
                rows = [one for one in page if one.kind == kind]
                objects[kind] |= {one.object for one in rows}
                displaced = await _settle(run, kind, rows) or displaced
        if not displaced:
            break
    for kind, found in objects.items():
        await planner.plan_all_again(kind, sorted(found), verify=True)
    return sum(map(len, objects.values()))


def _keep_in_doubt(job: int, left: Sequence[operations.StoredOperation], connection: Connection) -> None:
    """What an ended run had sent may have been carried out: say so where it is kept, whatever is planned later."""
    unknown.take_over(connection, job)
    links.doubt(connection, job, [one.object for one in left if one.kind not in ("create", "members")])
    for one in left:
        if one.kind == "members":
            member_links.doubt_pending(connection, job, one.object)
    operations.unsend(connection, job, [(one.stage, one.object) for one in left if one.stage == SECOND])


class _Look(NamedTuple):
    """What came of looking for one account: found or not, or the failure of the look."""

    row: UnknownCreate
    found: FoundAgain | Failure


async def _settle(run: Run, kind: Kind, rows: Sequence[UnknownCreate]) -> bool:
    """Look for these accounts and write down what is known now; a look that failed leaves its object alone.

    Returns whether somebody else's link led to one of them: where that one's account is, nobody knows from now on.
    """

    async def look(row: UnknownCreate) -> _Look:
        try:
            return _Look(row, await look_for(run, kind, row.object, row.sent))
        except ConnectorError as error:
            await run.stop_by(error, "filter")
            failure = failure_from(error, application=run.application, verb="look up", who=row.sent.matching[0][1])
            return _Look(row, failure)

    looks = _each_one_of_their_own(await each(rows, run.behaviour.requests_at_once, look))
    ids = [row.object for row in rows]
    reads = records.by_ids(run.reader(), application=run.job.application, job=run.job.number, ids=ids)
    people = {object_id: run.judge(record, linked=True) for object_id, (record, _) in reads.items()}
    journal = Journal(run)
    events = [event for one in looks if (event := _event(journal, people.get(one.row.object), one)) is not None]
    found, displaced = await run.writer.write(partial(_write, run, kind, looks, people, events))
    run.counted(Counter({f"{kind}.create": found}))
    return displaced


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
    """What the log says: whoever is wanted is planned next, and that says more."""
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
) -> tuple[int, bool]:
    """The facts: whose account was found is linked, and who waited for it is woken.

    Returns how many were found, and whether another's link led to one of them.
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
            member_links.want_group(connection, job, object_id)
            work.add(connection, job, "members", object_id)
    log.append(connection, events)
    cycles.add_counts(connection, job, run.cycle.n, {f"{kind}.create": len(ours)})
    return len(ours), displaced


def _displace(run: Run, kind: Kind, ours: Sequence[tuple[str, Resource]], connection: Connection) -> bool:
    """Others whose links lead to these accounts: theirs is known by what it holds alone, and is looked for."""
    job, mapper = run.job.number, run.rules.of(kind).mapper
    taken = {str(resource["id"]): object_id for object_id, resource in ours}
    owners = links.owners(connection, job, kind, list(taken))
    displaced = [owner for target_id, owner in owners.items() if owner != taken[target_id]]
    for owner, document in links.documents(connection, job, displaced).items():
        held = values_held(_decode(document), run.matching_paths(kind), mapper.resource_type)
        unknown.note(connection, job, [UnknownCreate(owner, kind, held)])
    forget(connection, job, kind, displaced)
    waiting.refer_again(connection, job, displaced, [path for path, _ in run.rules.users.mapper.references])
    return bool(displaced)
