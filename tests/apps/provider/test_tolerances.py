"""spec/scim-wire.md section 5, row by row: what Entra-type clients send and what the server makes of it."""

import pytest

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
UMBRELLA = "urn:ietf:params:scim:schemas:extension:ciscoumbrella:2.0:User"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"


def op(verb, path=None, value=None, **more):
    operation = {"op": verb, **more}
    if path is not None:
        operation["path"] = path
    if value is not None:
        operation["value"] = value
    return operation


@pytest.mark.parametrize("verb", ["Replace", "REPLACE", "replace"])
def test_row_1_op_counts_in_any_case(scim, verb):
    user = scim.user()

    answer = scim.patch(f"/Users/{user['id']}", op(verb, "displayName", "Ana"))

    assert answer.json["displayName"] == "Ana"


def test_row_1_an_unknown_op_is_refused(scim):
    user = scim.user()

    answer = scim.patch(f"/Users/{user['id']}", op("Upsert", "displayName", "Ana"))

    assert (answer.status, answer.json["scimType"]) == (400, "invalidSyntax")


@pytest.mark.parametrize("said", ["False", "false", False])
def test_row_2_a_boolean_may_be_text(scim, said):
    user = scim.user(active="True")

    answer = scim.patch(f"/Users/{user['id']}", op("Replace", "active", said))

    assert user["active"] is True
    assert answer.json["active"] is False


def test_row_2_any_other_text_is_no_boolean(scim):
    answer = scim.post("/Users", {"userName": "a", "active": "maybe"})

    assert (answer.status, answer.json["scimType"]) == (400, "invalidValue")
    assert "active" in answer.json["detail"]
    assert "maybe" in answer.json["detail"]


def test_row_3_remove_with_a_value_array_removes_only_those_members(scim):
    one, two = scim.user("one")["id"], scim.user("two")["id"]
    group = scim.group(members=[one, two])["id"]

    scim.patch(f"/Groups/{group}", op("Remove", "members", [{"$ref": None, "value": one}]))

    assert scim.members(group) == [two]


def test_row_4_remove_of_members_without_value_empties_the_group(scim):
    group = scim.group(members=[scim.user("one")["id"], scim.user("two")["id"]])["id"]

    scim.patch(f"/Groups/{group}", op("remove", "members"))

    assert scim.members(group) == []


def test_row_5_a_null_ref_in_a_member_is_ignored(scim):
    one, group = scim.user("one")["id"], scim.group()["id"]

    answer = scim.patch(f"/Groups/{group}", op("Add", "members", [{"$ref": None, "value": one}]))

    assert answer.status == 204
    assert scim.members(group) == [one]


def test_row_6_dotted_and_urn_keys_without_a_path_are_split(scim):
    user = scim.user()

    answer = scim.patch(
        f"/Users/{user['id']}",
        op("replace", None, {"name.givenName": "Ana", f"{UMBRELLA}:nativeObjectId": "x", f"{USER}:displayName": "A"}),
    )

    assert answer.json["name"] == {"givenName": "Ana"}
    assert answer.json[UMBRELLA] == {"nativeObjectId": "x"}
    assert answer.json["displayName"] == "A"


@pytest.mark.parametrize(
    "manager",
    [lambda m: m, lambda m: {"value": m}, lambda m: [{"$ref": "x", "value": m}]],
    ids=["text", "object", "array"],
)
@pytest.mark.parametrize("path", ["manager", f"{ENTERPRISE}:manager"])
def test_row_7_a_manager_in_any_form_becomes_an_object(scim_generic, manager, path):
    boss, user = scim_generic.user("boss")["id"], scim_generic.user("user")["id"]

    answer = scim_generic.patch(f"/Users/{user}", op("Add", path, manager(boss)))

    assert answer.json[ENTERPRISE]["manager"]["value"] == boss


@pytest.mark.parametrize(
    "manager", ["m-1", {"value": "m-1"}, [{"$ref": None, "value": "m-1"}]], ids=["text", "object", "array"]
)
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_row_7_a_manager_named_without_its_urn_is_accepted_in_a_body(scim_generic, manager, method):
    path = "/Users" if method == "POST" else f"/Users/{scim_generic.user('before')['id']}"

    answer = scim_generic.request(method, path, {"userName": "ana", "manager": manager})

    assert answer.json[ENTERPRISE] == {"manager": {"value": "m-1"}}
    assert answer.json["schemas"] == [USER, ENTERPRISE]
    assert "manager" not in answer.json


def test_row_7_a_manager_in_the_extension_goes_before_one_outside(scim_generic):
    user = scim_generic.user(manager="outside", **{ENTERPRISE: {"manager": {"value": "inside"}, "department": "x"}})

    assert user[ENTERPRISE] == {"manager": {"value": "inside"}, "department": "x"}


