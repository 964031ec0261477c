"""Reads linked accounts before they are changed: what they hold is what the target says, not what we remember.

An account that was found under another id than its link has is linked in its place, before anything is decided: the id
may never have existed (a create answered with a wrong one), or the application has given its accounts new ones since
(restored from a backup, say). engine.unknown decides whose it is. Order: asking, what the answers mean.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from provisor.engine.decide import Delete
from provisor.engine.outcome import failure_from
from provisor.engine.ports import ConnectorError
from provisor.engine.record import Kind
from provisor.engine.settle import Look, settle_lost, settle_unread
from provisor.engine.unknown import FoundAgain, NotThere, Ours, Stranger, values_held
from provisor.rules.mapper import Mapped
from provisor.runner.asking.parallel import each
from provisor.runner.planning.link_rows import in_doubt, ours, seen_row
from provisor.runner.planning.looking import look_for_linked
from provisor.runner.planning.page import Case, Decided, Met, NextStep
from provisor.runner.recording.log_rows import Journal
from provisor.runner.run import Run
from provisor.scim.values import Resource, fold
from provisor.storage import links
from provisor.storage.links import LinkRow, StoredLink

_MOVED = "No account has the id {} at the application; the account {} holds what was sent and is linked in its place."
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict).decode


class _Answer(NamedTuple):
    """What the target said of one account: how it looks, or what was found by its values instead, or an error."""

    resource: Resource | None = None
    found: FoundAgain = NotThere()
    error: ConnectorError | None = None


async def read_linked(run: Run, kind: Kind, cases: Sequence[Decided], *, verify: bool) -> list[Met]:
    """Read these accounts; those that are gone are looked for, or forgotten. Raises CycleStopped.

    `verify`: their content was unknown, and that must not be forgotten whatever happens to the plan.
    """

    async def read(one: Decided) -> _Answer:
        link = _link(one.case)
        try:
            answer = await run.read(kind, link.target_id)
            if answer is not None:
                return _Answer(answer.resource)
            return _Answer(found=await look_for_linked(run, kind, one.case.desired.id, link, _values(run, one.case)))
        except ConnectorError as error:
            await run.stop_by(error, "object")
            return _Answer(error=error)

    met: list[Met] = []
    taken: set[str] = set()  # accounts found under other ids: one cannot belong to two people
    for one, answer in zip(cases, await each(cases, run.behaviour.requests_at_once, read), strict=True):
        if isinstance(answer.found, Ours) and str(answer.found.resource["id"]) in taken:
            answer = _Answer(found=Stranger(str(answer.found.resource["id"])))
        met.append(_met(run, one, answer, verify=verify))
        if met[-1].settled.case.link is not None:
            taken.add(met[-1].settled.case.link.target_id)
    return met


def _met(run: Run, one: Decided, answer: _Answer, *, verify: bool) -> Met:
    case, desired, link = one.case, one.case.desired, _link(one.case)
    deleted = isinstance(one.decision, Delete)
    if answer.error is not None:
        failure = failure_from(answer.error, application=run.application, verb="look up", who=desired.name)
        mapper = run.rules.of(desired.kind).mapper
        step: NextStep = settle_unread(one.decision, failure)
        if step is one.decision:
            case = case._replace(held=mapper.without_disabling(_decode(link.pushed_document)))
        known = in_doubt(run, desired.kind, desired.id, link, deleted=deleted) if verify else None
        return Met(Decided(case, step), known=known)
    resource = answer.found.resource if isinstance(answer.found, Ours) else answer.resource
    if resource is None:
        step = settle_lost(desired, run.rules.of(desired.kind).terms, run.behaviour.vanished)
        if isinstance(step, Look):
            case = Case(desired, None, lost=link)
        return Met(Decided(case, step), found=answer.found)
    if resource.get("id") != link.target_id:
        return _moved(run, one, resource)
    held = ours(resource)
    if not verify:
        return _seen(run, one, held)
    link = replace(link, pushed_hash=links.NOBODY_KNOWS, pushed_document=_encode(held).decode())
    known = in_doubt(run, desired.kind, desired.id, link, deleted=deleted)
    return Met(one._replace(case=case._replace(held=held, link=link)), known=known)


def _seen(run: Run, one: Decided, read: Resource) -> Met:
    """The account as it was read. What it can be found by is written down before it is changed: should its id lead to
    nobody from the next request on, it is looked for by that.
    """
    desired, link = one.case.desired, _link(one.case)
    sent = _decode(link.pushed_document)
    held = run.rules.of(desired.kind).mapper.remembered(read, sent)
    known: LinkRow | None = None
    if _found_by(run, desired.kind, held) != _found_by(run, desired.kind, sent):
        document = _encode(held).decode()
        link = links.in_doubt(replace(link, pushed_document=document))
        known = seen_row(run, desired, link)
    return Met(one._replace(case=one.case._replace(held=held, link=link)), known=known)


def _found_by(run: Run, kind: Kind, document: Resource) -> tuple[object, ...]:
    """What an account that holds this can be found by, in whatever letter case."""
    values = values_held(document, run.matching_paths(kind), run.rules.of(kind).mapper.resource_type)
    return ([(path, fold(value)) for path, value in values.matching], values.external_id)


def _moved(run: Run, one: Decided, resource: Resource) -> Met:
    """The account of the object has another id. A plan leaves the old one."""
    desired, link = one.case.desired, _link(one.case)
    target_id, held = str(resource["id"]), ours(resource)
    document = _encode(held).decode()
    moved = links.in_doubt(replace(link, target_id=target_id, pushed_document=document))
    settled = one._replace(case=one.case._replace(held=held, link=moved))
    if run.is_plan:
        return Met(settled)
    run.ids_changed = True
    said = _MOVED.format(link.target_id, target_id)
    event = Journal(run).done(desired, "other", target_id, matching=said)
    known = in_doubt(run, desired.kind, desired.id, moved, deleted=isinstance(one.decision, Delete))
    return Met(settled, known=known, moved=event)


def _values(run: Run, case: Case) -> Mapped | None:
    """What the account should hold, also for somebody deleted for good."""
    mapped, record = case.desired.mapped, case.record
    return run.values_of_leaver(record) if mapped is None and record is not None else mapped


def _link(case: Case) -> StoredLink:
    assert case.link is not None  # noqa: S101 - only linked objects are read
    return case.link
