"""Plans entries: judges every object it is given, has it read or looked up, and passes the decision on.

Nothing here writes to the target. What a decision means for rows is in plan_rows. Order: the planner, deciding,
references.
"""

from collections.abc import Sequence
from functools import partial

import msgspec

from provisor.database import Connection
from provisor.engine.decide import Decision, Delete, Disable, Fail, Forget, Update
from provisor.engine.desired import provisioning_view
from provisor.engine.record import Kind, Record
from provisor.engine.settle import Look, settle, settle_able
from provisor.runner.planning.finding import find_counterparts
from provisor.runner.planning.link_rows import found_again
from provisor.runner.planning.matcher import Matcher
from provisor.runner.planning.narrowing import changes_since_passed
from provisor.runner.planning.page import Case, Decided, PagePlan
from provisor.runner.planning.plan_rows import Placing
from provisor.runner.planning.reading import read_linked
from provisor.runner.recording.blaming import one_by_one, own_failure
from provisor.runner.recording.log_rows import Journal
from provisor.runner.run import PAGE, REEVALUATED, Run
from provisor.scim.patch.derivation import derive
from provisor.scim.values import Resource
from provisor.storage import had_links, links, operations, records, unknown, work
from provisor.storage.links import LinkRow, StoredLink
from provisor.storage.records import Read

GLANCES = 2_000  # objects of which new rules are tried at once
_decode = msgspec.json.Decoder(dict).decode


def make_planner(run: Run) -> "Planner":
    """A planner for what is to be done from now on: what was planned before counts as older."""
    return Planner(run, Matcher(run), Placing(run, Journal(run)))


