"""Whom a new record means: somebody who is in the directory already, or nobody yet.

Pure. Facts: spec/entra-connect.md section 3. A hard match is by the immutable id, whatever else differs, and finds who
is in the recycle bin too; a soft match is by the name of a user or by a mail address, and finds only who is not fed by
a record of the same source. What two would match softly is refused: a wrong guess hands one person another's account.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Joined:
    """The record means this object; `how` is the word for it in logs and previews."""

    object: str
    how: str


@dataclass(frozen=True, slots=True)
class SeveralMeant:
    """It could be any of these objects."""

    objects: tuple[str, ...]


Meant: TypeAlias = Joined | SeveralMeant | None


def meant(
    *, hard: Collection[str], named: Collection[str], addressed: Collection[str], taken: Collection[str]
) -> Meant:
    """Whom a record means, of those with its immutable id, its name, and its addresses; None for nobody.

    `taken` are objects that another record of its source feeds or fed: they are somebody else.
    """
    for how, found in (("hard match", hard), ("soft match by name", named), ("soft match by mail", addressed)):
        free = sorted(set(found) - set(taken))
        if len(free) == 1:
            return Joined(free[0], how)
        if free:
            return SeveralMeant(tuple(free))
    return None
