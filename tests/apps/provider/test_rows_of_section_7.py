"""spec/scim-wire.md section 7, row by row: what the RFCs oblige a service provider to, in both profiles."""

import json

import pytest

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
UMBRELLA = "urn:ietf:params:scim:schemas:extension:ciscoumbrella:2.0:User"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"


@pytest.fixture(params=["umbrella", "generic"])
def client(request, make_target):
    return make_target(request.param).client


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_row_1_nothing_is_done_without_a_token(client, method):
    user = client.user()["id"]

    answer = client.request(
        method, f"/Users/{user}" if method != "POST" else "/Users", {}, headers={"Authorization": ""}
    )

    assert answer.status == 401
    assert answer.headers["www-authenticate"]
    assert client.get(f"/Users/{user}").status == 200


@pytest.mark.parametrize(
    "kind",
    [
        "application/scim+json",
        "application/json",
        "application/scim+json; charset=utf-8",
        "Application/SCIM+JSON;charset=UTF-8",
        "application/json ; charset=utf-8; q=1",
        "",
    ],
)
def test_row_2_bodies_are_utf_8_of_either_media_type_and_answers_scim(client, kind):
    answer = client.request("POST", "/Users", raw='{"userName":"Ω"}'.encode(), headers={"Content-Type": kind})

    assert (answer.status, answer.json["userName"]) == (201, "Ω")
    assert answer.headers["content-type"].startswith("application/scim+json")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", ".search", "Bulk"])
@pytest.mark.parametrize(
    "kind",
    [
        *("text/plain", "text/json", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data"),
        *("application/jsonp", "application/json-patch+json", "application", "*/*", "application/octet-stream"),
        *("application/json, text/plain", "json", ";", "application/scim json"),
    ],
)
def test_row_2_a_body_of_another_media_type_is_refused_and_nothing_done(scim, kind, method):
    user = scim.user("ana")["id"]
    path = {"POST": "/Users", ".search": "/Users/.search", "Bulk": "/Bulk"}.get(method, f"/Users/{user}")
    verb = method if method in ("PUT", "PATCH") else "POST"

    answer = scim.request(verb, path, raw=b'{"userName":"ben"}', headers={"Content-Type": kind})

    assert answer.status == 415
    assert "application/scim+json" in answer.json["detail"]
    assert [found["userName"] for found in scim.get("/Users").resources] == ["ana"]


def test_row_2_a_packed_body_is_refused(scim):
    answer = scim.request("POST", "/Users", raw=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})

    assert answer.status == 415


def test_row_2_a_deletion_has_no_body_whose_type_could_matter(scim):
    user = scim.user("ana")["id"]

    assert scim.request("DELETE", f"/Users/{user}", headers={"Content-Type": "text/plain"}).status == 204


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/Users", 200),
        ("GET", "/Groups", 200),
        ("GET", "/Me", 501),
        ("GET", "/ServiceProviderConfig", 200),
        ("GET", "/ResourceTypes", 200),
        ("GET", "/Schemas", 200),
        ("POST", "/Bulk", 200),
        ("POST", "/.search", 200),
        ("POST", "/Users/.search", 200),
        ("POST", "/Groups/.search", 200),
    ],
)
def test_row_3_every_endpoint_answers(client, method, path, status):
    assert client.request(method, path, {"Operations": []} if method == "POST" else None).status == status


def test_row_4_post_ignores_what_is_read_only_and_sets_id_and_meta(client):
    made = client.post("/Users", {"userName": "ana", "id": "mine", "meta": {"created": "1999-01-01T00:00:00Z"}})

    assert made.status == 201
    assert made.json["id"] != "mine"
    assert not made.json["meta"]["created"].startswith("1999")
    assert client.post("/Users", {"userName": "ana"}).json["scimType"] == "uniqueness"


def test_row_5_the_resource_type_follows_the_endpoint(client):
    made = client.user(meta={"resourceType": "Group"}), client.group(meta={"resourceType": "User"})

    assert [item["meta"]["resourceType"] for item in made] == ["User", "Group"]


def test_row_6_get_by_id_is_200_or_404(client):
    assert client.get(f"/Users/{client.user()['id']}").status == 200
    assert client.get("/Users/nobody").status == 404


def test_row_7_a_query_tells_the_total_and_refuses_too_many(client, monkeypatch):
    for number in range(4):
        client.user(f"u{number}", name={"givenName": "x"})
    total = client.get("/Users", count=0).json["totalResults"]
    monkeypatch.setattr("provisor.provider.query.find.SCAN_LIMIT", 3)

    refused = client.get("/Users", filter='name.givenName eq "x"')

    assert total == 4
    assert (refused.status, refused.json["scimType"]) == (400, "tooMany")


