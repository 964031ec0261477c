"""Memberships are cut into requests of bounded size."""

from provisor.engine.references import requests


def test_members_are_cut_into_requests_removals_first():
    found = list(requests(["a1", "a2", "a3"], ["r1", "r2"], 2))

    assert found == [([], ["r1", "r2"]), (["a1", "a2"], []), (["a3"], [])]


def test_nothing_to_change_is_no_request():
    assert list(requests([], [], 100)) == []
