"""Lists what a plan would do and what a cycle did: object by object, or failures and skips by cause.

Only reads. A plan's operations hold hashes; what they would change is derived here as it is when they are sent
(engine.difference). What a cycle did is in the provisioning log. Order: plans, one planned object, cycles.
"""

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import TypeVar

import msgspec

from provisor.database import Connection
from provisor.engine.causes import Causes, Told
from provisor.engine.desired import Desired, judge
from provisor.engine.detail import MEMBERS, Changed, Detail, DetailStatus
from provisor.engine.difference import difference
from provisor.engine.leavers import deletion
from provisor.engine.log_event import Status as Ended
from provisor.engine.log_event import unresolved_reason
from provisor.engine.modified import differing, reference_in
from provisor.engine.plan import SKIPS
from provisor.runner.planning.begin import Setup, load
from provisor.scim.values import Resource
from provisor.storage import cycle_log, links, member_links, operations, records, waiting
from provisor.storage.cycle_log import Line
from provisor.storage.cycles import Cycle
from provisor.storage.links import StoredLink
from provisor.storage.operations import StoredOperation
from provisor.storage.records import Read
from provisor.storage.times import from_microseconds

PAGE = 500
DONE: tuple[Ended, ...] = ("success", "warning")
EVERY: tuple[Ended, ...] = (*DONE, "failure", "skipped")

_decode = msgspec.json.Decoder(dict).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Explaining:
    """What is needed to explain one job."""

    connection: Connection
    job: int
    now: Callable[[], datetime]
    random_bytes: Callable[[int], bytes]

    # Plans

    def planned(self, cycle: int) -> Iterator[tuple[StoredOperation, Detail]]:
        """Every row that was planned in this cycle, in the order in which it would be carried out, and what it says."""
        setup = load(self.connection, self.job)
        for page in _pages(operations.stream(self.connection, self.job, cycle, PAGE)):
            ids = [row.object for row in page if row.kind != "members"]
            reads = records.by_ids(
                self.connection,
                application=setup.job.application,
                job=self.job,
                nested=setup.rules.settings.nested_groups,
                ids=ids,
            )
            for row in page:
                planned = row.state == "planned"
                yield row, self._planned(setup, row, reads.get(row.object)) if planned else _left(row)

    def _planned(self, setup: Setup, row: StoredOperation, read: Read | None) -> Detail:
        link = None if read is None else read[1]
        changes: Sequence[Changed] = ()
        reason = ""
        if row.kind == "members":
            changes = self._members(row)
        elif row.kind == "reference":
            changes = self._references(setup, row, link)
        elif read is not None:
            linked = link is not None or row.kind == "link"
            desired = judge(read[0], setup.rules, self.now(), self.random_bytes, linked=linked)
            changes, reason = _attributes(setup, row, desired, link), desired.why.reason
            if row.kind == "delete" and link is not None and link.disabled_at is not None:
                since = from_microseconds(link.disabled_at)
                due = deletion(setup.rules.settings.leavers, since, self.now(), trusted=True)
                reason = reason if due is None else f"{reason} {due}"
        return Detail(
            # A released account is disabled first; that it is no longer tracked afterwards is not an operation.
            operation="disable" if row.kind == "release" else row.kind,
            status="planned",
            kind=row.object_kind,
            id=row.object,
            name=row.name,
            target_id=row.target_id or (None if link is None else link.target_id),
            changes=changes,
            reason=reason,
        )

    def _members(self, row: StoredOperation) -> list[Changed]:
        changes: list[Changed] = []
        after = ""
        while page := member_links.pending(self.connection, job=self.job, group=row.object, after=after, limit=PAGE):
            after = page[-1].member
            changes += [
                Changed(MEMBERS, None if edge.add else edge.name, edge.name if edge.add else None, edge.member)
                for edge in page
            ]
        return changes

    def _references(self, setup: Setup, row: StoredOperation, link: StoredLink | None) -> list[Changed]:
        mapper = setup.rules.of(row.object_kind).mapper
        held: Resource = {} if link is None else _decode(link.pushed_document)
        found = waiting.references(self.connection, self.job, row.object)
        names = records.names(self.connection, [one.waits_for for one in found])
        changes = []
        for one in found:
            old = reference_in(mapper, one.attribute, held)
            owner = None if old is None else links.owner(self.connection, self.job, "user", old)
            name = names.get(one.waits_for, one.waits_for)
            changes.append(Changed(one.attribute, old if owner is None else owner.name, name, one.waits_for))
        return changes

    # Cycles

    def cycle(self, cycle: Cycle, *, each: int | None = None) -> Iterator[Detail]:
        """What a cycle did, in the order of time; `each` as above."""
        rules = load(self.connection, self.job).rules
        references = {path for kind in (rules.users, rules.groups) for path, _ in kind.mapper.references}
        lines = cycle_log.of_cycle(self.connection, self.job, cycle, EVERY if each is None else DONE)
        for detail in first((_logged(line) for line in lines if line.source_id), each):
            yield self._with_names(detail, references)

    def causes(self, cycle: Cycle, status: Ended) -> Causes:
        """Why objects failed, or were skipped, in a cycle."""
        found = Causes()
        for line in cycle_log.of_cycle(self.connection, self.job, cycle, (status,)):
            if line.source_id:
                reason, hint = _why(line)
                found.add(Told(line.facts.kind, line.name, line.code or "", reason, hint))
        return found

    def _with_names(self, detail: Detail, references: Container[str]) -> Detail:
        """The log knows members by their ids, and managers by those of their accounts."""
        names: dict[str, str] = {}
        for page in _pages(change.id for change in detail.changes if change.id):
            names |= records.names(self.connection, page)

        def named(change: Changed, value: str | None) -> str | None:
            if value is not None and change.attribute in references:
                owner = links.owner(self.connection, self.job, "user", value)
                return value if owner is None else owner.name
            return names.get(change.id, value) if value is not None else None

        changes = [one._replace(old=named(one, one.old), new=named(one, one.new)) for one in detail.changes]
        return replace(detail, changes=changes)


