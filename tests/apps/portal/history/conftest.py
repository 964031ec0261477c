"""A service whose job has run, over an application in memory, and its portal."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR
from provisor.engine.ports import Exchange, Rejected
from provisor.portal.lazy import portal
from support.browser import Pages
from support.synchronized import APP, Synchronized

HOSTILE = '<script>alert("1")</script>'


@pytest.fixture
def service(migrated_file, tmp_path):
    service = Synchronized(tmp_path, migrated_file)
    service.job()
    yield service
    service.close()


@pytest.fixture
def admin(service):
    return service.admin


@pytest.fixture
def provisioned(service):
    """Ada and a person of a hostile name are there, Bo was refused; returns the ids of the events by name."""
    service.person("ada@contoso.example")
    service.person(f"{HOSTILE}@contoso.example", displayName=HOSTILE)
    service.person("bo@contoso.example")
    service.target.behave("create", refuse_bo)
    service.admin.jobs.start(LOCAL_OPERATOR, APP)
    service.admin.cycles.run(LOCAL_OPERATOR, APP)
    return {event.name: event.id for event in service.admin.logs.page(LOCAL_OPERATOR)}


async def refuse_bo(original, kind, document):
    if document.get("userName", "").startswith("bo@"):
        exchange = Exchange(
            method="POST",
            url="https://app.example/Users",
            request_body=b'{"userName":"bo"}',
            status=400,
            response_body=b'{"detail":"no Bo"}',
        )
        raise Rejected("no Bo", status=400, exchange=exchange)
    return await original(kind, document)


@pytest.fixture
def pages(admin):
    pages = Pages(portal(admin))
    yield pages
    pages.close()
