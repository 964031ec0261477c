"""Scoping filters: every operator of spec/provisioning-service.md section 5.4, and verdicts with their reason."""

import time

import pytest

from provisor.rules.operators import OPERATORS, operator_named
from provisor.rules.scoping import Clause, FilterGroup, Scope, holds

CASES = [
    ("EQUALS", "Research", "Research", True),
    ("EQUALS", "research", "Research", False),
    ("EQUALS", 7, "7", True),
    ("NOT EQUALS", "Sales", "Research", True),
    ("NOT EQUALS", "Research", "Research", False),
    ("REGEX MATCH", "400123", r"4\d{5}", True),
    ("REGEX MATCH", "4001234", r"4\d{5}", False),
    ("REGEX MATCH", "ana@domain.com", r".*\@domain.com", True),
    ("REGEX MATCH", "10", "([1-9][0-9])", True),
    ("REGEX MATCH", "100", "([1-9][0-9])", False),
    ("REGEX MATCH", "ABC", "abc", False),
    ("NOT REGEX MATCH", "4001234", r"4\d{5}", True),
    ("NOT REGEX MATCH", "400123", r"4\d{5}", False),
    ("Includes", "Field Staff", "eld", True),
    ("Includes", "Field Staff", "ELD", False),
    ("ENDS_WITH", "ana@contoso.com", "@contoso.com", True),
    ("ENDS_WITH", "ana@CONTOSO.com", "@contoso.com", False),
    ("Greater_Than", "11", "10", True),
    ("Greater_Than", 10, "10", False),
    ("Greater_Than", "9", "10", False),
    ("Greater_Than", "eleven", "10", False),
    ("Greater_Than", "-11", "10", False),
    ("Greater_Than", "9" * 5_000, "10", False),
    ("Greater_Than_OR_EQUALS", "10", "10", True),
    ("Greater_Than_OR_EQUALS", "9", "10", False),
    ("IS TRUE", True, None, True),
    ("IS TRUE", False, None, False),
    ("IS TRUE", "True", None, True),
    ("IS FALSE", False, None, True),
    ("IS FALSE", True, None, False),
    ("IS FALSE", "no", None, False),
    ("IS NOT NULL", "x", None, True),
    ("IS NOT NULL", False, None, True),
    ("IS NULL", "x", None, False),
    ("IS NULL", False, None, False),
    ("&", "SE", "SE,NO,DK", True),
    ("&", "FI", "SE,NO,DK", False),
    ("!&", "FI", "SE,NO,DK", True),
    ("!&", "NO", "SE,NO,DK", False),
]


def clause(operator, operand=None, attribute="a"):
    return Clause(attribute=attribute, operator=operator, values=() if operand is None else (operand,))


@pytest.mark.parametrize(
    ("operator", "value", "operand", "expected"), CASES, ids=[f"{c[0]}-{str(c[1])[:12]}-{c[2]}" for c in CASES]
)
def test_section_5_4_an_operator_judges_a_value(operator, value, operand, expected):
    assert holds(clause(operator, operand), value) is expected


@pytest.mark.parametrize("empty", [None, "", []], ids=["null", "empty text", "empty list"])
@pytest.mark.parametrize("operator", OPERATORS)
def test_section_5_4_nothing_but_is_null_holds_for_an_empty_attribute(operator, empty):
    assert holds(clause(operator, "1"), empty) is (operator == "IS NULL")


@pytest.mark.parametrize("operator", OPERATORS)
def test_an_operator_is_found_in_any_case_and_with_blanks_or_underscores(operator):
    assert operator_named(operator) == operator
    assert operator_named(f" {operator.lower().replace(' ', '_')} ") == operator


def test_an_unknown_operator_is_not_found():
    assert operator_named("SOUNDS LIKE") is None


RESEARCH = FilterGroup(
    title="Research",
    clauses=(clause("EQUALS", "Research", "department"), clause("REGEX MATCH", r"4\d{5}", "employeeId")),
)
NO_COMPANY = FilterGroup(title="No company", clauses=(clause("IS NULL", None, "companyName"),))


@pytest.mark.parametrize(
    ("attributes", "passes"),
    [
        ({"department": "Research", "employeeId": "400123", "companyName": "Contoso"}, True),
        ({"department": "Research", "employeeId": "500123", "companyName": "Contoso"}, False),
        ({"department": "Sales", "employeeId": "400123", "companyName": "Contoso"}, False),
        ({"department": "Sales"}, True),
    ],
    ids=["both clauses", "one clause", "the other clause", "second filter"],
)
def test_section_5_4_clauses_and_inside_a_filter_and_filters_or(attributes, passes):
    assert Scope((RESEARCH, NO_COMPANY)).judge(attributes).passes is passes


def test_section_5_4_without_a_filter_everybody_passes():
    verdict = Scope().judge({})

    assert verdict.passes
    assert verdict.reason == "There is no scoping filter."


def test_a_verdict_names_the_filter_that_holds():
    verdict = Scope((RESEARCH, NO_COMPANY)).judge({})

    assert verdict.reason == 'Scoping filter "No company" holds.'


def test_a_verdict_says_which_clauses_failed():
    verdict = Scope((RESEARCH,)).judge({"department": "Sales", "employeeId": "400123"})

    assert verdict.reason == 'No scoping filter holds: department EQUALS "Research" is false.'
    assert verdict.detail == (
        ("Research", 'department EQUALS "Research"', False),
        ("Research", 'employeeId REGEX MATCH "4\\d{5}"', True),
    )


def test_section_5_4_an_object_that_no_input_filter_lets_in_is_not_read():
    verdict = Scope(input_groups=(RESEARCH,)).judge({"department": "Sales"})

    assert not verdict.passes
    assert not verdict.read


def test_section_5_4_an_object_read_by_the_input_filter_is_judged_by_the_others():
    verdict = Scope((NO_COMPANY,), (RESEARCH,)).judge(
        {"department": "Research", "employeeId": "400123", "companyName": "Contoso"}
    )

    assert not verdict.passes
    assert verdict.read


def test_section_5_4_a_catastrophic_pattern_ends_soon_and_decides_nothing():
    scope = Scope((FilterGroup(title="Slow", clauses=(clause("REGEX MATCH", "(a|aa)+!x"),)),))

    began = time.perf_counter()
    verdict = scope.judge({"a": "a" * 60})

    assert time.perf_counter() - began < 0.5
    assert verdict.failure is not None
    assert verdict.failure.code == "ScopingFilterFailed"
    assert "(a|aa)+!x" in verdict.failure.message


def test_a_scope_tells_which_attributes_it_reads():
    assert Scope((RESEARCH,), (NO_COMPANY,)).reads == {"department", "employeeId", "companyName"}
