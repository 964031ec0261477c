"""Tokens and clients: shown once, stored as hashes, good for what their roles say and as long as nobody ends them."""

import resource
from datetime import timedelta

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.errors import AdminError
from provisor.storage import audit

READER = "Reports Reader"


@pytest.fixture
def token(verbs):
    return verbs.machines["token"].create(ME, "ci", [READER], lifetime=timedelta(days=90))


@pytest.fixture
def client(verbs):
    return verbs.machines["client"].create(ME, "terraform", ["Application Administrator"])


def issued(verbs, client):
    return verbs.authentication.issue(client.account.id, client.secret.reveal(), "192.0.2.7", "c-1")


def refusal(verb, *arguments, **given):
    with pytest.raises(AdminError) as caught:
        verb(*arguments, **given)
    return caught.value.code


def test_a_token_is_an_actor_with_its_roles(verbs, token):
    actor = verbs.authentication.authenticate(token.secret.reveal(), "192.0.2.7", "c-1")

    assert (actor.id, actor.name, actor.kind, actor.roles) == (token.account.id, "ci", "token", (READER,))
    assert (actor.address, actor.correlation) == ("192.0.2.7", "c-1")


def test_a_client_is_given_a_token_for_an_hour(verbs, client, clock):
    text, seconds = issued(verbs, client)
    now = verbs.authentication.authenticate(text)
    clock.move(seconds=3_600)

    assert (now.id, now.kind, seconds) == (client.account.id, "client", 3_600)
    assert verbs.authentication.authenticate(text) is None


def test_what_is_printed_is_what_other_programs_ask_for(verbs, token, client, tenant):
    assert token.to_json() == {"token": token.secret.reveal()}
    assert client.to_json() == {
        "clientId": client.account.id,
        "clientSecret": client.secret.reveal(),
        "tenantId": tenant,
    }


def test_the_kind_of_a_secret_stands_before_it(verbs, token, client):
    secrets = [token.secret.reveal(), client.secret.reveal(), issued(verbs, client)[0]]

    assert [each.rsplit("_", 1)[0] for each in secrets] == ["provisor_token", "provisor_client", "provisor_access"]
    assert {len(each.rsplit("_", 1)[1]) for each in secrets} == {64}


