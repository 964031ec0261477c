"""What is shown once: in the answer that made it, and in no later page, no log, no audit event."""

import re

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME

PAGES = [
    *("/", "/settings/administrators", "/settings/api-clients", "/settings/notifications", "/settings/about"),
    *("/settings/keys", "/settings/administrators/new", "/settings/api-clients/token/new"),
]


@pytest.fixture
def nowhere(operator, events, caplog, database):
    """Says that a secret is in no page, log or audit event, nor as such in the database."""

    def found(secret):
        for path in PAGES:
            page = operator.get(path)
            assert secret not in page.html, path
        assert secret not in caplog.text
        assert all(secret not in str(event) for event in events())
        assert secret.encode() not in database.path.read_bytes()
        assert all(secret not in name for name in operator.cookies.values())

    return found


def secret_of(page, pattern):
    found = re.findall(pattern, page.html)
    assert len(found) == 1, page.text
    return found[0]


def test_a_new_administrator_has_a_link_that_is_shown_once_and_works(operator, make_browser, nowhere, caplog):
    caplog.set_level("DEBUG")
    action = "/settings/administrators/new"
    page = operator.submit(operator.get(action), action, name="bo@x.example", role="Reports Reader")

    code = secret_of(page, r"https://provisor\.example\.com(/set-up/provisor_setup_\w+)")
    assert page.status == 200
    assert page.headers["cache-control"] == "no-store"
    nowhere(code.rpartition("/")[2])
    bo = make_browser()
    bo.submit(bo.get(code), code, password="staple correct horse", again="staple correct horse")
    assert bo.get("/account").status == 200
    assert "This link is over" in make_browser().get(code).text


def test_a_reset_makes_another_link_and_the_former_is_good_no_longer(admin, operator, make_browser, nowhere):
    made = admin.accounts.add(ME, "bo@x.example", ["Reports Reader"]).account
    first = admin.accounts.setup_link(ME, made.id).address()
    action = f"/settings/administrators/{made.id}/set-up-link"

    page = operator.submit(operator.get(action), action)

    code = secret_of(page, r"(/set-up/provisor_setup_\w+)")
    assert "choose" not in make_browser().get(first).text.lower()
    assert make_browser().get(code).status == 200
    nowhere(code.rpartition("/")[2])


def test_the_secret_of_a_new_token_is_shown_once_and_works(admin, operator, nowhere):
    action = "/settings/api-clients/token/new"
    page = operator.submit(operator.get(action), action, name="ci", role="Reports Reader", expires="30")

    token = secret_of(page, r"provisor_token_\w+")
    assert admin.authentication.authenticate(token).name == "ci"
    nowhere(token)


def test_the_secret_of_a_new_client_is_shown_once_with_what_it_is_given_with(admin, operator, nowhere):
    action = "/settings/api-clients/client/new"
    page = operator.submit(operator.get(action), action, name="terraform", role="Application Administrator")

    secret = secret_of(page, r"provisor_client_\w+")
    [made] = admin.machines["client"].all(ME)
    assert made.account.id in page.text
    assert "/oauth2/v2.0/token" in page.text
    assert "GlobalAdministrator@x.example Global Administrator" in page.text  # who is signed in, still
    assert admin.authentication.issue(made.account.id, secret) is not None
    nowhere(secret)


def test_another_secret_ends_the_former_one(admin, operator, nowhere):
    former = admin.machines["token"].create(ME, "ci", ["Reports Reader"])
    action = f"/settings/api-clients/token/{former.account.id}/rotate"

    page = operator.submit(operator.get(action), action)

    token = secret_of(page, r"provisor_token_\w+")
    assert admin.authentication.authenticate(former.secret.reveal()) is None
    assert admin.authentication.authenticate(token) is not None
    nowhere(token)


def test_going_back_to_the_address_of_a_secret_asks_instead_of_showing_it(admin, operator):
    made = admin.machines["token"].create(ME, "ci", ["Reports Reader"]).account
    action = f"/settings/api-clients/token/{made.id}/rotate"
    token = secret_of(operator.submit(operator.get(action), action), r"provisor_token_\w+")

    page = operator.get(action)

    assert token not in page.html
    assert "Another secret for ci?" in page.text


def test_the_signing_secret_of_a_webhook_is_shown_once_and_its_path_never(operator, nowhere):
    page = operator.submit(
        operator.get("/settings/notifications"),
        "/settings/notifications/webhooks",
        url="https://user:pw@hooks.example.com/secret-path?key=another-secret",
    )
    if page.status == 400:  # an address may hold no password
        page = operator.submit(
            page, "/settings/notifications/webhooks", url="https://hooks.example.com/secret-path?key=another-secret"
        )

    secret = secret_of(page, r"whsec_[\w+/=]+")
    listed = operator.get("/settings/notifications")
    assert "hooks.example.com" in listed.text
    assert "secret-path" not in listed.html
    assert "another-secret" not in listed.html
    nowhere(secret)


def test_the_password_of_the_mail_server_is_never_shown(operator, nowhere):
    action = "/settings/notifications/mail"
    fields = {"host": "mail.example.com", "sender": "p@x.example", "user": "provisor", "to": ""}
    saved = operator.submit(operator.get(action), action, **fields, password="hunter2-hunter2", protection="starttls")

    assert saved.status == 303
    assert "hunter2-hunter2" not in operator.get(action).html
    nowhere("hunter2-hunter2")


def test_the_password_of_the_mail_server_is_not_shown_again_when_something_else_is_wrong(operator):
    action = "/settings/notifications/mail"

    again = operator.submit(operator.get(action), action, host="h", sender="nonsense", user="u", password="hunter2")

    assert again.status == 400
    assert "hunter2" not in again.html


def test_the_client_secret_at_a_provider_is_never_shown(operator, provider, nowhere):
    from support.openid_provider import CLIENT_SECRET

    page = operator.get("/settings/administrators/openid-connect")

    assert "Client secret Kept" in page.text
    assert CLIENT_SECRET not in page.html
    nowhere(CLIENT_SECRET)
