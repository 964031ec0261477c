"""Graph's synchronizationSchema: read, written, refused by name (spec/graph-synchronization-api.md section 5)."""

from dataclasses import replace

import pytest

from provisor.expressions import compile_expression
from provisor.rules.graph_json import read_schema, write_schema
from provisor.rules.mapping import AttributeMapping, Direct, FixedText, FromExpression, Nothing
from provisor.rules.ruleset import RuleSet


def attribute(name):
    return {"type": "Attribute", "name": name, "expression": f"[{name}]", "parameters": []}


def row(target="title", source="unset", **settings):
    return {"targetAttributeName": target, "source": attribute("jobTitle") if source == "unset" else source, **settings}


def schema(*rows, scope=None, rule=None, **mapping):
    user = {
        "sourceObjectName": "User",
        "targetObjectName": "urn:ietf:params:scim:schemas:core:2.0:User",
        "attributeMappings": [row("userName", attribute("userPrincipalName"), matchingPriority=1), *rows],
        **mapping,
    }
    if scope is not None:
        user["scope"] = scope
    return {"synchronizationRules": [{"name": "USER_OUTBOUND_USER", "objectMappings": [user], **(rule or {})}]}


def read(document):
    found = read_schema(document)
    assert isinstance(found, RuleSet), [str(problem) for problem in found]
    return found


def read_row(**settings):
    return read(schema(row(**settings))).users.mappings[1]


def refused(document):
    found = read_schema(document)
    assert not isinstance(found, RuleSet)
    return [str(problem) for problem in found]


def test_a_source_attribute_is_direct():
    assert read_row().source == Direct("jobTitle")


def test_a_source_without_expression_gets_one():
    document = schema(row(source={"type": "Attribute", "name": "jobTitle"}))

    written = write_schema(read(document))

    rows = written["synchronizationRules"][0]["objectMappings"][0]["attributeMappings"]
    assert rows[1]["source"] == {"type": "Attribute", "name": "jobTitle", "expression": "[jobTitle]"}


def test_a_constant_without_expression_gets_one():
    document = schema(row(source={"type": "Constant", "name": 'a "b"'}))

    written = write_schema(read(document))

    source = written["synchronizationRules"][0]["objectMappings"][0]["attributeMappings"][1]["source"]
    assert source["expression"] == '"a \\"b\\""'


def test_a_source_may_be_named_by_its_expression_alone():
    assert read_row(source={"type": "Attribute", "expression": "[jobTitle]"}).source == Direct("jobTitle")
    assert read_row(source={"type": "Constant", "expression": '"Staff"'}).source == FixedText("Staff")


def test_a_function_is_an_expression():
    found = read_row(source={"type": "Function", "name": "ToUpper", "expression": "ToUpper([a])"}).source

    assert isinstance(found, FromExpression)
    assert found.expression.text == "ToUpper([a])"


def test_a_function_may_come_as_a_tree_alone():
    tree = {
        "type": "Function",
        "name": "ToUpper",
        "parameters": [{"key": "source", "value": {"type": "Attribute", "name": "a"}}],
    }

    assert read_row(source=tree).source.expression.text == "ToUpper([a])"


def test_a_written_expression_carries_its_tree():
    found = read(schema())
    made = FromExpression(compile_expression("ToUpper([a])"))
    changed = (*found.users.mappings, AttributeMapping(target="title", source=made))

    written = write_schema(replace(found, users=replace(found.users, mappings=changed)))

    source = written["synchronizationRules"][0]["objectMappings"][0]["attributeMappings"][1]["source"]
    assert source["name"] == "ToUpper"
    assert source["parameters"][0]["value"] == attribute("a")


def test_no_source_with_a_default_is_a_constant():
    found = read_row(source=None, defaultValue="Staff")

    assert found.source == FixedText("Staff")
    assert found.default is None


def test_no_source_that_only_fills_is_the_type_none():
    found = read_row(source=None, defaultValue="Staff", flowType="AttributeAddOnly")

    assert found.source == Nothing()
    assert found.default == "Staff"


def test_an_empty_default_is_none():
    assert read_row(defaultValue="").default is None


def test_settings_have_graphs_defaults():
    found = read(schema(row()))

    assert found.users.actions == {"Add", "Update", "Delete"}
    assert found.users.enabled
    assert found.users.mappings[1].flow_type == "Always"
    assert found.users.mappings[1].flow_behavior == "FlowWhenChanged"
    assert found.users.mappings[1].matching_priority == 0


def test_settings_are_read_in_any_case():
    found = read(schema(row(flowType="objectaddonly", flowBehavior="FLOWALWAYS"), flowTypes="add, UPDATE"))

    assert found.users.actions == {"Add", "Update"}
    assert found.users.mappings[1].flow_type == "ObjectAddOnly"
    assert found.users.mappings[1].flow_behavior == "FlowAlways"


