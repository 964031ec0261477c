"""A page of what a source tells becomes records and memberships, in one transaction with the cursor after it.

Nothing here touches the directory: what changed is marked, and judged when the read is over.
"""

from collections.abc import Sequence
from dataclasses import replace

from provisor.database import Connection
from provisor.directory.inbound.containers import depth, rebased
from provisor.engine.sources import (
    AssignmentsTold,
    MembersTold,
    RawValue,
    RecordGone,
    RecordTold,
    RecordUnreadable,
    SourcePage,
    SourceTold,
)
from provisor.runner.sourcing.sourcing_run import SourcingRun
from provisor.storage import connected_sources, objects, source_assignments, source_members, source_records
from provisor.storage.connected_sources import SourceTrouble
from provisor.storage.source_records import TO_JUDGE, KeptRecord

NAME = "distinguishedName"
DELETED = SourceTrouble(code="deleted", message="It was deleted at the source.")
FOR_GOOD = SourceTrouble(code="deleted-for-good", message="It was deleted at the source for good.")
ABSENT = SourceTrouble(code="absent", message="A full read of the source did not tell of it any more.")
UNREADABLE = "unreadable"
MISHEARD = SourceTrouble(
    code="read-not-clean",
    message="The source told a change of nobody knows whom; everything is read once more.",
    hint="Look at what the account may read at the source, and mend what cannot be read there.",
)
EXPLAINED = frozenset({DELETED.code, FOR_GOOD.code})


def keep_page(connection: Connection, run: SourcingRun, page: SourcePage) -> None:
    """Keep a page; call in a transaction of its own. With the last one of a full read, who was not told of leaves."""
    if not page.full and MISHEARD not in run.troubles and any(map(_is_of_nobody, page.told)):
        run.troubles.append(MISHEARD)
    _Keeping(connection, run, page.told).keep()
    source = run.source.id
    connected_sources.keep_cursor(connection, source, page.cursor, within_full=page.full and not page.last)
    if page.full and page.last:
        _complete(connection, run)
    elif page.last and MISHEARD in run.troubles:  # a change that was lost may have been somebody's leaving
        connected_sources.forget_cursor(connection, source)


def keep_found(connection: Connection, run: SourcingRun, told: Sequence[RecordTold | RecordGone]) -> None:
    """Keep what a source answered when it was asked after some; call in a transaction of its own."""
    _Keeping(connection, run, told).keep()


def _complete(connection: Connection, run: SourcingRun) -> None:
    source = connected_sources.read(connection, run.tenant, run.source.id)
    if source is None or source.unreadable:
        run.troubles.append(
            SourceTrouble(
                code="read-not-clean",
                message="The source told something of nobody knows whom, so nobody counts as missing.",
                hint="Look at what could not be read in the run's statistics, mend it there, and read it whole again.",
            )
        )
    else:
        gone = source_records.mark_absent(connection, source.id, read=run.full, at=run.at, reason=ABSENT)
        run.counters["absent"] += gone
        source_members.remove_unseen(connection, source.id, read=run.full)
    connected_sources.note_full(connection, run.source.id, at=run.at)


