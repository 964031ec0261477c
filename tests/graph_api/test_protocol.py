"""What every route has in common: spellings of paths, options, bodies, tokens of pages, who calls, how often."""

import asyncio
import threading
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from provisor.admin.actor import LOCAL_OPERATOR
from provisor.admin.errors import AdminError
from provisor.graph_api.app import GraphApi
from provisor.graph_api.odata.answers import NO_CONTENT, GraphAnswer, collection, ok
from provisor.graph_api.odata.bodies import MAX_BODY_BYTES
from provisor.graph_api.odata.routing import GraphRoute, Router
from provisor.graph_api.threads import ASKING
from support.graph_client import GraphClient


class Given(msgspec.Struct, rename="camel"):
    display_name: str
    number: int = 0


def named(request):
    return ok(request, "things/$entity", {"names": dict(request.names)})


def body(request):
    return ok(request, "things/$entity", {"displayName": None if request.body is None else request.body.display_name})


def page(request):
    start = request.place() or 0
    size = request.options.top or 2
    found = list(range(start, min(start + size, 5)))
    more = request.next_link(start + size) if start + size < 5 else None
    return collection(request, "things", found, next_link=more, delta_link=request.delta_link(start))


def delta(request):
    return collection(request, "things", [request.delta_place()], delta_link=request.delta_link("here"))


def fails(request):
    raise RuntimeError("secret text of ours")


def refuses(request):
    raise AdminError("name-taken", "A thing is called so.", "Choose another name.")


def route(method, path, handler, **more):
    return GraphRoute(method=method, path=path, handler=handler, summary="For tests.", permission="", **more)


TABLE = (
    route("GET", "/things", page, query=frozenset({"$top", "$filter", "$skiptoken"}), most=10),
    route("POST", "/things", body, body=Given),
    route("GET", "/things/delta", delta, query=frozenset({"$deltatoken"})),
    route("GET", "/things/{thing}", named),
    route("DELETE", "/things/{thing}", lambda request: NO_CONTENT),
    route("POST", "/things/{thing}/start", lambda request: NO_CONTENT),
    route("POST", "/things/{thing}/restart", body, body=Given, body_optional=True),
    route("GET", "/things/{thing}/manager/$ref", named),
    route("GET", "/fails", fails),
    route("GET", "/refuses", refuses),
    route("GET", "/new", named, beta_only=True),
    route("GET", "/echo", lambda request: GraphAnswer(body={"root": request.root, "correlation": request.actor.name})),
)


class Clock:
    def __init__(self):
        self.now = datetime(2026, 3, 1, tzinfo=UTC)

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def api(admin, clock, **more):
    return GraphApi(
        admin, TABLE, lambda token, address, correlation: LOCAL_OPERATOR if token == "operator" else None,
        now=clock, **more,
    )  # fmt: skip


@pytest.fixture
def things(admin, clock):
    app = api(admin, clock, requests_per_second=1e6)
    yield GraphClient(app)
    app.close()


SPELLINGS = {
    "/things/delta": None,
    "/things/delta()": None,
    "/things/microsoft.graph.delta": None,
    "/things/microsoft.graph.delta()": None,
    "/Things/Delta": None,
    "/things/delta%28%29": None,
    "/things/": None,
    "/things/abc": {"thing": "abc"},
    "/things/abc/": {"thing": "abc"},
    "/things('abc')": {"thing": "abc"},
    "/things('a''b')": {"thing": "a'b"},
    "/things(appId='abc')": {"thing": "appId=abc"},
    "/things%28appId%3D%27abc%27%29": {"thing": "appId=abc"},
    "/things/anna%40contoso.com": {"thing": "anna@contoso.com"},
    "/things/a%2Fb": {"thing": "a/b"},
    "/things/ciscoUmbrella.0a1b.7e1d": {"thing": "ciscoUmbrella.0a1b.7e1d"},
    "/things/abc/manager/$ref": {"thing": "abc"},
    "/things/abc/manager/%24ref": {"thing": "abc"},
}


@pytest.mark.parametrize("path", SPELLINGS)
def test_every_spelling_of_a_path_is_found(things, path):
    reply = things.get(path)

    assert reply.status == 200, reply.body
    if SPELLINGS[path]:
        assert reply.body["names"] == SPELLINGS[path]


