"""Every page of settings with every role: who may see it, who may change something, and who is shown no way to."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.roles import ROLES
from provisor.engine.letter import MailServer

ALL = {"Global Administrator"}
READERS = {*ALL, "Security Reader"}
TOLD = {*READERS, "Application Administrator", "Cloud Application Administrator"}
PAGES = {
    "/settings/administrators": READERS,
    "/settings/administrators/new": ALL,
    "/settings/administrators/openid-connect": READERS,
    "/settings/administrators/openid-connect/remove": ALL,
    "/settings/administrators/{account}": READERS,
    "/settings/administrators/{account}/set-up-link": ALL,
    "/settings/administrators/{account}/delete": ALL,
    "/settings/api-clients": READERS,
    "/settings/api-clients/token/new": ALL,
    "/settings/api-clients/client/new": ALL,
    "/settings/api-clients/token/{token}/rotate": ALL,
    "/settings/api-clients/token/{token}/revoke": ALL,
    "/settings/notifications": TOLD,
    "/settings/notifications/mail": ALL,
    "/settings/notifications/mail/remove": ALL,
    "/settings/notifications/webhooks/{webhook}/delete": ALL,
    "/settings/retention": READERS,
    "/settings/keys": READERS,
    "/settings/keys/rotate": ALL,
    "/settings/keys/forget": ALL,
    "/settings/about": READERS,
}
POSTS = {
    "/settings/administrators/new": {"name": "new@x.example", "role": "Reports Reader"},
    "/settings/administrators/openid-connect": {"issuer": "nonsense"},
    "/settings/administrators/openid-connect/remove": {},
    "/settings/administrators/{account}": {"role": "Reports Reader"},
    "/settings/administrators/{account}/disable": {},
    "/settings/administrators/{account}/enable": {},
    "/settings/administrators/{account}/set-up-link": {},
    "/settings/administrators/{account}/delete": {},
    "/settings/api-clients/token/new": {"name": "new", "role": "Reports Reader"},
    "/settings/api-clients/token/{token}/rotate": {},
    "/settings/api-clients/token/{token}/revoke": {},
    "/settings/notifications/mail": {"host": "127.0.0.1", "sender": "p@x.example", "protection": "none"},
    "/settings/notifications/mail/test": {"to": "nonsense"},
    "/settings/notifications/mail/remove": {},
    "/settings/notifications/webhooks": {"url": "https://hooks.example.com/a"},
    "/settings/notifications/webhooks/{webhook}/delete": {},
    "/settings/retention": {"log_days": "1", "audit_days": "1", "cycles": "10", "rule_sets": "1"},
    "/settings/keys/rotate": {},
    "/settings/keys/forget": {},
    "/settings/about/clock": {},
}


@pytest.fixture
def places(admin, person, provider):
    """Something of everything that can be set."""
    admin.mail.set(ME, MailServer(host="127.0.0.1", port=25, protection="none", sender="p@x.example"))
    hook = admin.webhooks.add(ME, "https://hooks.example.com/secret-path").webhook.id
    token = admin.machines["token"].create(ME, "ci", ["Reports Reader"]).account.id
    account = admin.accounts.add(ME, "bo@x.example", ["Reports Reader"]).account.id
    admin.accounts.add(ME, "last@x.example", ["Global Administrator"], password="correct horse battery")
    return {"account": account, "token": token, "webhook": hook}


@pytest.mark.parametrize("path", PAGES)
def test_a_page_opens_for_whom_the_table_of_roles_lets_it(as_role, places, path):
    statuses = {role: as_role(role).get(path.format(**places)).status for role in ROLES}

    assert statuses == {role: 200 if role in PAGES[path] else 403 for role in ROLES}


@pytest.mark.parametrize("path", POSTS)
def test_a_change_is_made_by_a_global_administrator_alone(as_role, places, path, form):
    for role in sorted(ROLES, key=ALL.__contains__):  # who makes it comes last
        answer = form(as_role(role), path.format(**places), POSTS[path])

        assert (answer.status == 403) is (role not in ALL), (role, answer.text)


@pytest.mark.parametrize("path", [path for path in PAGES if PAGES[path] != ALL])
def test_a_reader_is_shown_no_way_to_change_anything(as_role, places, path):
    page = as_role("Security Reader").get(path.format(**places))

    test = "/settings/administrators/openid-connect/test"  # asks the provider, changes nothing
    assert set(page.document.forms) - {test} == {"/sign-out"}
    ends = ("/new", "/delete", "/rotate", "/revoke", "/remove", "/forget", "/mail", "/set-up-link")
    assert not [link for link in page.document.links if link and link.endswith(ends)]


def test_a_form_from_elsewhere_changes_nothing(admin, operator):
    answer = operator.request("POST", "/settings/retention", {"log_days": "1"})

    assert answer.status == 403
    assert admin.retentions.show(ME).log_days == 30
