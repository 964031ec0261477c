"""Changes of rules row by row, as forms make them: a mapping, the settings of one kind of object, its filters.

Documents go in and come out; nothing is stored, and what the rules then lack is told by `Schemas.problems`. Order: one
kind of object, its rows, what a form says of a row.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypedDict, Unpack

from provisor.admin.errors import AdminError
from provisor.admin.rules import readable
from provisor.expressions import ExpressionProblem, compile_expression
from provisor.rules.graph_json import write_schema
from provisor.rules.mapping import (
    Action,
    AttributeMapping,
    Direct,
    FixedText,
    FromExpression,
    Nothing,
    ObjectKind,
    ObjectMapping,
    ValueSource,
)
from provisor.rules.scoping import FilterGroup
from provisor.scim.values import Json, fold


class KindSettings(TypedDict, total=False):
    """What may be said of the mapping of one kind of object; what is not given stays."""

    enabled: bool
    actions: frozenset[Action]


def with_settings(document: Json, kind: ObjectKind, **given: Unpack[KindSettings]) -> Json:
    """The rules with other settings for one kind of object."""
    return _with(document, kind, replace(readable(document).of(kind), **given))


def with_filters(document: Json, kind: ObjectKind, groups: Sequence[FilterGroup]) -> Json:
    """The rules with these scoping filters for one kind of object; input filters stay."""
    mapping = readable(document).of(kind)
    return _with(document, kind, replace(mapping, scope=replace(mapping.scope, groups=tuple(groups))))


def with_row(document: Json, kind: ObjectKind, row: AttributeMapping, *, in_place_of: int | None = None) -> Json:
    """The rules with this mapping, at the end or in the place of another; places count from 0.

    Raises AdminError where another mapping writes the same attribute.
    """
    mapping = readable(document).of(kind)
    others = [each for place, each in enumerate(mapping.mappings) if place != in_place_of]
    if any(fold(each.target) == fold(row.target) for each in others):
        raise AdminError(
            "attribute-in-use", f"Another mapping writes {row.target} already.", "Edit that one, or choose another."
        )
    if in_place_of is None:
        rows = [*mapping.mappings, row]
    else:
        rows = [row if place == in_place_of else each for place, each in enumerate(mapping.mappings)]
    return _with(document, kind, replace(mapping, mappings=tuple(rows)))


def without_row(document: Json, kind: ObjectKind, place: int) -> Json:
    """The rules without the mapping at this place."""
    mapping = readable(document).of(kind)
    rows = tuple(each for at, each in enumerate(mapping.mappings) if at != place)
    return _with(document, kind, replace(mapping, mappings=rows))


def _with(document: Json, kind: ObjectKind, mapping: ObjectMapping) -> Json:
    ruleset = readable(document)
    return write_schema(replace(ruleset, users=mapping) if kind == "user" else replace(ruleset, groups=mapping))


def source_of(kind_of_source: str, text: str) -> ValueSource | ExpressionProblem:
    """What a form says of where a value comes from: by the words of the mapping type. Raises AdminError for another
    type, or an attribute without a name.
    """
    match kind_of_source:
        case "Direct" if not text.strip():
            raise AdminError("invalid-value", "No source attribute is chosen.", "Choose one.")
        case "Direct":
            return Direct(text.strip())
        case "Constant":
            return FixedText(text)
        case "Expression":
            compiled = compile_expression(text)
            return compiled if isinstance(compiled, ExpressionProblem) else FromExpression(compiled)
        case "None":
            return Nothing()
        case _:
            raise AdminError("invalid-value", f"There is no mapping type {kind_of_source[:40]!r}.", "Choose one.")