@pytest.mark.parametrize(
    "path", ["/nothing", "/things/a/b/c", "/v2/things", "/", "/new", "/things/abc/manager"], ids=str
)
def test_what_is_not_in_the_table_is_404(things, path):
    reply = things.request("GET", path if path == "/v2/things" else f"/v1.0{path}")

    assert reply.status == 404
    assert reply.error["code"] == "Request_ResourceNotFound"


def test_what_is_new_is_offered_under_beta(things):
    assert things.get("/beta/new").status == 200


def test_another_method_is_405_and_says_which_are_offered(things):
    reply = things.put("/things/abc", {})

    assert reply.status == 405
    assert reply.headers["allow"] == "DELETE, GET"


def test_a_table_that_names_a_route_twice_is_refused():
    with pytest.raises(ValueError, match="twice"):
        Router((TABLE[0], TABLE[0]))


HOSTILE_PATHS = ["/things/%00", "/things/a%0d%0ab", "/things/%ff%fe", "/things/" + "a" * 501, "/a" * 30]


@pytest.mark.parametrize("path", HOSTILE_PATHS, ids=[path[:20] for path in HOSTILE_PATHS])
def test_a_path_of_unprintable_or_endless_parts_is_refused(things, path):
    assert things.get(path).status == 400


OPTIONS = {
    "$top=0": "from 1 to 10",
    "$top=11": "from 1 to 10",
    "$top=٣": "from 1 to 10",
    "$top=1&$top=2": "given twice",
    "$top=1&top=2": "given twice",
    "$search=x": "does not take $search",
    "$orderby=a": "does not take $orderby",
    "$apply=x": "no query option '$apply'",
    "$count=perhaps": "true or false",
    "$filter=a": "its end",
    "a=%ff": "UTF-8",
}


@pytest.mark.parametrize("query", OPTIONS)
def test_an_option_that_cannot_be_heeded_is_refused_by_name(things, query):
    reply = things.get(f"/things?{query}")

    assert reply.status == 400
    assert OPTIONS[query] in reply.error["message"]


@pytest.mark.parametrize("query", ["top=3", "$TOP=3", "%24top=3", "$top=3&api-version=7", "$top=3&$select=id"])
def test_options_are_read_in_every_spelling(things, query):
    assert things.get(f"/things?{query}").value == [0, 1, 2]


# Pages


def test_a_listing_is_read_to_its_end_by_its_links(things):
    assert [reply.value for reply in things.pages("/things")] == [[0, 1], [2, 3], [4]]


def test_a_page_has_a_next_link_or_a_delta_link_and_never_both(things):
    replies = list(things.pages("/things"))

    assert ["@odata.deltaLink" in reply.body for reply in replies] == [False, False, True]


def test_links_name_the_host_that_the_client_called(things):
    things.host = "provisor.example:8443"

    assert things.get("/things").body["@odata.nextLink"].startswith("http://provisor.example:8443/v1.0/things?")


def next_link(things, query=""):
    return things.get(f"/things{query}").body["@odata.nextLink"]


FORGED = {
    "another query": lambda link: link.replace("?", "?$top=1&"),
    "a character changed": lambda link: f"{link[:-4]}{'A' if link[-4] != 'A' else 'B'}{link[-3:]}",
    "cut short": lambda link: link[:-8],
    "made up": lambda link: f"{link.partition('=')[0]}=gAAAAA",
    "empty": lambda link: f"{link.partition('=')[0]}=",
    "no base64": lambda link: f"{link.partition('=')[0]}=%C3%A9%F0%9F%98%80",
}


@pytest.mark.parametrize("how", FORGED)
def test_a_forged_token_is_refused_by_name(things, how):
    reply = things.get(FORGED[how](next_link(things)))

    assert reply.status == 400
    assert reply.error["innerError"]["reason"] == "token-foreign"


def test_a_token_of_another_tenant_is_refused(things, tmp_path, clock, migrated_file):
    import shutil

    from provisor.main import build
    from provisor.settings import read_settings

    other = tmp_path / "other"
    other.mkdir(mode=0o700)
    shutil.copy(migrated_file, other / "provisor.sqlite")
    foreign = GraphClient(api(build(read_settings({"PROVISOR_DATA": str(other)})), clock))

    assert things.get(next_link(foreign)).error["innerError"]["reason"] == "token-foreign"


def test_a_delta_token_is_no_skip_token(things):
    token = things.get("/things/delta").body["@odata.deltaLink"].partition("=")[2]

    assert things.get(f"/things?$skiptoken={token}").status == 400


