"""How far a job has come, as another process sees it: from the rows of its cycle and its operations, as they are."""

from datetime import UTC, datetime, timedelta

import pytest

from provisor.admin.status import PHASES, Execution, status_of
from provisor.database.identifiers import new_id
from provisor.storage import cycles, jobs, operations
from provisor.storage.cycles import Cycle
from provisor.storage.operations import PlannedRow
from provisor.storage.times import to_microseconds

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
BEGAN = to_microseconds(NOW - timedelta(minutes=10))
ENDED = to_microseconds(NOW - timedelta(minutes=8))


@pytest.fixture
def shown(world):
    """The status of a job whose newest cycle and whose columns are as given."""

    def make(*, counters=None, phase="execute", ended=None, state="running", held=False, served=False, **changes):
        cycle = Cycle(
            n=1,
            id=new_id(),
            kind="initial",
            phase=phase,
            state=state,
            ruleset_version=1,
            low=-1,
            high=1,
            cursor=None,
            counters=counters or {},
            error=None,
            began_at=BEGAN,
            ended_at=ended,
        )
        with world.database.transaction() as connection:
            cycles.add(connection, world.job.number, cycle)
            jobs.change(connection, world.job.number, **{"last_began_at": BEGAN, "last_ended_at": ended, **changes})
            job = jobs.read(connection, world.job.number)
        return status_of(world.database.reader(), job, held=lambda: held, served=lambda: served, now=NOW)

    return make


def plan(world, *rows):
    """(stage, kind of object, kind of operation) planned in the cycle."""
    with world.database.transaction() as connection:
        operations.plan(
            connection,
            [
                PlannedRow(world.job.number, stage, f"o{number}", 1, kind, "x", operation, 2, "planned")
                for number, (stage, kind, operation) in enumerate(rows)
            ],
        )


def test_progress_is_what_is_done_of_what_is_done_and_planned(shown, world):
    plan(world, (1, "user", "create"), (1, "user", "disable"), (1, "group", "create"))

    status = shown(counters={"user.create": 3, "user.fail": 1, "user.skip": 2, "membership.add": 9}, held=True)

    assert status.progress == [("Users", 6, 8), ("Groups", 0, 1), ("Memberships", 0, 0)]


def test_memberships_and_references_are_not_counted_as_groups_and_people(shown, world):
    plan(world, (2, "group", "members"), (2, "user", "reference"), (2, "user", "reference"))

    status = shown(counters={"user.create": 3, "through.reference": 4}, held=True)

    assert status.progress == [("Users", 3, 3), ("Groups", 0, 0), ("Memberships", 4, 7)]
    assert status.runs.left == {"members": 1, "references": 2}


@pytest.mark.parametrize("phase", PHASES)
def test_a_cycle_under_way_tells_its_phase(shown, phase):
    runs = shown(phase=phase, held=True).runs

    assert (runs.running, runs.phase) == (True, PHASES[phase])


@pytest.mark.parametrize(
    ("state", "phase", "ended", "held", "running", "cut_short"),
    [
        ("running", "execute", None, True, True, False),
        ("running", "execute", None, False, False, True),
        ("failed", "execute", ENDED, False, False, True),
        ("stopped", "user", ENDED, False, False, True),
        ("succeeded", "done", ENDED, False, False, False),
        ("entry-level-errors", "done", ENDED, False, False, False),
        ("abandoned", "done", ENDED, False, False, False),
    ],
    ids=["under way", "killed", "failed", "stopped", "succeeded", "with failures", "abandoned"],
)
def test_a_cycle_is_under_way_or_cut_short_or_over(shown, state, phase, ended, held, running, cut_short):
    runs = shown(state=state, phase=phase, ended=ended, held=held).runs

    assert (runs.running, runs.cut_short) == (running, cut_short)


def test_a_run_that_ended_took_its_time(shown):
    assert shown(state="succeeded", phase="done", ended=ENDED).runs.seconds == 120


def test_of_a_killed_run_nobody_knows_when_it_ended(shown):
    runs = shown(last_ended_at=BEGAN - 1).runs

    assert (runs.last_ended, runs.seconds) == (None, None)


@pytest.mark.parametrize(
    ("served", "state", "held", "expected"),
    [
        (True, "Active", False, NOW + timedelta(minutes=30)),
        (False, "Active", False, None),
        (True, "Paused", False, None),
        (True, "Disabled", False, None),
        (True, "Active", True, None),
    ],
    ids=["served", "not served", "paused", "disabled", "under way"],
)
def test_the_next_start_is_told_when_there_will_be_one(shown, served, state, held, expected):
    runs = shown(served=served, held=held, ended=None if held else ENDED, schedule_state=state).runs

    assert runs.next_start == expected


def test_a_job_that_is_overdue_starts_now(shown):
    runs = shown(served=True, ended=ENDED, schedule_state="Active", interval_seconds=60).runs

    assert runs.next_start == NOW


def test_an_account_that_is_linked_and_changed_by_it_counts_as_exported(make_world):
    world = make_world("scim", scope="all")
    world.target.put("user", {"userName": "anna@x", "displayName": "Other", "active": True})
    world.organisation.user("anna@x")

    world.run()

    (cycle,) = world.cycles()
    assert Execution(cycle=cycle).exported == 1
    assert world.run().counts == {}
