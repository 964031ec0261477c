"""The table of filter operators: what it says is what filters do and what the checks refuse."""

from pathlib import Path

import pytest

from provisor.admin.rules import source_schema
from provisor.rules.clauses import scope_problems
from provisor.rules.operators import OPERATOR_FACTS, operator_documents
from provisor.rules.scoping import Clause, FilterGroup, Scope, holds

PAGES = Path(__file__).parents[2] / "docs"


def test_section_5_4_the_operators_are_those_of_the_specification():
    rows = [
        line.split("|")[1]
        for line in (PAGES / "spec/provisioning-service.md").read_text().splitlines()
        if line.startswith("| `")
    ]
    named = [name.strip(" `") for row in rows for name in row.split("/")]

    assert [name for name in named if name in OPERATOR_FACTS] == list(OPERATOR_FACTS)


def test_section_5_4_operators_are_told_as_graph_tells_them():
    assert operator_documents()[0] == {
        "id": "EQUALS",
        "name": "EQUALS",
        "arity": "Binary",
        "multivaluedComparisonType": "All",
        "supportedAttributeTypes": ["String", "Integer"],
    }
    assert {one["name"] for one in operator_documents() if one["arity"] == "Unary"} == {
        *("IS TRUE", "IS FALSE", "IS NULL", "IS NOT NULL")
    }


OPERANDS = {"none": (), "text": ("a",), "pattern": (".*",), "number": ("1",)}


def refused(rules, operator, values, attribute="department"):
    mapping = rules.mapping(
        scope=Scope((FilterGroup(clauses=(Clause(attribute=attribute, operator=operator, values=values),)),))
    )
    return [str(one) for one in scope_problems(mapping, source_schema())]


@pytest.mark.parametrize("operator", OPERATOR_FACTS)
def test_section_5_4_an_operator_takes_the_operand_that_the_table_names(rules, operator):
    facts = OPERATOR_FACTS[operator]
    attribute = "department" if "String" in facts.types or "Integer" in facts.types else "isResourceAccount"
    operand = OPERANDS[facts.operand]

    assert refused(rules, operator, operand, attribute) == []
    assert refused(rules, operator, ("1", "2"), attribute) != []
    assert refused(rules, operator, () if operand else ("a",), attribute) != []


@pytest.mark.parametrize("operator", OPERATOR_FACTS)
def test_section_5_4_whoever_has_no_value_passes_is_null_alone(operator):
    values = OPERANDS[OPERATOR_FACTS[operator].operand]
    clause = Clause(attribute="department", operator=operator, values=values)

    assert [holds(clause, value) for value in (None, "", [])] == [operator == "IS NULL"] * 3


@pytest.mark.parametrize("operator", [name for name, facts in OPERATOR_FACTS.items() if facts.types == ("Boolean",)])
def test_section_5_4_text_is_never_true_or_false(rules, operator):
    assert "is text" in refused(rules, operator, ())[0]
