"""The overview of a job: how it stands, what its cycles did, what waits for a person; and the parts that move."""

from datetime import UTC, datetime, timedelta

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.roles import ROLES
from provisor.engine.ports import Rejected, Unauthorized
from provisor.portal.provisioning.standing import WatchedPace
from provisor.portal.provisioning.words import about
from provisor.runner.job_lock import job_lock
from provisor.runner.serving import serving
from provisor.storage import cycles
from provisor.storage.cycles import Cycle
from provisor.storage.times import to_microseconds

WRITERS = ("Global Administrator", "Application Administrator", "Cloud Application Administrator")


@pytest.fixture
def under_way(database, job, clock):
    """A cycle that runs, with this in its counters."""

    def begin(phase="execute", **counters):
        at = to_microseconds(clock.now())
        shared = {"kind": "initial", "state": "running", "ruleset_version": 1, "low": 0, "high": 0, "cursor": None}
        counted = {name.replace("_", "."): number for name, number in counters.items()}
        cycle = Cycle(
            n=1, id="cycle-1", phase=phase, counters=counted, error=None, began_at=at, ended_at=None, **shared
        )
        number = job.shown.job.number
        with database.transaction() as connection:
            cycles.add(connection, number, cycle)
            connection.execute(
                "UPDATE job SET schedule_state = 'Active', last_began_at = ? WHERE number = ?", (at, number)
            )
        return job_lock(database.path, job.id)

    return begin


def test_a_new_job_says_that_it_is_not_configured_and_leads_to_the_credentials(ana, job):
    page = ana.get(job.path)

    assert "Not configured" in page.text
    assert job.settings in page.document.links
    assert f"{job.path}/start" not in page.document.forms


def test_a_configured_job_that_was_never_started_can_be_started(ana, job):
    page = ana.get(job.configured().path)

    assert "Not started" in page.text
    assert f"{job.path}/start" in page.document.forms
    assert "No cycle has run yet" in page.text


def test_a_started_job_that_nobody_serves_says_so(ana, job, admin):
    admin.jobs.start(ME, job.configured().id)

    assert "No service runs the jobs" in ana.get(job.path).text


def test_a_job_without_anything_to_do_is_idle_and_tells_its_next_cycle(ana, job, admin, database):
    job.configured().ran()
    admin.jobs.start(ME, job.id)
    job.ran()

    with serving(database.path):
        text = ana.get(job.path).text

    assert "Idle" in text
    assert "100 % complete" in text
    assert "Next cycle; every 40 minutes" in text


def test_a_job_whose_cycle_stopped_for_an_approval_does_not_say_that_all_is_done(ana, job, admin, database):
    job.configured().person("anna@contoso.com")
    admin.jobs.settings(ME, job.id, approve_above=0)
    admin.jobs.start(ME, job.id)
    job.ran()

    with serving(database.path):
        text = ana.get(job.path).text

    assert "Waits for approval The last cycle sent nothing" in text
    assert "% complete" not in text


def test_a_paused_job_says_that_it_goes_on_where_it_stopped(ana, job, admin):
    admin.jobs.pause(ME, job.configured().id)

    assert "Paused" in ana.get(job.path).text


def test_a_job_that_is_paused_while_its_cycle_runs_is_stopping(ana, job, admin, under_way):
    with under_way():
        admin.jobs.pause(ME, job.configured().id)

        assert "Stopping" in ana.get(job.path).text


def test_numbers_to_date_are_shown(ana, job):
    job.configured()
    for name in ("anna", "bert"):
        job.person(f"{name}@contoso.com")
    job.ran()

    page = ana.get(job.path)

    assert "2 Users provisioned to date" in page.text
    assert "2 created" in page.text
    assert job.id in page.text


def test_while_a_cycle_plans_the_step_is_told_and_no_share(ana, job, under_way):
    with under_way(phase="group"):
        text = ana.get(job.path).text

    assert "Running" in text
    assert "Step 2 of 6" in text
    assert "planning groups" in text
    assert "% complete" not in text


def test_a_cycle_that_writes_tells_how_far_it_is_in_objects(ana, job, database, under_way):
    job.configured()
    with under_way(user_create=30):
        text = ana.get(job.path).text

    assert "100 % complete" in text
    assert "30 of 30 objects" in text


def test_cycles_are_listed_with_what_they_did_and_lead_to_their_events(ana, job):
    job.configured().person("anna@contoso.com")
    done = job.ran()

    page = ana.get(job.path)

    assert f"/provisioning-logs?application={job.application.id}&cycle={done.id}" in page.document.links
    assert any("initial" in row and "Succeeded" in row for row in page.document.rows)


def test_charts_are_drawn_from_two_cycles_on_and_told_as_tables(ana, job):
    job.configured().person("anna@contoso.com")
    job.ran()
    assert "data-chart" not in ana.get(job.path).html

    job.ran()

    page = ana.get(job.path)
    assert page.html.count("data-chart") == 2
    assert "Cycles by operation" in page.text
    assert "Duration of cycles" in page.text
    assert "Nothing failed in these cycles." in page.text


