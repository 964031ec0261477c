"""A run on demand that is killed, or not answered, at any point: the next cycle loses and doubles nothing."""

from datetime import UTC, datetime

import pytest

from provisor.engine.ports import Unreachable
from provisor.testing.faults import Killed
from support.on_demand import (
    assert_right_after_cycles,
    changed,
    cut_short_in,
    disabled,
    is_right,
    is_unnoticed,
    new,
    new_and_there,
    on_demand,
    organisation_of,
    vanished,
)


@pytest.fixture
def settled(make_world):
    """A boss and her people in two groups, all at the target."""
    return organisation_of(make_world)


SITUATIONS = {
    "a new person with a manager": ([new], "new@x", "user", ()),
    "an account that is gone": ([vanished], "p0@x", "user", ()),
    "a boss whose account is gone": (
        [lambda world: world.target.lose("user", str(world.account("boss@x")["id"]))],
        "boss@x",
        "user",
        (),
    ),
    "a change": ([changed], "p0@x", "user", ()),
    "a leaver": ([disabled], "p0@x", "user", ()),
    "a link to an account that is there": ([new_and_there], "new@x", "user", ()),
    "a new group": (
        [lambda world: world.organisation.group("New", ["p1@x", "p2@x", "p3@x"])],
        "New",
        "group",
        ("p1@x", "p2@x"),
    ),
    "a member who is new": (
        [new, lambda world: world.organisation.join("Staff", "new@x")],
        "Staff",
        "group",
        ("new@x",),
    ),
    "a group that is gone": (
        [lambda world: world.target.lose("group", str(world.target.by_name("group", "Staff")["id"]))],
        "Staff",
        "group",
        ("p1@x",),
    ),
}


FAST = ("a new person with a manager", "an account that is gone", "a member who is new")
PARAMETERS = [
    pytest.param(*values, id=name, marks=() if name in FAST else pytest.mark.slow)
    for name, values in SITUATIONS.items()
]
POINTS = [(nth, after_effect) for nth in range(1, 8) for after_effect in (False, True)]


@pytest.mark.test_rows(9)
@pytest.mark.parametrize(
    "cut_short",
    [False, pytest.param(True, marks=pytest.mark.slow)],
    ids=["between cycles", "beside a cycle that was cut short"],
)
@pytest.mark.parametrize(("happens", "name", "kind", "members"), PARAMETERS)
def test_killed_at_any_request_the_next_cycle_loses_and_doubles_nothing(
    make_world, happens, name, kind, members, cut_short, thorough
):
    for nth, after_effect in POINTS if thorough else POINTS[1::3]:
        world = organisation_of(make_world)
        if cut_short:
            cut_short_in(world, "POST", "user", 2)
        for one in happens:
            one(world)
        world.target.fail(nth, Killed(), after_effect=after_effect)
        try:
            on_demand(world, name, kind, members)
        except Killed:
            pass
        world.heal()
        if is_unnoticed(world, name, kind):
            continue

        assert_right_after_cycles(world, nth, after_effect)


@pytest.mark.test_rows(5)
@pytest.mark.parametrize(("happens", "name", "kind", "members"), PARAMETERS)
def test_killed_between_any_two_steps_the_next_cycle_loses_and_doubles_nothing(
    make_world, happens, name, kind, members
):
    reached = 0
    for nth in range(1, 60):
        world = organisation_of(make_world)
        for one in happens:
            one(world)
        left = [nth]

        def clock(left=left):
            left[0] -= 1
            if left[0] == 0:
                raise Killed
            return datetime.now(UTC)

        try:
            on_demand(world, name, kind, members, now=clock)
        except Killed:
            reached = nth
        world.heal()
        if is_unnoticed(world, name, kind):
            continue

        assert_right_after_cycles(world, nth)
        if reached < nth:
            break
    assert 0 < reached < 59


@pytest.mark.test_rows(18)
@pytest.mark.parametrize("nth", range(2, 7))
@pytest.mark.parametrize(("happens", "name", "kind", "members"), PARAMETERS)
def test_an_answer_that_is_lost_is_looked_for_by_the_next_cycle(make_world, happens, name, kind, members, nth):
    world = organisation_of(make_world)
    for one in happens:
        one(world)
    world.target.fail(nth, Unreachable("reset"), after_effect=True)

    on_demand(world, name, kind, members)
    world.heal()

    if not is_unnoticed(world, name, kind):
        assert_right_after_cycles(world, nth)


def test_what_an_earlier_run_had_sent_for_the_person_is_looked_for_first(settled):
    new(settled)
    settled.target.fail(1, Killed(), method="POST", after_effect=True)
    with pytest.raises(Killed):
        on_demand(settled, "new@x")

    (told,) = on_demand(settled, "new@x")

    assert settled.target.sent("POST") == []
    assert told.result in ("Success", "Skipped")
    assert is_right(settled)


@pytest.fixture
def killed_on_the_way(settled):
    """Two accounts were found to be gone, and the run was killed before the second could be created."""
    vanished(settled)
    settled.target.lose("group", str(settled.target.by_name("group", "Staff")["id"]))
    settled.target.fail(1, Killed(), method="POST")
    with pytest.raises(Killed):
        on_demand(settled, "Staff", "group", ["p0@x"])
    settled.heal()
    return settled


def test_a_plan_after_a_killed_run_holds_what_is_owed(killed_on_the_way):
    killed_on_the_way.plan()

    planned = {(one.operation, one.name) for one in killed_on_the_way.planned() if one.status == "planned"}
    assert {("create", "Staff"), ("create", "p0@x")} <= planned


def test_a_cycle_after_a_killed_run_does_what_is_owed(killed_on_the_way):
    assert_right_after_cycles(killed_on_the_way)