def test_a_delta_link_holds_what_it_was_made_with(things):
    assert things.get(things.get("/things/delta").body["@odata.deltaLink"]).value == ["here"]


@pytest.mark.parametrize(("days", "status"), [(6.9, 200), (7.1, 410)])
def test_a_delta_link_lasts_seven_days(things, clock, days, status):
    link = things.get("/things/delta").body["@odata.deltaLink"]
    clock.now += timedelta(days=days)

    reply = things.get(link)

    assert reply.status == status
    if status == 410:
        assert reply.error["code"] == "syncStateNotFound"


# Bodies


BODIES = {
    "no JSON": (b"{", "application/json", 400),
    "not an object": (b"[1]", "application/json", 400),
    "a wrong type": (b'{"displayName": 5}', "application/json", 400),
    "a missing property": (b"{}", "application/json", 400),
    "bytes that are no text": (b'{"displayName": "\xff"}', "application/json", 400),
    "half a character": (b'{"displayName": "\\ud800"}', "application/json", 400),
    "nested without end": (b'{"x":' + b"[" * 100_000, "application/json", 400),
    "nothing": (b"", "application/json", 400),
    "another type": (b"{}", "text/plain", 415),
    "a form": (b"displayName=x", "application/x-www-form-urlencoded", 415),
    "no type": (b"{}", "", 415),
    "too long": (b" " * (MAX_BODY_BYTES + 1), "application/json", 413),
}


@pytest.mark.parametrize("what", BODIES)
def test_a_body_that_does_not_fit_is_refused(things, what):
    raw, media, status = BODIES[what]

    reply = things.request("POST", "/things", raw=raw, headers={"content-type": media})

    assert reply.status == status
    assert reply.error["message"]


def test_a_property_that_nobody_knows_is_passed_over(things):
    assert things.post("/things", {"displayName": "x", "reset_scope": None}).body["displayName"] == "x"


def test_a_charset_beside_the_type_is_no_other_type(things):
    reply = things.post("/things", {"displayName": "x"}, headers={"content-type": "Application/JSON; charset=utf-8"})

    assert reply.status == 200


def test_a_body_that_may_be_left_out_is(things):
    assert things.post("/things/abc/restart").body["displayName"] is None


def test_a_body_in_another_encoding_is_refused(things):
    assert things.post("/things", {"displayName": "x"}, headers={"content-encoding": "gzip"}).status == 415


# Who calls


@pytest.mark.parametrize("token", [None, "", "another", "operator\t", "é"])
def test_who_has_no_token_of_ours_is_401(things, token):
    reply = things.as_(token).get("/things") if token != "operator\t" else things.as_("x operator").get("/things")

    assert reply.status == 401
    assert reply.error["code"] == "InvalidAuthenticationToken"
    assert reply.headers["www-authenticate"].startswith("Bearer")


def test_nobody_is_told_which_paths_there_are_without_a_token(things):
    assert things.as_(None).get("/nothing").status == 401


def test_a_token_in_the_address_is_refused_by_name(things):
    reply = things.get("/things?access_token=operator")

    assert reply.status == 400
    assert "URL" in reply.error["message"]


def test_an_address_that_guesses_tokens_is_made_to_wait(things):
    answers = [things.as_("guess").get("/things") for _ in range(25)]

    assert [reply.status for reply in answers[:20]] == [401] * 20
    assert answers[-1].status == 429
    assert int(answers[-1].headers["retry-after"]) >= 1


def test_a_good_token_is_taken_where_others_guess(things):
    for _ in range(25):
        things.as_("guess").get("/things")

    assert things.get("/things").status == 200


def test_one_caller_that_waits_for_applications_leaves_room_for_others(admin, clock):
    released = threading.Event()
    routes = [replace(route("GET", "/slow", lambda request: released.wait(20) and NO_CONTENT), waits_for="application")]
    routes += [replace(route("GET", "/quick", lambda request: NO_CONTENT), waits_for="application")]
    callers = {name: replace(LOCAL_OPERATOR, id=name) for name in ("greedy", "other")}
    app = GraphApi(admin, routes, lambda token, address, correlation: callers.get(token), now=clock)
    client = GraphClient(app)

    async def both():
        asked = [("greedy", "/v1.0/slow")] * ASKING + [("other", "/v1.0/quick")]
        tasks = [asyncio.ensure_future(client.as_(token).meanwhile("GET", path)) for token, path in asked]
        done, _ = await asyncio.wait(tasks[-1:], timeout=5)
        released.set()
        return bool(done), [reply.status for reply in await asyncio.gather(*tasks)]

    answered_meanwhile, statuses = asyncio.run(both())
    app.close()

    assert answered_meanwhile
    assert statuses == [204] * (ASKING + 1)


