"""Verbs over a service of its own, with a clock that a test moves."""

from datetime import UTC, datetime, timedelta

import pytest

from provisor.admin.bundle import Admin
from provisor.admin.context import Context
from provisor.storage.secrets import load_key
from support.sourced import SourcedService


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self):
        self.time = datetime(2026, 3, 1, tzinfo=UTC)

    def __call__(self):
        return self.time

    def move(self, **by):
        self.time += timedelta(**by)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def sourced(migrated_file, tmp_path):
    """A service whose Active Directory is in memory."""
    made = SourcedService(migrated_file, tmp_path / "sourced")
    yield made
    made.close()


@pytest.fixture
def verbs(database, tenant, tmp_path, clock):
    """All verbs; none of them may reach an application."""
    given = iter(range(1, 1_000))

    def unreachable(job):
        raise AssertionError("no verb tested here may reach an application")

    return Admin(
        Context(
            database=database,
            tenant=tenant,
            now=clock,
            random_bytes=lambda number: next(given).to_bytes(number, "big"),
            load_key=lambda: load_key(tmp_path / "secret.key"),
            problem_with_credentials=lambda url, token: None,
            connect=unreachable,
            key_file=tmp_path / "secret.key",
        )
    )
