"""Everything wrong with a rule set, reported before a job may start.

Pure. Each problem names where, which value, and what to do; all are reported at once, to be fixed together.
Unreadable documents are left to graph_json, scoping filters to clauses, settings without effect to effects. Rules:
spec/provisioning-service.md sections 4 to 6. Order: the rule set, an object mapping, a row.
"""

from collections import Counter
from collections.abc import Iterator
from typing import assert_never

from provisor.expressions.outcomes import constant_outcomes
from provisor.rules.attribute_checks import attribute_problems, required_problems
from provisor.rules.attributes import place_of, written_as_one
from provisor.rules.clauses import scope_problems
from provisor.rules.conversion import Unfit, converter
from provisor.rules.effects import effect_problems
from provisor.rules.flow import REFERENCES, is_reference, reads_of
from provisor.rules.mapping import (
    SOFT_DELETED,
    AttributeMapping,
    Direct,
    FixedText,
    FromExpression,
    Nothing,
    ObjectKind,
    ObjectMapping,
)
from provisor.rules.nearest import nearest
from provisor.rules.roles import FUNCTIONS
from provisor.rules.ruleset import Problem, RuleSet, TargetSchema
from provisor.rules.sources import SourceSchema, no_such_attribute
from provisor.rules.unmappable import unmappable_problems
from provisor.scim.path import Place
from provisor.scim.schemas.schema import ResourceType
from provisor.scim.values import fold

# Several objects may share a value, so it identifies nobody.
_ALIKE = frozenset({SOFT_DELETED, "accountEnabled"})


def problems(
    ruleset: RuleSet, application: TargetSchema, source: SourceSchema, *, sync_all: bool = False
) -> tuple[Problem, ...]:
    """Every reason why a job with these rules must not start; empty when there is none.

    `application`: what it has without the attribute lists of the rules.
    """
    return tuple(_problems(ruleset, application, source, sync_all))


def _problems(ruleset: RuleSet, application: TargetSchema, source: SourceSchema, sync_all: bool) -> Iterator[Problem]:
    schema = application.as_listed(ruleset)
    if not ruleset.users.enabled:
        hint = "Enable it; to provision nobody, pause the job."
        yield Problem(where="Mapping of users", message="It is switched off.", hint=hint)
    for mapping in (ruleset.users, ruleset.groups):
        yield from attribute_problems(ruleset, mapping.kind, application.of(mapping.kind))
        if mapping.enabled or mapping.mappings:
            yield from required_problems(ruleset, mapping.kind, schema.of(mapping.kind))
            yield from _mapping_problems(mapping, schema, source, sync_all)
            yield from scope_problems(mapping, source)


def _mapping_problems(
    mapping: ObjectMapping, schema: TargetSchema, source: SourceSchema, sync_all: bool
) -> Iterator[Problem]:
    where = f"Mapping of {mapping.kind}s"
    if mapping.enabled and not mapping.actions:
        hint = "Name Add, Update or Delete in flowTypes; to provision nothing, pause the job."
        yield Problem(where=where, message="All target object actions are off, so nothing is ever done.", hint=hint)
    if not any(row.matching_priority for row in mapping.mappings):
        hint = "Give one row the matching precedence 1; userName and displayName are the usual choices."
        yield Problem(where=where, message="No row matches objects, so existing accounts cannot be found.", hint=hint)
    yield from _repeated(mapping, where, schema.of(mapping.kind))
    for number, row in enumerate(mapping.mappings, 1):
        place = f"{where}, row {number} ({row.target})"
        yield from _row_problems(row, place, mapping.kind, schema, source)
        yield from _source_problems(row, place, mapping.kind, source)
        yield from _expression_problems(row, place, sync_all)


def _source_problems(row: AttributeMapping, where: str, kind: ObjectKind, source: SourceSchema) -> Iterator[Problem]:
    for name in sorted(reads_of(row) - REFERENCES):
        unknown = no_such_attribute(name, kind, source)
        if unknown is not None:
            yield Problem(where=where, message=unknown[0], hint=unknown[1])


