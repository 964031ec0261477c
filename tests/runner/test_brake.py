"""A cycle that would take access from many at once stops before its first write, and after it is put right goes on."""

import pytest

PEOPLE = [f"p{number:02}@x" for number in range(40)]


@pytest.fixture
def world(make_world):
    world = make_world()
    org = world.organisation
    org.users(PEOPLE)
    org.group("Everybody", PEOPLE)
    org.assign(*PEOPLE)
    for number in range(15):
        org.group(f"G{number}")
    org.assign("Everybody", *(f"G{number}" for number in range(15)), kind="group")
    assert world.run().state == "succeeded"
    return world


def unassigned(world):
    world.organisation.unassign("Everybody", kind="group")
    world.organisation.unassign(*PEOPLE[:20])


def disabled(world):
    for name in PEOPLE[:20]:
        world.organisation.change(name, accountEnabled=False)


def deleted(world):
    for name in PEOPLE[:20]:
        world.delete(name)


def purged(world):
    for name in PEOPLE[:20]:
        world.purge(name)


def groups_gone(world):
    world.organisation.unassign(*(f"G{number}" for number in range(15)), kind="group")


def members_gone(world):
    for name in PEOPLE[:20]:
        world.organisation.leave("Everybody", name)


def filtered_out(world):
    rules = world.rules()
    clause = {"sourceOperandName": "displayName", "operatorName": "EQUALS", "targetOperand": {"values": ["p39"]}}
    world.mapping_of(rules)["scope"] = {"groups": [{"name": "one", "clauses": [clause]}]}
    world.save_rules(rules)


WAYS = {one.__name__: one for one in (unassigned, disabled, deleted, purged, groups_gone, members_gone, filtered_out)}


@pytest.mark.fast_rows(2)
@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_written_and_the_numbers_are_told(world, way):
    WAYS[way](world)
    before = world.held()

    summary = world.run(allow_deletes=0)

    assert (summary.state, summary.error.code) == ("failed", "too-many-deletions")
    assert world.writes() == []
    assert world.held() == before


@pytest.mark.fast_rows(2)
@pytest.mark.parametrize("way", WAYS)
def test_it_stops_again_and_again_until_a_person_allows_it_once(world, way):
    WAYS[way](world)
    for _ in range(2):
        assert world.run(allow_deletes=0).state == "failed"

    allowed = world.run(allow_deletes=1_000)

    assert allowed.state == "succeeded"
    if way == "filtered_out":
        assert set(world.held()) == {"p39@x"}
    else:
        assert world.held() == world.wanted()
    assert dict(world.run(allow_deletes=0).requests) == {"GET": 1}


def test_what_is_put_right_in_the_directory_lets_the_next_cycle_go_on(world):
    disabled(world)
    world.run(allow_deletes=0)
    for name in PEOPLE[:20]:
        world.organisation.change(name, accountEnabled=True)

    summary = world.run(allow_deletes=0)

    assert summary.state == "succeeded"
    assert world.writes() == []


def test_an_initial_cycle_that_was_stopped_stays_an_initial_one(world):
    filtered_out(world)
    world.run(allow_deletes=0)

    assert world.run(allow_deletes=1_000).kind == "initial"


def test_those_who_come_are_not_kept_waiting_for_long(world):
    disabled(world)
    world.organisation.user("new@x")
    world.organisation.assign("new@x")

    world.run(allow_deletes=0)
    world.run(allow_deletes=20)

    assert "new@x" in world.held()


def test_people_disabled_long_ago_who_change_do_not_count(world):
    disabled(world)
    world.run(allow_deletes=20)
    for name in PEOPLE[:20]:
        world.organisation.change(name, displayName="Changed")

    assert world.run(allow_deletes=0).state == "succeeded"


def test_what_comes_up_while_the_cycle_runs_is_counted_too(world):
    world.organisation.users([f"q{number}@x" for number in range(3)])
    world.organisation.assign("q0@x", "q1@x", "q2@x")
    for name in PEOPLE[:20]:
        world.organisation.change(name, displayName="Changed")
    world.at("GET", "user", 2, lambda: disabled(world))

    summary = world.run(allow_deletes=0)

    assert summary.error.code == "too-many-deletions"
    assert len(world.held()) >= len(PEOPLE)


def test_a_small_organisation_may_lose_ten(make_world):
    world = make_world()
    world.organisation.users(PEOPLE[:10])
    world.organisation.assign(*PEOPLE[:10])
    world.run()
    world.organisation.unassign(*PEOPLE[:10])

    assert world.run(allow_deletes=0).state == "succeeded"


def test_a_plan_counts_as_the_run_does(world):
    for name in PEOPLE[:10]:
        world.organisation.change(name, accountEnabled=False)
    world.run()
    unassigned(world)
    world.organisation.unassign(*PEOPLE)

    planned = world.plan().brake
    ran = world.run(allow_deletes=0).error

    assert planned.message == ran.message
    assert "30 of 30 users" in ran.message
