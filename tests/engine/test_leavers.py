"""What is done with leavers: the setting, what an application can bear, and what an account waits for."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from provisor.engine.decide import LEAVER_POLICIES, Terms
from provisor.engine.leavers import DEFAULT, Leavers, deletion, leavers_of, settings_of, unbearable

LEFT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
AFTER_30 = Leavers("delete-after", 30)


@pytest.mark.parametrize("leavers", [*(Leavers(one) for one in LEAVER_POLICIES[:3]), AFTER_30], ids=str)
def test_a_setting_is_read_as_it_was_kept(leavers):
    assert leavers_of(settings_of(leavers)) == leavers


def test_a_job_that_says_nothing_does_as_entra_does():
    assert leavers_of({}) == DEFAULT == Leavers("disable")
    assert settings_of(DEFAULT) == {}


# What a job can do: leavers are disabled by an update of what IsSoftDeleted is mapped to, and deleted by a deletion.
CANNOT = {
    ("disable", "delete", "all"),
    ("disable", "nothing", "all"),
    ("delete-after", "delete", "all"),
    ("delete-after", "nothing", "all"),
    *(("disable", leaving, "no Update") for leaving in ("disable", "delete", "nothing")),
    *(("delete-after", leaving, "no Update") for leaving in ("disable", "delete", "nothing")),
    ("disable", "delete", "no Delete"),
    ("disable", "nothing", "no Delete"),
    *(("delete", leaving, "no Delete") for leaving in ("disable", "delete", "nothing")),
    *(("delete-after", leaving, "no Delete") for leaving in ("disable", "delete", "nothing")),
}
ACTIONS = {"all": set(), "no Update": {"Update"}, "no Delete": {"Delete"}}


@pytest.mark.parametrize(
    ("policy", "leaving", "actions"), list(product(LEAVER_POLICIES, ("disable", "delete", "nothing"), ACTIONS))
)
def test_what_a_job_cannot_do_with_leavers_is_told_with_what_to_do(policy, leaving, actions):
    terms = Terms(leaving=leaving, actions=frozenset({"Add", "Update", "Delete"} - ACTIONS[actions]))

    problem = unbearable(Leavers(policy, 30), terms, "Umbrella")

    assert (problem is not None) == ((policy, leaving, actions) in CANNOT)
    assert problem is None or all(part.endswith(".") for part in problem)


@pytest.mark.parametrize(
    ("leavers", "days", "trusted", "state"),
    [
        (AFTER_30, 29.99, True, "waiting"),
        (AFTER_30, 30, True, "due"),
        (AFTER_30, 400, True, "due"),
        (AFTER_30, -400, True, "waiting"),  # the clock was put back since
        (AFTER_30, 29.99, False, "waiting"),
        (AFTER_30, 30, False, "doubted"),
        (Leavers("delete-after", 29), 29, True, "due"),  # the number was changed since
        (Leavers("delete-after", 31), 30, True, "waiting"),
        (Leavers("delete"), 1, True, "due"),
        (Leavers("delete"), 1, False, "due"),  # at once, by no clock
        (Leavers("delete"), -400, True, "due"),
    ],
)
def test_an_account_waits_until_its_day_by_a_clock_that_is_trusted(leavers, days, trusted, state):
    found = deletion(leavers, LEFT, LEFT + timedelta(days=days), trusted=trusted)

    assert found is not None
    assert (found.due, found.doubted) == (state == "due", state == "doubted")


@pytest.mark.parametrize("leavers", [Leavers("disable"), Leavers("nothing")], ids=str)
def test_nobody_waits_where_leavers_are_not_deleted(leavers):
    assert deletion(leavers, LEFT, LEFT + timedelta(days=400), trusted=True) is None


def test_who_was_not_remembered_is_never_deleted():
    assert deletion(AFTER_30, None, LEFT + timedelta(days=400), trusted=True) is None


def test_a_sentence_says_when_the_account_is_deleted_and_why_not_yet():
    waits = deletion(AFTER_30, LEFT, LEFT, trusted=True)
    doubted = deletion(AFTER_30, LEFT, LEFT + timedelta(days=90), trusted=False)

    assert str(waits) == (
        "The account will be deleted on 2026-12-24, 30 days after it was disabled, unless they return."
    )
    due = deletion(AFTER_30, LEFT, LEFT + timedelta(days=90), trusted=True)
    assert "`provisor clock show`" in str(doubted)
    assert str(due) == "The account was disabled on 2026-11-24 and is to be deleted now, 30 days later."