WRONG = {
    "nothing": lambda verbs, token, client: "",
    "no prefix": lambda verbs, token, client: token.secret.reveal().removeprefix("provisor_"),
    "one letter more": lambda verbs, token, client: token.secret.reveal() + "0",
    "another letter": lambda verbs, token, client: token.secret.reveal()[:-1] + "z",
    "a client's secret": lambda verbs, token, client: client.secret.reveal(),
    "a client's secret as a token": lambda verbs, token, client: client.secret.reveal().replace("client", "token"),
    "a token as an access token": lambda verbs, token, client: token.secret.reveal().replace("token", "access"),
    "no text": lambda verbs, token, client: "provisor_token_\udcff",
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_is_no_token_is_nobodys(verbs, token, client, wrong):
    assert verbs.authentication.authenticate(wrong(verbs, token, client)) is None


@pytest.mark.parametrize("swap", ["id", "secret", "token"])
def test_a_client_must_know_its_own_secret(verbs, token, client, database, tenant, swap):
    other = verbs.machines["client"].create(ME, "other", [READER])
    who = other.account.id if swap == "id" else client.account.id
    secret = {"id": client, "secret": other, "token": token}[swap].secret.reveal()

    assert verbs.authentication.issue(who, secret) is None
    event = audit.newest(database.reader(), tenant, limit=1)[0]
    assert (event.activity, event.result, event.author.id) == ("Sign in", "failure", who)


def test_a_client_id_is_taken_in_capitals_too(verbs, client):
    assert verbs.authentication.issue(client.account.id.upper(), client.secret.reveal()) is not None


def test_an_expired_token_is_nobodys(verbs, token, clock):
    clock.move(days=89)
    before = verbs.authentication.authenticate(token.secret.reveal())
    clock.move(days=1)

    assert before is not None
    assert verbs.authentication.authenticate(token.secret.reveal()) is None
    assert [each.state for each in verbs.machines["token"].all(ME)] == ["expired"]


def test_a_revoked_token_is_nobodys_with_the_next_request(verbs, token):
    verbs.machines["token"].revoke(ME, "ci")

    assert verbs.authentication.authenticate(token.secret.reveal()) is None
    assert verbs.machines["token"].all(ME) == []


@pytest.mark.parametrize("end", ["revoke", "rotate"])
def test_what_a_client_was_given_ends_with_its_secret(verbs, client, end):
    text, _ = issued(verbs, client)
    getattr(verbs.machines["client"], end)(ME, "terraform")

    assert verbs.authentication.authenticate(text) is None
    assert issued(verbs, client) is None


def test_another_secret_is_good_instead_of_the_former(verbs, token):
    other = verbs.machines["token"].rotate(ME, "ci")

    assert verbs.authentication.authenticate(token.secret.reveal()) is None
    assert verbs.authentication.authenticate(other.secret.reveal()).id == token.account.id


def test_a_token_goes_with_the_person_it_is_tied_to(verbs):
    verbs.users.create(ME, {"userPrincipalName": "olga@x.example"})
    verbs.applications.add(ME, "scim", name="Own")
    verbs.applications.add_owner(ME, "Own", "olga@x.example")
    made = verbs.machines["token"].create(ME, "hers", ["Application Owner"], person="olga@x.example").secret.reveal()

    owned = verbs.authentication.authenticate(made).owned
    verbs.users.set_enabled(ME, "olga@x.example", enabled=False)

    assert len(owned) == 1
    assert verbs.authentication.authenticate(made) is None


def test_the_last_use_is_noted_once_an_hour(verbs, token, clock, database):
    def used():
        verbs.authentication.authenticate(token.secret.reveal())
        return verbs.machines["token"].all(ME)[0].account.last_used_at

    first = used()
    clock.move(minutes=59)
    soon = used()
    clock.move(minutes=1)

    assert first == soon < used()


def test_a_full_disk_keeps_no_token_from_reading(verbs, token, clock):
    verbs.authentication.authenticate(token.secret.reveal())
    clock.move(minutes=61)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, hard))
    try:
        found = verbs.authentication.authenticate(token.secret.reveal())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert found is not None


def test_a_request_costs_one_indexed_read(verbs, token, database):
    secret = token.secret.reveal()
    verbs.authentication.authenticate(secret)
    asked = []
    raw = database.reader().raw
    raw.set_trace_callback(asked.append)
    verbs.authentication.authenticate(secret)
    raw.set_trace_callback(None)

    (statement,) = asked
    plan = database.reader().all(f"EXPLAIN QUERY PLAN {statement}")
    assert all("SEARCH" in row[3] or "SUBQUERY" in row[3] for row in plan), plan


def test_secrets_are_neither_stored_nor_told(verbs, token, client, database):
    text, _ = issued(verbs, client)
    tables = ("account", "access_token", "audit_event")
    stored = str([database.reader().all(f"SELECT * FROM {table}") for table in tables])

    for secret in (token.secret.reveal(), client.secret.reveal(), text):
        assert secret not in stored
        assert secret not in f"{token}{client}"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"label": " "}, "name-blank"),
        ({"label": "CI"}, "name-taken"),
        ({"roles": ["No Role"]}, "invalid-value"),
        ({"roles": ["Application Owner"]}, "invalid-value"),
        ({"lifetime": timedelta(0)}, "invalid-value"),
        ({"lifetime": timedelta(days=4_000)}, "invalid-value"),
    ],
    ids=["blank", "taken", "no role", "an owner of nothing", "no time", "too long"],
)
def test_a_token_that_cannot_be_is_refused(verbs, token, given, code):
    assert refusal(verbs.machines["token"].create, ME, **{"label": "x", "roles": [READER], **given}) == code


def test_a_token_and_a_client_may_have_one_label_and_are_not_taken_for_one_another(verbs, token):
    verbs.machines["client"].create(ME, "ci", [READER])

    verbs.machines["token"].revoke(ME, "ci")

    assert [each.account.name for each in verbs.machines["client"].all(ME)] == ["ci"]
    assert refusal(verbs.machines["token"].rotate, ME, "ci") == "not-found"
