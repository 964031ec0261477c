"""Extensions from schema files keep every characteristic of RFC 7643 section 7: types, order, mutability, returned."""

import dataclasses

import pytest

from provisor.provider.store.tables import now_microseconds
from provisor.provider.store.tenants import NewTenant, create_tenant
from provisor.provider.store.tokens import create_token
from provisor.scim.schemas.schema import schema_from_json

URN = "urn:example:params:scim:schemas:extension:badge:2.0:User"
BADGE = schema_from_json(
    {
        "id": URN,
        "name": "Badge",
        "attributes": [
            {"name": "number", "type": "integer"},
            {"name": "since", "type": "dateTime"},
            {"name": "valid", "type": "boolean"},
            {"name": "code", "caseExact": True},
            {"name": "serial", "mutability": "immutable"},
            {"name": "issuer", "mutability": "readOnly"},
            {"name": "pin", "mutability": "writeOnly", "returned": "never"},
            {"name": "notes", "returned": "request"},
            {
                "name": "doors",
                "type": "complex",
                "multiValued": True,
                "subAttributes": [{"name": "value"}, {"name": "key", "returned": "never"}],
            },
        ],
    }
)


@pytest.fixture
def badges(umbrella):
    """A client of a tenant whose users have badges."""
    return client_of(umbrella, BADGE)


def client_of(umbrella, schema):
    wanted = NewTenant(name="extended", profile="generic", schemas={"User": [schema]})
    tenant = create_tenant(umbrella.database, wanted)
    with umbrella.database.transaction() as connection:
        _, clear = create_token(connection, tenant, kind="entra", label="tests", now=now_microseconds())
    umbrella.target.learned_at = 0
    return dataclasses.replace(umbrella.client, base=tenant.base_path, token=clear)


def names(found):
    return "".join(user["userName"] for user in found)


@pytest.mark.parametrize(
    ("attribute", "values", "order"),
    [
        ("number", [10, 9, -1, 2.0], "cdba"),
        ("since", ["2026-01-01T10:00:00+02:00", "2026-01-01T09:00:00Z", "2025-01-01T00:00:00Z"], "cab"),
        ("valid", [True, False], "ba"),
        ("code", ["b", "a", "C"], "cba"),
    ],
)
def test_values_are_sorted_as_their_type_is(badges, attribute, values, order):
    for name, value in zip("abcd", values, strict=False):
        badges.user(name, **{URN: {attribute: value}})
    badges.user("z")

    ascending = badges.get("/Users", sortBy=f"{URN}:{attribute}").resources
    descending = badges.get("/Users", sortBy=f"{URN.upper()}:{attribute}", sortOrder="descending").resources

    assert names(ascending) == f"{order}z"
    assert names(descending) == f"z{order[::-1]}"


def test_what_is_write_only_is_checked_and_never_told_nor_kept(badges, umbrella):
    given = {"pin": "p1n-7731", "number": 1, "doors": [{"value": "a", "key": "k3y-7731"}]}
    wrong = badges.post("/Users", {"userName": "bo", URN: {"pin": {"a": "p1n-7731"}}})
    made = badges.post("/Users", {"userName": "ana", URN: given})
    path = f"/Users/{made.json['id']}"
    put = badges.put(path, {"userName": "ana", URN: given})
    patched = badges.patch(path, {"op": "replace", "path": f"{URN}:pin", "value": "p1n-7731"})
    asked = badges.get(path, attributes=f"{URN}:pin,{URN}:doors.key")

    assert (wrong.status, wrong.json["scimType"]) == (400, "invalidValue")
    for answer in (wrong, made, put, patched, asked, badges.get("/Users")):
        assert b"7731" not in answer.body
    assert made.json[URN] == {"number": 1, "doors": [{"value": "a"}]}
    assert patched.json["meta"]["version"] == 'W/"1"'
    stored = umbrella.database.reader().all("SELECT document FROM resource")
    assert "7731" not in str(stored)


