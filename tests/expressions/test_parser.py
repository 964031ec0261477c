"""Reading expressions: the tree, and problems that name a character."""

import pytest

from provisor.expressions import (
    AttributeNode,
    CallNode,
    Comparison,
    Compiled,
    ConstantNode,
    ExpressionProblem,
    compile_expression,
    parse,
    to_text,
    walk,
)


def test_call_is_read_with_the_positions_of_its_parts():
    node = parse('Append( [mail], "-x")')

    assert node == CallNode(name="Append", arguments=(AttributeNode("mail"), ConstantNode("-x")))
    assert [part.position for part in walk(node)] == [1, 9, 17]


def test_comparison_is_read_inside_a_condition():
    node = parse('IIF([a]<>"x", 1, -2)')

    condition = Comparison(left=AttributeNode("a"), operator="<>", right=ConstantNode("x"))
    assert node == CallNode(name="IIF", arguments=(condition, ConstantNode("1"), ConstantNode("-2")))


@pytest.mark.parametrize(
    ("text", "constant"),
    [
        ("42", "42"),
        ("007", "7"),
        ("-5", "-5"),
        ("&H1F", "31"),
        ("9223372036854775807", "9223372036854775807"),
        ("-9223372036854775808", "-9223372036854775808"),
        (r'"\\d \d \" \n"', r"\d \d " + '" ' + r"\n"),
        ('"a\nb"', "a\nb"),
        ('""', ""),
    ],
    ids=lambda value: repr(value),
)
def test_constant_is_its_text(text, constant):
    assert parse(text) == ConstantNode(constant)


def test_omitted_arguments_at_the_end_are_the_same_as_none():
    assert parse('Replace([p], "-", , , ".", , )') == parse('Replace([p], "-", , , ".")')


@pytest.mark.parametrize(
    "text",
    [
        'Replace([p], "-", , , "_", , )',
        'Switch([IsSoftDeleted], , "False", "True", "True", "False")',
        "Now()",
        'InStr([a], "x", , vbTextCompare)',
        'IIF([a] >= 3, "yes", Append("say \\"hej\\"", "C:\\\\x"))',
    ],
)
def test_tree_is_written_as_microsoft_writes_it(text):
    assert to_text(parse(text)) == text


@pytest.mark.parametrize(
    ("text", "function", "position", "said"),
    [
        ("", None, 1, "The expression ends"),
        ("   ", None, 4, "The expression ends"),
        ("Append([a], ", "Append", 13, "The expression ends"),
        ("Append([a]", "Append", 7, "never closed"),
        ('Append([a, "x")', "Append", 8, "never closed"),
        ("Append([a, [b])", "Append", 8, 'Add the missing "]"'),
        ('Append([a], "x)', "Append", 13, "never closed"),
        ("Append([], [b])", "Append", 8, "no attribute name"),
        ("Append([a] [b])", "Append", 12, 'Found "[b])" where a comma or ")"'),
        ("Append([a], “x”)", "Append", 13, "not a straight quotation mark"),
        ("Append([a], x)", "Append", 13, '"x" is neither an attribute nor a text. Write [x]'),
        ("Append([a], ?)", "Append", 13, "Found"),
        ('[a] = "x"', None, 5, "where the end of the expression was expected"),
        ('Append([a], "x") trailing', None, 18, "where the end of the expression was expected"),
        ("99999999999999999999", None, 1, "does not fit 64 bits"),
        ("&HFFFFFFFFFFFFFFFF", None, 1, "does not fit 64 bits"),
        ("vbTextCompare", None, 1, "is only allowed as the last argument of InStr"),
        ("Append([a], vbTextCompare)", "Append", 13, "is only allowed as the last argument of InStr"),
        ('IIF(vbTextCompare = "x", "a", "b")', "IIF", 5, "is only allowed as the last argument of InStr"),
        ("toupper([a])", "toupper", 1, "There is no function toupper. Did you mean ToUpper?"),
        ("Append([a], Trim([b]))", "Trim", 13, "There is no function Trim."),
        ("Append([a])", "Append", 1, "lacks its argument suffix. Write Append(source, suffix)."),
        ('Append(, "x")', "Append", 1, "lacks its argument source"),
        ('Append([a], "x", "yy")', "Append", 18, "takes at most 2 arguments and was given 3"),
        ('Guid("x")', "Guid", 6, "takes at most 0"),
        ('Switch([x], "d", "a")', "Switch", 1, "lacks its argument value"),
        ('Switch([x], "d", "a", "b", "c")', "Switch", 1, "a key without a value"),
        ('Switch([x], "d", "a", , "c", "d")', "Switch", 1, "lacks its argument value"),
        ('Append([a] = "x", "y")', "Append", 8, "cannot take a comparison here"),
        ('IIF("a", [a] = "x", "y")', "IIF", 10, "cannot take a comparison here"),
        ("SelectUniqueValue([a])", "SelectUniqueValue", 1, "lacks its argument uniqueValueRule"),
        ("ToLower(SelectUniqueValue([a], [b]))", "SelectUniqueValue", 9, "must be outermost"),
        ('Replace([a], "x")', "Replace", 1, "does not work with this combination"),
        ('Replace([a], "x", "y", , "z", , )', "Replace", 1, "does not work with this combination"),
        ("Replace([a])", "Replace", 1, "does not work with this combination"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_problem_names_function_and_character(text, function, position, said):
    problem = parse(text)

    assert isinstance(problem, ExpressionProblem)
    assert (problem.function, problem.position) == (function, position)
    assert said in problem.message


def test_ten_thousand_characters_are_read():
    assert isinstance(compile_expression(f'"{"x" * 9_998}"'), Compiled)


def test_ten_thousand_and_one_characters_are_refused():
    problem = parse(f'"{"x" * 9_999}"')

    assert isinstance(problem, ExpressionProblem)
    assert problem.position == 10_001


def test_deep_nesting_is_read_and_evaluated(evaluate):
    assert evaluate("ToLower(" * 64 + "[a]" + ")" * 64, a="X") == "x"


def test_deeper_nesting_is_a_problem_and_not_a_crash():
    problem = parse("ToLower(" * 1_200)

    assert isinstance(problem, ExpressionProblem)
    assert (problem.function, problem.position) == ("ToLower", 513)
