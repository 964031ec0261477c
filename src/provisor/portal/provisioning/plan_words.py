"""A plan in words: its tiles, what it was made of, why it leaves objects alone, and what of its rows a page shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from provisor.admin.plans import PlanRow, PlanShown
from provisor.engine.brake import HELD, UNMATCHED
from provisor.engine.causes import Cause
from provisor.engine.detail import MEMBERS, Changed, Detail
from provisor.engine.plan import SKIPS, Plan

PlanTone = Literal["good", "warn", "bad", "plain"]

SORTS: Final[Mapping[str, str]] = {
    "create": "Create",
    "update": "Update",
    "link": "Link to an existing account",
    "disable": "Disable",
    "delete": "Delete",
    "members": "Change members",
    "reference": "Set the manager",
    "failure": "Fail",
    "waiting": "Wait",
    "skipped": "Leave alone",
    "stale": "Left out",
}
_TONES: Final[Mapping[str, PlanTone]] = {
    "create": "good",
    "delete": "bad",
    "disable": "warn",
    "failure": "bad",
    "stale": "warn",
    "skipped": "plain",
    "waiting": "plain",
}
_STATES: Final[Mapping[str, tuple[str, PlanTone]]] = {
    "planned": ("Waits for approval", "plain"),
    "approved": ("Approved", "good"),
    "applied": ("Applied", "good"),
    "discarded": ("Discarded", "plain"),
    "expired": ("Expired", "warn"),
}
_KINDS: Final = ("user", "group")
CHANGES_SHOWN: Final = 6


class Tile(NamedTuple):
    """A figure of a plan, and under which sort of rows it is found."""

    sort: str
    words: str
    number: int
    said: str  # of whom: `12 users, 3 groups`


class ShownRow(NamedTuple):
    """A row of a plan: its sort in words, the first of its changes, and how many more there are."""

    row: PlanRow
    words: str
    tone: str
    changes: Sequence[Changed]
    more: int
    come: int  # members
    go: int

    @property
    def detail(self) -> Detail:
        """Who, what and why."""
        return self.row.detail


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftAlone:
    """Why so many would fail or are left alone, for one code; `causes` are those that were seen among the first."""

    code: str
    number: int
    fails: bool
    causes: Sequence[Cause]


def state_of(shown: PlanShown) -> tuple[str, PlanTone]:
    """The state of a plan in words, and how it is coloured."""
    return _STATES[shown.state]


def made_of(shown: PlanShown) -> str:
    """What it was made with."""
    proposed = shown.stored.proposed or {}
    said = {
        "rules": "mappings that were not saved",
        "scope": f"the scope {proposed.get('scope')}",
        "nestedGroups": f"nested groups read as {proposed.get('nestedGroups')}",
    }
    return " and ".join(said[one] for one in said if one in proposed) or "the job as it was"


def tiles(plan: Plan) -> list[Tile]:
    """How many of what; without what there is none of, but for the three that everybody looks for."""
    found: list[Tile] = []
    for sort, words in SORTS.items():
        numbers = [sum(n for (one, what), n in plan.counts.items() if (one, what) == (kind, sort)) for kind in _KINDS]
        if sum(numbers) or sort in ("create", "update", "disable", "delete"):
            said = [f"{n:,} {kind}{'s' * (n != 1)}" for n, kind in zip(numbers, _KINDS, strict=True) if n]
            found += [Tile(sort, words, sum(numbers), ", ".join(said))] if sort in _OPERATIONS else []
    fails = sum(number for code, number in plan.verdicts.items() if code not in SKIPS)
    if fails:
        found.append(Tile("failure", "Fail", fails, "could not be provisioned"))
    if skips := sum(plan.verdicts.values()) - fails:
        found.append(Tile("skipped", "Leave alone", skips, "not in scope, or nothing to do"))
    return found


_OPERATIONS: Final = frozenset({"create", "update", "link", "disable", "delete", "members", "reference"})


def in_short(plan: Plan) -> str:
    """What a plan does, in a line."""
    said = [f"{tile.words.lower()} {tile.number:,}" for tile in tiles(plan) if tile.number]
    return ", ".join(said).capitalize() or "Nothing to do"


def left_alone(plan: Plan, causes: tuple[Sequence[Cause], Sequence[Cause]]) -> list[LeftAlone]:
    """By code, failures first and then the most frequent."""
    every = [*causes[0], *causes[1]]
    found = [
        LeftAlone(
            code=code,
            number=number,
            fails=code not in SKIPS,
            causes=[one for one in every if one.code == code],
        )
        for code, number in plan.verdicts.items()
    ]
    return sorted(found, key=lambda one: (not one.fails, -one.number, one.code))


def shown_row(row: PlanRow, most: int | None = CHANGES_SHOWN) -> ShownRow:
    """A row as a list has it; with `most` None, whole."""
    detail = row.detail
    sort = detail.operation if detail.status == "planned" else detail.status
    members = [one for one in detail.changes if one.attribute == MEMBERS]
    come = sum(one.new is not None for one in members)
    shown = detail.changes if most is None else detail.changes[:most]
    return ShownRow(
        row=row,
        words=SORTS.get(sort, sort.capitalize()),
        tone=_TONES.get(sort, ""),
        changes=shown,
        more=len(detail.changes) - len(shown),
        come=come,
        go=len(members) - come,
    )


def brake_said(plan: Plan) -> str:
    """What a run would do by this plan, where it would not go through; empty where it would."""
    if plan.brake is None:
        return ""
    if plan.brake.code == UNMATCHED:
        return "It cannot be approved"
    return "A cycle would hold these back" if plan.brake.code == HELD else "A cycle would stop before its first write"
