"""Who left the source leaves the directory: all of them in one transaction, or nobody when the guards say no.

Somebody whom another source tells of too stays, with what that one gives. People go into the recycle bin and come back
as the same object; what a source says is deleted for good, and groups of Active Directory, are deleted for good
(spec/entra-connect.md section 9).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from provisor.database import Connection
from provisor.directory.change import alive_moved, edited
from provisor.directory.inbound.merging import flowed_together
from provisor.directory.inbound.withholding import LeavingCount, withheld
from provisor.directory.lifecycle import left
from provisor.directory.objects import DirectoryKind, DirectoryObject
from provisor.engine.ports import ConnectorError
from provisor.engine.sources import DirectorySource, RecordTold
from provisor.runner.sourcing.judging import KINDS, renewed
from provisor.runner.sourcing.keeping import ABSENT, EXPLAINED, FOR_GOOD, keep_found
from provisor.runner.sourcing.sourcing_run import SourcingRun, trouble_of
from provisor.storage import connected_sources, directory_verbs, feed, objects, source_records
from provisor.storage.connected_sources import HeldDeletions
from provisor.storage.source_records import ALLOWED, Feeding, KeptRecord

_ROWS = 500
MOST_ASKED = 200  # after whom a source is asked at once


def delete_who_left(run: SourcingRun, connector: DirectorySource) -> None:
    """Judge everybody who is leaving, and delete them or hold them back.

    Whoever is only missing from a full read is asked after first: a page may have been lost on the way. Where the
    source does not answer, they stay; whom it said to be deleted leaves all the same.
    """
    if not _judge(run, delete=False):
        return
    answered = True
    try:
        _ask_after_missing(run, connector)
    except ConnectorError as error:
        run.troubles.append(trouble_of(error, run.source.name))
        answered = False
    _judge(run, delete=True, also_missing=answered)


def _judge(run: SourcingRun, *, delete: bool, also_missing: bool = True) -> bool:
    """Hold back or, if so wanted, delete; returns whether anybody may be deleted."""
    with run.database.transaction() as connection:
        if renewed(connection, run) or run.paused or run.source.staging:
            return False  # whoever leaves as it was leaves with the next run as it is now, or stays
        source, rows = run.source, source_records.leaving(connection, run.source.id)
        rows = [row for row in rows if also_missing or row.reason != ABSENT]
        if not rows:
            if source.held is not None or source.allowed is not None:
                connected_sources.hold(connection, source.id, None)
            return False
        at_stake = _at_stake(connection, run, rows)
        counted = _counted(connection, run, rows, at_stake)
        seen = sum(at_stake.deleted(row) for row in rows if row.dirty == ALLOWED)
        refusal = withheld(
            source.name, counted, threshold=source.deletion_threshold,
            allowed=None if source.allowed is None else min(source.allowed, seen),
        )  # fmt: skip
        if refusal is None:
            if delete:
                connected_sources.hold(connection, source.id, None)
                _delete(connection, run, rows, at_stake)
            return True
        users, groups = counted["user"], counted["group"]
        held = HeldDeletions(
            users=users.deleted, groups=groups.deleted, of_users=users.before, of_groups=groups.before,
            code=refusal.code, message=refusal.message, hint=refusal.hint,
            since=source.held.since if source.held is not None else run.at,
        )  # fmt: skip
        connected_sources.hold(connection, source.id, held)
        run.counters["held"] = held.total
        return False


def _ask_after_missing(run: SourcingRun, connector: DirectorySource) -> None:
    rows = source_records.leaving(run.database.reader(), run.source.id)
    missing = [row.anchor for row in rows if row.reason == ABSENT and row.object is not None]
    for start in range(0, len(missing), MOST_ASKED):
        told = list(connector.look(missing[start : start + MOST_ASKED]))
        if told:
            with run.database.transaction() as connection:
                keep_found(connection, run, told)
            run.counters["found after all"] += sum(isinstance(one, RecordTold) for one in told)
        run.tell("deleting", start, len(missing))


class _AtStake:
    """The objects of those who leave, and what other records give them."""

    def __init__(self) -> None:
        self.objects: dict[str, DirectoryObject] = {}
        self.others: dict[str, list[Feeding]] = {}

    def deleted(self, row: KeptRecord) -> bool:
        """Whether the record's object goes with it."""
        item = self.objects.get(row.object or "")
        return item is not None and item.alive and row.object not in self.others


def _at_stake(connection: Connection, run: SourcingRun, rows: Sequence[KeptRecord]) -> _AtStake:
    found = _AtStake()
    ids = sorted({row.object for row in rows if row.object is not None})
    for start in range(0, len(ids), _ROWS):
        some = ids[start : start + _ROWS]
        found.objects |= {item.id: item for item in objects.by_ids(connection, run.tenant, some)}
        found.others |= source_records.feeding(connection, some)
    return found


def _counted(
    connection: Connection, run: SourcingRun, rows: Sequence[KeptRecord], at_stake: _AtStake
) -> Mapping[DirectoryKind, LeavingCount]:
    here = source_records.count_here(connection, run.source.id)
    counted = {}
    for kind in KINDS:
        of_kind = [row for row in rows if row.kind == kind and row.object is not None]
        deleted = [row for row in of_kind if at_stake.deleted(row)]
        unexplained = [row for row in deleted if row.reason is None or row.reason.code not in EXPLAINED]
        missing = [row for row in unexplained if row.reason == ABSENT]
        counted[kind] = LeavingCount(
            deleted=len(deleted),
            unexplained=len(unexplained),
            missing=len(missing),
            before=here.get(kind, 0) + len(of_kind),
        )
    return counted


def _delete(connection: Connection, run: SourcingRun, rows: Sequence[KeptRecord], at_stake: _AtStake) -> None:
    at, change = run.at, 0
    source_records.settle(connection, run.source.id, [replace(row, presence="gone", dirty=0) for row in rows])
    fewer: list[tuple[DirectoryObject, bool]] = []
    for row in rows:
        item = at_stake.objects.get(row.object or "")
        if item is None or item.purged_at is not None:
            continue
        change = change or feed.next_change(connection, run.tenant)
        others = at_stake.others.get(item.id)
        if others is not None:
            given = flowed_together([(one.precedence, one.flowed) for one in others], frozenset(row.flowed))
            after = edited(item, given)
            if row.manager is not None:
                naming = [one for one in others if one.manager is not None]
                source_records.mark_to_lead(connection, naming[:1] or others[:1])
            if after is not item:
                fewer.append((replace(after, change=change), alive_moved(item, after)))
                run.counters["updated"] += 1
            continue
        for_good = row.reason is not None and row.reason.code == FOR_GOOD.code
        after = left(item, at, run.source.kind)
        if after == item and not for_good:
            continue
        run.counters["deleted"] += item.alive
        if for_good or after.purged_at is not None:
            directory_verbs.purge(connection, run.tenant, item, now=run.now())
        else:
            objects.update(connection, run.tenant, [(replace(after, change=change), True)])
    objects.update(connection, run.tenant, fewer)
