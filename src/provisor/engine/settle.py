"""From what the directory says to a decision, with as few questions to the target as possible.

Pure. `settle` answers from the link alone or says which look-up is needed; `settle_found` answers after it.
The table itself is in decide.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, assert_never

from provisor.engine.decide import IMPORT_SKIPPED, Decision, Fail, Owner, Skip, Terms, decide
from provisor.engine.desired import Desired
from provisor.rules.matching import Ambiguous, Match, Matched, NoMatch

LinkState: TypeAlias = Literal["linked", "released"]


@dataclass(frozen=True, slots=True)
class Look:
    """Ask the target for each (path, value) in turn until one finds something."""

    matching: tuple[tuple[str, str], ...]


_NO_MATCHING_VALUE = Skip(IMPORT_SKIPPED, "None of the matching attributes has a value, so it cannot be found there.")


def settle(
    desired: Desired, link: LinkState | None, terms: Terms, *, link_hash: str | None = None, insists: bool = False
) -> Decision | Look:
    """Decide what needs no look-up. `link_hash` is the wanted hash kept with the link.

    `insists` says that a mapping flows at every evaluation, changed or not (FlowAlways). Somebody who cannot be mapped
    is not written, but a leaver is disabled all the same: access must not outlive a broken expression.
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
    return decide(desired.standing, link, terms, why=desired.why, same=same, name=desired.name)


def settle_found(desired: Desired, found: Match, terms: Terms, *, owners: Mapping[str, Owner]) -> Decision:
    """Decide after the look-up. `owners` maps target ids to the objects of this job linked to them."""
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
