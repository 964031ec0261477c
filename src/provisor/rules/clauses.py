"""Everything wrong with scoping filters: clauses and filters that cannot hold for anybody.

Pure. Rules: spec/provisioning-service.md section 5.4. Order: a scope, a filter, a clause, its attribute, its value.
"""

from collections.abc import Iterator

import regex

from provisor.rules.flow import REFERENCES
from provisor.rules.mapping import SOFT_DELETED, ObjectKind, ObjectMapping
from provisor.rules.operators import INTEGER, PATTERN, TRUTH, UNARY
from provisor.rules.ruleset import Problem
from provisor.rules.scoping import Clause, FilterGroup, compiled_pattern, holds, is_number
from provisor.rules.sources import ANY_TEXT, SourceSchema, no_such_attribute

# Attributes that filters cannot use: several values, references, dates, and what is computed after the filters.
_EXCLUDED = frozenset({"IsMemberOf", "appRoleAssignments", "userType"})
_SEVERAL = frozenset({"businessPhones", "groupTypes", "imAddresses", "otherMails", "proxyAddresses"})
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
_EQUALITY = frozenset({"EQUALS", "NOT EQUALS"})


def scope_problems(mapping: ObjectMapping, schema: SourceSchema) -> Iterator[Problem]:
    """Every filter of a mapping that cannot be used, or lets nobody in."""
    for number, group in enumerate((*mapping.scope.groups, *mapping.scope.input_groups), 1):
        where = f'Scope of {mapping.kind}s, filter "{group.title or number}"'
        found = [
            problem
            for clause in group.clauses
            for problem in _clause_problems(clause, f"{where}, clause {clause}", mapping.kind, schema)
        ]
        yield from found or _contradictions(group, where)


def _contradictions(group: FilterGroup, where: str) -> Iterator[Problem]:
    """Clauses that exclude each other: all clauses of a filter must hold, so nobody passes."""
    for first in group.clauses:
        for other in group.clauses:
            if other is not first and other.attribute == first.attribute and _excludes(first, other):
                hint = "Put alternatives into separate filters."
                yield Problem(where=where, message=f"{first} and {other} never hold together.", hint=hint)
                return


def _excludes(first: Clause, other: Clause) -> bool:
    match first.operator:
        case "EQUALS":
            return other.operator not in PATTERN and not holds(other, first.values[0])
        case "IS NULL":
            return other.operator != "IS NULL"
        case "IS TRUE":
            return other.operator == "IS FALSE"
        case _:
            return False


def _clause_problems(clause: Clause, where: str, kind: ObjectKind, schema: SourceSchema) -> Iterator[Problem]:
    unfit = _unfit_attribute(clause.attribute)
    unknown = None if unfit else no_such_attribute(clause.attribute, kind, schema)
    if unfit is not None:
        hint = "Use an attribute with one value of text, number or boolean type."
        yield Problem(where=where, message=unfit, hint=hint)
    elif unknown is not None:
        yield Problem(where=where, message=unknown[0], hint=unknown[1])
    if clause.operator in UNARY:
        if any(clause.values):
            yield Problem(where=where, message=f"{clause.operator} takes no value.", hint="Remove the value.")
    elif len(clause.values) != 1 or (not clause.values[0] and clause.operator not in _EQUALITY):
        message = f"{clause.operator} takes one value, and {len([v for v in clause.values if v])} are given."
        yield Problem(where=where, message=message, hint="Give one value; use further filters for alternatives.")
        return
    else:
        yield from _value_problems(clause, where)
    if unfit is None and unknown is None:
        yield from _type_problems(clause, where, kind, schema)


def _unfit_attribute(name: str) -> str | None:
    if name in _SEVERAL:
        return f"{name} has several values."
    if name in REFERENCES:
        return f"{name} leads to other objects."
    if name in _DATES:
        return f"{name} is a date."
    if name in _EXCLUDED:
        return f"{name} cannot be used in a filter."
    if name == SOFT_DELETED:
        return f"{name} is computed from the filters."
    return None


def _value_problems(clause: Clause, where: str) -> Iterator[Problem]:
    value = clause.values[0]
    if clause.operator == "EQUALS" and not value:
        message = "An empty attribute does not equal anything, so this holds for nobody."
        yield Problem(where=where, message=message, hint="Use IS NULL.")
    if clause.operator in INTEGER and not is_number(value):
        message = f'{clause.operator} compares whole numbers from 0 on, not "{value[:100]}".'
        yield Problem(where=where, message=message, hint="Write a whole number.")
    if clause.operator in PATTERN:
        try:
            compiled_pattern(value)
        except regex.error as error:
            message = f"The pattern cannot be read: {error}."
            yield Problem(where=where, message=message, hint="Correct the regular expression.")


def _type_problems(clause: Clause, where: str, kind: ObjectKind, schema: SourceSchema) -> Iterator[Problem]:
    name, operator = clause.attribute, clause.operator
    boolean = schema.of(kind)[name] == "boolean"
    if boolean and operator in _EQUALITY and clause.values[0] not in ("True", "False"):
        message = f'{name} is True or False and never "{clause.values[0]}".'
        yield Problem(where=where, message=message, hint="Use IS TRUE or IS FALSE.")
    elif boolean and operator in INTEGER:
        yield Problem(where=where, message=f"{name} is True or False, not a number.", hint="Use IS TRUE or IS FALSE.")
    elif not boolean and operator in TRUTH and not name.startswith(ANY_TEXT):
        message = f"{name} is text, so {operator} holds for nobody."
        yield Problem(where=where, message=message, hint='Compare it with EQUALS "…", or use a boolean attribute.')
    elif kind == "user" and name == "accountEnabled" and not holds(clause, True) and operator not in PATTERN:
        message = "Disabled users are not provisioned, so this filter lets nobody in."
        yield Problem(where=where, message=message, hint="Remove the clause, or use accountEnabled IS TRUE.")
