"""From what the directory says to a decision, with as few requests to the target as possible.

Pure. `settle` answers from the link alone or says which look-up is needed; `settle_found` answers after it. The others
are for what may come in between: a failed look-up, an account that is gone, a name that is given up, rules that cannot
disable. The table itself is in decide.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, assert_never

from provisor.engine.decide import (
    IMPORT_SKIPPED,
    AtTarget,
    Create,
    Decision,
    Delete,
    Disable,
    Fail,
    Forget,
    MatchAgain,
    Owner,
    Skip,
    Terms,
    Update,
    decide,
    vanished,
)
from provisor.engine.desired import Desired
from provisor.engine.leavers import Deletion
from provisor.engine.operation import GROUPS, LEAVERS, phase_of
from provisor.rules.failure import Failure
from provisor.rules.mapper import Mapper
from provisor.rules.matching import Ambiguous, Match, Matched, NoMatch

LinkState: TypeAlias = Literal["linked", "released"]


@dataclass(frozen=True, slots=True)
class Look:
    """Ask the target for each (path, value) in turn until one finds something."""

    matching: tuple[tuple[str, str], ...]


_NO_MATCHING_VALUE = Skip(IMPORT_SKIPPED, "None of the matching attributes has a value, so it cannot be found there.")


def settle(
    desired: Desired,
    link: LinkState | None,
    terms: Terms,
    *,
    link_hash: str | None = None,
    insists: bool = False,
    deletion: Deletion | None = None,
) -> Decision | Look:
    """Decide what needs no look-up. `link_hash` is the wanted hash kept with the link, `deletion` what a released
    account waits for.

    `insists` says that a mapping flows at every evaluation, changed or not (FlowAlways). An object that cannot be
    mapped is not written, but a leaver is still disabled: access must not outlive a broken expression.
    """
    if desired.aside is not None:
        return desired.aside
    mapped = desired.mapped
    if link is None:
        if desired.standing != "wanted" or mapped is None:
            return decide(desired.standing, "absent", terms, why=desired.why, name=desired.name)
        if not mapped.matching:
            return _NO_MATCHING_VALUE
        if mapped.failures:
            return Fail(mapped.failures[0])
        return Look(mapped.matching)
    if desired.standing == "wanted" and mapped is not None and mapped.failures:
        return Fail(mapped.failures[0])
    same = desired.wanted_hash != "" and desired.wanted_hash == link_hash and not insists
    if deletion is not None and link == "released" and desired.standing != "wanted":
        return _settle_leaver(desired, deletion, terms)
    return decide(desired.standing, link, terms, why=desired.why, same=same, name=desired.name)


def _settle_leaver(desired: Desired, deletion: Deletion, terms: Terms) -> Decision:
    """Somebody whose account is to be deleted. Back in scope, even if still suspended, they are no leaver any more: the
    account is tracked again, out of use as it is.
    """
    if desired.standing == "suspended" and desired.entitled and desired.verdict.passes:
        return decide("wanted", "released", terms, name=desired.name)
    at_target: AtTarget = "due" if deletion.due else "waiting"
    why = Skip(desired.why.code, f"{desired.why.reason} {deletion}")
    return decide(desired.standing, at_target, terms, why=why, name=desired.name)


def settle_found(
    desired: Desired, found: Match, terms: Terms, *, owners: Mapping[str, Owner], freed: int | None = None
) -> Decision:
    """Decide after the look-up. `owners` maps target ids to the objects of this job linked to them.

    `freed` is the phase of this cycle in which the owner of the one match gives it up.
    """
    if freed is not None and "Add" in terms.actions:
        return Create(freed_in=freed)
    match found:
        case NoMatch():
            return decide(desired.standing, "absent", terms, why=desired.why, name=desired.name)
        case Ambiguous(target_ids):
            return decide(desired.standing, "ambiguous", terms, why=desired.why, name=desired.name, rivals=target_ids)
        case Matched(resource):
            owner = owners.get(str(resource.get("id", "")))
            if owner is not None:
                return decide(desired.standing, "taken", terms, why=desired.why, name=desired.name, owner=owner)
            return decide(desired.standing, "unlinked", terms, why=desired.why, name=desired.name)
        case _:
            assert_never(found)


def settle_lost(desired: Desired, terms: Terms, policy: Literal["fail", "match-again"]) -> Decision | Look | Forget:
    """The target does not know the id of the linked account, nor was the account found by what it holds."""
    step = vanished(desired.standing, desired.name, policy)
    return settle(desired, None, terms) if isinstance(step, MatchAgain) else step


def settle_unread(decision: Decision | Look | Forget, failure: Failure) -> Disable | Fail:
    """The linked account could not be read: the object fails, but a leaver is disabled whatever the account holds."""
    return decision if isinstance(decision, Disable) else Fail(failure)


def settle_able(decision: Decision, desired: Desired, mapper: Mapper) -> Decision:
    """A leaver whom the rules cannot disable fails; otherwise the account would silently stay active."""
    mapped = desired.mapped
    if isinstance(decision, Disable) and mapped is not None and mapped.failures and not mapper.disabled(mapped):
        return Fail(mapped.failures[0])
    return decision


def freed_in(holder: Desired, decision: Decision, *, keeps: bool) -> int | None:
    """The phase of a cycle in which the holder of an account gives up what it is matched by; None when it does not.

    `keeps`: the holder's wanted values match as well.
    """
    match decision:
        case Delete():
            return GROUPS if holder.kind == "group" else LEAVERS
        case Update() | Disable() if holder.mapped is not None and not keeps:
            return LEAVERS if isinstance(decision, Disable) else phase_of("create", holder.kind)
        case _:
            return None
