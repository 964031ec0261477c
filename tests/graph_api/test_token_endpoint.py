"""Client credentials at /{tenant}/oauth2/v2.0/token, as the Microsoft identity platform answers, and what leads there."""

import base64
import json
import time
from urllib.parse import urlencode

import pytest

from provisor.graph_api.access_tokens import secret_of
from provisor.graph_api.token_endpoint import IssuedToken, TokenEndpoint
from support.graph_client import GraphClient

TENANT = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
FORM = {
    "grant_type": "client_credentials",
    "client_id": "the-client",
    "client_secret": "the secret",
    "scope": "https://graph.test/.default",
}
TOKEN = f"/{TENANT}/oauth2/v2.0/token"


@pytest.fixture
def endpoint():
    def issue(client, secret, address, correlation):
        return IssuedToken("a token", 3600) if (client, secret) == ("the-client", "the secret") else None

    made = TokenEndpoint(TENANT, issue)
    yield Endpoint(made, token=None)
    made.close()


class Endpoint(GraphClient):
    def at(self, path, *, method="GET", form=None, raw=None, headers=None):
        sent = urlencode(form).encode() if form is not None else raw
        media = {"content-type": "application/x-www-form-urlencoded"} if sent is not None else {}
        return self.ask(method, path, sent, {**media, **(headers or {})})

    def ask(self, method, path, raw, headers):
        import asyncio

        return asyncio.run(self._ask(method, path, raw or b"", {"host": self.host, **headers}))


def test_a_client_gets_a_bearer_token(endpoint):
    reply = endpoint.at(TOKEN, method="POST", form=FORM)

    assert reply.status == 200
    told = dict(reply.body)
    assert secret_of(told.pop("access_token")) == "a token"
    assert told == {"token_type": "Bearer", "expires_in": 3600, "ext_expires_in": 3600}
    assert reply.headers["cache-control"] == "no-store"


def test_a_token_reads_as_a_jwt_to_terraform_and_powershell(endpoint):
    token = endpoint.at(TOKEN, method="POST", form=FORM).body["access_token"]

    head, claims, _ = [part + "=" * (-len(part) % 4) for part in token.split(".")]
    told = json.loads(base64.urlsafe_b64decode(claims))
    assert json.loads(base64.urlsafe_b64decode(head))["typ"] == "JWT"
    assert (told["oid"], told["tid"], told["aud"]) == ("the-client", TENANT, f"http://{endpoint.host}")
    assert told["exp"] - told["iat"] == 3600
    assert abs(told["iat"] - time.time()) < 60


@pytest.mark.parametrize(
    ("bearer", "secret"),
    [("plain", "plain"), ("a.b.secret", "secret"), ("a.secret", "a.secret"), ("a.b.c.d", "a.b.c.d")],
)
def test_only_the_last_part_of_what_looks_like_a_jwt_is_looked_at(bearer, secret):
    assert secret_of(bearer) == secret


def test_id_and_secret_may_stand_in_the_header(endpoint):
    form = {name: value for name, value in FORM.items() if not name.startswith("client")}
    basic = base64.b64encode(b"the-client:the+secret").decode()

    reply = endpoint.at(TOKEN, method="POST", form=form, headers={"authorization": f"Basic {basic}"})

    assert reply.status == 200


REFUSED = {
    "a wrong secret": ({"client_secret": "guess"}, 401, "invalid_client"),
    "no secret": ({"client_secret": None}, 401, "invalid_client"),
    "another client": ({"client_id": "another"}, 401, "invalid_client"),
    "another grant": ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    "no grant": ({"grant_type": None}, 400, "unsupported_grant_type"),
    "a scope of one right": ({"scope": "https://graph.test/User.Read"}, 400, "invalid_scope"),
    "two scopes": ({"scope": "https://a/.default https://b/.default"}, 400, "invalid_scope"),
    "no scope": ({"scope": None}, 400, "invalid_scope"),
    "an assertion": ({"client_assertion": "x"}, 400, "invalid_request"),
    "too long": ({"client_secret": "x" * 20_000}, 413, "invalid_request"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_earns_no_token_is_refused_with_the_platforms_code(endpoint, what):
    changes, status, code = REFUSED[what]
    form = {name: value for name, value in {**FORM, **changes}.items() if value is not None}

    reply = endpoint.at(TOKEN, method="POST", form=form)

    assert (reply.status, reply.body["error"]) == (status, code)
    assert reply.body["error_description"].startswith(f"AADSTS{reply.body['error_codes'][0]}: ")
    assert b"the secret" not in reply.raw


MALFORMED = {
    "no form": (b"{}", {"content-type": "application/json"}, 400),
    "twice": (urlencode([*FORM.items(), ("client_id", "x")]).encode(), {}, 400),
    "no text": (b"grant_type=\xff\xfe", {}, 400),
    "both ways": (urlencode(FORM).encode(), {"authorization": "Basic eDp5"}, 400),
    "a header that is none": (
        urlencode({name: value for name, value in FORM.items() if name != "client_secret"}).encode(),
        {"authorization": "Basic §"},
        400,
    ),
}


@pytest.mark.parametrize("what", MALFORMED)
def test_what_is_no_request_for_a_token_is_refused(endpoint, what):
    raw, headers, status = MALFORMED[what]

    assert endpoint.at(TOKEN, method="POST", raw=raw, headers=headers).status == status


def test_another_tenant_is_refused_by_name(endpoint):
    reply = endpoint.at(TOKEN.replace("0a1b", "ffff"), method="POST", form=FORM)

    assert reply.status == 400
    assert TENANT in reply.body["error_description"]


def test_get_is_not_offered_where_a_token_is_got(endpoint):
    assert endpoint.at(TOKEN).status == 405


def test_who_guesses_secrets_is_made_to_wait(endpoint):
    wrong = {**FORM, "client_secret": "guess"}

    replies = [endpoint.at(TOKEN, method="POST", form=wrong) for _ in range(25)]

    assert replies[0].status == 401
    assert replies[-1].status == 429
    assert int(replies[-1].headers["retry-after"]) >= 1


def test_the_configuration_names_the_host_that_was_called(endpoint):
    document = endpoint.at(f"/{TENANT}/v2.0/.well-known/openid-configuration").body

    assert document["issuer"] == f"http://graph.test/{TENANT}/v2.0"
    assert document["token_endpoint"] == f"http://graph.test{TOKEN}"


def test_an_instance_is_its_own_authority(endpoint):
    document = endpoint.at("/common/discovery/instance?api-version=1.1").body

    assert document["tenant_discovery_endpoint"].startswith(f"http://graph.test/{TENANT}/v2.0/")
    assert document["metadata"][0]["aliases"] == ["graph.test"]


def test_terraform_learns_where_to_sign_in_and_whom_to_ask(endpoint):
    document = endpoint.at("/metadata/endpoints?api-version=2022-09-01").body

    assert document["authentication"]["loginEndpoint"] == "http://graph.test"
    assert document["microsoftGraphResourceId"] == "http://graph.test"


@pytest.mark.parametrize("path", ["/", "/x", f"/{TENANT}", f"/{TENANT}/oauth2/v1/token", f"/{TENANT}/../x"])
def test_anything_else_is_not_here(endpoint, path):
    assert endpoint.at(path).status == 404
