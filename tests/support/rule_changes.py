"""Rules that differ at random, and people who have some attributes and lack others: for laws about changes of rules."""

import copy
from random import Random
from typing import Any

from provisor.gallery import template

BADGE = "urn:ietf:params:scim:schemas:extension:Acme:2.0:User:badge"
TARGETS = (
    "title",
    "nickName",
    "preferredLanguage",
    "name.formatted",
    'emails[type eq "work"].value',
    "timezone",
    BADGE,
)
SOURCES = (
    "[jobTitle]",
    "[department]",
    "[mail]",
    "[telephoneNumber]",
    "[city]",
    "ToUpper([jobTitle])",
    'Join("-", [jobTitle], [department])',
    'Append([city], "!")',
    "Coalesce([jobTitle], [department])",
    'IIF(IsPresent([city]), [city], "nowhere")',
    'Replace([mail], "@", , , " at ", , )',
    'Switch([department], [jobTitle], "Sales", "S")',
    "IgnoreFlowIfNullOrEmpty([city])",
    'Switch([IsSoftDeleted], , "False", "in", "True", "out")',
    '"constant"',
    'Mid([employeeId], "1", "2")',
)
FLOW_TYPES = ("Always", "Always", "Always", "ObjectAddOnly", "AttributeAddOnly", "ValueAddOnly")
PEOPLE = {
    "jobTitle": ("Cook", "Clerk", ""),
    "department": ("Sales", "Stores"),
    "mail": ("one@x.example", "two@x.example"),
    "city": ("Perth", "Bern"),
    "employeeId": ("12345", "abc"),
    "businessPhones": (["1"], ["2", "3"], []),
}


def random_rules(random: Random, before: Any = None) -> Any:
    """The generic rules with some other rows; or the rules `before` with one row, or some, changed, added or removed."""
    rules = copy.deepcopy(template("scim").rules if before is None else before)
    mapping = _users(rules)
    if before is None:
        kept = ("userName", "active", "displayName", "externalId")
        mapping["attributeMappings"] = [
            row for row in mapping["attributeMappings"] if row["targetAttributeName"] in kept
        ]
        _list_of_users(rules).append({"name": BADGE, "type": "String"})
        for target in random.sample(TARGETS, 4):
            mapping["attributeMappings"].append(random_row(random, target))
        return rules
    for target in random.sample(TARGETS, random.choice((1, 1, 2))):
        rest = [row for row in mapping["attributeMappings"] if row["targetAttributeName"] != target]
        if random.random() < 0.75:
            rest.append(random_row(random, target))
        mapping["attributeMappings"] = rest
    if random.random() < 0.1:
        _define(random, rules)
    if random.random() < 0.05:
        operator = random.choice(("IS NOT NULL", "IS NULL"))
        clause = {"sourceOperandName": "city", "operatorName": operator, "targetOperand": {"values": []}}
        mapping["scope"] = {"groups": [{"name": "Some", "clauses": [clause]}]}
    return rules


def random_row(random: Random, target: str) -> Any:
    """A row that writes this attribute."""
    row = {
        "targetAttributeName": target,
        "flowType": random.choice(FLOW_TYPES),
        "source": {"type": "Function", "expression": random.choice(SOURCES)},
    }
    if random.random() < 0.1:
        row["defaultValue"] = "default"
    if row["flowType"] == "Always" and random.random() < 0.1:
        row["flowNullValues"] = True
    return row


def random_people(random: Random, names: list[str]) -> dict[str, dict[str, Any]]:
    """Attributes by name of the person."""
    return {
        name: {key: random.choice(values) for key, values in PEOPLE.items() if random.random() < 0.5} for name in names
    }


def _users(rules: Any) -> Any:
    every = [one for rule in rules["synchronizationRules"] for one in rule["objectMappings"]]
    (found,) = [one for one in every if one["sourceObjectName"] == "User"]
    return found


def _list_of_users(rules: Any) -> Any:
    return rules["directories"][1]["objects"][0]["attributes"]


def _define(random: Random, rules: Any) -> None:
    """Say something else of an attribute."""
    rows = _list_of_users(rules)
    (badge,) = [row for row in rows if row["name"] == BADGE]
    change = random.choice(
        ({"required": True}, {"caseExact": True}, {"mutability": "Immutable"}, {"mutability": "WriteOnly"},
         {"defaultValue": "new"}, {"type": "Integer"}, {"flowNullValues": True}, {"required": True, "defaultValue": "r"})
    )  # fmt: skip
    badge.update(change)
