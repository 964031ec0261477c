"""Settings of a mapping that would be accepted but do nothing: flow types, defaults, nulls, and roles out of place.

Pure. Rules: spec/provisioning-service.md sections 6.2 and 7. Order: a row, its settings one by one, roles.
"""

from collections.abc import Iterator, Mapping

from provisor.expressions.nodes import AttributeNode, CallNode, Comparison, Node, to_text, walk
from provisor.expressions.nodes import ConstantNode as Fixed
from provisor.rules.flow import is_reference
from provisor.rules.mapping import (
    SOFT_DELETED,
    AttributeMapping,
    Direct,
    FixedText,
    FromExpression,
    Nothing,
    ObjectKind,
)
from provisor.rules.roles import FUNCTIONS, SOURCE, WHOLE
from provisor.rules.ruleset import Problem
from provisor.rules.sources import ANY_TEXT, SourceSchema, SourceType
from provisor.scim.path import Place

_NEVER_NULL: dict[ObjectKind, frozenset[str]] = {
    "user": frozenset({SOFT_DELETED, "accountEnabled", "id", "objectId", "userPrincipalName"}),
    "group": frozenset({SOFT_DELETED, "displayName", "id", "objectId"}),
}


def effect_problems(
    row: AttributeMapping, place: Place, where: str, kind: ObjectKind, schema: SourceSchema
) -> Iterator[Problem]:
    """Every setting of the row that cannot have an effect."""
    found = (
        *_type(row, place, schema.of(kind)),
        *_truths(row, schema.of(kind)),
        *_default(row, kind),
        *_null(row, kind),
        *_flow(row, place),
        *_roles(row, place),
    )
    for message, hint in found:
        yield Problem(where=where, message=message, hint=hint)


def _never_null(row: AttributeMapping, kind: ObjectKind) -> str | None:
    """The part of a source that always has a value; None when the row may come to nothing."""
    match row.source:
        case FixedText():
            return "a constant"
        case Direct(name) if name in _NEVER_NULL[kind]:
            return name
        case _:
            return None


def _type(row: AttributeMapping, place: Place, known: Mapping[str, SourceType]) -> Iterator[tuple[str, str]]:
    attribute = place.sub or place.attribute
    if not isinstance(row.source, Direct) or attribute is None or attribute.type != "boolean":
        return
    name = row.source.attribute
    if known.get(name) == "text" and not name.startswith(ANY_TEXT):
        yield f"{name} is text, and {row.target} takes True or False.", f'Write Switch([{name}], "False", "…", "True").'


def _truths(row: AttributeMapping, known: Mapping[str, SourceType]) -> Iterator[tuple[str, str]]:
    """Booleans compared with what they cannot be: such a branch is not taken."""
    if not isinstance(row.source, FromExpression):
        return
    for tested, keys in _tests(row.source.expression.node):
        for key in keys:
            if _is_boolean(tested, known) and isinstance(key, Fixed) and key.text not in ("True", "False"):
                yield f'{to_text(tested)} is True or False and never "{key.text}".', 'Write "True" or "False".'


def _tests(node: Node) -> Iterator[tuple[Node, tuple[Node | None, ...]]]:
    """Every value that an expression compares, with what it is compared to."""
    for part in walk(node):
        match part:
            case CallNode(name="Switch", arguments=(AttributeNode() | CallNode() as tested, _, *rest)):
                yield tested, tuple(rest[0::2])
            case Comparison(left=left, right=right):
                yield left, (right,)
                yield right, (left,)
            case _:
                pass


def _is_boolean(node: Node, known: Mapping[str, SourceType]) -> bool:
    match node:
        case AttributeNode(name):
            return known.get(name) == "boolean"
        case CallNode(name="CBool" | "IsNull" | "IsNullOrEmpty" | "IsPresent" | "IsString" | "Not"):
            return True
        case _:
            return False


