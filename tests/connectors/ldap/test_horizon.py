"""Up to which moment of the server's time a read has seen everything."""

from datetime import UTC, datetime, timedelta

import pytest

from provisor.connectors.ldap.horizon import OVERLAP, Horizon, Sighting, moment_of, written

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    def __init__(self):
        self.now = NOON

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def seconds(number):
    return timedelta(seconds=number)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("20260301120000Z", NOON),
        ("202603011200Z", NOON),
        ("2026030112Z", NOON),
        ("20260301120000.25Z", NOON + timedelta(milliseconds=250)),
        ("20260301130000+0100", NOON),
        ("20260301113000-0030", NOON),
        ("20261301120000Z", None),
        ("yesterday", None),
        (None, None),
    ],
)
def test_a_generalized_time_is_a_moment(text, moment):
    assert moment_of(text) == moment


def test_a_moment_is_written_in_whole_seconds():
    assert written(NOON + timedelta(milliseconds=999)) == "20260301120000Z"


def test_what_was_seen_after_a_while_proves_that_much_less(clock):
    sighting = Sighting(clock)
    clock.now += seconds(30)

    sighting.saw(NOON + seconds(20))

    assert sighting.bound == NOON - seconds(10)


def test_the_servers_clock_may_be_behind_ours_by_any_time(clock):
    sighting = Sighting(clock)

    sighting.saw(NOON - timedelta(days=400))

    assert sighting.after_all(None).since == NOON - timedelta(days=400) - OVERLAP


def test_a_time_in_the_future_is_not_believed(clock):
    sighting = Sighting(clock)

    sighting.saw(NOON + timedelta(days=400), NOON)

    assert sighting.after_all(None).since == NOON - OVERLAP


def test_without_any_time_there_is_no_horizon(clock):
    assert Sighting(clock).after_all(None) is None


def test_a_read_that_another_process_began_is_bounded_by_that_one(clock):
    sighting = Sighting(clock)
    sighting.saw(NOON)

    assert sighting.after_all(NOON - seconds(3600)).since == NOON - seconds(3600) - OVERLAP


def test_something_newer_moves_the_horizon(clock):
    before = Horizon(since=NOON - seconds(100), latest=NOON - seconds(90), noted=NOON - seconds(90))
    sighting = Sighting(clock)
    sighting.saw(NOON)

    assert sighting.after_changes(before) == Horizon(since=NOON - OVERLAP, latest=NOON, noted=NOON)


def test_what_rests_for_long_enough_is_seen_for_good(clock):
    before = Horizon(since=NOON - seconds(100), latest=NOON - seconds(90), noted=NOON - OVERLAP)

    assert Sighting(clock).after_changes(before).since == NOON - seconds(89)


def test_what_was_seen_a_moment_ago_is_looked_at_again(clock):
    before = Horizon(since=NOON - seconds(6), latest=NOON - seconds(1), noted=NOON - seconds(1))

    assert Sighting(clock).after_changes(before) == before
