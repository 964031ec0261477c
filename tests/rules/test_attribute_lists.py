"""The attribute list of an application: what it may say, and what is refused when it is saved."""

import copy

import pytest

from provisor.admin.rules import source_schema
from provisor.gallery import template
from provisor.rules.attributes import AttributeDefinition, with_attributes
from provisor.rules.checks import problems
from provisor.rules.graph_json import read_schema, write_schema
from provisor.rules.ruleset import RuleSet
from provisor.scim.schemas.resource_types import UMBRELLA_USER_TYPE, USER_TYPE

BADGE = "urn:ietf:params:scim:schemas:extension:Acme:2.0:User:badge"
GENERIC = template("scim")


def attributes_in(document, kind="User"):
    return document["directories"][1]["objects"][0 if kind == "User" else 1]["attributes"]


def mapping_in(document, kind="User"):
    every = [one for rule in document["synchronizationRules"] for one in rule["objectMappings"]]
    return next(one for one in every if one["sourceObjectName"] == kind)


def listed(*rows, template_id="scim", kind="User", **changes):
    """What is wrong with the rules of a template once these rows are listed too, and listed ones are changed."""
    document = copy.deepcopy(template(template_id).rules)
    held = attributes_in(document, kind)
    held.extend(rows)
    for row in held:
        row.update(changes.get(row.get("name", ""), {}))
    return found_in(document, template_id)


def found_in(document, template_id="scim"):
    ruleset = read_schema(document)
    if not isinstance(ruleset, RuleSet):
        return [str(one) for one in ruleset]
    return [str(one) for one in problems(ruleset, template(template_id).schema, source_schema())]