def _repeated(mapping: ObjectMapping, where: str, resource_type: ResourceType) -> Iterator[Problem]:
    targets = Counter(written_as_one(row.target, resource_type) for row in mapping.mappings)
    for target, count in targets.items():
        if count > 1:
            hint = "Keep one of the rows; join their sources in an expression where both are needed."
            yield Problem(where=where, message=f"{count} rows write {target}.", hint=hint)
    priorities = Counter(row.matching_priority for row in mapping.mappings if row.matching_priority)
    for priority, count in priorities.items():
        if count > 1:
            message = f"{count} rows have the matching precedence {priority}, so their order is undefined."
            yield Problem(where=where, message=message, hint="Number them 1, 2, … in the order in which to try them.")


def _row_problems(
    row: AttributeMapping, where: str, kind: ObjectKind, schema: TargetSchema, source: SourceSchema
) -> Iterator[Problem]:
    if fold(row.target) == "id":
        hint = "Map the identifier to externalId instead."
        yield Problem(where=where, message="id is given by the application and cannot be written.", hint=hint)
        return
    place = place_of(row.target, schema.of(kind))
    if isinstance(place, str):
        found = nearest(row.target, _targets(schema.of(kind)))
        hint = f"Choose an attribute of the application (the nearest is {found}), or remove the row."
        yield Problem(where=where, message=place, hint=hint)
        return
    attribute = place.sub or place.attribute
    if attribute is not None and not attribute.writable:
        message = f"{attribute.name} is read-only at the application."
        yield Problem(where=where, message=message, hint="Remove the row.")
    if place.path.filter is not None and place.described is None:
        hint = 'Choose one with a single eq, as in emails[type eq "work"].value.'
        yield Problem(where=where, message="The filter does not say which value to write.", hint=hint)
    yield from _reference_problems(row, place, where, kind)
    yield from _value_problems(row, place, where)
    yield from unmappable_problems(row, place, where)
    yield from effect_problems(row, place, where, kind, source)
    yield from _matching_problems(row, place, where, schema.filterable.get(kind))


def _targets(resource_type: ResourceType) -> Iterator[str]:
    """The attributes and sub-attributes that could have been meant."""
    for urn, attribute in resource_type.attributes():
        path = attribute.name if urn is None else f"{urn}:{attribute.name}"
        yield path
        if not attribute.multi_valued:
            yield from (f"{path}.{sub.name}" for sub in attribute.sub_attributes)


def _reference_problems(row: AttributeMapping, place: Place, where: str, kind: ObjectKind) -> Iterator[Problem]:
    name = place.attribute.name if place.attribute is not None else ""
    leads = place.sub is None and name in REFERENCES
    if is_reference(row) and isinstance(row.source, Direct):
        expected = "manager" if kind == "user" else "members"
        if row.source.attribute != expected or name != expected:
            message = f"{row.source.attribute} leads to another object and cannot be written to {row.target}."
            hint = f"Map {expected} to the attribute {expected} of the application, or remove the row."
            yield Problem(where=where, message=message, hint=hint)
        elif row.matching_priority:
            yield Problem(where=where, message="A reference cannot match objects.", hint="Match by another row.")
        elif row.flow_behavior == "FlowAlways":
            # It is sent once both ends are at the target, however often the object is evaluated.
            hint = "Set flowBehavior to FlowWhenChanged."
            yield Problem(where=where, message="A reference is written when it changes, not always.", hint=hint)
    elif leads:
        hint = f"Map the attribute {name} directly, without an expression or constant."
        yield Problem(where=where, message=f"{name} takes a reference to another object.", hint=hint)
    elif isinstance(row.source, FromExpression) and (read := sorted(reads_of(row) & REFERENCES)):
        message = f"The expression reads {', '.join(read)}, which leads to another object and has no text."
        yield Problem(where=where, message=message, hint="Map references directly, or remove them from the expression.")