def _default(row: AttributeMapping, kind: ObjectKind) -> Iterator[tuple[str, str]]:
    if row.default is None:
        return
    always = _never_null(row, kind)
    if is_reference(row):
        yield "A reference has no default value.", "Remove defaultValue."
    elif always is not None:
        yield f"The default value never applies, as {always} always has a value.", "Remove defaultValue."


def _null(row: AttributeMapping, kind: ObjectKind) -> Iterator[tuple[str, str]]:
    if not row.flow_null:
        return
    if row.flow_type in ("ObjectAddOnly", "ValueAddOnly"):
        message = f"flowNullValues takes values away, and flowType {row.flow_type} never does."
        yield message, "Set flowType to Always, or flowNullValues to false."
    elif is_reference(row):
        yield "A reference that is gone is taken away in any case.", "Set flowNullValues to false."
    elif isinstance(row.source, Nothing):
        yield "A row without a source leaves the attribute alone.", "Set flowNullValues to false."
    elif (always := _never_null(row, kind)) is not None:
        yield f"flowNullValues never applies, as {always} always has a value.", "Set flowNullValues to false."


def _flow(row: AttributeMapping, place: Place) -> Iterator[tuple[str, str]]:
    attribute = place.attribute
    whole = attribute is not None and attribute.multi_valued and place.sub is None and place.chosen is None
    if row.flow_type == "MultiValueAddOnly" and not whole:
        message = f"{row.target} takes one value, so flowType MultiValueAddOnly cannot add another."
        yield message, "Set flowType to Always or AttributeAddOnly."
    if is_reference(row) and row.flow_type != "Always":
        yield f"A reference is kept as in the directory, whatever flowType {row.flow_type}.", "Set flowType to Always."
    if row.flow_behavior == "FlowAlways" and not is_reference(row):
        if row.flow_type in ("ObjectAddOnly", "AttributeAddOnly"):
            message = f"flowBehavior FlowAlways writes again and again what flowType {row.flow_type} writes once."
            yield message, "Set flowBehavior to FlowWhenChanged."
        elif isinstance(row.source, Nothing):
            yield "A row without a source has nothing to write.", "Set flowBehavior to FlowWhenChanged."


def _roles(row: AttributeMapping, place: Place) -> Iterator[tuple[str, str]]:
    hint = f"Write SingleAppRoleAssignment([{SOURCE}]) for one role as text, or map all of them to roles."
    if isinstance(row.source, Direct):
        if row.source.attribute == SOURCE:
            yield f"{SOURCE} holds assignments and no text.", hint
        return
    if not isinstance(row.source, FromExpression):
        return
    node = row.source.expression.node
    calls = [part for part in walk(node) if isinstance(part, CallNode)]
    roles = [call for call in calls if call.name in FUNCTIONS]
    inside = {id(argument) for call in roles for argument in call.arguments}
    for call in roles:
        if not (isinstance(call.arguments[0], AttributeNode) and call.arguments[0].name == SOURCE):
            yield f"{call.name} takes the attribute {SOURCE} and nothing else.", f"Write {call.name}([{SOURCE}])."
    if any(isinstance(part, AttributeNode) and part.name == SOURCE and id(part) not in inside for part in walk(node)):
        yield f"{SOURCE} holds assignments and no text.", hint
    objects = [call for call in roles if call.name in WHOLE]
    attribute = place.attribute
    takes = (
        attribute is not None
        and attribute.multi_valued
        and attribute.type == "complex"
        and place.sub is None
        and place.chosen is None
    )
    if objects and objects[0] is not node:
        yield f"{objects[0].name} gives objects, which no other function can use.", "Let it stand alone."
    elif objects and not takes:
        yield f"{objects[0].name} gives several roles, which {row.target} cannot hold.", "Map it to roles."
    if roles and row.flow_behavior == "FlowAlways":
        yield "Roles are sent when they change, not always.", "Set flowBehavior to FlowWhenChanged."
