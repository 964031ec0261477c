"""A service with its portal over TLS, browsers in front of it, its clock, and an OpenID Connect provider."""

from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher

from provisor.admin.actor import LOCAL_OPERATOR
from provisor.admin.bundle import Admin
from provisor.admin.context import Context
from provisor.admin.openid import CALLBACK, OpenIdSettings
from provisor.portal.lazy import portal
from provisor.storage import audit
from provisor.storage.secrets import load_key
from support.browser import Browser, Pages
from support.openid_provider import CLIENT_ID, CLIENT_SECRET, OpenIdProvider

NAME, PASSWORD, ROLE = "ana@contoso.com", "correct horse battery", "Application Administrator"
ADDRESS = "https://provisor.example.com"


class PortalBrowser(Browser):
    def sign_in(self, name=NAME, password=PASSWORD):
        return self.submit(self.get("/sign-in"), "/sign-in", name=name, password=password)

    def sign_in_at(self, provider):
        """By the provider's page and back."""
        start = self.get("/sign-in/openid-connect")
        assert start.status == 303, start.text
        return self.get(provider.visited(start.location).removeprefix(ADDRESS))


class Clock:
    forward = timedelta()

    def pass_minutes(self, minutes):
        self.forward += timedelta(minutes=minutes)

    def now(self):
        return datetime.now(UTC) + self.forward


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch):
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr("argon2.PasswordHasher", lambda **_: cheap)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def admin(database, tenant, tmp_path, clock):
    import os

    return Admin(
        Context(
            database=database,
            tenant=tenant,
            now=clock.now,
            random_bytes=os.urandom,
            load_key=lambda: load_key(tmp_path / "secret.key"),
            problem_with_credentials=lambda url, token: None,
            connect=lambda job: pytest.fail("no page reaches an application"),
            key_file=tmp_path / "secret.key",
        )
    )


@pytest.fixture
def pages(admin):
    pages = Pages(portal(admin))
    yield pages
    pages.close()


@pytest.fixture
def make_browser(pages):
    return lambda: PortalBrowser(pages)


@pytest.fixture
def stranger(make_browser):
    """A browser of somebody who is not signed in."""
    return make_browser()


@pytest.fixture
def make_account(admin):
    def make(name=NAME, password=PASSWORD, roles=(ROLE,)):
        return admin.accounts.add(LOCAL_OPERATOR, name, roles, password=password).account

    return make


@pytest.fixture
def ana(make_account, make_browser):
    """A browser of an Application Administrator."""
    make_account()
    browser = make_browser()
    assert browser.sign_in().status == 303
    return browser


@pytest.fixture
def provider(admin):
    with OpenIdProvider() as provider:
        provider.redirect_uris.add(f"{ADDRESS}{CALLBACK}")
        settings = OpenIdSettings(
            issuer=provider.issuer,
            client_id=CLIENT_ID,
            address=ADDRESS,
            claim="groups",
            roles={"iam-admins": (ROLE,), "auditors": ("Reports Reader",)},
            name="Contoso",
        )
        admin.openid.set(LOCAL_OPERATOR, settings, client_secret=CLIENT_SECRET)
        yield provider


@pytest.fixture
def events(database, tenant):
    return lambda: audit.newest(database.reader(), tenant)
