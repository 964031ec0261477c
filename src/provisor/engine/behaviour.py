"""Faithful or better: the policy values a job runs under (explanation/faithful-or-better.md).

Pure values, not branches: every decision asks the policy that concerns it, not the behaviour's name.
"""

from dataclasses import dataclass
from typing import Literal

NestedGroups = Literal["direct", "flatten"]
"""Who is in a group: its direct members, or everybody in it through any depth of other groups."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDemandLimits:
    """What may be provisioned on demand (spec/provisioning-service.md section 13)."""

    most_members: int
    """Of a group, chosen for one run."""
    runs_in_10_seconds: int | None
    leavers: bool
    """Whether people who are disabled or deleted in the directory can be named."""
    flags: bool
    """Whether a flag in the tenant URL says how changes are written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """One column of the table in explanation/faithful-or-better.md."""

    name: Literal["entra", "provisor"]
    before_update: Literal["read", "trust"]
    """Read the linked object before an update, or trust the document last pushed (and read when in doubt)."""
    before_reference: Literal["check", "trust"]
    """Ask whether a reference is there already before it is written, or trust what was last pushed."""
    unasked_members: Literal["refuse", "drop"]
    """What to do with members of a group that was asked for without them."""
    initial_matching: Literal["look-up", "cheaper"]
    """One filter query per object, or the cheaper of that and listing the target."""
    default_dialect: Literal["classic", "compliant"]
    """The PATCH dialect where the tenant URL names none."""
    requests_per_second: float | None
    requests_at_once: int
    tries: int
    """Of a request that the target answers by asking to wait; then its object fails as TooManyRequests."""
    heal_references: bool
    """Write a member or manager as soon as it gets a target id; otherwise only when its owner changes."""
    rule_change: Literal["initial-cycle", "affected"]
    narrowed_scope: Literal["restart", "next-cycle"]
    """When people who are not assigned lose access once the scope is assigned and no longer all: with a restart (or
    when they change), or with the next cycle."""
    vanished: Literal["fail", "match-again"]
    """What to do with a linked object that the target no longer has."""
    suppress_case_changes: bool
    """Do not send a change of letter case alone to an attribute that is not case-exact."""
    early_retry: bool
    """Try who failed again, before it is due, when a cycle sees that the cause is gone (engine.retry)."""
    failed_removals: Literal["cadence", "hourly"]
    """Try to take access away again as seldom as all else, given up in the end, or every hour until it is done."""
    swaps: Literal["report", "resolve"]
    """What to do when two objects swap a unique name: say that it needs a hand, or go through a free name."""
    test_connection: Literal["two-requests", "thorough"]
    """Ask for a user and a group who do not exist, or try everything that a cycle will use."""
    another_address: Literal["keep", "ask"]
    """When the tenant URL of linked accounts changes: go by their ids there, or have somebody say what is there."""
    forgotten_leavers: Literal["leave", "find"]
    """Where links are forgotten: what becomes of the accounts of those who are not wanted, whom nobody matches. They
    are left as they are, or found by the links that were."""
    change_driven: bool
    """Send changes of the directory when they come, or with the next cycle; a job may say otherwise."""
    flattens: bool
    """Whether a job may take the people of groups within groups for members (spec/provisioning-service.md
    section 5.3 has direct ones)."""
    deletion_limits: bool
    """Stop where too many users, groups or memberships would go, each by a limit of its own (engine.brake)."""
    allowed_deletions: Literal["all", "shown"]
    """What a person who allows held deletions lets through: whatever the next cycle means to take away, or whom they
    were shown."""
    escape_matching_values: bool
    """Escape special characters in a matching value; otherwise such values are refused."""
    on_demand: OnDemandLimits


ENTRA = Behaviour(
    name="entra",
    before_update="read",
    before_reference="check",
    unasked_members="refuse",
    initial_matching="look-up",
    default_dialect="classic",
    requests_per_second=25.0,
    requests_at_once=10,
    tries=3,
    heal_references=False,
    rule_change="initial-cycle",
    narrowed_scope="restart",
    vanished="fail",
    suppress_case_changes=True,
    early_retry=False,
    failed_removals="cadence",
    swaps="report",
    test_connection="two-requests",
    another_address="keep",
    forgotten_leavers="leave",
    change_driven=False,
    flattens=False,
    deletion_limits=False,
    allowed_deletions="all",
    escape_matching_values=False,
    on_demand=OnDemandLimits(most_members=5, runs_in_10_seconds=5, leavers=False, flags=False),
)

PROVISOR = Behaviour(
    name="provisor",
    before_update="trust",
    before_reference="trust",
    unasked_members="drop",
    initial_matching="cheaper",
    default_dialect="compliant",
    requests_per_second=None,
    requests_at_once=64,
    tries=5,
    heal_references=True,
    rule_change="affected",
    narrowed_scope="next-cycle",
    vanished="match-again",
    suppress_case_changes=False,
    early_retry=True,
    failed_removals="hourly",
    swaps="resolve",
    test_connection="thorough",
    another_address="ask",
    forgotten_leavers="find",
    change_driven=True,
    flattens=True,
    deletion_limits=True,
    allowed_deletions="shown",
    escape_matching_values=True,
    on_demand=OnDemandLimits(most_members=100, runs_in_10_seconds=None, leavers=True, flags=True),
)


BEHAVIOURS: dict[str, Behaviour] = {behaviour.name: behaviour for behaviour in (PROVISOR, ENTRA)}


def behaviour_named(name: str) -> Behaviour | None:
    """The behaviour of that name; None when there is none."""
    return BEHAVIOURS.get(name)
