"""What a query may be given and what it may not: nothing is half read (RFC 7644 sections 3.4.2 and 3.4.3, RFC 9865)."""

import pytest

SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"


@pytest.fixture
def three(scim):
    for name in "abc":
        scim.user(name)
    return scim


@pytest.mark.parametrize(
    "body",
    [
        {"filter": ["userName pr"]},
        {"filter": {"a": 1}},
        {"filter": 5},
        {"count": [1]},
        {"count": True},
        {"count": 1.5},
        {"startIndex": {}},
        {"sortBy": ["userName"]},
        {"sortOrder": 1},
        {"cursor": 1},
        {"attributes": [5]},
        {"attributes": {"userName": 1}},
        {"excludedAttributes": 5},
    ],
    ids=str,
)
def test_a_search_request_with_a_value_of_another_type_is_refused(three, body):
    answer = three.post("/Users/.search", {"schemas": [SEARCH], **body})

    assert (answer.status, answer.json["scimType"]) == (400, "invalidValue")
    assert next(iter(body)) in answer.json["detail"]


@pytest.mark.parametrize("schemas", [["urn:other"], "urn:other", [SEARCH.replace("Search", "List")]], ids=str)
def test_a_message_that_is_no_search_request_is_refused(three, schemas):
    answer = three.post("/Users/.search", {"schemas": schemas})

    assert (answer.status, answer.json["scimType"]) == (400, "invalidSyntax")


@pytest.mark.parametrize(
    "body", [{}, {"schemas": [SEARCH.upper()]}, {"filter": None, "count": None}, {"COUNT": 3}, {"count": 3.0}], ids=str
)
def test_what_says_the_same_is_taken(three, body):
    assert len(three.post("/Users/.search", body).resources) == 3


@pytest.mark.parametrize("query", ["count=", "startIndex=", "filter=&sortBy=&sortOrder=&attributes=&count=+"])
def test_a_parameter_without_a_value_is_not_given(three, query):
    assert len(three.request("GET", "/Users", query=query).resources) == 3


@pytest.mark.parametrize("text", ["2_0", "\u0663", "1e1", "0x1", "--1", "1 1"])
def test_a_number_is_digits(three, text):
    answer = three.get("/Users", count=text)

    assert (answer.status, answer.json["scimType"]) == (400, "invalidValue")


@pytest.mark.parametrize(("text", "shown"), [("9" * 5_000, 3), ("-" + "9" * 5_000, 0), (" +2 ", 2)])
def test_a_number_of_any_length_is_read(three, text, shown):
    assert len(three.get("/Users", count=text).resources) == shown


def test_a_cursor_remembers_the_count_that_is_left_out_afterwards(three):
    first = three.get("/Users", cursor="", count=2).json

    assert [user["userName"] for user in three.get("/Users", cursor=first["nextCursor"]).resources] == ["c"]


def test_a_schema_named_alone_stands_for_its_attributes(three):
    core = "urn:ietf:params:scim:schemas:core:2.0:User"

    assert three.get("/Users", attributes=core).resources[0]["userName"] == "a"
    assert "userName" not in three.get("/Users", excludedAttributes=core.upper()).resources[0]


def test_the_schema_of_groups_named_alone_brings_the_members(scim):
    group = scim.group("Staff", members=[scim.user("ana")["id"]])
    core = "urn:ietf:params:scim:schemas:core:2.0:Group"

    assert len(scim.get(f"/Groups/{group['id']}", attributes=core).json["members"]) == 1
    assert "members" not in scim.get(f"/Groups/{group['id']}", excludedAttributes=core).json


def test_a_body_of_byte_order_marks_is_refused(scim):
    assert scim.request("POST", "/Users", raw=b"\xef\xbb\xbf" * 300_000).json["scimType"] == "invalidSyntax"


def test_a_byte_order_mark_before_the_body_is_passed_over(scim):
    assert scim.request("POST", "/Users", raw=b'\xef\xbb\xbf{"userName": "ana"}').status == 201
