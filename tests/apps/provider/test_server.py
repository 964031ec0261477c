"""Profiles, versions, discovery, methods and the request log of the running application."""

import pytest

BOTH_STORES = True
UMBRELLA = "urn:ietf:params:scim:schemas:extension:ciscoumbrella:2.0:User"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"


def test_umbrella_keeps_the_tutorials_attributes_and_drops_other_standard_ones(scim):
    user = scim.user(
        title="x",
        emails=[{"value": "a"}],
        name={"givenName": "A", "middleName": "M"},
        **{UMBRELLA: {"nativeObjectId": " kq3mT1xY= "}},
    )

    assert set(user) == {"schemas", "id", "userName", "name", "meta", UMBRELLA}
    assert user["name"] == {"givenName": "A"}
    assert user[UMBRELLA] == {"nativeObjectId": " kq3mT1xY= "}
    assert user["schemas"] == [USER, UMBRELLA]


@pytest.mark.parametrize("path", ["title", 'emails[type eq "work"].value', "name.middleName", "manager"])
def test_umbrella_drops_a_patch_of_a_standard_attribute_it_lacks(scim, path):
    user = scim.user()

    answer = scim.patch(f"/Users/{user['id']}", {"op": "replace", "path": path, "value": "x"})

    assert answer.status == 200
    assert answer.json == user


def test_the_old_group_extension_is_kept_but_not_shown(scim):
    urn = "urn:ietf:params:scim:schemas:extension:ciscoumbrella:2.0:Group"
    group = scim.group(**{urn: {"nativeObjectId": "x"}})

    assert scim.get(f"/Groups/{group['id']}").json[urn] == {"nativeObjectId": "x"}
    assert urn not in scim.get("/Schemas").body.decode()


