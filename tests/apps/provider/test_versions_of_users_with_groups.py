"""A user's entity tag where the profile shows groups: reads notice a change of groups, writes do not mind it."""

import pytest


@pytest.fixture
def member(scim_generic):
    user = scim_generic.user("ana")
    group = scim_generic.group("Staff", members=[user["id"]])
    return f"/Users/{user['id']}", f"/Groups/{group['id']}", user["meta"]["version"]


def conditional(client, path, tag):
    return client.request("GET", path, headers={"If-None-Match": tag}).status


def test_joining_a_group_moves_the_tag_and_not_the_number(scim_generic, member):
    path, _, before = member

    answer = scim_generic.get(path)

    assert answer.headers["etag"] != before
    assert answer.headers["etag"].startswith(before[:-1] + ".")
    assert answer.headers["etag"] == answer.json["meta"]["version"]
    assert conditional(scim_generic, path, before) == 200


def test_an_unchanged_user_in_a_group_is_304(scim_generic, member):
    path, _, _ = member
    tag = scim_generic.get(path).headers["etag"]

    assert conditional(scim_generic, path, tag) == 304


def test_leaving_the_group_brings_the_old_tag_back(scim_generic, member):
    path, group, before = member
    inside = scim_generic.get(path).headers["etag"]
    scim_generic.patch(group, {"op": "remove", "path": "members"})

    assert scim_generic.get(path).headers["etag"] == before
    assert conditional(scim_generic, path, inside) == 200


@pytest.mark.parametrize("which", ["with groups", "without"])
def test_a_write_goes_by_the_number_alone(scim_generic, member, which):
    path, _, before = member
    tag = scim_generic.get(path).headers["etag"] if which == "with groups" else before
    body = {"Operations": [{"op": "add", "path": "title", "value": "x"}]}

    first = scim_generic.request("PATCH", path, body, headers={"If-Match": tag})
    second = scim_generic.request("PATCH", path, body, headers={"If-Match": tag})

    assert (first.status, second.status) == (200, 412)
    assert first.headers["etag"] == first.json["meta"]["version"] == scim_generic.get(path).headers["etag"]


def test_a_list_tells_the_same_version(scim_generic, member):
    path, _, _ = member

    assert scim_generic.get("/Users").resources == [scim_generic.get(path).json]


def test_the_umbrella_profile_shows_no_groups_and_marks_nothing(scim):
    user = scim.user()
    scim.group(members=[user["id"]])

    assert scim.get(f"/Users/{user['id']}").json == user
