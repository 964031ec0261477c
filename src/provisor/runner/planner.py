"""Plans entries: judges every object it is given, finds its counterpart and decides.

What that means for rows is in runner.placing. Nothing here writes to the target. Order: the planner, finding
counterparts, reading linked objects, references.
"""

from collections.abc import Mapping, Sequence
from typing import assert_never

import msgspec
from msgspec.structs import replace

from provisor.engine.decide import (
    Create,
    Decision,
    Delete,
    Disable,
    Fail,
    Forget,
    MatchAgain,
    Terms,
    Update,
    vanished,
)
from provisor.engine.operation import GROUPS, LEAVERS, phase_of
from provisor.engine.outcome import failure_from
from provisor.engine.ports import ConnectorError
from provisor.engine.record import Kind
from provisor.engine.settle import Look, settle, settle_found
from provisor.rules.failure import Failure
from provisor.rules.matching import Matched, NoMatch, recheck
from provisor.runner.flight import each
from provisor.runner.matcher import NOBODY, Found, Matcher, Wanted
from provisor.runner.placing import Case, Page, Placing, in_doubt, ours
from provisor.runner.run import PAGE, Run
from provisor.scim.patch import derive
from provisor.scim.path import getter
from provisor.scim.values import Resource
from provisor.storage import links, records, unknown, work
from provisor.storage.links import Link
from provisor.storage.records import Read

_SPECIAL = frozenset('"\\#%&+')
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict).decode


