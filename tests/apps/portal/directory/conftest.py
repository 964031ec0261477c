"""Browsers of people with one role each, and a small company to look at."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from support.portal_people import PASSWORD, Company


@pytest.fixture
def company(admin):
    return Company(admin)


@pytest.fixture
def sign_in(admin, make_browser, company):
    """Makes a browser of somebody with this role, who is a person of the directory if `person` says so."""

    def signed_in(role, *, person=None):
        name = f"{role.replace(' ', '-').lower()}@contoso.example"
        if role == "Application Owner":
            person = person or company.user("owner")
        admin.accounts.add(ME, name, [role], person=person, password=PASSWORD)
        browser = make_browser()
        assert browser.sign_in(name, PASSWORD).status == 303
        return browser

    return signed_in


@pytest.fixture
def boss(sign_in):
    """A browser of a Global Administrator."""
    return sign_in("Global Administrator")
