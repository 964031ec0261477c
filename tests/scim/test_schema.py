"""Schemas: complete, readable from JSON, cut to size, and compared with those of scim2-models."""

import pytest
from scim2_models import EnterpriseUser, Group, User

from provisor.scim.errors import ScimError
from provisor.scim.schemas.resource_types import (
    ENTERPRISE_URN,
    ENTERPRISE_USER,
    GROUP,
    UMBRELLA_GROUP,
    UMBRELLA_USER,
    UMBRELLA_USER_TYPE,
    USER,
    USER_TYPE,
    USER_URN,
    subset,
)
from provisor.scim.schemas.schema import schema_from_json, schema_to_json
from provisor.scim.values import fold

SCHEMAS = [USER, GROUP, ENTERPRISE_USER, UMBRELLA_USER, UMBRELLA_GROUP]


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.name)
def test_schema_is_read_from_what_it_is_written_as(schema):
    assert schema_from_json(schema_to_json(schema)) == schema


def names(document):
    found = {}
    for attribute in document["attributes"]:
        found[attribute["name"]] = attribute
        for sub in attribute.get("subAttributes") or []:
            found[f"{attribute['name']}.{sub['name']}"] = sub
    return found


@pytest.mark.parametrize(
    ("schema", "model"),
    [(USER, User), (GROUP, Group), (ENTERPRISE_USER, EnterpriseUser)],
    ids=["User", "Group", "Enterprise"],
)
def test_schema_agrees_with_scim2_models(schema, model):
    ours, theirs = names(schema_to_json(schema)), names(model.to_schema().model_dump())

    assert set(ours) == set(theirs)
    for name, attribute in ours.items():
        for characteristic in ("type", "multiValued", "mutability", "returned"):
            if (name, characteristic) != ("photos.value", "type"):
                assert (name, characteristic, attribute[characteristic]) == (
                    name,
                    characteristic,
                    theirs[name][characteristic],
                )


@pytest.mark.parametrize("name", ["userName", "USERNAME", "username"])
def test_attributes_are_found_in_any_case(name):
    assert USER.attribute(name).name == "userName"
    assert USER.attribute("emails").sub("VALUE").name == "value"


@pytest.mark.parametrize("urn", [None, USER_URN, USER_URN.upper()])
def test_core_attribute_is_located_with_and_without_urn(urn):
    located = USER_TYPE.locate(urn, "title")

    assert (located.urn, located.attribute.name, located.ignored) == (None, "title", False)


def test_standard_attribute_outside_the_profile_is_known_and_ignored():
    assert UMBRELLA_USER_TYPE.locate(None, "title").ignored
    assert UMBRELLA_USER_TYPE.locate(ENTERPRISE_URN, "department").ignored
    assert not UMBRELLA_USER_TYPE.locate(None, "userName").ignored
    assert UMBRELLA_USER_TYPE.locate(None, "shoeSize") is None


def test_subset_keeps_the_named_attributes_and_sub_attributes():
    cut = subset(USER, ("userName", "name.givenName", "name.familyName", "emails"))

    assert [attribute.name for attribute in cut.attributes] == ["userName", "name", "emails"]
    assert [sub.name for sub in cut.attribute("name").sub_attributes] == ["familyName", "givenName"]
    assert cut.attribute("emails") == USER.attribute("emails")


@pytest.mark.parametrize("name", ["shoeSize", "name.shoe"])
def test_subset_of_what_is_not_there_is_refused(name):
    with pytest.raises(KeyError, match="has no attribute"):
        subset(USER, (name,))


@pytest.mark.parametrize(
    "document",
    [
        None,
        {},
        {"id": ""},
        {"id": "urn:x", "attributes": {}},
        {"id": "urn:x", "attributes": ["a"]},
        {"id": "urn:x", "attributes": [{"type": "string"}]},
        {"id": "urn:x", "attributes": [{"name": "a", "type": "colour"}]},
        {"id": "urn:x", "attributes": [{"name": "a", "returned": "sometimes"}]},
    ],
    ids=repr,
)
def test_document_that_is_no_schema_is_refused(document):
    with pytest.raises(ScimError) as caught:
        schema_from_json(document)

    assert caught.value.detail.endswith(".")


def test_schema_document_counts_in_any_case():
    schema = schema_from_json(
        {"ID": "urn:x:Thing", "Attributes": [{"Name": "size", "Type": "INTEGER", "MultiValued": True}]}
    )

    assert (schema.name, schema.attributes[0].type, schema.attributes[0].multi_valued) == ("Thing", "integer", True)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Ana", "aNA", True),
        ("É", "e\u0301", True),
        ("J\u030c", "ǰ", True),
        ("ß", "ss", False),
        ("İ", "i", False),
        ("a", "a ", False),
        ("ΑΝΝΑ", "αννα", True),
    ],
)
def test_folding(one, other, same):
    assert (fold(one) == fold(other)) is same
