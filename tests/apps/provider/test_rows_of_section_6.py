"""spec/scim-wire.md section 6, row by row: what a provisioning client requires, in both profiles."""

import json

import pytest

from provisor.provider.protocol.throttling import Limits

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


@pytest.mark.parametrize("path", ["/Users", "/Groups", "/"])
def test_row_2_a_query_is_answered_by_a_list_and_never_by_404(client, path):
    answer = client.get(path, filter='externalId eq "nobody"')

    assert answer.status == 200
    assert answer.json["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:ListResponse"]


def test_row_3_an_empty_list_has_resources_and_every_number(client):
    assert client.get("/Users").json == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": 0,
        "startIndex": 1,
        "itemsPerPage": 0,
        "Resources": [],
    }


def test_row_4_an_unknown_id_is_404(client):
    assert client.get("/Users/5d0f7c1e-8a44-4f0e-9d2b-2f6f0c6a7711").status == 404


def test_row_5_a_deactivated_user_stays_readable_and_queryable(client):
    user = client.user("ana", active=True)["id"]
    client.patch(f"/Users/{user}", replace("active", "False"))

    assert client.get(f"/Users/{user}").json["active"] is False
    assert client.find("/Users", 'userName eq "ana"')["Resources"][0]["active"] is False


@pytest.mark.parametrize("value", ["Ana  Ruiz", "ANA", "+49 (0)731/1-2", "a\u0301", "İ", "Straße"])
def test_row_6_values_come_back_exactly_as_sent(client, value):
    user = client.user(value, displayName=value, externalId=value)

    assert (user["userName"], user["displayName"], user["externalId"]) == (value, value, value)


def test_row_6_a_persons_name_keeps_its_blanks(client):
    assert client.user(displayName="  Ana  Ruiz ")["displayName"] == "  Ana  Ruiz "


@pytest.mark.parametrize("where", ["id", "query"])
def test_row_7_members_can_be_left_out(client, where):
    group = client.group("Staff", members=[client.user()["id"]])["id"]

    if where == "id":
        found = client.get(f"/Groups/{group}", excludedAttributes="members").json
    else:
        found = client.find("/Groups", 'displayName eq "Staff"', excludedAttributes="members")["Resources"][0]

    assert "members" not in found


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


def test_row_9_a_groups_name_is_unique(client):
    client.group("Staff")

    answer = client.post("/Groups", {"displayName": "STAFF"})

    assert (answer.status, answer.json["scimType"]) == (409, "uniqueness")


def test_row_10_an_address_of_a_type_is_changed_and_not_doubled(scim_generic):
    user = scim_generic.user(emails=[{"type": "work", "value": "old"}])["id"]

    scim_generic.patch(f"/Users/{user}", {"op": "Add", "path": 'emails[type eq "work"].value', "value": "new"})

    assert scim_generic.get(f"/Users/{user}").json["emails"] == [{"type": "work", "value": "new"}]


def test_row_11_patch_answers_200_for_a_user_and_204_for_a_group(client):
    user, group = client.user()["id"], client.group()["id"]

    of_user = client.patch(f"/Users/{user}", replace("displayName", "x"))
    of_group = client.patch(f"/Groups/{group}", replace("displayName", "x"))

    assert (of_user.status, of_user.json["displayName"]) == (200, "x")
    assert (of_group.status, of_group.body) == (204, b"")


def test_row_12_post_answers_201_with_the_location_of_meta(client):
    answer = client.post("/Users", {"userName": "ana"})

    assert answer.status == 201
    assert answer.headers["location"] == answer.json["meta"]["location"]


@pytest.mark.parametrize("name", ["ana", "ANA"])
def test_row_13_a_duplicate_is_409_uniqueness_in_any_case(client, name):
    client.user("ana")

    answer = client.post("/Users", {"userName": name})

    assert (answer.status, answer.json["scimType"]) == (409, "uniqueness")
    assert "userName" in answer.json["detail"]
    assert name in answer.json["detail"]


def test_row_14_a_bad_token_is_401_with_a_challenge(client):
    answer = client.request("GET", "/Users", token="wrong")

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