def test_row_8_the_root_can_be_queried(client):
    user, group = client.user("same"), client.group("same")

    found = client.get("/", filter='id pr and externalId ne "x"').resources

    assert [item["id"] for item in found] == [user["id"], group["id"]]


@pytest.mark.parametrize(
    "filter_", ["userName", "userName eq", "userName is 1", "(userName pr", "cat eq 1", "active gt true"]
)
def test_row_9_a_filter_that_is_none_is_invalid_filter(client, filter_):
    answer = client.get("/Users", filter=filter_)

    assert (answer.status, answer.json["scimType"]) == (400, "invalidFilter")


def test_row_10_sorting_is_ascending_by_default_and_puts_absent_values_last(client):
    for name, display in [("c", "b"), ("b", None), ("a", "A")]:
        client.user(name, **({"displayName": display} if display else {}))

    up = [user["userName"] for user in client.get("/Users", sortBy="displayName").resources]
    down = [user["userName"] for user in client.get("/Users", sortBy="displayName", sortOrder="descending").resources]

    assert (up, down) == (["a", "c", "b"], ["b", "c", "a"])


@pytest.mark.parametrize(
    ("start", "count", "told", "length"), [("0", "2", 1, 2), ("-5", "-5", 1, 0), ("3", "10", 3, 1), ("9", "1", 9, 0)]
)
def test_row_11_pages_begin_at_1_and_no_number_is_too_small(client, start, count, told, length):
    for name in "abc":
        client.user(name)

    page = client.get("/Users", startIndex=start, count=count).json

    assert (page["startIndex"], page["itemsPerPage"], len(page["Resources"])) == (told, length, length)
    assert page["totalResults"] == 3


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "LIST", "SEARCH"])
def test_row_12_attributes_are_chosen_on_every_verb_with_a_body(client, method):
    user = client.user("ana", displayName="Ana", externalId="e")["id"]
    query = {"attributes": "displayName"}

    match method:
        case "GET":
            shown = client.get(f"/Users/{user}", **query).json
        case "POST":
            shown = client.request("POST", "/Users", {"userName": "bo", "displayName": "Bo"}, query=query).json
        case "PUT":
            shown = client.request("PUT", f"/Users/{user}", {"userName": "bo", "displayName": "Bo"}, query=query).json
        case "PATCH":
            shown = client.patch(f"/Users/{user}", {"op": "replace", "path": "displayName", "value": "B"}, **query).json
        case "LIST":
            shown = client.get("/Users", **query).resources[0]
        case _:
            shown = client.post("/Users/.search", {"attributes": ["displayName"]}).resources[0]

    # schemas and id are always returned; meta is a default attribute.
    assert set(shown) == {"schemas", "id", "displayName"}


def test_row_12_both_choices_at_once_are_refused_and_always_is_kept(client):
    user = client.user()["id"]

    assert client.get(f"/Users/{user}", attributes="a", excludedAttributes="b").status == 400
    assert client.get(f"/Users/{user}", excludedAttributes="id,schemas").json["id"] == user


def test_row_13_a_search_request_is_answered_like_a_query(client):
    client.user("ana")

    found = client.post(
        "/Users/.search",
        {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
            "filter": 'userName eq "ana"',
            "startIndex": 1,
            "count": 10,
        },
    )

    assert (found.status, found.json["totalResults"]) == (200, 1)


def test_row_14_put_replaces_and_clears_what_it_leaves_out(client):
    user = client.user("ana", displayName="Ana", externalId="e")

    put = client.put(f"/Users/{user['id']}", {"userName": "ana", "displayName": "A"})

    assert (put.status, put.json["displayName"], "externalId" in put.json) == (200, "A", False)
    assert (put.json["id"], put.json["meta"]["created"]) == (user["id"], user["meta"]["created"])
    assert put.json["meta"]["version"] == 'W/"2"'
    assert client.put("/Users/nobody", {"userName": "x"}).status == 404


def test_row_14_put_of_the_same_content_changes_nothing(client):
    user = client.user("ana", displayName="Ana")

    assert client.put(f"/Users/{user['id']}", user).json == user


def test_row_14_put_of_a_group_replaces_its_members(client):
    one, two, three = (client.user(name)["id"] for name in ("one", "two", "three"))
    group = client.group("G", members=[one, two])["id"]

    client.put(f"/Groups/{group}", {"displayName": "G", "members": [{"value": two}, {"value": three}]})

    assert client.members(group) == sorted([two, three])