def _value_problems(row: AttributeMapping, place: Place, where: str) -> Iterator[Problem]:
    defaults = [] if row.default is None else [row.default]
    for what, values in (("constant", _constants(row)), ("default value", defaults)):
        for value in values:
            try:
                converter(place)(value)
            except Unfit as unfit:
                message = f'The {what} "{value}" does not fit: {unfit.reason()}.'
                yield Problem(where=where, message=message, hint=f"Change the {what}.")


def _constants(row: AttributeMapping) -> list[str]:
    """The fixed texts that a row may write."""
    match row.source:
        case FixedText(value):
            return [value]
        case FromExpression(expression):
            return sorted({text for text in constant_outcomes(expression.node) if text})
        case _:
            return []


def _matching_problems(
    row: AttributeMapping, place: Place, where: str, filterable: tuple[str, ...] | None
) -> Iterator[Problem]:
    if not row.matching_priority:
        return
    attribute = place.sub or place.attribute
    if attribute is not None and attribute.multi_valued and place.sub is None and place.chosen is None:
        hint = f'Choose one of the values, as in {attribute.name}[type eq "work"].value.'
        yield Problem(where=where, message=f"{row.target} has several values.", hint=hint)
    elif attribute is not None and attribute.returned == "never":
        message = f"{row.target} is never shown by the application, so nobody is found by it."
        yield Problem(where=where, message=message, hint="Match by another row.")
    elif attribute is not None and attribute.type == "boolean":
        hint = "Match by an attribute whose value differs from object to object."
        yield Problem(where=where, message=f"{row.target} is True or False, the same for many objects.", hint=hint)
    if filterable is not None and fold(row.target) not in {fold(name) for name in filterable}:
        message = f"The application cannot be searched by {row.target}."
        yield Problem(where=where, message=message, hint=f"Match by {' or '.join(filterable)}.")
    match row.source:
        case FixedText():
            hint = "Match by an attribute whose value differs from object to object."
            yield Problem(where=where, message="A constant matches everybody alike.", hint=hint)
        case Nothing():
            yield Problem(where=where, message="A row without a source cannot match.", hint="Give it a source.")
        case FromExpression(expression) if expression.candidates:
            hint = "Match by another row."
            yield Problem(where=where, message="SelectUniqueValue cannot be used for matching.", hint=hint)
        case FromExpression(expression) if expression.volatile:
            message = "A value that is new every time matches nobody."
            yield Problem(where=where, message=message, hint="Match by another row.")
        case FromExpression(expression) if not expression.reads - _ALIKE:
            hint = "Match by an attribute whose value differs from object to object."
            yield Problem(where=where, message="The expression matches everybody alike.", hint=hint)
        case Direct() | FromExpression():
            pass
        case _:
            assert_never(row.source)


def _expression_problems(row: AttributeMapping, where: str, sync_all: bool) -> Iterator[Problem]:
    if not isinstance(row.source, FromExpression):
        return
    expression = row.source.expression
    for why in expression.hopeless:
        yield Problem(where=where, message=f"The expression fails for everybody: {why}", hint="Correct it.")
    always = row.flow_type != "ObjectAddOnly"
    if expression.volatile and always:
        named = ", ".join(sorted(expression.functions & {"Guid", "Now", "RandomString"}))
        message = f"{named} gives a new value every time, so every cycle would change the account."
        hint = 'Apply the mapping "only during object creation" (flowType ObjectAddOnly).'
        yield Problem(where=where, message=message, hint=hint)
    if expression.candidates and always:
        hint = 'Apply the mapping "only during object creation" (flowType ObjectAddOnly).'
        yield Problem(where=where, message="SelectUniqueValue chooses a value once, at creation.", hint=hint)
    roles = sorted(expression.functions & FUNCTIONS)
    if roles and sync_all:
        message = f"{roles[0]} needs assignments, but the job provisions all users and groups."
        yield Problem(where=where, message=message, hint="Set the scope to assigned users and groups only.")
