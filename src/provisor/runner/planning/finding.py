"""Finds the counterparts of objects that have no link, or whose account was lost, and decides about them.

Order: finding, an account that is there after all, names that another gives up in this cycle.
"""

from collections.abc import Mapping, Sequence

from provisor.engine.decide import Decision, Fail, Terms
from provisor.engine.operation import ONCE_MORE
from provisor.engine.outcome import failure_from
from provisor.engine.record import Kind
from provisor.engine.settle import Look, freed_in, settle, settle_found
from provisor.rules.failure import Failure
from provisor.rules.matching import Ambiguous, Matched, NoMatch, recheck
from provisor.runner.planning.link_rows import ours
from provisor.runner.planning.matcher import NOBODY, Matcher, MatchFound, Wanted
from provisor.runner.planning.page import Case, Decided
from provisor.runner.run import Run
from provisor.scim.values import Resource
from provisor.storage import links, operations, records
from provisor.storage.links import StoredLink
from provisor.storage.records import Read

_SPECIAL = frozenset('"\\#%&+')


async def find_counterparts(
    run: Run, matcher: Matcher, kind: Kind, cases: Sequence[Case], pages: int | None
) -> list[Decided]:
    """What to do about each, now that the target was asked. Raises CycleStopped.

    `pages`: how many of this length will be asked for in all; None looks each of them up.
    """
    refused = [] if run.behaviour.escape_matching_values else [case for case in cases if _is_special(case)]
    asked = [case for case in cases if case not in refused]
    wanted = [
        Wanted(case.desired.id, case.desired.name, case.desired.mapped.matching)
        for case in asked
        if case.desired.mapped is not None
    ]
    found = await matcher.match(kind, wanted, expected=None if pages is None else len(wanted) * pages)
    freed = _freed(run, kind, wanted, found) if pages is not None else _freed_once_more(run, found)
    return [
        *(Decided(case, Fail(_special(case.desired.name))) for case in refused),
        *(_settled(run, case, found.get(case.desired.id, NOBODY), freed.get(case.desired.id)) for case in asked),
    ]


def _settled(run: Run, case: Case, one: MatchFound, freed: int | None) -> Decided:
    desired = case.desired
    terms = run.rules.of(desired.kind).terms
    if one.error is not None:
        failure = failure_from(one.error, application=run.application, verb="look up", who=desired.name)
        return Decided(case, Fail(failure))
    if case.lost is not None and (held := _same(case.lost, one)) is not None:
        # It was not gone: a replica was behind. Its link was kept, so nobody could leave meanwhile.
        case = case._replace(link=links.in_doubt(case.lost), held=ours(held))
        return Decided(case, _of_linked(run, case, terms))
    owners = {}
    if one.owner is not None and isinstance(one.match, Matched):
        owners = {str(one.match.resource["id"]): one.owner}
    decision = settle_found(desired, one.match, terms, owners=owners, freed=freed)
    return Decided(case._replace(found=one), decision, lost=case.lost is not None)


def _same(link: StoredLink, found: MatchFound) -> Resource | None:
    """The account that was found, if it is the one that the link leads to."""
    if isinstance(found.match, Matched) and str(found.match.resource.get("id", "")) == link.target_id:
        return found.match.resource
    return None


def _of_linked(run: Run, case: Case, terms: Terms) -> Decision:
    """The decision about an object whose account is there after all."""
    assert case.link is not None  # noqa: S101 - the caller gave it
    decision = settle(case.desired, case.link.state, terms, deletion=run.deletion_of(case.link))
    assert not isinstance(decision, Look)  # noqa: S101 - who is linked is not looked for
    return decision


def _freed(run: Run, kind: Kind, wanted: Sequence[Wanted], found: Mapping[str, MatchFound]) -> dict[str, int]:
    """For objects whose match belongs to another object, or whose matches do but for one: the phase of this cycle in
    which the last of them gives it up."""
    job = run.job
    holders = _holders(run, kind, found)
    everybody = list({holder for some in holders.values() for holder in some})
    reads = records.by_ids(run.reader(), application=job.application, job=job.number, nested=run.nested, ids=everybody)
    values = {one.object: dict(one.values) for one in wanted}
    freed: dict[str, int] = {}
    given: set[str] = set()  # one of them can have it
    for object_id, some in holders.items():
        if not given.isdisjoint(some):
            continue
        path = found[object_id].path
        value = values[object_id][path]
        phases = [_phase_freeing(run, kind, reads[one], path, value) if one in reads else None for one in some]
        known = [phase for phase in phases if phase is not None]
        if len(known) == len(some):
            freed[object_id] = max(known)
            given |= some
    return freed


def _holders(run: Run, kind: Kind, found: Mapping[str, MatchFound]) -> dict[str, set[str]]:
    """The objects that the matches of each are linked to, where at most one match is nobody's."""
    several = {key: one.match.target_ids for key, one in found.items() if isinstance(one.match, Ambiguous)}
    ids = [target_id for some in several.values() for target_id in some]
    owners = links.owners(run.reader(), run.job.number, kind, ids)
    holders = {object_id: {one.holder} for object_id, one in found.items() if one.holder is not None}
    for object_id, some in several.items():
        linked = {owners[target_id] for target_id in some if target_id in owners}
        if linked and len(linked) >= len(some) - 1:
            holders[object_id] = linked
    return {object_id: holders[object_id] for object_id in found if object_id in holders}


def _freed_once_more(run: Run, found: Mapping[str, MatchFound]) -> dict[str, int]:
    """The same while the plan is carried out: a holder that met a conflict may give it up when retried."""
    holders = {one.holder: object_id for object_id, one in reversed(list(found.items())) if one.holder is not None}
    trying = operations.in_phase(run.reader(), run.job.number, list(holders), ONCE_MORE)
    return {holders[holder]: ONCE_MORE for holder in trying}


def _phase_freeing(run: Run, kind: Kind, read: Read, path: str, value: str) -> int | None:
    record, link = read
    if link is None:
        return None
    holder = run.judge(record, linked=True)
    terms, deletion = run.rules.of(kind).terms, run.deletion_of(link)
    decision = settle(holder, link.state, terms, link_hash=link.wanted_hash, deletion=deletion)
    if isinstance(decision, Look):
        return None
    wanted = None if holder.mapped is None else dict(holder.mapped.matching).get(path)
    mapper = run.rules.of(kind).mapper
    keeps = wanted is None or not isinstance(
        recheck([mapper.put({}, path, value)], path, wanted, mapper.resource_type), NoMatch
    )
    return freed_in(holder, decision, keeps=keeps)


def _is_special(case: Case) -> bool:
    """Whether a matching value holds what Entra cannot filter on (spec/provisioning-service.md section 4)."""
    mapped = case.desired.mapped
    return mapped is not None and any(not _SPECIAL.isdisjoint(value) for _, value in mapped.matching)


def _special(name: str) -> Failure:
    return Failure(
        code="UnprocessableEntity",
        message=f"{name} cannot be looked up: a matching value contains one of {' '.join(sorted(_SPECIAL))}.",
        hint="Change the value, match by another attribute, or let the job behave like Provisor, which escapes it.",
    )
