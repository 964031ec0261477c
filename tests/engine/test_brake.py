"""The brake: users, groups and memberships counted apart; more than a fifth, and more than ten."""

import pytest

from provisor.engine.brake import Amounts, judge

HELD = Amounts(users=100, groups=100, memberships=1000)


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
    assert (judge(removed, held) is not None) is stops


def test_it_says_how_many_of_how_many_and_what_to_do():
    failure = judge(Amounts(users=30, groups=2, memberships=400), HELD)

    assert failure.code == "too-many-deletions"
    assert "30 of 100 users would be disabled or deleted" in failure.message
    assert "400 of 1000 memberships would be removed" in failure.message
    assert "groups" not in failure.message
    assert "--allow-deletes 432" in failure.hint


@pytest.mark.parametrize(("allowed", "stops"), [(0, True), (431, True), (432, False), (10_000, False)])
def test_a_person_may_allow_so_many(allowed, stops):
    assert (judge(Amounts(users=30, groups=2, memberships=400), HELD, allowed=allowed) is not None) is stops
