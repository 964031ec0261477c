"""Lists, errors, discovery documents and the choice of attributes."""

import pytest

from provisor.scim import errors
from provisor.scim.errors import ERROR_URN, ScimError, shown
from provisor.scim.messages import (
    LIST_RESPONSE_URN,
    detail_of,
    list_response,
    parse_list,
    project,
    scim_type_of,
)
from provisor.scim.schemas.discovery import Features, resource_type_documents, schema_documents, service_provider_config
from provisor.scim.schemas.resource_types import (
    ENTERPRISE_URN,
    GROUP_TYPE,
    GROUP_URN,
    UMBRELLA_GROUP_TYPE,
    UMBRELLA_URN,
    UMBRELLA_USER_TYPE,
    USER_TYPE,
    USER_URN,
)
from provisor.scim.schemas.schema import Attribute, ResourceType, Schema

ANA = {
    "schemas": [USER_URN, ENTERPRISE_URN],
    "id": "1",
    "userName": "ana",
    "name": {"givenName": "Ana", "familyName": "Ruiz"},
    "emails": [{"type": "work", "value": "a"}, {"type": "home", "value": "b"}],
    ENTERPRISE_URN: {"department": "D", "manager": {"value": "m"}},
    "meta": {"resourceType": "User"},
}
GROUP = {"schemas": [GROUP_URN], "id": "g", "displayName": "G", "members": [{"value": "u"}]}


def test_empty_list_has_its_resources():
    assert list_response([], 0) == {
        "schemas": [LIST_RESPONSE_URN],
        "totalResults": 0,
        "startIndex": 1,
        "itemsPerPage": 0,
        "Resources": [],
    }


def test_list_is_read_as_it_was_written():
    page = parse_list(list_response([ANA], 7, 3))

    assert (page.total, page.start_index, page.resources) == (7, 3, (ANA,))


