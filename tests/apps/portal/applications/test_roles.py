"""Every page of applications with every role: who may see it, who may change something, and who is shown no way to."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.roles import ROLES

WRITERS = {"Global Administrator", "Application Administrator", "Cloud Application Administrator"}
OWNERS = {*WRITERS, "Application Owner"}
# Path → who may open it, of an application that the Application Owner owns.
PAGES = {
    "/applications": None,
    "/applications/new": WRITERS,
    "/applications/new/6d1e9a34-7c52-4f0e-8b1d-2a9c4e7f1b35": WRITERS,
    "/applications/{app}": None,
    "/applications/{app}/properties": None,
    "/applications/{app}/owners": None,
    "/applications/{app}/app-roles": None,
    "/applications/{app}/users-and-groups": None,
    "/applications/{app}/delete": OWNERS,
    "/applications/{app}/app-roles/new": OWNERS,
    "/applications/{app}/app-roles/{role}": OWNERS,
    "/applications/{app}/app-roles/{role}/delete": OWNERS,
    "/applications/{app}/users-and-groups/add": OWNERS,
}
POSTS = {
    "/applications/new/6d1e9a34-7c52-4f0e-8b1d-2a9c4e7f1b35": (WRITERS, {"name": "Another"}),
    "/applications/{app}/properties": (OWNERS, {"name": "Renamed", "notes": "", "tags": ""}),
    "/applications/{app}/owners": (OWNERS, {"user": "{person}"}),
    "/applications/{app}/owners/{owner}/remove": (OWNERS, {}),
    "/applications/{app}/app-roles/new": (OWNERS, {"name": "Auditor", "enabled": "yes"}),
    "/applications/{app}/app-roles/{role}": (OWNERS, {"name": "Member", "enabled": "yes"}),
    "/applications/{app}/app-roles/{role}/delete": (OWNERS, {}),
    "/applications/{app}/users-and-groups/add": (OWNERS, {"principal": "{person}", "do": "assign"}),
    "/applications/{app}/users-and-groups/remove": (OWNERS, {"assignment": "{assignment}", "confirmed": "yes"}),
    "/applications/{app}/delete": (OWNERS, {}),
}


@pytest.fixture
def places(admin, application, directory):
    """What the paths name; the application is owned by Anna, who is assigned to it."""
    admin.applications.add_owner(ME, application, directory["anna"])
    admin.applications.assign(ME, application, users=[directory["anna"]])
    role = admin.applications.show(ME, application).application.roles[0].id
    admin.app_roles.set(ME, application, role, enabled=False)
    return {
        "app": application,
        "role": role,
        "person": directory["bo"],
        "owner": directory["anna"],
        "assignment": admin.applications.assignments(ME, application)[0].id,
    }


@pytest.mark.parametrize("path", PAGES)
def test_a_page_opens_for_whom_the_table_of_roles_lets_it(as_role, places, path):
    statuses = {role: as_role(role).get(path.format(**places)).status for role in ROLES}

    assert statuses == {role: 200 if PAGES[path] is None or role in PAGES[path] else 403 for role in ROLES}


@pytest.mark.parametrize("path", POSTS)
def test_a_change_is_made_by_whom_the_table_of_roles_lets_it(as_role, places, role, path, form):
    allowed, fields = POSTS[path]
    browser = as_role(role)

    answer = form(browser, path.format(**places), {name: value.format(**places) for name, value in fields.items()})

    if role in allowed:
        assert answer.status in (200, 303, 400, 409), answer.text  # 409: it does not say what it was made from
    else:
        assert answer.status == 403


@pytest.mark.parametrize("path", [path for path in PAGES if PAGES[path] is None])
def test_nothing_is_shown_that_its_reader_cannot_do(as_role, places, path):
    for role in set(ROLES) - OWNERS:
        document = as_role(role).get(path.format(**places)).document

        assert not [action for action, form in document.forms.items() if action != "/sign-out" and "form_token" in form]
        assert not [link for link in document.links if link and link.endswith(("/new", "/add", "/delete"))], role


@pytest.mark.parametrize("path", [path for path in PAGES if "{app}" in path])
def test_an_owner_does_not_learn_of_an_application_of_others(admin, as_role, places, path):
    foreign = admin.applications.add(ME, "Generic SCIM 2.0").application.id

    owner = as_role("Application Owner")

    assert owner.get(path.format(**{**places, "app": foreign})).status == 404
    assert "Generic SCIM 2.0" not in owner.get("/applications").text


def test_a_form_from_elsewhere_changes_nothing(admin, operator, application):
    answer = operator.request("POST", f"/applications/{application}/properties", {"name": "Taken over"})

    assert answer.status == 403
    assert admin.applications.show(ME, application).application.display_name != "Taken over"


def test_who_is_not_signed_in_is_led_to_the_way_in(stranger, application):
    assert stranger.get(f"/applications/{application}").location.startswith("/sign-in?to=/applications/")
