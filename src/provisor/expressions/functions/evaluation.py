"""How a function of the language meets its arguments: compiled arguments, readers, null handling, refusals.

Pure. A function module writes plain Python functions over plain values and lifts them here with `strict1` to `strict4`:
null in, null out (spec/expressions.md section 2), arguments read as the type the table names. Two exceptions unwind
closures and are turned into values by the compiler (`Compiled.evaluate`).
Order: arguments, unwinding, readers, lifting.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from provisor.expressions.nodes import quoted
from provisor.expressions.values import (
    INTEGER_MAX,
    INTEGER_MIN,
    AppRoleAssignment,
    ExpressionFailure,
    RandomBytes,
    Role,
    SourceRecord,
    SourceValue,
    text_of,
)

Evaluator = Callable[[SourceRecord, datetime, RandomBytes], SourceValue]

MAX_TEXT_CHARACTERS = 1_000_000  # nested Replace or ConvertToUTF8Hex would otherwise grow without bound
_SHOWN_CHARACTERS = 60

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One compiled argument. `attribute` names the source attribute when the argument is just that; a constant's
    value is known before any record is seen."""

    evaluate: Evaluator
    parameter: str
    position: int
    attribute: str | None = None
    constant: bool = False
    value: SourceValue = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSite:
    """One call in an expression: what a function is compiled from. Omitted arguments are None.

    `regex_seconds` is this call's share of the time that all regular expressions of the expression may take together.
    """

    function: str
    position: int
    arguments: tuple[Argument | None, ...]
    regex_seconds: float

    @property
    def given(self) -> tuple[Argument, ...]:
        return tuple(argument for argument in self.arguments if argument is not None)

    def failed(self, refused: "Refused", *readings: Callable[[], object]) -> "EvaluationFailed":
        """Name the argument to blame: the one the refusal names, or the first whose reading refuses too."""
        for argument, reading in zip(self.given, readings, strict=False):
            try:
                reading()
            except Refused:
                return EvaluationFailed(self.function, argument.position, refused, argument.parameter)
        for argument in self.given:
            if argument.parameter == refused.parameter:
                return EvaluationFailed(self.function, argument.position, refused, argument.parameter)
        return EvaluationFailed(self.function, self.position, refused, refused.parameter)


