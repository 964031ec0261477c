"""What a job knows stays true: restarts, saved rules and faults of our own that come while a cycle runs."""

import asyncio
from datetime import UTC, datetime

import pytest

from provisor.runner.cycle import run_cycle
from provisor.storage import jobs, resets
from provisor.testing.faults import Killed

PEOPLE = [f"p{number}@x" for number in range(8)]


@pytest.fixture
def world(make_world):
    world = make_world()
    world.organisation.users(PEOPLE)
    world.organisation.assign(*PEOPLE)
    world.organisation.group("Staff", PEOPLE)
    world.organisation.assign("Staff", kind="group")
    return world


def restart(world, scope):
    """As the verb does it (admin.jobs.restart)."""
    now = datetime.now(UTC)
    with world.database.transaction() as connection:
        if scope in ("ConnectorDataStore", "Full"):
            resets.forget_links(connection, world.job.number)
        if scope in ("ConnectorDataStore", "Full", "Watermark"):
            resets.forget_position(connection, world.job.number, now=now)
        if scope in ("Escrows", "Full"):
            resets.forget_failures(connection, world.job.number)


MOMENTS = {
    "while the target is probed": ("GET", "user", 1),
    "while groups are matched": ("GET", "group", 1),
    "at the first user": ("POST", "user", 1),
    "at a later user": ("POST", "user", 5),
    "at the group": ("POST", "group", 1),
    "at the members": ("PATCH", "group", 1),
}


@pytest.mark.fast_rows(4)
@pytest.mark.parametrize("scope", ["Watermark", "ConnectorDataStore", "Full"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_restart_while_a_cycle_runs_is_not_lost(world, moment, scope):
    world.run()
    world.organisation.users(["q0@x"] + [f"q{number}@x" for number in range(1, 6)])
    world.organisation.assign(*(f"q{number}@x" for number in range(6)))
    world.organisation.group("Crew", ["q0@x"])
    world.organisation.assign("Crew", kind="group")
    world.at(*MOMENTS[moment], do=lambda: restart(world, scope))
    during = world.run()

    after = world.run()

    assert "initial" in (during.kind, after.kind)
    assert after.state == "succeeded"
    assert world.held() == world.wanted()
    assert len(world.target.resources("user")) == len(PEOPLE) + 6
    assert dict(world.run().requests) == {"GET": 1}


@pytest.mark.parametrize("scope", ["Watermark", "ConnectorDataStore", "Full"])
def test_nobody_who_left_stays_active_after_a_restart_in_the_middle(world, scope):
    world.at("POST", "user", 5, lambda: restart(world, scope))
    world.run()
    world.run()
    world.organisation.change("p1@x", accountEnabled=False)

    world.run()

    assert world.account("p1@x")["active"] is False


def test_a_restart_ends_the_cycle_that_runs(world):
    world.at("POST", "user", 1, lambda: restart(world, "Watermark"))

    ended = world.run()

    assert (ended.state, ended.error.code) == ("abandoned", "job-restarted")


@pytest.mark.fast_rows(2)
@pytest.mark.parametrize("moment", MOMENTS)
def test_rules_saved_while_a_cycle_runs_are_heeded_by_the_next(world, moment):
    def save():
        rules = world.rules()
        (row,) = [
            one for one in world.mapping_of(rules)["attributeMappings"] if one["targetAttributeName"] == "displayName"
        ]
        row["source"] = {"type": "Constant", "expression": '"Everybody"', "name": "Everybody"}
        world.save_rules(rules)

    world.at(*MOMENTS[moment], do=save)
    world.run()

    world.run()

    names = {one["displayName"] for one in world.target.resources("user").values()}
    assert names == {"Everybody"}


@pytest.mark.fast_rows(2)
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_scope_saved_while_a_cycle_runs_is_heeded_by_the_next(make_world, moment):
    world = make_world(scope="all")
    world.organisation.users(PEOPLE)
    world.organisation.group("Staff", PEOPLE)
    world.organisation.assign("Staff", kind="group")
    world.organisation.leave("Staff", "p7@x")

    def save():
        with world.database.transaction() as connection:
            job = jobs.read(connection, world.job.number)
            settings = {**job.settings, "scope": "assigned"}
            jobs.change(connection, job.number, settings=settings, full_evaluation=True)

    world.at(*MOMENTS[moment], do=save)
    world.run()

    world.run()

    assert "p7@x" not in world.held()


def counters_of(world):
    return {
        name: number
        for name, number in world.cycles()[0].counters.items()
        if not name.startswith(("requests.", "total.", "through."))
    }


@pytest.mark.fast_rows(3)
@pytest.mark.parametrize("nth", range(2, 12))
def test_the_counters_of_a_killed_cycle_lose_and_double_nothing(world, nth):
    world.target.fail(nth, Killed())
    with pytest.raises(Killed):
        world.run()
    world.heal()
    world.run()

    counted = counters_of(world)

    assert counted["user.create"] + counted.get("user.link", 0) == len(PEOPLE)
    assert counted["membership.add"] >= len(PEOPLE)


def test_the_counters_of_a_running_cycle_are_seen_by_others(world):
    seen = []
    world.at("PATCH", "group", 1, lambda: seen.append(counters_of(world)))

    world.run()

    assert seen[0]["user.create"] == len(PEOPLE)
    assert seen[0]["group.create"] == 1


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("kind", ["user", "group"])
def test_a_fault_of_our_own_with_one_object_stops_no_other(world, method, kind):
    if method != "POST":
        world.run()
        if method == "PATCH":
            world.organisation.change("p1@x", displayName="Changed")
            world.organisation.leave("Staff", "p2@x")
        else:
            world.purge("p1@x")
            world.organisation.unassign("Staff", kind="group")
            world.organisation.assign(*PEOPLE)
    world.target.fail(1, ValueError("unforeseen"), method=method, kind=kind)

    first = world.run()
    world.heal()
    last = world.run()

    assert first.state == "entry-level-errors"
    assert "InternalError" in {event.code for event in world.events(status="failure")}
    assert last.state == "succeeded"
    assert world.held() == world.wanted()


def test_somebody_who_cannot_be_judged_stops_no_other(world, monkeypatch):
    from provisor.runner import run

    judge = run.judge

    def faulty(record, *given, **named):
        if record.name == "p3@x":
            raise KeyError("unforeseen")
        return judge(record, *given, **named)

    monkeypatch.setattr(run, "judge", faulty)
    first = world.run()
    monkeypatch.undo()

    last = world.run()

    assert (first.state, first.counts["user.create"]) == ("entry-level-errors", len(PEOPLE) - 1)
    assert last.state == "succeeded"
    assert world.held() == world.wanted()


def test_planning_purges_nobody(world):
    world.run()
    world.delete("p1@x", days_ago=60)

    world.plan()

    assert world.organisation_has("p1@x")


def test_a_clock_ahead_by_a_month_purges_nobody_and_says_so(world):
    world.run()
    world.delete("p1@x", days_ago=1)
    ahead = datetime.now(UTC).replace(year=datetime.now(UTC).year + 1)

    asyncio.run(run_cycle(world.order(now=lambda: ahead)))

    assert world.organisation_has("p1@x")


def test_events_keep_the_name_that_the_application_had(world):
    world.run()
    with world.database.transaction() as connection:
        connection.execute(
            "UPDATE application SET display_name = 'Renamed' WHERE id = ?", (world.organisation.application,)
        )
    world.organisation.change("p1@x", displayName="Changed")
    world.run()

    names = [event.document["targetSystem"]["displayName"] for event in world.events()]

    assert names[0] != "Renamed"
    assert names[-1] == "Renamed"