def test_row_15_patch_is_ordered_and_all_or_nothing(client):
    user = client.user("ana")["id"]
    name = "/Users/" + user

    ordered = client.patch(
        name,
        {"op": "add", "path": "displayName", "value": "first"},
        {"op": "replace", "path": "displayName", "value": "second"},
    )
    refused = client.patch(
        name, {"op": "replace", "path": "displayName", "value": "third"}, {"op": "remove", "path": "userName"}
    )

    assert ordered.json["displayName"] == "second"
    assert refused.status == 400
    assert client.get(name).json["displayName"] == "second"


@pytest.mark.parametrize("kind", ["Users", "Groups"])
def test_row_16_what_is_deleted_is_gone_everywhere(client, kind):
    path = f"/{kind}/{(client.user if kind == 'Users' else client.group)()['id']}"

    assert client.delete(path).status == 204
    assert [client.request(method, path, {}).status for method in ("GET", "DELETE")] == [404, 404]
    assert client.get(f"/{kind}").json["totalResults"] == 0


def test_row_17_bulk_makes_what_refers_to_each_other(client):
    answer = client.post(
        "/Bulk",
        {
            "failOnErrors": 1,
            "Operations": [
                {
                    "method": "POST",
                    "path": "/Groups",
                    "bulkId": "g",
                    "data": {"displayName": "g", "members": [{"value": "bulkId:u"}]},
                },
                {"method": "POST", "path": "/Users", "bulkId": "u", "data": {"userName": "u"}},
            ],
        },
    )

    assert [operation["status"] for operation in answer.json["Operations"]] == ["201", "201"]


def test_row_18_attributes_are_named_with_and_without_their_urn(client):
    client.user("ana", name={"givenName": "Ana"})

    for filter_ in (f'{USER}:name.givenName eq "ana"', 'name.givenName eq "ana"', f'{USER}:userName eq "ana"'):
        assert client.find("/Users", filter_, attributes=f"{USER}:userName")["totalResults"] == 1


def test_row_19_me_is_501(client):
    for method in ("GET", "PUT", "PATCH", "DELETE", "POST"):
        answer = client.request(method, "/Me", {})
        assert (answer.status, answer.json["status"]) == (501, "501")


