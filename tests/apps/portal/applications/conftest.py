"""A service with an application, people and groups, and a browser for every role."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.roles import ROLES

UMBRELLA = "Cisco Umbrella User Management"
PERSON, GROUP = "anna@fjord.example", "Sales"


@pytest.fixture
def directory(admin):
    """Some people and groups, by name."""
    people = {
        name: admin.users.create(ME, {"userPrincipalName": f"{name}@fjord.example", "displayName": shown}).object.id
        for name, shown in (("anna", "Anna Berg"), ("bo", "Bo Dahl"), ("carl", "Carl Berg"))
    }
    groups = {
        name: admin.groups.create(ME, {"displayName": name, "securityEnabled": secure}).object.id
        for name, secure in ((GROUP, "true"), ("Newsletter", "false"))
    }
    return {**people, **groups}


@pytest.fixture
def application(admin, directory):
    """The id of an application that nobody is assigned to."""
    return admin.applications.add(ME, UMBRELLA).application.id


@pytest.fixture
def as_role(admin, directory, make_browser):
    """A browser of somebody with this role, whose person is Anna."""

    def signed_in(role):
        name = f"{role}@x.example".replace(" ", "")
        admin.accounts.add(ME, name, [role], person=PERSON, password="correct horse battery")
        browser = make_browser()
        assert browser.sign_in(name).status == 303
        return browser

    return signed_in


@pytest.fixture
def operator(as_role):
    return as_role("Global Administrator")


@pytest.fixture(params=ROLES)
def role(request):
    return request.param


@pytest.fixture
def form():
    """Sends a form to an address whether or not a page shows it, as somebody does who tries."""
    from provisor.web.sessions import form_token

    def sent(browser, action, fields):
        token = form_token(browser.cookies["__Host-provisor-portal"], action)
        return browser.request("POST", action, {"form_token": token, **fields})

    return sent
