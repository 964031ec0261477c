"""What can be told about an expression before a record is seen, and what its evaluation may answer."""

import pytest

from provisor.expressions import NO_FLOW, Candidates, ExpressionFailure, ExpressionProblem, compile_expression


def test_compiled_expression_names_what_it_reads_and_calls():
    compiled = compile_expression('IIF([country] = "SE", Append([mail], [Mail]), Now())')

    assert compiled.reads == {"country", "mail", "Mail"}
    assert compiled.functions == {"IIF", "Append", "Now"}


@pytest.mark.parametrize(
    ("text", "volatile"),
    [("Guid()", True), ("Append([a], Now())", True), ("RandomString(8,0,0,0,0)", True), ('CDate("2024-01-01")', False)],
)
def test_expression_that_answers_differently_each_time_is_volatile(text, volatile):
    assert compile_expression(text).volatile is volatile


def test_expression_with_a_redacted_part_is_redacted_as_a_whole():
    assert compile_expression('Append("x", Redact([ssn]))').redacted


def test_failure_of_a_redacted_expression_does_not_show_the_value(evaluate):
    failure = evaluate("Redact(CDate([birth]))", birth="secret words")

    assert isinstance(failure, ExpressionFailure)
    assert "secret" not in failure.message
    assert "[Redact]" in failure.message


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ('Mid([a], 1, "three")', 13, 'Mid cannot use "three" as length: a whole number is needed'),
        ('ToLower(Mid([a], "x", 1))', 18, 'Mid cannot use "x" as start'),
        ("ToLower([list])", 9, 'ToLower cannot use "p, q" as source: one value is needed'),
        ("Item([list], 3)", 14, 'Item cannot use "3" as index: the list has 2 elements'),
        ('Join("-", [a], [roles])', 16, "Join cannot use"),
        ('Switch([list], , "a", "b")', 8, 'Switch cannot use "p, q" as source'),
        ('IIF([list] = "x", "a", "b")', 5, 'Comparison cannot use "p, q" as left side'),
        ('IIF([a], "a", "b")', 5, 'IIF cannot use "text" as condition: True, False or a whole number is needed'),
        ('Replace([a], "", , , "x", , )', 14, 'Replace cannot use "" as oldValue'),
        ('Replace([a], , "(?<n>t)", "m", "x", , )', 27, 'Replace cannot use "m" as regexGroupName'),
        ("RandomString(300, 1, 0, 0, 0)", 14, 'RandomString cannot use "300" as Length'),
        ('RandomString(3, "x", 0, 0, 0)', 17, 'RandomString cannot use "x" as MinimumNumbers'),
        ('SelectUniqueValue(CDate([a]), "x")', 25, 'CDate cannot use "text" as expression'),
        ("SelectUniqueValue([list], [list])", 1, 'SelectUniqueValue cannot use "p, q"'),
    ],
)
def test_failure_names_function_argument_and_character(evaluate, text, position, message):
    failure = evaluate(text, a="text", list=["p", "q"], roles=[{"id": "1", "value": "Reader"}])

    assert isinstance(failure, ExpressionFailure)
    assert failure.position == position
    assert failure.message.startswith(message)


def test_untaken_branch_does_no_harm(evaluate):
    assert evaluate('IIF([a] = "x", "fine", CDate("nonsense"))', a="x") == "fine"
    assert evaluate('Switch([a], CDate("nonsense"), "x", "fine")', a="x") == "fine"
    assert evaluate('Coalesce([a], CDate("nonsense"))', a="x") == "x"


def test_dropped_flow_wins_over_the_function_around_it(evaluate):
    assert evaluate('Append(IgnoreFlowIfNullOrEmpty([a]), "x")') is NO_FLOW
    assert evaluate("Redact(IgnoreFlowIfNullOrEmpty([a]))", a="") is NO_FLOW
    assert evaluate('IIF([b] = "1", IgnoreFlowIfNullOrEmpty([a]), "kept")', b="2") == "kept"


def test_constant_that_drops_the_flow_drops_it_every_time(evaluate):
    assert evaluate('IgnoreFlowIfNullOrEmpty("")') is NO_FLOW


@pytest.mark.parametrize(
    ("record", "outcome"),
    [
        ({"a": "x", "b": "y"}, Candidates(("x", "y"))),
        ({"b": "y"}, Candidates(("y",))),
        ({"a": "", "b": "y"}, Candidates(("y",))),
        ({"a": "x", "b": "x"}, Candidates(("x",))),
        ({}, None),
    ],
)
def test_unique_value_offers_every_rule_that_gives_something(evaluate, record, outcome):
    assert evaluate("SelectUniqueValue([a], [b])", **record) == outcome


def test_failing_rule_matters_only_after_the_ones_before_it(evaluate):
    outcome = evaluate('SelectUniqueValue([a], CDate("nonsense"), [b])', a="x", b="y")

    assert outcome.values == ("x",)
    assert outcome.failure.function == "CDate"


def test_rule_that_drops_the_flow_drops_it(evaluate):
    assert evaluate("SelectUniqueValue([a], IgnoreFlowIfNullOrEmpty([b]))", a="x") is NO_FLOW


def test_booleans_and_numbers_leave_as_text(evaluate):
    assert evaluate("[a]", a=True) == "True"
    assert evaluate("[a]", a=7) == "7"
    assert evaluate("Count([a])", a=["x", "y"]) == "2"


@pytest.mark.parametrize(
    ("text", "warned"),
    [
        ('IIF([a]="", "x", "y")', "IIF tests for a null or empty value"),
        ('IIF(IsPresent([a]), "x", "y")', "IIF tests for a null or empty value"),
        ('IIF(IsNull([a]) = "True", "x", "y")', "IIF tests for a null or empty value"),
        ('Switch(IsPresent([a]), , "True", "x")', "Switch looks at IsPresent"),
        ('Append("x", Replace([a], , "(", , "x", , ))', "Replace will fail for every object"),
    ],
)
def test_what_entra_does_not_support_is_warned_of(text, warned):
    (warning,) = compile_expression(text).warnings

    assert warning.startswith(warned)


def test_ordinary_expression_has_no_warning():
    assert compile_expression('IIF([a]="x", "x", "y")').warnings == ()


def test_bad_expression_is_a_problem():
    assert isinstance(compile_expression("Nope()"), ExpressionProblem)


def test_result_that_would_grow_without_bound_is_a_failure(evaluate):
    text = "ConvertToUTF8Hex(" * 40 + "[a]" + ")" * 40

    assert "longer than 1,000,000 characters" in evaluate(text, a="x").message
    assert "longer than 1,000,000 characters" in evaluate('Replace([a], "x", , , [a], , )', a="x" * 2_000).message
    assert "longer than 1,000,000 characters" in evaluate('Replace([a], , "x", , [a], , )', a="x" * 2_000).message
    assert (
        "longer than 1,000,000 characters"
        in evaluate('Join([a], Split([b], ","))', a="x" * 2_000, b="y," * 999).message
    )