def test_row_20_an_error_has_its_schema_status_as_text_and_a_detail(client):
    answer = client.get("/Users/nobody")

    assert answer.json["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert answer.json["status"] == "404"
    assert "nobody" in answer.json["detail"]
    assert "scimType" not in answer.json


def test_row_21_the_base_path_ends_with_the_version(client):
    assert client.request("GET", "/Users", base="/scim/v2").status == 200


def test_row_22_entity_tags_are_weak_and_guard_reads_and_writes(client):
    user = client.user()
    path, tag = f"/Users/{user['id']}", user["meta"]["version"]
    body = {"userName": "other"}

    assert tag.startswith('W/"')
    assert client.request("GET", path, headers={"If-None-Match": tag}).status == 304
    assert client.request("PUT", path, body, headers={"If-Match": 'W/"99"'}).status == 412
    put = client.request("PUT", path, body, headers={"If-Match": tag})
    assert put.headers["etag"] == put.json["meta"]["version"] != tag
    assert client.request("GET", path, headers={"If-None-Match": tag}).status == 200


@pytest.mark.parametrize("path", ["/Schemas", "/ResourceTypes", "/ServiceProviderConfig"])
def test_row_23_discovery_is_read_only_unfiltered_and_needs_a_token(client, path):
    assert client.get(path, filter='id eq "x"').status == 403
    assert client.get(path, sortBy="id", startIndex=7, count=0).json == client.get(path).json
    assert {client.request(method, path, {}).status for method in ("POST", "PUT", "PATCH", "DELETE")} == {405}
    assert client.request("GET", path, token="wrong").status == 401


def test_row_23_each_document_can_be_read_by_its_name(client):
    for path in ("/Schemas", "/ResourceTypes"):
        for item in client.get(path).resources:
            assert client.get(f"{path}/{item['id']}").json == item


def test_row_24_a_sensitive_filter_needs_no_url(client):
    client.user("ana")

    assert client.post("/.search", {"filter": 'userName eq "ana"'}).json["totalResults"] == 1


@pytest.mark.parametrize("nothing", [None, [], ""])
def test_row_25_null_the_empty_list_and_absence_are_the_same(scim_generic, nothing):
    user = scim_generic.user(EMAILS=nothing, PhoneNumbers=[{"VALUE": "1"}])

    assert "emails" not in user
    assert user["phoneNumbers"] == [{"value": "1"}]


def test_row_26_one_value_at_most_is_primary(scim_generic):
    two = [{"value": "a", "primary": True}, {"value": "b", "primary": True}]
    user = scim_generic.user(emails=two[:1])["id"]

    patched = scim_generic.patch(f"/Users/{user}", {"op": "add", "path": "emails", "value": two[1:]})

    assert scim_generic.post("/Users", {"userName": "x", "emails": two}).status == 400
    assert [mail["value"] for mail in patched.json["emails"] if mail.get("primary")] == ["b"]


def test_row_27_the_common_attributes_are_there_and_external_id_counts_by_case(client):
    user = client.user(externalId="Ext-1")

    assert set(user["meta"]) == {"resourceType", "created", "lastModified", "location", "version"}
    assert user["externalId"] == "Ext-1"
    assert client.find("/Users", 'externalId eq "ext-1"')["totalResults"] == 0


@pytest.mark.parametrize(
    ("profile", "urn", "value"),
    [("umbrella", UMBRELLA, {"nativeObjectId": "x"}), ("generic", ENTERPRISE, {"department": "x"})],
)
def test_row_28_schemas_lists_what_is_declared_and_present_once(make_target, profile, urn, value):
    client = make_target(profile).client
    claimed = [USER, USER, urn, "urn:other"]

    assert client.user("a", schemas=claimed, **{urn: value})["schemas"] == [USER, urn]
    assert client.user("b", schemas=claimed)["schemas"] == [USER]


def test_row_29_a_user_needs_a_unique_name_and_shows_no_password(scim_generic):
    user = scim_generic.user("ana", password="secret", groups=[{"value": "x"}])

    assert ("password" in user, "groups" in user) == (False, False)
    assert "password" not in scim_generic.get(f"/Users/{user['id']}", attributes="password").json
    assert scim_generic.post("/Users", {}).json["scimType"] == "invalidValue"
    assert scim_generic.post("/Users", {"userName": "ANA"}).status == 409
    refused = scim_generic.patch(f"/Users/{user['id']}", {"op": "add", "path": "groups", "value": [{"value": "x"}]})
    assert refused.json["scimType"] == "mutability"


def test_row_29_no_password_is_stored(scim_generic, generic):
    user = scim_generic.user(password="S3cret-value")
    scim_generic.patch(f"/Users/{user['id']}", {"op": "replace", "path": "password", "value": "S3cret-value-2"})

    [stored] = generic.database.reader().one("SELECT document FROM resource")

    assert "S3cret" not in stored


def test_row_30_a_group_needs_a_name_and_its_members_have_a_type(client):
    group = client.group("Staff", members=[client.user()["id"]])

    assert client.post("/Groups", {}).json["scimType"] == "invalidValue"
    assert group["members"][0]["type"] == "User"
    changed = client.patch(
        f"/Groups/{group['id']}", {"op": "replace", "path": 'members[type eq "User"].value', "value": "other"}
    )
    assert changed.json["scimType"] in ("mutability", "invalidValue")


def test_row_31_the_manager_is_complex(scim_generic):
    user = scim_generic.user(**{ENTERPRISE: {"department": "d", "manager": "m-1"}})

    assert user[ENTERPRISE] == {"department": "d", "manager": {"value": "m-1"}}


def test_row_32_the_service_provider_config_says_what_is_served(client):
    config = client.get("/ServiceProviderConfig").json

    assert {
        name: item["supported"] for name, item in config.items() if isinstance(item, dict) and "supported" in item
    } == {
        "patch": True,
        "bulk": True,
        "filter": True,
        "changePassword": False,
        "sort": True,
        "etag": True,
    }
    assert config["filter"]["maxResults"] == 200
    assert config["authenticationSchemes"][0]["type"] == "oauthbearertoken"


def test_row_33_schemas_tell_every_characteristic(client):
    def check(attribute):
        wanted = {"name", "type", "multiValued", "description", "required", "mutability", "returned"}
        assert wanted <= set(attribute), attribute
        for sub in attribute.get("subAttributes", ()):
            check(sub)

    listed = client.get("/Schemas").resources
    for schema in listed:
        for attribute in schema["attributes"]:
            check(attribute)
    declared = {kind["schema"] for kind in client.get("/ResourceTypes").resources}
    assert declared == {USER, GROUP} <= {schema["id"] for schema in listed}
    assert json.dumps(listed)
