"""Progress in objects: never back, never beyond the total, an estimate only once it means something."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisor.engine.progress import Progress, advance

BEGAN = datetime(2031, 3, 4, 10, tzinfo=UTC)


def progress(**total):
    return Progress(phase="users", began_at=BEGAN, at=BEGAN, total=total)


def after(seconds):
    return BEGAN + timedelta(seconds=seconds)


def test_progress_counts_objects_of_every_kind():
    now = advance(progress(user=80, group=20), after(4), completed={"user": 40, "group": 10}, phase="groups")

    assert now.completed_objects == 50
    assert now.all_objects == 100
    assert now.fraction == 0.5
    assert now.phase == "groups"


def test_a_cycle_without_objects_is_complete():
    assert progress().fraction == 1.0


def test_the_time_left_follows_from_the_pace():
    assert advance(progress(user=100), after(10), completed={"user": 25}).seconds_left == pytest.approx(30)


@pytest.mark.parametrize(("seconds", "done"), [(1.9, 50), (60, 4), (0, 0)], ids=["too early", "too little", "at once"])
def test_no_time_left_is_claimed_while_it_means_nothing(seconds, done):
    assert advance(progress(user=100), after(seconds), completed={"user": done}).seconds_left is None


def test_a_number_that_goes_back_is_ignored():
    now = advance(progress(user=100), after(1), completed={"user": 50})

    assert advance(now, after(2), completed={"user": 10}).completed == {"user": 50}


def test_a_number_beyond_the_total_stops_there():
    assert advance(progress(user=100), after(1), completed={"user": 101}).fraction == 1.0


@given(st.lists(st.dictionaries(st.sampled_from(["user", "group", "other"]), st.integers(-5, 50)), max_size=10))
def test_progress_never_goes_back_nor_beyond(steps):
    now = progress(user=30, group=10)
    for number, step in enumerate(steps):
        later = advance(now, after(number), completed=step)
        assert now.fraction <= later.fraction <= 1.0
        now = later
