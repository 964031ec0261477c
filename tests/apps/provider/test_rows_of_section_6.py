"""spec/scim-wire.md section 6, row by row: what a provisioning client requires, in both profiles."""

import json
import uuid

import pytest

from provisor.provider.protocol.throttling import Limits

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
EMPTY = {
    "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
    "totalResults": 0,
    "startIndex": 1,
    "itemsPerPage": 0,
    "Resources": [],
}
ODD = '  Ána 🎉 \u202b"quoted" \\ back/slash \u0301 ẞß =1+1 %20 +&# \t' + "x" * 200
UMBRELLA = "urn:ietf:params:scim:schemas:extension:ciscoumbrella:2.0:User"


@pytest.fixture(params=["umbrella", "generic"])
def client(request, make_target):
    return make_target(request.param).client


def replace(path, value):
    return {"op": "replace", "path": path, "value": value}


def test_row_1_an_id_is_in_every_resource_immutable_and_not_reused(client):
    user = client.user()
    refused = client.patch(f"/Users/{user['id']}", replace("id", "other"))
    client.delete(f"/Users/{user['id']}")

    assert (refused.status, refused.json["scimType"]) == (400, "mutability")
    assert client.user()["id"] != user["id"]
    assert uuid.UUID(user["id"]).version == 7


@pytest.mark.parametrize("path", ["/Users", "/Groups", "/"])
def test_row_2_a_query_is_answered_by_a_list_and_never_by_404(client, path):
    answer = client.get(path, filter='externalId eq "nobody"')

    assert (answer.status, answer.json) == (200, EMPTY)


def test_row_3_an_empty_list_has_resources_and_every_number(client):
    assert client.get("/Users").json == EMPTY


@pytest.mark.parametrize("path", ["/Users/none", "/Groups/none", "/Users/5d0f7c1e-8a44-4f0e-9d2b-2f6f0c6a7711"])
@pytest.mark.parametrize("method", ["GET", "PATCH", "PUT", "DELETE"])
def test_row_4_an_unknown_id_is_404_without_scim_type(client, method, path):
    bodies = {"PATCH": {"schemas": [PATCH_OP], "Operations": []}, "PUT": {"userName": "a", "displayName": "a"}}

    answer = client.request(method, path, bodies.get(method))

    assert answer.status == 404
    assert answer.json["status"] == "404"
    assert "scimType" not in answer.json


def test_row_4_a_group_is_not_found_among_users(client):
    assert client.get(f"/Users/{client.group()['id']}").status == 404


def test_row_5_a_deactivated_user_stays_readable_and_queryable(client):
    user = client.user("ana", active=True)["id"]
    client.patch(f"/Users/{user}", replace("active", "False"))

    assert client.get(f"/Users/{user}").json["active"] is False
    assert client.find("/Users", 'userName eq "ana"')["Resources"][0]["active"] is False


@pytest.mark.parametrize("value", ["Ana  Ruiz", "ANA", "+49 (0)731/1-2", "a\u0301", "İ", "Straße"])
def test_row_6_values_come_back_exactly_as_sent(client, value):
    user = client.user(value, displayName=value, externalId=value)

    assert (user["userName"], user["displayName"], user["externalId"]) == (value, value, value)
    assert client.get(f"/Users/{user['id']}").json == user


@pytest.mark.parametrize("value", ["  Ana  Ruiz ", ODD], ids=["blanks", "odd"])
def test_row_6_a_persons_name_comes_back_whole(client, value):
    user = client.user(displayName=value, name={"formatted": value})

    read = client.get(f"/Users/{user['id']}").json
    assert (read["displayName"], read["name"]["formatted"]) == (value, value)


