"""Turns decisions into rows: operations of the plan, links that change without a request, events, verdicts of a plan.

One page is one transaction together with the cycle's cursor. Order: the values, placing a decision, writing a page.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, assert_never

import msgspec

from provisor.database import Connection
from provisor.engine.decide import REDUNDANT, Create, Decision, Delete, Disable, Fail, Link, Release, Skip, Update
from provisor.engine.desired import Desired
from provisor.engine.difference import difference
from provisor.engine.log_event import FailedStep
from provisor.engine.operation import OperationKind, phase_of
from provisor.engine.record import Kind
from provisor.rules.failure import Failure
from provisor.rules.matching import Matched
from provisor.runner.journal import Journal
from provisor.runner.matcher import NOBODY, Found
from provisor.runner.recorder import failed_row
from provisor.runner.run import Run
from provisor.scim.values import Resource
from provisor.storage import cycles, links, log, member_links, operations, waiting
from provisor.storage.links import Link as StoredLink
from provisor.storage.links import LinkRow, LinkState
from provisor.storage.log import LogRow
from provisor.storage.operations import ENTRY, SECOND, PlannedRow

HELD = '{"held":true}'  # of a create that must be looked for again first
GONE_ALREADY = Skip(
    REDUNDANT, "The application no longer has the account; it was looked for by its id and by its name."
)
_NOT_OURS = frozenset({"id", "meta", "schemas", "members", "groups"})
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict).decode


class Case(NamedTuple):
    """One object on its way to a decision.

    `held`: what the target was read to hold of it; None when not read. `lost`: its link, when the target did not know
    the id of its account; it stands until the account was looked for.
    """

    desired: Desired
    link: StoredLink | None
    held: Resource | None = None
    found: Found = NOBODY
    lost: StoredLink | None = None


@dataclass(slots=True)
class Page:
    """What one page of planning comes to."""

    planned: list[PlannedRow] = field(default_factory=list)
    failed: list[tuple[int, str, str, int]] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)  # nothing to do: an older operation of theirs goes
    links: list[LinkRow] = field(default_factory=list)
    unlinked: list[str] = field(default_factory=list)
    # What the target was found to hold, and what it lost: facts, which a plan keeps too.
    known: list[LinkRow] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    events: list[LogRow] = field(default_factory=list)
    references: list[tuple[str, str, str | None]] = field(default_factory=list)
    referring: set[str] = field(default_factory=set)  # whose references must be written
    entering: list[str] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)

    def settle_others(self, objects: Iterable[str]) -> None:
        """Of these objects, those for whom nothing is planned: nothing planned earlier stays either."""
        planned = {row[2] for row in self.planned}
        self.settled = [*{*self.settled, *objects} - planned]


def ours(resource: Resource) -> Resource:
    """A target's resource without what only the target decides."""
    return {name: value for name, value in resource.items() if name not in _NOT_OURS}


def link_row(
    run: Run, desired: Desired, target_id: str, state: LinkState, document: str, etag: str | None = None
) -> LinkRow:
    """The link of an object that now holds `document` (JSON text)."""
    at = run.at()
    return (
        run.job.number,
        desired.id,
        desired.kind,
        target_id,
        state,
        desired.wanted_hash,
        desired.wanted_hash,
        document,
        etag,
        at,
        at,
    )


def in_doubt(run: Run, kind: Kind, object_id: str, link: StoredLink) -> LinkRow:
    """The link of an object whose last change was not answered: it is read before anything is decided about it.

    A released account that was to be taken back may be in use since: from then on it is tracked.
    """
    return _doubtful(run, kind, object_id, link.target_id, "linked", link.pushed_document)


def adopted_row(run: Run, kind: Kind, object_id: str, resource: Resource) -> LinkRow:
    """The link to an account that was found and not written to yet, or that nobody knows to have been written to."""
    return _doubtful(run, kind, object_id, str(resource["id"]), "linked", _encode(ours(resource)).decode())


def _doubtful(run: Run, kind: Kind, object_id: str, target_id: str, state: LinkState, document: str) -> LinkRow:
    hashes = (links.NOBODY_KNOWS, links.NOBODY_KNOWS)
    return (run.job.number, object_id, kind, target_id, state, *hashes, document, None, run.at(), None)


