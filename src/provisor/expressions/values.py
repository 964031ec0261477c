"""What goes into an expression and what comes out of it (spec/expressions.md section 2).

Pure. Values are what a directory record holds; outcomes are what evaluation says about one record. Errors are values:
`ExpressionProblem` is found while reading an expression and refuses the mapping,
`ExpressionFailure` while evaluating it and fails one object's step. Neither is ever raised.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Literal

# The same shape as provisor.scim.values.Json; expressions and scim do not import one another.
JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]

Role = dict[str, str | bool]  # what the role functions make: value, display, type, primary
AppRoleAssignment = dict[str, str]  # one element of [appRoleAssignments]: id, value, displayName
SourceValue = None | bool | int | str | list[str] | list[AppRoleAssignment] | list[Role]
SourceRecord = Mapping[str, SourceValue]
RandomBytes = Callable[[int], bytes]  # n -> n bytes from a cryptographic source

INTEGER_MIN, INTEGER_MAX = -(2**63), 2**63 - 1  # numbers of the language are 64 bits wide


class NoFlow(Enum):
    """The one-member type of `NO_FLOW`."""

    NO_FLOW = "no flow"


NO_FLOW: Literal[NoFlow.NO_FLOW] = NoFlow.NO_FLOW
"""IgnoreFlowIfNullOrEmpty got nothing: leave the attribute out, keep what the target has, apply no default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressionProblem:
    """Why an expression cannot be used. `position` counts characters from 1; `message` is for an administrator."""

    function: str | None
    position: int
    message: str

    def __str__(self) -> str:
        return f"{self.message} (character {self.position})"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressionFailure:
    """Why an expression gave no value for one record. Other mappings of the record are unaffected."""

    function: str | None
    position: int
    message: str

    def __str__(self) -> str:
        return f"{self.message} (character {self.position})"


@dataclass(frozen=True, slots=True)
class Candidates:
    """The results of SelectUniqueValue's rules, in order, at least one; the first that is free in the target is taken.

    `failure` is what the rule after the last value ran into: it only matters when none of the values is free.
    """

    values: tuple[str, ...]
    failure: ExpressionFailure | None = None


Result = None | str | list[str] | list[AppRoleAssignment] | list[Role]
"""What leaves an expression: text, a list of texts, role objects, or null. Booleans and numbers leave as text."""

ExpressionOutcome = Result | Literal[NoFlow.NO_FLOW] | Candidates | ExpressionFailure


def text_of(value: bool | int | str) -> str:
    """Return the canonical text: `True` and `False` for booleans, decimal digits for numbers."""
    return value if isinstance(value, str) else str(value)
