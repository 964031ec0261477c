"""`provisor job credentials`: Graph's keys, of which the secret ones never come back; nothing of a refused call is kept."""

import io
import json

import pytest

from provisor.admin import credential_keys as keys

APP = "Cisco Umbrella User Management"
URL = "https://umbrella.example/scim"
SECRET = "s3kret-T0ken.value"
OAUTH = ("--set", "Oauth2TokenExchangeUri=https://login.example/token", "--set", "Oauth2ClientId=provisor")

# Every name of Graph's SynchronizationSecret but None, as its documentation lists them.
GRAPH = """UserName, Password, SecretToken, AppKey, BaseAddress, ClientIdentifier, ClientSecret, SingleSignOnType, Sandbox,
Url, Domain, ConsumerKey, ConsumerSecret, TokenKey, TokenExpiration, Oauth2AccessToken, Oauth2AccessTokenCreationTime,
Oauth2RefreshToken, SyncAll, InstanceName, Oauth2ClientId, Oauth2ClientSecret, CompanyId, UpdateKeyOnSoftDelete,
SynchronizationSchedule, SystemOfRecord, SandboxName, EnforceDomain, SyncNotificationSettings, SkipOutOfScopeDeletions,
Oauth2AuthorizationCode, Oauth2RedirectUri, ApplicationTemplateIdentifier, Oauth2TokenExchangeUri,
Oauth2AuthorizationUri, AuthenticationType, Server, PerformInboundEntitlementGrants, HardDeletesEnabled,
SyncAgentCompatibilityKey, SyncAgentADContainer, ValidateDomain, TestReferences, ConnectionString"""
VALUES = {
    "TokenExpiration": "2027-06-30",
    "Oauth2TokenExchangeUri": "https://login.example/token",
    "BaseAddress": URL,
}


@pytest.fixture
def job(provisor):
    provisor("app", "add", APP)
    provisor("job", "create", APP)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "secret"
    path.write_text(SECRET)
    return path


def stored(provisor):
    return json.loads(provisor("job", "credentials", APP, "--json").out)


def settings(provisor):
    return json.loads(provisor("job", "status", APP, "--json").out)["settings"]


def test_the_keys_are_those_of_graph():
    assert {name.strip() for name in GRAPH.split(",")} == keys.ALL


@pytest.mark.fast_rows(5)
@pytest.mark.parametrize("name", sorted(keys.WRITE_ONLY))
def test_a_secret_key_is_kept_and_never_shown(job, provisor, file, tmp_path, name):
    saved = provisor("job", "credentials", APP, "--secret-file", f"{name}={file}")

    shown = provisor("job", "credentials", APP)

    assert saved.code == 0
    assert stored(provisor) == {name: None}
    assert SECRET not in shown.out + saved.out + provisor("job", "status", APP, "--json").out
    assert all(SECRET.encode() not in path.read_bytes() for path in (tmp_path / "data").iterdir())


@pytest.mark.fast_rows(5)
@pytest.mark.parametrize("name", sorted(keys.PUBLIC))
def test_another_key_is_kept_and_shown(job, provisor, tmp_path, name):
    value = VALUES.get(name, "some value")

    assert provisor("job", "credentials", APP, "--set", f"{name}={value}").code == 0

    assert stored(provisor) == {name: value}
    assert all(b"some value" not in path.read_bytes() for path in (tmp_path / "data").iterdir())


UNKNOWN = {
    "another case": ("secrettoken=x", "Did you mean SecretToken?"),
    "misspelt": ("BaseAdress=https://x.example", "Did you mean BaseAddress?"),
    "cut short": ("TokenExp=2027-06-30", "Did you mean TokenExpiration?"),
    "no secret at all": ("None=x", "There is no credential 'None'"),
    "a stranger": ("Zzz=x", "There is no credential 'Zzz'"),
}


@pytest.mark.parametrize(("given", "said"), UNKNOWN.values(), ids=UNKNOWN)
def test_an_unknown_key_is_refused_with_the_nearest(job, provisor, given, said):
    answered = provisor("job", "credentials", APP, "--set", "UserName=anna", "--set", given)

    assert (answered.code, said in answered.err) == (1, True)
    assert stored(provisor) == {}


@pytest.mark.parametrize("name", sorted(keys.WRITE_ONLY))
def test_a_secret_in_an_argument_is_refused_and_not_repeated(job, provisor, name):
    answered = provisor("job", "credentials", APP, "--set", f"{name}={SECRET}")

    assert (answered.code, f"--ask {name}" in answered.err) == (2, True)
    assert SECRET not in answered.out + answered.err
    assert stored(provisor) == {}


