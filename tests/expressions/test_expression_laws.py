"""Laws: nothing raises, what is written can be read, and functions that undo or repeat one another."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from provisor.expressions import (
    FUNCTIONS,
    AttributeNode,
    CallNode,
    Comparison,
    Compiled,
    ConstantNode,
    ExpressionFailure,
    ExpressionProblem,
    compile_expression,
    parse,
    to_text,
)
from provisor.expressions.graph_ast import from_graph, to_graph
from provisor.expressions.nodes import OPERATORS
from provisor.expressions.parser import MAX_DEPTH

NOW = datetime(2026, 3, 9, 14, 5, 6, tzinfo=UTC)
TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["", "True", "0", "-3", "2024-02-29", "yyyy", "d", "(?<n>a+)+b", "$1${n}", "a;b;c", "ß İ ı", "\ud800"]
    ),
)
NUMBERS = st.integers(min_value=-(2**63), max_value=2**63 - 1)
ROLES = st.lists(st.fixed_dictionaries({"id": TEXTS}, optional={"value": TEXTS, "displayName": TEXTS}), max_size=3)
VALUES = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS, st.lists(TEXTS, max_size=4), ROLES)
NAMES = ["a", "b", "appRoleAssignments"]
RECORDS = st.dictionaries(st.sampled_from(NAMES), VALUES)

LEAVES = st.one_of(
    st.sampled_from(NAMES).map(AttributeNode),
    TEXTS.map(ConstantNode),
    NUMBERS.map(lambda number: ConstantNode(str(number), bare=True)),
    st.integers(-2, 12).map(lambda number: ConstantNode(str(number), bare=True)),
)


@st.composite
def calls(draw, values):
    info = FUNCTIONS[draw(st.sampled_from([name for name in FUNCTIONS if name != "SelectUniqueValue"]))]
    count = info.least_arguments if info.repeats else draw(st.integers(info.least_arguments, len(info.parameters)))
    arguments = [draw(values) for _ in range(count + info.repeats * draw(st.integers(0, 2)))]
    if info.name == "Replace":
        given = draw(st.sampled_from([(1, 4), (1, 6), (2, 4), (2, 3, 4), (2, 3, 5)]))
        arguments = [draw(values)] + [draw(values) if place in given else None for place in range(1, 7)]
    if info.name in ("IIF", "CBool") and draw(st.booleans()):
        operator = draw(st.sampled_from(OPERATORS))
        arguments[0] = Comparison(left=draw(values), operator=operator, right=draw(values))
    while arguments and arguments[-1] is None:
        arguments.pop()
    return CallNode(name=info.name, arguments=tuple(arguments))


TREES = st.recursive(LEAVES, calls, max_leaves=12)
RULES = st.lists(TREES, min_size=2, max_size=3).map(
    lambda rules: CallNode(name="SelectUniqueValue", arguments=tuple(rules))
)
EXPRESSIONS = st.one_of(TREES, RULES)


def nothing_random(count):
    return b"\x2a" * count


@given(st.text())
def test_parsing_never_raises(text):
    parse(text)


@given(st.text(alphabet='[]()",\\ abIF=<>&H1-…', max_size=60))
def test_parsing_what_looks_like_an_expression_never_raises(text):
    compile_expression(text)


@given(EXPRESSIONS, RECORDS)
def test_evaluating_never_raises(tree, record):
    compiled = compile_expression(to_text(tree))

    assert isinstance(compiled, Compiled), compiled
    compiled.evaluate(record, NOW, nothing_random)


@given(EXPRESSIONS, RECORDS)
def test_evaluating_twice_gives_the_same(tree, record):
    compiled = compile_expression(to_text(tree))

    first = compiled.evaluate(record, NOW, nothing_random)
    assert compiled.evaluate(record, NOW, nothing_random) == first


@given(EXPRESSIONS)
def test_what_is_written_is_read_as_the_same_tree(tree):
    assert parse(to_text(tree)) == tree


@given(EXPRESSIONS)
def test_tree_survives_graph(tree):
    assert from_graph(to_graph(tree)) == tree


@given(st.recursive(st.one_of(st.none(), st.booleans(), st.floats(), TEXTS), lambda children: st.one_of(
    st.lists(children, max_size=3),
    st.fixed_dictionaries({}, optional={
        "type": st.one_of(children, st.sampled_from(["Function", "Attribute", "Constant"])),
        "name": st.one_of(children, st.sampled_from(["Append", "Join", "Guid", "="])),
        "expression": st.one_of(children, st.sampled_from(["[a]", "Guid()", '"x"', "("])),
        "parameters": children,
        "key": st.one_of(children, st.sampled_from(["source", "suffix", "left"])),
        "value": children,
    }),
), max_leaves=8))  # fmt: skip
def test_reading_graph_never_raises(document):
    from_graph(document)


@given(
    st.lists(
        st.text(alphabet=st.characters(exclude_characters=";"), min_size=1).filter(lambda text: text == text.strip())
    )
)
def test_splitting_undoes_joining(texts):
    compiled = compile_expression('Split(Join(";", [list]), ";")')

    assert compiled.evaluate({"list": texts}, NOW, nothing_random) == texts


@given(st.datetimes(min_value=datetime(1601, 1, 1), max_value=datetime(9999, 12, 31)))
def test_file_time_and_date_undo_one_another(moment):
    compiled = compile_expression("DateFromNum(NumFromDate([d])) ")
    plain = compile_expression("CDate([d])")
    record = {"d": moment.isoformat(sep=" ", timespec="seconds")}

    outcome = compiled.evaluate(record, NOW, nothing_random)
    assert outcome == plain.evaluate(record, NOW, nothing_random)


@given(
    st.dates(min_value=datetime(1, 1, 1).date()),
    st.sampled_from(["yyyy-MM-dd", "d/M/yyyy", "dddd, d MMMM yyyy", "yyyyMMdd", "r"]),
)
def test_date_written_in_a_format_is_read_by_it(day, pattern):
    compiled = compile_expression('FormatDateTime(FormatDateTime([d], , "yyyy-MM-dd", [f]), , [f], "yyyy-MM-dd")')

    assert compiled.evaluate({"d": day.isoformat(), "f": pattern}, NOW, nothing_random) == day.isoformat()


@given(st.text())
def test_normalizing_diacritics_twice_changes_nothing_more(text):
    once = compile_expression("NormalizeDiacritics([t])").evaluate({"t": text}, NOW, nothing_random)
    twice = compile_expression("NormalizeDiacritics([t])").evaluate({"t": once}, NOW, nothing_random)

    assert twice == once


@given(st.text())
def test_changing_case_keeps_the_number_of_characters(text):
    for function in ("ToLower", "ToUpper", "PCase"):
        outcome = compile_expression(f"{function}([t])").evaluate({"t": text}, NOW, nothing_random)
        assert len(outcome) == len(text)


@given(st.text(max_size=40), st.text(max_size=40))
def test_pattern_of_a_tenant_never_raises(pattern, source):
    compiled = compile_expression('Replace([s], , [p], , "$1", , )')

    outcome = compiled.evaluate({"s": source, "p": pattern}, NOW, nothing_random)
    assert isinstance(outcome, (str, ExpressionFailure))


@given(st.integers(1, MAX_DEPTH + 3))
def test_depth_is_bounded_by_a_problem(depth):
    outcome = compile_expression("Not(" * depth + "[a]" + ")" * depth)

    assert isinstance(outcome, ExpressionProblem) is (depth > MAX_DEPTH)
