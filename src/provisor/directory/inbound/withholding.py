"""Whether so many may leave at once: a source that answers half, or nothing, must not empty a company.

Pure. Facts: spec/entra-connect.md section 9: with more than the threshold pending, nothing is deleted at all until an
administrator has looked. Beyond Entra: who is missing from a read, or filtered out, was deleted by nobody in so many
words, and is believed only while it is few.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from provisor.directory.objects import DirectoryKind, Refusal

FEW: Final = 5  # this many may always go, however small the directory
MOST_PER_HUNDRED: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class LeavingCount:
    """Of one kind: how many would be deleted; how many of them nobody deleted in so many words, being only missing or
    left out; how many are missing; of how many there were.
    """

    deleted: int
    unexplained: int
    missing: int
    before: int


def withheld(
    source: str, leaving: Mapping[DirectoryKind, LeavingCount], *, threshold: int | None, allowed: int | None
) -> Refusal | None:
    """Why none of them is deleted; None when all may be. `allowed`: so many an administrator lets go."""
    total = sum(one.deleted for one in leaving.values())
    if total == 0 or (allowed is not None and total <= allowed):
        return None
    hint = f"If they really left, let them go with `provisor source allow {source}`; if not, mend the source, then "
    hint += f"`provisor source reject {source}`."
    nothing = f"Nobody who came from the source {source} was deleted"
    for kind, one in leaving.items():
        if one.missing and one.missing == one.before:
            return Refusal(
                code="read-empty",
                message=f"{nothing}: it has no {kind}s any more, of {one.before:,} it had.",
                hint=hint,
            )
        if one.unexplained > FEW and one.unexplained * 100 > one.before * MOST_PER_HUNDRED:
            return Refusal(
                code="read-shrunken",
                message=f"{nothing}: {one.unexplained:,} of {one.before:,} {kind}s are not told of any more, or left "
                f"out; up to {FEW}, or {MOST_PER_HUNDRED} of a hundred, would be believed.",
                hint=hint,
            )
    if threshold is not None and total > threshold:
        return Refusal(
            code="stopped-deletion-threshold-exceeded",
            message=f"{nothing}: {total:,} would be, and the threshold is {threshold:,}.",
            hint=hint,
        )
    return None