REFUSED = {
    "no attribute": ({"name": "foo"}, "no attribute"),
    "a whole extension": ({"name": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"}, "whole extension"),
    "a complex one": ({"name": "name"}, "made of 6 sub-attributes"),
    "a complex list": ({"name": "emails", "multivalued": True}, "made of 4 sub-attributes"),
    "a custom one of groups": ({"name": BADGE.replace("User", "Group")}, "is an attribute of groups"),
    "a custom one with parts": ({"name": f"{BADGE}.value"}, "no attribute"),
    "a custom one of several values": ({"name": BADGE, "multivalued": True}, "can have one value only"),
    "a custom one with too long a name": ({"name": BADGE + "x" * 100}, "no attribute"),
    "in another case": ({"name": "USERNAME", "required": True}, "listed more than once"),
    "with its URN": ({"name": "urn:ietf:params:scim:schemas:core:2.0:User:title"}, "listed more than once"),
    "a type in another case": ({"name": 'emails[type eq "WORK"].value'}, "listed more than once"),
    "several values of one": ({"name": "nickName", "multivalued": True}, "nickName has one value"),
    "a second anchor": ({"name": "nickName", "anchor": True}, "id and nickName are marked as anchor"),
    "a default that does not fit": ({"name": BADGE, "type": "Integer", "defaultValue": "many"}, "does not fit"),
    "a time that is none": ({"name": BADGE, "type": "DateTime", "defaultValue": "noon"}, "does not fit"),
    "no base64": ({"name": BADGE, "type": "Binary", "defaultValue": "§"}, "does not fit"),
    "read-only and required": (
        {"name": BADGE, "required": True, "mutability": "ReadOnly"}, "nobody could give it a value"),
    "read-only with a default": ({"name": BADGE, "mutability": "ReadOnly", "defaultValue": "x"}, "read-only"),
    "required and emptied": (
        {"name": BADGE, "required": True, "flowNullValues": True, "defaultValue": "x"}, "it is required"),
    "immutable and emptied": ({"name": BADGE, "mutability": "Immutable", "flowNullValues": True}, "never applies"),
    "required and not mapped": ({"name": BADGE, "required": True}, "no row gives it a value"),
    "a reference that is none": (
        {"name": BADGE, "type": "Reference", "referencedObjects": [{"referencedObjectName": "User"}]},
        "Only manager and members lead to other objects"),
    "another API expression": (
        {"name": BADGE, "apiExpressions": [{"key": "Get", "value": "badgeNo"}]}, "is another name than"),
    "an unknown type": ({"name": BADGE, "type": "Text"}, "Use one of String, Boolean"),
    "an unknown mutability": ({"name": BADGE, "mutability": "Sometimes"}, "Use one of ReadWrite"),
    "a misspelt key": ({"name": BADGE, "caseexact": True}, "Write caseExact"),
    "a truth in words": ({"name": BADGE, "required": "yes"}, "Write true or false"),
    "no name": ({"type": "String"}, "It has no name"),
    "parts of one list that differ": (
        {"name": 'emails[type eq "home"].value', "caseExact": True}, "differ in type, case or mutability"),
}  # fmt: skip


@pytest.mark.parametrize(("row", "said"), REFUSED.values(), ids=REFUSED)
def test_section_6_3_a_row_that_cannot_work_is_refused(row, said):
    found = listed(row)

    assert len(found) == 1, found
    assert said in found[0]


CHANGED = {
    "the anchor is none": ({"id": {"anchor": False}}, "No attribute is marked as anchor"),
    "the name is optional": ({"userName": {"required": False}}, "required by the application"),
    "active is a number": ({"active": {"type": "Integer"}}, "True or False at the application"),
    "active cannot change": ({"active": {"mutability": "Immutable"}}, "Nobody could be disabled"),
    "a manager of nobody's": (
        {"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager":
         {"referencedObjects": [{"referencedObjectName": "Robot"}]}}, "no object of the application"),
    "a manager by default": (
        {"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager": {"defaultValue": "x"}},
        "A reference has no default value"),
    "a mapped one is read-only": ({"title": {"mutability": "ReadOnly"}}, "title is read-only at the application"),
    "a required one is no longer mapped": ({"nickName": {}, "preferredLanguage": {"required": True}},
        "preferredLanguage is required by the application, and no row gives it a value"),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "said"), CHANGED.values(), ids=CHANGED)
def test_section_6_3_a_change_that_cannot_work_is_refused(changes, said):
    found = listed(**changes)

    assert any(said in one for one in found), found


@pytest.mark.parametrize("kind", ["User", "Group"])
def test_section_6_2_a_required_mapping_cannot_be_deleted(kind):
    document = copy.deepcopy(GENERIC.rules)
    name = "userName" if kind == "User" else "displayName"
    rows = mapping_in(document, kind)["attributeMappings"]
    rows[:] = [row for row in rows if row["targetAttributeName"] != name]
    rows[0]["matchingPriority"] = 1

    assert any(f"{name} is required by the application" in one for one in found_in(document))


ACCEPTED = {
    "custom": {"name": BADGE},
    "custom, of every kind": {"name": BADGE, "type": "integer", "caseExact": True, "defaultValue": "1"},
    "custom, required with a default": {"name": BADGE, "required": True, "defaultValue": "x"},
    "another type of a list": {"name": 'emails[type eq "home"].value'},
    "an attribute of the schema": {"name": "nickName", "mutability": "Immutable"},
    "written once": {"name": "timezone", "mutability": "WriteOnly"},
    "an API expression that says the same": {"name": BADGE, "apiExpressions": [{"key": "Get", "value": BADGE}]},
    "a further one of an extension": {"name": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:grade"},
}


@pytest.mark.parametrize("row", ACCEPTED.values(), ids=ACCEPTED)
def test_section_6_3_an_attribute_that_can_work_is_listed_and_can_be_mapped(row):
    document = copy.deepcopy(GENERIC.rules)
    attributes_in(document).append(row)
    source = (
        {"type": "Constant", "name": "1"} if row.get("type") == "integer" else {"type": "Attribute", "name": "city"}
    )
    mapping_in(document)["attributeMappings"].append({"targetAttributeName": row["name"], "source": source})

    assert found_in(document) == []


def test_an_attribute_that_nobody_listed_and_the_application_does_not_know_cannot_be_mapped():
    document = copy.deepcopy(GENERIC.rules)
    row = {"targetAttributeName": BADGE, "source": {"type": "Attribute", "name": "city"}}
    mapping_in(document)["attributeMappings"].append(row)

    assert any("has no attribute" in one for one in found_in(document))


def test_umbrella_has_no_attribute_that_it_is_known_not_to_hold():
    (found,) = listed({"name": "title"}, template_id="ciscoUmbrella")

    assert "the application does not hold" in found


def test_a_rule_that_leads_to_no_directory_of_the_document_is_refused():
    document = copy.deepcopy(GENERIC.rules)
    document["directories"][1]["name"] = "another"

    assert any('leads to the directory "customappsso"' in one for one in found_in(document))


@pytest.mark.parametrize("directories", [None, []])
def test_a_document_without_directories_has_the_attributes_of_the_template(directories):
    document = copy.deepcopy(GENERIC.rules)
    document["directories"] = directories

    assert found_in(document) == []


@pytest.mark.parametrize("directories", ["kept", "gone"])
def test_a_list_survives_export_and_import(directories):
    document = copy.deepcopy(GENERIC.rules)
    attributes_in(document)[1]["ours"] = "kept"
    if directories == "gone":
        del document["directories"]
    ruleset = read_schema(document)
    definitions = (*read_schema(GENERIC.rules).user_attributes, AttributeDefinition(name=BADGE, type="Binary"))

    again = read_schema(write_schema(ruleset.listing("user", definitions)))

    assert again.user_attributes == definitions
    assert again.users == ruleset.users
    assert again.group_attributes == ruleset.group_attributes


def test_what_a_row_of_the_list_came_with_is_kept():
    document = copy.deepcopy(GENERIC.rules)
    attributes_in(document)[1]["metadata"] = [{"key": "MaximumLength", "value": "64"}]
    ruleset = read_schema(document)

    written = write_schema(ruleset.listing("user", (*ruleset.user_attributes, AttributeDefinition(name=BADGE))))

    assert attributes_in(written)[:-1] == attributes_in(document)


def test_equal_lists_make_one_and_the_same_type():
    lists = [(AttributeDefinition(name=BADGE, extra={"n": number}),) for number in range(2)]

    assert with_attributes(USER_TYPE, lists[0]) is with_attributes(USER_TYPE, lists[1])


def test_a_common_attribute_that_is_refined_is_held_once():
    refined = with_attributes(USER_TYPE, (AttributeDefinition(name="externalId", case_exact=False),))

    names = [attribute.name for _, attribute in refined.attributes()]
    assert names.count("externalId") == 1
    assert refined.locate(None, "externalId").attribute.case_exact is False


def test_a_guid_stays_one_when_the_list_says_something_else_of_it():
    name = "urn:ietf:params:scim:schemas:extension:ciscoumbrella:2.0:User:nativeObjectId"
    refined = with_attributes(UMBRELLA_USER_TYPE, (AttributeDefinition(name=name, mutability="Immutable"),))

    assert refined.locate(None, "nativeObjectId").attribute.holds_guid
