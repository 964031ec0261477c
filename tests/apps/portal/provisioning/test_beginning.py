"""The provisioning of an application before it has a job, and where it has several."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.roles import ROLES

APP = "Cisco Umbrella User Management"


@pytest.fixture
def bare(admin):
    """An application without a job."""
    application = admin.applications.add(ME, APP, name="Bare").application
    return f"/applications/{application.id}/provisioning"


def test_an_application_without_a_job_is_led_to_get_started(ana, bare):
    page = ana.get(bare)

    assert page.status == 200
    assert "Get started" in page.text
    assert "Provisioning Mode" in page.text
    assert "Automatic" in page.text


def test_get_started_makes_a_job_and_leads_to_its_credentials(ana, bare, admin):
    answer = ana.submit(ana.get(bare), bare, behaviour="entra")

    made = admin.jobs.all(ME)[0].job
    assert answer.location == f"{bare}/{made.id}/settings"
    assert made.behaviour == "entra"
    assert made.schedule_state == "Disabled"
    assert "Provisioning Mode is Automatic" in ana.follow(answer).text


def test_a_behaviour_that_does_not_exist_is_refused_on_the_page(ana, bare, admin):
    answer = ana.submit(ana.get(bare), bare, behaviour="better")

    assert answer.status == 400
    assert "There is no behaviour 'better'" in answer.text
    assert not admin.jobs.all(ME)


def test_an_application_with_one_job_is_led_on_to_it(ana, job):
    assert ana.get(job.provisioning).location == job.path


def test_an_application_with_several_jobs_lists_them(ana, job, admin):
    other = admin.jobs.create(ME, job.application.id).job

    page = ana.get(job.provisioning)

    assert f"{job.provisioning}/{other.id}" in page.document.links
    assert job.path in page.document.links
    assert f"{job.provisioning}?another=yes" in page.document.links


def test_another_job_can_be_added(ana, job, admin):
    page = ana.get(f"{job.provisioning}?another=yes")

    ana.submit(page, job.provisioning, behaviour="provisor")

    assert len(admin.jobs.all(ME)) == 2


@pytest.mark.parametrize("role", ROLES)
def test_only_who_may_make_jobs_is_offered_to(as_role, bare, role):
    page = as_role(role).get(bare)

    may_write = role in ("Global Administrator", "Application Administrator", "Cloud Application Administrator")
    assert (bare in page.document.forms) == may_write
    if role in ("Security Reader", "Plan Approver"):
        assert "is not provisioned yet" in page.text
    if role == "Reports Reader":
        assert page.status == 403
    if role == "Application Owner":
        assert page.status == 404


def test_nobody_makes_a_job_without_the_token_of_the_form(ana, bare, admin):
    assert ana.request("POST", bare, {"behaviour": "provisor"}).status == 403
    assert not admin.jobs.all(ME)


def test_a_reader_who_sends_the_form_all_the_same_is_refused(as_role, ana, bare, admin):
    reader = as_role("Security Reader")
    from provisor.web.sessions import form_token

    token = form_token(next(iter(reader.cookies.values())), bare)

    assert reader.request("POST", bare, {"form_token": token}).status == 403
    assert not admin.jobs.all(ME)