def test_row_7_a_manager_is_dropped_where_the_profile_has_none(scim):
    assert "manager" not in scim.user(manager="m-1")


@pytest.mark.parametrize("nothing", ["", {"value": ""}], ids=["text", "object"])
def test_row_8_an_empty_manager_removes_it(scim_generic, nothing):
    boss = scim_generic.user("boss")["id"]
    user = scim_generic.user("user", **{ENTERPRISE: {"manager": {"value": boss}, "department": "d"}})

    answer = scim_generic.patch(f"/Users/{user['id']}", op("replace", f"{ENTERPRISE}:manager", nothing))

    assert answer.json[ENTERPRISE] == {"department": "d"}


def test_row_9_a_filter_that_matches_nothing_yet_makes_the_element(scim_generic):
    user = scim_generic.user()

    answer = scim_generic.patch(f"/Users/{user['id']}", op("Add", 'emails[type eq "work"].value', "a@x.org"))

    assert answer.json["emails"] == [{"type": "work", "value": "a@x.org"}]


def test_row_10_names_count_in_any_case(scim_generic):
    user = scim_generic.user(NAME={"GIVENNAME": "Ana"})

    answer = scim_generic.patch(f"/Users/{user['id']}", op("Replace", "Name.FamilyName", "Ruiz"))

    assert answer.json["name"] == {"givenName": "Ana", "familyName": "Ruiz"}


def test_row_11_null_means_absent(scim_generic):
    user = scim_generic.user(title=None, displayName=None)

    assert "title" not in user
    assert "displayName" not in user


def test_row_12_a_single_element_array_is_unwrapped(scim):
    user = scim.user(displayName=[{"value": "Ana"}])

    assert user["displayName"] == "Ana"


def test_row_13_a_role_as_json_text_is_stored_as_it_is(scim_generic):
    role = '{"id":"r1","value":"Admin","displayName":"Admin"}'
    user = scim_generic.user()

    answer = scim_generic.patch(f"/Users/{user['id']}", op("Add", "roles", [{"value": role, "primary": "True"}]))

    assert answer.json["roles"] == [{"value": role, "primary": True}]


def test_row_14_an_unknown_attribute_is_ignored_in_a_post(scim):
    user = scim.user(shoeSize=44, **{"urn:example:thing": {"a": 1}})

    assert "shoeSize" not in user
    assert "urn:example:thing" not in user


def test_row_14_an_unknown_path_in_a_patch_is_refused(scim):
    user = scim.user()

    answer = scim.patch(f"/Users/{user['id']}", op("add", "shoeSize", 44))

    assert (answer.status, answer.json["scimType"]) == (400, "invalidPath")


def test_row_15_meta_and_id_in_a_request_are_ignored(scim):
    user = scim.user(id="mine", meta={"resourceType": "Cat", "created": "1999"})

    assert user["id"] != "mine"
    assert user["meta"]["resourceType"] == "User"


@pytest.mark.parametrize(
    "query",
    [
        "filter=userName+eq+%22ana%40x.org%22",
        "filter=userName%20eq%20%22ana@x.org%22",
        'filter=userName eq "ana@x.org"',
        "FILTER=userName+eq+%22ana%40x.org%22",
        'filter=userName+eq+"ana@x.org"&count=1',
    ],
)
def test_row_16_every_url_encoding_is_understood(scim, query):
    scim.user("ana@x.org")

    assert scim.request("GET", "/Users", query=query).json["totalResults"] == 1


def test_row_16_a_trailing_slash_is_accepted(scim):
    user = scim.user()

    assert scim.get("/Users/").status == 200
    assert scim.get(f"/Users/{user['id']}/").json == scim.get(f"/Users/{user['id']}").json


def test_row_17_the_same_value_again_changes_neither_version_nor_time(scim):
    user = scim.user(displayName="Ana")

    again = scim.patch(f"/Users/{user['id']}", op("Replace", "displayName", "Ana")).json

    assert again["meta"] == user["meta"]


def test_row_17_a_member_added_again_changes_neither_version_nor_time(scim):
    one = scim.user("one")["id"]
    group = scim.group(members=[one])

    scim.patch(f"/Groups/{group['id']}", op("Add", "members", [{"value": one}]))

    assert scim.get(f"/Groups/{group['id']}").json["meta"] == group["meta"]


def test_row_18_an_inactive_user_is_in_the_way_and_can_be_found(scim):
    scim.user("ana@x.org", active=False)

    assert scim.post("/Users", {"userName": "ANA@x.org"}).status == 409
    assert scim.find("/Users", 'userName eq "ana@x.org"')["Resources"][0]["active"] is False
