"""The gallery: exactly the tutorial's attributes and mappings (spec/provisioning-service.md section 6.5)."""

import pytest

from provisor.admin.rules import source_schema
from provisor.gallery import template, templates
from provisor.rules.attributes import with_attributes
from provisor.rules.checks import problems
from provisor.rules.graph_json import read_schema, write_schema
from provisor.rules.mapping import Direct, FromExpression
from provisor.rules.ruleset import RuleSet
from provisor.scim.schemas.resource_types import ENTERPRISE_URN, UMBRELLA_URN

SWITCH = 'Switch([IsSoftDeleted], , "False", "True", "True", "False")'
JOIN = 'Join(" ", [givenName], [surname])'
GROUP_ROWS = [("displayName", "displayName", 1), ("objectId", "externalId", 0), ("members", "members", 0)]
USER_ROWS = {
    "ciscoUmbrella": [
        ("userPrincipalName", "userName", 1),
        ("objectId", "externalId", 0),
        (SWITCH, "active", 0),
        ("displayName", "displayName", 0),
        ("givenName", "name.givenName", 0),
        ("surname", "name.familyName", 0),
        (JOIN, "name.formatted", 0),
    ],
    "scim": [
        ("userPrincipalName", "userName", 1),
        (SWITCH, "active", 0),
        ("displayName", "displayName", 0),
        ("jobTitle", "title", 0),
        ("mail", 'emails[type eq "work"].value', 0),
        ("givenName", "name.givenName", 0),
        ("surname", "name.familyName", 0),
        (JOIN, "name.formatted", 0),
        ("telephoneNumber", 'phoneNumbers[type eq "work"].value', 0),
        ("mobile", 'phoneNumbers[type eq "mobile"].value', 0),
        ("facsimileTelephoneNumber", 'phoneNumbers[type eq "fax"].value', 0),
        ("mailNickname", "externalId", 0),
        ("employeeId", f"{ENTERPRISE_URN}:employeeNumber", 0),
        ("department", f"{ENTERPRISE_URN}:department", 0),
        ("manager", f"{ENTERPRISE_URN}:manager", 0),
    ],
}
IDS = list(USER_ROWS)


def rules_of(template_id):
    found = read_schema(template(template_id).rules)
    assert isinstance(found, RuleSet)
    return found


def rows_of(mapping):
    def source(row):
        match row.source:
            case Direct(attribute):
                return attribute
            case FromExpression(expression):
                return expression.text
        raise AssertionError(row)

    return [(source(row), row.target, row.matching_priority) for row in mapping.mappings]


def test_the_gallery_has_umbrella_first_and_generic_scim_second():
    assert [(each.id, each.display_name) for each in templates()] == [
        ("ciscoUmbrella", "Cisco Umbrella User Management"),
        ("scim", "Generic SCIM 2.0"),
    ]


def test_an_unknown_template_is_none():
    assert template("nothing") is None


@pytest.mark.parametrize("template_id", IDS)
def test_user_mappings_are_the_tutorials(template_id):
    assert rows_of(rules_of(template_id).users) == USER_ROWS[template_id]


@pytest.mark.parametrize("template_id", IDS)
def test_group_mappings_are_the_tutorials(template_id):
    assert rows_of(rules_of(template_id).groups) == GROUP_ROWS


@pytest.mark.parametrize("template_id", IDS)
def test_default_rules_have_no_problem(template_id):
    assert problems(rules_of(template_id), template(template_id).schema, source_schema(), sync_all=True) == ()


@pytest.mark.parametrize("template_id", IDS)
def test_default_rules_survive_export_and_import(template_id):
    assert write_schema(rules_of(template_id)) == template(template_id).rules


@pytest.mark.parametrize("template_id", IDS)
def test_every_action_is_on_and_nobody_is_filtered(template_id):
    rules = rules_of(template_id)

    for mapping in (rules.users, rules.groups):
        assert mapping.enabled
        assert mapping.actions == {"Add", "Update", "Delete"}
        assert mapping.scope.groups == ()


@pytest.mark.parametrize("template_id", IDS)
def test_every_mapped_attribute_is_in_the_attribute_list(template_id):
    document = template(template_id).rules
    source, target = document["directories"]
    for rule in document["synchronizationRules"]:
        (mapping,) = rule["objectMappings"]
        known = {
            (directory["name"], each["name"]): {attribute["name"] for attribute in each["attributes"]}
            for directory in (source, target)
            for each in directory["objects"]
        }
        sources = known[source["name"], mapping["sourceObjectName"]]
        targets = known[target["name"], mapping["targetObjectName"]]
        for row in mapping["attributeMappings"]:
            assert row["targetAttributeName"] in targets
            assert row["source"]["type"] != "Attribute" or row["source"]["name"] in sources


def test_umbrella_takes_200_groups_and_is_searched_by_name_alone():
    umbrella = template("ciscoUmbrella")

    assert umbrella.capacity == {"group": 200}
    assert umbrella.filterable == {"user": ("userName",), "group": ("displayName",)}


def test_umbrella_lists_the_native_object_id_but_does_not_map_it():
    document = template("ciscoUmbrella").rules
    names = [attribute["name"] for attribute in document["directories"][1]["objects"][0]["attributes"]]

    assert names == [
        "id",
        "userName",
        "externalId",
        "active",
        "displayName",
        "name.givenName",
        "name.familyName",
        "name.formatted",
        f"{UMBRELLA_URN}:nativeObjectId",
    ]


def test_generic_scim_has_no_capacity():
    assert template("scim").capacity == {}
    assert template("scim").filterable == {}


NAMES = {
    "ciscoUmbrella": "Cisco Umbrella User Management",  # spec/graph-synchronization-api.md section 5
    "scim": "Payroll",
}


@pytest.mark.parametrize("template_id", IDS)
def test_mappings_are_called_as_in_the_tutorial(template_id):
    rules = read_schema(template(template_id).rules_for("Payroll"))

    assert rules.users.name == f"Synchronize Microsoft Entra users to {NAMES[template_id]}"
    assert rules.groups.name == f"Synchronize Microsoft Entra groups to {NAMES[template_id]}"


def test_a_name_with_quotation_marks_is_kept_as_it_is():
    rules = read_schema(template("scim").rules_for('The "best" \\ one'))

    assert rules.users.name == 'Synchronize Microsoft Entra users to The "best" \\ one'


@pytest.mark.parametrize("kind", ["user", "group"])
@pytest.mark.parametrize("template_id", IDS)
def test_the_attribute_list_says_what_the_schema_of_the_application_says(template_id, kind):
    found = template(template_id)
    rules = rules_of(template_id)

    assert with_attributes(found.resource_type(kind), rules.attributes_of(kind)) is found.resource_type(kind)
    assert len(rules.attributes_of(kind)) >= 4


GALLERY_IDS = {
    "ciscoUmbrella": "6d1e9a34-7c52-4f0e-8b1d-2a9c4e7f1b35",
    "scim": "8adf8e6e-67b2-4cf2-a259-e3dc5476c621",  # Graph's for whatever its gallery lacks
}


@pytest.mark.parametrize("template_id", IDS)
def test_what_graph_calls_a_template_never_changes(template_id):
    assert template(template_id).gallery_id == GALLERY_IDS[template_id]


def test_no_two_templates_have_one_gallery_id():
    assert len({each.gallery_id for each in templates()}) == len(templates())
