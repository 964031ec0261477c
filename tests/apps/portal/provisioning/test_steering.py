"""The buttons of a job: what each does, and that what cannot be undone asks first."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.roles import ROLES
from provisor.storage import run_requests
from provisor.web.sessions import form_token

from .conftest import fields

WRITERS = ("Global Administrator", "Application Administrator", "Cloud Application Administrator")
ACTIONS = ("start", "stop", "run", "abort", "restart", "delete")


@pytest.fixture
def press(ana, job):
    def pressed(what, browser=ana, **more):
        path = f"{job.path}/{what}"
        token = form_token(next(iter(browser.cookies.values())), path)
        return browser.request("POST", path, {"form_token": token, **more})

    return pressed


def test_start_begins_the_initial_cycle(ana, press, job):
    job.configured()

    answer = press("start")

    assert job.shown.job.schedule_state == "Active"
    assert "The initial cycle of all users and groups in scope begins." in ana.follow(answer).text


def test_a_job_without_credentials_is_not_started(press, job):
    answer = press("start")

    assert answer.status == 400
    assert "no credentials" in answer.text
    assert "provisor job" not in answer.text
    assert job.shown.job.schedule_state == "Disabled"


def test_stop_pauses(ana, press, job, admin):
    admin.jobs.start(ME, job.configured().id)

    answer = press("stop")

    assert job.shown.job.schedule_state == "Paused"
    assert "no further cycle begins" in ana.follow(answer).text


def test_run_now_asks_for_a_cycle(press, job, database):
    job.configured()

    assert press("run").location == job.path

    assert len(run_requests.unanswered(database.reader(), job.shown.job.number)) == 1


@pytest.mark.parametrize("what", ["abort", "restart", "delete"])
def test_what_cannot_be_undone_asks_first(ana, job, what):
    page = ana.get(f"{job.configured().path}/{what}")

    assert page.status == 200
    assert f"{job.path}/{what}" in page.document.forms
    assert job.path in page.document.links


def test_abort_pauses(press, job, admin):
    admin.jobs.start(ME, job.configured().id)

    assert press("abort").status == 303

    assert job.shown.job.schedule_state == "Paused"


def test_restart_explains_every_part_and_ticks_the_usual_ones(ana, job):
    page = ana.get(f"{job.configured().path}/restart")

    for part in ("Escrows", "QuarantineState", "Watermark", "ConnectorDataStore", "ForceDeletes", "Full"):
        assert part in page.text
    ticked = {given["value"] for tag, given in page.document.tags if tag == "input" and "checked" in given}
    assert ticked == {"Escrows", "QuarantineState", "Watermark"}


def test_restart_forgets_what_is_ticked(ana, job, admin):
    job.configured().ran()
    path = f"{job.path}/restart"
    given = {**fields(ana.get(path), path), "reset": "Watermark"}

    assert ana.request("POST", path, given).status == 303

    assert job.shown.job.watermark is None
    assert job.shown.job.schedule_state == "Active"


def test_a_restart_that_forgets_nothing_goes_on(press, job, ana):
    job.configured().ran()

    answer = press("restart")

    assert job.shown.job.watermark is not None
    assert "it goes on where it was" in ana.follow(answer).text


def test_a_part_that_does_not_exist_is_refused_on_the_page(press, job):
    job.configured()

    answer = press("restart", reset="Everything")

    assert answer.status == 400
    assert "'Everything' is not part of a reset scope" in answer.text
    assert "Nothing was restarted" in answer.text


def test_delete_says_what_stays_and_deletes(ana, press, job, admin):
    job.configured().person("anna@contoso.com")
    job.ran()
    assert "1 account and 0 groups" in ana.get(f"{job.path}/delete").text

    answer = press("delete")

    assert answer.location == f"/applications/{job.application.id}"
    assert not admin.jobs.all(ME)


@pytest.mark.parametrize("what", ACTIONS)
@pytest.mark.parametrize("role", [role for role in ROLES if role not in WRITERS])
def test_a_role_that_may_not_is_refused(as_role, press, job, admin, role, what):
    admin.jobs.start(ME, job.configured().id)
    before = job.shown

    assert press(what, as_role(role)).status in (403, 404)

    assert job.shown == before


@pytest.mark.parametrize("what", ACTIONS)
def test_nothing_is_done_without_the_token_of_the_form(ana, job, what):
    job.configured()

    assert ana.request("POST", f"{job.path}/{what}", {}).status == 403
