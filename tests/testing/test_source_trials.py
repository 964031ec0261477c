"""Sources under fire: the harness passes, and it is red when an old fault comes back."""

import pytest

from provisor.runner.sourcing import deleting, run_source
from provisor.testing.crash.source_trial import attempt_source

SEEDS_A_TEST = 10


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 40, SEEDS_A_TEST))
def test_nobody_is_lost_doubled_or_left_active_whatever_strikes(first, thorough):
    seeds = range(first, first + (SEEDS_A_TEST if thorough else 4))

    assert {seed: problems for seed in seeds if (problems := attempt_source(seed))} == {}


def fails_somewhere(seeds: range) -> bool:
    return any(attempt_source(seed) for seed in seeds)


@pytest.mark.slow
def test_it_is_red_when_what_is_missing_from_a_read_is_believed(monkeypatch):
    monkeypatch.setattr(deleting, "keep_found", lambda connection, run, told: None)

    assert fails_somewhere(range(60))


@pytest.mark.slow
def test_it_is_red_when_who_left_is_not_deleted(monkeypatch):
    monkeypatch.setattr(run_source, "delete_who_left", lambda run, connector: None)

    assert fails_somewhere(range(20))


@pytest.mark.slow
def test_it_is_red_when_references_are_not_followed(monkeypatch):
    monkeypatch.setattr(run_source, "follow", lambda run: None)

    assert fails_somewhere(range(20))
