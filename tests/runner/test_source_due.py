"""When a source is due: asked for, on its interval, and after failures later and later."""

from dataclasses import replace

import pytest

from provisor.engine.source_outcome import UNAUTHORIZED, UNREACHABLE
from provisor.rules.source_settings import CsvSettings
from provisor.runner.source_due import next_run, pause_seconds
from provisor.storage.connected_sources import ConnectedSource, SourceTrouble

SECOND = 1_000_000
NOW = 1_000_000 * SECOND
READ = ConnectedSource(
    id="s",
    name="corp",
    settings=CsvSettings(users="/x"),
    precedence=100,
    schedule_state="Active",
    staging=False,
    interval_seconds=1800,
    deletion_threshold=500,
    cursor="c",
    full_reads=1,
    within_full=False,
    unreadable=False,
    runs=3,
    run_wanted=None,
    allowed=None,
    held=None,
    failures=0,
    failing_since=None,
    error=None,
    last_began_at=NOW - 100 * SECOND,
    last_ended_at=NOW - 90 * SECOND,
    last_full_at=None,
    next_at=None,
)


def failed(times, code=UNREACHABLE, **changes):
    return replace(READ, failures=times, error=SourceTrouble(code=code, message="x"), **changes)


def in_seconds(source):
    due = next_run(source, NOW)
    return None if due is None else (due - NOW) / SECOND


def test_the_next_run_is_an_interval_after_the_previous_one_began():
    assert in_seconds(READ) == 1700


def test_a_run_longer_than_the_interval_is_followed_at_once():
    assert in_seconds(replace(READ, interval_seconds=1)) == -90


def test_a_source_that_was_never_read_is_due_at_once():
    assert next_run(replace(READ, last_began_at=None, last_ended_at=None), NOW) == 0


def test_a_paused_source_is_not_due():
    assert next_run(replace(READ, schedule_state="Paused"), NOW) is None


def test_a_paused_source_that_somebody_asks_for_is_due_at_once():
    assert next_run(replace(READ, schedule_state="Paused", run_wanted="full"), NOW) == 0


@pytest.mark.parametrize("ended", [None, NOW - 200 * SECOND], ids=["never", "before it began"])
def test_a_run_that_a_kill_ended_goes_on_at_once(ended):
    assert next_run(replace(READ, last_ended_at=ended), NOW) == 0


@pytest.mark.parametrize(("times", "seconds"), [(1, 5), (2, 10), (3, 20), (8, 640), (9, 1280), (10, 1800), (99, 1800)])
def test_a_source_that_fails_is_tried_later_and_later_up_to_its_interval(times, seconds):
    assert pause_seconds(failed(times)) == seconds


def test_a_short_interval_does_not_hammer_a_source_that_is_down():
    assert pause_seconds(failed(20, interval_seconds=1)) == 60


def test_a_refused_sign_in_is_not_tried_often_enough_to_lock_the_account():
    assert pause_seconds(failed(1, UNAUTHORIZED)) == 1800
    assert pause_seconds(failed(1, UNAUTHORIZED, interval_seconds=7200)) == 7200


AHEAD = NOW + 365 * 86_400 * SECOND


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"last_began_at": AHEAD, "last_ended_at": AHEAD}, id="a year ahead"),
        pytest.param({"last_ended_at": AHEAD}, id="put ahead while it ran"),
        pytest.param({"next_at": AHEAD}, id="put off by such a clock"),
    ],
)
def test_a_clock_that_was_ahead_holds_nothing_up(changes):
    assert in_seconds(replace(READ, **changes)) <= 1800
    assert in_seconds(replace(failed(1), **changes)) <= 1800