class _Keeping:
    """One page. Records that it tells of twice are kept as the page leaves them."""

    def __init__(self, connection: Connection, run: SourcingRun, page: Sequence[SourceTold]) -> None:
        self._connection = connection
        self._run = run
        self._source = run.source.id
        self._page = page
        anchors = [told.anchor for told in page if not isinstance(told, AssignmentsTold) and told.anchor is not None]
        self._rows = source_records.by_anchors(connection, self._source, anchors)
        self._touched: set[str] = set()
        self._seen: set[str] = set()
        self._moved: dict[str, str] = {}  # former name of a container, and the present one

    def keep(self) -> None:
        run = self._run
        for told in self._page:
            match told:
                case RecordTold():
                    self._told(told)
                case RecordGone():
                    self._gone(told)
                case RecordUnreadable():
                    self._unreadable(told)
                case AssignmentsTold():
                    source_assignments.replace(
                        self._connection, run.tenant, self._source, told.application, told.assigned
                    )
        changed = [self._rows[anchor] for anchor in sorted(self._touched)]
        source_records.put(self._connection, run.tenant, self._source, changed)
        source_records.mark_seen(self._connection, self._source, sorted(self._seen - self._touched), read=run.full)
        if self._moved:
            self._rebase()

    def _told(self, told: RecordTold) -> None:
        run, before = self._run, self._rows.get(told.anchor)
        run.counters["read"] += 1
        document = dict(told.values) if told.whole or before is None else _merged(before, told)
        if before is None:
            after = KeptRecord(
                anchor=told.anchor, kind=told.kind, reference=told.reference, document=document, flowed={},
                manager=None, object=None, presence="here", reason=None, dirty=TO_JUDGE, seen=run.full,
            )  # fmt: skip
        else:
            after = replace(before, kind=told.kind, reference=told.reference, document=document, seen=run.full)
            left = before.presence != "here" and not before.left_out
            moved = after != replace(before, seen=run.full) or left or _is_unreadable(before)
            if moved:
                after = replace(after, presence="here", left_at=None, reason=None, dirty=TO_JUDGE)
        if before is None or after != replace(before, seen=run.full):
            run.counters["changed"] += 1
            self._touched.add(told.anchor)
        self._rows[told.anchor] = after
        self._seen.add(told.anchor)
        if told.kind == "container" and before is not None:
            former, present = before.document.get(NAME), document.get(NAME)
            if isinstance(former, str) and isinstance(present, str) and former != present:
                self._moved[former] = present
        if told.members is not None and told.kind == "group":
            self._members(told.anchor, told.members)

    def _members(self, group: str, told: MembersTold) -> None:
        connection, run = self._connection, self._run
        if told.whole:
            moved = source_members.replace(connection, run.tenant, self._source, group, told.added, read=run.full)
        else:
            source_members.add(connection, run.tenant, self._source, group, told.added, read=run.full)
            source_members.remove(connection, self._source, group, told.removed)
            moved = [*told.added, *told.removed]
        if moved:  # how many there are decides, too
            self._rows[group] = _anew(self._rows[group])
            self._touched.add(group)
        if group == run.pilot:  # whoever came or went is in or out of scope now
            source_records.mark_references(connection, self._source, moved)

    def _gone(self, told: RecordGone) -> None:
        before = self._rows.get(told.anchor)
        if before is None or (before.presence == "gone" and not (told.for_good and self._lies_deleted(before))):
            return
        self._run.counters["left"] += before.presence == "here"
        reason = FOR_GOOD if told.for_good else DELETED
        known = before.dirty if before.presence == "leaving" else 0  # who was let go already is told of again
        self._rows[told.anchor] = replace(before, presence="leaving", reason=reason, left_at=self._run.at, dirty=known)
        self._touched.add(told.anchor)

    def _lies_deleted(self, row: KeptRecord) -> bool:
        """Whether the object of one who left is in the recycle bin still: one that was restored by hand is of here."""
        found = objects.by_ids(self._connection, self._run.tenant, [row.object] if row.object is not None else [])
        return not any(item.alive for item in found)

    def _unreadable(self, told: RecordUnreadable) -> None:
        self._run.counters["unreadable"] += 1
        if told.anchor is None:
            connected_sources.note_unreadable(self._connection, self._source)
        else:
            self._seen.add(told.anchor)
            before = self._rows.get(told.anchor)
            missing = before is not None and before.presence == "leaving" and before.reason == ABSENT
            if before is None or before.object is None or not (before.presence == "here" or missing):
                return
            if not (before.reason and before.reason.again):
                self._rows[told.anchor] = replace(
                    before, presence="here", left_at=None, reason=_unreadable(told), seen=self._run.full
                )
                self._touched.add(told.anchor)

    def _rebase(self) -> None:
        """Containers were renamed or moved: their records are elsewhere now, which no source tells of each.

        The deepest of them that a record was below counts: it may have moved within another that moved.
        """
        former_names = sorted(self._moved, key=depth, reverse=True)
        after = ""
        while rows := source_records.page(self._connection, self._source, after=after, limit=1_000):
            after = rows[-1].anchor
            moved = []
            for row in rows:
                held = row.document.get(NAME)
                if not isinstance(held, str) or row.anchor in self._seen:  # who was told of is where he was told to be
                    continue
                names = (rebased(held, former, self._moved[former]) for former in former_names)
                name = next((name for name in names if name != held), held)
                if name != held:
                    moved.append(_anew(replace(row, document={**row.document, NAME: name})))
            source_records.put(self._connection, self._run.tenant, self._source, moved)
            self._run.counters["moved"] += len(moved)


def _anew(row: KeptRecord) -> KeptRecord:
    """The record as it is judged again: whether it is here or was left out, but not if it left."""
    there = row.presence == "here" or row.left_out
    return replace(row, presence="here", left_at=None, dirty=TO_JUDGE) if there else row


def _is_of_nobody(told: SourceTold) -> bool:
    return isinstance(told, RecordUnreadable) and told.anchor is None


def _is_unreadable(row: KeptRecord) -> bool:
    return row.reason is not None and row.reason.code == UNREADABLE


def _unreadable(told: RecordUnreadable) -> SourceTrouble:
    return SourceTrouble(
        code=UNREADABLE,
        message=f"It stays as it was, since it cannot be read ({told.where}): {told.reason}",
        hint="Correct it at the source.",
    )


def _merged(before: KeptRecord, told: RecordTold) -> dict[str, RawValue]:
    """What was said before with what changed; None and an empty list say that there is no value any more."""
    merged = dict(before.document)
    for name, value in told.values.items():
        if value is None or value == []:
            merged.pop(name, None)
        else:
            merged[name] = value
    return merged
