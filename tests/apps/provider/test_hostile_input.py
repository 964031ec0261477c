"""Whatever a client sends: a clear 4xx, no 5xx, and no change where a 4xx was answered."""

import json

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(
    ["userName", "displayName", "active", "name", "emails", "members", "schemas", "id", "meta", "externalId", "groups"]
)
BODIES = st.dictionaries(NAMES | st.text(max_size=8), JSON, max_size=6)
PATHS = st.sampled_from(
    ["userName", "members", 'members[value eq "x"]', 'emails[type eq "work"].value', "name.givenName", "", "id", "meta"]
) | st.text(max_size=30)
OPERATIONS = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "Replace", "remove"]) | JSON, "path": PATHS | JSON, "value": JSON | BODIES}
)
STEPS = st.fixed_dictionaries(
    {},
    optional={
        "method": st.sampled_from(["POST", "put", "PATCH", "DELETE", "GET"]) | JSON,
        "path": st.sampled_from(["/Users", "/Groups", "/Users/x", "/Groups/bulkId:a", "/Me", "/Bulk", ""]) | JSON,
        "bulkId": st.sampled_from(["a", "b"]) | JSON,
        "version": st.sampled_from(['W/"1"', "*"]) | JSON,
        "data": BODIES
        | st.fixed_dictionaries(
            {
                "displayName": st.text(max_size=3),
                "members": st.lists(
                    st.fixed_dictionaries({"value": st.sampled_from(["bulkId:a", "bulkId:b", "x"])}), max_size=3
                ),
            }
        ),
    },
)
HEADERS = st.dictionaries(
    st.sampled_from(
        ["If-Match", "If-None-Match", "Content-Type", "Accept", "X-Forwarded-Host", "Content-Length", "Host"]
    ),
    st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=255), max_size=30)
    | st.sampled_from(["*", 'W/"1"', '"1", "2"', "application/xml", "-1", "1" * 30]),
    max_size=3,
)
URLS = st.sampled_from(
    ["/Users", "/Groups", "/Bulk", "/Me", "/.search", "/Users/.search", "/", "/Schemas", "/Users/x"]
) | st.text(max_size=30).map(lambda text: "/" + text)


def dumped(value):
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b'"x"', 400),
        (b"\xff\xfe", 400),
        (b'{"userName":"\\ud800"}', 400),
        (b'{"userName":1e999}', 400),
        (b'{"userName":' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400),
        (b'{"userName":"' + b"x" * (1024 * 1024) + b'"}', 413),
        (b'{"userName":"a","userName":"b"}', 400),
        (b'{"userName":"a\\u0000b"}', 400),
        (b'{"userName":"a","title":"a\\u0000b"}', 201),
    ],
    ids=[
        "nothing",
        "cut",
        "list",
        "text",
        "bytes",
        "surrogate",
        "infinite",
        "deep",
        "large",
        "twice",
        "nul",
        "nul in a title",
    ],
)
def test_a_body_that_makes_no_sense_is_refused(scim, raw, status):
    assert scim.request("POST", "/Users", raw=raw).status == status


@pytest.mark.parametrize("name", ["' OR 1=1 --", '"', "\\", "𝔘", "%00", "../../x", "<b>"])
def test_an_odd_name_can_be_stored_found_and_deleted(scim, name):
    user = scim.user(name)

    assert scim.get(f"/Users/{user['id']}").json["userName"] == name
    assert scim.find("/Users", f"userName eq {json.dumps(name)}")["totalResults"] == 1
    assert scim.delete(f"/Users/{user['id']}").status == 204


def test_a_query_string_of_many_parameters_is_refused(scim):
    assert scim.request("GET", "/Users", query="&".join(f"a{n}=1" for n in range(100))).status == 400


def test_a_host_that_is_none_does_not_reach_an_answer(umbrella):
    client = umbrella.client

    answer = client.request("POST", "/Users", {"userName": "a"}, headers={"Host": 'x"},"evil":"'})

    assert answer.status == 400
    assert "evil" not in answer.json


@pytest.fixture
def made(generic):
    scim = generic.client
    user = scim.user()
    return generic, user["id"], scim.group(members=[user["id"]])["id"]


quick = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
thorough = settings(max_examples=4_000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def state(target):
    return target.database.reader().all("SELECT id, version, document FROM resource"), target.database.reader().all(
        "SELECT * FROM membership"
    )


def attack(made, method, url, query, body, headers=None):
    target, user, group = made
    before = state(target)

    answer = target.client.request(
        method, url.replace("{user}", user).replace("{group}", group), query=query, raw=dumped(body), headers=headers
    )

    if answer.status >= 400:
        assert state(target) == before


ATTACKS = {
    "method": st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]),
    "url": URLS | st.sampled_from(["/Users/{user}", "/Groups/{group}"]),
    "query": st.dictionaries(
        st.sampled_from(
            ["filter", "startIndex", "count", "sortBy", "sortOrder", "attributes", "excludedAttributes", "cursor"]
        ),
        st.text(max_size=30) | st.sampled_from(["userName", 'userName eq "a"', "emails", "members.value", "1", "-1"]),
        max_size=3,
    ),
    "body": BODIES | st.fixed_dictionaries({"Operations": st.lists(OPERATIONS, max_size=3)}) | JSON,
    "headers": HEADERS,
}


@quick
@given(**ATTACKS)
def test_no_request_makes_the_server_fail(made, method, url, query, body, headers):
    attack(made, method, url, query, body, headers)


@quick
@given(steps=st.lists(STEPS | JSON, max_size=6), stop=st.none() | st.integers(-1, 3) | JSON)
def test_no_bulk_request_makes_the_server_fail(made, steps, stop):
    attack(made, "POST", "/Bulk", {}, {"Operations": steps, "failOnErrors": stop})


@quick
@given(steps=st.lists(STEPS, min_size=1, max_size=6))
def test_a_bulk_changes_nothing_but_what_it_says(made, steps):
    target, _, _ = made
    before = {row[0] for row in state(target)[0]}

    answer = target.client.request("POST", "/Bulk", {"Operations": steps})
    assume(answer.status == 200)  # NaN is no JSON

    told = [item for item in answer.json["Operations"] if item["status"] == "201"]
    # What was made may be deleted again by a later step, but nothing is there that was not told.
    assert {row[0] for row in state(target)[0]} - before <= {item["location"].rpartition("/")[2] for item in told}


@pytest.mark.slow
@thorough
@given(**ATTACKS)
def test_thousands_of_requests_do_not_make_the_server_fail(made, method, url, query, body, headers):
    attack(made, method, url, query, body, headers)


@quick
@given(
    operations=st.lists(OPERATIONS, min_size=1, max_size=3), path=st.sampled_from(["/Users/{user}", "/Groups/{group}"])
)
def test_no_patch_makes_the_server_fail(made, operations, path):
    attack(made, "PATCH", path, {}, {"Operations": operations})
