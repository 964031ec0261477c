"""The fixed texts that an expression may give, whatever the record: its constants, and the branches of its choices.

Pure. What is computed from attributes is not known beforehand and left out.
"""

from collections.abc import Iterator

from provisor.expressions.nodes import CallNode, ConstantNode, Node


def constant_outcomes(node: Node | None) -> Iterator[str]:
    """Every constant that may be the value of this expression."""
    match node:
        case ConstantNode(text):
            yield text
        case CallNode(name="IIF"):
            for branch in node.arguments[1:]:
                yield from constant_outcomes(branch)
        case CallNode(name="Switch"):
            # Switch(source, default, key, value, key, value, …)
            for branch in (node.arguments[1], *node.arguments[3::2]):
                yield from constant_outcomes(branch)
        case CallNode(name="Coalesce" | "SelectUniqueValue"):
            for branch in node.arguments:
                yield from constant_outcomes(branch)
        case _:
            return
