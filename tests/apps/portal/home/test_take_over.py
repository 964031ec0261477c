"""Taking over from Entra: a saved schema becomes a job's that stands still, and its first plan finds the accounts."""

import copy
import json
import time

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.roles import ROLES
from provisor.gallery import template

APP = "Cisco Umbrella User Management"
TEMPLATE = template("ciscoUmbrella")
NEW = f"new {TEMPLATE.gallery_id}"
OF_ENTRA = "extension_9d98ed114c4840d298fad781915f27e4_costCenter"
CREATES = {role for role, rights in ROLES.items() if "application.create" in rights.permissions}


def saved(**changes):
    """A schema as Graph answers it: with another tenant's ids, and what only Graph has."""
    document = copy.deepcopy(TEMPLATE.rules_for(APP))
    for number, rule in enumerate(document["synchronizationRules"]):
        rule["id"] = f"3f7d90d0-0000-4000-8000-00000000000{number}"
    return {
        "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#servicePrincipals/schema",
        "id": "umbrella.1",
        "version": "Date:2026-01-01T00:00:00Z",
        **document,
        **changes,
    }


def mapped(source, target="displayName"):
    """The schema with this source attribute for a target attribute of users."""
    document = saved()
    rows = document["synchronizationRules"][0]["objectMappings"][0]["attributeMappings"]
    row = next(one for one in rows if one["targetAttributeName"] == target)
    row["source"] = {"type": "Attribute", "name": source, "expression": f"[{source}]", "parameters": []}
    return document


@pytest.fixture
def take(root, upload):
    def take(content, browser=root, **fields):
        page = browser.get("/take-over")
        return upload(browser, page, "/take-over", "file", content, **{"application": NEW, **fields})

    return take


@pytest.fixture
def taken(root, take, directory):
    """The address of a job that was taken over."""
    answer = take(saved())
    assert answer.status == 303, answer.body.decode()
    return answer.headers["location"]


def test_a_saved_schema_becomes_the_rules_of_a_new_job_that_stands_still(root, admin, directory, take):
    location = take(mapped("mail")).headers["location"]

    (shown,) = admin.jobs.all(ME)
    assert location == f"/take-over/{shown.job.application}/{shown.job.id}"
    assert (shown.job.schedule_state, shown.application) == ("Disabled", APP)
    assert "[mail]" in json.dumps(admin.schemas.export(ME, shown.job.id))
    assert "The schema was taken over." in root.get(location).text


def test_the_application_may_have_a_name_of_its_own(admin, directory, take):
    take(saved(), name="Umbrella <b>of</b> Contoso")

    assert admin.jobs.all(ME)[0].application == "Umbrella <b>of</b> Contoso"


def test_an_application_that_was_never_on_takes_it_too(admin, application, take):
    take(mapped("mail"), application=application.id)

    assert [one.job.id for one in admin.jobs.all(ME)] == [application.job]
    assert "[mail]" in json.dumps(admin.schemas.export(ME, application.job))


def test_an_application_that_runs_is_not_offered(root, provisioned, take):
    assert provisioned.id not in root.get("/take-over").html

    assert take(saved(), application=provisioned.id).status == 400


def test_extensions_of_the_entra_tenant_are_called_as_here(root, admin, directory, take, tmp_path):
    from provisor.admin.imports import CsvImport

    users = tmp_path / "users.csv"
    users.write_text("userPrincipalName,costCenter\nzoe@x.example,42\n")
    admin.imports.csv(ME, CsvImport(users=users))
    here = next(iter(admin.extension_properties.by_name(ME)))

    location = take(mapped(OF_ENTRA)).headers["location"]

    (shown,) = admin.jobs.all(ME)
    rules = json.dumps(admin.schemas.export(ME, shown.job.id))
    assert f"[{here}]" in rules
    assert OF_ENTRA not in rules
    assert f"{OF_ENTRA} is {here} here." in root.get(location).text


