"""Faithful or better: the policy values a job runs under (explanation/faithful-or-better.md).

Pure values, not branches: whoever decides something asks the policy it concerns, never the behaviour's name.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """One column of the table in explanation/faithful-or-better.md."""

    name: Literal["entra", "provisor"]
    before_update: Literal["read", "trust"]
    """Read the linked object before an update, or trust the document last pushed (and read when in doubt)."""
    initial_matching: Literal["look-up", "cheaper"]
    """One filter query per object, or the cheaper of that and listing the target."""
    default_dialect: Literal["classic", "compliant"]
    """The PATCH dialect where the tenant URL names none."""
    requests_per_second: float | None
    requests_at_once: int
    heal_references: bool
    """Write a member or manager as soon as it gains a target id; otherwise only when its owner changes."""
    rule_change: Literal["initial-cycle", "affected"]
    vanished: Literal["fail", "match-again"]
    """What to do with a linked object that the target no longer has."""
    suppress_case_changes: bool
    """Do not send a change of letter case alone to an attribute that is not case-exact."""
    swaps: Literal["report", "resolve"]
    """What to do when two objects swap a unique name: say that it needs a hand, or go through a free name."""
    escape_matching_values: bool
    """Escape special characters in a matching value; otherwise such values are refused."""


ENTRA = Behaviour(
    name="entra",
    before_update="read",
    initial_matching="look-up",
    default_dialect="classic",
    requests_per_second=25.0,
    requests_at_once=10,
    heal_references=False,
    rule_change="initial-cycle",
    vanished="fail",
    suppress_case_changes=True,
    swaps="report",
    escape_matching_values=False,
)

PROVISOR = Behaviour(
    name="provisor",
    before_update="trust",
    initial_matching="cheaper",
    default_dialect="compliant",
    requests_per_second=None,
    requests_at_once=64,
    heal_references=True,
    rule_change="affected",
    vanished="match-again",
    suppress_case_changes=False,
    swaps="resolve",
    escape_matching_values=True,
)


BEHAVIOURS: dict[str, Behaviour] = {behaviour.name: behaviour for behaviour in (PROVISOR, ENTRA)}


def behaviour_named(name: str) -> Behaviour | None:
    """The behaviour of that name; None when there is none."""
    return BEHAVIOURS.get(name)
