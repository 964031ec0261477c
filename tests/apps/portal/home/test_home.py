"""The first page: jobs at a glance, figures, first steps; who sees what of it."""

import re
from datetime import timedelta

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.notification import Notification
from provisor.admin.roles import ROLES
from provisor.engine.ports import Rejected
from provisor.portal.home import glance
from provisor.portal.visits import PortalVisit
from provisor.web.answers import Arrival
from provisor.web.rendering import Renderer
from provisor.web.sessions import form_token

APP = "Cisco Umbrella User Management"
HOSTILE = ["<script>alert(1)</script>", "\"'><b>", "\u05d0\u05d1\u05d2 \u0645\u0631\u062d\u0628\u0627", "n" * 120]
SEES_JOBS = {role for role, rights in ROLES.items() if "job.read" in rights.permissions}


def test_a_new_service_says_what_to_do_first(root):
    page = root.get("/")

    assert "No application yet" in page.text
    assert "0 of 9 done" in page.text
    assert {"/import", "/applications/new", "/take-over", "/first-steps/object-guid"} <= set(page.document.links)


def test_figures_of_the_directory_lead_to_their_lists(root, admin, directory):
    admin.users.delete(ME, "dora@x.example")

    page = root.get("/")

    assert "3 people 1 group 1 in the recycle bin" in page.text
    assert {"/users", "/groups", "/users/deleted"} <= set(page.document.links)


def test_a_job_says_how_it_is_and_what_it_did(root, provisioned):
    page = root.get("/")

    assert provisioned.page in page.document.links
    assert "Succeeded" in page.text
    assert "2 users, 1 group" in page.text
    assert "When the service runs" in page.text


def test_an_application_without_a_job_asks_to_be_set_up(root, admin):
    added = admin.applications.add(ME, APP).application.id

    page = root.get("/")

    assert "Not provisioned" in page.text
    assert f"/applications/{added}/provisioning" in page.document.links


def test_missing_credentials_wait_for_somebody(root, application):
    page = root.get("/")

    assert "Tenant URL and Secret Token are missing" in page.text
    assert f"{application.page}/settings" in page.document.links


@pytest.mark.parametrize(
    ("days", "words"), [(40, None), (30, "The credentials expire on"), (-1, "The credentials expired on")]
)
def test_credentials_that_expire_soon_are_told(root, admin, configured, clock, days, words):
    expiry = (clock.now() + timedelta(days=days)).date().isoformat()
    admin.credentials.save(ME, APP, {"TokenExpiration": expiry})

    text = root.get("/").text

    assert ("The credentials expire" in text) == (words is not None)
    assert (words or "") in text


def test_a_plan_that_nobody_decided_about_waits_until_a_cycle_has_run(root, admin, configured):
    admin.applications.assign(ME, APP, groups=["Staff"])
    plan = admin.plans.make(ME, APP).stored.number
    assert f"{configured.page}/plans/{plan}" in root.get("/").document.links

    admin.cycles.run(ME, APP)

    assert f"{configured.page}/plans/{plan}" not in root.get("/").document.links


def test_a_plan_that_was_discarded_waits_no_longer(root, admin, configured):
    admin.applications.assign(ME, APP, groups=["Staff"])
    plan = admin.plans.make(ME, APP).stored.number
    admin.plans.discard(ME, plan)

    assert "waits for a decision" not in root.get("/").text


def test_failures_that_are_tried_again_are_counted(root, admin, configured, target):
    target.fail(1, Rejected("It was refused.", status=400), method="POST")
    admin.applications.assign(ME, APP, users=["anna@x.example"])
    admin.cycles.run(ME, APP)

    page = root.get("/")

    assert "1 failure tried again from time to time" in page.text
    assert f"{configured.page}/failures" in page.document.links


def test_quarantine_is_shown_with_its_reason(root, admin, provisioned):
    admin.escrow.quarantine(ME, APP)

    page = root.get("/")

    assert "In quarantine" in page.text
    assert "An administrator asked for it." in page.text


def test_a_job_that_was_switched_off_says_so(root, admin, provisioned):
    admin.jobs.pause(ME, APP)

    text = root.get("/").text

    assert "Off" in text
    assert "When Provisioning Status is On" in text


@pytest.mark.parametrize("role", [role for role in ROLES if role != "Application Owner"])
def test_every_role_has_a_first_page_that_shows_what_it_may_see(browser_of, provisioned, role):
    browser = browser_of(role)
    page = browser.get("/")

    assert page.status == 200
    assert (APP in page.text) == (role in SEES_JOBS)
    assert ("First steps" in page.text) == ("job.write" in ROLES[role].permissions)
    assert ("recycle bin" in page.text) == ("directory.read" in ROLES[role].permissions)
    assert ("/take-over" in page.document.links) == ("application.create" in ROLES[role].permissions)


def test_who_sees_no_jobs_is_shown_the_other_pages(browser_of, provisioned):
    page = browser_of("Reports Reader").get("/")

    assert "What you can see here" in page.text
    assert {"/provisioning-logs", "/audit-logs", "/report"} <= set(page.document.links)


