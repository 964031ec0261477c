"""What the records of one object give it together: each attribute from the source that comes first.

Pure. Source: spec/entra-connect.md section 1 (rules have a precedence; the lower number wins).
"""

from collections.abc import Mapping, Sequence, Set
from typing import Final

from provisor.directory.objects import NAMING, DirectoryValue

# Cleared, the first two would be true: whoever left one source would be let in again by another that says nothing of
# it. A name cannot be cleared. They stay as they were until somebody says otherwise.
NEVER_CLEARED: Final = frozenset({"accountEnabled", "securityEnabled", *NAMING.values()})


def flowed_together(
    records: Sequence[tuple[int, Mapping[str, DirectoryValue]]], before: Set[str]
) -> dict[str, DirectoryValue]:
    """The attributes of an object that its records feed: precedence and what it gives, of each.

    A value of None gives nothing. `before` has the names that were given formerly: those that nobody gives now become
    None. Of equal precedences the lesser value wins, so that the order of records does not matter.
    """
    flowed: dict[str, DirectoryValue] = {}
    won: dict[str, int] = {}
    for precedence, given in records:
        for name, value in given.items():
            if value is None or value == []:
                continue
            best = won.get(name)
            if best is None or precedence < best or (precedence == best and repr(value) < repr(flowed[name])):
                flowed[name] = value
                won[name] = precedence
    return flowed | dict.fromkeys(sorted(before - flowed.keys() - NEVER_CLEARED))
