"""spec/scim-wire.md section 10.1: the SCIM Validator's tests, by number, and the preview ones."""

import pytest

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def replace(path, value):
    return {"op": "replace", "path": path, "value": value}


@pytest.fixture
def user(scim_generic):
    return scim_generic.user("ana.ruiz@example.org", displayName="Ana", active=True)


@pytest.fixture
def group(scim_generic):
    return scim_generic.group("Field Staff")


def test_1_create_a_new_user(scim_generic):
    body = {
        "userName": "bo",
        "name": {"givenName": "Bo"},
        "emails": [{"type": "work", "value": "b@x", "primary": True}],
    }

    made = scim_generic.post("/Users", body).json

    read = scim_generic.get(f"/Users/{made['id']}").json
    assert {name: read[name] for name in body} == body


def test_2_create_a_duplicate_user(scim_generic, user):
    answer = scim_generic.post("/Users", {"userName": user["userName"]})

    assert (answer.status, answer.json["status"], answer.json["scimType"]) == (409, "409", "uniqueness")


@pytest.mark.parametrize(
    ("name", "total"), [("ana.ruiz@example.org", 1), ("nobody", 0), ("ANA.RUIZ@EXAMPLE.ORG", 1)], ids=["3", "4", "5"]
)
def test_3_to_5_filter_for_a_user(scim_generic, user, name, total):
    assert scim_generic.find("/Users", f'userName eq "{name}"')["totalResults"] == total


def test_6_replace_attributes_verbose(scim_generic, user):
    changes = {
        'emails[type eq "work"].value': "w@x.org",
        "name.givenName": "A",
        "name.familyName": "R",
        'addresses[type eq "work"].formatted': "Street 1",
        'phoneNumbers[type eq "mobile"].value': "+34 600",
        f"{ENTERPRISE}:department": "D",
        f"{ENTERPRISE}:employeeNumber": "7",
        "locale": "es",
    }

    answer = scim_generic.patch(f"/Users/{user['id']}", *(replace(path, value) for path, value in changes.items()))

    after = answer.json
    assert after["emails"] == [{"type": "work", "value": "w@x.org"}]
    assert after["name"] == {"givenName": "A", "familyName": "R"}
    assert after["addresses"] == [{"type": "work", "formatted": "Street 1"}]
    assert after["phoneNumbers"] == [{"type": "mobile", "value": "+34 600"}]
    assert after[ENTERPRISE] == {"department": "D", "employeeNumber": "7"}
    assert after["locale"] == "es"


@pytest.mark.parametrize("verb", ["add", "replace"])
def test_6a_attributes_without_a_path(scim_generic, user, verb):
    value = {"name.givenName": "A", "displayName": "B", f"{ENTERPRISE}:department": "D"}

    answer = scim_generic.patch(f"/Users/{user['id']}", {"op": verb, "value": value})

    assert answer.json["name"]["givenName"] == "A"
    assert answer.json["displayName"] == "B"
    assert answer.json[ENTERPRISE]["department"] == "D"


def test_7_update_user_name(scim_generic, user):
    answer = scim_generic.patch(f"/Users/{user['id']}", {"op": "replace", "value": {"userName": "new"}})

    assert answer.json["userName"] == "new"
    assert scim_generic.find("/Users", 'userName eq "new"')["totalResults"] == 1
    assert scim_generic.find("/Users", f'userName eq "{user["userName"]}"')["totalResults"] == 0


def test_8_a_disabled_user_is_seen_inactive_by_id_and_by_filter(scim_generic, user):
    scim_generic.patch(f"/Users/{user['id']}", replace("active", False))

    assert scim_generic.get(f"/Users/{user['id']}").json["active"] is False
    assert scim_generic.find("/Users", f'userName eq "{user["userName"]}"')["Resources"][0]["active"] is False


def test_9_to_11_a_manager_comes_changes_and_goes(scim_generic, user):
    one, two = scim_generic.user("one")["id"], scim_generic.user("two")["id"]
    path = f"{ENTERPRISE}:manager"

    added = scim_generic.patch(f"/Users/{user['id']}", {"op": "add", "path": path, "value": {"value": one}})
    replaced = scim_generic.patch(f"/Users/{user['id']}", replace(path, {"value": two}))
    removed = scim_generic.patch(f"/Users/{user['id']}", replace(path, {"value": ""}))

    assert added.json[ENTERPRISE]["manager"]["value"] == one
    assert replaced.json[ENTERPRISE]["manager"]["value"] == two
    assert ENTERPRISE not in removed.json


