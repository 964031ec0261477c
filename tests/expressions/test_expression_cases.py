"""The published behaviour, case by case."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from provisor.expressions.cases import ExpressionCase, Misformatted, check_case, read_cases

CASES = read_cases(json.loads((Path(__file__).parent / "expression-cases.json").read_text(encoding="utf-8")))
NOW = datetime(2026, 3, 9, 14, 5, 6, tzinfo=UTC)
assert not isinstance(CASES, Misformatted), CASES


@pytest.mark.parametrize("case", CASES, ids=[f"{n}-{case.expression[:50]}" for n, case in enumerate(CASES, 1)])
def test_expression_gives_what_is_published(case):
    assert check_case(case, NOW, os.urandom) is None


@pytest.mark.parametrize(
    ("expression", "attributes", "expect", "said"),
    [
        ("[a]", {"a": "x"}, "y", 'expected "y", got "x"'),
        ("[a]", {"a": "x"}, None, 'expected null, got "x"'),
        ("[a]", {"a": ["x", "y"]}, ["x"], "expected ['x'], got ['x', 'y']"),
        ("[a]", {}, {"error": True}, "expected an error, got null"),
        ("[a]", {"a": "x"}, {"noflow": True}, 'expected no flow, got "x"'),
        ("[a]", {"a": "x"}, {"regex": "[0-9]"}, 'expected a text matching [0-9], got "x"'),
        ("[a]", {"a": "x"}, {"role_values": ["r"]}, "expected roles with the values ['r'], got \"x\""),
        ("Nope()", {}, "y", 'expected "y", got an error: There is no function Nope.'),
        ("IgnoreFlowIfNullOrEmpty([a])", {}, "y", 'expected "y", got no flow'),
    ],
)
def test_case_that_fails_says_what_was_expected_and_what_came(expression, attributes, expect, said):
    (case,) = read_cases([{"expr": expression, "attributes": attributes, "expect": expect}])

    assert check_case(case, NOW, os.urandom).startswith(said)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({}, "A case file is a JSON list"),
        (["x"], "Case 1 is not in the format: it is not a JSON object"),
        ([{"expr": 1, "expect": "x"}], 'Case 1 is not in the format: "expr" must be a text'),
        ([{"expr": "[a]"}], '"expect" is missing'),
        (
            [{"expr": "[a]", "expect": "x"}, {"expr": "[a]", "expects": "x", "expect": "x"}],
            'Case 2 is not in the format: "expects"',
        ),
        ([{"expr": "[a]", "expect": {"eror": True}}], '"expect" must be a value'),
        ([{"expr": "[a]", "expect": {"error": True, "noflow": True}}], '"expect" must be a value'),
        ([{"expr": "[a]", "expect": 1.5}], '"expect" must be a value'),
        ([{"expr": "[a]", "expect": {"regex": "("}}], '"regex" is not a regular expression'),
        ([{"expr": "[a]", "expect": "x", "attributes": []}], "the attributes must be a JSON object"),
        ([{"expr": "[a]", "expect": "x", "attributes": {"a": 1.5}}], "attribute a must be"),
        ([{"expr": "[a]", "expect": "x", "attributes": {"a": [None]}}], "attribute a must hold texts only"),
        ([{"expr": "[a]", "expect": "x", "taken": "x"}], '"taken" must be a list'),
    ],
    ids=lambda value: str(value)[:40],
)
def test_file_in_another_format_is_refused_by_the_number_of_the_case(document, said):
    refused = read_cases(document)

    assert isinstance(refused, Misformatted)
    assert said in refused.message


def test_case_reads_numbers_and_roles_as_the_record_holds_them():
    roles = [{"id": "1", "value": "Reader", "displayName": None}]

    (case,) = read_cases([{"expr": "[a]", "attributes": {"a": 7, "b": [1, True], "c": roles}, "expect": 7}])

    assert case == ExpressionCase(
        expression="[a]",
        attributes={"a": 7, "b": ["1", "True"], "c": [{"id": "1", "value": "Reader"}]},
        expected=case.expected,
    )
