"""Turns decisions into rows: operations of the plan, links that change without a request, events, verdicts of a plan.

One page is one transaction together with the cycle's cursor. Order: the values, placing a decision, writing a page.
"""

from collections.abc import Mapping
from typing import assert_never

import msgspec

from provisor.database import Connection
from provisor.engine.decide import REDUNDANT, Create, Decision, Delete, Disable, Fail, Link, Release, Skip, Update, Wait
from provisor.engine.desired import Desired
from provisor.engine.difference import difference
from provisor.engine.log_event import FailedStep
from provisor.engine.operation import OperationKind, phase_of
from provisor.engine.record import Kind, Record
from provisor.engine.unknown import FoundAgain, Stranger
from provisor.rules.failure import Failure
from provisor.rules.matching import Matched
from provisor.runner.planning.link_rows import forget, link_row, ours
from provisor.runner.planning.page import Case, PagePlan
from provisor.runner.recording.log_rows import Journal
from provisor.runner.run import Run
from provisor.scim.values import Resource
from provisor.storage import cycles, escrow, links, log, member_links, operations, waiting
from provisor.storage.escrow import FailedRow
from provisor.storage.links import StoredLinkState
from provisor.storage.operations import ENTRY, SECOND, PlannedRow
from provisor.storage.work import SecondStage

GONE_ALREADY = Skip(
    REDUNDANT, "The application no longer has the account; it was looked for by its id and by its name."
)
_SOMEBODY_ELSES = "The account {} has the name but not all that was sent: it is somebody else's and is left alone."
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict).decode


def second_row(run: Run, item: SecondStage, kind: OperationKind, *, removes: int = 0) -> PlannedRow:
    """The operation on an object's members or references."""
    return _row(run, SECOND, item.object, item.kind, item.name, kind)._replace(removes=removes)


def _row(run: Run, stage: int, object_id: str, object_kind: Kind, name: str, kind: OperationKind) -> PlannedRow:
    """What every row of a plan says."""
    return PlannedRow(
        job=run.job.number,
        stage=stage,
        object=object_id,
        cycle=run.cycle.n,
        object_kind=object_kind,
        name=name,
        kind=kind,
        phase=phase_of(kind, object_kind),
        state="planned",
    )


def _goes_out_of_use(held: Resource, case: Case) -> bool:
    """Whether the mappings make an account inactive that is in use, although its owner is wanted."""
    mapped = case.desired.mapped
    return mapped is not None and mapped.wanted.get("active") is False and held.get("active") is not False


