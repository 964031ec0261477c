"""Fixtures that several rooms need: a service database at head, cheap because migrated once a session."""

import shutil
from datetime import UTC, datetime

import pytest

from provisor.database import open_database
from provisor.storage import migrate, tenants
from provisor.testing.company import Company


@pytest.fixture(scope="session")
def now():
    return datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory, now):
    path = tmp_path_factory.mktemp("service") / "service.db"
    database = open_database(f"sqlite:///{path}")
    migrate(database, now)
    database.close()
    return path


@pytest.fixture
def database(migrated_file, tmp_path):
    """A service database at head with its tenant and nothing else."""
    path = tmp_path / "service.db"
    shutil.copy(migrated_file, path)
    database = open_database(f"sqlite:///{path}")
    yield database
    database.close()


@pytest.fixture
def tenant(database):
    return tenants.only(database.reader())


@pytest.fixture
def company(database, tenant, now, tmp_path):
    """An empty directory that takes CSV tables."""
    return Company(database, tenant, now, tmp_path)