class Placing:
    """Places decisions for one run; in a plan nothing but the plan is written."""

    def __init__(self, run: Run, journal: Journal) -> None:
        self._run = run
        self._journal = journal
        connection = run.reader()
        self._anybody_waits = False
        self.look_who_waits()
        self._older_operations = any(
            operations.any_in_state(connection, run.job.number, state)
            for state in ("planned", "retry", "waiting", "sent")
        )

    def look_who_waits(self) -> None:
        """Whether anybody waits for somebody else's account may have changed since the cycle began."""
        run = self._run
        self._anybody_waits = run.behaviour.heal_references and waiting.anything(run.reader(), run.job.number)

    def place(self, page: Page, case: Case, decision: Decision) -> None:
        """Put one decision into the page."""
        desired = case.desired
        match decision:
            case Create(freed_in):
                detail = "{}" if freed_in is None else HELD
                self._operation(page, case, "create", phase=freed_in, detail=detail)
                page.entering.append(desired.id)
            case Link(update):
                self._link(page, case, update)
            case Update(reinstate):
                self._update(page, case, reinstate)
            case Disable(release):
                self._disable(page, case, release)
            case Delete():
                self._operation(page, case, "delete", removes=1)
            case Release(why):
                self._relink(page, case, "released")
                self._skip(page, desired, why, comes_to="release")
            case Skip():
                if desired.standing == "gone" and case.link is not None:
                    self._let_go(page, case)
                self._skip(page, desired, decision, linked=case.link is not None)
            case Fail(failure):
                self._fail(page, case, failure)
            case _:
                assert_never(decision)

    def place_gone(self, page: Page, case: Case) -> None:
        """Somebody who was to be taken away is gone from the target already."""
        self._skip(page, case.desired, GONE_ALREADY, comes_to="delete")

    def _operation(
        self,
        page: Page,
        case: Case,
        kind: OperationKind,
        *,
        target_id: str | None = None,
        document: Resource | None = None,
        phase: int | None = None,
        detail: str = "{}",
        removes: int = 0,
    ) -> None:
        desired, link = case.desired, case.link
        page.planned.append(
            (
                self._run.job.number,
                ENTRY,
                desired.id,
                self._run.cycle.n,
                desired.kind,
                desired.name,
                kind,
                phase or phase_of(kind, desired.kind),
                "planned",
                target_id or (None if link is None else link.target_id),
                desired.wanted_hash,
                None if link is None else link.pushed_hash,
                None if document is None else _encode(document).decode(),
                detail,
                removes,
            )
        )

    def _link(self, page: Page, case: Case, update: bool) -> None:
        match = case.found.match
        assert isinstance(match, Matched)  # noqa: S101 - decide links only what was matched
        detail = _encode({"by": case.found.path, "update": update}).decode()
        target_id = str(match.resource["id"])
        self._operation(page, case, "link", target_id=target_id, document=ours(match.resource), detail=detail)
        page.entering.append(case.desired.id)

    def _update(self, page: Page, case: Case, reinstate: bool) -> None:
        if reinstate:
            page.entering.append(case.desired.id)
        if self._differs(case):
            self._operation(page, case, "update", document=case.held)
            return
        self._relink(page, case, "linked")
        if case.desired.id in page.referring:
            page.settled.append(case.desired.id)  # the reference is told of when it is written, or cannot be
            return
        skip = Skip(REDUNDANT, "The target already holds what the directory says.")
        self._skip(page, case.desired, skip, comes_to="update")

    def _disable(self, page: Page, case: Case, release: bool) -> None:
        mapped = case.desired.mapped
        if mapped is not None and mapped.failures and not self._run.rules.of(case.desired.kind).mapper.disabled(mapped):
            self._fail(page, case, mapped.failures[0])  # or it would stay active, and nobody would hear of it
            return
        if self._differs(case):
            removes = int(self._disables(case))
            self._operation(page, case, "release" if release else "disable", document=case.held, removes=removes)
            return
        self._relink(page, case, "released" if release else "linked")
        self._skip(page, case.desired, case.desired.why, comes_to="release" if release else "verdict")

    def _differs(self, case: Case) -> bool:
        run, desired = self._run, case.desired
        assert desired.mapped is not None  # noqa: S101 - decide updates only what is mapped
        held = self._held(case)
        mapper = run.rules.of(desired.kind).mapper
        found = difference(held, desired.mapped, mapper, suppress_case_changes=run.behaviour.suppress_case_changes)
        return bool(found.operations)

    def _disables(self, case: Case) -> bool:
        """Whether the account is in use until now, as far as anybody knows."""
        assert case.desired.mapped is not None  # noqa: S101 - as above
        held = self._held(case)
        return self._run.rules.of(case.desired.kind).mapper.out_of_use(held, case.desired.mapped) != held

    def _held(self, case: Case) -> Resource:
        assert case.link is not None  # noqa: S101 - decide changes only what is linked
        return case.held if case.held is not None else _decode(case.link.pushed_document)

    def _relink(self, page: Page, case: Case, state: LinkState) -> None:
        """Nothing is sent, but the link changes: its state, or the hash of what is wanted."""
        link = case.link
        assert link is not None  # noqa: S101 - decide does this only to what is linked
        document = link.pushed_document if case.held is None else _encode(case.held).decode()
        row = link_row(self._run, case.desired, link.target_id, state, document, link.etag)
        if case.desired.mapped is None:
            row = (*row[:5], link.wanted_hash, link.pushed_hash, *row[7:])
        page.links.append(row)

    def _let_go(self, page: Page, case: Case) -> None:
        """Somebody who cannot come back leaves the account behind: it may be matched by another, and is not deleted."""
        if case.link is not None and case.link.state == "linked":
            self._relink(page, case, "released")  # deleting is off
        elif not member_links.anything_pushed(self._run.reader(), self._run.job.number, case.desired.id):
            page.unlinked.append(case.desired.id)
        # Else the groups are told first, by the id in the link; it goes with the end of the cycle.

    def _skip(
        self, page: Page, desired: Desired, skip: Skip, *, linked: bool = True, comes_to: OperationKind = "verdict"
    ) -> None:
        page.settled.append(desired.id)
        if not linked and desired.standing == "gone":
            return  # a tombstone of somebody the target never had is nobody's news
        page.counted[f"{desired.kind}.skip"] += 1
        if self._run.is_plan:
            self._verdict(page, desired, skip.code, skip.reason, comes_to=comes_to)
        elif comes_to == "release" or not self._run.knows_already(desired.change):
            page.events.append(self._journal.skipped(desired, skip))

    def _fail(self, page: Page, case: Case, failure: Failure) -> None:
        desired = case.desired
        page.counted[f"{desired.kind}.fail"] += 1
        if self._run.is_plan:
            self._verdict(page, desired, failure.code, self._journal.shown(desired, failure).message)
            return
        self._operation(page, case, "verdict")
        page.failed.append(failed_row(self._run, ENTRY, desired.id, self._journal.shown(desired, failure)))
        step: FailedStep = (
            "matching" if desired.mapped is None or failure not in desired.mapped.failures else "processing"
        )
        target_id = None if case.link is None else case.link.target_id
        page.events.append(self._journal.failed(desired, failure, "other", target_id=target_id, step=step))

    def _verdict(
        self, page: Page, desired: Desired, code: str, reason: str, *, comes_to: OperationKind = "verdict"
    ) -> None:
        """A line of the plan about somebody to whom nothing is sent. `comes_to`: what the link becomes anyway."""
        detail = _encode({"code": code, "reason": reason}).decode()
        page.planned.append(
            (
                self._run.job.number,
                ENTRY,
                desired.id,
                self._run.cycle.n,
                desired.kind,
                desired.name,
                comes_to,
                phase_of("verdict", desired.kind),
                "verdict",
                None,
                None,
                None,
                None,
                detail,
                0,
            )
        )

    async def write(self, page: Page, kind: Kind, *, cursor: str | None) -> None:
        """Write the page; with a cursor, the cycle has come that far."""
        run = self._run
        run.counters.update(page.counted)
        counts = run.fresh_counts()
        wakes = self._anybody_waits
        if page.lost or page.unlinked:
            self._anybody_waits = wakes = run.behaviour.heal_references
        await run.writer.write(lambda connection: self._put(connection, page, kind, cursor, counts, wakes=wakes))

    def _put(
        self,
        connection: Connection,
        page: Page,
        kind: Kind,
        cursor: str | None,
        counts: Mapping[str, int],
        *,
        wakes: bool,
    ) -> None:
        run, job = self._run, self._run.job.number
        cycles.add_counts(connection, job, run.cycle.n, counts)
        unlinked = page.lost if run.is_plan else [*page.lost, *page.unlinked]
        if unlinked:
            forget(connection, job, kind, unlinked)
            attributes = [path for path, _ in run.rules.users.mapper.references]
            waiting.refer_again(connection, job, unlinked, attributes)
        links.put(connection, page.known)
        if not run.is_plan:
            links.put(connection, page.links)
            log.append(connection, page.events)
        if self._older_operations and page.settled and not run.is_plan:
            operations.done(connection, job, ((ENTRY, object_id) for object_id in page.settled))
        operations.plan(connection, page.planned)
        operations.failed(connection, job, page.failed)
        if page.references:
            waiting.replace_references(connection, job, page.references)
        if wakes and page.entering:
            waiting.wake(connection, job, page.entering)
        if cursor is not None:
            cycles.advance(connection, job, run.cycle.n, phase=kind, cursor=cursor)


def forget(connection: Connection, job: int, kind: Kind, objects: list[str]) -> None:
    """These objects are gone from the target: their links and memberships go, edges that still stand wait.

    What was to be told of their members or references goes too; with a new account it is planned anew.
    """
    links.remove(connection, job, objects)
    operations.done(connection, job, ((SECOND, object_id) for object_id in objects))
    if kind == "user":
        member_links.forget_member(connection, job, objects)
        waiting.forget(connection, job, objects)
    else:
        member_links.forget_group(connection, job, objects)
