"""The log that moves by itself, once somebody may read less of it than when they opened the window."""

import asyncio

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.service_principals import ApplicationKey
from provisor.web.live import LiveTopics
from support.synchronized import APP

NAME, PASSWORD = "owner@contoso.example", "correct horse battery"


@pytest.fixture
def impatient(monkeypatch):
    """Whether a window may go on is asked all the time."""
    monkeypatch.setitem(LiveTopics.__init__.__kwdefaults__, "check_every", 0.05)
    monkeypatch.setitem(LiveTopics.__init__.__kwdefaults__, "every", 0.05)


@pytest.fixture
def owner(service, make_browser):
    """A browser of the owner of two applications, of which one has a log."""
    person, admin = service.person(NAME), service.admin
    other = admin.applications.add(ME, APP, name="Another").application.id
    for one in (other, service.application.id):
        admin.service_principals.add_owner(ME, ApplicationKey("service principal", one), person)
    admin.accounts.add(ME, NAME, ("Application Owner",), person=person, password=PASSWORD)
    browser = make_browser()
    browser.sign_in(NAME, PASSWORD)
    browser.person = person
    return browser


@pytest.mark.parametrize(
    ("lose", "ends"),
    [
        (lambda admin, of, person: None, False),
        (lambda admin, of, person: admin.service_principals.remove_owner(ME, of, person), True),
        (lambda admin, of, person: admin.accounts.set(ME, NAME, roles=("Reports Reader",)), True),
    ],
    ids=["nothing", "one of two applications", "another role"],
)
def test_a_window_ends_when_it_would_show_what_its_visitor_may_not_read(
    impatient, service, provisioned, owner, pages, lose, ends
):
    key, calls = ApplicationKey("service principal", service.application.id), []

    async def receive():
        calls.append("asked")
        await asyncio.sleep(0.5)
        if len(calls) == 1:
            lose(service.admin, key, owner.person)
        await asyncio.sleep(1.5)
        calls.append("left")
        return {"type": "http.disconnect"}

    cookie = "; ".join(f"{name}={value}" for name, value in owner.cookies.items())
    out = pages.receive("GET", "/provisioning-logs/live", {"cookie": cookie}, receive)

    assert b"ada@" in b"".join(part.get("body", b"") for part in out)
    assert ("left" not in calls) is ends