class Planner:
    """Plans the entries of one run."""

    def __init__(self, run: Run, matcher: Matcher, placing: Placing) -> None:
        self._run = run
        self._matcher = matcher
        self._placing = placing

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
            page = await self._plan(kind, reads, pages=max(size // PAGE, 1))
            await self._placing.write(page, kind, cursor=after)

    async def plan_again(self, kind: Kind, reads: Sequence[Read], *, verify: bool = False) -> None:
        """Plan these objects anew, looking each of them up; `verify` reads the linked ones from the target first.

        What was planned for them is replaced or, when there is nothing to do any more, removed.
        """
        self._placing.look_who_waits()
        page = await self._plan(kind, reads, pages=None, verify=verify)
        # Who is undecided keeps the operation: it is all that brings them back once the open create is settled.
        page.settle_others(record.id for record, _ in self._decidable(reads))
        await self._placing.write(page, kind, cursor=None)

    async def plan_all_again(self, kind: Kind, objects: Sequence[str], *, verify: bool = False) -> None:
        """Plan the objects with these ids anew, a page at a time."""
        run = self._run
        for start in range(0, len(objects), PAGE):
            part = objects[start : start + PAGE]
            reads = records.by_ids(run.reader(), application=run.job.application, job=run.job.number, ids=part)
            await self.plan_again(kind, list(reads.values()), verify=verify)

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
                after=after,
                limit=PAGE,
            )
        return records.page_of_work(
            run.reader(), application=job.application, job=job.number, kind=kind, after=after, limit=PAGE
        )

    # Finding counterparts

    async def _plan(self, kind: Kind, reads: Sequence[Read], *, pages: int | None, verify: bool = False) -> Page:
        run = self._run
        rules = run.rules.of(kind)
        insists = bool(rules.mapper.always)
        reading = verify or run.behaviour.before_update == "read"
        page = Page()
        decided: list[tuple[Case, Decision]] = []
        to_look: list[Case] = []
        to_read: list[tuple[Case, Decision]] = []
        for record, link in self._decidable(reads):
            desired = run.judge(record, linked=link is not None)
            state, known = (None, None) if link is None else (link.state, None if reading else link.wanted_hash)
            decision = settle(desired, state, rules.terms, link_hash=known, insists=insists)
            case = Case(desired, link)
            if isinstance(decision, Look):
                to_look.append(case)
            elif isinstance(decision, Update | Disable):
                unsure = link is not None and link.pushed_hash == links.NOBODY_KNOWS
                (to_read if reading or unsure else decided).append((case, decision))
            elif verify and isinstance(decision, Delete):
                to_read.append((case, decision))
            else:
                decided.append((case, decision))
        decided += await self._read_linked(kind, to_read, page, to_look, verify=verify)
        decided += await self._find(kind, to_look, pages, page)
        self._refer(kind, page, decided)
        for case, decision in decided:
            self._placing.place(page, case, decision)
        return page

    def _decidable(self, reads: Sequence[Read]) -> Sequence[Read]:
        """Without those whose create may have been carried out: recovery could not find out, the next cycle may."""
        run = self._run
        if not unknown.anything(run.reader(), run.job.number):
            return reads
        undecided = unknown.among(run.reader(), run.job.number, [record.id for record, _ in reads])
        return [read for read in reads if read[0].id not in undecided]

    async def _find(self, kind: Kind, cases: list[Case], pages: int | None, page: Page) -> list[tuple[Case, Decision]]:
        refused = [] if self._run.behaviour.escape_matching_values else [case for case in cases if _is_special(case)]
        cases = [case for case in cases if case not in refused]
        wanted = [
            Wanted(case.desired.id, case.desired.name, case.desired.mapped.matching)
            for case in cases
            if case.desired.mapped is not None
        ]
        found = await self._matcher.match(kind, wanted, expected=None if pages is None else len(wanted) * pages)
        decided: list[tuple[Case, Decision]] = [(case, Fail(_special(case.desired.name))) for case in refused]
        terms = self._run.rules.of(kind).terms
        freed = {} if pages is None else self._freed(kind, found)
        for case in cases:
            one = found.get(case.desired.id, NOBODY)
            if case.lost is not None and one.error is None:
                if (held := _same(case.lost, one)) is not None:
                    # It was not gone: a replica was behind. Its link never went, so nobody could leave meanwhile.
                    case = case._replace(link=links.in_doubt(case.lost), held=ours(held))
                    decided.append((case, self._of_linked(case, terms)))
                    continue
                page.lost.append(case.desired.id)
            if case.desired.id in freed and "Add" in terms.actions:
                decided.append((case, Create(freed_in=freed[case.desired.id])))
                continue
            if one.error is not None:
                decided.append((case, Fail(self._failure(one.error, case.desired.name))))
                continue
            owners = {}
            if one.owner is not None and isinstance(one.match, Matched):
                owners = {str(one.match.resource["id"]): one.owner}
            decided.append((case._replace(found=one), settle_found(case.desired, one.match, terms, owners=owners)))
        return decided

    def _of_linked(self, case: Case, terms: Terms) -> Decision:
        """The decision about an object whose account is there after all."""
        assert case.link is not None  # noqa: S101 - the caller gave it
        decision = settle(case.desired, case.link.state, terms)
        assert not isinstance(decision, Look)  # noqa: S101 - who is linked is not looked for
        return decision

    def _freed(self, kind: Kind, found: Mapping[str, Found]) -> dict[str, int]:
        """Of those whose match is another's: the phase of this cycle in which that one gives it up."""
        run, job = self._run, self._run.job
        holders = list({one.holder for one in found.values() if one.holder is not None})
        reads = records.by_ids(run.reader(), application=job.application, job=job.number, ids=holders)
        freed: dict[str, int] = {}
        given: set[str] = set()  # only one can have it
        for object_id, one in found.items():
            if one.holder is None or one.holder in given or one.holder not in reads:
                continue
            phase = self._phase_freeing(kind, reads[one.holder], one)
            if phase is not None:
                freed[object_id] = phase
                given.add(one.holder)
        return freed

    def _phase_freeing(self, kind: Kind, read: Read, one: Found) -> int | None:
        record, link = read
        if link is None or not isinstance(one.match, Matched):
            return None
        holder = self._run.judge(record, linked=True)
        decision = settle(holder, link.state, self._run.rules.of(kind).terms, link_hash=link.wanted_hash)
        if isinstance(decision, Delete):
            return GROUPS if kind == "group" else LEAVERS
        if not isinstance(decision, Update | Disable) or holder.mapped is None:
            return None
        wanted = dict(holder.mapped.matching).get(one.path)
        resource_type = self._run.rules.of(kind).mapper.resource_type
        if wanted is None or not isinstance(recheck([one.match.resource], one.path, wanted, resource_type), NoMatch):
            return None
        return LEAVERS if isinstance(decision, Disable) else phase_of("create", kind)

    # Reading linked objects

    async def _read_linked(
        self, kind: Kind, cases: list[tuple[Case, Decision]], page: Page, to_look: list[Case], *, verify: bool
    ) -> list[tuple[Case, Decision]]:
        """Replace what we believe of linked objects by what the target says; who is gone there is dealt with."""
        decided: list[tuple[Case, Decision]] = []

        async def read(item: tuple[Case, Decision]) -> None:
            case, decision = item
            assert case.link is not None  # noqa: S101 - only linked objects are read
            try:
                answer = await self._run.read(kind, case.link.target_id)
                resource = await self._under_its_values(kind, case) if answer is None else answer.resource
            except ConnectorError as error:
                await self._run.stop_by(error, "object")
                decided.append(self._unread(kind, case, decision, error))
                if verify:
                    page.known.append(in_doubt(self._run, kind, case.desired.id, case.link))
                return
            if resource is not None:
                held = ours(resource)
                link = case.link
                if verify:
                    # Whatever becomes of the plan, that nobody knew what the account holds must not be forgotten.
                    link = replace(link, pushed_hash=links.NOBODY_KNOWS, pushed_document=_encode(held).decode())
                    page.known.append(in_doubt(self._run, kind, case.desired.id, link))
                decided.append((case._replace(held=held, link=link), decision))
            else:
                self._gone(case, page, to_look, decided)

        await each(cases, self._run.behaviour.requests_at_once, read)
        return decided

    async def _under_its_values(self, kind: Kind, case: Case) -> Resource | None:
        """The account that a filter still finds, which a read by its id did not: a replica that is behind says 404.

        It is looked for by what it is known to hold and by what it should hold; whoever is wanted is looked for by
        that anyway, to be matched.
        """
        link, mapped = case.link, case.desired.mapped
        assert link is not None  # noqa: S101 - only linked objects are read
        held: Resource = _decode(link.pushed_document)
        resource_type = self._run.rules.of(kind).mapper.resource_type
        wanted = () if mapped is None else mapped.matching
        known = [(path, getter(path, resource_type)(held)) for path in self._run.matching_paths(kind)]
        by = [
            (path, value) for path, value in known if isinstance(value, str) and value and (path, value) not in wanted
        ]
        if case.desired.standing != "wanted":
            by += wanted
        for path, value in by:
            for resource in (await self._run.find(kind, path, value)).resources:
                if resource.get("id") == link.target_id:
                    return resource
        return None

    def _unread(self, kind: Kind, case: Case, decision: Decision, error: ConnectorError) -> tuple[Case, Decision]:
        """Whose account could not be read fails; a leaver is disabled all the same, whatever the account holds."""
        if isinstance(decision, Disable) and case.link is not None:
            mapper = self._run.rules.of(kind).mapper
            return case._replace(held=mapper.without_disabling(_decode(case.link.pushed_document))), decision
        return case, Fail(self._failure(error, case.desired.name))

    def _gone(self, case: Case, page: Page, to_look: list[Case], decided: list[tuple[Case, Decision]]) -> None:
        """The target no longer has the linked object."""
        desired = case.desired
        step = vanished(desired.standing, desired.name, self._run.behaviour.vanished)
        match step:
            case Fail():
                decided.append((case, step))
            case MatchAgain():
                decision = settle(desired, None, self._run.rules.of(desired.kind).terms)
                if isinstance(decision, Look):
                    to_look.append(Case(desired, None, lost=case.link))
                else:
                    decided.append((case, decision))
            case Forget():
                page.unlinked.append(desired.id)
                self._placing.place_gone(page, case)
            case _:
                assert_never(step)

    def _failure(self, error: ConnectorError, name: str) -> Failure:
        return failure_from(error, application=self._run.application, verb="look up", who=name)

    # References

    def _refer(self, kind: Kind, page: Page, decided: list[tuple[Case, Decision]]) -> None:
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


def _is_special(case: Case) -> bool:
    """Whether a matching value holds what Entra cannot filter on (spec/provisioning-service.md section 4)."""
    mapped = case.desired.mapped
    return mapped is not None and any(not _SPECIAL.isdisjoint(value) for _, value in mapped.matching)


def _special(name: str) -> Failure:
    return Failure(
        code="UnprocessableEntity",
        message=f"{name} cannot be looked for: a matching value holds one of {' '.join(sorted(_SPECIAL))}.",
        hint="Change the value, match by another attribute, or let the job behave like Provisor, which escapes it.",
    )


def _same(link: Link, found: Found) -> Resource | None:
    """The account that was found, when it is the very one that the link leads to."""
    if isinstance(found.match, Matched) and str(found.match.resource.get("id", "")) == link.target_id:
        return found.match.resource
    return None


def held_of(case: Case) -> Resource | None:
    """What the target is known to hold of an object: as just read, or as last pushed."""
    if case.held is not None:
        return case.held
    return None if case.link is None else _decode(case.link.pushed_document)