REFUSED = {
    "no date": ("TokenExpiration=soon", "is no date"),
    "a day that is none": ("TokenExpiration=2027-02-30", "is no date"),
    "a token endpoint without TLS": ("Oauth2TokenExchangeUri=http://login.example/token", "use https://"),
    "a token endpoint that is none": ("Oauth2TokenExchangeUri=login", "is no HTTPS address"),
    "a blank": ("UserName= ", "UserName is blank"),
    "a line break": ("UserName=a\nb", "holds a line break"),
    "nine thousand letters": ("UserName=" + "a" * 9000, "longer than 8,000"),
    "neither yes nor no": ("SyncAll=perhaps", "neither true nor false"),
    "no JSON": ("SyncNotificationSettings=yes", "is no JSON object"),
    "nobody to tell": ('SyncNotificationSettings={"Enabled": true}', "no address to tell"),
    "somebody who is none": ('SyncNotificationSettings={"Enabled": true, "Recipients": "ops"}', "is no mail address"),
}


@pytest.mark.parametrize(("given", "said"), REFUSED.values(), ids=REFUSED)
def test_a_value_that_a_key_does_not_take_is_refused_and_nothing_is_kept(job, provisor, given, said):
    before = settings(provisor)

    answered = provisor("job", "credentials", APP, "--set", "CompanyId=1", "--set", given)

    assert (answered.code, said in answered.err) == (1, True)
    assert (stored(provisor), settings(provisor)) == ({}, before)


def test_credentials_are_removed_one_by_one(job, provisor, file):
    provisor("job", "credentials", APP, "--url", URL, "--token-file", file)

    removed = provisor("job", "credentials", APP, "--remove", "SecretToken")

    assert (removed.code, stored(provisor)) == (0, {"BaseAddress": URL})


def test_what_is_given_and_removed_at_once_is_wrong_usage(job, provisor):
    answered = provisor("job", "credentials", APP, "--set", "UserName=a", "--remove", "UserName")

    assert (answered.code, stored(provisor)) == (2, {})


def test_what_is_not_named_stays(job, provisor, file):
    provisor("job", "credentials", APP, "--url", URL, "--token-file", file)
    provisor("job", "credentials", APP, "--set", "TokenExpiration=2027-06-30T10:00:00+00:00")

    assert stored(provisor) == {"BaseAddress": URL, "SecretToken": None, "TokenExpiration": "2027-06-30"}


def test_a_secret_is_read_from_standard_input(job, provisor, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(SECRET.encode())))

    assert provisor("job", "credentials", APP, "--secret-file", "Oauth2ClientSecret=-").code == 0
    assert stored(provisor) == {"Oauth2ClientSecret": None}


@pytest.mark.parametrize(
    ("given", "name", "value"),
    [
        ("SyncAll=TRUE", "scope", "all"),
        ("SyncAll=false", "scope", "assigned"),
        ("SkipOutOfScopeDeletions=True", "skipOutOfScopeDeletions", True),
        (
            'SyncNotificationSettings={"Enabled":true,"Recipients":"a@x.ie; b@x.ie","DeleteThresholdValue":500}',
            "notification",
            {"enabled": True, "recipients": ["a@x.ie", "b@x.ie"], "DeleteThresholdValue": 500},
        ),
    ],
)
def test_keys_that_are_settings_become_settings(job, provisor, given, name, value):
    answered = provisor("job", "credentials", APP, "--set", given)

    assert answered.code == 0, answered.err
    assert settings(provisor)[name] == value
    assert stored(provisor) == {}


def test_oauth_client_credentials_take_the_place_of_a_token(job, provisor, file):
    secret = ("--secret-file", f"Oauth2ClientSecret={file}")

    provisor("job", "credentials", APP, "--url", URL, *OAUTH, *secret)

    assert provisor("job", "start", APP).code == 0


@pytest.mark.parametrize("first", ["token", "oauth"])
def test_a_token_and_client_credentials_together_are_refused(job, provisor, file, first):
    token = ("job", "credentials", APP, "--url", URL, "--token-file", file)
    oauth = ("job", "credentials", APP, *OAUTH, "--secret-file", f"Oauth2ClientSecret={file}")
    one, other = (token, oauth) if first == "token" else (oauth, token)
    assert provisor(*one).code == 0
    before = stored(provisor)

    answered = provisor(*other)

    assert (answered.code, "nobody could tell which is meant" in answered.err) == (1, True)
    assert stored(provisor) == before


def test_a_job_without_all_of_it_is_not_started(job, provisor):
    provisor("job", "credentials", APP, *OAUTH)

    assert "no credentials" in provisor("job", "start", APP).err


def test_links_at_another_address_are_said_with_the_address_alone(job, provisor):
    refused = provisor("job", "credentials", APP, "--links", "keep")

    assert refused.code == 2
    assert "give --url too" in refused.err


def test_a_refresh_token_signs_in_too(job, provisor, file):
    given = (*OAUTH, "--set", "BaseAddress=https://my.app/scim", "--secret-file", f"Oauth2RefreshToken={file}")
    assert provisor("job", "credentials", APP, *given).code == 0

    assert provisor("job", "start", APP).code == 0


def test_a_refresh_token_that_is_not_saved_is_not_used_up_by_a_test(job, provisor, file):
    given = (*OAUTH, "--set", "BaseAddress=https://my.app/scim", "--secret-file", f"Oauth2RefreshToken={file}")

    refused = provisor("job", "test-connection", APP, *given)

    assert refused.code == 1
    assert "Save the credentials, and test them then" in " ".join(refused.err.split())
