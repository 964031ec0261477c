"""Who may see and who may change: every page and every form of these, with every role."""

import json

import pytest

WRITERS = ["Global Administrator", "Application Administrator", "Cloud Application Administrator"]
READERS = ["Security Reader", "Plan Approver"]
OTHERS = ["Reports Reader"]
PAGES = ["", "/users", "/groups", "/users/rows/1", "/users/rows/new", "/users/scope", "/groups/scope",
         "/users/attributes", "/schema", "/schema/download", "/changes"]  # fmt: skip
OF_WRITERS = ["/restore", "/discard"]
FORMS = {
    "/users": {"do": "delete-1"},
    "/groups": {"do": "save", "settings": "yes"},
    "/users/rows/1": {"do": "apply", "type": "Direct", "attribute": "mail", "target": "userName"},
    "/users/scope": {"do": "apply", "attribute-1-1": "department", "operator-1-1": "IS NULL"},
    "/users/attributes": {"do": "add", "name": "title"},
    "/users/attributes/ask": {},
    "/changes": {"do": "save"},
    "/restore": {},
    "/discard": {},
    "/schema": {},
}


def token(browser, path):
    """A form's token, though no page shows this one the form."""
    from provisor.web.sessions import form_token

    return form_token(next(iter(browser.cookies.values())), path)


@pytest.mark.parametrize("path", [*PAGES, *OF_WRITERS])
def test_a_page_is_shown_to_who_may_see_the_job(sign_in_as, world, path):
    for role in [*WRITERS, *READERS, *OTHERS, "Application Owner"]:
        allowed = role in WRITERS or (role in READERS and path in PAGES)

        answer = sign_in_as(role).get(world.room + path)

        assert (answer.status == 200) if allowed else (answer.status in (403, 404)), role
        assert allowed or "name.givenName" not in answer.html, role


@pytest.mark.parametrize("path", FORMS)
def test_a_form_is_refused_to_who_may_not_change_the_job(sign_in_as, world, path):
    address = world.room + path
    before = world.rules()
    for role in [*READERS, *OTHERS, "Application Owner"]:
        browser = sign_in_as(role)
        fields = FORMS[path] | {"form_token": token(browser, address), "edition": "1.0"}

        answer = browser.request("POST", address, fields)

        assert answer.status in (403, 404), role
        assert world.rules() == before, role


@pytest.mark.parametrize("path", ["/users", "/users/scope", "/users/rows/1", "/users/attributes", "/schema", ""])
@pytest.mark.parametrize("role", READERS)
def test_a_reader_is_offered_nothing_that_is_refused(sign_in_as, world, role, path):
    page = sign_in_as(role).get(world.room + path)
    buttons = {given.get("value", "") for tag, given in page.document.tags if tag == "button"}

    assert not {
        one for one in buttons if one.partition("-")[0] in ("save", "apply", "delete", "add", "remove", "plan", "set")
    }
    assert "Add New Mapping" not in page.text
    assert "Restore default mappings" not in page.text
    assert "Upload and review" not in page.text


def test_who_may_not_see_the_directory_sees_nobody_in_it(sign_in_as, world):
    browser = sign_in_as("Plan Approver")

    for path in ("/users/rows/4", "/users/scope"):
        page = browser.get(world.room + path)
        address = world.room + path
        tried = browser.request(
            "POST", address, {"do": "try", "person": "anna@contoso.com", "form_token": token(browser, address)}
        )
        for shown in (page, tried):
            assert shown.status == 200
            assert "Anna" not in shown.text
            assert "Ek" not in shown.text


def test_a_reader_tries_expressions_and_filters(sign_in_as, world):
    browser = sign_in_as("Security Reader")
    path = f"{world.users}/rows/4"
    given = {"do": "try", "type": "Expression", "expression": "ToUpper([department])", "person": "anna@contoso.com"}

    assert "SALES" in browser.submit(browser.get(path), path, **given).text


def test_a_job_of_another_application_is_not_found_here(ana, world, admin):
    from provisor.admin.actor import LOCAL_OPERATOR as ME

    admin.applications.add(ME, "Cisco Umbrella User Management", name="Other")
    other = admin.jobs.create(ME, "Other").job

    assert ana.get(f"/applications/{world.application}/provisioning/{other.id}/mappings").status == 404


def test_an_owner_changes_the_mappings_of_the_own_application_alone(world, admin, make_browser):
    from provisor.admin.actor import LOCAL_OPERATOR as ME

    admin.applications.add(ME, "Cisco Umbrella User Management", name="Other")
    other = admin.jobs.create(ME, "Other").job
    admin.applications.add_owner(ME, world.application, "anna@contoso.com")
    admin.accounts.add(ME, "owner", ["Application Owner"], person="anna@contoso.com", password="correct horse battery")
    owner = make_browser()
    owner.sign_in("owner")

    assert owner.submit(owner.get(world.users), world.users, do="delete-5").status == 303
    assert owner.get(f"/applications/{other.application}/provisioning/{other.id}/mappings").status == 404


def test_the_download_is_the_schema_as_it_is_saved(ana, world):
    answer = ana.get(f"{world.room}/schema/download")

    assert json.loads(answer.html) == world.rules()
    assert "attachment" in answer.headers["content-disposition"]
