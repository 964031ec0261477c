"""Accounts of the dashboard, browsers in front of it, and its clock."""

import pytest
from argon2 import PasswordHasher

from provisor.provider.dashboard import accounts, site
from provisor.provider.store.ad_connector import import_file
from provisor.provider.store.tables import now_microseconds
from support.browser import Browser

EMAIL, PASSWORD = "admin@example.org", "correct horse battery"


class DashboardBrowser(Browser):
    def sign_in(self, email=EMAIL, password=PASSWORD):
        return self.submit(self.get("/sign-in"), "/sign-in", email=email, password=password)


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch):
    monkeypatch.setattr(accounts, "hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def make_account(umbrella):
    def make(email=EMAIL, password=PASSWORD, role="full-admin"):
        with umbrella.database.transaction() as connection:
            return accounts.create_account(
                connection, umbrella.tenant, email=email, password=password, role=role, now=now_microseconds()
            )

    return make


@pytest.fixture
def stranger(umbrella):
    """A browser of somebody who is not signed in."""
    return DashboardBrowser(umbrella)


@pytest.fixture
def admin(umbrella, make_account):
    """A browser of a Full Admin."""
    make_account()
    browser = DashboardBrowser(umbrella)
    assert browser.sign_in().status == 303
    return browser


@pytest.fixture
def reader(umbrella, make_account):
    """A browser of somebody who may only look."""
    make_account("reader@example.org", role="read-only")
    browser = DashboardBrowser(umbrella)
    assert browser.sign_in("reader@example.org").status == 303
    return browser


@pytest.fixture
def clock(monkeypatch):
    """The pages' clock, which a test may put forward by minutes."""

    class Clock:
        forward = 0

        def pass_minutes(self, minutes):
            self.forward += int(minutes * 60_000_000)

    moved = Clock()
    monkeypatch.setattr(site, "now_microseconds", lambda: now_microseconds() + moved.forward)
    return moved


@pytest.fixture
def bring(umbrella, tmp_path):
    """Takes rows of a CSV file as the AD connector's."""

    def take(*lines):
        path = tmp_path / "ad.csv"
        path.write_text("\n".join(lines), encoding="utf-8")
        with umbrella.database.transaction() as connection:
            return import_file(connection, umbrella.tenant, path, now_microseconds())

    return take
