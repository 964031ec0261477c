"""The table of decide as rows and as Markdown: reference/deciding.md is this text, and the tests walk these rows.

Pure. Nothing is decided here; every cell asks `decide`.
"""

from collections.abc import Iterator
from typing import assert_never, get_args

from provisor.engine.decide import (
    LEAVER_POLICIES,
    AtTarget,
    Create,
    Decision,
    Delete,
    Disable,
    Fail,
    Leaving,
    Link,
    Release,
    Skip,
    Standing,
    Terms,
    Update,
    Wait,
    decide,
)

STANDINGS: tuple[Standing, ...] = get_args(Standing)
AT_TARGET: tuple[AtTarget, ...] = get_args(AtTarget)
_WHY = Skip("…", "")


def cells() -> Iterator[tuple[Standing, AtTarget]]:
    """Every cell of the table, row by row."""
    for standing in STANDINGS:
        for at_target in AT_TARGET:
            yield standing, at_target


def word(decision: Decision) -> str:
    """A decision in the few words of the table."""
    match decision:
        case Create():
            return "create"
        case Link(update):
            return "link, update" if update else "link"
        case Update(reinstate):
            return "update, track again" if reinstate else "update"
        case Disable(release):
            return "disable, release" if release else "disable"
        case Delete():
            return "delete"
        case Release():
            return "release"
        case Wait():
            return "wait"
        case Skip(code):
            return "–" if decision is _WHY else f"skip `{code}`"
        case Fail(failure):
            return f"fail `{failure.code}`"
        case _:
            assert_never(decision)


_TITLES: dict[Leaving, str] = {
    "disable": "Users whose rules map IsSoftDeleted",
    "delete": "Groups, and users of an application that cannot disable accounts",
    "nothing": "Users whose rules do not map IsSoftDeleted",
}


def render_table() -> str:
    """The reference page of the table, in Markdown."""
    lines = [
        "# What is done with an object",
        "",
        "Rows say what the directory wants, columns what the target is known to hold. This page is rendered from"
        " `engine/decide.py`; a test keeps the two equal.",
        "",
        "- **wanted** in scope · **suspended** disabled or in the recycle bin · **unentitled** unassigned or filtered"
        " out · **gone** deleted for good",
        "- **absent** nothing matches · **unlinked** one object matches · **linked** provisioned by this job ·"
        " **released** provisioned once, no longer tracked · **waiting** released, to be deleted on a day to come ·"
        " **due** released, and that day has come · **ambiguous** several match · **taken** the match belongs to"
        " somebody else",
        "- – nothing is sent and nothing is remembered; the log says why",
    ]
    for leaving, title in _TITLES.items():
        lines += ["", f"## {title}", "", *_grid(leaving)]
    lines += [
        "",
        *_leavers(),
        "",
        "## Switches",
        "",
        "| Switch | Effect |",
        "|---|---|",
        "| Create off | *create* becomes skip `TargetActionDisabled` |",
        "| Update off | *update*, *disable* become skip `TargetActionDisabled`; *link, update* becomes *link* |",
        "| Delete off | *delete* becomes skip `TargetActionDisabled`, under *due* wait, and *disable* for leavers that"
        " are to be deleted; the link of somebody *gone* goes, and the account is never deleted, even when Delete is"
        " switched on later |",
        "| skip out-of-scope deletions | unentitled and linked becomes skip `SkipOutOfScopeDeletion`; *due* becomes"
        " *wait* |",
        "| the target holds it already | *update* and *disable* become skip `RedundantExport`;"
        " *disable, release* stays, so that the release is noted |",
        "",
    ]
    return "\n".join(lines)


def _leavers() -> Iterator[str]:
    yield from (
        "## Leavers",
        "",
        "What a job does with *unentitled* users whose accounts are *linked* (`provisor job settings --leavers`)."
        " Groups are deleted whatever it says.",
        "",
        "| | rules map IsSoftDeleted | the application cannot disable | rules do not map it |",
        "|---|---|---|---|",
    )
    for policy in LEAVER_POLICIES:
        words = (
            word(decide("unentitled", "linked", Terms(leaving=leaving, leavers=policy), why=_WHY))
            for leaving in ("disable", "delete", "nothing")
        )
        yield f"| `{policy}` | {' | '.join(words)} |"
    yield ""
    yield (
        "`delete-after` marks who is released while it is set: their column is *waiting*, later *due*. Whoever was"
        " released before stays *released*. Somebody *suspended* who is back in scope is tracked"
        " again, and stays disabled."
    )


def _grid(leaving: Leaving) -> Iterator[str]:
    yield "| | " + " | ".join(AT_TARGET) + " |"
    yield "|---" * (len(AT_TARGET) + 1) + "|"
    for standing in STANDINGS:
        terms = Terms(leaving=leaving)
        outcomes = (word(decide(standing, at_target, terms, why=_WHY)) for at_target in AT_TARGET)
        yield f"| **{standing}** | " + " | ".join(outcomes) + " |"
