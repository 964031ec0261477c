"""The brakes: limits for users, groups and memberships apart, and the one threshold of section 12."""

import pytest

from provisor.engine.brake import (
    NONE,
    OFF,
    Amounts,
    DeletionLimit,
    DeletionLimits,
    WhyMany,
    because,
    judge,
    judge_threshold,
    limits_of,
    read_limit,
    threshold_of,
)

HELD = Amounts(users=100, groups=100, memberships=1000)
USUAL = DeletionLimits()


@pytest.mark.parametrize(
    ("removed", "held", "stops"),
    [
        pytest.param(Amounts(), Amounts(), False, id="nothing of nothing"),
        pytest.param(Amounts(users=20), HELD, False, id="a fifth of the users"),
        pytest.param(Amounts(users=21), HELD, True, id="more than a fifth of the users"),
        pytest.param(Amounts(groups=21), HELD, True, id="of the groups"),
        pytest.param(Amounts(memberships=200), HELD, False, id="a fifth of the memberships"),
        pytest.param(Amounts(memberships=201), HELD, True, id="more of the memberships"),
        pytest.param(Amounts(users=20, groups=20, memberships=200), HELD, False, id="each within its own"),
        pytest.param(Amounts(users=10), Amounts(users=10), False, id="ten of ten"),
        pytest.param(Amounts(users=11), Amounts(users=11), True, id="eleven of eleven"),
        pytest.param(Amounts(users=11), Amounts(users=55), False, id="eleven, a fifth"),
        pytest.param(Amounts(users=11), Amounts(users=54), True, id="eleven, more than a fifth"),
    ],
)
def test_what_is_too_much_at_once(removed, held, stops):
    assert (judge(removed, held, USUAL) is not None) is stops
    assert judge(removed, held, NONE) is None


@pytest.mark.parametrize(
    ("limit", "removed", "held", "stops"),
    [
        ("5", 5, 1000, False),
        ("5", 6, 1000, True),
        ("5%", 50, 1000, False),
        ("5%", 51, 1000, True),
        ("5%", 1, 1, True),
        ("0", 1, 1000, True),
        ("0", 0, 1000, False),
        ("off", 1000, 1000, False),
        ("20%+10", 11, 11, True),
        ("20%+10", 10, 10, False),
        ("100%", 1000, 1000, False),
    ],
)
def test_a_limit_is_a_number_a_part_or_both(limit, removed, held, stops):
    assert read_limit(limit).exceeded(removed, held) is stops


@pytest.mark.parametrize("text", ["20%+10", "20%", "10", "off", "0", "0%"])
def test_a_limit_is_written_as_it_is_read(text):
    assert str(read_limit(text)) == text


@pytest.mark.parametrize("text", ["", "many", "-1", "101%", "20%+", "20%+10%", "10+10", "1.5", "²", "1" * 10, "%"])
def test_what_is_no_limit_is_refused(text):
    with pytest.raises(ValueError, match="is no limit"):
        read_limit(text)


@pytest.mark.parametrize(
    ("settings", "limits"),
    [
        ({}, USUAL),
        ({"deletionLimits": {"users": "off"}}, DeletionLimits(users=OFF)),
        ({"deletionLimits": {"groups": "5"}}, DeletionLimits(groups=DeletionLimit(None, 5))),
        ({"deletionLimits": {"users": "nonsense", "memberships": 7}}, USUAL),
        ({"deletionLimits": None}, USUAL),
    ],
)
def test_what_is_not_set_has_its_default(settings, limits):
    assert limits_of(settings) == limits


@pytest.mark.parametrize(
    ("settings", "threshold"),
    [
        ({}, None),
        ({"deletionThreshold": 7}, None),
        ({"preventAccidentalDeletions": True}, 500),
        ({"preventAccidentalDeletions": True, "deletionThreshold": 7}, 7),
        ({"preventAccidentalDeletions": False, "deletionThreshold": 7}, None),
    ],
)
def test_section_12_the_threshold_is_off_until_it_is_switched_on_and_500_without_a_number(settings, threshold):
    assert threshold_of(settings) == threshold


@pytest.mark.parametrize(("number", "threshold", "trips"), [(500, 500, False), (501, 500, True), (9_999, None, False)])
def test_section_12_more_than_the_threshold_trips(number, threshold, trips):
    failure = judge_threshold(number, threshold)

    assert (failure is not None) is trips
    if failure is not None:
        assert failure.code == "TooManyDeletes"
        assert failure.message.startswith("501 users and groups would be disabled or deleted, more than the threshold")


def test_it_says_in_one_sentence_how_many_of_how_many_and_why_and_beside_it_what_to_do():
    why = WhyMany("source", 30, "hr", 60)

    failure = judge(Amounts(users=30, groups=2, memberships=400), HELD, USUAL, why=why)

    assert failure is not None
    assert failure.code == "too-many-deletions"
    assert failure.message == (
        "30 of 100 users would be disabled or deleted, more than 20 % and more than 10 and 400 of 1,000 memberships"
        " would be removed, more than 20 % and more than 10, because 30 of 60 users of the source hr were deleted:"
        " nothing is written."
    )
    assert "`provisor job deletions JOB allow`" in failure.hint


def test_what_is_done_already_counts_and_is_told():
    failure = judge(Amounts(users=21), HELD, USUAL, taken=Amounts(users=20))

    assert failure is not None
    assert "(20 of them were, since the last full cycle)" in failure.message
    assert failure.message.endswith("nothing more is written.")


def test_what_is_done_stops_nothing_that_takes_nothing_away():
    assert judge(Amounts(users=30), HELD, USUAL, taken=Amounts(users=30)) is None


@pytest.mark.parametrize(
    ("why", "said"),
    [
        (WhyMany("source", 2, "hr", 4), "2 of 4 users of the source hr were deleted"),
        (WhyMany("group-deleted", 3, "Staff"), "the group Staff, by which 3 of them were assigned, was deleted"),
        (WhyMany("group-unassigned", 3, "Staff"), "is not assigned any more"),
        (WhyMany("group-left", 3, "Staff"), "3 of them left the group Staff"),
        (WhyMany("group-loses", 3, "Staff"), "the group Staff would lose 3 of its members"),
        (WhyMany("disabled", 3), "3 of them are disabled in the directory"),
        (WhyMany("rules", 3, version=7), "the rules were changed (version 7), and 3 of them are not in scope any more"),
        (WhyMany("mapping", 3), "the mappings make 3 accounts inactive"),
        (WhyMany("scope", 3), "3 of them are not in scope any more"),
    ],
)
def test_every_cause_has_its_words(why, said):
    assert said in because(why)
