"""A portal over a service whose Active Directory is a domain in memory, and browsers of those who may and may not."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.roles import APPLICATION_OWNER
from support.sourced import AD, PASSWORD, SourcedService

HYBRID = "Hybrid Identity Administrator"


@pytest.fixture
def service(migrated_file, tmp_path):
    service = SourcedService(migrated_file, tmp_path / "sourced")
    yield service
    service.close()


@pytest.fixture
def domain(service):
    return service.domain


@pytest.fixture
def admin(service):
    return service.admin


@pytest.fixture
def as_role(admin, make_browser):
    """A browser of somebody with this role."""

    def signed_in(role):
        person = None
        if role == APPLICATION_OWNER:
            person = admin.users.create(ME, {"userPrincipalName": "owner@x.example"}).object.id
        admin.accounts.add(ME, "somebody@contoso.com", [role], password="correct horse battery", person=person)
        browser = make_browser()
        assert browser.sign_in("somebody@contoso.com").status == 303
        return browser

    return signed_in


@pytest.fixture
def ida(as_role):
    """A browser of a Hybrid Identity Administrator."""
    return as_role(HYBRID)


@pytest.fixture
def corp(admin):
    """A source of Active Directory that nobody has started; its page."""
    made = admin.sources.settings.add(ME, "corp", AD, given_secrets=PASSWORD)
    return f"/sources/{made.source.id}"


@pytest.fixture
def read_corp(admin, domain, corp):
    """The same after a run, with three people and a group."""
    for name in ("anna", "bo", "carl"):
        domain.person(name)
    domain.group("staff", "anna", "bo")
    admin.sources.settings.start(ME, "corp")
    admin.sources.runs.run(ME, "corp")
    return corp
