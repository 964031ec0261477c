"""The guided pilot: one or two people are chosen, looked at, provisioned, and nobody else is touched."""

from urllib.parse import parse_qs, urlsplit

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.roles import ROLES
from provisor.engine.ports import Unreachable
from provisor.web.sessions import form_token

APP = "Cisco Umbrella User Management"
RUNS = {role for role, rights in ROLES.items() if "job.run" in rights.permissions}
HOSTILE = ["<script>alert(1)</script>", "\"'><b>", "\u05d0\u05d1\u05d2", "n" * 254]


@pytest.fixture
def at(configured):
    return lambda page, *ids: (
        f"/first-steps/{configured.id}/{configured.job}/{page}" + (f"?chosen={','.join(ids)}" if ids else "")
    )


def accounts(target):
    return sorted(one["userName"] for one in target.resources("user").values())


def test_the_pilot_goes_from_an_application_to_an_outcome(root, admin, configured, directory, target, at):
    page = root.get("/first-steps")
    assert at("people") in page.document.links

    page = root.get(f"{at('people')}?search=ann")
    link = next(one for one in page.document.links if one and "chosen=" in one)
    page = root.get(link)
    assert parse_qs(urlsplit(link).query)["chosen"] == [directory["anna"]]

    plan = root.follow(root.submit(page, at("people")))
    assert "One person was assigned" in plan.text
    assert "Would be provisioned" in plan.text
    assert "userName nothing anna@x.example" in plan.text
    assert accounts(target) == []

    outcome = root.follow(root.submit(plan, at("plan")))
    assert "anna@x.example was provisioned." in outcome.text
    assert "Create Success" in outcome.text
    assert {f"/applications/{configured.id}/users-and-groups/add", f"{configured.page}/plans"} <= set(
        outcome.document.links
    )
    assert accounts(target) == ["anna@x.example"]


def test_whom_one_chose_stays_chosen_while_one_searches_for_another(root, directory, at):
    page = root.get(f"{at('people', directory['anna'])}&search=bo")

    assert page.document.forms[at("people")]["chosen"] == directory["anna"]
    assert any(f"{directory['anna']}%2C{directory['bo']}" in (link or "") for link in page.document.links)


def test_no_more_than_five_are_chosen(root, admin, directory, at):
    ids = [admin.users.create(ME, {"userPrincipalName": f"p{n}@x.example"}).object.id for n in range(7)]

    page = root.get(at("people", *ids))

    assert "5 of at most 5" in page.text
    assert "Choose p" not in page.text


def test_nobody_chosen_is_told(root, at):
    page = root.get(at("people"))
    (secret,) = root.cookies.values()
    answer = root.request("POST", at("people"), {"form_token": form_token(secret, at("people")), "chosen": ""})

    assert page.status == 200
    assert (answer.status, "Choose somebody first." in answer.text) == (400, True)


def test_a_job_for_everybody_needs_no_assignment(root, admin, configured, directory, at):
    admin.jobs.settings(ME, APP, scope="all")

    page = root.get(at("people", directory["anna"]))
    assert "Assign them" not in page.text
    root.submit(page, at("people"))

    assert admin.applications.show(ME, APP).users == 0


def test_who_would_be_left_alone_cannot_be_provisioned_here(root, at, directory):
    page = root.get(at("plan", directory["dora"]))

    assert "Would be left alone" in page.text
    assert at("plan") not in page.document.forms


def test_an_application_that_does_not_answer_is_told_and_nothing_is_lost(root, target, at, directory):
    target.fail(1, Unreachable("Umbrella does not answer."))

    page = root.get(at("plan", directory["anna"]))

    assert page.status in (200, 400)
    assert "does not answer" in page.text
    assert any(f"chosen={directory['anna']}" in (link or "") for link in page.document.links)


def test_missing_credentials_are_told_before_anybody_is_chosen(root, application, directory):
    page = root.get(f"/first-steps/{application.id}/{application.job}/people?chosen={directory['anna']}")

    assert "Tenant URL and Secret Token are missing" in page.text
    assert f"{application.page}/settings" in page.document.links
    assert "Assign them" not in page.text


@pytest.mark.parametrize("page", ["plan", "outcome"])
def test_a_page_about_nobody_leads_to_the_choice(root, at, page):
    assert root.get(at(page)).location == at("people")
    assert root.get(at(page, "nobody", "%00")).location == at("people")


def test_an_empty_directory_and_a_search_without_a_find_say_so(root, at):
    assert "has “zzz” in it" in root.get(f"{at('people')}?search=zzz").text


def test_without_an_application_the_way_to_one_is_shown(root):
    page = root.get("/first-steps")

    assert "No application is provisioned yet" in page.text
    assert "/applications/new" in page.document.links


@pytest.mark.parametrize("role", [role for role in ROLES if role != "Application Owner"])
@pytest.mark.parametrize("page", ["people", "plan", "outcome"])
def test_each_role_may_what_its_permissions_say(browser_of, at, directory, role, page):
    answer = browser_of(role).get(at(page, directory["anna"]))

    assert answer.status == (200 if role in RUNS else 403)


@pytest.mark.parametrize(("owns", "status"), [(APP, 200), (None, 404)])
def test_an_owner_may_it_with_the_own_application(browser_of, at, owns, status):
    assert browser_of("Application Owner", owns=owns).get(at("people")).status == status


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_stays_text(root, admin, at, name):
    made = admin.users.create(ME, {"userPrincipalName": "x@x.example", "displayName": name}).object.id

    page = root.get(at("people", made))

    assert name in page.text
    assert "<script>alert" not in page.html
    assert "'><b>" not in page.html


@pytest.mark.parametrize("page", ["people", "plan"])
def test_a_form_without_its_token_does_nothing(root, target, at, directory, page):
    root.get(at("people"))

    assert root.request("POST", at(page), {"chosen": directory["anna"]}).status == 403
    assert accounts(target) == []
