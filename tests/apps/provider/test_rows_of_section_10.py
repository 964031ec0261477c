"""spec/scim-wire.md section 10: what test_validator_cases leaves out, and the gallery suite by its tests' names."""

import pytest

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


@pytest.fixture
def filled(scim_generic):
    return scim_generic, scim_generic.group("Field Staff", members=[scim_generic.user("ana")["id"]])["id"]


def test_13_get_group_by_id_excluding_members(filled):
    client, group = filled

    assert "members" not in client.get(f"/Groups/{group}", excludedAttributes="members").json


def test_14_filter_for_existing_group_excluding_members(filled):
    client, _ = filled

    found = client.find("/Groups", 'displayName eq "Field Staff"', excludedAttributes="members")

    assert found["totalResults"] == 1
    assert "members" not in found["Resources"][0]


def test_18_create_a_new_group(scim_generic):
    body = {"displayName": "New", "externalId": "e-1"}

    made = scim_generic.post("/Groups", {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], **body})

    assert made.status == 201
    assert {name: scim_generic.get(f"/Groups/{made.json['id']}").json[name] for name in body} == body


def test_p1_multiple_operations_on_different_attributes(scim_generic):
    user = scim_generic.user("ana", title="old")["id"]

    answer = scim_generic.patch(
        f"/Users/{user}",
        {"op": "remove", "path": "title"},
        {"op": "add", "path": "nickName", "value": "A"},
        {"op": "replace", "path": "displayName", "value": "Ana"},
    )

    assert ("title" in answer.json, answer.json["nickName"], answer.json["displayName"]) == (False, "A", "Ana")


def test_p2_multiple_operations_on_the_same_attribute(scim_generic):
    user = scim_generic.user("ana", title="old")["id"]

    answer = scim_generic.patch(
        f"/Users/{user}",
        {"op": "remove", "path": "title"},
        {"op": "add", "path": "title", "value": "one"},
        {"op": "replace", "path": "title", "value": "two"},
    )

    assert answer.json["title"] == "two"


def test_p3_delete_a_user_nobody_knows(scim_generic):
    assert scim_generic.delete("/Users/nobody").status == 404


def test_p6_delete_a_group_nobody_knows(scim_generic):
    assert scim_generic.delete("/Groups/nobody").status == 404


@pytest.mark.parametrize("profile", ["umbrella", "generic"])
def test_gallery_schema_discoverability(make_target, profile):
    client = make_target(profile).client
    mapped = ["userName", "active", "displayName", "name", "members"]

    served = {item["name"].lower() for schema in client.get("/Schemas").resources for item in schema["attributes"]}

    assert {name.lower() for name in mapped} <= served


@pytest.mark.parametrize("path", ["displayName", "title", "name.givenName", f"{ENTERPRISE}:department"])
def test_gallery_scim_null_update(scim_generic, path):
    user = scim_generic.user("ana")["id"]

    statuses = [
        scim_generic.patch(f"/Users/{user}", {"op": "replace", "path": path, "value": value}).status
        for value in ("x", "", None)
    ]

    assert statuses == [200, 200, 200]
    assert scim_generic.find("/Users", f"{path} pr")["totalResults"] == 0


@pytest.mark.parametrize("kind", ["Users", "Groups"])
def test_gallery_scim_user_and_group_create_and_update(scim_generic, kind):
    name = "userName" if kind == "Users" else "displayName"

    made = scim_generic.post(f"/{kind}", {name: "before"})
    changed = scim_generic.patch(f"/{kind}/{made.json['id']}", {"op": "replace", "path": name, "value": "after"})

    assert (made.status, made.json[name], changed.status) == (201, "before", 200 if kind == "Users" else 204)
    assert scim_generic.get(f"/{kind}/{made.json['id']}").json[name] == "after"


def test_gallery_scim_update_manager(scim_generic):
    user = scim_generic.user("ana")["id"]
    path = f"{ENTERPRISE}:manager"

    def manager(op, value):
        answer = scim_generic.patch(f"/Users/{user}", {"op": op, "path": path, "value": value})
        return answer.json.get(ENTERPRISE, {}).get("manager")

    assert manager("Add", {"value": "m-1"}) == {"value": "m-1"}
    assert manager("Replace", {"value": "m-2"}) == {"value": "m-2"}
    assert manager("Replace", {"value": ""}) is None


def test_gallery_restore(scim):
    user = scim.user("ana", active=True)["id"]

    states = [
        scim.patch(f"/Users/{user}", {"op": "Replace", "path": "active", "value": value}).json["active"]
        for value in ("False", "True")
    ]

    assert states == [False, True]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"filter": 'userName sw "a"'}, ["ana", "alba"]),
        ({"filter": 'meta.created gt "2001-01-01T00:00:00Z"'}, ["ana", "bo", "alba"]),
        ({"filter": 'title eq "x" and (userName co "b" or userName co "n")'}, ["ana", "bo"]),
        ({"startIndex": "1", "count": "2"}, ["ana", "bo"]),
        ({"attributes": "userName,emails"}, ["ana", "bo", "alba"]),
    ],
)
def test_gallery_postman_queries(scim_generic, query, names):
    for name, title in [("ana", "x"), ("bo", "x"), ("alba", "y")]:
        scim_generic.user(name, title=title)

    assert [user["userName"] for user in scim_generic.get("/Users", **query).resources] == names