@pytest.mark.parametrize(
    ("value", "total"),
    [
        (0, 0),
        (7, 7),
        (7.0, 7),
        ("7", 7),
        (" 7 ", 7),
        (None, None),
        (7.5, None),
        (-1, None),
        ("-1", None),
        ("", None),
        ("seven", None),
        ("7e3", None),
        ("٧", None),
        (True, None),
        ([7], None),
        (10**40, None),
        ("9" * 5000, None),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_the_total_of_a_list_is_read_as_a_number_or_not_known(value, total):
    assert parse_list({"totalResults": value, "Resources": []}).total == total
    assert parse_list({"TOTALRESULTS": value}).total == total


@pytest.mark.parametrize(
    ("value", "start_index"), [(3, 3), ("3", 3), (0, 0), (-1, -1), ("-1", -1), (None, None), ({}, None), (10**40, None)]
)
def test_the_start_of_a_page_is_read_as_a_number_or_not_known(value, start_index):
    assert parse_list({"Resources": [], "startIndex": value}).start_index == start_index


@pytest.mark.parametrize(
    ("listed", "entries", "resources"),
    [
        ([ANA], 1, (ANA,)),
        ([], 0, ()),
        (None, 0, ()),
        ([ANA, None, 7, "x", [ANA], {}], 6, (ANA, {})),
        ({"1": ANA}, 1, ()),
        ("none", 1, ()),
        (0, 1, ()),
    ],
)
def test_what_is_listed_is_counted_also_where_it_is_no_resource(listed, entries, resources):
    page = parse_list({"totalResults": 1, "RESOURCES": listed})

    assert (page.entries, page.resources) == (entries, resources)


@pytest.mark.parametrize("body", [None, [], "x", {}, {"detail": "no"}], ids=repr)
def test_what_is_no_list_is_refused(body):
    with pytest.raises(ScimError):
        parse_list(body)


def test_error_body_has_its_status_as_text():
    assert errors.uniqueness("userName is taken").body() == {
        "schemas": [ERROR_URN],
        "status": "409",
        "scimType": "uniqueness",
        "detail": "userName is taken",
    }


def test_error_without_type_says_no_type():
    assert errors.not_found("User", "x").body() == {
        "schemas": [ERROR_URN],
        "status": "404",
        "detail": 'User "x" not found.',
    }


@pytest.mark.parametrize(
    ("error", "status", "scim_type"),
    [
        (errors.invalid_filter(""), 400, "invalidFilter"),
        (errors.too_many(""), 400, "tooMany"),
        (errors.uniqueness(""), 409, "uniqueness"),
        (errors.mutability(""), 400, "mutability"),
        (errors.invalid_syntax(""), 400, "invalidSyntax"),
        (errors.invalid_path(""), 400, "invalidPath"),
        (errors.no_target(""), 400, "noTarget"),
        (errors.invalid_value(""), 400, "invalidValue"),
        (errors.unauthorized(""), 401, None),
        (errors.forbidden(""), 403, None),
        (errors.precondition_failed(""), 412, None),
        (errors.too_large(""), 413, None),
        (errors.not_implemented(""), 501, None),
    ],
)
def test_error_of_rfc7644_table_9(error, status, scim_type):
    assert (error.status, error.scim_type) == (status, scim_type)


@pytest.mark.parametrize(("body", "detail"), [({"Detail": "no"}, "no"), ({}, None), ({"detail": 7}, None), ("x", None)])
def test_detail_of_an_answer(body, detail):
    assert detail_of(body) == detail


def test_type_of_an_answer():
    assert scim_type_of(errors.uniqueness("x").body()) == "uniqueness"


# Choice of attributes


def test_nothing_asked_gives_the_very_same_resource():
    assert project(GROUP, (), (), GROUP_TYPE) is GROUP


@pytest.mark.parametrize(
    ("attributes", "rest"),
    [
        (["userName"], {"userName": "ana"}),
        (["USERNAME", "name.givenName"], {"userName": "ana", "name": {"givenName": "Ana"}}),
        (["emails.value"], {"emails": [{"value": "a"}, {"value": "b"}]}),
        ([f"{ENTERPRISE_URN}:department"], {ENTERPRISE_URN: {"department": "D"}}),
        ([ENTERPRISE_URN], {ENTERPRISE_URN: ANA[ENTERPRISE_URN]}),
        (["name", "name.givenName"], {"name": ANA["name"]}),
        (["id"], {}),
        (["shoeSize"], {}),
        (["title"], {}),
    ],
    ids=str,
)
def test_attributes_asked_are_returned_beside_those_always_returned(attributes, rest):
    assert project(ANA, attributes, (), USER_TYPE) == {"schemas": ANA["schemas"], "id": "1", **rest}


@pytest.mark.parametrize(
    ("excluded", "gone"),
    [(["members"], {"members"}), (["Members", "displayName"], {"members", "displayName"}), (["id", "schemas"], set())],
)
def test_excluded_attributes_are_left_out_but_never_id(excluded, gone):
    assert project(GROUP, (), excluded, GROUP_TYPE) == {k: v for k, v in GROUP.items() if k not in gone}


def test_excluded_sub_attributes_are_left_out():
    seen = project(ANA, (), ["emails.type", "name.givenName", f"{ENTERPRISE_URN}:manager"], USER_TYPE)

    assert seen["emails"] == [{"value": "a"}, {"value": "b"}]
    assert seen["name"] == {"familyName": "Ruiz"}
    assert seen[ENTERPRISE_URN] == {"department": "D"}


def test_password_is_never_returned():
    assert project({"id": "1", "password": "x"}, (), (), USER_TYPE) == {"id": "1"}
    assert project({"id": "1", "password": "x"}, ["password"], (), USER_TYPE) == {"id": "1"}


def test_attribute_returned_on_request_waits_for_it():
    thing = ResourceType(
        name="Thing",
        endpoint="/Things",
        schema=Schema(
            id="urn:example:Thing",
            name="Thing",
            attributes=(Attribute(name="log", returned="request"), Attribute(name="a")),
        ),
    )
    held = {"id": "1", "log": "long", "a": "x"}

    assert project(held, (), (), thing) == {"id": "1", "a": "x"}
    assert project(held, ["log"], (), thing) == {"id": "1", "log": "long"}


def test_asking_and_excluding_at_once_is_refused():
    with pytest.raises(ScimError) as caught:
        project(GROUP, ["id"], ["members"], GROUP_TYPE)

    assert caught.value.status == 400


# Discovery


def test_service_provider_config_of_umbrella():
    document = service_provider_config(Features(), "https://t.example/scim")

    assert document["patch"] == {"supported": True}
    assert document["bulk"] == {"supported": False, "maxOperations": 0, "maxPayloadSize": 0}
    assert document["filter"] == {"supported": True, "maxResults": 200}
    assert document["authenticationSchemes"][0]["type"] == "oauthbearertoken"
    assert document["meta"]["location"] == "https://t.example/scim/ServiceProviderConfig"


def test_resource_types_of_umbrella():
    user, group = resource_type_documents((UMBRELLA_USER_TYPE, UMBRELLA_GROUP_TYPE))

    assert user["schemaExtensions"] == [{"schema": UMBRELLA_URN, "required": False}]
    assert "schemaExtensions" not in group
    assert (user["endpoint"], group["endpoint"]) == ("/Users", "/Groups")


def test_schemas_of_umbrella_hold_its_attributes_and_hide_the_group_extension():
    documents = {item["id"]: item for item in schema_documents((UMBRELLA_USER_TYPE, UMBRELLA_GROUP_TYPE))}

    assert set(documents) == {USER_URN, UMBRELLA_URN, GROUP_URN}
    assert [item["name"] for item in documents[USER_URN]["attributes"]] == ["userName", "name", "displayName", "active"]
    (native,) = documents[UMBRELLA_URN]["attributes"]
    assert {name: native[name] for name in native if name != "description"} == {
        "name": "nativeObjectId",
        "type": "string",
        "multiValued": False,
        "required": False,
        "caseExact": True,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "none",
    }


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "null"), (True, "true"), ({"a": None}, '{"a": null}'), (["é"], '["é"]'), ("a\nb", '"a b"'), (1.5, "1.5")],
    ids=str,
)
def test_a_sentence_shows_a_value_as_json_has_it(value, text):
    assert shown(value) == text


def test_a_sentence_shows_the_beginning_of_a_long_value():
    assert len(shown(["x" * 50] * 50)) == len(shown("x" * 500)) == 80
