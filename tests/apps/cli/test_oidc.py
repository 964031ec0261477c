"""`provisor admin oidc`: what signing in at another's page is set to."""

import json

import pytest

from support.openid_provider import CLIENT_ID, CLIENT_SECRET, OpenIdProvider


@pytest.fixture(scope="module")
def provider():
    with OpenIdProvider() as provider:
        yield provider


@pytest.fixture
def set_provider(provisor, provider, tmp_path):
    def run(*more, issuer=provider.issuer):
        (tmp_path / "secret").write_text(CLIENT_SECRET)
        return provisor(
            *("admin", "oidc", "set", "--issuer", issuer, "--client-id", CLIENT_ID, "--claim", "groups"),
            *("--address", "https://provisor.example.com", "--secret-file", tmp_path / "secret", *more),
        )

    return run


ADMINS = ("--role", "CN=IAM,OU=Groups=global administrator")


def test_what_was_set_is_shown_without_the_secret(provisor, provider, set_provider):
    answered = set_provider(*ADMINS, "--role", "auditors=Reports Reader", "--role", "auditors=Plan Approver")

    assert answered.code == 0
    assert "https://provisor.example.com/sign-in/openid-connect/callback" in answered.out
    shown = provisor("admin", "oidc", "show", "--json")
    assert json.loads(shown.out) == {
        "issuer": provider.issuer,
        "clientId": CLIENT_ID,
        "hasSecret": True,
        "redirectUri": "https://provisor.example.com/sign-in/openid-connect/callback",
        "claim": "groups",
        "scope": "openid profile email",
        "name": "127.0.0.1",
        "roles": {"CN=IAM,OU=Groups": ["Global Administrator"], "auditors": ["Reports Reader", "Plan Approver"]},
    }
    assert CLIENT_SECRET not in answered.out + shown.out + provisor("admin", "oidc", "show").out


def test_the_provider_is_tried(provisor, provider, set_provider):
    set_provider(*ADMINS)

    assert "publishes its keys" in provisor("admin", "oidc", "test").out
    assert json.loads(provisor("admin", "oidc", "test", "--json").out)["tokenEndpoint"] == f"{provider.issuer}/token"


@pytest.mark.parametrize("issuer", ["http://[", "nonsense", ""])
def test_what_is_no_address_is_refused_as_an_issuer(set_provider, issuer):
    answered = set_provider(*ADMINS, issuer=issuer)

    assert answered.code == 1
    assert "issuer" in answered.err


def test_what_cannot_work_is_refused_and_not_saved(provisor, provider, set_provider):
    answered = set_provider(*ADMINS, issuer=f"{provider.issuer}/")

    assert answered.code == 1
    assert f"calls itself {provider.issuer}" in answered.err
    assert provisor("admin", "oidc", "show").code == 1


@pytest.mark.parametrize(
    ("role", "code", "words"),
    [
        ("iam-admins", 2, "is not VALUE=ROLE"),
        ("=Global Administrator", 2, "is not VALUE=ROLE"),
        ("iam-admins=Emperor", 1, "There is no role 'Emperor'"),
    ],
)
def test_a_role_that_makes_no_sense_is_refused(set_provider, role, code, words):
    answered = set_provider("--role", role)

    assert answered.code == code
    assert words in answered.err


def test_what_was_removed_is_set_no_more(provisor, set_provider):
    set_provider(*ADMINS)

    assert provisor("admin", "oidc", "remove", "--yes").code == 0

    assert "OpenID Connect is not set" in provisor("admin", "oidc", "test").err


def test_the_secret_is_left_as_it_is_where_somebody_says_so(provisor, provider, set_provider):
    set_provider(*ADMINS)

    provisor(
        *("admin", "oidc", "set", "--issuer", provider.issuer, "--client-id", CLIENT_ID, "--keep-secret"),
        *("--address", "https://provisor.example.com", *ADMINS),
    )

    shown = json.loads(provisor("admin", "oidc", "show", "--json").out)
    assert (shown["hasSecret"], shown["claim"]) == (True, "roles")
