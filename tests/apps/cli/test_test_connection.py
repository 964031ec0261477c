"""`provisor job test-connection`: what it checks, with saved credentials and with others, of which nothing is kept."""

import asyncio
import contextlib
import json
from urllib.parse import parse_qs

import pytest

from support.beside import beside
from support.prepared_answers import Server, reply

APP = "Cisco Umbrella User Management"
TOKEN, OTHER = "t0ken-of-umbrella", "an0ther-t0ken"
ADVICE = f"Ensure your {APP} account has Admin permissions and try again."
EMPTY = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 0, "Resources": []}
SOMEBODY = EMPTY | {"totalResults": 1, "Resources": [{"id": "1", "userName": "x"}]}


class Scim:
    """A SCIM service that answers what it was told to: by what begins the path, else with nobody."""

    def __init__(self, **answers):
        self.answers = answers
        self.requests = []
        self.forms = []

    def __call__(self, request):
        line = request.split(b"\r\n")[0].decode()
        path = line.split()[1].removeprefix("/scim/")
        token = request.partition(b"Bearer ")[2].partition(b"\r\n")[0].decode()
        self.requests.append((path, token))
        self.forms.append((path, parse_qs(request.partition(b"\r\n\r\n")[2].decode())))
        noun = path.partition("?")[0]
        kind = f"{noun}_filter" if "filter=" in path else noun
        return self.answers.get(kind, reply(200, {} if noun == "ServiceProviderConfig" else EMPTY))


@contextlib.contextmanager
def serving(scim):
    bound = []

    @contextlib.asynccontextmanager
    async def run():
        listener = await asyncio.start_server(Server(scim), "127.0.0.1", 0)
        bound.append(listener.sockets[0].getsockname()[1])
        try:
            yield
        finally:
            listener.close()

    with beside(run):
        yield f"http://127.0.0.1:{bound[0]}/scim"


@pytest.fixture
def job(provisor):
    provisor("app", "add", APP)
    provisor("job", "create", APP)


@pytest.fixture
def file(tmp_path):
    def write(text):
        (tmp_path / text).write_text(text)
        return tmp_path / text

    return write


@pytest.fixture
def test(provisor, job, file):
    """Tests a connection to such a service with saved credentials, and ends it."""

    def run(scim, *more, behaviour="provisor"):
        provisor("job", "settings", APP, "--behaviour", behaviour)
        with serving(scim) as url:
            assert provisor("job", "credentials", APP, "--url", url, "--token-file", file(TOKEN)).code == 0
            return provisor("job", "test-connection", APP, *more)

    return run


def whats(scim):
    """What was asked for, without the name of nobody."""
    return [path.partition("%22")[0] for path, _ in scim.requests]


def test_section_14_entra_sends_two_requests(test):
    scim = Scim()

    assert test(scim, behaviour="entra").code == 0

    assert whats(scim) == [
        "Users?filter=userName+eq+",
        "Groups?excludedAttributes=members&filter=displayName+eq+",
    ]


def test_section_14_everything_that_was_checked_is_said(test):
    scim = Scim(
        ServiceProviderConfig=reply(200, {"patch": {"supported": True}, "bulk": {"supported": False}}),
        Users=reply(200, SOMEBODY | {"totalResults": 1234}),
    )

    answered = json.loads(test(scim, "--json").out)

    assert answered["connected"] is True
    assert {check["what"]: check["finding"] for check in answered["checks"]} == {
        "authentication": "passed",
        "filter users by userName": "passed",
        "filter groups by displayName": "passed",
        "discovery": "passed",
        "paging": "passed",
        "groups": "passed",
    }
    said = " ".join(check["sentence"] for check in answered["checks"])
    assert "It says that it offers patch." in said
    assert "holds 1,234 users" in said


