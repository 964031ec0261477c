"""The decision table, whole: every standing times every state at the target, under every switch that matters."""

from itertools import product
from pathlib import Path

import pytest

from provisor.engine.decide import (
    Create,
    Delete,
    Disable,
    Fail,
    Forget,
    Link,
    MatchAgain,
    Owner,
    Release,
    Skip,
    Terms,
    Update,
    Wait,
    decide,
    vanished,
)
from provisor.engine.decide_table import AT_TARGET, STANDINGS, cells, render_table

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "deciding.md"
WHY = Skip("NotEffectivelyEntitled", "because")
LEAVINGS = ("disable", "delete", "nothing")
LEAVERS = ("disable", "nothing", "delete", "delete-after")

# The table as an administrator would write it down; "why" is the reason for somebody who is not wanted.
COMMON = {
    ("wanted", "absent"): "create",
    ("wanted", "unlinked"): "link",
    ("wanted", "linked"): "update",
    ("wanted", "released"): "reinstate",
    ("wanted", "waiting"): "reinstate",
    ("wanted", "due"): "reinstate",
    ("wanted", "ambiguous"): "DuplicateTargetEntries",
    ("wanted", "taken"): "DuplicateSourceEntries",
    ("gone", "linked"): "delete",
    **{(standing, "waiting"): "wait" for standing in ("suspended", "unentitled", "gone")},
    **{(standing, "due"): "delete now" for standing in ("suspended", "unentitled", "gone")},
}
LEAVING = {
    "disable": {("suspended", "linked"): "disable", ("unentitled", "linked"): "disable and release"},
    "delete": {("suspended", "linked"): "delete", ("unentitled", "linked"): "delete"},
    "nothing": {("suspended", "linked"): "why", ("unentitled", "linked"): "release"},
}
# What a job says of users who leave its scope, where that is not what their rules and the application say anyway.
POLICIES = {
    "disable": {},
    "nothing": {("unentitled", "linked"): "SkipOutOfScopeDeletion"},
    "delete": {("unentitled", "linked"): "delete or disable"},
    "delete-after": {},
}
OUTCOMES = {
    "create": Create(),
    "link": Link(update=True),
    "update": Update(),
    "reinstate": Update(reinstate=True),
    "disable": Disable(release=False),
    "disable and release": Disable(release=True),
    "release": Release(WHY),
    "delete": Delete(),
    "delete now": Delete(),
    "delete or disable": Delete(),
    "wait": Wait(WHY),
    "why": WHY,
}
NEEDED_ACTION = {
    "create": "Add",
    "update": "Update",
    "reinstate": "Update",
    "disable": "Update",
    "disable and release": "Update",
    "delete": "Delete",
}


def expected(standing, at_target, leaving, leavers="disable"):
    key = (standing, at_target)
    return POLICIES[leavers].get(key) or LEAVING[leaving].get(key) or COMMON.get(key) or "why"


def decided(standing, at_target, terms, **more):
    return decide(standing, at_target, terms, why=WHY, name="ana@example.org", **more)


def shown(decision):
    if isinstance(decision, Fail):
        return decision.failure.code
    return decision.code if isinstance(decision, Skip) and decision is not WHY else decision


def all_cells():
    return [(*cell, leaving) for cell, leaving in product(cells(), LEAVINGS)]


def test_the_table_has_32_cells():
    assert len(list(cells())) == 32
    assert len(STANDINGS) == 4
    assert len(AT_TARGET) == 8


@pytest.mark.parametrize("leavers", LEAVERS)
@pytest.mark.parametrize(("standing", "at_target", "leaving"), all_cells())
def test_a_cell_decides(standing, at_target, leaving, leavers):
    outcome = expected(standing, at_target, leaving, leavers)

    decision = decided(standing, at_target, Terms(leaving=leaving, leavers=leavers))

    assert shown(decision) == OUTCOMES.get(outcome, outcome)