def test_a_caller_that_asks_too_fast_is_made_to_wait(admin, clock):
    client = GraphClient(api(admin, clock, requests_per_second=2))

    statuses = [client.get("/things").status for _ in range(12)]

    assert statuses.count(200) == 10
    assert statuses[-1] == 429
    client.app.close()


# Answers


def test_an_answer_names_the_request(things):
    reply = things.get("/things", headers={"client-request-id": "03f7d90d-bf71-41b1-bda6-aaf0ddbee5d8"})

    assert reply.headers["client-request-id"] == "03f7d90d-bf71-41b1-bda6-aaf0ddbee5d8"
    assert len(reply.headers["request-id"]) == 36
    assert reply.headers["cache-control"] == "no-store"


def test_a_client_request_id_that_is_none_is_not_echoed(things):
    reply = things.get("/things", headers={"client-request-id": "<script>"})

    assert reply.headers["client-request-id"] == reply.headers["request-id"]


def test_a_refusal_is_in_graphs_shape_with_our_code_and_what_to_do(things):
    reply = things.get("/refuses")

    assert reply.status == 409
    assert reply.error["code"] == "Request_MultipleObjectsWithSameKeyValue"
    assert reply.error["message"] == "A thing is called so."
    assert reply.error["innerError"]["reason"] == "name-taken"
    assert reply.error["innerError"]["hint"] == "Choose another name."
    assert reply.error["innerError"]["request-id"] == reply.headers["request-id"]


def test_a_fault_of_ours_tells_nothing_of_itself(things, caplog):
    reply = things.get("/fails")

    assert reply.status == 500
    assert b"secret" not in reply.raw
    assert reply.headers["request-id"] in caplog.text


@pytest.mark.parametrize(
    ("waiting", "going_on"),
    [
        ({}, {"method": "GET"}),
        ({"waits_for": "application"}, {"method": "PUT", "waits_for": "cycle"}),
        ({"waits_for": "application"}, {"method": "PUT"}),
        ({"waits_for": "cycle"}, {"method": "PUT"}),
    ],
    ids=[
        "reads beside writes",
        "secrets beside an application that hangs",
        "writes beside it",
        "writes beside a cycle",
    ],
)
def test_others_are_answered_however_many_wait(admin, clock, waiting, going_on):
    locked = threading.Event()

    def waits(request):
        locked.wait(20)
        return NO_CONTENT

    app = GraphApi(
        admin,
        [route("POST", "/things", waits, status=204, **waiting), route(path="/things", handler=named, **going_on)],
        lambda token, address, correlation: LOCAL_OPERATOR,
        now=clock,
        requests_per_second=1e6,
    )
    client = GraphClient(app)

    async def all_at_once():
        held = [asyncio.ensure_future(client.meanwhile("POST", "/v1.0/things")) for _ in range(30)]
        others = [client.meanwhile(going_on["method"], "/v1.0/things") for _ in range(10)]
        try:
            answered = [one.status for one in await asyncio.wait_for(asyncio.gather(*others), 10)]
        finally:
            locked.set()
        return answered, {one.status for one in await asyncio.gather(*held)}

    with closing(app):
        answered, written = asyncio.run(all_at_once())

    assert answered == [200] * 10
    assert written == {204}


def test_head_is_answered_without_a_body(things):
    reply = things.request("HEAD", "/things")

    assert (reply.status, reply.raw) == (200, b"")


@pytest.mark.parametrize("host", ["a b", "a/b", "a\\b", "", "x" * 300, "a@b", "[::1"])
def test_a_host_that_is_none_stands_in_no_link(things, host):
    things.host = host

    assert things.get("/echo").body["root"] == "http://127.0.0.1:80"


FORWARDED = {"x-forwarded-proto": "https", "x-forwarded-host": "sso.example"}


@pytest.mark.parametrize(("trusted", "root"), [(True, "https://sso.example"), (False, "http://graph.test")])
def test_a_proxy_says_how_the_client_called_where_it_is_trusted(admin, clock, trusted, root):
    client = GraphClient(api(admin, clock, trust_proxy=trusted))

    assert client.get("/echo", headers=FORWARDED).body["root"] == root
    client.app.close()
