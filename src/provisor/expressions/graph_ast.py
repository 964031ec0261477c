"""An expression's tree in Microsoft Graph's JSON, both ways (spec/graph-synchronization-api.md section 5).

Pure. attributeMappingSource: `type`, `name`, `expression`, `parameters[{key, value}]`. Omitted arguments are left out;
constants stand re-quoted in `expression`. Graph documents no form for comparisons: ours is a function named by its
operator with the parameters `left` and `right`. Law: `from_graph(to_graph(node)) == node`.
"""

from typing import assert_never

from provisor.expressions.functions import FUNCTIONS
from provisor.expressions.functions.signature import FunctionInfo
from provisor.expressions.nodes import (
    OPERATORS,
    AttributeNode,
    CallNode,
    Comparison,
    ComparisonOperator,
    ConstantNode,
    Node,
    ValueNode,
    quoted,
    to_text,
)
from provisor.expressions.parser import MAX_DEPTH, parse
from provisor.expressions.values import ExpressionProblem, JsonValue

# A comparison between two calls is a level of its own here; how deep the calls go is checked when all is read.
_MAX_TREE_DEPTH = 2 * MAX_DEPTH
_PAIR_KEY = "switchValue"  # Graph's functions() lists Switch's keys and values under this one name
_REPLACE_SLOTS = 7  # Microsoft writes Replace with all its commas


def to_graph(node: Node) -> dict[str, JsonValue]:
    """Write a tree as an attributeMappingSource."""
    match node:
        case AttributeNode():
            return _source("Attribute", node.name, to_text(node), [])
        case ConstantNode():
            return _source("Constant", node.text, quoted(node.text), [])
        case Comparison():
            sides: list[JsonValue] = [
                {"key": "left", "value": to_graph(node.left)},
                {"key": "right", "value": to_graph(node.right)},
            ]
            return _source("Function", node.operator, to_text(node), sides)
        case CallNode():
            info = FUNCTIONS[node.name]
            parameters: list[JsonValue] = [
                {"key": info.parameter_at(index).key, "value": to_graph(argument)}
                for index, argument in enumerate(node.arguments)
                if argument is not None
            ]
            return _source("Function", node.name, to_text(node), parameters)
        case _:
            assert_never(node)


def from_graph(source: JsonValue) -> Node | ExpressionProblem:
    """Read an attributeMappingSource.

    `name` or `expression` may be missing. When a function comes with both a tree and a text they must agree, so that
    an edit of only one of them is not silently lost.
    """
    try:
        node = _read(source, 0)
    except _Unreadable as unreadable:
        return ExpressionProblem(function=unreadable.function, position=1, message=unreadable.message)
    if isinstance(node, Comparison):
        return ExpressionProblem(
            function=None, position=1, message="A comparison cannot stand alone. Put it into IIF or CBool."
        )
    return parse(to_text(node))  # checks names, arguments, length and depth, and gives the nodes positions


