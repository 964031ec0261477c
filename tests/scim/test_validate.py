"""What a server stores of a document, and what a client reads in an answer."""

import copy

import pytest

from provisor.scim.errors import ScimError
from provisor.scim.schemas.resource_types import (
    ENTERPRISE_URN,
    GROUP_TYPE,
    UMBRELLA_GROUP_TYPE,
    UMBRELLA_GROUP_URN,
    UMBRELLA_URN,
    UMBRELLA_USER_TYPE,
    USER_TYPE,
    USER_URN,
)
from provisor.scim.schemas.schema import Attribute, Extension, ResourceType, Schema
from provisor.scim.validate import accept, replace, understand

OWNER = Schema(id="urn:example:Owner", name="Owner", attributes=(Attribute(name="who", required=True),))
THING_TYPE = ResourceType(
    name="Thing",
    endpoint="/Things",
    schema=Schema(
        id="urn:example:Thing",
        name="Thing",
        attributes=(
            Attribute(name="serial", mutability="immutable"),
            Attribute(name="size", type="integer"),
            Attribute(name="weight", type="decimal"),
            Attribute(name="bought", type="dateTime"),
            Attribute(name="tags", multi_valued=True),
            Attribute(
                name="lock",
                type="complex",
                sub_attributes=(Attribute(name="code", required=True), Attribute(name="hint")),
            ),
        ),
    ),
    extensions=(Extension(schema=OWNER, required=True),),
)
OWNED = {OWNER.id: {"who": "ana"}}


def refusal(document, resource_type=USER_TYPE):
    with pytest.raises(ScimError) as caught:
        accept(document, resource_type)
    return caught.value.status, caught.value.scim_type, caught.value.detail


@pytest.mark.parametrize("document", [{}, {"userName": None}, {"userName": []}], ids=repr)
def test_user_needs_a_name(document):
    assert refusal(document) == (400, "invalidValue", "userName is required for a User and was not given.")


def test_name_must_not_be_blank():
    assert refusal({"userName": " \t"})[1] == "invalidValue"


def test_group_needs_a_display_name():
    assert refusal({"externalId": "x"}, GROUP_TYPE)[2] == "displayName is required for a Group and was not given."


@pytest.mark.parametrize("document", [None, [], "x", 7], ids=repr)
def test_what_is_no_object_is_refused(document):
    assert refusal(document)[:2] == (400, "invalidSyntax")


def test_values_are_kept_exactly_as_sent():
    document = {"userName": " Ana\u0301  ", "title": "", "phoneNumbers": [{"value": "+1 (555) 0100", "type": "Work"}]}

    assert accept(document, USER_TYPE) == {"schemas": [USER_URN], **document}


def test_input_is_left_alone():
    document = {"USERNAME": "ana", "active": "True", "emails": {"value": "a"}, ENTERPRISE_URN: {"manager": "m"}}
    before = copy.deepcopy(document)

    accept(document, USER_TYPE)

    assert document == before


def test_unknown_attributes_can_be_kept():
    document = {"userName": "ana", "shoeSize": 43, "title": "T", ENTERPRISE_URN: {"shoe": 1}}

    assert accept(document, UMBRELLA_USER_TYPE, keep_unknown=True) == {
        "schemas": [USER_URN],
        "userName": "ana",
        "shoeSize": 43,
    }


def test_write_only_password_is_kept_for_the_store_to_hash():
    assert accept({"userName": "ana", "password": "t1meMa$heen"}, USER_TYPE)["password"] == "t1meMa$heen"


def test_two_primary_values_are_refused():
    emails = [{"value": "a", "primary": True}, {"value": "b", "primary": "True"}]

    assert refusal({"userName": "ana", "emails": emails}) == (
        400,
        "invalidValue",
        "emails marks 2 values as primary; at most one may be.",
    )


