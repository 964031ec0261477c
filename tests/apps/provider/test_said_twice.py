"""A body that says one thing twice is ambiguous (RFC 7493 section 2.3; names in any case, RFC 7643 section 2.1)."""

import json

import pytest

TWICE = {
    "the same": '{"userName": "ben", "active": true, "active": false}',
    "the same value": '{"userName": "ben", "userName": "ben"}',
    "another case": '{"userName": "ben", "username": "eve"}',
    "three cases": '{"userName": "ben", "title": "a", "TITLE": "b", "Title": "c"}',
    "in an object": '{"userName": "ben", "name": {"givenName": "a", "GivenName": "b"}}',
    "in a list": '{"userName": "ben", "emails": [{"value": "a"}, {"value": "b", "value": "c"}]}',
    "unknown names": '{"userName": "ben", "x": {"y": 1, "y": 2}}',
    "whole objects": '{"userName": "ben", "name": {"givenName": "a"}, "name": {"familyName": "b"}}',
    "colons in values": '{"userName": "ben", "title": "a:b::", "title": ":"}',
    "an escaped letter": '{"userName": "ben", "titl\\u0065": "a", "title": "b"}',
    "an escaped capital": '{"userName": "ben", "\\u0054itle": "a", "title": "b"}',
    "an escaped colon beside": '{"userName": "ben", "title": "a", "title": "b", "displayName": "\\u003a"}',
    "an escaped colon in capitals": '{"userName": "ben", "title": "a", "title": "b", "displayName": "\\u003A"}',
    "an empty name": '{"userName": "ben", "": 1, "": 2}',
    "after a byte order mark": '\ufeff{"userName": "ben", "active": true, "active": false}',
}
ONCE = {
    "different names": '{"userName": "ben", "title": "a"}',
    "colons in values": '{"userName": "ben", "title": "a:b::\\": "}',
    "an escaped colon": '{"userName": "ben", "title": "a\\u003a\\u003Ab"}',
    "an accent": '{"userName": "ben", "title": "Ren\\u00e9 \\u004a"}',
    "the same in two objects": '{"userName": "ben", "emails": [{"value": "a", "type": "x"}, {"value": "b"}]}',
    "names in a text": '{"userName": "ben", "title": "{\\"a\\": 1, \\"a\\": 2}"}',
    "a URN": '{"userName": "ben", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "a:b"}}',
    "numbers": '{"userName": "ben", "x": [1E5, -0.5, 12345678901234567890123, null, true]}',
}
PATCH = '{{"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [{}]}}'


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("body", TWICE.values(), ids=TWICE)
def test_a_body_that_says_something_twice_is_refused(scim_generic, body, method):
    user = scim_generic.user("ana")["id"]

    answer = scim_generic.request(method, "/Users" if method == "POST" else f"/Users/{user}", raw=body.encode())

    assert (answer.status, answer.json["scimType"]) == (400, "invalidSyntax")
    assert "twice" in answer.json["detail"]
    assert [found["userName"] for found in scim_generic.get("/Users").resources] == ["ana"]


@pytest.mark.parametrize(
    "operation",
    [
        '{"op": "replace", "path": "active", "value": false, "value": true}',
        '{"op": "add", "OP": "remove", "path": "title", "value": "x"}',
        '{"op": "replace", "value": {"active": false, "Active": true}}',
        '{"op": "replace", "path": "active", "Path": "title", "value": "False"}',
    ],
)
def test_an_operation_that_says_something_twice_is_refused(scim_generic, operation):
    user = scim_generic.user("ana", active=True)

    answer = scim_generic.request("PATCH", f"/Users/{user['id']}", raw=PATCH.format(operation).encode())

    assert (answer.status, answer.json["scimType"]) == (400, "invalidSyntax")
    assert scim_generic.get(f"/Users/{user['id']}").json == user


@pytest.mark.parametrize("body", ONCE.values(), ids=ONCE)
def test_a_body_that_says_everything_once_is_taken(scim_generic, body):
    answer = scim_generic.request("POST", "/Users", raw=body.encode())

    assert answer.status == 201
    assert answer.json["userName"] == "ben"
    if "title" in (sent := json.loads(body)):
        assert answer.json["title"] == sent["title"]