class _Unreadable(Exception):
    """Unwinds the reader; from_graph returns it as a Problem."""

    def __init__(self, message: str, function: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.function = function


def _source(kind: str, name: str, expression: str, parameters: list[JsonValue]) -> dict[str, JsonValue]:
    return {"type": kind, "name": name, "expression": expression, "parameters": parameters}


def _read(source: JsonValue, depth: int) -> Node:
    if not isinstance(source, dict):
        raise _Unreadable("A source in the tree is not a JSON object. Write type, name, expression and parameters.")
    if depth > _MAX_TREE_DEPTH:
        raise _Unreadable(f"Functions are nested more than {MAX_DEPTH} deep. Simplify the expression.")
    name, expression, kind = _text_in(source, "name"), _text_in(source, "expression"), _text_in(source, "type")
    match (kind or "Attribute").lower():
        case "attribute":
            return _leaf(name, expression, AttributeNode)
        case "constant":
            # The text of a constant without a name may be unquoted.
            return _leaf(name, expression, ConstantNode)
        case "function":
            return _function(source, name, expression, depth)
        case other:
            raise _Unreadable(f'"{other[:40]}" is not a type of source. Write Attribute, Constant or Function.')


def _leaf(
    name: str | None, expression: str | None, kind: type[AttributeNode] | type[ConstantNode]
) -> AttributeNode | ConstantNode:
    written = parse(expression) if expression and expression != name else None
    if isinstance(written, kind):
        content = written.name if isinstance(written, AttributeNode) else written.text
        if name is not None and name != content:
            raise _Unreadable(f'The name "{name[:40]}" and the expression {str(expression)[:60]} differ. Correct one.')
        return written
    if name is None and (kind is AttributeNode or expression is None):
        raise _Unreadable("A source has no name. Name the attribute, or write it as expression, for example [mail].")
    content = name if name is not None else expression or ""
    if kind is ConstantNode:
        return ConstantNode(content)
    node = parse(f"[{content}]")
    if not isinstance(node, AttributeNode):
        raise _Unreadable(f'"{content[:40]}" cannot be the name of an attribute. Write it without brackets.')
    return node


def _function(source: dict[str, JsonValue], name: str | None, expression: str | None, depth: int) -> Node:
    parameters = source.get("parameters") or []
    if not isinstance(parameters, list):
        raise _Unreadable('"parameters" is not a list. Write a list of objects with key and value.', name)
    written = parse(expression) if expression and depth == 0 else None
    if not parameters and expression:
        node = written or parse(expression)
        if isinstance(node, ExpressionProblem):
            raise _Unreadable(node.message, node.function)
        return node
    pairs = [_pair(parameter, depth, name) for parameter in parameters]
    for operator in OPERATORS:
        if name == operator:
            return _comparison(operator, pairs)
    info = FUNCTIONS.get(name or "")
    if name is None or info is None:
        raise _Unreadable(f'There is no function "{(name or "")[:40]}". The reference lists them all.', name)
    call = _call(info, pairs)
    if isinstance(written, ExpressionProblem):
        raise _Unreadable(written.message, written.function)
    if written is not None and written != call:
        message = (
            f"The expression {str(expression)[:80]} and the tree, {to_text(call)[:80]}, differ. "
            "Correct one, or leave the parameters empty to take the expression."
        )
        raise _Unreadable(message, name)
    return written or call


def _pair(parameter: JsonValue, depth: int, function: str | None) -> tuple[str, Node]:
    key = parameter.get("key") if isinstance(parameter, dict) else None
    if not isinstance(parameter, dict) or not isinstance(key, str):
        raise _Unreadable("A parameter is not an object with key and value. Correct the tree.", function)
    return key, _read(parameter.get("value"), depth + 1)


def _comparison(operator: ComparisonOperator, pairs: list[tuple[str, Node]]) -> Comparison:
    match pairs:
        case [("left", left), ("right", right)]:
            return Comparison(left=_value(left), operator=operator, right=_value(right))
        case _:
            raise _Unreadable(f"The comparison {operator} needs the parameters left and right. Give both.")


def _value(node: Node) -> ValueNode:
    if isinstance(node, Comparison):
        raise _Unreadable("A comparison is inside another one. Nest IIF instead.")
    return node


def _call(info: FunctionInfo, pairs: list[tuple[str, Node]]) -> CallNode:
    """Put the arguments into the function's order; repeated ones keep the order in which they stand."""
    fixed: list[Node | None] = [None] * info.fixed_arguments
    names = {key.lower(): index for index, p in enumerate(info.parameters) for key in (p.name, p.key)}
    repeated: list[Node] = []
    for key, node in pairs:
        bare = key.lower()
        index = names.get(bare, names.get(bare.rstrip("0123456789")))
        if index is None and not (info.name == "Switch" and key == _PAIR_KEY):
            known = ", ".join(parameter.key for parameter in info.parameters)
            raise _Unreadable(f'{info.name} has no parameter "{key[:40]}". It has {known or "none"}.', info.name)
        if index is None or index >= info.fixed_arguments:
            repeated.append(node)
        elif fixed[index] is not None:
            raise _Unreadable(f'{info.name} has the parameter "{key}" twice. Remove one.', info.name)
        else:
            fixed[index] = node
    arguments = [*fixed, *repeated]
    while arguments and arguments[-1] is None:
        arguments.pop()
    return CallNode(name=info.name, arguments=tuple(arguments), slots=_REPLACE_SLOTS if info.name == "Replace" else 0)


def _text_in(source: dict[str, JsonValue], key: str) -> str | None:
    value = source.get(key)
    if value is not None and not isinstance(value, str):
        raise _Unreadable(f'"{key}" must be a text. Correct the tree.')
    return value