class Planner:
    """Plans the entries of one run."""

    def __init__(self, run: Run, matcher: Matcher, placing: Placing) -> None:
        self._run = run
        self._matcher = matcher
        self._placing = placing
        self._had_links = run.behaviour.forgotten_leavers == "find" and had_links.anybody(run.reader(), run.job.number)
        self._changes = None
        if run.cycle.affected is not None:
            version = run.cycle.ruleset_version
            self._changes = changes_since_passed(run.reader(), run.job.number, version, run.template)

    async def plan_kind(self, kind: Kind, cursor: str | None) -> None:
        """Plan every object of a kind that this cycle looks at, from the cursor on."""
        run = self._run
        after = cursor or ""
        size = self._size(kind)
        while True:
            run.check_stop()
            reads = self._read(kind, after)
            if not reads:
                return
            after = reads[-1][0].id
            plan = partial(self._plan_and_write, kind, pages=max(size // PAGE, 1))
            await one_by_one(reads, plan, partial(self._blame, kind, advances=True))

    async def plan_again(self, kind: Kind, reads: Sequence[Read], *, verify: bool = False) -> None:
        """Plan these objects anew, looking each of them up; `verify` reads the linked ones from the target first.

        What was planned for them is replaced or, when there is nothing to do any more, removed.
        """
        self._placing.look_who_waits()
        if reads:
            plan = partial(self._replan_and_write, kind, verify=verify)
            await one_by_one(reads, plan, partial(self._blame, kind, advances=False))

    async def plan_all_again(self, kind: Kind, objects: Sequence[str], *, verify: bool = False) -> None:
        """Plan the objects with these ids anew, a page at a time."""
        run = self._run
        for start in range(0, len(objects), PAGE):
            part = objects[start : start + PAGE]
            reads = records.by_ids(
                run.reader(), application=run.job.application, job=run.job.number, nested=run.nested, ids=part
            )
            await self.plan_again(kind, list(reads.values()), verify=verify)

    async def _plan_and_write(self, kind: Kind, reads: Sequence[Read], *, pages: int) -> None:
        page = await self._plan(kind, reads, pages=pages)
        await self._placing.write(page, kind, cursor=reads[-1][0].id)

    async def _replan_and_write(self, kind: Kind, reads: Sequence[Read], *, verify: bool) -> None:
        page = await self._plan(kind, reads, pages=None, verify=verify)
        # Who is undecided keeps the operation: it is all that brings them back once the open create is settled.
        page.settle_others(record.id for record, _ in self._decidable(reads))
        await self._placing.write(page, kind, cursor=None)

    async def _blame(self, kind: Kind, read: Read, error: Exception, *, advances: bool) -> None:
        """An error of our own about one object: it fails, and all others are planned."""
        record, link = read
        page = PagePlan()
        link = link or links.by_object(self._run.reader(), self._run.job.number, record.id)  # one just found again
        desired = self._run.judge(record, linked=link is not None)
        self._placing.place(page, Case(desired, link, record), Fail(own_failure("plan", record.name, error)))
        await self._placing.write(page, kind, cursor=record.id if advances else None)

    def _size(self, kind: Kind) -> int:
        run = self._run
        if run.evaluates_everything:
            return records.count_all(run.reader(), tenant=run.job.tenant, kind=kind)
        return work.count(run.reader(), run.job.number, kind)

    def _read(self, kind: Kind, after: str) -> list[Read]:
        run, job = self._run, self._run.job
        if run.evaluates_everything:
            return records.page_of_all(
                run.reader(),
                tenant=job.tenant,
                application=job.application,
                job=job.number,
                kind=kind,
                nested=run.nested,
                after=after,
                limit=PAGE,
            )
        if names := (run.cycle.affected or {}).get(kind):
            return self._concerned(kind, after, names)
        return records.page_of_work(
            run.reader(),
            application=job.application,
            job=job.number,
            kind=kind,
            nested=run.nested,
            after=after,
            limit=PAGE,
        )

    def _concerned(self, kind: Kind, after: str, names: Sequence[str]) -> list[Read]:
        """Who is in the work set, and of whom the new rules make something else than the old ones."""
        run, job = self._run, self._run.job
        while True:
            glances = records.page_of_affected(
                run.reader(), tenant=job.tenant, job=job.number, kind=kind, names=names, after=after, limit=GLANCES
            )
            if not glances:
                return []
            ids = [one.record.id for one in glances if one.sure or self._becomes_other(kind, one.record)][:PAGE]
            if ids:
                found = records.by_ids(
                    run.reader(), application=job.application, job=job.number, nested=run.nested, ids=ids
                )
                if found:
                    run.counters[f"{REEVALUATED}{kind}"] += len(found)
                    return [found[one] for one in ids if one in found]
            run.check_stop()
            after = ids[-1] if ids else glances[-1].record.id

    def _becomes_other(self, kind: Kind, record: Record) -> bool:
        """Whether the changed rows make something else of this object; where that is not known, they may."""
        try:
            return self._changes is None or self._changes.concern(kind, provisioning_view(record))
        except Exception:  # noqa: BLE001 - an error of ours with one object: it is judged, and fails by itself
            return True

    # Deciding

    async def _plan(self, kind: Kind, reads: Sequence[Read], *, pages: int | None, verify: bool = False) -> PagePlan:
        run = self._run
        rules, page = run.rules.of(kind), PagePlan()
        at_once: list[Decided] = []
        to_read: list[Decided] = []
        for read in await self._with_former_links(kind, self._decidable(reads), page):
            first = self._first(kind, *read, verify=verify)
            (to_read if self._must_read(first, verify=verify) else at_once).append(first)
        met = await read_linked(run, kind, to_read, verify=verify)
        settled = at_once + [one.settled for one in met]
        found = await find_counterparts(
            run, self._matcher, kind, [one.case for one in settled if isinstance(one.decision, Look)], pages
        )
        for fact in met:
            page.know(fact)
        page.lost += [one.case.desired.id for one in found if one.lost]
        decided: list[tuple[Case, Decision]] = []
        for case, decision, _ in (*settled, *found):
            if isinstance(decision, Forget):
                page.unlinked.append(case.desired.id)
            elif not isinstance(decision, Look):
                decided.append((case, settle_able(decision, case.desired, rules.mapper)))
        self._refer(kind, page, decided)
        for one in met:
            if isinstance(one.settled.decision, Forget):
                self._placing.place_gone(page, one.settled.case, one.found)
        for case, decision in decided:
            self._placing.place(page, case, decision)
        return page

    def _first(self, kind: Kind, record: Record, link: StoredLink | None, *, verify: bool) -> Decided:
        """What the directory and the link alone say."""
        run = self._run
        rules = run.rules.of(kind)
        desired = run.judge(record, linked=link is not None)
        known = None if link is None or verify or run.behaviour.before_update == "read" else link.wanted_hash
        decision = settle(
            desired,
            None if link is None else link.state,
            rules.terms,
            link_hash=known,
            insists=bool(rules.mapper.always),
            deletion=run.deletion_of(link),
        )
        return Decided(Case(desired, link, record), decision)

    def _must_read(self, one: Decided, *, verify: bool) -> bool:
        """Whether the linked account is read before it is changed."""
        unsure = one.case.link is not None and one.case.link.pushed_hash == links.NOBODY_KNOWS
        match one.decision:
            case Update() | Disable():
                return verify or unsure or self._run.behaviour.before_update == "read"
            case Delete():
                return verify or unsure
            case _:
                return False

    def _decidable(self, reads: Sequence[Read]) -> Sequence[Read]:
        """Without those whose create may have been carried out: recovery could not tell, the next cycle may."""
        run = self._run
        if not unknown.anything(run.reader(), run.job.number):
            return reads
        undecided = unknown.among(run.reader(), run.job.number, [record.id for record, _ in reads])
        return [read for read in reads if read[0].id not in undecided]

    async def _with_former_links(self, kind: Kind, reads: Sequence[Read], page: PagePlan) -> Sequence[Read]:
        """With the links that a restart made the job forget, of those who are not wanted: nobody would look for their
        accounts, which may be in use. They are read before anything is decided, and whatever happens to that, they are
        theirs from now on. One that somebody else is to get is left to them; the next cycle sees whether they did.
        """
        run, job = self._run, self._run.job.number
        if not self._had_links:
            return reads
        people = {record.id: record for record, link in reads if link is None}
        former = had_links.former(run.reader(), job, kind, list(people))
        again: dict[str, StoredLink] = {}
        for object_id, link in former.items():
            record = people[object_id]
            if run.judge(record, linked=True).standing == "wanted":
                continue
            claimed = operations.claimed(run.reader(), job, kind, link.target_id)
            if claimed is None or claimed.id == object_id:
                again[object_id] = link
            else:
                self._placing.leave(page, record)
        if again:
            rows = [found_again(run, kind, object_id, link) for object_id, link in again.items()]
            await run.writer.write(partial(_link_again, run, rows))
        return [(record, link or again.get(record.id)) for record, link in reads]

    # References

    def _refer(self, kind: Kind, page: PagePlan, decided: list[tuple[Case, Decision]]) -> None:
        """Note which references must be written once both ends are there, and which need not."""
        mapper = self._run.rules.of(kind).mapper
        if not mapper.references:
            return
        cases = [
            case for case, decision in decided if case.desired.mapped is not None and not isinstance(decision, Fail)
        ]
        managers = list({case.desired.manager for case in cases if case.desired.manager is not None})
        known = links.targets(self._run.reader(), self._run.job.number, managers)
        for case in cases:
            manager = case.desired.manager
            for path, _ in mapper.references:
                needed = manager
                if manager in known and (held := held_of(case)) is not None:
                    after = mapper.put(held, path, known[manager])
                    needed = manager if derive(held, after, mapper.resource_type) else None
                page.references.append((case.desired.id, path, needed))
                if needed is not None:
                    page.referring.add(case.desired.id)


def _link_again(run: Run, rows: Sequence[LinkRow], connection: Connection) -> None:
    run.refuse_restarted(connection)
    links.put(connection, rows)


def held_of(case: Case) -> Resource | None:
    """What the target is known to hold of an object: as just read, or as last pushed."""
    if case.held is not None:
        return case.held
    return None if case.link is None else _decode(case.link.pushed_document)
