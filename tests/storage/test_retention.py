"""What is kept for how long: events by age, cycles and rule sets by number, and nothing that is still asked for."""

from datetime import UTC, datetime, timedelta

import pytest

from provisor.engine.log_event import Facts, encode
from provisor.runner.tidying.sweeping import sweep
from provisor.storage import audit, clock, cycles, jobs, log, objects, retention
from provisor.storage import directory_verbs as verbs
from provisor.storage.authors import Author
from provisor.storage.log import LogQuery, LogRow
from provisor.storage.retention import Retention
from provisor.storage.times import to_microseconds
from provisor.testing.organisation import Organisation

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ANN = Author(id="u1", name="ann", kind="user")
FACTS = encode(Facts(kind="user")).decode()


@pytest.fixture
def believed(database, tenant):
    """The clock is right."""
    with database.transaction() as connection:
        clock.observe(connection, tenant, now=NOW)
        clock.believe(connection, tenant)


def event(tenant, key, days_ago, status="success"):
    at = to_microseconds(NOW - timedelta(days=days_ago))
    return LogRow(key, tenant, 1, "c", at, "create", status, None, "s", "anna", None, FACTS)


def logged(database, tenant, *rows):
    with database.transaction() as connection:
        log.append(connection, rows)


def left(database, tenant):
    return [one.id for one in log.find(database.reader(), LogQuery(tenant=tenant), limit=10_000, oldest_first=True)]


def keep(database, tenant, **kept):
    with database.transaction() as connection:
        retention.save(connection, tenant, Retention(**kept))


def test_section_17_3_events_are_kept_for_30_days(database, tenant, believed):
    ages = (365, 31, 30.01, 29.99, 1, 0)
    logged(database, tenant, *(event(tenant, f"id-{number}", age) for number, age in enumerate(ages)))

    removed = sweep(database, tenant, now=lambda: NOW)

    assert (left(database, tenant), removed["events"]) == (["id-3", "id-4", "id-5"], 3)


@pytest.mark.parametrize(("days", "stay"), [(0, 4), (10, 1), (90, 3), (400, 4)])
def test_a_setting_says_how_many_days(database, tenant, believed, days, stay):
    keep(database, tenant, log_days=days)
    logged(database, tenant, *(event(tenant, f"id-{age}", age) for age in (365, 80, 20, 1)))

    sweep(database, tenant, now=lambda: NOW)

    assert len(left(database, tenant)) == stay


def test_the_newest_event_stays_so_that_its_number_does_not_come_again(database, tenant, believed):
    logged(database, tenant, event(tenant, "id-1", 90), event(tenant, "id-2", 90, "failure"))
    number = log.newest_number(database.reader())

    sweep(database, tenant, now=lambda: NOW)
    logged(database, tenant, event(tenant, "id-3", 0))

    assert left(database, tenant) == ["id-2", "id-3"]
    assert log.newest_number(database.reader()) == number + 1


def test_much_is_removed_in_steps(database, tenant, believed):
    many = retention.STEP * 2 + 10
    logged(database, tenant, *(event(tenant, f"id-{number:05}", 60) for number in range(many)))
    steps = []

    removed = sweep(database, tenant, now=lambda: NOW, stopping=lambda: steps.append(1) or False)

    assert removed["events"] == many - 1
    assert len(steps) >= 4


def test_a_sweep_that_is_told_to_stop_stops_and_the_next_goes_on(database, tenant, believed):
    logged(database, tenant, *(event(tenant, f"id-{number:05}", 60) for number in range(retention.STEP + 10)))
    answers = iter([False, *[True] * 9])

    first = sweep(database, tenant, now=lambda: NOW, stopping=lambda: next(answers))
    second = sweep(database, tenant, now=lambda: NOW)

    assert (first["events"], second["events"]) == (retention.STEP, 9)


def test_nothing_goes_for_its_age_while_the_clock_is_doubted(database, tenant, believed):
    logged(database, tenant, event(tenant, "id-1", 10), event(tenant, "id-2", 1))
    with database.transaction() as connection:
        audit.record(connection, tenant=tenant, author=ANN, activity="b", target="c", now=NOW)

    sweep(database, tenant, now=lambda: NOW + timedelta(days=3_650))

    assert left(database, tenant) == ["id-1", "id-2"]
    assert len(audit.newest(database.reader(), tenant)) == 1


