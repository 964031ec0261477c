"""Who may have which name: userPrincipalNames are unique among live users, whatever their case.

Pure. Names are compared folded (scim.values.fold). Groups may share a displayName in the directory, as in Entra, but
not within one source, where members.csv names them by it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from provisor.directory.objects import NAMING, DirectoryKind, Refusal


def taken(kind: DirectoryKind, name: str, holder_name: str, holder_id: str) -> Refusal:
    """The refusal of a name that somebody else has."""
    same = "" if name == holder_name else f" as {holder_name}"
    return Refusal(
        code="name-taken",
        message=f"the {NAMING[kind]} {name} is already taken{same} by the {kind} {holder_id}.",
        hint=f"Choose another {NAMING[kind]}, or rename or delete the other {kind} first.",
    )


def blank(kind: DirectoryKind) -> Refusal:
    """The refusal of a blank name."""
    return Refusal(
        code="name-blank",
        message=f"A {kind} needs a {NAMING[kind]} that is not blank.",
        hint=f"Give it a {NAMING[kind]}.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One row that wants a folded name, with the object it is about (None: a new one)."""

    row: int
    object: str | None
    wanted: str


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a folded name now."""

    object: str
    name: str


def settle(claims: Sequence[Claim], holders: Mapping[str, Holder]) -> dict[int, Holder]:
    """Which of these claims fail, by row, and who is in the way; chains and swaps of names among them succeed.

    `holders` has the live holder of every name wanted. No two claims want one name (rows of one file are told apart
    before). A claim fails when its name's holder keeps it: because it claims nothing else here, or its claim failed.
    """
    mine = {claim.object: claim for claim in claims if claim.object is not None}
    failed: dict[int, Holder] = {}
    moved = True
    while moved:
        moved = False
        for claim in claims:
            holder = holders.get(claim.wanted)
            if claim.row in failed or holder is None or holder.object == claim.object:
                continue
            other = mine.get(holder.object)
            if other is None or other.row in failed or other.wanted == claim.wanted:
                failed[claim.row] = holder
                moved = True
    return failed