class Refused(Exception):
    """A function cannot use a value: `reason` is a sentence and says what to do."""

    def __init__(self, reason: str, *, value: str | None = None, parameter: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.value = value
        self.parameter = parameter


class EvaluationFailed(Exception):
    """A refusal together with the place it happened."""

    def __init__(self, function: str, position: int, refused: Refused, parameter: str | None) -> None:
        super().__init__(refused.reason)
        self.function = function
        self.position = position
        self.refused = refused
        self.parameter = parameter

    def failure(self, *, redacted: bool) -> ExpressionFailure:
        """The failure as a value; a redacted expression keeps the offending value out of the message."""
        value = self.refused.value
        if value is None:
            message = f"{self.function}: {self.refused.reason}"
        else:
            shown = "[Redact]" if redacted else shown_value(value)
            role = f" as {self.parameter}" if self.parameter else ""
            message = f"{self.function} cannot use {shown}{role}: {self.refused.reason}"
        return ExpressionFailure(function=self.function, position=self.position, message=message)


class FlowDropped(Exception):
    """The attribute leaves the flow, wherever in the expression that was decided."""


def shown_value(text: str) -> str:
    """A value as a message shows it: quoted, and cut when long."""
    return quoted(text) if len(text) <= _SHOWN_CHARACTERS else f"{quoted(text[:_SHOWN_CHARACTERS])}…"


def as_text(value: SourceValue) -> str:
    """Read a single value as text. The caller has handled null."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        raise Refused(
            "one value is needed but the attribute has several. Pick one with Item, or combine them with Join.",
            value=_listed(value),
        )
    return "" if value is None else text_of(value)


def as_number(value: SourceValue) -> int:
    """Read a single value as a 64-bit whole number, decimal."""
    if type(value) is int:
        number: int | None = value
    else:
        number = number_in(as_text(value))
    if number is None or not INTEGER_MIN <= number <= INTEGER_MAX:
        raise Refused("a whole number is needed, of at most 64 bits.", value=as_text(value))
    return number


def as_texts(value: SourceValue) -> list[str]:
    """Read a value as several texts; a single value is a list of one."""
    if not isinstance(value, list):
        return [as_text(value)]
    texts = [element for element in value if isinstance(element, str)]
    if len(texts) != len(value):
        raise Refused("role assignments are not text. Use one of the role functions.", value=_listed(value))
    return texts


def as_assignments(value: SourceValue) -> list[AppRoleAssignment]:
    """Read the value of [appRoleAssignments]."""
    if isinstance(value, list):
        found = [_assignment(element) for element in value if isinstance(element, dict)]
        if len(found) == len(value):
            return found
        raise Refused("role assignments are needed. Pass [appRoleAssignments].", value=_listed(value))
    raise Refused("role assignments are needed. Pass [appRoleAssignments].", value=as_text(value))


def as_value(value: SourceValue) -> SourceValue:
    """Take a value of any kind as it is."""
    return value


def number_in(text: str) -> int | None:
    """The whole number a text spells in decimal digits, or None. Digits of other scripts are not numbers."""
    digits = text[1:] if text[:1] == "-" else text
    # 64 bits need 19 digits; int() raises for texts of thousands of digits.
    if digits.isascii() and digits.isdigit() and len(digits.lstrip("0")) <= 19:
        return int(text)
    return None


def bounded(text: str) -> str:
    """Refuse a text that grew beyond what any attribute can hold."""
    if len(text) > MAX_TEXT_CHARACTERS:
        raise too_long()
    return text


def too_long() -> Refused:
    """What is said when a result would pass the bound."""
    return Refused(
        f"the result would be longer than {MAX_TEXT_CHARACTERS:,} characters. Shorten the value or the expression."
    )


def _assignment(element: AppRoleAssignment | Role) -> AppRoleAssignment:
    return {key: value for key, value in element.items() if isinstance(value, str)}


def _listed(values: list[str] | list[AppRoleAssignment] | list[Role]) -> str:
    return ", ".join(
        element if isinstance(element, str) else str(element.get("value", "(role)")) for element in values[:10]
    )


def strict1(
    function: Callable[[A], SourceValue], read_a: Callable[[SourceValue], A]
) -> Callable[[CallSite], Evaluator]:
    """Lift a function of one argument: null gives null."""

    def build(site: CallSite) -> Evaluator:
        (a,) = (argument.evaluate for argument in site.given)

        def run(record: SourceRecord, now: datetime, random_bytes: RandomBytes) -> SourceValue:
            x = a(record, now, random_bytes)
            if x is None:
                return None
            try:
                return function(read_a(x))
            except Refused as refused:
                raise site.failed(refused, lambda: read_a(x)) from None

        return run

    return build


def strict2(
    function: Callable[[A, B], SourceValue], read_a: Callable[[SourceValue], A], read_b: Callable[[SourceValue], B]
) -> Callable[[CallSite], Evaluator]:
    """Lift a function of two arguments: any null gives null."""

    def build(site: CallSite) -> Evaluator:
        a, b = (argument.evaluate for argument in site.given)

        def run(record: SourceRecord, now: datetime, random_bytes: RandomBytes) -> SourceValue:
            x = a(record, now, random_bytes)
            y = b(record, now, random_bytes)
            if x is None or y is None:
                return None
            try:
                return function(read_a(x), read_b(y))
            except Refused as refused:
                raise site.failed(refused, lambda: read_a(x), lambda: read_b(y)) from None

        return run

    return build


def strict3(
    function: Callable[[A, B, C], SourceValue],
    read_a: Callable[[SourceValue], A],
    read_b: Callable[[SourceValue], B],
    read_c: Callable[[SourceValue], C],
) -> Callable[[CallSite], Evaluator]:
    """Lift a function of three arguments: any null gives null."""

    def build(site: CallSite) -> Evaluator:
        a, b, c = (argument.evaluate for argument in site.given)

        def run(record: SourceRecord, now: datetime, random_bytes: RandomBytes) -> SourceValue:
            x = a(record, now, random_bytes)
            y = b(record, now, random_bytes)
            z = c(record, now, random_bytes)
            if x is None or y is None or z is None:
                return None
            try:
                return function(read_a(x), read_b(y), read_c(z))
            except Refused as refused:
                raise site.failed(refused, lambda: read_a(x), lambda: read_b(y), lambda: read_c(z)) from None

        return run

    return build


def strict4(
    function: Callable[[A, B, C, D], SourceValue],
    read_a: Callable[[SourceValue], A],
    read_b: Callable[[SourceValue], B],
    read_c: Callable[[SourceValue], C],
    read_d: Callable[[SourceValue], D],
) -> Callable[[CallSite], Evaluator]:
    """Lift a function of four arguments: any null gives null."""

    def build(site: CallSite) -> Evaluator:
        a, b, c, d = (argument.evaluate for argument in site.given)

        def run(record: SourceRecord, now: datetime, random_bytes: RandomBytes) -> SourceValue:
            w = a(record, now, random_bytes)
            x = b(record, now, random_bytes)
            y = c(record, now, random_bytes)
            z = d(record, now, random_bytes)
            if w is None or x is None or y is None or z is None:
                return None
            try:
                return function(read_a(w), read_b(x), read_c(y), read_d(z))
            except Refused as refused:
                readings = (lambda: read_a(w), lambda: read_b(x), lambda: read_c(y), lambda: read_d(z))
                raise site.failed(refused, *readings) from None

        return run

    return build
