"""Browsers of people with one role each, and a small company to look at."""

from dataclasses import dataclass

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME

UMBRELLA = "Cisco Umbrella User Management"
HOSTILE = "<script>alert(1)</script>"
PASSWORD = "correct horse battery"
RTL = "\u05d0\u05d1\u05d2 \u0645\u062d\u0645\u062f"


@dataclass
class Company:
    admin: object

    def user(self, name, manager=None, **attributes):
        upn = f"{name}@contoso.example"
        given = {"userPrincipalName": upn, "displayName": name.capitalize(), **attributes}
        return self.admin.typed_users.create(ME, given, manager=manager).id

    def group(self, name, members=()):
        return self.admin.typed_groups.create(ME, {"displayName": name}, members=members).id

    def job(self, name=UMBRELLA):
        application = self.admin.applications.add(ME, UMBRELLA, name=name).application
        return application.id, self.admin.jobs.create(ME, application.id).job.id

    def read(self, user):
        return self.admin.typed_users.read(ME, user)


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
