"""Bulk (RFC 7644 section 3.7): references in every direction, errors one by one, limits, in both profiles."""

import pytest

BOTH_STORES = True
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
RESPONSE = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"


@pytest.fixture(params=["umbrella", "generic"])
def client(request, make_target):
    return make_target(request.param).client


def bulk(client, *operations, **more):
    answer = client.post("/Bulk", {"schemas": [BULK], "Operations": list(operations), **more})
    assert answer.status == 200, answer
    assert answer.json["schemas"] == [RESPONSE]
    return answer.json["Operations"]


def make(kind, bulk_id, **data):
    return {"method": "POST", "path": f"/{kind}", "bulkId": bulk_id, "data": data}


def group(bulk_id, name, *members):
    return make("Groups", bulk_id, displayName=name, members=[{"value": member} for member in members])


def id_of(told):
    return told["location"].rpartition("/")[2]


def test_rfc7644_3_7_3_a_post_put_patch_and_delete_in_one_request(client):
    one, two, three = (client.user(name) for name in ("one", "two", "three"))

    told = bulk(
        client,
        make("Users", "qwerty", userName="Alice"),
        {
            "method": "PUT",
            "path": f"/Users/{one['id']}",
            "version": one["meta"]["version"],
            "data": {"userName": "Bob"},
        },
        {
            "method": "PATCH",
            "path": f"/Users/{two['id']}",
            "version": two["meta"]["version"],
            "data": {"Operations": [{"op": "add", "path": "displayName", "value": "Dave"}]},
        },
        {"method": "DELETE", "path": f"/Users/{three['id']}", "version": three["meta"]["version"]},
    )

    assert [operation["status"] for operation in told] == ["201", "200", "200", "204"]
    assert told[0]["bulkId"] == "qwerty"
    assert [operation.get("version") for operation in told] == ['W/"1"', 'W/"2"', 'W/"2"', None]
    assert client.get(f"/Users/{id_of(told[0])}").json["meta"]["location"] == told[0]["location"]
    assert client.get(f"/Users/{one['id']}").json["userName"] == "Bob"
    assert client.get(f"/Users/{two['id']}").json["displayName"] == "Dave"
    assert client.get(f"/Users/{three['id']}").status == 404


def test_rfc7644_3_7_2_a_group_holds_a_user_made_in_the_same_request(client):
    told = bulk(client, make("Users", "qwerty", userName="Alice"), group("ytrewq", "Tour Guides", "bulkId:qwerty"))

    assert client.members(id_of(told[1])) == [id_of(told[0])]


def test_rfc7644_3_7_2_a_reference_may_point_forwards(client):
    told = bulk(client, group("ytrewq", "Tour Guides", "bulkId:qwerty"), make("Users", "qwerty", userName="Alice"))

    assert [operation["bulkId"] for operation in told] == ["ytrewq", "qwerty"]
    assert client.members(id_of(told[0])) == [id_of(told[1])]


def test_rfc7644_3_7_1_groups_may_hold_each_other(make_target):
    client = make_target("generic").client

    told = bulk(client, group("a", "Group A", "bulkId:b"), group("b", "Group B", "bulkId:a"))

    first, second = map(id_of, told)
    assert [operation["status"] for operation in told] == ["201", "201"]
    assert client.members(first) == [second]
    assert client.members(second) == [first]
    assert client.get(f"/Groups/{first}").json["meta"]["version"] == told[0]["version"]


def test_a_chain_of_a_thousand_groups_pointing_forwards_is_made(make_target):
    client = make_target("generic").client
    chain = [group(f"g{n}", f"Group {n}", *([f"bulkId:g{n + 1}"] if n < 999 else [])) for n in range(1000)]

    told = bulk(client, *chain)

    assert {operation["status"] for operation in told} == {"201"}
    assert client.members(id_of(told[0])) == [id_of(told[1])]


def test_circular_groups_are_made_all_or_none(make_target):
    client = make_target("generic").client
    client.group("Group B")

    told = bulk(client, group("a", "Group A", "bulkId:b"), group("b", "Group B", "bulkId:a"), group("c", "Group C"))

    assert [operation["status"] for operation in told] == ["409", "409", "201"]
    assert told[1]["response"]["scimType"] == "uniqueness"
    assert "bulkId:b" in told[0]["response"]["detail"]
    assert client.find("/Groups", 'displayName eq "Group A"')["totalResults"] == 0


def test_a_manager_may_be_made_later_in_the_request(scim_generic):
    enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

    told = bulk(
        scim_generic,
        make("Users", "a", userName="a", **{enterprise: {"manager": {"value": "bulkId:b"}}}),
        make("Users", "b", userName="b", **{enterprise: {"manager": {"value": "bulkId:a"}}}),
    )

    first, second = map(id_of, told)
    assert scim_generic.get(f"/Users/{first}").json[enterprise]["manager"]["value"] == second
    assert scim_generic.get(f"/Users/{second}").json[enterprise]["manager"]["value"] == first


def test_a_path_and_a_patch_may_name_what_the_request_makes(client):
    told = bulk(
        client,
        make("Users", "u", userName="Alice"),
        group("g", "Guides"),
        {
            "method": "PATCH",
            "path": "/Groups/bulkId:g",
            "data": {"Operations": [{"op": "add", "path": "members", "value": [{"value": "bulkId:u"}]}]},
        },
    )

    assert [operation["status"] for operation in told] == ["201", "201", "204"]
    assert client.members(id_of(told[1])) == [id_of(told[0])]
    assert told[2]["location"] == told[1]["location"]


