"""One user, or one group with chosen members, at once: the work of a cycle, and nothing of anybody else."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from provisor.runner.job_lock import JobBusy, job_lock
from provisor.storage import jobs
from support.on_demand import (
    assert_right_after_cycles,
    back_again,
    binned,
    changed,
    cut_short_in,
    disabled,
    is_right,
    managers,
    new,
    new_and_off,
    new_and_there,
    new_and_twice,
    new_without_name,
    no_create,
    no_update,
    on_demand,
    organisation_of,
    out_of_scope,
    purged,
    refused,
    tried,
    vanished,
)


@pytest.fixture
def settled(make_world):
    """A boss and her people in two groups, all at the target."""
    return organisation_of(make_world)


BEHAVIOURS = ("provisor", "entra")


STEPS = ["import", "determine scope", "match", "perform action"]


def live_state(world):
    """Every row of every table."""
    reader = world.database.reader()
    return {table: sorted(map(repr, reader.all(f"SELECT * FROM {table}"))) for table in sorted(reader.tables())}


def others(world):
    """What the job knows of those it was not asked for, and how far it has come."""
    reader, job = world.database.reader(), world.job.number
    return {
        "job": reader.all("SELECT watermark, full_evaluation, last_cycle, status_code, schedule_state FROM job"),
        "cycles": reader.all("SELECT n, state, phase, cursor, counters, ended_at FROM cycle WHERE job = ?", (job,)),
    }


def nothing(world):
    """As it is."""


OK = "success"


SKIPPED = "skipped"


FAILED = "failure"


ROWS = {
    "3.4 no link, in scope, nobody there": (new, "new@x", "create", "", [OK, OK, OK, OK], ["POST"]),
    "3.4 no link, in scope, nobody there, create off": (
        no_create,
        "new@x",
        "other",
        "TargetActionDisabled",
        [OK, OK, OK, SKIPPED],
        [],
    ),
    "3.4 no link, in scope, one there": (new_and_there, "new@x", "update", "", [OK, OK, OK, OK], ["PATCH"]),
    "3.4 no link, in scope, two there": (
        new_and_twice,
        "new@x",
        "other",
        "DuplicateTargetEntries",
        [OK, OK, FAILED],
        [],
    ),
    "3.4 no link, not in scope": (
        new_without_name,
        "new@x",
        "other",
        "NotInScope",
        [OK, SKIPPED, SKIPPED, SKIPPED],
        [],
    ),
    "3.4 no link, disabled": (
        new_and_off,
        "new@x",
        "other",
        "NotEffectivelyEntitled",
        [OK, SKIPPED, SKIPPED, SKIPPED],
        [],
    ),
    "3.4 link, differs": (changed, "p0@x", "update", "", [OK, OK, OK, OK], ["PATCH"]),
    "3.4 link, equal": (nothing, "p0@x", "other", "RedundantExport", [OK, OK, OK, SKIPPED], []),
    "3.4 link, differs, update off": (no_update, "p0@x", "other", "TargetActionDisabled", [OK, OK, OK, SKIPPED], []),
    "3.4 link, 404 by id": (vanished, "p0@x", "create", "", [OK, OK, OK, OK], ["POST", "PATCH"]),
    "3.4 link, in scope again": (back_again, "p0@x", "update", "", [OK, OK, OK, OK], ["PATCH"]),
    "9.1-2 fails the filter": (out_of_scope, "p0@x", "disable", "", [OK, SKIPPED, OK, OK], ["PATCH"]),
    "9.1-3 in the recycle bin": (binned, "p0@x", "disable", "", [OK, SKIPPED, OK, OK], ["PATCH"]),
    "9.1-4 disabled": (disabled, "p0@x", "disable", "", [OK, SKIPPED, OK, OK], ["PATCH"]),
    "9.1-5 deleted for good": (purged, "p0@x", "delete", "", [OK, SKIPPED, OK, OK], ["DELETE"]),
    "13 refused": (refused, "p0@x", "update", "InvalidValue", [OK, OK, OK, FAILED], ["PATCH"]),
}


RESULTS = {OK: "Success", SKIPPED: "Skipped", FAILED: "Failure"}


@pytest.mark.parametrize(("happens", "name", "action", "code", "steps", "methods"), ROWS.values(), ids=ROWS.keys())
def test_section_13_the_steps_of_every_row(settled, happens, name, action, code, steps, methods):
    happens(settled)

    (told,) = on_demand(settled, name)

    assert [step.name for step in told.steps] == STEPS[: len(steps)]
    assert [step.status for step in told.steps] == steps
    assert (told.result, told.action) == (RESULTS[steps[-1]], action)
    assert told.code == code or (code == "InvalidValue" and told.code)
    assert [one.method for one in settled.target.sent("POST", "PATCH", "DELETE")] == methods


@pytest.mark.parametrize(
    ("happens", "name", "action", "code", "steps"),
    [row[:5] for row in ROWS.values() if row[0] is not refused],
    ids=[name for name, row in ROWS.items() if row[0] is not refused],
)
def test_section_13_a_dry_run_tells_the_same_and_changes_nothing(settled, happens, name, action, code, steps):
    happens(settled)
    before = live_state(settled)

    (told,) = tried(settled, name)

    assert live_state(settled) == before
    assert settled.methods().keys() <= {"GET"}
    assert [step.status for step in told.steps] == steps
    assert (told.action, told.code) == (action, code)


@pytest.mark.parametrize("happens", [row[0] for row in ROWS.values()], ids=ROWS.keys())
def test_section_13_the_cycle_that_follows_finds_everything_right(settled, happens):
    happens(settled)
    name = "new@x" if "new" in {one.partition("@")[0] for one in names(settled)} else "p0@x"
    on_demand(settled, name)

    settled.run()

    if happens is not new_and_twice:
        assert is_right(settled)


def names(world):
    return [row[0] for row in world.database.reader().all("SELECT name FROM object")]


@pytest.mark.parametrize("happens", [row[0] for row in ROWS.values()], ids=ROWS.keys())
def test_section_13_neither_the_watermark_nor_any_cycle_moves(settled, happens):
    happens(settled)
    name = "new@x" if "new@x" in names(settled) else "p0@x"
    before = others(settled)

    on_demand(settled, name)

    assert others(settled) == before


STATES = {
    "never run": {"status_code": "NotRun", "schedule_state": "Disabled"},
    "active": {"status_code": "Active", "schedule_state": "Active"},
    "paused": {"status_code": "Paused", "schedule_state": "Paused"},
    "in quarantine": {"status_code": "Quarantine", "schedule_state": "Active"},
    "disabled after four weeks of it": {"status_code": "Quarantine", "schedule_state": "Disabled"},
}


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
@pytest.mark.parametrize("state", STATES.values(), ids=STATES.keys())
def test_section_13_it_works_in_every_state_of_the_job_and_leaves_it(make_world, behaviour, state):
    world = make_world("scim", scope="all", behaviour=behaviour)
    world.organisation.user("new@x")
    with world.database.transaction() as connection:
        jobs.change(connection, world.job.number, **state)
    before = others(world)

    (told,) = on_demand(world, "new@x")

    assert told.result == "Success"
    assert world.account("new@x")["active"] is True
    assert others(world) == before


def test_it_says_so_when_the_job_goes_on_running(settled):
    changed(settled)
    with job_lock(settled.database.path, settled.job.id), pytest.raises(JobBusy, match="running"):
        on_demand(settled, "p0@x", wait_seconds=0.2)

    assert settled.target.journal == []


def test_it_waits_for_a_cycle_that_ends_in_time(settled):
    changed(settled)
    held, let_go = Event(), Event()

    def hold():
        with job_lock(settled.database.path, settled.job.id):
            held.set()
            let_go.wait(10)

    with ThreadPoolExecutor(2) as crew:
        holder = crew.submit(hold)
        held.wait(10)
        waiting = crew.submit(on_demand, settled, "p0@x", wait_seconds=30)
        let_go.set()
        (told,) = waiting.result(30)
        holder.result(10)

    assert told.result == "Success"


def test_a_dry_run_does_not_wait_for_a_cycle_that_runs(settled):
    changed(settled)

    with job_lock(settled.database.path, settled.job.id):
        (told,) = tried(settled, "p0@x")

    assert told.action == "update"


@pytest.mark.parametrize(
    ("method", "kind", "nth"), [("GET", "user", 1), ("GET", "user", 2), ("POST", "user", 2), ("PATCH", "group", 1)]
)
def test_a_cycle_that_was_cut_short_goes_on_as_if_nothing_had_been(settled, method, kind, nth):
    changed(settled)
    cut_short_in(settled, method, kind, nth)
    before = others(settled)

    (told,) = on_demand(settled, "p0@x")
    sent = settled.writes()
    after = others(settled)

    assert told.result == "Success" or told.code == "RedundantExport"
    assert {name for _, name in sent} <= {"p0@x"}
    assert after == before
    assert_right_after_cycles(settled)


def test_a_group_that_waited_for_the_person_has_them_after_the_next_cycle_though_nothing_else_changed(settled):
    vanished(settled)
    on_demand(settled, "p0@x")
    assert ("Staff", "p0@x") not in settled.target.memberships()

    settled.run()

    assert {("Staff", "p0@x"), ("Crew", "p0@x")} <= settled.target.memberships()
    assert is_right(settled)


def test_who_reports_to_the_person_refers_to_the_new_account_after_the_next_cycle(settled):
    world = settled
    world.target.lose("user", str(world.account("boss@x")["id"]))
    on_demand(world, "boss@x")

    world.run()

    assert {managers(world)[f"p{number}@x"] for number in range(6)} == {"boss@x"}
    assert is_right(world)


def test_a_person_comes_with_their_manager(settled):
    settled.organisation.user("new@x", manager="boss@x")

    (told,) = on_demand(settled, "new@x")

    assert managers(settled)["new@x"] == "boss@x"
    assert told.result == "Success"


def test_a_new_group_comes_with_the_chosen_members_and_the_others_follow(settled):
    settled.organisation.group("New", ["p1@x", "p2@x", "p3@x"])

    told = on_demand(settled, "New", "group", ["p1@x"])
    first = {member for group, member in settled.target.memberships() if group == "New"}
    settled.run()

    assert [one.result for one in told] == ["Success", "Skipped"]
    assert first == {"p1@x"}
    assert {member for group, member in settled.target.memberships() if group == "New"} == {"p1@x", "p2@x", "p3@x"}
    assert is_right(settled)


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_of_a_group_only_the_chosen_members_come_and_go(make_world, behaviour):
    world = make_world("scim", scope="all", behaviour=behaviour)
    org = world.organisation
    org.users([f"p{number}@x" for number in range(6)])
    org.group("Staff", ["p0@x", "p1@x"])
    world.run()
    for joins in ("p2@x", "p3@x"):
        org.join("Staff", joins)
    for leaves in ("p0@x", "p1@x"):
        org.leave("Staff", leaves)

    on_demand(world, "Staff", "group", ["p0@x", "p2@x"])
    first = world.target.memberships()
    world.run()

    assert first == {("Staff", "p1@x"), ("Staff", "p2@x")}
    assert world.target.memberships() == {("Staff", "p2@x"), ("Staff", "p3@x")}


def test_a_chosen_member_without_an_account_gets_one_first(settled):
    new(settled)
    settled.organisation.join("Staff", "new@x")

    told = on_demand(settled, "Staff", "group", ["new@x"])

    assert ("Staff", "new@x") in settled.target.memberships()
    assert [one.action for one in told] == ["update", "create"]
    assert [(one.attribute, one.old, one.new) for one in told[0].changes] == [("members", None, "new@x")]


def test_a_group_for_which_there_is_no_place_waits_and_is_told(make_world):
    world = make_world(scope="all", capacity=1)
    org = world.organisation
    org.users(["a@x"])
    limit = world.template.capacity["group"]
    org.groups([f"g{number:03}" for number in range(limit)])
    world.target = world.new_target()
    world.run()
    org.group("one more", ["a@x"])

    told = [on_demand(world, "one more", "group")[0] for _ in range(2)] + tried(world, "one more", "group")

    assert [(one.result, one.code) for one in told] == [("Skipped", "CapacityReached")] * 3
    assert world.target.sent("POST") == []