@pytest.mark.parametrize("name", ["excludedAttributes", "excludedattributes"])
@pytest.mark.parametrize("value", ["members", "Members", "urn:ietf:params:scim:schemas:core:2.0:Group:members"])
def test_row_7_members_can_be_left_out_by_id_and_in_queries(client, name, value):
    group = client.group("Staff", members=[client.user()["id"]])

    by_id = client.get(f"/Groups/{group['id']}", **{name: value}).json
    [found] = client.find("/Groups", 'displayName eq "staff"', **{name: value})["Resources"]

    assert ["members" in resource for resource in (group, by_id, found)] == [True, False, False]


def test_row_8_every_matching_attribute_and_both_checks_can_be_filtered(client):
    user = client.user("ana", externalId="e-1", displayName="Ana")["id"]
    group = client.group("Staff", externalId="g-1", members=[user])["id"]

    for path, filter_ in [
        ("/Users", 'userName eq "ana"'),
        ("/Users", 'externalId eq "e-1"'),
        ("/Users", 'displayName eq "ana"'),
        ("/Users", f'id eq "{user}" and userName eq "ana"'),
        ("/Groups", 'displayName eq "staff"'),
        ("/Groups", 'externalId eq "g-1"'),
        ("/Groups", f'id eq "{group}" and members eq "{user}"'),
    ]:
        assert client.find(path, filter_, attributes="id")["totalResults"] == 1, filter_


def test_row_8_a_membership_that_is_none_is_not_found(client):
    one, two = client.user("one")["id"], client.user("two")["id"]
    group = client.group(members=[one])["id"]

    inside = client.find("/Groups", f'id eq "{group}" and members eq "{one}"', attributes="id")
    outside = client.find("/Groups", f'id eq "{group}" and members eq "{two}"', attributes="id")

    assert [set(resource) for resource in inside["Resources"]] == [{"schemas", "id"}]
    assert outside["totalResults"] == 0


def test_row_8_a_reference_can_be_checked_by_query(scim_generic):
    boss = scim_generic.user("boss")["id"]
    user = scim_generic.user("user", **{ENTERPRISE: {"manager": boss}})["id"]

    right = scim_generic.find("/Users", f'id eq "{user}" and manager eq "{boss}"', attributes="id")
    wrong = scim_generic.find("/Users", f'id eq "{user}" and {ENTERPRISE}:manager eq "{user}"', attributes="id")

    assert (right["totalResults"], wrong["totalResults"]) == (1, 0)


@pytest.mark.parametrize(("first", "second"), [("Field Staff", "field STAFF"), ("Äpfel", "äPFEL")])
def test_row_9_a_groups_name_is_unique_without_regard_to_case(client, first, second):
    client.group(first)

    answer = client.post("/Groups", {"displayName": second})

    assert (answer.status, answer.json["scimType"]) == (409, "uniqueness")
    assert second in answer.json["detail"]


def test_row_10_an_address_of_a_type_is_changed_and_not_doubled(scim_generic):
    user = scim_generic.user(emails=[{"type": "work", "value": "old"}])["id"]

    scim_generic.patch(f"/Users/{user}", {"op": "Add", "path": 'emails[type eq "work"].value', "value": "new"})

    assert scim_generic.get(f"/Users/{user}").json["emails"] == [{"type": "work", "value": "new"}]


def test_row_11_patch_answers_200_for_a_user_and_204_for_a_group(client):
    user, group = client.user()["id"], client.group()["id"]

    of_user = client.patch(f"/Users/{user}", replace("displayName", "x"))
    of_group = client.patch(f"/Groups/{group}", replace("displayName", "x"))

    assert (of_user.status, of_user.json["displayName"]) == (200, "x")
    assert of_user.json == client.get(f"/Users/{user}").json
    assert (of_group.status, of_group.body) == (204, b"")


def test_row_11_a_group_is_answered_where_attributes_are_asked_for(client):
    group = client.group()["id"]

    asked = client.patch(f"/Groups/{group}", replace("externalId", "y"), attributes="externalId")

    assert (asked.status, asked.json["externalId"]) == (200, "y")