# One planned object


def _attributes(setup: Setup, row: StoredOperation, desired: Desired, link: StoredLink | None) -> list[Changed]:
    """What the operation changes of the attributes, as the log will have it."""
    mapped = desired.mapped
    if mapped is None or row.kind == "delete" or row.links_only:
        return []
    mapper = setup.rules.of(row.object_kind).mapper
    if row.kind == "create":
        document = mapped.created
        for path, candidates in mapped.candidates:
            document = mapper.put(document, path, candidates.values[0])
        return [Changed(*change) for change in differing(mapper, None, document)]
    text = row.found_document or (None if link is None else link.pushed_document)
    held: Resource = {} if text is None else _decode(text)
    suppress = setup.behaviour.suppress_case_changes
    after = difference(held, mapped, mapper, suppress_case_changes=suppress).after
    return [Changed(*change) for change in differing(mapper, held, after)]


def _left(row: StoredOperation) -> Detail:
    """An object that the plan leaves alone, cannot provision, or lets wait."""
    gone_already = row.kind == "delete"  # who was to be deleted, and is not there any more
    code = row.verdict or ""
    left_alone = code in SKIPS or gone_already
    status: DetailStatus = "waiting" if row.state == "waiting" else "skipped" if left_alone else "failure"
    return Detail(
        operation="create" if status == "waiting" else "none",
        status=status,
        kind=row.object_kind,
        id=row.object,
        name=row.name,
        target_id=row.target_id,
        code=code,
        reason=row.reason or "",
    )


# Cycles


def _logged(line: Line) -> Detail:
    facts = line.facts
    operation: str = line.action
    changes = [Changed(*change) for change in facts.modified]
    if any(change.attribute == MEMBERS for change in changes):
        operation = MEMBERS
        changes = [change._replace(id=change.new or change.old or "") for change in changes]
    elif line.action == "update" and facts.matching is not None:
        operation = "link"
    elif line.action == "other":
        operation = "none"
    reason, hint = _why(line)
    return Detail(
        operation=operation,
        status=line.status,
        kind=facts.kind,
        id=line.source_id or "",
        name=line.name,
        target_id=line.target_id,
        changes=changes,
        code=line.code or "",
        reason=reason,
        hint=hint,
    )


def _why(line: Line) -> tuple[str, str]:
    """The sentence of an event, and what to do about it."""
    facts = line.facts
    if facts.refused is not None:
        return facts.refused.message, facts.refused.hint
    if facts.skip is not None:
        return facts.skip[1], ""
    if facts.unresolved:
        number = max(facts.unresolved_number, len(facts.unresolved))
        return unresolved_reason(line.name, facts.unresolved, number), ""
    return "" if facts.judged is None else facts.judged.why, ""


def told(detail: Detail) -> Told:
    """The same for Causes."""
    return Told(detail.kind, detail.name, detail.code, detail.reason, detail.hint)


# Bounds


T = TypeVar("T")


def first(found: Iterable[Detail], each: int | None) -> Iterator[Detail]:
    """Not more than `each` of a sort."""
    seen: Counter[tuple[str, ...]] = Counter()
    for one in found:
        seen[one.sort] += 1
        if each is None or seen[one.sort] <= each:
            yield one


def _pages(found: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(found)
    while page := list(islice(iterator, PAGE)):
        yield page
