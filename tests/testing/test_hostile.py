"""Clients at a target beside strangers: every answer comes, and the server stays as small as it is (see hostile)."""

import pytest

from provisor.testing import hostile


@pytest.mark.slow
def test_every_answer_comes_beside_strangers_of_every_shape():
    result = hostile.attack(seconds=12, seed=7)

    assert result.lost == []
    assert result.said == ""
    assert result.peak_mib <= hostile.LIMIT_MIB
    assert set(result.strangers) == set(hostile.SHAPES)
    assert result.answers > 10 * hostile.CLIENTS


@pytest.mark.parametrize(
    "result",
    [
        hostile.HostileResult(lost=["GET / of client 1: no answer came"]),
        hostile.HostileResult(peak_mib=hostile.LIMIT_MIB + 1),
        hostile.HostileResult(said="Exception in callback"),
    ],
    ids=["answer", "memory", "log"],
)
def test_a_run_fails_for_each_thing_that_must_be(result):
    assert not result.good
    assert hostile.HostileResult().good
