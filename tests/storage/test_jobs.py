"""Jobs as they are stored, with their rules; tombstones that wait for them; audit events."""

import re
from datetime import timedelta

import pytest

from provisor.storage import audit, feed, jobs, run_requests
from provisor.storage.authors import SERVICE

APPLICATION = "bab6a9a1-6ad0-4a9b-a4a0-3f4f3f6f0c11"


@pytest.fixture
def job(database, tenant, now):
    with database.transaction() as connection:
        return jobs.create(
            connection,
            tenant=tenant,
            application=APPLICATION,
            template="ciscoUmbrella",
            document={"id": "first"},
            created_by="local",
            now=now,
            settings={"scope": "assigned"},
        )


def test_a_job_id_has_the_form_of_graph(job, tenant):
    assert re.fullmatch(rf"ciscoUmbrella\.{tenant.replace('-', '')}\.{APPLICATION}", job.id)


def test_a_new_job_is_disabled_and_not_configured(job):
    assert (job.schedule_state, job.status_code, job.watermark) == ("Disabled", "NotConfigured", None)
    assert job.interval_seconds == 2400


def test_a_job_is_read_as_it_was_created(database, job):
    assert jobs.read(database.reader(), job.number) == job
    assert jobs.all_jobs(database.reader(), job.tenant, APPLICATION) == [job]
    assert jobs.all_jobs(database.reader(), job.tenant, "other") == []


def test_a_change_moves_only_what_it_names(database, job):
    with database.transaction() as connection:
        jobs.change(connection, job.number, watermark=7, full_evaluation=True, settings={"scope": "all"})

    after = jobs.read(database.reader(), job.number)
    assert (after.watermark, after.full_evaluation, after.settings) == (7, True, {"scope": "all"})
    assert after.schedule_state == job.schedule_state


def test_saving_rules_makes_a_new_version_and_keeps_the_old_one(database, job, now):
    with database.transaction() as connection:
        version = jobs.save_rules(connection, job.number, {"id": "second"}, created_by="local", now=now)

    assert version == 2 == jobs.read(database.reader(), job.number).ruleset_version
    assert jobs.rules(database.reader(), job.number, 1) == {"id": "first"}
    assert jobs.rules(database.reader(), job.number, 2) == {"id": "second"}


def test_without_jobs_nobody_waits_for_tombstones(database, tenant):
    with database.transaction() as connection:
        number = feed.next_change(connection, tenant)

    assert jobs.lowest_watermark(database.reader(), tenant) == number


def test_a_job_before_its_initial_cycle_holds_every_tombstone(database, job, tenant):
    assert jobs.lowest_watermark(database.reader(), tenant) is None


def test_the_slowest_job_holds_tombstones(database, job, tenant, now):
    with database.transaction() as connection:
        other = jobs.create(
            connection, tenant=tenant, application="b", template="scim", document={}, created_by="local", now=now
        )
        jobs.change(connection, job.number, watermark=9)
        jobs.change(connection, other.number, watermark=4)

    assert jobs.lowest_watermark(database.reader(), tenant) == 4


def test_audit_events_come_newest_first(database, tenant, now):
    with database.transaction() as connection:
        for minute, activity in enumerate(("first", "second")):
            audit.record(
                connection,
                tenant=tenant,
                author=SERVICE,
                activity=activity,
                target="job",
                now=now + timedelta(minutes=minute),
                detail={"minute": minute},
            )

    events = audit.newest(database.reader(), tenant)
    assert [(event.activity, event.detail) for event in events] == [("second", {"minute": 1}), ("first", {"minute": 0})]


def test_a_job_is_found_by_the_id_that_people_see(database, job):
    assert jobs.by_id(database.reader(), job.id) == job
    assert jobs.by_id(database.reader(), f"{job.id}0") is None


def test_the_number_of_a_deleted_job_is_not_given_out_again(database, job, tenant, now):
    with database.transaction() as connection:
        jobs.delete(connection, job, application_name="Umbrella", now=now)
        later = jobs.create(
            connection, tenant=tenant, application="app", template="scim", document={}, created_by="local", now=now
        )

    assert later.number > job.number


def test_every_table_of_a_job_but_the_log_is_emptied_with_it(database):
    from provisor.storage.jobs import HANGS_OFF

    reader = database.reader()
    of_jobs = {name for name in reader.tables() if "job" in columns(reader, name)}

    assert of_jobs == {*HANGS_OFF, "log_event", "log_facet", "statistic"}


def test_no_table_but_that_of_jobs_holds_the_long_id(database, tenant, now):
    """Graph's id in every row and index was a quarter to a third of what a cycle wrote."""
    reader = database.reader()
    numbered = {
        name: kind for name in reader.tables() for column, kind in columns(reader, name).items() if column == "job"
    }

    assert set(numbered.values()) == {"INTEGER"}


def columns(reader, table):
    return {row[1]: row[2] for row in reader.all(f"PRAGMA table_info({table})")}


def test_who_may_be_due_is_one_query_through_indexes(database, job, now):
    plan = []
    connection = database.reader()
    connection.raw.set_trace_callback(plan.append)
    jobs.scheduled(connection, job.tenant)
    connection.raw.set_trace_callback(None)

    (statement,) = plan
    steps = [row[3] for row in connection.all("EXPLAIN QUERY PLAN " + statement)]
    assert [step for step in steps if step.startswith("SCAN") and "run_request" not in step] == []


@pytest.mark.parametrize(
    ("state", "by_hand", "due"),
    [
        ("Active", None, False),
        ("Active", False, True),
        ("Active", True, True),
        ("Paused", None, None),
        ("Paused", False, None),
        ("Paused", True, True),
        ("Disabled", True, True),
    ],
)
def test_who_may_be_due_is_active_or_asked_for_by_hand(database, job, state, by_hand, due):
    with database.transaction() as connection:
        jobs.change(connection, job.number, schedule_state=state, status_code="NotRun")
        if by_hand is not None:
            run_requests.ask(connection, job.number, at=0, by_hand=by_hand)

    found = [asked for _, asked in jobs.scheduled(database.reader(), job.tenant)]

    assert found == ([] if due is None else [due])


def test_an_answer_is_read_until_it_is_a_day_old(database, job):
    answer = run_requests.RunAnswer(cycles=[3])
    with database.transaction() as connection:
        request = run_requests.ask(connection, job.number, at=0, by_hand=True)
        run_requests.answer(connection, job.number, [request], answer)
        run_requests.ask(connection, job.number, at=1, by_hand=True)
    read = run_requests.answered(database.reader(), job.number, request)
    with database.transaction() as connection:
        run_requests.ask(connection, job.number, at=25 * 3600 * 1_000_000, by_hand=True)

    assert read == answer
    with pytest.raises(LookupError):
        run_requests.answered(database.reader(), job.number, request)