def test_what_is_write_only_is_masked_in_the_inspector(badges, umbrella):
    made = badges.post("/Users", {"userName": "ana", URN: {"pin": "p1n-7731", "number": 4242}})
    operation = {"op": "replace", "path": f"{URN}:PIN", "value": "p1n-7731"}
    badges.patch(f"/Users/{made.json['id']}", operation)

    umbrella.runner.run(umbrella.target.exchanges.flush())

    kept = str(umbrella.database.reader().all("SELECT sent_body, answered_body FROM exchange"))
    assert "7731" not in kept
    assert "4242" in kept


@pytest.mark.parametrize(
    "filter_", ["{}:pin eq {!r}", "{}:doors[key eq {!r}]", "{}:doors.key sw {!r}", "not ({}:pin pr)"]
)
def test_what_is_never_told_cannot_be_asked_for(badges, filter_):
    answer = badges.get("/Users", filter=filter_.format(URN, "x").replace("'", '"'))

    assert (answer.status, answer.json["scimType"]) == (400, "invalidFilter")
    assert badges.get("/Users", filter='password eq "x"').json["scimType"] == "invalidFilter"
    assert badges.get("/Users", sortBy=f"{URN}:pin").json["scimType"] == "invalidPath"
    assert badges.get("/Users", sortBy=f"{URN}:doors.key").json["scimType"] == "invalidPath"


def test_what_is_told_on_request_is_told_to_who_asks_or_wrote_it(badges):
    made = badges.post("/Users", {"userName": "ana", URN: {"notes": "n", "number": 1}})
    path = f"/Users/{made.json['id']}"

    assert made.json[URN] == {"notes": "n", "number": 1}
    assert badges.get(path).json[URN] == {"number": 1}
    assert badges.get("/Users").resources[0][URN] == {"number": 1}
    assert badges.get(path, attributes=f"{URN}:notes").json[URN] == {"notes": "n"}
    assert badges.get(path, excludedAttributes="userName").json[URN] == {"number": 1}
    assert badges.patch(path, {"op": "add", "path": "title", "value": "T"}).json[URN] == {"number": 1}
    changed = badges.patch(path, {"op": "add", "path": f"{URN}:notes", "value": "m"})
    assert changed.json[URN] == {"notes": "m", "number": 1}
    assert badges.put(path, {"userName": "ana", URN: {"notes": "m"}}).json[URN] == {"notes": "m"}
    assert badges.find("/Users", f'{URN}:notes eq "m"')["totalResults"] == 1


def test_discovery_tells_what_is_write_only_and_told_on_request(badges):
    attributes = {item["name"]: item for item in badges.get(f"/Schemas/{URN}").json["attributes"]}

    assert (attributes["pin"]["mutability"], attributes["pin"]["returned"]) == ("writeOnly", "never")
    assert attributes["notes"]["returned"] == "request"


def test_an_extension_with_something_immutable_cannot_be_removed_whole(badges):
    user = badges.user("ana", **{URN: {"serial": "S1", "number": 1}})

    answer = badges.patch(f"/Users/{user['id']}", {"op": "remove", "path": URN})

    assert (answer.status, answer.json["scimType"]) == (400, "mutability")
    assert badges.get(f"/Users/{user['id']}").json[URN] == {"serial": "S1", "number": 1}


def test_what_is_read_only_is_ignored_in_a_body_and_refused_in_a_patch(badges):
    user = badges.user("ana", **{URN: {"issuer": "me", "number": 1}})
    answer = badges.patch(f"/Users/{user['id']}", {"op": "add", "path": f"{URN}:issuer", "value": "me"})

    assert user[URN] == {"number": 1}
    assert (answer.status, answer.json["scimType"]) == (400, "mutability")


def test_what_an_extension_requires_may_come_with_the_last_of_many_operations(umbrella):
    urn = "urn:example:params:scim:schemas:extension:desk:2.0:User"
    schema = {"id": urn, "name": "Desk", "attributes": [{"name": "room"}, {"name": "floor", "required": True}]}
    client = client_of(umbrella, schema_from_json(schema))
    user = client.user("a")

    operations = [{"op": "replace", "path": f"{urn}:room", "value": f"{number}"} for number in range(40)]
    answer = client.patch(f"/Users/{user['id']}", *operations, {"op": "add", "path": f"{urn}:floor", "value": "3"})

    assert answer.json[urn] == {"room": "39", "floor": "3"}
