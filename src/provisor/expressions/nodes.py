"""The tree of an expression, and the text of a tree.

Pure. A closed union of four nodes. Positions and the way a node was written take no part in equality, so the law is
`parse(to_text(node)) == node`. Order: nodes, text, walking.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, assert_never

ComparisonOperator = Literal["=", "<>", ">", ">=", "<", "<="]
OPERATORS: tuple[ComparisonOperator, ...] = (
    "<>",
    ">=",
    "<=",
    "=",
    ">",
    "<",
)  # two characters first: the parser tries in order


@dataclass(frozen=True, slots=True)
class AttributeNode:
    """`[name]`: a source attribute. Names are case-sensitive."""

    name: str
    position: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class ConstantNode:
    """A text, or a number as its decimal text: Graph shows `1` and `"1"` as the same constant.

    `bare` remembers that it stood without quotation marks: a number or a keyword such as vbTextCompare.
    """

    text: str
    position: int = field(default=1, compare=False)
    bare: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """`left operator right`, only as the condition of IIF or CBool."""

    left: "ValueNode"
    operator: ComparisonOperator
    right: "ValueNode"
    position: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallNode:
    """`Name(argument, …)`. None is an omitted argument; omitted arguments at the end are not kept.

    `slots` is the number of arguments as written, the omitted ones at the end included.
    """

    name: str
    arguments: "tuple[Node | None, ...]"
    position: int = field(default=1, compare=False)
    slots: int = field(default=0, compare=False)


ValueNode = AttributeNode | ConstantNode | CallNode
Node = ValueNode | Comparison


def to_text(node: Node) -> str:
    """Write a tree as an expression, blanks as in Microsoft's examples."""
    match node:
        case AttributeNode():
            return f"[{node.name}]"
        case ConstantNode():
            return node.text if node.bare else quoted(node.text)
        case Comparison():
            return f"{to_text(node.left)} {node.operator} {to_text(node.right)}"
        case CallNode():
            missing = max(0, node.slots - len(node.arguments))
            written = ["" if argument is None else to_text(argument) for argument in node.arguments]
            return f"{node.name}({', '.join(written + [''] * missing)})"
        case _:
            assert_never(node)


def quoted(text: str) -> str:
    """Write a text as a string constant: only the backslash and the quotation mark are escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def walk(node: Node) -> Iterator[Node]:
    """Every node of a tree, outermost first, left to right."""
    pending: list[Node] = [node]
    while pending:
        current = pending.pop()
        yield current
        match current:
            case CallNode():
                pending.extend(argument for argument in reversed(current.arguments) if argument is not None)
            case Comparison():
                pending.extend((current.right, current.left))
            case AttributeNode() | ConstantNode():
                pass
            case _:
                assert_never(current)
