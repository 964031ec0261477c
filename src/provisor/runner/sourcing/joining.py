"""Records that are to be judged become what they mean: objects of the directory, found or made, with merged attributes.

A page of records and the objects they feed are one transaction. What keeps a record from being taken over is kept with
it, and it is tried again; of somebody who is in the directory all else is taken over: a name that somebody else has
must not keep a leaver enabled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from provisor.database import Connection
from provisor.database.identifiers import new_id
from provisor.directory.change import alive_moved, edited, is_enabled, merged
from provisor.directory.inbound.arriving import Arrived, LeftOut
from provisor.directory.inbound.joining import Joined, SeveralMeant, meant
from provisor.directory.inbound.merging import flowed_together
from provisor.directory.objects import NAMING, DirectoryKind, DirectoryObject, DirectoryValue
from provisor.directory.uniqueness import Claim, Holder, settle, taken
from provisor.runner.sourcing.judging import KINDS, PAGE, arrivals, left_out, renewed, warned
from provisor.runner.sourcing.registering import register_new
from provisor.runner.sourcing.sourcing_run import SourcingRun
from provisor.scim.values import fold
from provisor.storage import feed, object_lookup, objects, source_members, source_records
from provisor.storage.connected_sources import SourceTrouble
from provisor.storage.source_records import CLEAN, WAITS_FOR_MANAGER, Feeding, KeptRecord

IMMUTABLE_ID = "onPremisesImmutableId"


def join_all(run: SourcingRun) -> None:
    """Judge every record that is to be judged, page by page."""
    done = 0
    for kind in KINDS:
        while not run.halts():
            with run.database.transaction() as connection:
                renewed(connection, run)
                rows = source_records.to_judge(connection, run.source.id, kind, limit=PAGE)
                if rows:
                    _Joining(connection, run, kind, rows).join()
            if not rows:
                break
            done += len(rows)
            run.tell("joining", done)


@dataclass(slots=True)
class _Judged:
    """A record with the object it feeds (None: one that is to be made), and what came of the two."""

    row: KeptRecord
    arrived: Arrived
    before: DirectoryObject | None
    after: DirectoryObject | None = None
    trouble: SourceTrouble | None = None
    others: list[Feeding] = field(default_factory=list)
    returned: bool = False  # to an object that was this source's, or that of one which is connected no more

    @property
    def name(self) -> str | None:
        """What it is to be called."""
        name = self.arrived.given.get(NAMING[self.row.kind]) if self.row.kind != "container" else None
        return name if isinstance(name, str) else None

    def keep_anchor(self) -> None:
        """The id by which somebody is found stays; all else is taken over (spec/entra-connect.md section 5)."""
        former, present = self.row.flowed.get(IMMUTABLE_ID), self.arrived.given.get(IMMUTABLE_ID)
        if former is None or present is None or former == present:
            return
        self.arrived = replace(self.arrived, given={**self.arrived.given, IMMUTABLE_ID: former})
        self.trouble = SourceTrouble(
            code="source-anchor-changed",
            message=f"Its source anchor was {former} and is {present} now, which cannot be: it keeps the first.",
            hint="Give it the former one at the source again.",
            again=True,
        )


class _Joining:
    """One page of records of one kind."""

    def __init__(
        self, connection: Connection, run: SourcingRun, kind: DirectoryKind, rows: Sequence[KeptRecord]
    ) -> None:
        self._connection = connection
        self._run = run
        self._kind: DirectoryKind = kind
        self._rows = rows
        self._change = 0

    def join(self) -> None:
        run = self._run
        found = arrivals(run, self._rows)
        settled = []
        pairs = []
        for row in self._rows:
            arrival = found[row.anchor]
            if isinstance(arrival, LeftOut):
                settled.append(self._out(row, arrival))
            else:
                pairs.append(_Judged(row, arrival, None))
        register_new(self._connection, run, self._kind, [pair.arrived.given for pair in pairs])
        self._find(pairs)
        self._merge(pairs)
        if self._kind == "user":
            self._free_names(pairs)
        self._write(pairs)
        self._wake(pairs)
        settled += [self._settled(pair) for pair in pairs]
        source_records.settle(self._connection, run.source.id, settled)
        run.counters["left out"] += sum(
            row.reason is not None and row.presence == "here" for row in settled[: len(self._rows) - len(pairs)]
        )

    def _out(self, row: KeptRecord, arrival: LeftOut) -> KeptRecord:
        """Somebody who feeds an object is not left out here, unless a member of the pilot group went meanwhile."""
        if row.object is not None:
            return replace(row, presence="leaving", left_at=self._run.at, dirty=CLEAN, reason=left_out(arrival))
        return replace(row, flowed={}, manager=None, dirty=CLEAN, reason=left_out(arrival))

    def _find(self, pairs: Sequence[_Judged]) -> None:
        """Give each pair the object that its record feeds or means; refuse what is ambiguous."""
        connection, run = self._connection, self._run
        ids = [pair.row.object for pair in pairs if pair.row.object is not None]
        known = {item.id: item for item in objects.by_ids(connection, run.tenant, ids)}
        strangers = []
        for pair in pairs:
            item = known.get(pair.row.object or "")
            if item is not None and item.purged_at is None:
                pair.before = item
            else:
                strangers.append(pair)
        if not strangers:
            return
        candidates = _Candidates(connection, run, self._kind, strangers)
        chosen: dict[str, _Judged] = {}
        for pair in strangers:
            match candidates.meant(pair):
                case Joined(object_id, how) if object_id not in chosen:
                    chosen[object_id] = pair
                    run.counters[how] += 1
                case Joined(object_id, _):
                    pair.trouble = _claimed(object_id)
                case SeveralMeant(several):
                    pair.trouble = _ambiguous(several)
        for item in objects.by_ids(connection, run.tenant, sorted(chosen)):
            chosen[item.id].before = item
            # Of a group that was here, only whom a source names stays: nobody else could take the others out again.
            chosen[item.id].returned = self._kind == "group" or candidates.returned(chosen[item.id])

    def _merge(self, pairs: Sequence[_Judged]) -> None:
        """What each object is to be, from all records that feed it."""
        run = self._run
        feeding = source_records.feeding(
            self._connection, [pair.before.id for pair in pairs if pair.before is not None]
        )
        for pair in pairs:
            if pair.trouble is not None:
                continue
            item = pair.before
            if item is None:
                attributes = merged({}, pair.arrived.given, self._kind)
                pair.after = DirectoryObject(
                    id=new_id(), source=run.source.id, kind=self._kind, anchor=pair.row.anchor,
                    name=pair.name or "", attributes=attributes, enabled=is_enabled(self._kind, attributes),
                    created_at=run.at,
                )  # fmt: skip
                continue
            pair.keep_anchor()
            own = (run.source.precedence, pair.arrived.given)
            pair.others = [one for one in feeding.get(item.id, ()) if one.source != run.source.id]
            given = flowed_together(
                [own, *((one.precedence, one.flowed) for one in pair.others)], frozenset(pair.row.flowed)
            )
            pair.after = self._again(item, given)

    def _again(self, item: DirectoryObject, given: Mapping[str, DirectoryValue]) -> DirectoryObject:
        after = edited(item, given)
        return after if after.deleted_at is None else replace(after, deleted_at=None)

    def _free_names(self, pairs: Sequence[_Judged]) -> None:
        """Of people: whose name somebody else has keeps his former one, or is not made."""
        connection, tenant = self._connection, self._run.tenant
        wanting = [pair for pair in pairs if pair.after is not None]
        folded = [fold(pair.after.name) for pair in wanting if pair.after is not None]
        holders = {
            name: Holder(object_id, exact)
            for name, object_id, exact, _ in objects.name_holders(connection, tenant, self._kind, folded)
        }
        claims, firsts = [], dict[str, int]()
        for number, pair in enumerate(wanting):
            wanted = folded[number]
            if (first := firsts.setdefault(wanted, number)) != number:
                pair.trouble = self._name_taken(pair, _id(wanting[first]), wanting[first].name or "")
                continue
            claims.append(Claim(row=number, object=pair.before.id if pair.before else None, wanted=wanted))
        for number, holder in settle(claims, holders).items():
            wanting[number].trouble = self._name_taken(wanting[number], holder.object, holder.name)

    def _name_taken(self, pair: _Judged, holder: str, called: str) -> SourceTrouble:
        refusal = taken(self._kind, pair.name or "", called, holder)
        item = pair.before
        if item is None or not item.alive:
            pair.after = None
        elif pair.after is not None:
            attributes = {**pair.after.attributes, NAMING[self._kind]: item.name}
            pair.after = replace(pair.after, name=item.name, attributes=attributes)
            if pair.after == item:
                pair.after = item
        return SourceTrouble(code=refusal.code, message=_sentence(refusal.message), hint=refusal.hint, again=True)

    def _write(self, pairs: Sequence[_Judged]) -> None:
        run, made, changed = self._run, list[DirectoryObject](), list[tuple[DirectoryObject, bool]]()
        for pair in pairs:
            if pair.after is None:
                continue
            if pair.before is None:
                pair.after = replace(pair.after, change=self._number())
                made.append(pair.after)
            elif pair.after is not pair.before:
                pair.after = replace(pair.after, change=self._number())
                changed.append((pair.after, alive_moved(pair.before, pair.after)))
                run.counters["updated" if pair.before.alive else "restored"] += 1
        objects.insert(self._connection, run.tenant, made)
        objects.update(self._connection, run.tenant, changed)
        run.counters["created"] += len(made)

    def _wake(self, pairs: Sequence[_Judged]) -> None:
        """Whoever was waited for has come: memberships that name him, and people he leads."""
        new = [pair for pair in pairs if pair.after is not None and pair.row.object != pair.after.id]
        if not new:
            return
        references = [pair.row.reference for pair in new]
        groups = [pair.row.anchor for pair in new] if self._kind == "group" else []
        source_members.wake(self._connection, self._run.source.id, references=references, groups=groups)
        if self._kind == "user":
            source_records.mark_led_by(self._connection, self._run.source.id, references)

    def _settled(self, pair: _Judged) -> KeptRecord:
        if pair.after is None:
            self._run.counters["refused"] += 1
            return replace(pair.row, dirty=CLEAN, reason=pair.trouble)
        waits = pair.returned or (
            self._kind == "user" and (pair.arrived.manager is not None or pair.row.manager is not None)
        )
        return replace(
            pair.row,
            flowed=dict(pair.arrived.given),
            manager=pair.arrived.manager,
            object=pair.after.id,
            reason=pair.trouble or warned(pair.arrived),
            dirty=WAITS_FOR_MANAGER if waits else CLEAN,
        )

    def _number(self) -> int:
        self._change = self._change or feed.next_change(self._connection, self._run.tenant)
        return self._change


class _Candidates:
    """Who could be meant by records that feed nobody yet."""

    def __init__(self, connection: Connection, run: SourcingRun, kind: DirectoryKind, pairs: Sequence[_Judged]) -> None:
        ids = [pair.arrived.immutable_id for pair in pairs if pair.arrived.immutable_id is not None]
        addresses = sorted({address for pair in pairs for address in pair.arrived.addresses})
        names = [fold(pair.name) for pair in pairs if pair.name is not None] if kind == "user" else []
        anchors = [pair.row.anchor for pair in pairs]
        self._own = object_lookup.by_anchors(connection, run.tenant, kind, run.source.id, anchors)
        self._hard = object_lookup.by_immutable_ids(connection, run.tenant, kind, ids)
        self._named: dict[str, list[str]] = {}
        for folded, object_id, _, _ in objects.name_holders(connection, run.tenant, kind, names):
            self._named.setdefault(folded, []).append(object_id)
        self._addressed: dict[str, list[str]] = {}
        if addresses:
            known = run.no_strangers_up_to.get(kind, "")
            some, known = object_lookup.first_stranger(connection, run.tenant, kind, run.source.id, after=known)
            run.no_strangers_up_to[kind] = known
            if some:  # else everybody there is has a record, as while a directory is mirrored from empty
                self._addressed = object_lookup.by_addresses(connection, run.tenant, kind, addresses)
        everybody = {*_all(self._own), *_all(self._hard), *_all(self._named), *_all(self._addressed)}
        self._taken = source_records.joined_here(connection, run.source.id, sorted(everybody))

    def returned(self, pair: _Judged) -> bool:
        """Whether a record was found by its anchor."""
        return pair.row.anchor in self._own

    def meant(self, pair: _Judged) -> Joined | SeveralMeant | None:
        """Whom the record of a pair means."""
        addressed = [one for address in pair.arrived.addresses for one in self._addressed.get(address, ())]
        return meant(
            hard=self._own.get(pair.row.anchor, self._hard.get(pair.arrived.immutable_id or "", [])),
            named=self._named.get(fold(pair.name or ""), ()),
            addressed=addressed,
            taken=self._taken,
        )


def _all(found: Mapping[str, Sequence[str]]) -> list[str]:
    return [one for several in found.values() for one in several]


def _id(pair: _Judged) -> str:
    return pair.after.id if pair.after is not None else ""


def _claimed(object_id: str) -> SourceTrouble:
    return SourceTrouble(
        code="already-joined",
        message=f"Another record of this source means the same object, {object_id}.",
        hint="Give one of the two another name or address at the source.",
        again=True,
    )


def _ambiguous(several: Sequence[str]) -> SourceTrouble:
    return SourceTrouble(
        code="ambiguous-match",
        message=f"It could mean any of {len(several)} objects: {', '.join(several[:5])}.",
        hint="Give the one that is meant the record's onPremisesImmutableId, or take the address from the others.",
        again=True,
    )


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]