@pytest.mark.parametrize("leaving", LEAVINGS)
def test_leavers_that_cannot_be_deleted_are_at_least_taken_out_of_use(leaving):
    terms = Terms(leaving=leaving, leavers="delete", actions=frozenset({"Add", "Update"}))

    decision = decided("unentitled", "linked", terms)

    skipped = {"delete": "TargetActionDisabled", "disable": Disable(release=True), "nothing": Release(WHY)}
    assert shown(decision) == skipped[leaving]


@pytest.mark.parametrize("action", ["Add", "Update", "Delete"])
@pytest.mark.parametrize(("standing", "at_target", "leaving"), all_cells())
def test_an_action_that_is_switched_off_is_skipped(standing, at_target, leaving, action):
    outcome = expected(standing, at_target, leaving)
    terms = Terms(leaving=leaving, actions=frozenset({"Add", "Update", "Delete"}) - {action})

    decision = decided(standing, at_target, terms)

    if (outcome, action) == ("delete now", "Delete"):
        assert isinstance(decision, Wait)
        assert decision.why.code == "TargetActionDisabled"
    elif NEEDED_ACTION.get(outcome) == action:
        assert isinstance(decision, Skip)
        assert decision.code == "TargetActionDisabled"
    elif outcome == "link":
        assert decision == Link(update=action != "Update")
    else:
        assert shown(decision) == OUTCOMES.get(outcome, outcome)


@pytest.mark.parametrize("leavers", LEAVERS)
@pytest.mark.parametrize(("standing", "at_target", "leaving"), all_cells())
def test_skipping_out_of_scope_deletions_keeps_who_is_unentitled_and_linked(standing, at_target, leaving, leavers):
    outcome = expected(standing, at_target, leaving, leavers)
    terms = Terms(leaving=leaving, leavers=leavers, skip_out_of_scope_deletions=True)

    decision = decided(standing, at_target, terms)

    if (standing, at_target) == ("unentitled", "linked"):
        assert isinstance(decision, Skip)
        assert decision.code == "SkipOutOfScopeDeletion"
    elif outcome == "delete now":
        assert isinstance(decision, Wait)
        assert decision.why.code == "SkipOutOfScopeDeletion"
    else:
        assert shown(decision) == OUTCOMES.get(outcome, outcome)


@pytest.mark.parametrize(("standing", "at_target", "leaving"), all_cells())
def test_what_the_target_holds_already_is_not_sent_again(standing, at_target, leaving):
    outcome = expected(standing, at_target, leaving)

    decision = decided(standing, at_target, Terms(leaving=leaving), same=True)

    if outcome in ("update", "disable"):
        assert isinstance(decision, Skip)
        assert decision.code == "RedundantExport"
    else:
        assert shown(decision) == OUTCOMES.get(outcome, outcome)


def test_an_ambiguous_match_names_the_person_and_the_rivals():
    decision = decided("wanted", "ambiguous", Terms(), rivals=("t1", "t2"))

    assert decision.failure.message == "ana@example.org matches 2 objects at the target: t1, t2."


def test_a_taken_match_names_who_has_it():
    decision = decided("wanted", "taken", Terms(), owner=Owner("u9", "bo@example.org"))

    assert "already linked to bo@example.org" in decision.failure.message


@pytest.mark.parametrize("policy", ["fail", "match-again"])
@pytest.mark.parametrize("standing", ["suspended", "unentitled", "gone"])
def test_a_leaver_who_vanished_from_the_target_is_forgotten(standing, policy):
    assert vanished(standing, "ana", policy) == Forget()


def test_somebody_wanted_who_vanished_is_matched_again():
    assert vanished("wanted", "ana", "match-again") == MatchAgain()


def test_entra_fails_for_somebody_wanted_who_vanished():
    decision = vanished("wanted", "ana", "fail")

    assert isinstance(decision, Fail)
    assert decision.failure.code == "InvalidAnchor"


def test_the_reference_page_is_the_table():
    assert PAGE.read_text() == render_table()


def test_a_match_that_belongs_to_somebody_deleted_says_how_to_free_it():
    decision = decided("wanted", "taken", Terms(), owner=Owner("u9", "anna@x", deleted=True))

    assert decision.failure.message.endswith("is already linked to anna@x (u9, deleted).")
    assert "`provisor user purge u9`" in decision.failure.hint