class Placing:
    """Places decisions for one run; in a plan nothing but the plan is written."""

    def __init__(self, run: Run, journal: Journal) -> None:
        self._run = run
        self._journal = journal
        connection = run.reader()
        self._anybody_waits = False
        self.look_who_waits()
        self._older_operations = escrow.anything(connection, run.job.number) or any(
            operations.any_in_state(connection, run.job.number, state)
            for state in ("planned", "left", "waiting", "staged", "sent")
        )

    def look_who_waits(self) -> None:
        """Whether anybody waits for somebody else's account may have changed since the cycle began."""
        run = self._run
        self._anybody_waits = run.behaviour.heal_references and waiting.anything(run.reader(), run.job.number)

    def place(self, page: PagePlan, case: Case, decision: Decision) -> None:
        """Put one decision into the page."""
        desired = case.desired
        match decision:
            case Create(freed_in):
                self._operation(page, case, "create", phase=freed_in)
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
            case Wait(why):
                self._skip(page, desired, why)
            case Skip():
                if desired.standing == "gone" and case.link is not None:
                    self._let_go(page, case)
                self._skip(page, desired, decision, linked=case.link is not None)
            case Fail(failure):
                self._fail(page, case, failure)
            case _:
                assert_never(decision)

    def leave(self, page: PagePlan, record: Record) -> None:
        """The next cycle looks at them again, whatever is decided now."""
        if not self._run.is_plan:
            row = _row(self._run, ENTRY, record.id, record.kind, record.name, "verdict")
            page.planned.append(row._replace(state="left"))

    def place_gone(self, page: PagePlan, case: Case, found: FoundAgain) -> None:
        """Somebody who was to be taken away is gone from the target already; `found` is what has their values."""
        gone = GONE_ALREADY
        if isinstance(found, Stranger):
            gone = Skip(gone.code, f"{gone.reason} {_SOMEBODY_ELSES.format(found.target_id)}")
        self._skip(page, case.desired, gone, comes_to="delete")

    def _operation(
        self,
        page: PagePlan,
        case: Case,
        kind: OperationKind,
        *,
        target_id: str | None = None,
        document: Resource | None = None,
        phase: int | None = None,
        found_by: str | None = None,
        links_only: bool = False,
        removes: int = 0,
    ) -> None:
        desired, link = case.desired, case.link
        page.planned.append(
            PlannedRow(
                job=self._run.job.number,
                stage=ENTRY,
                object=desired.id,
                cycle=self._run.cycle.n,
                object_kind=desired.kind,
                name=desired.name,
                kind=kind,
                phase=phase or phase_of(kind, desired.kind),
                state="planned",
                target_id=target_id or (None if link is None else link.target_id),
                wanted_hash=desired.wanted_hash,
                base_hash=None if link is None else link.pushed_hash,
                found_document=None if document is None else _encode(document).decode(),
                found_by=found_by,
                links_only=links_only,
                held=kind == "create" and phase is not None,
                removes=removes,
            )
        )

    def _link(self, page: PagePlan, case: Case, update: bool) -> None:
        match = case.found.match
        assert isinstance(match, Matched)  # noqa: S101 - decide links only what was matched
        target_id = str(match.resource["id"])
        document, found_by = ours(match.resource), case.found.path
        self._operation(
            page,
            case,
            "link",
            target_id=target_id,
            document=document,
            found_by=found_by,
            links_only=not update,
            removes=int(update and _goes_out_of_use(match.resource, case)),
        )
        page.entering.append(case.desired.id)

    def _update(self, page: PagePlan, case: Case, reinstate: bool) -> None:
        if reinstate or (case.link is not None and case.link.pushed_hash == links.NOBODY_KNOWS):
            page.entering.append(case.desired.id)  # or may have been taken back without our knowledge
        if self._differs(case):
            removes = int(_goes_out_of_use(self._held(case), case))
            self._operation(page, case, "update", document=case.held, removes=removes)
            return
        self._relink(page, case, "linked")
        if case.desired.id in page.referring:
            page.settled.append(case.desired.id)  # the reference is reported when it is written, or cannot be
            return
        skip = Skip(REDUNDANT, "The target already holds what the directory says.")
        self._skip(page, case.desired, skip, comes_to="update")

    def _disable(self, page: PagePlan, case: Case, release: bool) -> None:
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
        """Whether the account is still in use, as far as is known."""
        assert case.desired.mapped is not None  # noqa: S101 - as above
        held = self._held(case)
        return self._run.rules.of(case.desired.kind).mapper.out_of_use(held, case.desired.mapped) != held

    def _held(self, case: Case) -> Resource:
        assert case.link is not None  # noqa: S101 - decide changes only what is linked
        return case.held if case.held is not None else _decode(case.link.pushed_document)

    def _relink(self, page: PagePlan, case: Case, state: StoredLinkState) -> None:
        """Nothing is sent, but the link changes: its state, or the hash of what is wanted."""
        link = case.link
        assert link is not None  # noqa: S101 - decide does this only to what is linked
        document = link.pushed_document if case.held is None else _encode(case.held).decode()
        row = link_row(self._run, case.desired, link.target_id, state, document)
        if case.desired.mapped is None:
            row = row._replace(wanted_hash=link.wanted_hash, pushed_hash=link.pushed_hash)
        page.links.append(row)

    def _let_go(self, page: PagePlan, case: Case) -> None:
        """The account of somebody who cannot come back is left behind: another may match it, and it is not deleted."""
        if case.link is not None and case.link.state == "linked":
            self._relink(page, case, "released")  # deleting is off
        elif not member_links.anything_pushed(self._run.reader(), self._run.job.number, case.desired.id):
            page.unlinked.append(case.desired.id)
        # Otherwise groups are updated first, by the id in the link; it is removed at the end of the cycle.

    def _skip(
        self, page: PagePlan, desired: Desired, skip: Skip, *, linked: bool = True, comes_to: OperationKind = "verdict"
    ) -> None:
        page.settled.append(desired.id)
        if not linked and desired.standing == "gone":
            return  # the tombstone of somebody the target never had is not worth an event
        page.counted[f"{desired.kind}.skip"] += 1
        if self._run.is_plan:
            self._verdict(page, desired, skip.code, skip.reason, comes_to=comes_to)
        elif comes_to in ("release", "delete") or not self._run.knows_already(desired.change):
            page.events.append(self._journal.skipped(desired, skip))

    def _fail(self, page: PagePlan, case: Case, failure: Failure) -> None:
        desired = case.desired
        page.counted[f"{desired.kind}.fail"] += 1
        if self._run.is_plan:
            self._verdict(page, desired, failure.code, self._journal.shown(desired, failure).message)
            return
        leaves = desired.standing != "wanted" and case.link is not None and case.link.state == "linked"
        self._operation(page, case, "verdict", removes=int(leaves))
        step: FailedStep = (
            "matching" if desired.mapped is None or failure not in desired.mapped.failures else "processing"
        )
        target_id = None if case.link is None else case.link.target_id
        event = self._journal.failed(desired, failure, "other", target_id=target_id, step=step)
        page.events.append(event)
        shown = self._journal.shown(desired, failure)
        page.failed.append(FailedRow(ENTRY, desired.id, shown, self._run.at(), event.id))

    def _verdict(
        self, page: PagePlan, desired: Desired, code: str, reason: str, *, comes_to: OperationKind = "verdict"
    ) -> None:
        """A line of the plan about an object for which nothing is sent. `comes_to`: what the link becomes anyway."""
        row = _row(self._run, ENTRY, desired.id, desired.kind, desired.name, "verdict")
        page.planned.append(row._replace(kind=comes_to, state="verdict", verdict=code, reason=reason))

    async def write(self, page: PagePlan, kind: Kind, *, cursor: str | None) -> None:
        """Write the page; with a cursor, the cycle has come that far."""
        run = self._run
        fresh = run.fresh_counts()
        counts = fresh + page.counted
        wakes = self._anybody_waits
        if page.lost or page.unlinked:
            self._anybody_waits = wakes = run.behaviour.heal_references
        try:
            await run.writer.write(lambda connection: self._put(connection, page, kind, cursor, counts, wakes=wakes))
        except BaseException:
            run.saved.subtract(fresh)  # counted, and not on disk yet
            raise
        run.counted(page.counted)

    def _put(
        self,
        connection: Connection,
        page: PagePlan,
        kind: Kind,
        cursor: str | None,
        counts: Mapping[str, int],
        *,
        wakes: bool,
    ) -> None:
        run, job = self._run, self._run.job.number
        run.refuse_restarted(connection)
        cycles.add_counts(connection, job, run.cycle.n, counts)
        references = [path for path, _ in run.rules.users.mapper.references]
        unlinked = page.lost if run.is_plan else [*page.lost, *page.unlinked]
        if unlinked:
            forget(connection, job, kind, unlinked, run.nested)
            waiting.refer_again(connection, job, unlinked, references)
        links.put(connection, page.known)
        if not run.is_plan:
            links.put(connection, page.links)
            log.append(connection, page.events)
        if self._older_operations and page.settled and not run.is_plan:
            settled = [(ENTRY, object_id) for object_id in page.settled]
            operations.done(connection, job, settled)
            escrow.settle(connection, job, settled)
        operations.plan(connection, page.planned)
        escrow.record(connection, job, page.failed, run.behaviour)
        if page.references:
            waiting.replace_references(connection, job, page.references)
        if wakes and page.entering:
            waiting.wake(connection, job, page.entering)
        if page.moved:
            again = references if run.behaviour.heal_references else ()
            waiting.follow(connection, job, kind, page.moved, again, run.nested)
        if run.only is not None:
            self._refer_later(connection, page, wakes=wakes)
        if cursor is not None:
            cycles.advance(connection, job, run.cycle.n, phase=kind, cursor=cursor)

    def _refer_later(self, connection: Connection, page: PagePlan, *, wakes: bool) -> None:
        """On demand no work set is kept: who is to refer to somebody, or waited for these, is noted for good here."""
        job = self._run.job.number
        people = [object_id for object_id, _, needed in page.references if needed is not None]
        if wakes or page.moved:
            people += waiting.who_refer_to(connection, job, [*page.entering, *page.moved])
        operations.refer_later(connection, job, people)