def test_failures_have_a_chart_and_wait_by_their_cause(ana, job, target):
    job.configured().person("anna@contoso.com")
    target.fail(1, Rejected("Forbidden", status=400, scim_type="invalidValue"), method="POST", times=100)
    job.ran()
    job.ran()

    page = ana.get(job.path)

    assert "What waits for you" in page.text
    assert f"{job.path}/failures" in page.document.links
    assert page.html.count("data-chart") == 3


def test_a_quarantine_tells_why_since_when_and_what_ends_it(ana, job, admin, target):
    target.fail(1, Unauthorized("Refused."), times=100)
    job.configured().person("anna@contoso.com")
    admin.jobs.start(ME, job.id)
    job.ran()

    page = ana.get(job.path)

    assert "In quarantine" in page.text
    assert "% complete" not in page.text
    assert "The request and the answer that caused it" in page.text
    for words in ("EncounteredQuarantineException", "Since", "Next try", "Switched off", "What ends it"):
        assert words in page.text
    assert "provisor job" not in page.text
    assert f"{job.path}/start" in page.document.forms


def test_a_job_that_was_four_weeks_in_quarantine_says_that_it_is_switched_off(ana, job, database, target):
    target.fail(1, Unauthorized("Refused."), times=100)
    job.configured().person("anna@contoso.com")
    job.ran()
    weeks = to_microseconds(datetime.now(UTC) - timedelta(days=29))
    with database.transaction() as connection:
        connection.execute("UPDATE quarantine SET series_began = ?", (weeks,))

    assert "Switched off after four weeks in quarantine" in ana.get(job.path).text


def test_a_plan_that_waits_for_approval_is_pointed_to(ana, job, admin):
    job.configured().person("anna@contoso.com")
    admin.jobs.settings(ME, job.id, approve_above=0)
    job.ran()

    page = ana.get(job.path)

    number = admin.plans.all(ME, job.id)[0].stored.number
    assert f"{job.path}/plans/{number}" in page.document.links


@pytest.mark.parametrize("role", ROLES)
def test_each_role_sees_what_it_may_do(as_role, job, admin, role):
    admin.jobs.start(ME, job.configured().id)

    page = as_role(role).get(job.path)

    writes = role in WRITERS
    if role in ("Reports Reader", "Application Owner"):
        assert page.status in (403, 404)
        return
    assert page.status == 200
    for what in ("start", "stop", "run"):
        assert (f"{job.path}/{what}" in page.document.forms) == (writes and what != "start")
    for what in ("restart", "abort", "delete"):
        assert (f"{job.path}/{what}" in page.document.links) == writes


# What moves by itself


@pytest.fixture
def topic(admin, ana, job, pages):
    """A part that moves, as its window would be shown it."""
    from provisor.portal.provisioning import overview
    from provisor.portal.visits import PortalVisit
    from provisor.web.answers import Arrival

    class Visitor:
        actor = ME

    names = {"application": job.application.id, "job": job.id}
    arrival = Arrival(
        method="GET", path=job.path, names=names, query={}, form={}, fetch_site="", origin="", url="", address="", agent="",
        correlation="", cookie=None, secret="",
    )  # fmt: skip
    visit = PortalVisit(arrival=arrival, admin=admin, browsers=None, visitor=Visitor())
    return lambda part: getattr(overview, f"{part}_topic")(visit)


@pytest.mark.parametrize("part", ["standing", "activity"])
def test_a_part_that_moves_says_the_same_as_the_page(ana, job, topic, part):
    from provisor.web.rendering import Renderer

    job.configured().person("anna@contoso.com")
    job.ran()
    job.ran()

    fragment = Renderer("provisor.portal", static=()).fragment(topic(part).look())

    assert fragment.strip() in ana.get(job.path).html
    assert "<form" not in fragment


def test_activity_is_read_again_when_a_cycle_has_ended(job, topic):
    look = topic("activity").look
    job.configured().ran()
    before = look().values

    assert look().values is before
    job.ran()

    assert len(look().values["history"]) == 2


def test_a_look_at_a_job_takes_milliseconds(job, topic):
    from time import perf_counter

    job.configured().ran()
    look = topic("standing").look
    look()

    began = perf_counter()
    for _ in range(20):
        look()

    assert (perf_counter() - began) / 20 < 0.05


def test_the_time_left_follows_the_pace_that_was_seen():
    pace = WatchedPace()

    assert pace.seconds_left("c", 0, 0, 1000) is None
    assert pace.seconds_left("c", 2, 100, 1000) is None
    assert pace.seconds_left("c", 10, 500, 1000) == pytest.approx(10)
    assert pace.seconds_left("another", 11, 10, 1000) is None


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=5), "less than a minute"),
        (timedelta(seconds=61), "about a minute"),
        (timedelta(minutes=3, seconds=10), "about 3 minutes"),
        (timedelta(minutes=70), "about an hour"),
        (timedelta(hours=5), "about 5 hours"),
        (timedelta(days=3), "about 3 days"),
    ],
    ids=str,
)
def test_a_time_left_is_told_as_exactly_as_it_is_known(span, words):
    assert about(span.total_seconds()) == words
