"""Everything wrong with a rule set, told before a job may start.

Pure. Each problem names where, which value, and what to do; all are told at once, so that nobody mends them one by one.
What cannot even be read is graph_json's to say. Rules: spec/provisioning-service.md sections 4 to 6.
Order: the rule set, an object mapping, a row, the scope.
"""

from collections import Counter
from collections.abc import Iterator
from typing import assert_never

import regex

from provisor.rules.conversion import Unfit, converter
from provisor.rules.flow import REFERENCES, is_reference, reads_of
from provisor.rules.mapping import (
    SOFT_DELETED,
    AttributeMapping,
    Constant,
    Direct,
    FromExpression,
    Nothing,
    ObjectKind,
    ObjectMapping,
)
from provisor.rules.ruleset import Problem, RuleSet, TargetSchema
from provisor.rules.scoping import INTEGER, PATTERN, UNARY, Clause, compiled_pattern
from provisor.scim.errors import ScimError
from provisor.scim.path import Place, resolve
from provisor.scim.schema import ResourceType
from provisor.scim.values import fold

ROLE_FUNCTIONS = frozenset(
    {"SingleAppRoleAssignment", "AppRoleAssignmentsComplex", "AssertiveAppRoleAssignmentsComplex"}
)
# Attributes that cannot be filtered by: several values, references, dates, and what is computed after the filters.
_SEVERAL = frozenset({"businessPhones", "groupTypes", "imAddresses", "otherMails", "proxyAddresses"})
_EXCLUDED = frozenset({"IsMemberOf", "appRoleAssignments", "userType", *REFERENCES})
_DATES = frozenset(
    {
        "createdDateTime",
        "deletedDateTime",
        "employeeHireDate",
        "employeeLeaveDateTime",
        "expirationDateTime",
        "onPremisesLastSyncDateTime",
        "renewedDateTime",
    }
)


def problems(ruleset: RuleSet, schema: TargetSchema, *, sync_all: bool = False) -> tuple[Problem, ...]:
    """Every reason why a job with these rules must not start; empty when there is none."""
    return tuple(_problems(ruleset, schema, sync_all))


def _problems(ruleset: RuleSet, schema: TargetSchema, sync_all: bool) -> Iterator[Problem]:
    if not ruleset.users.enabled:
        hint = "Enable it; to provision nobody, pause the job."
        yield Problem(where="Mapping of users", message="It is switched off.", hint=hint)
    for mapping in (ruleset.users, ruleset.groups):
        if mapping.enabled or mapping.mappings:
            yield from _mapping_problems(mapping, schema, sync_all)
            yield from _scope_problems(mapping)


def _mapping_problems(mapping: ObjectMapping, schema: TargetSchema, sync_all: bool) -> Iterator[Problem]:
    where = f"Mapping of {mapping.kind}s"
    if not any(row.matching_priority for row in mapping.mappings):
        hint = "Give one row the matching precedence 1; userName and displayName are the usual choices."
        yield Problem(where=where, message="No row matches objects, so existing accounts cannot be found.", hint=hint)
    yield from _repeated(mapping, where)
    for number, row in enumerate(mapping.mappings, 1):
        place = f"{where}, row {number} ({row.target})"
        yield from _row_problems(row, place, mapping.kind, schema)
        yield from _expression_problems(row, place, sync_all)


def _repeated(mapping: ObjectMapping, where: str) -> Iterator[Problem]:
    targets = Counter(fold(row.target) for row in mapping.mappings)
    for target, count in targets.items():
        if count > 1:
            hint = "Keep one of the rows; join their sources in an expression where both are needed."
            yield Problem(where=where, message=f"{count} rows write {target}.", hint=hint)
    priorities = Counter(row.matching_priority for row in mapping.mappings if row.matching_priority)
    for priority, count in priorities.items():
        if count > 1:
            message = f"{count} rows have the matching precedence {priority}, so their order is undecided."
            yield Problem(where=where, message=message, hint="Number them 1, 2, … in the order to be tried.")


def _row_problems(row: AttributeMapping, where: str, kind: ObjectKind, schema: TargetSchema) -> Iterator[Problem]:
    if fold(row.target) == "id":
        hint = "Map the identifier to externalId instead."
        yield Problem(where=where, message="id is given by the application and cannot be written.", hint=hint)
        return
    place = _place(row.target, schema.of(kind))
    if isinstance(place, str):
        hint = "Choose an attribute of the application, or remove the row."
        yield Problem(where=where, message=place, hint=hint)
        return
    attribute = place.sub or place.attribute
    if attribute is not None and not attribute.writable:
        message = f"{attribute.name} is read-only at the application."
        yield Problem(where=where, message=message, hint="Remove the row.")
    if place.path.filter is not None and place.described is None:
        hint = 'Say which one by equality alone, as in emails[type eq "work"].value.'
        yield Problem(where=where, message="The filter does not say which value to write.", hint=hint)
    yield from _reference_problems(row, place, where, kind)
    yield from _value_problems(row, place, where)
    yield from _matching_problems(row, where, schema.filterable.get(kind))


