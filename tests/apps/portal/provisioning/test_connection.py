"""*Test Connection*: with what is typed, and nothing of it is saved."""

import pytest

from provisor.engine.ports import Unauthorized

from .conftest import TOKEN, URL, fields

AUTHORIZED = "The supplied credentials are authorized to enable provisioning."


def test_what_is_typed_is_tested_and_not_saved(send, job, admin):
    page = send(do="test", tenant_url=URL, secret_token=TOKEN)

    assert page.status == 200
    assert AUTHORIZED in page.text
    assert admin.asked_with == [{"BaseAddress": URL, "SecretToken": TOKEN}]
    assert job.stored == {}


def test_each_check_is_shown(send):
    text = send(do="test", tenant_url=URL, secret_token=TOKEN).text

    for what in ("Authentication", "Filter users by userName", "Filter groups by displayName", "Paging"):
        assert what in text


def test_what_was_tested_can_be_saved_without_being_typed_again(ana, send, job):
    page = send(do="test", tenant_url=URL, secret_token=TOKEN)
    assert TOKEN not in page.html

    ana.request("POST", job.settings, {**fields(page, job.settings), "do": "save"})

    assert job.stored == {"BaseAddress": URL, "SecretToken": None}


def test_saved_credentials_are_tested_when_nothing_is_typed(send, job, admin):
    job.configured()

    page = send(do="test")

    assert "Those that are saved were tested." in page.text
    assert admin.asked_with == []


def test_other_fields_that_are_typed_stay(send, job):
    page = send(do="test", tenant_url=URL, secret_token=TOKEN, scope="all", notify="ops@contoso.com")

    assert fields(page, job.settings).items() >= {"scope": "all", "notify": "ops@contoso.com"}.items()
    assert job.shown.job.settings["scope"] == "assigned"


def test_a_failure_says_what_to_do_and_which_check_it_was(send, job, target):
    target.fail(1, Unauthorized("The token is not accepted."))

    page = send(do="test", tenant_url=URL, secret_token=TOKEN)

    assert page.status == 200
    assert "The connection failed." in page.text
    assert "Testing the connection" not in page.text
    assert "The credentials were refused." in page.text
    assert "Ensure your Cisco Umbrella User Management account has Admin permissions and try again." in page.text
    assert "provisor job" not in page.text


def test_a_stored_secret_is_not_sent_to_another_address(send, job, admin):
    job.configured()

    page = send(do="test", tenant_url="https://evil.example/scim")

    assert page.status == 400
    assert "Type the Secret Token again" in page.text
    assert admin.asked_with == []


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({}, "Type the Tenant URL"),
        ({"tenant_url": URL}, "Type the Secret Token"),
        ({"secret_token": TOKEN}, "Type the Tenant URL"),
        ({"tenant_url": URL, "secret_token": "*"}, "stands for what is stored"),
    ],
    ids=["nothing", "url alone", "token alone", "a mask"],
)
def test_what_cannot_be_tested_is_said_beside_its_field(send, admin, typed, sentence):
    page = send(do="test", **typed)

    assert page.status == 400
    assert "Nothing was tested" in page.text
    assert sentence in page.text
    assert admin.asked_with == []


def test_oauth_client_credentials_are_tested(send, admin):
    typed = {"token_endpoint": "https://umbrella.example/token", "client_id": "me", "client_secret": "s3cret-text"}

    page = send(do="test", way="client", tenant_url=URL, **typed)

    assert AUTHORIZED in page.text
    assert admin.asked_with == [
        {
            "BaseAddress": URL,
            "Oauth2TokenExchangeUri": "https://umbrella.example/token",
            "Oauth2ClientId": "me",
            "Oauth2ClientSecret": "s3cret-text",
        }
    ]