def test_one_error_does_not_undo_or_stop_the_others(client):
    told = bulk(
        client,
        make("Users", "1", userName="same"),
        make("Users", "2", userName="SAME"),
        make("Users", "3", userName="other"),
    )

    assert [operation["status"] for operation in told] == ["201", "409", "201"]
    assert told[1]["response"]["status"] == "409"
    assert "location" not in told[1]
    assert client.get("/Users").json["totalResults"] == 2


def test_rfc7644_3_7_fail_on_errors_ends_the_request(client):
    told = bulk(
        client,
        make("Users", "1", userName="a"),
        make("Users", "2", userName="a"),
        make("Users", "3", userName="b"),
        failOnErrors=1,
    )

    assert [operation["bulkId"] for operation in told] == ["1", "2"]
    assert client.find("/Users", 'userName eq "b"')["totalResults"] == 0


def test_what_refers_to_a_refused_resource_is_refused(client):
    client.user("taken")

    told = bulk(client, make("Users", "u", userName="taken"), group("g", "Guides", "bulkId:u"))

    assert [operation["status"] for operation in told] == ["409", "409"]
    assert "bulkId:u" in told[1]["response"]["detail"]
    assert client.get("/Groups").json["totalResults"] == 0


@pytest.mark.parametrize(
    ("operation", "status"),
    [
        ("x", "400"),
        ({}, "400"),
        ({"method": "GET", "path": "/Users"}, "400"),
        ({"method": "POST", "path": "/Users", "data": {"userName": "a"}}, "400"),
        ({"method": "POST", "path": "/Users/1", "bulkId": "a", "data": {"userName": "a"}}, "400"),
        ({"method": "POST", "path": "/Cats", "bulkId": "a", "data": {"userName": "a"}}, "404"),
        ({"method": "POST", "path": "/Me", "bulkId": "a", "data": {"userName": "a"}}, "501"),
        ({"method": "POST", "path": "/Users", "bulkId": "a", "data": {}}, "400"),
        ({"method": "POST", "path": "/Users", "bulkId": "a"}, "400"),
        ({"method": "DELETE", "path": "/Users"}, "400"),
        ({"method": "DELETE", "path": "/Users/nobody"}, "404"),
        ({"method": "DELETE", "path": "/Users/bulkId:nobody"}, "400"),
        ({"method": "PUT", "path": "/Users/nobody", "data": {"userName": "a"}}, "404"),
        ({"method": "PATCH", "path": "/Users/nobody", "data": {"Operations": "x"}}, "400"),
        (group("g", "Guides", "bulkId:nobody"), "400"),
    ],
)
def test_an_operation_that_makes_no_sense_is_refused_alone(client, operation, status):
    told = bulk(client, operation, make("Users", "fine", userName="fine"))

    assert [item["status"] for item in told] == [status, "201"]
    assert told[0]["response"]["detail"]


def test_a_version_that_is_past_is_refused(client):
    user = client.user()

    told = bulk(client, {"method": "DELETE", "path": f"/Users/{user['id']}", "version": 'W/"9"'})

    assert told[0]["status"] == "412"
    assert client.get(f"/Users/{user['id']}").status == 200


def test_a_bulk_id_names_one_resource(client):
    told = bulk(client, make("Users", "u", userName="a"), make("Users", "u", userName="b"))

    assert [operation["status"] for operation in told] == ["201", "400"]


def test_rfc7644_3_7_4_more_than_max_operations_is_413(client):
    limit = client.get("/ServiceProviderConfig").json["bulk"]["maxOperations"]
    operation = {"method": "DELETE", "path": "/Users/x"}

    fits = client.post("/Bulk", {"Operations": [operation] * limit})
    beyond = client.post("/Bulk", {"Operations": [operation] * (limit + 1)})

    assert (fits.status, beyond.status) == (200, 413)
    assert str(limit) in beyond.json["detail"]


def test_rfc7644_3_7_4_a_larger_payload_than_max_payload_size_is_413(client):
    size = client.get("/ServiceProviderConfig").json["bulk"]["maxPayloadSize"]

    assert client.request("POST", "/Bulk", raw=b" " * (size + 1)).status == 413


@pytest.mark.parametrize(
    "body",
    [{}, {"Operations": {}}, {"schemas": ["urn:x"], "Operations": []}, {"Operations": [], "failOnErrors": "many"}],
)
def test_a_request_that_is_no_bulk_request_is_refused_whole(client, body):
    assert client.post("/Bulk", body).status == 400


def test_a_request_without_operations_is_answered_with_none(client):
    assert bulk(client) == []


def test_every_operation_is_in_the_request_log_with_its_resource(generic):
    told = bulk(
        generic.client,
        {"method": "post", "path": "/Users", "bulkId": "a", "data": {"userName": "ana"}},
        {"method": "DELETE", "path": "/Users/nobody"},
        {"method": "PATCH", "path": "/Users/bulkId:a", "data": {"Operations": []}},
        {"method": "MOVE", "path": "elsewhere"},
    )

    made = id_of(told[0])
    base = generic.tenant.base_path
    assert [entry[:5] for entry in generic.log()[-5:]] == [
        ("POST", f"{base}/Users/{made}", "User", made, 201),
        ("DELETE", f"{base}/Users/nobody", "User", "nobody", 404),
        ("PATCH", f"{base}/Users/{made}", "User", made, 200),
        ("MOVE", f"{base}elsewhere", "User", None, 400),
        ("POST", f"{base}/Bulk", "Bulk", None, 200),
    ]


def test_the_urn_of_a_bulk_request_counts_in_any_case(scim_generic):
    assert scim_generic.post("/Bulk", {"schemas": [BULK.upper()], "Operations": []}).status == 200
