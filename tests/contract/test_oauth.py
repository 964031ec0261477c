"""OAuth 2.0 client credentials and refresh tokens: one token for many requests, renewed before it expires and once when
it is refused.
"""

import asyncio
import base64
import json
from contextlib import asynccontextmanager
from urllib.parse import parse_qs

import pytest

from provisor.connectors.oauth import ClientCredentials, RefreshToken, TokenSource
from provisor.connectors.scim_client import ScimClient
from provisor.engine.ports import Malformed, Rejected, Secret, Unauthorized, Unreachable
from provisor.scim.patch.operations import Operation
from provisor.scim.schemas.resource_types import GROUP_TYPE, USER_TYPE
from support.prepared_answers import Cut, Server, reply

CLIENT, SECRET = "provisor:a b", "s3kret/+ value"
EMPTY = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 0, "Resources": []}


class Endpoint:
    """Gives a new token to who has the right secret; `answers` come before that, one for each request."""

    def __init__(self, *answers, expires_in=3600, in_header=True):
        self.answers = list(answers)
        self.expires_in = expires_in
        self.in_header = in_header
        self.given = []
        self.requests = []

    def __call__(self, request):
        head, _, body = request.partition(b"\r\n\r\n")
        self.requests.append(request)
        if self.answers:
            return self.answers.pop(0)
        form = parse_qs(body.decode())
        basic = base64.b64encode(b"provisor%3Aa%20b:s3kret%2F%2B%20value")
        named = b"Basic " + basic in head if self.in_header else form.get("client_secret") == [SECRET]
        if not named or form["grant_type"] != ["client_credentials"]:
            return reply(401, {"error": "invalid_client", "error_description": SECRET})
        self.given.append(f"token-number-{len(self.given) + 1}")
        answer = {"access_token": self.given[-1], "token_type": "bearer", "expires_in": self.expires_in}
        return reply(200, answer)


class Application:
    """Answers whoever has the newest token; `revoked` are tokens that it takes no more."""

    def __init__(self, endpoint, answer=EMPTY):
        self.endpoint = endpoint
        self.answer = answer
        self.revoked = set()
        self.tokens = []

    def __call__(self, request):
        token = request.partition(b"Authorization: Bearer ")[2].partition(b"\r\n")[0].decode()
        self.tokens.append(token)
        if token in self.revoked or token not in self.endpoint.given:
            return reply(401, {"detail": f"{token} is not good"})
        return reply(200, self.answer)


@asynccontextmanager
async def both(endpoint, application, clock=None):
    """A client between a token endpoint and an application, and its source of tokens."""
    async with listening(endpoint) as giving, listening(application) as asked:
        tokens = source(f"{giving}/token", **({} if clock is None else {"clock": clock}))
        async with ScimClient(f"{asked}/scim", tokens, USER_TYPE, GROUP_TYPE) as client:
            yield client


