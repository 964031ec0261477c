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
from provisor.rules.matching import Matched, NoMatch, recheck
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
    """What is to be done about each, now that the target was asked. Raises CycleStopped.

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
    freed = _freed(run, kind, found) if pages is not None else _freed_once_more(run, found)
    settled = [Decided(case, Fail(_special(case.desired.name))) for case in refused]
    for case in asked:
        one = found.get(case.desired.id, NOBODY)
        settled.append(_settled(run, case, one, freed.get(case.desired.id)))
    return settled


def _settled(run: Run, case: Case, one: MatchFound, freed: int | None) -> Decided:
    desired = case.desired
    terms = run.rules.of(desired.kind).terms
    if one.error is not None:
        failure = failure_from(one.error, application=run.application, verb="look up", who=desired.name)
        return Decided(case, Fail(failure))
    if case.lost is not None and (held := _same(case.lost, one)) is not None:
        # It was not gone: a replica was behind. Its link never went, so nobody could leave meanwhile.
        case = case._replace(link=links.in_doubt(case.lost), held=ours(held))
        return Decided(case, _of_linked(case, terms))
    owners = {}
    if one.owner is not None and isinstance(one.match, Matched):
        owners = {str(one.match.resource["id"]): one.owner}
    decision = settle_found(desired, one.match, terms, owners=owners, freed=freed)
    return Decided(case._replace(found=one), decision, lost=case.lost is not None)


def _same(link: StoredLink, found: MatchFound) -> Resource | None:
    """The account that was found, when it is the very one that the link leads to."""
    if isinstance(found.match, Matched) and str(found.match.resource.get("id", "")) == link.target_id:
        return found.match.resource
    return None


def _of_linked(case: Case, terms: Terms) -> Decision:
    """The decision about an object whose account is there after all."""
    assert case.link is not None  # noqa: S101 - the caller gave it
    decision = settle(case.desired, case.link.state, terms)
    assert not isinstance(decision, Look)  # noqa: S101 - who is linked is not looked for
    return decision


def _freed(run: Run, kind: Kind, found: Mapping[str, MatchFound]) -> dict[str, int]:
    """Of those whose match is another's: the phase of this cycle in which that one gives it up."""
    job = run.job
    holders = list({one.holder for one in found.values() if one.holder is not None})
    reads = records.by_ids(run.reader(), application=job.application, job=job.number, ids=holders)
    freed: dict[str, int] = {}
    given: set[str] = set()  # one of them can have it
    for object_id, one in found.items():
        if one.holder is None or one.holder in given or one.holder not in reads:
            continue
        phase = _phase_freeing(run, kind, reads[one.holder], one)
        if phase is not None:
            freed[object_id] = phase
            given.add(one.holder)
    return freed


def _freed_once_more(run: Run, found: Mapping[str, MatchFound]) -> dict[str, int]:
    """The same while the plan is carried out: a holder who met a conflict may give it up when tried once more."""
    holders = {one.holder: object_id for object_id, one in reversed(list(found.items())) if one.holder is not None}
    trying = operations.in_phase(run.reader(), run.job.number, list(holders), ONCE_MORE)
    return {holders[holder]: ONCE_MORE for holder in trying}


def _phase_freeing(run: Run, kind: Kind, read: Read, one: MatchFound) -> int | None:
    record, link = read
    if link is None or not isinstance(one.match, Matched):
        return None
    holder = run.judge(record, linked=True)
    decision = settle(holder, link.state, run.rules.of(kind).terms, link_hash=link.wanted_hash)
    if isinstance(decision, Look):
        return None
    wanted = None if holder.mapped is None else dict(holder.mapped.matching).get(one.path)
    resource_type = run.rules.of(kind).mapper.resource_type
    keeps = wanted is None or not isinstance(recheck([one.match.resource], one.path, wanted, resource_type), NoMatch)
    return freed_in(holder, decision, keeps=keeps)


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