@pytest.mark.parametrize(
    ("attribute", "value", "detail"),
    [
        ("size", "43", 'size must be a whole number, not "43".'),
        ("size", 4.5, "size must be a whole number, not 4.5."),
        ("size", True, "size must be a whole number, not true."),
        ("weight", "x", 'weight must be a number, not "x".'),
        ("bought", "2026", 'bought must be a time such as "2026-11-22T09:30:00Z", not "2026".'),
        ("bought", 7, 'bought must be a time such as "2026-11-22T09:30:00Z", not 7.'),
        ("tags", [["a"]], 'A value of tags must be text, not ["a"].'),
        ("lock", {"hint": "h"}, 'lock needs code, which {"hint": "h"} lacks.'),
    ],
)
def test_wrong_type_is_refused_naming_attribute_and_value(attribute, value, detail):
    assert refusal({attribute: value, **OWNED}, THING_TYPE) == (400, "invalidValue", detail)


def test_long_values_are_cut_short_in_a_refusal():
    detail = refusal({"userName": "ana", "title": {"x": "y" * 500}})[2]

    assert len(detail) < 130
    assert "…" in detail


@pytest.mark.parametrize(("value", "stored"), [(43.0, 43), (43, 43), ([43], 43)])
def test_whole_numbers(value, stored):
    assert accept({"size": value, **OWNED}, THING_TYPE)["size"] == stored


def test_required_extension_and_its_required_attribute():
    assert refusal({}, THING_TYPE)[2] == "urn:example:Owner is required for a Thing and was not given."
    assert refusal({OWNER.id: {"who": None, "x": 1}}, THING_TYPE)[1] == "invalidValue"
    assert refusal({OWNER.id: "ana"}, THING_TYPE)[2] == 'urn:example:Owner is an object of attributes, not "ana".'


def test_hidden_extension_is_stored_but_not_listed_in_schemas():
    group = accept({"displayName": "G", UMBRELLA_GROUP_URN: {"nativeObjectId": "x"}}, UMBRELLA_GROUP_TYPE)

    assert group[UMBRELLA_GROUP_URN] == {"nativeObjectId": "x"}
    assert UMBRELLA_GROUP_URN not in group["schemas"]


def test_extension_urn_counts_in_any_case():
    held = accept({"userName": "bo", UMBRELLA_URN.upper(): {"NATIVEOBJECTID": "x"}}, UMBRELLA_USER_TYPE)

    assert held[UMBRELLA_URN] == {"nativeObjectId": "x"}


# PUT


def test_put_replaces_but_keeps_what_only_the_server_writes():
    before = {"schemas": [USER_URN], "id": "1", "userName": "ana", "title": "T", "meta": {"version": "v"}}

    after = replace(before, {"userName": "Ana", "id": "2", "meta": {}}, USER_TYPE)

    assert after == {"schemas": [USER_URN], "userName": "Ana", "id": "1", "meta": {"version": "v"}}


def test_put_cannot_change_what_is_immutable():
    with pytest.raises(ScimError) as caught:
        replace({"serial": "1", **OWNED}, {"serial": "2", **OWNED}, THING_TYPE)

    assert (caught.value.status, caught.value.scim_type) == (400, "mutability")
    assert caught.value.detail == 'serial cannot be changed from "1" to "2".'


def test_put_that_leaves_out_what_is_immutable_keeps_it():
    assert replace({"serial": "1", **OWNED}, {"size": 1, **OWNED}, THING_TYPE)["serial"] == "1"


# Reading an answer


def test_foreign_answer_is_understood():
    answer = {
        "ID": "1",
        "username": "ana",
        "active": "True",
        "title": None,
        "emails": [{"TYPE": "work", "Value": "a"}],
        "meta": {"Version": "v"},
        ENTERPRISE_URN.upper(): {"manager": "m-1"},
        "urn:example:2.0:Shoes": {"size": 43},
    }

    assert understand(answer, USER_TYPE) == {
        "id": "1",
        "userName": "ana",
        "active": True,
        "emails": [{"type": "work", "value": "a"}],
        "meta": {"version": "v"},
        ENTERPRISE_URN: {"manager": {"value": "m-1"}},
        "urn:example:2.0:Shoes": {"size": 43},
    }


def test_odd_value_in_an_answer_stays_visible():
    assert understand({"active": "perhaps", "title": {"a": 1}}, USER_TYPE) == {"active": "perhaps", "title": {"a": 1}}


def test_wrong_password_is_refused_without_being_shown():
    assert refusal({"userName": "ana", "password": {"x": "t1meMa$heen"}})[2] == "password must be text."
