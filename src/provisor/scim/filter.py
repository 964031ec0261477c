"""SCIM filters: text -> tree -> yes or no, and back to text (RFC 7644 section 3.4.2.2).

Pure. The door to three rooms: tree (what a filter is), grammar (its text), evaluation (its meaning).
A target turns the tree into SQL; every comparison is a `Compare(path, op, value)`.
"""

from provisor.scim.evaluation import evaluate, matcher
from provisor.scim.grammar import MAX_DEPTH, MAX_FILTER_CHARACTERS, parse_filter, render_filter
from provisor.scim.schema import ResourceType
from provisor.scim.tree import And, Compare, Filter, Not, Operator, Or, Path, Present, Scalar, ValuePath

__all__ = [
    "MAX_DEPTH",
    "MAX_FILTER_CHARACTERS",
    "And",
    "Compare",
    "Filter",
    "Not",
    "Operator",
    "Or",
    "Path",
    "Present",
    "Scalar",
    "ValuePath",
    "evaluate",
    "matcher",
    "parse",
    "render",
]


def parse(text: str, resource_type: ResourceType | None = None) -> Filter:
    """Read a filter; with a resource type its URNs are known whatever their shape.

    Whether the attributes exist is asked when the filter is evaluated. Raises ScimError invalidFilter.
    """
    return parse_filter(text, () if resource_type is None else tuple(resource_type.urns()))


def render(tree: Filter) -> str:
    """The filter as text; `parse` gives the same tree again."""
    return render_filter(tree)