@asynccontextmanager
async def listening(answer):
    server = Server(answer)
    listener = await asyncio.start_server(server, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    finally:
        listener.close()


def source(endpoint, **options):
    return TokenSource(ClientCredentials(endpoint=endpoint, client_id=CLIENT, client_secret=Secret(SECRET)), **options)


async def test_many_requests_at_once_ask_for_one_token():
    endpoint = Endpoint()
    application = Application(endpoint)
    async with both(endpoint, application) as client:
        await asyncio.gather(*(client.find("user", "userName", f"u{number}") for number in range(20)))

    assert (len(endpoint.requests), set(application.tokens)) == (1, {"token-number-1"})


LIVES = {  # what an answer says of its token, and how many seconds it is used
    "an hour": (3600, 3540),
    "two minutes": (120, 60),
    "ten seconds": (10, 5),
    "a text": ("3600", 3540),
    "nothing": (None, 240),
    "no number": ("soon", 240),
    "for ever": (10**12, 86_340),
    "ended": (0, 5),
    "less than nothing": (-1, 5),
}


@pytest.mark.parametrize(("said", "used"), LIVES.values(), ids=LIVES)
async def test_a_token_is_used_until_shortly_before_it_expires(said, used):
    seconds = [0.0]
    endpoint = Endpoint(expires_in=said)
    application = Application(endpoint)
    async with both(endpoint, application, clock=lambda: seconds[0]) as client:
        for moment in (0.0, used - 0.1, used + 0.1):
            seconds[0] = moment
            await client.find("user", "userName", "anna")

    assert application.tokens == ["token-number-1", "token-number-1", "token-number-2"]


async def test_a_refused_token_is_renewed_once_and_the_request_sent_again():
    endpoint = Endpoint()
    application = Application(endpoint)
    application.revoked = {"token-number-1"}
    async with both(endpoint, application) as client:
        await client.find("user", "userName", "anna")

    assert application.tokens == ["token-number-1", "token-number-2"]


async def test_many_refusals_of_one_token_ask_for_one_other():
    endpoint = Endpoint()
    application = Application(endpoint)
    async with both(endpoint, application) as client:
        await client.find("user", "userName", "anna")
        application.revoked = {"token-number-1"}
        await asyncio.gather(*(client.find("user", "userName", f"u{number}") for number in range(20)))

    assert len(endpoint.requests) == 2


async def test_an_application_that_refuses_every_token_is_asked_twice():
    endpoint = Endpoint()
    application = Application(endpoint)
    application.revoked = {f"token-number-{number}" for number in range(9)}
    async with both(endpoint, application) as client:
        with pytest.raises(Unauthorized) as raised:
            await client.patch("user", "u-1", [Operation(op="replace", path="displayName", value="A")])

    assert application.tokens == ["token-number-1", "token-number-2"]
    assert "token-number" not in f"{raised.value!r}{raised.value}{raised.value.exchange!r}"


async def test_a_server_that_wants_the_secret_in_the_body_gets_it_there():
    endpoint = Endpoint(in_header=False)
    application = Application(endpoint)
    async with both(endpoint, application) as client:
        await client.find("user", "userName", "anna")

    assert len(endpoint.requests) == 2


HTML = b"<html>s3kret/+ value</html>"
WRONG = {
    "a wrong secret": ([reply(401, {"error": "invalid_client"})] * 2, Unauthorized, "401, invalid_client"),
    "a client that may not": ([reply(400, {"error": "unauthorized_client"})], Unauthorized, "unauthorized_client"),
    "an error of many words": ([reply(400, {"error": SECRET})], Unauthorized, "(status 400)"),
    "forbidden": ([reply(403, HTML)], Unauthorized, "(status 403)"),
    "no endpoint": ([reply(404, HTML)], Rejected, "it answered 404"),
    "a redirect": ([reply(302, b"", Location="/elsewhere")], Rejected, "it answered 302"),
    "overload": ([reply(429, b"")], Unreachable, "it answered 429"),
    "a fault": ([reply(503, HTML)], Unreachable, "it answered 503"),
    "a drop": ([None], Unreachable, "the connection broke"),
    "half an answer": ([Cut(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{")], Unreachable, "the connection broke"),
    "HTML": ([reply(200, HTML)], Malformed, "is no JSON object"),
    "no token": ([reply(200, {"token_type": "Bearer"})], Malformed, "is no JSON object"),
    "a number": ([reply(200, {"access_token": 1})], Malformed, "is no JSON object"),
    "a blank token": ([reply(200, {"access_token": " "})], Malformed, "cannot be sent"),
    "a token of two lines": ([reply(200, {"access_token": "a\r\nX: y"})], Malformed, "cannot be sent"),
    "another kind": ([reply(200, {"access_token": "a", "token_type": "mac"})], Malformed, "of another kind"),
    "nested": ([reply(200, b"[" * 50_000)], Malformed, "is no JSON object"),
    "bytes": ([reply(200, b"\xff\xfe\x00")], Malformed, "is no JSON object"),
}


@pytest.mark.parametrize(("answers", "kind", "said"), WRONG.values(), ids=WRONG)
async def test_an_endpoint_that_gives_no_token_is_said_and_nothing_goes_to_the_application(answers, kind, said):
    endpoint = Endpoint(*answers)
    application = Application(endpoint)
    async with both(endpoint, application) as client:
        with pytest.raises(kind) as raised:
            await client.find("user", "userName", "anna")

    assert said in str(raised.value)
    assert SECRET not in f"{raised.value!r}{raised.value}"
    assert application.tokens == []


async def test_no_token_reaches_what_is_kept_of_an_exchange():
    endpoint = Endpoint()

    def echo(request):
        return reply(400, {"detail": request.partition(b"Bearer ")[2].partition(b"\r\n")[0].decode()})

    async with both(endpoint, echo) as client:
        with pytest.raises(Rejected) as raised:
            await client.find("user", "userName", "anna")

    assert "token-number-1" not in f"{raised.value!r}{raised.value}{raised.value.exchange!r}"


async def test_nothing_shows_the_client_secret():
    tokens = source("https://login.example/token")

    assert SECRET not in json.dumps([repr(tokens), repr(tokens.credentials)])


@pytest.mark.parametrize("endpoint", ["http://login.example/token", "login", "https://a:b@login.example"])
def test_an_endpoint_that_the_secret_must_not_go_to_is_refused(endpoint):
    with pytest.raises(ValueError, match="token endpoint"):
        source(endpoint)


# Refresh tokens


class Rotating(Endpoint):
    """Gives tokens against the refresh token of the moment, which is another after each use; or always the same."""

    def __init__(self, *, rotates=True, good="refresh-number-0"):
        super().__init__()
        self.rotates, self.good, self.forms = rotates, good, []

    def __call__(self, request):
        head, _, body = request.partition(b"\r\n\r\n")
        form = {name: value[0] for name, value in parse_qs(body.decode()).items()}
        self.forms.append((b"Basic" in head, form))
        if form["refresh_token"] != self.good:
            return reply(400, {"error": "invalid_grant", "error_description": form["refresh_token"]})
        self.given.append(f"token-number-{len(self.given) + 1}")
        answer = {"access_token": self.given[-1], "token_type": "Bearer", "expires_in": 100}
        if self.rotates:
            self.good = f"refresh-number-{len(self.given)}"
            answer["refresh_token"] = self.good
        return reply(200, answer)


class Store:
    """Where the refresh token is kept; `fails` so often."""

    def __init__(self, token="refresh-number-0", fails=0):
        self.token, self.kept, self.fails = token, [], fails

    def read(self):
        return self.token and Secret(self.token)

    def keep(self, token):
        if self.fails:
            self.fails -= 1
            raise OSError("the disk is full")
        self.token = token.reveal()
        self.kept.append(self.token)


@asynccontextmanager
async def refreshing(endpoint, store, *, secret=SECRET, clock=lambda: 0.0):
    application = Application(endpoint)
    async with listening(endpoint) as giving, listening(application) as asked:
        grant = RefreshToken(
            endpoint=f"{giving}/token",
            client_id=CLIENT,
            client_secret=secret and Secret(secret),
            read=store.read,
            keep=store.keep,
        )
        async with ScimClient(f"{asked}/scim", TokenSource(grant, clock), USER_TYPE, GROUP_TYPE) as client:
            client.application = application
            yield client


def find(client):
    return client.find("user", "userName", "anna")


async def test_a_refresh_token_gives_one_token_for_many_requests():
    endpoint = Rotating(rotates=False)
    async with refreshing(endpoint, store := Store()) as client:
        await asyncio.gather(*(find(client) for _ in range(20)))

    (named_in_header, form) = endpoint.forms[0]
    assert (len(endpoint.forms), named_in_header, form["grant_type"]) == (1, True, "refresh_token")
    assert store.kept == []


async def test_a_public_client_is_named_in_the_body():
    endpoint = Rotating()
    async with refreshing(endpoint, Store(), secret=None) as client:
        await find(client)

    assert endpoint.forms == [
        (False, {"grant_type": "refresh_token", "refresh_token": "refresh-number-0", "client_id": CLIENT})
    ]


async def test_a_refresh_token_that_is_replaced_is_kept_and_the_next_one_used():
    seconds = [0.0]
    endpoint, store = Rotating(), Store()
    async with refreshing(endpoint, store, clock=lambda: seconds[0]) as client:
        await find(client)
        seconds[0] = 51.0
        await find(client)

    assert store.kept == ["refresh-number-1", "refresh-number-2"]
    assert client.application.tokens == ["token-number-1", "token-number-2"]


async def test_a_refused_token_is_refreshed_once():
    endpoint, store = Rotating(), Store()
    async with refreshing(endpoint, store) as client:
        client.application.revoked = {"token-number-1"}
        await find(client)

    assert client.application.tokens == ["token-number-1", "token-number-2"]


async def test_a_refresh_token_that_another_process_has_used_is_read_again():
    endpoint = Rotating(good="refresh-of-another")
    reads = ["refresh-number-0", "refresh-of-another"]
    store = Store()
    store.read = lambda: Secret(reads.pop(0))
    async with refreshing(endpoint, store) as client:
        await find(client)

    assert [form["refresh_token"] for _, form in endpoint.forms] == ["refresh-number-0", "refresh-of-another"]


@pytest.mark.parametrize(
    ("stored", "said", "asked"),
    [("refresh-number-7", "Authorize Provisor there again", 1), (None, "save one again", 0)],
)
async def test_a_refresh_token_that_is_not_good_is_said_and_not_shown(stored, said, asked):
    endpoint = Rotating()
    async with refreshing(endpoint, Store(stored)) as client:
        with pytest.raises(Unauthorized, match=said) as raised:
            await find(client)

    assert len(endpoint.forms) == asked
    assert "refresh-number" not in f"{raised.value!r}{raised.value}"


async def test_whoever_is_cancelled_meanwhile_loses_no_refresh_token():
    endpoint, store = Rotating(), Store()
    async with refreshing(endpoint, store) as client:
        asked = asyncio.ensure_future(find(client))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)

    assert store.token == endpoint.good


async def test_a_refresh_token_that_could_not_be_kept_is_not_forgotten():
    endpoint, store = Rotating(), Store(fails=1)
    async with refreshing(endpoint, store) as client:
        with pytest.raises(OSError, match="full"):
            await find(client)
        await find(client)

    assert [form["refresh_token"] for _, form in endpoint.forms] == ["refresh-number-0", "refresh-number-1"]
    assert store.token == endpoint.good == "refresh-number-2"


async def test_a_renewed_token_is_the_same_caller_and_another_client_is_not():
    def caller(client_id, address="https://a.example/scim"):
        tokens = TokenSource(
            ClientCredentials(endpoint="https://login.example", client_id=client_id, client_secret=Secret(SECRET))
        )
        return ScimClient(address, tokens, USER_TYPE, GROUP_TYPE).caller

    assert caller("me") == caller("me", "https://A.example:443/scim/v2")
    assert len({caller("me"), caller("you"), caller("me", "https://b.example/scim")}) == 3


def test_what_tells_callers_apart_shows_no_token():
    made = [ScimClient("https://a.example", Secret(one), USER_TYPE, GROUP_TYPE).caller for one in ("t-1", "t-1", "t-2")]

    assert made[0] == made[1] != made[2]
    assert not any("t-1" in one for one in made)
