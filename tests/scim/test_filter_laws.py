"""Laws of filters: text and tree say the same, and no text does worse than be refused."""

from hypothesis import given, settings
from hypothesis import strategies as st

from provisor.scim.errors import ScimError
from provisor.scim.filter.evaluation import evaluate
from provisor.scim.filter.grammar import parse, render
from provisor.scim.filter.tree import And, Compare, Not, Or, Path, Present, ValuePath
from provisor.scim.path import parse_path, render_path
from provisor.scim.schemas.resource_types import ENTERPRISE_URN, USER_TYPE, USER_URN
from provisor.scim.values import fold

names = st.sampled_from(["userName", "title", "name", "emails", "x-y_1", "$ref", "not", "and", "or", "pr"])
urns = st.sampled_from([None, None, USER_URN, ENTERPRISE_URN, "urn:example:2.0:Thing"])
subs = st.sampled_from([None, None, "value", "familyName", "$ref"])
operators = st.sampled_from(["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"])
literals = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs",)))
)

# An attribute may be called "not" as far as the grammar goes, but at the start of a term the word is an operator.
starts = names.filter(lambda name: name not in ("not", "and", "or", "pr"))
plain_paths = st.builds(Path, attribute=starts, urn=urns, sub=subs)
inner_paths = st.builds(Path, attribute=starts)


def terms(paths):
    return st.builds(Present, paths) | st.builds(Compare, path=paths, op=operators, value=literals)


def combined(inner):
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.builds(And, several) | st.builds(Or, several) | st.builds(Not, inner)


in_brackets = st.recursive(terms(inner_paths), combined, max_leaves=4)
bracketed = st.builds(Path, attribute=starts, urn=urns, filter=in_brackets, sub=st.sampled_from(["value", "type"]))
value_paths = st.builds(ValuePath, st.builds(Path, attribute=starts, urn=urns), in_brackets)
trees = st.recursive(terms(plain_paths) | terms(bracketed) | value_paths, combined, max_leaves=6)


@settings(max_examples=80, deadline=None)
@given(trees)
def test_a_rendered_filter_parses_to_the_same_tree(tree):
    assert parse(render(tree)) == tree


@settings(max_examples=100, deadline=None)
@given(plain_paths | bracketed | st.builds(Path, attribute=starts, urn=urns, filter=in_brackets))
def test_a_rendered_path_parses_to_the_same_path(path):
    assert parse_path(render_path(path)) == path


pieces = st.sampled_from(
    ["userName", " eq ", '"a"', "(", ")", "[", "]", " and ", " or ", "not ", " pr", ".", ":", "urn:", "emails", "\\", '"',
     "type", " ", "true", "1e999", "9" * 5000, "\ud800", "é", "meta.created", " gt ", "active"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(pieces, max_size=14).map("".join) | st.text(max_size=30))
def test_any_text_is_a_filter_or_refused_with_a_sentence(text):
    try:
        evaluate(parse(text), {"userName": "a", "emails": [{"type": "work", "value": "a"}]}, USER_TYPE)
    except ScimError as error:
        assert (error.status, error.scim_type) == (400, "invalidFilter")
        assert error.detail.endswith(".")


@settings(max_examples=80, deadline=None)
@given(st.lists(pieces, max_size=8).map("".join) | st.text(max_size=30))
def test_any_text_is_a_path_or_refused_with_a_sentence(text):
    try:
        parse_path(text, USER_TYPE)
    except ScimError as error:
        assert error.scim_type in ("invalidPath", "invalidFilter")
        assert error.detail.endswith(".")


@given(st.text())
def test_folding_twice_is_folding_once(text):
    assert fold(fold(text)) == fold(text)