def test_audit_events_are_kept_for_a_year(database, tenant, believed):
    with database.transaction() as connection:
        for days in (366, 364, 0):
            audit.record(
                connection, tenant=tenant, author=ANN, activity=str(days), target="c", now=NOW - timedelta(days=days)
            )

    sweep(database, tenant, now=lambda: NOW)

    assert [one.activity for one in audit.newest(database.reader(), tenant)] == ["0", "364"]


@pytest.fixture
def job(database):
    return Organisation(database, "ciscoUmbrella").job({}).number


def ran(database, job, *states, counters=(), kind="incremental", phase="done", version=1):
    """Cycles that ended so; in `counters` what each did."""
    with database.transaction() as connection:
        for state in states:
            n = cycles.next_number(connection, job)
            cycles.add(
                connection,
                job,
                cycles.Cycle(
                    n=n,
                    id=f"c-{n}",
                    kind=kind,
                    phase=phase,
                    state=state,
                    ruleset_version=version,
                    low=0,
                    high=0,
                    cursor=None,
                    counters=dict(counters),
                    error=None,
                    began_at=n,
                    ended_at=n if phase == "done" else None,
                ),
            )


def numbers(database, job):
    return sorted(cycle.n for cycle in cycles.newest(database.reader(), job, 10_000))


def test_the_last_cycles_are_kept_and_those_that_a_status_asks_for(database, tenant, job, believed):
    keep(database, tenant, cycles=3)
    ran(database, job, "failed")  # 1
    ran(database, job, "succeeded", counters={"user.create": 1})  # 2: with exports
    ran(database, job, "succeeded", "succeeded")  # 3, 4: succeeded
    ran(database, job, "entry-level-errors")  # 5: passed
    ran(database, job, *["failed"] * 5)  # 6 to 10

    sweep(database, tenant, now=lambda: NOW)

    assert numbers(database, job) == [2, 4, 5, 8, 9, 10]


def test_a_cycle_that_is_not_over_stays_however_old(database, tenant, job, believed):
    keep(database, tenant, cycles=1)
    ran(database, job, "running", phase="user")
    ran(database, job, *["failed"] * 5)

    sweep(database, tenant, now=lambda: NOW)

    assert numbers(database, job) == [1, 6]


def test_rule_sets_are_kept_that_are_new_or_that_a_cycle_was_made_by(database, tenant, job, believed):
    keep(database, tenant, rule_sets=2)
    with database.transaction() as connection:
        while jobs.save_rules(connection, job, {}, created_by="me", now=NOW) < 8:
            pass
    ran(database, job, "running", phase="user", version=3)

    sweep(database, tenant, now=lambda: NOW)

    rows = database.reader().all("SELECT version FROM ruleset WHERE job = ? ORDER BY version", (job,))
    assert [version for (version,) in rows] == [3, 7, 8]


def test_an_event_keeps_its_names_when_its_cycle_is_gone(database, tenant, job, believed):
    keep(database, tenant, cycles=1)
    ran(database, job, *["failed"] * 3)
    logged(database, tenant, LogRow("id-1", tenant, job, "c-1", to_microseconds(NOW), "create", "success", None, "s", "a",
                                    None, FACTS))  # fmt: skip
    before = log.read(database.reader(), tenant, "id-1")

    sweep(database, tenant, now=lambda: NOW)

    assert numbers(database, job) == [3]
    assert log.read(database.reader(), tenant, "id-1") == before
    assert before.document["servicePrincipal"]["displayName"] == "Umbrella"


def test_without_a_job_deleted_people_go_after_30_days_and_their_tombstones_after_8_more(database, tenant, believed):
    with database.transaction() as connection:
        anna = verbs.create(connection, tenant, "user", {"userPrincipalName": "anna@fjord.example"}, now=NOW)
        verbs.delete(connection, tenant, anna, now=NOW - timedelta(days=31))

    first = sweep(database, tenant, now=lambda: NOW)
    with database.transaction() as connection:
        clock.observe(connection, tenant, now=NOW + timedelta(days=9))
        clock.believe(connection, tenant)
    second = sweep(database, tenant, now=lambda: NOW + timedelta(days=9))

    assert (first["deletedObjects"], first["tombstones"]) == (1, 0)
    assert second["tombstones"] == 1
    assert objects.read(database.reader(), tenant, anna.id) is None