@pytest.mark.parametrize("path", ["/Users", "/Groups"], ids=["12", "24"])
def test_12_and_24_delete(scim_generic, user, group, path):
    made = user if path == "/Users" else group

    first = scim_generic.delete(f"{path}/{made['id']}")

    assert (first.status, first.body) == (204, b"")
    assert scim_generic.get(f"{path}/{made['id']}").status == 404


@pytest.mark.parametrize(
    ("name", "total"), [("Field Staff", 1), ("nobody", 0), ("fIELD sTAFF", 1)], ids=["15", "16", "17"]
)
def test_15_to_17_filter_for_a_group(scim_generic, group, name, total):
    assert scim_generic.find("/Groups", f'displayName eq "{name}"')["totalResults"] == total


def test_19_create_a_duplicate_group(scim_generic, group):
    assert scim_generic.post("/Groups", {"displayName": "Field Staff"}).status == 409


def test_20_and_21_replace_attributes_of_a_group(scim_generic, group):
    value = {"externalId": "e", "displayName": "New"}

    answer = scim_generic.patch(f"/Groups/{group['id']}", {"op": "replace", "value": value})

    after = scim_generic.get(f"/Groups/{group['id']}").json
    assert answer.status == 204
    assert (after["externalId"], after["displayName"]) == ("e", "New")


def test_22_and_23_a_member_by_replace_and_removed_by_filter(scim_generic, group):
    one, two = scim_generic.user("one")["id"], scim_generic.user("two")["id"]
    path = f"/Groups/{group['id']}"

    scim_generic.patch(path, replace("members", [{"value": one}, {"value": two}]))
    both = scim_generic.members(group["id"])
    scim_generic.patch(path, {"op": "remove", "path": f'members[value eq "{one}"]'})

    assert both == sorted([one, two])
    assert scim_generic.members(group["id"]) == [two]


@pytest.mark.parametrize("path", ["/Users", "/Groups"])
def test_p4_and_p7_deleting_twice(scim_generic, user, group, path):
    made = user if path == "/Users" else group

    assert [scim_generic.delete(f"{path}/{made['id']}").status for _ in range(2)] == [204, 404]


def test_p5_add_and_remove_one_member_in_one_patch(scim_generic, group):
    one = [{"value": scim_generic.user("one")["id"]}]

    scim_generic.patch(
        f"/Groups/{group['id']}",
        {"op": "add", "path": "members", "value": one},
        {"op": "remove", "path": "members", "value": one},
    )

    assert scim_generic.members(group["id"]) == []
    assert scim_generic.get(f"/Groups/{group['id']}").json["meta"] == group["meta"]


@pytest.mark.parametrize("path", ["/Users", "/Groups"])
def test_pagination_of_the_gallery_suite(scim_generic, path):
    for number in range(11):
        (scim_generic.user if path == "/Users" else scim_generic.group)(f"n{number}")

    pages = [scim_generic.get(path, startIndex=start, count=5).json for start in (1, 6, 11)]

    assert [(page["startIndex"], page["itemsPerPage"], page["totalResults"]) for page in pages] == [
        (1, 5, 11),
        (6, 5, 11),
        (11, 1, 11),
    ]
    assert len({resource["id"] for page in pages for resource in page["Resources"]}) == 11


@pytest.mark.parametrize(("value", "stored"), [("", ""), (None, None)], ids=["empty", "null"])
def test_an_optional_attribute_can_be_emptied(scim_generic, user, value, stored):
    answer = scim_generic.patch(f"/Users/{user['id']}", replace("displayName", value))

    assert answer.json.get("displayName") == stored


def test_a_user_without_a_name_is_refused(scim_generic):
    answer = scim_generic.post("/Users", {"displayName": "x"})

    assert (answer.status, answer.json["scimType"]) == (400, "invalidValue")
    assert "userName" in answer.json["detail"]