def test_what_cannot_be_used_is_told_with_its_place_and_nothing_is_made(admin, directory, take):
    answer = take(mapped(OF_ENTRA), name="Mine")
    html = answer.body.decode()

    assert answer.status == 400
    assert "/synchronizationRules/0/objectMappings/0/attributeMappings/" in html
    assert OF_ENTRA in html
    assert 'value="Mine"' in html
    assert admin.service_principals.all(ME) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"not json", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b"[]", "no synchronizationRules"),
        ({"value": []}, "no synchronizationRules"),
        (b'{"synchronizationRules": [], "synchronizationRules": []}', "occurs twice"),
        (b"[" * 100_000, "nested too deeply"),
        ({"synchronizationRules": [[]]}, "cannot be used here"),
    ],
    ids=["text", "bytes", "list", "other", "twice", "deep", "odd"],
)
def test_another_file_is_refused_beside_its_field(admin, directory, take, content, words):
    answer = take(content)

    assert answer.status == 400
    assert words in answer.body.decode()
    assert admin.service_principals.all(ME) == []


def test_a_form_without_a_file_or_with_an_unknown_application_says_so(root, directory, take):
    page = root.get("/take-over")

    assert "Choose the file" in root.submit(page, "/take-over").text
    assert "Choose an application." in take(saved(), application="another").body.decode()


def test_what_is_missing_until_the_plan_is_said_in_turn(root, admin, taken):
    page = root.get(taken)
    assert "Tenant URL and Secret Token are missing" in page.text
    assert taken not in page.document.forms

    admin.jobs.save_credentials(ME, APP, url="https://umbrella.example/scim", token="a-token")
    assert "Nobody is assigned yet" in root.get(taken).text

    admin.applications.assign(ME, APP, groups=["Staff"])
    assert taken in root.get(taken).document.forms


def test_the_first_plan_finds_the_accounts_and_nothing_is_written(root, admin, taken, target):
    for name in ("anna", "bo"):
        target.put("user", {"schemas": [TEMPLATE.user_type.schema.id], "userName": f"{name}@x.example"})
    admin.jobs.save_credentials(ME, APP, url="https://umbrella.example/scim", token="a-token")
    admin.applications.assign(ME, APP, groups=["Staff"])
    before = copy.deepcopy(target.resources("user"))

    page = root.follow(root.submit(root.get(taken), taken))
    for _ in range(200):
        if admin.plans.all(ME, APP):
            break
        time.sleep(0.05)
    page = root.get(taken)

    assert "2 linked to an account that is there" in page.text
    assert any(
        link and link.endswith(f"/plans/{admin.plans.all(ME, APP)[0].stored.number}") for link in page.document.links
    )
    assert target.resources("user") == before
    assert admin.jobs.show(ME, APP).job.schedule_state == "Disabled"


def test_a_plan_that_finds_nobody_warns_of_second_accounts(root, admin, taken):
    admin.jobs.save_credentials(ME, APP, url="https://umbrella.example/scim", token="a-token")
    admin.applications.assign(ME, APP, groups=["Staff"])
    admin.plans.make(ME, APP)

    assert "No account was found to link to." in root.get(taken).text


@pytest.mark.parametrize("role", [role for role in ROLES if role != "Application Owner"])
def test_who_may_not_add_applications_is_told(browser_of, application, role):
    page = browser_of(role).get("/take-over")

    assert page.status in (200, 403)
    assert ("/take-over" in page.document.forms) == (role in CREATES)


def test_an_owner_takes_it_over_for_the_own_application(browser_of, admin, application, take):
    owner = browser_of("Application Owner", owns=APP)

    answer = take(saved(), owner, application=application.id)

    assert answer.status == 303


def test_a_form_without_its_token_makes_nothing(root, admin, take, directory):
    assert take(saved(), form_token="guessed").status == 403
    assert admin.service_principals.all(ME) == []
