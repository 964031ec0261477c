"""Case files: expressions with records and their expected results (format: spec/expressions.md section 5).

Pure: takes parsed JSON. Shared by `provisor expression check` and by our own tests, so that an administrator's case
file means exactly what ours means.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

import regex

from provisor.expressions.compiler import compile_expression
from provisor.expressions.values import (
    NO_FLOW,
    AppRoleAssignment,
    Candidates,
    ExpressionFailure,
    ExpressionOutcome,
    ExpressionProblem,
    JsonValue,
    NoFlow,
    RandomBytes,
    Result,
    SourceRecord,
    SourceValue,
    text_of,
)

_REGEX_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class ExpectedValue:
    """A plain value, in canonical text; null stays null, lists element by element."""

    value: str | list[str] | None


@dataclass(frozen=True, slots=True)
class ExpectedError:
    """An error, while reading the expression or while evaluating it."""


@dataclass(frozen=True, slots=True)
class ExpectedNoFlow:
    """The attribute leaves the flow."""


@dataclass(frozen=True, slots=True)
class ExpectedPattern:
    """A text that the pattern matches from end to end."""

    pattern: str


@dataclass(frozen=True, slots=True)
class ExpectedRoles:
    """Role objects with these values, in order."""

    values: list[str]


ExpectedOutcome = ExpectedValue | ExpectedError | ExpectedNoFlow | ExpectedPattern | ExpectedRoles


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressionCase:
    """One case of a case file. `taken` are values that the target already holds, for SelectUniqueValue."""

    expression: str
    attributes: SourceRecord
    expected: ExpectedOutcome
    taken: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Misformatted:
    """Why a JSON document is not a case file."""

    message: str


class _Wrong(Exception):
    """Unwinds the reader; read_cases returns it as Misformatted."""


def read_cases(document: JsonValue) -> tuple[ExpressionCase, ...] | Misformatted:
    """Read a whole case file, or name the first case that is not in the format."""
    if not isinstance(document, list):
        return Misformatted("A case file is a JSON list of objects with expr, attributes and expect.")
    cases = []
    for number, element in enumerate(document, 1):
        try:
            cases.append(_read_case(element))
        except _Wrong as wrong:
            return Misformatted(f"Case {number} is not in the format: {wrong}.")
    return tuple(cases)


def check_case(case: ExpressionCase, now: datetime, random_bytes: RandomBytes) -> str | None:
    """What is wrong with the outcome of a case, in one sentence; None when it is as expected."""
    compiled = compile_expression(case.expression)
    if isinstance(compiled, ExpressionProblem):
        outcome: ExpressionOutcome | ExpressionProblem = compiled
    else:
        outcome = _resolved(compiled.evaluate(case.attributes, now, random_bytes), case.taken)
    if _fits(outcome, case.expected):
        return None
    return f"expected {_shown_expected(case.expected)}, got {_shown(outcome)}"


def read_attributes(element: JsonValue) -> SourceRecord | Misformatted:
    """Read an object of source attributes as case files and the command line write them."""
    try:
        return _attributes(element)
    except _Wrong as wrong:
        return Misformatted(f"{str(wrong)[:1].upper()}{str(wrong)[1:]}.")


def _read_case(element: JsonValue) -> ExpressionCase:
    if not isinstance(element, dict):
        raise _Wrong("it is not a JSON object")
    expression = element.get("expr")
    if not isinstance(expression, str):
        raise _Wrong('"expr" must be a text')
    if "expect" not in element:
        raise _Wrong('"expect" is missing')
    unknown = element.keys() - {"expr", "attributes", "expect", "note", "taken"}
    if unknown:
        raise _Wrong(f'"{min(unknown)}" is not a key of a case; the keys are expr, attributes, expect, note and taken')
    return ExpressionCase(
        expression=expression,
        attributes=_attributes(element.get("attributes", {})),
        expected=_expected(element["expect"]),
        taken=frozenset(_texts(element.get("taken", []), '"taken"')),
    )


def _attributes(element: JsonValue) -> SourceRecord:
    if not isinstance(element, dict):
        raise _Wrong("the attributes must be a JSON object")
    return {name: _attribute(name, value) for name, value in element.items()}


def _attribute(name: str, value: JsonValue) -> SourceValue:
    if isinstance(value, list):
        roles: list[AppRoleAssignment] = []
        for role in value:
            if not isinstance(role, dict):
                return _texts(value, f"attribute {name}")
            roles.append({key: text for key, text in role.items() if isinstance(text, str)})
        return roles
    if isinstance(value, (float, dict)):
        raise _Wrong(f"attribute {name} must be null, a text, a boolean, a whole number or a list")
    return value


def _texts(value: JsonValue, what: str) -> list[str]:
    if not isinstance(value, list):
        raise _Wrong(f"{what} must be a list")
    texts: list[str] = []
    for element in value:
        if not isinstance(element, (str, bool, int)):
            raise _Wrong(f"{what} must hold texts only")
        texts.append(text_of(element))
    return texts


def _expected(element: JsonValue) -> ExpectedOutcome:
    match element:
        case {"error": True, **rest} if not rest:
            return ExpectedError()
        case {"noflow": True, **rest} if not rest:
            return ExpectedNoFlow()
        case {"regex": str(pattern), **rest} if not rest:
            try:
                regex.compile(pattern)
            except regex.error as error:
                raise _Wrong(f'"regex" is not a regular expression ({error})') from None
            return ExpectedPattern(pattern)
        case {"role_values": values, **rest} if not rest:
            return ExpectedRoles(_texts(values, '"role_values"'))
        case list():
            return ExpectedValue(_texts(element, '"expect"'))
        case str() | bool() | int():
            return ExpectedValue(text_of(element))
        case None:
            return ExpectedValue(None)
        case _:
            raise _Wrong(
                '"expect" must be a value, {"error": true}, {"noflow": true}, {"regex": …} or {"role_values": …}'
            )


def _resolved(outcome: ExpressionOutcome, taken: frozenset[str]) -> ExpressionOutcome:
    """Do for SelectUniqueValue what the runner does with the target."""
    if not isinstance(outcome, Candidates):
        return outcome
    for value in outcome.values:
        if value not in taken:
            return value
    return outcome.failure or ExpressionFailure(
        function="SelectUniqueValue", position=1, message="SelectUniqueValue: all values are taken."
    )


def _fits(outcome: ExpressionOutcome | ExpressionProblem, expected: ExpectedOutcome) -> bool:
    match expected:
        case ExpectedError():
            return isinstance(outcome, (ExpressionProblem, ExpressionFailure))
        case ExpectedNoFlow():
            return outcome is NO_FLOW
        case ExpectedPattern():
            try:
                fits = (
                    regex.fullmatch(expected.pattern, outcome, timeout=_REGEX_SECONDS)
                    if isinstance(outcome, str)
                    else None
                )
            except TimeoutError:
                return False
            return fits is not None
        case ExpectedRoles():
            return _role_values(outcome) == expected.values
        case ExpectedValue():
            return outcome == expected.value
        case _:
            assert_never(expected)


def _role_values(outcome: ExpressionOutcome | ExpressionProblem) -> list[str] | None:
    if not isinstance(outcome, list):
        return None
    return [str(role.get("value", "")) for role in outcome if isinstance(role, dict)]


def _shown(outcome: ExpressionOutcome | ExpressionProblem) -> str:
    match outcome:
        case ExpressionProblem() | ExpressionFailure():
            return f"an error: {outcome}"
        case NoFlow():
            return "no flow"
        case Candidates():
            return f"the candidates {', '.join(outcome.values)}"
        case _:
            return _shown_value(outcome)


def _shown_value(value: Result) -> str:
    if value is None:
        return "null"
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _shown_expected(expected: ExpectedOutcome) -> str:
    match expected:
        case ExpectedError():
            return "an error"
        case ExpectedNoFlow():
            return "no flow"
        case ExpectedPattern():
            return f"a text matching {expected.pattern}"
        case ExpectedRoles():
            return f"roles with the values {expected.values}"
        case ExpectedValue():
            return _shown_value(expected.value)
        case _:
            assert_never(expected)