def test_flow_types_none_allows_nothing():
    assert read(schema(flowTypes="None")).users.actions == frozenset()


def test_scopes_are_read():
    clause = {"sourceOperandName": "department", "operatorName": "equals", "targetOperand": {"values": ["R&D"]}}
    scope = {"groups": [{"name": "F", "clauses": [clause]}], "inputFilterGroups": [], "categoryFilterGroups": []}

    found = read(schema(scope=scope)).users.scope

    assert found.groups[0].title == "F"
    assert str(found.groups[0].clauses[0]) == 'department EQUALS "R&D"'


def test_a_document_without_groups_provisions_none():
    found = read(schema())

    assert not found.groups.enabled
    assert write_schema(found) == schema()


REFUSED = {
    "no object": ([], "not an object"),
    "no users": ({"synchronizationRules": []}, "no mapping of users"),
    "category filters": (schema(scope={"categoryFilterGroups": [{}]}), "categoryFilterGroups is not supported"),
    "container filter": (
        schema(rule={"containerFilter": {"includedContainers": ["OU=x"]}}),
        "containerFilter is not supported",
    ),
    "group filter": (schema(rule={"groupFilter": {"includedGroups": ["g"]}}), "groupFilter is not supported"),
    "bad expression": (schema(row(source={"type": "Function", "expression": "ToUpper([a]"})), "character"),
    "unknown function": (schema(row(source={"type": "Function", "expression": "Trim([a])"})), "Trim"),
    "function without text or tree": (schema(row(source={"type": "Function", "name": "Join"})), "Join"),
    "tree and text that differ": (
        schema(
            row(
                source={
                    "type": "Function",
                    "name": "ToUpper",
                    "expression": "ToUpper([a])",
                    "parameters": [{"key": "source", "value": {"type": "Attribute", "name": "b"}}],
                }
            )
        ),
        "ToUpper([a])",
    ),
    "source of unknown type": (schema(row(source={"type": "Lookup"})), '"Lookup"'),
    "unknown flow type": (schema(row(flowType="Sometimes")), '"Sometimes"'),
    "unknown flow behaviour": (schema(row(flowBehavior="Sometimes")), '"Sometimes"'),
    "unknown action": (schema(flowTypes="Add, Merge"), '"merge"'),
    "bad precedence": (schema(row(matchingPriority=-1)), "matchingPriority"),
    "no target": (schema({"source": None}), "no targetAttributeName"),
    "unknown operator": (
        schema(scope={"groups": [{"clauses": [{"sourceOperandName": "a", "operatorName": "LIKE"}]}]}),
        '"LIKE"',
    ),
    "empty filter": (schema(scope={"groups": [{"name": "F", "clauses": []}]}), "everybody would pass"),
    "contacts": (
        {
            "synchronizationRules": [
                *schema()["synchronizationRules"],
                {"objectMappings": [{"sourceObjectName": "Contact"}]},
            ]
        },
        '"Contact"',
    ),
    "users twice": (
        {"synchronizationRules": [*schema()["synchronizationRules"], *schema()["synchronizationRules"]]},
        "more than once",
    ),
}


@pytest.mark.parametrize(("document", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_read_is_refused_by_name(document, said):
    found = refused(document)

    assert len(found) == 1
    assert said in found[0]


def test_every_refusal_is_told():
    assert len(refused(schema(row(flowType="a"), row(flowBehavior="b"), row(source={"type": "c"})))) == 3


def test_a_bad_expression_names_its_row_and_character():
    (found,) = refused(schema(row(source={"type": "Function", "expression": 'Append([a], "x"'})))

    assert found.startswith("Mapping of users, row 2 (title)")
    assert "character" in found


def test_unknown_keys_survive():
    document = schema(row(ours={"a": [1]}), strange=True)
    document["id"] = "x"
    document["synchronizationRules"][0]["metadata"] = [{"key": "IsCustomerDefined", "value": "true"}]

    assert write_schema(read(document)) == document


def test_a_changed_source_is_written():
    found = read(schema(row(ours=1)))
    changed = replace(found.users.mappings[1], source=Direct("department"), flow_null=True)

    written = write_schema(
        replace(found, users=replace(found.users, mappings=(found.users.mappings[0], changed), enabled=False))
    )

    (mapping,) = written["synchronizationRules"][0]["objectMappings"]
    assert mapping["enabled"] is False
    assert mapping["attributeMappings"][1]["source"] == attribute("department")
    assert mapping["attributeMappings"][1]["flowNullValues"] is True
    assert mapping["attributeMappings"][1]["ours"] == 1
    reread = read(written).users.mappings[1]
    assert reread.source == changed.source
    assert reread.flow_null