def _place(target: str, resource_type: ResourceType) -> Place | str:
    """Where a target attribute lives, or why there is no such place."""
    try:
        place = resolve(target, resource_type)
    except ScimError as error:
        return error.detail
    if place.attribute is None:
        return f"{target} is a whole extension; a row writes one attribute of it."
    if place.ignored:
        return f"{target} is an attribute that the application does not hold."
    return place


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
            # Whether both ends are at the target decides when it is sent, not how often the object is looked at.
            hint = "Set flowBehavior to FlowWhenChanged."
            yield Problem(where=where, message="A reference is written when it changes, never always.", hint=hint)
    elif leads:
        hint = f"Map the attribute {name} directly, without an expression or constant."
        yield Problem(where=where, message=f"{name} takes a reference to another object.", hint=hint)
    elif isinstance(row.source, FromExpression) and (read := sorted(reads_of(row) & REFERENCES)):
        message = f"The expression reads {', '.join(read)}, which leads to another object and has no text."
        yield Problem(where=where, message=message, hint="Map references directly, or remove them from the expression.")


def _value_problems(row: AttributeMapping, place: Place, where: str) -> Iterator[Problem]:
    for what, value in (("constant", _constant(row)), ("default value", row.default)):
        if value is not None:
            try:
                converter(place)(value)
            except Unfit as unfit:
                message = f'The {what} "{value}" does not fit: {unfit.reason()}.'
                yield Problem(where=where, message=message, hint=f"Change the {what}.")


def _constant(row: AttributeMapping) -> str | None:
    return row.source.value if isinstance(row.source, Constant) else None


def _matching_problems(row: AttributeMapping, where: str, filterable: tuple[str, ...] | None) -> Iterator[Problem]:
    if not row.matching_priority:
        return
    if filterable is not None and fold(row.target) not in {fold(name) for name in filterable}:
        message = f"The application cannot be searched by {row.target}."
        yield Problem(where=where, message=message, hint=f"Match by {' or '.join(filterable)}.")
    match row.source:
        case Constant():
            hint = "Match by an attribute whose value differs from object to object."
            yield Problem(where=where, message="A constant matches everybody alike.", hint=hint)
        case Nothing():
            yield Problem(where=where, message="A row without a source cannot match.", hint="Give it a source.")
        case FromExpression(expression) if expression.candidates:
            hint = "Match by another row."
            yield Problem(where=where, message="SelectUniqueValue cannot be used for matching.", hint=hint)
        case Direct() | FromExpression():
            pass
        case _:
            assert_never(row.source)


def _expression_problems(row: AttributeMapping, where: str, sync_all: bool) -> Iterator[Problem]:
    if not isinstance(row.source, FromExpression):
        return
    expression = row.source.expression
    always = row.flow_type != "ObjectAddOnly"
    if expression.volatile and always:
        named = ", ".join(sorted(expression.functions & {"Guid", "Now", "RandomString"}))
        message = f"{named} gives a new value every time, so the mapping would never come to rest."
        hint = 'Apply the mapping "only during object creation" (flowType ObjectAddOnly).'
        yield Problem(where=where, message=message, hint=hint)
    if expression.candidates and always:
        hint = 'Apply the mapping "only during object creation" (flowType ObjectAddOnly).'
        yield Problem(where=where, message="SelectUniqueValue chooses a value once, at creation.", hint=hint)
    roles = sorted(expression.functions & ROLE_FUNCTIONS)
    if roles and sync_all:
        message = f"{roles[0]} needs assignments, but the job provisions all users and groups."
        yield Problem(where=where, message=message, hint="Set the scope to assigned users and groups only.")


def _scope_problems(mapping: ObjectMapping) -> Iterator[Problem]:
    for group in (*mapping.scope.groups, *mapping.scope.input_groups):
        for clause in group.clauses:
            where = f'Scope of {mapping.kind}s, filter "{group.title}", clause {clause}'
            yield from _clause_problems(clause, where)


def _clause_problems(clause: Clause, where: str) -> Iterator[Problem]:
    name = clause.attribute
    reason = None
    if name in _SEVERAL:
        reason = f"{name} has several values."
    elif name in REFERENCES:
        reason = f"{name} leads to other objects."
    elif name in _DATES:
        reason = f"{name} is a date."
    elif name in _EXCLUDED:
        reason = f"{name} cannot be used in a filter."
    elif name == SOFT_DELETED:
        reason = f"{name} is computed from the filters."
    if reason is not None:
        hint = "Use an attribute with one value of text, number or boolean type."
        yield Problem(where=where, message=reason, hint=hint)
    if clause.operator in UNARY:
        if any(clause.values):
            yield Problem(where=where, message=f"{clause.operator} takes no value.", hint="Remove the value.")
        return
    if len(clause.values) != 1 or (not clause.values[0] and clause.operator not in ("EQUALS", "NOT EQUALS")):
        message = f"{clause.operator} takes one value, and {len([v for v in clause.values if v])} are given."
        yield Problem(where=where, message=message, hint="Give one value; use further filters for alternatives.")
        return
    value = clause.values[0]
    if clause.operator in INTEGER and not (value.isascii() and value.isdigit()):
        message = f'{clause.operator} compares whole numbers from 0 on, not "{value}".'
        yield Problem(where=where, message=message, hint="Write a whole number.")
    if clause.operator in PATTERN:
        try:
            compiled_pattern(value)
        except regex.error as error:
            message = f"The pattern cannot be read: {error}."
            yield Problem(where=where, message=message, hint="Correct the regular expression.")
