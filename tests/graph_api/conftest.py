"""The whole API over a service of its own, in this process, called by the local operator."""

import shutil
from datetime import UTC, datetime

import pytest

from provisor.admin.actor import LOCAL_OPERATOR
from provisor.graph_api.app import GraphApi
from provisor.graph_api.routes import ROUTES
from provisor.main import build
from provisor.settings import read_settings
from support.declared import Declared
from support.graph_client import GraphClient
from support.synchronized import Synchronized


@pytest.fixture
def admin(tmp_path, migrated_file):
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    shutil.copy(migrated_file, data / "provisor.sqlite")
    return build(read_settings({"PROVISOR_DATA": str(data)}))


@pytest.fixture(scope="session")
def declared():
    """What the document says of every route: each answer of each test is judged by it."""
    return Declared(ROUTES)


@pytest.fixture
def callers():
    """Who presents which token; a test adds others."""
    return {"operator": LOCAL_OPERATOR}


@pytest.fixture
def graph(admin, callers, declared):
    app = GraphApi(
        admin,
        ROUTES,
        lambda token, address, correlation: callers.get(token),
        now=lambda: datetime.now(UTC),
        requests_per_second=1e6,
    )
    yield GraphClient(app, declared=declared)
    app.close()


@pytest.fixture
def service(tmp_path, migrated_file, declared):
    """One whose application is in memory."""
    made = Synchronized(tmp_path, migrated_file, declared=declared)
    yield made
    made.close()
