"""Conditions of RFC 9110 section 13 on every verb, and HEAD, which is GET without the body (RFC 7644 section 3.14)."""

import pytest


@pytest.mark.parametrize("tags", ["*", 'W/"1"', '"1"', '"zz", W/"1"'])
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_write_that_must_not_meet_this_version_is_refused(scim, method, tags):
    user = scim.user("ana")
    body = {"userName": "bo", "Operations": [{"op": "replace", "path": "userName", "value": "bo"}]}

    answer = scim.request(method, f"/Users/{user['id']}", body, headers={"If-None-Match": tags})

    assert (answer.status, answer.json["status"]) == (412, "412")
    assert scim.get(f"/Users/{user['id']}").json == user


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_write_that_must_not_meet_another_version_is_done(scim, method):
    user = scim.user("ana")
    body = {"userName": "bo", "Operations": [{"op": "replace", "path": "userName", "value": "bo"}]}

    answer = scim.request(method, f"/Users/{user['id']}", body, headers={"If-None-Match": 'W/"2"'})

    assert answer.status in (200, 204)


def test_a_create_and_a_list_have_no_version_to_meet(scim):
    assert scim.request("POST", "/Users", {"userName": "ana"}, headers={"If-None-Match": "*"}).status == 201
    assert scim.request("GET", "/Users", headers={"If-None-Match": "*"}).status == 200


@pytest.mark.fast_rows(1)
@pytest.mark.parametrize("path", ["/Users", "/Users/{id}", "/", "/Schemas", "/ServiceProviderConfig", "/Users/nobody"])
def test_head_is_get_without_the_body(serve, path):
    client = serve().client()
    path = path.format(id=client.user("ana")["id"])

    head, get = client.request("HEAD", path), client.get(path)

    assert (head.status, head.body) == (get.status, b"")
    for name in ("content-type", "content-length", "etag"):
        assert head.headers.get(name) == get.headers.get(name)


def test_head_changes_nothing_and_is_offered_where_get_is(scim):
    assert scim.request("HEAD", "/Bulk").status == 405
    assert scim.request("DELETE", "/Users").headers["allow"] == "GET, HEAD, POST"