REPORTED = {
    "no discovery": ({"ServiceProviderConfig": reply(404)}, "discovery", "not offered"),
    "a broken discovery": ({"ServiceProviderConfig": reply(200, b"<html>")}, "discovery", "failed"),
    "a failing discovery": ({"ServiceProviderConfig": reply(500)}, "discovery", "failed"),
    "no paging": ({"Users": reply(400, {"detail": "no"})}, "paging", "failed"),
    "a broken listing": ({"Users": reply(200, b"[]")}, "paging", "failed"),
    "no list of groups": ({"Groups": reply(501)}, "groups", "failed"),
}


@pytest.mark.parametrize(("answers", "what", "finding"), REPORTED.values(), ids=REPORTED)
def test_section_14_what_cycles_can_do_without_is_reported_and_not_required(test, answers, what, finding):
    answered = test(Scim(**answers), "--json")

    assert answered.code == 0
    assert {one["what"]: one["finding"] for one in json.loads(answered.out)["checks"]}[what] == finding


FAILED = {
    "a wrong token": ({"Users_filter": reply(401, {"detail": "bad token"})}, "refused the credentials (status 401)"),
    "no right": ({"Users_filter": reply(403, {"detail": "read only"})}, "read only"),
    "no list": ({"Users_filter": reply(404, {"detail": "no such page"})}, "does not answer as a SCIM service"),
    "HTML": ({"Users_filter": reply(200, b"<html>hello</html>")}, "does not answer as a SCIM service"),
    "a fault": ({"Users_filter": reply(500, b"oops")}, "500"),
    "overload": ({"Users_filter": reply(503, b"", Retry_After="5")}, "accepts no requests for now"),
    "too many requests": ({"Users_filter": reply(429, b"")}, "accepts no requests for now"),
    "groups alone": ({"Groups_filter": reply(403, {"detail": "no groups"})}, "no groups"),
}


@pytest.mark.parametrize("behaviour", ["provisor", "entra"])
@pytest.mark.parametrize(("answers", "said"), FAILED.values(), ids=FAILED)
def test_section_14_a_failure_ends_with_the_advice_of_the_tutorial(test, answers, said, behaviour):
    answered = test(Scim(**answers), behaviour=behaviour)

    assert (answered.code, said in answered.err) == (1, True)
    assert answered.err.strip().endswith(ADVICE)
    assert TOKEN not in answered.err


def test_section_14_a_failure_shows_the_status_and_the_first_kibibyte_of_the_answer(test):
    body = b"begin " + b"x" * 5_000 + b" end " + TOKEN.encode()

    answered = test(Scim(Users_filter=reply(403, body)))

    assert "It answered: HTTP 403 begin xxx" in answered.err
    assert answered.err.count("x") < 2_200
    assert TOKEN not in answered.err


def test_section_14_a_token_in_the_first_kibibyte_is_not_shown(test):
    answered = test(Scim(Users_filter=reply(403, {"detail": f"not {TOKEN}"})))

    assert "It answered: HTTP 403" in answered.err
    assert TOKEN not in answered.err


def test_a_failure_names_what_passed_before(test):
    answered = test(Scim(Groups_filter=reply(403, {"detail": "no"})))

    assert (
        "Checked: authentication (passed), filter users by userName (passed), filter groups by displayName (failed)."
        in answered.err
    )


# Credentials that are not saved


def test_unsaved_credentials_are_tried_and_nothing_is_kept(provisor, job, file, tmp_path):
    scim = Scim()
    with serving(scim) as url:
        answered = provisor("job", "test-connection", APP, "--url", url, "--token-file", file(OTHER))

    assert (answered.code, {token for _, token in scim.requests}) == (0, {OTHER})
    assert json.loads(provisor("job", "credentials", APP, "--json").out) == {}
    assert not (tmp_path / "data" / "secret.key").exists()
    assert all(OTHER.encode() not in path.read_bytes() for path in (tmp_path / "data").iterdir())