@pytest.mark.parametrize(
    ("profile", "schemas"),
    [
        ("umbrella", [USER, UMBRELLA, GROUP]),
        ("generic", [USER, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", GROUP]),
    ],
)
def test_discovery_is_a_list_and_tells_each_by_its_name(make_target, profile, schemas):
    scim = make_target(profile).client

    listed = scim.get("/Schemas").json
    types = scim.get("/ResourceTypes").resources

    assert [schema["id"] for schema in listed["Resources"]] == schemas
    assert listed["totalResults"] == len(schemas)
    assert [scim.get(f"/Schemas/{urn}").json for urn in schemas] == listed["Resources"]
    assert [scim.get(f"/ResourceTypes/{kind['id']}").json for kind in types] == types
    assert [kind["endpoint"] for kind in types] == ["/Users", "/Groups"]


def test_native_object_id_can_be_discovered(scim):
    attributes = scim.get(f"/Schemas/{UMBRELLA}").json["attributes"]

    assert [(item["name"], item["type"], item["caseExact"]) for item in attributes] == [
        ("nativeObjectId", "string", True)
    ]


def test_the_service_provider_config_tells_what_is_served(scim):
    config = scim.get("/ServiceProviderConfig").json

    assert {
        name: config[name]["supported"] for name in ("patch", "bulk", "filter", "changePassword", "sort", "etag")
    } == {
        "patch": True,
        "bulk": True,
        "filter": True,
        "changePassword": False,
        "sort": True,
        "etag": True,
    }


@pytest.mark.parametrize("path", ["/Schemas", "/ResourceTypes", "/ServiceProviderConfig"])
def test_discovery_cannot_be_filtered_nor_written(scim, path):
    assert scim.get(path, filter='id eq "x"').status == 403
    assert scim.post(path, {}).status == 405


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("DELETE", "/Users", 405),
        ("POST", "/Users/1", 405),
        ("OPTIONS", "/Users", 405),
        ("GET", "/Users/.search", 405),
        ("GET", "/Me", 501),
        ("GET", "/Bulk", 405),
        ("GET", "/Users/1/2", 404),
        ("GET", "/Schemas/none", 404),
        ("GET", "/nothing", 404),
    ],
)
def test_what_is_not_served_is_said_in_scim(scim, method, path, status):
    answer = scim.request(method, path)

    assert answer.status == status
    assert answer.json["status"] == str(status)
    assert ("allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize("path", ["", "/", "/identity", "/identity/v2/scimX/Users"])
def test_outside_the_base_path_there_is_nothing(scim, path):
    assert scim.request("GET", path, base="").status == 404


@pytest.mark.parametrize(
    ("tag", "status"), [('W/"1"', 200), ('"1"', 200), ("*", 200), ('W/"7", W/"1"', 200), ('W/"2"', 412), ("junk", 412)]
)
def test_if_match_decides_whether_a_write_happens(scim, tag, status):
    user = scim.user()
    body = {"Operations": [{"op": "add", "path": "displayName", "value": "x"}]}

    answer = scim.request("PATCH", f"/Users/{user['id']}", body, headers={"If-Match": tag})

    assert answer.status == status
    assert ("displayName" in scim.get(f"/Users/{user['id']}").json) == (status == 200)


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_if_match_guards_replacing_and_deleting(scim, method):
    user = scim.user()

    answer = scim.request(method, f"/Users/{user['id']}", {"userName": "x"}, headers={"If-Match": 'W/"9"'})

    assert answer.status == 412
    assert scim.get(f"/Users/{user['id']}").json == user


def test_if_none_match_saves_an_unchanged_resource(scim):
    user = scim.user()
    path = f"/Users/{user['id']}"

    same = scim.request("GET", path, headers={"If-None-Match": user["meta"]["version"]})
    other = scim.request("GET", path, headers={"If-None-Match": 'W/"11"'})

    assert (same.status, same.body) == (304, b"")
    assert other.status == 200


def test_every_request_is_in_the_log_with_its_object(umbrella):
    scim = umbrella.client
    user = scim.user("ana")["id"]
    scim.patch(f"/Users/{user}", {"op": "add", "path": "displayName", "value": "x"})
    scim.get(f"/Users/{user}")
    scim.find("/Users", 'userName eq "ana"')
    scim.post("/Users", {"userName": "ANA"})
    scim.delete(f"/Users/{user}")
    scim.request("GET", "/Users", token="wrong")

    entries = umbrella.log()

    id_ = umbrella.token_id
    assert [(method, kind, object_id, status, token) for method, _, kind, object_id, status, token in entries] == [
        ("POST", "User", user, 201, id_),
        ("PATCH", "User", user, 200, id_),
        ("GET", "User", user, 200, id_),
        ("GET", "User", None, 200, id_),
        ("POST", "User", None, 409, id_),
        ("DELETE", "User", user, 204, id_),
        ("GET", None, None, 401, None),
    ]


@pytest.mark.usefixtures("in_sqlite")
def test_the_log_and_the_tables_hold_no_token(umbrella):
    scim = umbrella.client
    scim.user()
    scim.get(f"/Users/{scim.token}")
    scim.get("/Users", access_token=scim.token, filter=f'userName eq "{scim.token}"')
    umbrella.log()
    umbrella.runner.run(umbrella.target.exchanges.flush())

    stored = "".join(
        str(row)
        for (table,) in umbrella.database.reader().all("SELECT name FROM sqlite_master WHERE type = 'table'")
        for row in umbrella.database.reader().all(f"SELECT * FROM {table}")
    )

    assert scim.token not in stored
    assert max(scim.token.split("_"), key=len) not in stored  # its secret may hold an underscore


def test_the_log_keeps_only_the_newest_requests(umbrella, monkeypatch):
    monkeypatch.setattr("provisor.provider.watch.request_log.RETENTION_ROWS", 10)
    monkeypatch.setattr("provisor.provider.watch.request_log.PRUNE_EVERY", 20)
    for _ in range(60):
        umbrella.client.get("/Users")
        if _ % 10 == 0:
            umbrella.log()

    assert len(umbrella.log()) <= 30


def test_a_token_tells_when_it_was_last_used(umbrella):
    umbrella.client.get("/Users")
    umbrella.log()

    row = umbrella.database.reader().one("SELECT created_at, last_used_at FROM token")

    assert row[1] is not None
    assert row[1] >= row[0]


@pytest.mark.parametrize("attribute", ["userName", "displayName", "externalId"])
@pytest.mark.parametrize(("text", "status"), [("é" * 1_000, 201), ("é" * 1_001, 400)], ids=["2000", "2002"])
def test_what_an_index_holds_has_2000_bytes_at_most(scim, attribute, text, status):
    answer = scim.post("/Users", {"userName": "ana", attribute: text})

    assert answer.status == status
    if status == 400:
        assert answer.json["scimType"] == "invalidValue"
        assert attribute in answer.json["detail"]
