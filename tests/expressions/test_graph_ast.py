"""Trees in Microsoft Graph's JSON, as its documentation shows them."""

import pytest

from provisor.expressions import AttributeNode, CallNode, ConstantNode, ExpressionProblem, parse, to_text
from provisor.expressions.graph_ast import from_graph, to_graph

NOT_DELETED = {
    "type": "Function",
    "name": "Not",
    "expression": "Not([IsSoftDeleted])",
    "parameters": [
        {
            "key": "source",
            "value": {
                "type": "Attribute",
                "name": "IsSoftDeleted",
                "expression": "[IsSoftDeleted]",
                "parameters": [],
            },
        }
    ],
}


def keys(tree):
    return [parameter["key"] for parameter in tree["parameters"]]


def test_function_is_written_as_graph_shows_it():
    assert to_graph(parse("Not([IsSoftDeleted])")) == NOT_DELETED


def test_constant_is_quoted_again():
    assert to_graph(parse("1")) == {"type": "Constant", "name": "1", "expression": '"1"', "parameters": []}


def test_replace_has_keys_of_its_own_and_keeps_its_commas():
    tree = to_graph(parse('Replace([preferredLanguage], "-", , , "_", , )'))

    assert keys(tree) == ["source", "Find", "Replacement"]
    assert tree["expression"] == 'Replace([preferredLanguage], "-", , , "_", , )'


def test_repeated_arguments_repeat_their_key():
    assert keys(to_graph(parse('Join(" ", [a], [b])'))) == ["separator", "source", "source"]
    assert keys(to_graph(parse('Switch([a], , "k", "v")'))) == ["source", "key", "value"]


def test_function_is_read_from_its_tree_alone():
    tree = {**NOT_DELETED, "expression": None}

    assert from_graph(tree) == CallNode(name="Not", arguments=(AttributeNode("IsSoftDeleted"),))


def test_function_is_read_from_its_text_alone():
    assert from_graph({"type": "Function", "name": "Not", "expression": "Not([a])", "parameters": []}) == parse(
        "Not([a])"
    )


def test_attribute_may_come_without_expression():
    assert from_graph({"name": "mail", "type": "Attribute"}) == AttributeNode("mail")


def test_type_is_attribute_when_it_is_missing():
    assert from_graph({"expression": "[mail]"}) == AttributeNode("mail")


@pytest.mark.parametrize("source", [{"name": "007"}, {"expression": "007x"}, {"name": "a b", "expression": "a b"}])
def test_constant_may_come_unquoted(source):
    assert from_graph({"type": "constant", **source}) == ConstantNode(source.get("name") or source["expression"])


@pytest.mark.parametrize("key", ["source", "source1", "Source"])
def test_keys_are_read_in_their_usual_spellings(key):
    parameters = [
        {"key": "separator", "value": {"type": "Constant", "name": "-"}},
        {"key": key, "value": {"type": "Attribute", "name": "a"}},
    ]

    assert from_graph({"type": "Function", "name": "Join", "parameters": parameters}) == parse('Join("-", [a])')


def test_switch_is_read_with_the_key_of_graphs_function_list():
    leaf = {"type": "Constant", "name": "x"}
    parameters = [
        {"key": "source", "value": leaf},
        {"key": "switchValue", "value": leaf},
        {"key": "switchValue", "value": leaf},
    ]

    assert from_graph({"type": "Function", "name": "Switch", "parameters": parameters}) == parse(
        'Switch("x", , "x", "x")'
    )


def test_replace_is_read_with_all_its_commas():
    parameters = [
        {"key": "replacementValue", "value": {"type": "Constant", "name": "b"}},
        {"key": "Find", "value": {"type": "Constant", "name": "a"}},
        {"key": "source", "value": {"type": "Attribute", "name": "x"}},
    ]

    node = from_graph({"type": "Function", "name": "Replace", "parameters": parameters})
    assert to_text(node) == 'Replace([x], "a", , , "b", , )'


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("text", "not a JSON object"),
        ({"type": "Banana", "name": "x"}, "not a type of source"),
        ({"type": "Attribute"}, "no name"),
        ({"type": "Constant"}, "no name"),
        ({"type": "Attribute", "name": "a]"}, "cannot be the name of an attribute"),
        ({"type": "Attribute", "name": "a", "expression": "[b]"}, "differ"),
        ({"type": "Attribute", "name": 1}, '"name" must be a text'),
        ({"type": "Function", "name": "Nope", "parameters": []}, 'no function "Nope"'),
        ({"type": "Function", "name": "Not", "parameters": "x"}, "is not a list"),
        ({"type": "Function", "name": "Not", "parameters": ["x"]}, "not an object with key and value"),
        ({"type": "Function", "name": "Not", "parameters": []}, "lacks its argument source"),
        ({**NOT_DELETED, "expression": "Not([other])"}, "differ"),
        ({**NOT_DELETED, "expression": "Not([other]"}, "never closed"),
        ({**NOT_DELETED, "name": "Guid", "expression": None}, 'Guid has no parameter "source"'),
        ({**NOT_DELETED, "parameters": NOT_DELETED["parameters"] * 2}, 'has the parameter "source" twice'),
        ({**NOT_DELETED, "name": "<"}, "needs the parameters left and right"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_tree_that_means_nothing_is_a_problem(source, said):
    problem = from_graph(source)

    assert isinstance(problem, ExpressionProblem)
    assert said in problem.message


def test_tree_too_deep_is_a_problem():
    tree = {"type": "Attribute", "name": "a"}
    for _ in range(150):
        tree = {"type": "Function", "name": "Not", "parameters": [{"key": "source", "value": tree}]}

    assert "nested more than 64 deep" in from_graph(tree).message


def test_deepest_expression_survives():
    node = parse('IIF("a" = ' * 64 + "[a]" + ', "b", "c")' * 64)

    assert from_graph(to_graph(node)) == node


def test_comparison_survives():
    node = parse('IIF([a] >= 3, "x", "y")')

    assert from_graph(to_graph(node)) == node