def test_a_saved_token_never_goes_to_an_unsaved_address(provisor, job, file):
    saved, other = Scim(), Scim()
    with serving(saved) as url, serving(other) as elsewhere:
        provisor("job", "credentials", APP, "--url", url, "--token-file", file(TOKEN))
        answered = provisor("job", "test-connection", APP, "--set", f"BaseAddress={elsewhere}")

    assert (answered.code, "not all it takes" in answered.err) == (1, True)
    assert other.requests == []


def test_unsaved_credentials_win_over_saved_ones(provisor, job, file):
    scim = Scim()
    with serving(scim) as url:
        provisor("job", "credentials", APP, "--url", url, "--token-file", file(TOKEN))
        provisor("job", "test-connection", APP, "--url", url, "--token-file", file(OTHER))
    shown = json.loads(provisor("job", "credentials", APP, "--json").out)

    assert {token for _, token in scim.requests} == {OTHER}
    assert shown == {"BaseAddress": url, "SecretToken": None}


def test_unsaved_client_credentials_are_tried(provisor, job, file):
    scim = Scim(token=reply(200, {"access_token": "given", "token_type": "Bearer", "expires_in": 60}))
    with serving(scim) as url:
        answered = provisor(
            *("job", "test-connection", APP, "--url", url, "--set", f"Oauth2TokenExchangeUri={url}/token"),
            *("--set", "Oauth2ClientId=me", "--secret-file", f"Oauth2ClientSecret={file(OTHER)}"),
        )

    assert answered.code == 0
    assert [token for path, token in scim.requests if path != "token"].count("given") == len(scim.requests) - 1


def test_a_refused_client_is_said_with_the_word_of_the_endpoint(provisor, job, file):
    scim = Scim(token=reply(401, {"error": "invalid_client"}))
    with serving(scim) as url:
        answered = provisor(
            *("job", "test-connection", APP, "--url", url, "--set", f"Oauth2TokenExchangeUri={url}/token"),
            *("--set", "Oauth2ClientId=me", "--secret-file", f"Oauth2ClientSecret={file(OTHER)}"),
        )

    assert "refused the client credentials (status 401, invalid_client)" in answered.err
    assert answered.err.strip().endswith(ADVICE)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--url", "http://umbrella.example/scim"), "Plain HTTP"),
        (("--url", "https://umbrella.example/scim?x=y"), "query or fragment"),
        (("--set", "Nonsense=1"), "no credential 'Nonsense'"),
    ],
)
def test_unsaved_credentials_that_cannot_be_used_are_refused_before_anything_is_sent(provisor, job, file, given, said):
    answered = provisor("job", "test-connection", APP, *given, "--token-file", file(OTHER))

    assert (answered.code, said in answered.err) == (1, True)


def test_a_refresh_token_that_is_replaced_is_stored_and_stands_nowhere_in_clear(provisor, job, file, tmp_path):
    replaced = {"access_token": "access-0f-umbrella", "expires_in": 3600, "refresh_token": OTHER}
    scim = Scim(token=reply(200, replaced))
    with serving(scim) as url:
        provisor(
            *("job", "credentials", APP, "--set", f"BaseAddress={url}", "--set", f"Oauth2TokenExchangeUri={url}/token"),
            *("--set", "Oauth2ClientId=me", "--secret-file", f"Oauth2RefreshToken={file(TOKEN)}"),
        )
        answered = [provisor("job", "test-connection", APP) for _ in range(2)]
    asked = [body for path, body in scim.forms if path == "token"]

    assert [one.code for one in answered] == [0, 0]
    assert [body["refresh_token"] for body in asked] == [[TOKEN], [OTHER]]
    clear = [one.encode() for one in (TOKEN, OTHER, "access-0f-umbrella")]
    texts = [path.read_bytes() for path in (tmp_path / "data").iterdir()]
    texts += [f"{one.out}{one.err}".encode() for one in answered]
    assert not any(secret in text for secret in clear for text in texts)
