"""How far a plan is that is being made: the stages that looking at everybody goes through."""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

StageState = Literal["done", "now", ""]

# By the words in which the runner reports them.
STAGES: Final[Mapping[str, str]] = {
    "planning users": "Users are compared with what the application holds",
    "planning groups": "Groups are compared",
    "planning places for groups": "Groups get the places that the application has",
    "planning memberships": "Memberships are compared",
    "planning references": "Managers are compared",
}


class MakingStage(NamedTuple):
    """One stage, and where it is."""

    words: str
    state: StageState


def stages(phase: str) -> list[MakingStage]:
    """All of them, those before this phase done; none of them begun where it is no stage yet."""
    names = list(STAGES)
    reached = names.index(phase) if phase in STAGES else -1
    return [
        MakingStage(STAGES[name], "done" if number < reached else "now" if number == reached else "")
        for number, name in enumerate(names)
    ]
