"""A form that was open while somebody else saved: it says what is stored now, changes nothing, and saves when sent again."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.service_principals import ApplicationKey
from provisor.engine.letter import MailServer

UMBRELLA = "Cisco Umbrella User Management"


@dataclass(frozen=True, kw_only=True)
class OpenForm:
    """`typed` is what boxes and areas hold besides `mine`; `told` is said of what somebody else made of it by `theirs`."""

    address: str
    mine: dict[str, str]
    typed: dict[str, str]
    theirs: Callable[[Any, Any], object]
    told: str
    stored: Callable[[Any, Any], object]
    then: object
    after: object


def application(admin, ids):
    return admin.service_principals.show(ME, ApplicationKey("service principal", ids["app"])).application


FORMS = {
    "properties": OpenForm(
        address="/applications/{app}/properties",
        mine={"notes": "Ask Bo"},
        typed={"enabled": "yes", "required": "yes", "tags": ""},
        theirs=lambda admin, ids: admin.service_principals.change(
            ME, ApplicationKey("service principal", ids["app"]), notes="Ask Anna", tags=["a", "b"]
        ),
        told="(Notes: Ask Anna; Tags: a, b).",
        stored=lambda admin, ids: (application(admin, ids).notes, application(admin, ids).tags),
        then=("Ask Anna", ("a", "b")),
        after=("Ask Bo", ()),
    ),
    "app role": OpenForm(
        address="/applications/{app}/app-roles/{role}",
        mine={"description": "May read"},
        typed={"enabled": "yes"},
        theirs=lambda admin, ids: admin.app_roles.set(ME, ids["app"], ids["role"], description="Staff", enabled=False),
        told="Description: Staff; Enabled: No).",
        stored=lambda admin, ids: (
            application(admin, ids).roles[0].description,
            application(admin, ids).roles[0].enabled,
        ),
        then=("Staff", False),
        after=("May read", True),
    ),
    "retention": OpenForm(
        address="/settings/retention",
        mine={"cycles": "20"},
        typed={},
        theirs=lambda admin, ids: admin.retentions.set(ME, log_days=90),
        told="(Provisioning log: 90; Cycles of a job: 1000).",
        stored=lambda admin, ids: (admin.retentions.show(ME).log_days, admin.retentions.show(ME).cycles),
        then=(90, 1_000),
        after=(30, 20),
    ),
    "mail server": OpenForm(
        address="/settings/notifications/mail",
        mine={"sender": "mine@x.example"},
        typed={"host": "127.0.0.1", "protection": "none", "to": ""},
        theirs=lambda admin, ids: admin.mail.set(
            ME,
            MailServer(host="127.0.0.1", port=25, protection="none", sender="p@x.example", to=("it@x.example",)),
        ),
        told="From: p@x.example; Told of all else: it@x.example).",
        stored=lambda admin, ids: getattr(admin.mail.show(ME).server, "sender", None),
        then="p@x.example",
        after="mine@x.example",
    ),
    "OpenID Connect": OpenForm(
        address="/settings/administrators/openid-connect",
        mine={"name": "Fjord"},
        typed={"roles": "iam-admins=Application Administrator\nauditors=Reports Reader"},
        theirs=lambda admin, ids: admin.openid.set(
            ME, replace(admin.openid.offered(), roles={"staff": ("Reports Reader",)})
        ),
        told="(Called: Contoso; Roles: staff=Reports Reader).",
        stored=lambda admin, ids: (admin.openid.offered().name, list(admin.openid.offered().roles)),
        then=("Contoso", ["staff"]),
        after=("Fjord", ["iam-admins", "auditors"]),
    ),
}


@pytest.fixture
def boss(make_account, make_browser):
    """A browser of a Global Administrator."""
    make_account(roles=("Global Administrator",))
    browser = make_browser()
    browser.sign_in()
    return browser


@pytest.fixture
def ids(admin, provider):
    app = admin.applications.add(ME, UMBRELLA).application
    return {"app": app.id, "role": app.roles[0].id}


@pytest.fixture(params=FORMS)
def opened(request, admin, ids):
    return FORMS[request.param]


def test_it_says_what_is_stored_now_and_changes_nothing(boss, admin, ids, opened):
    address = opened.address.format(**ids)
    page = boss.get(address)
    opened.theirs(admin, ids)

    answer = boss.submit(page, address, **opened.typed, **opened.mine)

    assert answer.status == 409
    assert "changed meanwhile" in answer.text
    assert opened.told in answer.text
    assert all(text in answer.html for text in opened.mine.values())
    assert opened.stored(admin, ids) == opened.then


def test_sent_again_it_replaces_what_was_told(boss, admin, ids, opened):
    address = opened.address.format(**ids)
    page = boss.get(address)
    opened.theirs(admin, ids)
    told = boss.submit(page, address, **opened.typed, **opened.mine)

    answer = boss.submit(told, address, **opened.typed, **opened.mine)

    assert answer.status == 303
    assert opened.stored(admin, ids) == opened.after


def test_sent_twice_as_it_was_it_is_saved_twice(boss, admin, ids, opened):
    address = opened.address.format(**ids)
    page = boss.get(address)
    boss.submit(page, address, **opened.typed, **opened.mine)

    answer = boss.submit(page, address, **opened.typed, **opened.mine)

    assert answer.status == 303
