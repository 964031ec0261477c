"""A service with a person, and a browser for every role."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.roles import ROLES
from provisor.web.sessions import form_token

PERSON = "anna@fjord.example"


@pytest.fixture
def person(admin):
    return admin.users.create(ME, {"userPrincipalName": PERSON, "displayName": "Anna Berg"}).object.id


@pytest.fixture
def as_role(admin, person, make_browser):
    """A browser of somebody with this role."""

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

    def sent(browser, action, fields):
        token = form_token(browser.cookies["__Host-provisor-portal"], action)
        return browser.request("POST", action, [("form_token", token), *fields.items()])

    return sent
