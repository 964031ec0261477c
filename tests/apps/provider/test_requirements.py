"""spec/scim-wire.md section 6, what a provisioning client requires, and section 9, how PATCH works, against the server."""

import uuid

import pytest


def op(verb, path=None, value=None):
    operation = {"op": verb}
    if path is not None:
        operation["path"] = path
    if value is not None:
        operation["value"] = value
    return operation


def test_an_id_is_a_guid_and_never_comes_again(scim):
    first = scim.user()["id"]
    scim.delete(f"/Users/{first}")

    second = scim.user()["id"]

    assert uuid.UUID(first).version == 7
    assert second != first


@pytest.mark.parametrize("path", ["/Users", "/Groups"])
def test_a_query_without_hits_is_an_empty_list(scim, path):
    answer = scim.get(path, filter='displayName eq "nobody"')

    assert answer.status == 200
    assert answer.json == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": 0,
        "startIndex": 1,
        "itemsPerPage": 0,
        "Resources": [],
    }


@pytest.mark.parametrize("path", ["/Users/none", "/Groups/none", "/Users/7b9f2a64-0000-4000-8000-000000000000"])
@pytest.mark.parametrize("method", ["GET", "PATCH", "PUT", "DELETE"])
def test_an_unknown_id_is_404_without_scim_type(scim, method, path):
    body = {
        "PATCH": {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": []},
        "PUT": {"userName": "a", "displayName": "a"},
    }.get(method)

    answer = scim.request(method, path, body)

    assert answer.status == 404
    assert answer.json["status"] == "404"
    assert "scimType" not in answer.json


def test_a_group_is_not_found_among_users(scim):
    assert scim.get(f"/Users/{scim.group()['id']}").status == 404


def test_values_come_back_exactly_as_sent(scim):
    text = '  Ána 🎉 \u202b"quoted" \\ back/slash \u0301 ẞß =1+1 %20 +&# \t' + "x" * 200

    user = scim.user("Ana.RUIZ@Example.ORG", displayName=text, name={"formatted": text})

    read = scim.get(f"/Users/{user['id']}").json
    assert read["userName"] == "Ana.RUIZ@Example.ORG"
    assert read["displayName"] == text
    assert read["name"]["formatted"] == text


@pytest.mark.parametrize("name", ["excludedAttributes", "excludedattributes"])
@pytest.mark.parametrize("value", ["members", "Members", "urn:ietf:params:scim:schemas:core:2.0:Group:members"])
def test_excluded_members_stay_away_by_id_and_in_queries(scim, name, value):
    group = scim.group("G", members=[scim.user()["id"]])

    by_id = scim.get(f"/Groups/{group['id']}", **{name: value}).json
    found = scim.find("/Groups", 'displayName eq "g"', **{name: value})["Resources"]

    assert "members" in group
    assert "members" not in by_id
    assert ["members" in resource for resource in found] == [False]


def test_a_membership_can_be_checked_by_query(scim):
    one, two = scim.user("one")["id"], scim.user("two")["id"]
    group = scim.group(members=[one])["id"]

    inside = scim.find("/Groups", f'id eq "{group}" and members eq "{one}"', attributes="id")
    outside = scim.find("/Groups", f'id eq "{group}" and members eq "{two}"', attributes="id")

    assert [set(resource) for resource in inside["Resources"]] == [{"schemas", "id"}]
    assert outside["totalResults"] == 0


def test_a_reference_can_be_checked_by_query(scim_generic):
    enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    boss = scim_generic.user("boss")["id"]
    user = scim_generic.user("user", **{enterprise: {"manager": boss}})["id"]

    right = scim_generic.find("/Users", f'id eq "{user}" and manager eq "{boss}"', attributes="id")
    wrong = scim_generic.find("/Users", f'id eq "{user}" and {enterprise}:manager eq "{user}"', attributes="id")

    assert (right["totalResults"], wrong["totalResults"]) == (1, 0)


@pytest.mark.parametrize(("first", "second"), [("Field Staff", "field STAFF"), ("Äpfel", "äPFEL")])
def test_a_group_name_is_unique_without_regard_to_case(scim, first, second):
    scim.group(first)

    answer = scim.post("/Groups", {"displayName": second})

    assert (answer.status, answer.json["scimType"]) == (409, "uniqueness")
    assert second in answer.json["detail"]


def test_a_user_name_is_unique_after_composition(scim):
    scim.user("Jose\u0301@x.org")

    assert scim.post("/Users", {"userName": "JOSÉ@X.ORG"}).status == 409


def test_sharp_s_does_not_meet_double_s(scim):
    scim.user("strasse")

    assert scim.post("/Users", {"userName": "straße"}).status == 201


def test_renaming_to_a_taken_name_is_refused_and_changes_nothing(scim):
    scim.user("taken")
    user = scim.user("free")

    patched = scim.patch(f"/Users/{user['id']}", op("replace", "userName", "TAKEN"), op("add", "displayName", "x"))
    put = scim.put(f"/Users/{user['id']}", {"userName": "Taken"})

    assert [answer.status for answer in (patched, put)] == [409, 409]
    assert scim.get(f"/Users/{user['id']}").json == user


def test_a_user_may_change_the_case_of_its_own_name(scim):
    user = scim.user("ana")

    assert scim.patch(f"/Users/{user['id']}", op("replace", "userName", "ANA")).json["userName"] == "ANA"


def test_post_answers_201_with_location_and_etag(scim):
    answer = scim.post("/Users", {"userName": "ana"})

    assert answer.status == 201
    assert answer.headers["location"] == answer.json["meta"]["location"]
    assert answer.headers["location"] == f"http://target.example:8020/identity/v2/scim/Users/{answer.json['id']}"
    assert answer.headers["etag"] == answer.json["meta"]["version"] == 'W/"1"'


def test_the_short_base_path_is_answered_with_its_own_locations(scim):
    user = scim.user()

    answer = scim.request("GET", f"/Users/{user['id']}", base="/scim/v2")

    assert answer.json["meta"]["location"] == f"http://target.example:8020/scim/v2/Users/{user['id']}"


@pytest.mark.parametrize("token", ["", "wrong", "umbrella_entra_" + "A" * 43], ids=["none", "short", "shaped"])
@pytest.mark.parametrize("path", ["/Users", "/Schemas", "/ServiceProviderConfig", "/anything"])
def test_a_bad_token_is_401_with_a_challenge(scim, token, path):
    answer = scim.request("GET", path, token=token)

    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_patch_of_a_user_answers_the_whole_resource(scim):
    user = scim.user()

    answer = scim.patch(f"/Users/{user['id']}", op("add", "displayName", "Ana"))

    assert answer.status == 200
    assert answer.json == scim.get(f"/Users/{user['id']}").json


def test_patch_of_a_group_answers_204_unless_attributes_are_asked_for(scim):
    group = scim.group()["id"]

    silent = scim.patch(f"/Groups/{group}", op("replace", "externalId", "x"))
    asked = scim.patch(f"/Groups/{group}", op("replace", "externalId", "y"), attributes="externalId")

    assert (silent.status, silent.body) == (204, b"")
    assert (asked.status, asked.json["externalId"]) == (200, "y")


@pytest.mark.parametrize(
    ("operation", "scim_type"),
    [
        (op("remove"), "noTarget"),
        (op("remove", "userName"), "mutability"),
        (op("replace", "id", "x"), "mutability"),
        (op("replace", "displayName", {"a": 1}), "invalidValue"),
        (op("replace", "nickname", [1, 2]), "invalidValue"),
        (op("replace", "]]", "x"), "invalidPath"),
        (op("replace", 'emails[type eq "home"]', {"value": "x"}), "noTarget"),
    ],
    ids=lambda value: value["path"] if isinstance(value, dict) and "path" in value else str(value)[:20],
)
def test_a_patch_that_fails_names_its_reason_and_leaves_the_user_alone(scim_generic, operation, scim_type):
    user = scim_generic.user(displayName="Ana")

    answer = scim_generic.patch(f"/Users/{user['id']}", op("replace", "displayName", "Bo"), operation)

    assert (answer.status, answer.json["scimType"]) == (400, scim_type)
    assert scim_generic.get(f"/Users/{user['id']}").json == user


def test_setting_one_primary_clears_the_other(scim_generic):
    user = scim_generic.user(emails=[{"type": "work", "value": "a", "primary": True}, {"type": "home", "value": "b"}])

    answer = scim_generic.patch(f"/Users/{user['id']}", op("replace", 'emails[type eq "home"].primary', True))

    assert {mail["type"]: mail.get("primary", False) for mail in answer.json["emails"]} == {"work": False, "home": True}


def test_put_replaces_and_keeps_id_and_creation(scim):
    user = scim.user("ana", displayName="Ana", externalId="1")

    after = scim.put(f"/Users/{user['id']}", {"userName": "ana", "externalId": "2"}).json

    assert "displayName" not in after
    assert after["externalId"] == "2"
    assert after["id"] == user["id"]
    assert after["meta"]["created"] == user["meta"]["created"]
    assert after["meta"]["version"] == 'W/"2"'


def test_put_of_the_same_content_changes_nothing(scim):
    user = scim.user("ana", displayName="Ana")

    assert scim.put(f"/Users/{user['id']}", user).json == user


def test_put_of_a_group_replaces_its_members(scim):
    one, two, three = (scim.user(name)["id"] for name in ("one", "two", "three"))
    group = scim.group("G", members=[one, two])["id"]

    scim.put(f"/Groups/{group}", {"displayName": "G", "members": [{"value": two}, {"value": three}]})

    assert scim.members(group) == sorted([two, three])


def test_a_password_is_accepted_and_never_seen_again(scim_generic, generic):
    user = scim_generic.user(password="S3cret-value")
    scim_generic.patch(f"/Users/{user['id']}", op("replace", "password", "S3cret-value-2"))

    stored = generic.database.reader().one("SELECT document FROM resource")[0]

    assert "password" not in user
    assert "S3cret" not in stored
