"""Laws of a change of rules: whoever it is said not to concern is judged as before, in every respect."""

import copy
from datetime import UTC, datetime
from random import Random

import pytest

from provisor.engine.desired import judge, provisioning_view
from provisor.engine.record import Record
from provisor.engine.rules import ScopeSettings, compile_rules
from provisor.gallery import template
from provisor.rules.affected import changes
from provisor.rules.graph_json import read_schema
from provisor.rules.ruleset import RuleSet
from support.rule_changes import random_people, random_rules

NOW = datetime(2031, 3, 4, 10, tzinfo=UTC)
OLDER = {"telephoneNumber": "businessPhones"}
GENERIC = template("scim")


def record(name, attributes, **standing):
    shown = {"userPrincipalName": name, "displayName": name, **attributes}
    return Record(id=name, kind="user", name=name, attributes=shown, manager=None, **standing)


def read(document):
    found = read_schema(document)
    assert isinstance(found, RuleSet), found
    return found


def concerned(found, one):
    """Whether a cycle looks at somebody for these changes."""
    if found is None:
        return True
    has = any(name in one.attributes or OLDER.get(name) in one.attributes for name in found.reads["user"])
    return has and found.concern("user", provisioning_view(one))


@pytest.mark.parametrize("part", range(6))
def test_who_is_not_concerned_is_judged_as_before(part):
    for seed in range(part * 60, part * 60 + 60):
        judged_as_before(seed, versions=2 + seed % 3)


def judged_as_before(seed, versions):
    random = Random(seed)
    documents = [random_rules(random)]
    while len(documents) < versions:
        documents.append(random_rules(random, documents[-1]))
    rulesets = [read(one) for one in documents]
    found = changes(rulesets, GENERIC.schema)
    compiled = [compile_rules(one, GENERIC, ScopeSettings()) for one in rulesets]
    people = random_people(random, ["anna", "bo", "cleo", "dora"])

    for name, attributes in people.items():
        for standing in ({"enabled": True, "assigned": True}, {"enabled": False, "assigned": True}, {"enabled": True}):
            one = record(name, attributes, **{"assigned": False, "deleted": False, "purged": False, **standing})
            if concerned(found, one):
                continue
            judged = [judge(one, rules, NOW, bytes) for rules in compiled]
            assert all(each == judged[0] for each in judged), (seed, name, found)


def test_changes_that_concern_few_are_seen_to():
    random = Random(5)
    narrowed = 0
    for _ in range(200):
        before = random_rules(random)
        after = random_rules(random, before)
        narrowed += changes([read(before), read(after)], GENERIC.schema) is not None

    assert narrowed > 60


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({}, set()),
        ({"flowType": "ObjectAddOnly"}, {"jobTitle"}),
        ({"source": {"type": "Attribute", "name": "department"}}, {"jobTitle", "department"}),
        ({"source": {"type": "Function", "expression": "ToUpper([jobTitle])"}}, {"jobTitle"}),
        ({"source": {"type": "Function", "expression": 'Join("", [jobTitle], [city])'}}, None),
        ({"source": {"type": "Function", "expression": "Coalesce([jobTitle], [city])"}}, {"jobTitle", "city"}),
        ({"source": {"type": "Function", "expression": 'Coalesce([city], "x")'}}, None),
        ({"source": {"type": "Constant", "name": "x"}}, None),
        ({"source": {"type": "Function", "expression": "[IsSoftDeleted]"}}, None),
        ({"source": {"type": "Attribute", "name": "userPrincipalName"}}, None),
        ({"source": {"type": "Function", "expression": "SelectUniqueValue([mail], [city])"},
          "flowType": "ObjectAddOnly"}, None),
        ({"source": {"type": "Function", "expression": "Append([city], Now())"}, "flowType": "ObjectAddOnly"}, None),
        ({"source": {"type": "Function", "expression": "SingleAppRoleAssignment([appRoleAssignments])"}}, None),
        ({"defaultValue": "x"}, None),
        ({"flowNullValues": True}, None),
        ({"matchingPriority": 2}, None),
        ({"flowBehavior": "FlowAlways"}, {"jobTitle"}),
    ],
)  # fmt: skip
def test_whom_a_change_of_one_row_concerns(change, names):
    before = {**GENERIC.rules}
    after = read_schema(before)
    changed = _with(before, "title", change)

    found = changes([after, read(changed)], GENERIC.schema)

    assert (None if found is None else set(found.reads["user"])) == names


WHOLE = {
    "a filter": lambda users: users.update(scope={"groups": [{"name": "f", "clauses": [
        {"sourceOperandName": "city", "operatorName": "IS NULL", "targetOperand": {"values": []}}]}]}),
    "an action": lambda users: users.update(flowTypes="Add, Delete"),
    "a matching row gone": lambda users: users["attributeMappings"].pop(0),
    "a manager gone": lambda users: users["attributeMappings"].pop(),
    "other order": lambda users: users["attributeMappings"].reverse(),
}  # fmt: skip


@pytest.mark.parametrize("change", WHOLE.values(), ids=WHOLE)
def test_what_concerns_everybody(change):
    document = copy.deepcopy(GENERIC.rules)
    change(document["synchronizationRules"][0]["objectMappings"][0])

    assert changes([read(GENERIC.rules), read(document)], GENERIC.schema) is None


def test_another_name_of_a_mapping_concerns_nobody():
    document = copy.deepcopy(GENERIC.rules)
    document["synchronizationRules"][0]["objectMappings"][0]["name"] = "Another name"

    found = changes([read(GENERIC.rules), read(document)], GENERIC.schema)

    assert found.reads == {"user": frozenset(), "group": frozenset()}


def _with(document, target, change):
    document = copy.deepcopy(document)
    for rule in document["synchronizationRules"]:
        for mapping in rule["objectMappings"]:
            for row in mapping["attributeMappings"]:
                if row["targetAttributeName"] == target:
                    row.update(copy.deepcopy(change))
    return document