@pytest.mark.parametrize("owns", [APP, None])
def test_an_owner_sees_the_own_applications_alone(browser_of, admin, provisioned, owns):
    admin.applications.add(ME, "Generic SCIM 2.0", name="Another")

    page = browser_of("Application Owner", owns=owns).get("/")

    assert (APP in page.document.text.replace("Add " + APP, "")) == (owns is not None)
    assert "Another" not in page.text


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_stays_text(root, admin, directory, name):
    admin.applications.add(ME, "Generic SCIM 2.0", name=name)

    page = root.get("/")

    assert name in page.text
    assert "<script>alert" not in page.html
    assert "'><b>" not in page.html


# What moves by itself


def visit_of(admin, actor):
    arrival = Arrival(
        method="GET", path="/home/jobs", names={}, query={}, form={}, fetch_site="", origin="", url="", address="192.0.2.7",
        agent="", correlation="", cookie=None, secret="",
    )  # fmt: skip
    return PortalVisit(arrival=arrival, admin=admin, browsers=None, visitor=type("Visitor", (), {"actor": actor}))


def actor_of(admin, name):
    return admin.authentication.acting_as(name)


def test_who_sees_the_same_jobs_shares_a_topic_and_others_do_not(admin, make_account, provisioned):
    for name, role in (("a@x", "Global Administrator"), ("b@x", "Security Reader"), ("c@x", "Reports Reader")):
        make_account(name, roles=(role,))
    keys = [glance.seen(actor_of(admin, name)) for name in ("a@x", "b@x", "c@x")]

    assert keys[0] == keys[1] != keys[2]


def test_a_window_whose_roles_changed_is_ended(admin, make_account, provisioned):
    make_account("a@x", roles=("Global Administrator",))
    make_account("b@x", roles=("Global Administrator",))
    topic = glance.topic(visit_of(admin, actor_of(admin, "a@x")))
    assert topic.look().values["jobs"][0].name == APP

    admin.accounts.set(ME, "a@x", roles=("Reports Reader",))

    with pytest.raises(LookupError):
        topic.look()


def test_a_window_of_who_sees_no_job_follows_nothing(browser_of, provisioned):
    assert browser_of("Reports Reader").get("/home/jobs").status == 204


def test_the_part_that_moves_is_the_same_within_the_page_and_by_itself(admin, root, provisioned):
    actor = actor_of(admin, "globaladministrator@contoso.com")
    renderer = Renderer("provisor.portal", static=("icon.svg",))

    assert renderer.fragment(glance.topic(visit_of(admin, actor)).look()) in root.get("/").html


# First steps


def done(page):
    return re.search(r"(\d) of 9 done", page.text)[1]


def test_steps_tick_themselves_off_one_by_one(root, admin, directory):
    counted = [done(root.get("/"))]
    admin.applications.add(ME, APP)
    admin.jobs.create(ME, APP)
    counted.append(done(root.get("/")))
    admin.applications.assign(ME, APP, groups=["Staff"])
    counted.append(done(root.get("/")))
    admin.jobs.save_credentials(ME, APP, url="https://umbrella.example/scim", token="a-token")
    counted.append(done(root.get("/")))
    admin.cycles.test_connection(ME, APP)
    counted.append(done(root.get("/")))
    admin.jobs.settings(ME, APP, notification=Notification(recipients=("ops@x.example",), enabled=True))
    counted.append(done(root.get("/")))
    admin.jobs.start(ME, APP)
    counted.append(done(root.get("/")))
    admin.cycles.run(ME, APP)
    counted.append(done(root.get("/")))

    assert counted == ["1", "2", "3", "3", "4", "5", "6", "7"]


@pytest.mark.parametrize(("mark", "page"), [("mappings", "/mappings/users"), ("logs", None)])
def test_opening_a_page_from_here_ticks_its_step_off(root, provisioned, mark, page):
    before = root.get("/")
    assert done(before) == "6"

    answer = root.submit(before, f"/first-steps/marks/{mark}")

    assert answer.location == (f"{provisioned.page}{page}" if page else "/provisioning-logs")
    assert done(root.get("/")) == "7"


def test_steps_that_were_dismissed_are_gone_for_this_account_alone(root, browser_of, provisioned):
    page = root.get("/")

    assert "are not shown any more" in root.follow(root.submit(page, "/first-steps/marks/dismissed")).text
    assert "First steps" not in root.get("/").text
    assert "First steps" in browser_of("Application Administrator").get("/").text


def test_an_unknown_mark_is_not_there_and_one_without_its_token_refused(root, directory):
    root.get("/")

    assert root.request("POST", "/first-steps/marks/logs", {}).status == 403
    (secret,) = root.cookies.values()
    token = {"form_token": form_token(secret, "/first-steps/marks/others")}
    assert root.request("POST", "/first-steps/marks/others", token).status == 404