def test_row_12_post_answers_201_with_the_location_of_meta(client):
    answer = client.post("/Users", {"userName": "ana"})

    assert answer.status == 201
    assert answer.headers["location"] == answer.json["meta"]["location"]
    assert answer.headers["location"] == f"http://target.example:8020{client.base}/Users/{answer.json['id']}"
    assert answer.headers["etag"] == answer.json["meta"]["version"] == 'W/"1"'


def test_row_12_the_short_base_path_is_answered_with_its_own_locations(scim):
    user = scim.user()

    answer = scim.request("GET", f"/Users/{user['id']}", base="/scim/v2")

    assert answer.json["meta"]["location"] == f"http://target.example:8020/scim/v2/Users/{user['id']}"


@pytest.mark.parametrize("name", ["ana", "ANA"])
def test_row_13_a_duplicate_is_409_uniqueness_in_any_case(client, name):
    client.user("ana")

    answer = client.post("/Users", {"userName": name})

    assert (answer.status, answer.json["scimType"]) == (409, "uniqueness")
    assert "userName" in answer.json["detail"]
    assert name in answer.json["detail"]


def test_row_13_a_name_is_taken_after_composition_too(client):
    client.user("Jose\u0301@x.org")

    assert client.post("/Users", {"userName": "JOSÉ@X.ORG"}).status == 409


def test_row_13_sharp_s_does_not_meet_double_s(client):
    client.user("strasse")

    assert client.post("/Users", {"userName": "straße"}).status == 201


def test_row_13_renaming_to_a_taken_name_is_refused_and_changes_nothing(client):
    client.user("taken")
    user = client.user("free")

    patched = client.patch(f"/Users/{user['id']}", replace("userName", "TAKEN"), replace("displayName", "x"))
    put = client.put(f"/Users/{user['id']}", {"userName": "Taken"})

    assert [answer.status for answer in (patched, put)] == [409, 409]
    assert client.get(f"/Users/{user['id']}").json == user


def test_row_13_a_user_may_change_the_case_of_its_own_name(client):
    user = client.user("ana")

    assert client.patch(f"/Users/{user['id']}", replace("userName", "ANA")).json["userName"] == "ANA"


@pytest.mark.parametrize("token", ["", "wrong", "umbrella_entra_" + "A" * 43], ids=["none", "short", "shaped"])
@pytest.mark.parametrize("path", ["/Users", "/Schemas", "/ServiceProviderConfig", "/anything"])
def test_row_14_a_bad_token_is_401_with_a_challenge(client, path, token):
    answer = client.request("GET", path, token=token)

    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_row_15_overload_is_429_with_retry_after(make_target):
    client = make_target(limits=Limits(requests_per_second=1)).client

    answers = [client.get("/Users") for _ in range(2)]

    assert answers[1].status == 429
    assert int(answers[1].headers["retry-after"]) >= 1


def test_row_16_a_hundred_members_fit_one_patch_and_25_requests_a_second_are_nothing(client):
    users = [client.user(f"u{number}")["id"] for number in range(100)]
    group = client.group()["id"]

    answer = client.patch(
        f"/Groups/{group}", {"op": "Add", "path": "members", "value": [{"value": id_} for id_ in users]}
    )

    assert answer.status == 204
    assert client.members(group) == sorted(users)


def test_row_17_schemas_are_a_list_in_camel_case_without_nulls(client):
    answer = client.get("/Schemas")

    def walk(value):
        if isinstance(value, dict):
            for name, item in value.items():
                assert name[0].islower() or name == "Resources"
                walk(item)
        elif isinstance(value, list):
            for item in value:
                walk(item)
        assert value is not None

    walk(answer.json)
    assert answer.json["totalResults"] == len(answer.resources) > 1


def test_row_17_custom_attributes_can_be_discovered(scim):
    assert UMBRELLA in [schema["id"] for schema in scim.get("/Schemas").resources]


def test_row_19_an_entity_tag_is_served(client):
    user = client.user()

    answer = client.get(f"/Users/{user['id']}")

    assert answer.headers["etag"] == json.loads(answer.body)["meta"]["version"]
