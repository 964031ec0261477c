"""The brake: a cycle that would take access from many at once stops before its first write.

Pure. Users disabled or deleted, groups deleted and memberships removed are counted apart, each against what the target
holds of ours. Until accidental-deletion prevention with its own settings exists, these are fixed numbers.
"""

from typing import NamedTuple

from provisor.rules.failure import Failure

MOST_PERCENT = 20
MOST_UNASKED = 10  # of a kind; a small organisation may lose half of its three groups

CODE = "too-many-deletions"


class Amounts(NamedTuple):
    """How many of each kind."""

    users: int = 0
    groups: int = 0
    memberships: int = 0


_WORDS = (
    ("users", "disabled or deleted"),
    ("groups", "deleted"),
    ("memberships", "removed"),
)


def judge(removed: Amounts, held: Amounts, *, allowed: int = 0) -> Failure | None:
    """Why the cycle must not go on; None when it may. `held` is what there was before, `allowed` the number in all
    that a person allowed for this run."""
    if sum(removed) <= allowed:
        return None
    too_many = [
        f"{number} of {of} {noun} would be {verb}"
        for number, of, (noun, verb) in zip(removed, held, _WORDS, strict=True)
        if number > MOST_UNASKED and number * 100 > of * MOST_PERCENT
    ]
    if not too_many:
        return None
    return Failure(
        code=CODE,
        message=f"{' and '.join(too_many)}: more than {MOST_PERCENT} % at once, so nothing more is written.",
        hint=f"See whom with `provisor job plan JOB --details`. If it is meant, `provisor job run JOB --allow-deletes"
        f" {sum(removed)}` lets this through once; if not, put the directory, the assignments or the rules right,"
        " and the next cycle goes on.",
    )
