"""Scoping filters: who a job provisions, with the reason (spec/provisioning-service.md section 5.4).

Pure. Clauses AND inside a filter, filters OR. A null or empty attribute makes every clause but IS NULL false. Patterns
are an administrator's, so they run under a time limit. Order: values, judging, the operators one by one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import assert_never

import regex

from provisor.expressions.functions.evaluation import Refused
from provisor.expressions.functions.patterns import compiled
from provisor.rules.failure import Failure
from provisor.rules.operators import UNARY, ClauseOperator
from provisor.scim.values import Json

PATTERN_SECONDS = 0.05  # a sane pattern takes microseconds; a catastrophic one must not hold up a cycle


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One comparison of a source attribute with an operand; `values` is empty for the unary operators."""

    attribute: str
    operator: ClauseOperator
    values: tuple[str, ...] = ()
    extra: Mapping[str, Json] = field(default_factory=dict, compare=False)

    def __str__(self) -> str:
        operand = "" if self.operator in UNARY else " " + ", ".join(f'"{value}"' for value in self.values)
        return f"{self.attribute} {self.operator}{operand}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterGroup:
    """One filter of the portal: a title, and clauses that must all hold."""

    title: str = ""
    clauses: tuple[Clause, ...]
    extra: Mapping[str, Json] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether an object passes, with the reason and every clause that was looked at: (title, clause, held).

    `read` is False when an input filter kept the object out: then it is neither evaluated nor deprovisioned.
    `failure` is set when a clause could not be decided; then nobody may be deprovisioned because of it.
    """

    passes: bool
    reason: str
    detail: tuple[tuple[str, str, bool], ...] = ()
    read: bool = True
    failure: Failure | None = None


_NO_FILTER = Verdict(passes=True, reason="There is no scoping filter.")


class _Undecided(Exception):
    """A pattern ran out of time; carries the clause."""

    def __init__(self, clause: Clause) -> None:
        super().__init__()
        self.clause = clause


@dataclass(frozen=True, slots=True)
class Scope:
    """The filters of one object mapping. `input_groups` apply while reading: leaving them does not deprovision."""

    groups: tuple[FilterGroup, ...] = ()
    input_groups: tuple[FilterGroup, ...] = ()

    @property
    def reads(self) -> frozenset[str]:
        """The source attributes that the filters look at."""
        return frozenset(clause.attribute for group in self.groups + self.input_groups for clause in group.clauses)

    def judge(self, attributes: Mapping[str, object]) -> Verdict:
        """Whether these attributes pass, and why."""
        if not self.groups and not self.input_groups:
            return _NO_FILTER
        detail: list[tuple[str, str, bool]] = []
        try:
            if self.input_groups and _first_holding(self.input_groups, attributes, detail) is None:
                reason = "No input filter lets it in: " + _why_not(detail)
                return Verdict(passes=False, reason=reason, detail=tuple(detail), read=False)
            if not self.groups:
                return Verdict(passes=True, reason="There is no scoping filter.", detail=tuple(detail))
            detail.clear()
            title = _first_holding(self.groups, attributes, detail)
        except _Undecided as undecided:
            return _undecided(undecided.clause, tuple(detail))
        if title is None:
            return Verdict(passes=False, reason=f"No scoping filter holds: {_why_not(detail)}", detail=tuple(detail))
        return Verdict(passes=True, reason=f"Scoping filter {title} holds.", detail=tuple(detail))


def _first_holding(
    groups: tuple[FilterGroup, ...], attributes: Mapping[str, object], detail: list[tuple[str, str, bool]]
) -> str | None:
    """The title of the first group whose clauses all hold; every clause looked at is noted in `detail`."""
    for number, group in enumerate(groups, 1):
        title = f'"{group.title}"' if group.title else str(number)
        all_hold = True
        for clause in group.clauses:
            held = holds(clause, attributes.get(clause.attribute))
            detail.append((group.title or str(number), str(clause), held))
            all_hold = all_hold and held
        if all_hold:
            return title
    return None


def _why_not(detail: list[tuple[str, str, bool]]) -> str:
    return "; ".join(f"{clause} is false" for _, clause, held in detail if not held) + "."


def _undecided(clause: Clause, detail: tuple[tuple[str, str, bool], ...]) -> Verdict:
    failure = Failure(
        code="ScopingFilterFailed",
        message=f"The scoping filter clause {clause} could not be decided: the pattern ran longer than"
        f" {PATTERN_SECONDS * 1000:.0f} ms on the value of {clause.attribute}.",
        hint="Simplify the pattern; nested repetitions such as (a+)+ take too long.",
    )
    return Verdict(passes=False, reason=failure.message, detail=detail, failure=failure)


def holds(clause: Clause, value: object) -> bool:
    """Whether one clause is true of one attribute value. Raises _Undecided when a pattern runs out of time."""
    if clause.operator == "IS NULL":
        return value is None or value == "" or value == []
    if value is None or value == "" or isinstance(value, list | dict):
        return False
    if clause.operator == "IS NOT NULL":
        return True
    if clause.operator in UNARY:
        return as_text(value).lower() == ("true" if clause.operator == "IS TRUE" else "false")
    return any(_compare(clause, as_text(value), operand) for operand in clause.values[:1])


def decided(clause: Clause, value: object) -> bool | None:
    """The same; None when a pattern runs out of time."""
    try:
        return holds(clause, value)
    except _Undecided:
        return None


def _compare(clause: Clause, text: str, operand: str) -> bool:
    operator = clause.operator
    match operator:
        case "EQUALS":
            return text == operand
        case "NOT EQUALS":
            return text != operand
        case "REGEX MATCH":
            return _matches(clause, text, operand)
        case "NOT REGEX MATCH":
            return not _matches(clause, text, operand)
        case "Includes":
            return operand in text
        case "ENDS_WITH":
            return text.endswith(operand)
        case "Greater_Than":
            return is_number(text) and is_number(operand) and int(text) > int(operand)
        case "Greater_Than_OR_EQUALS":
            return is_number(text) and is_number(operand) and int(text) >= int(operand)
        case "&":
            return text in operand
        case "!&":
            return text not in operand
        case "IS TRUE" | "IS FALSE" | "IS NULL" | "IS NOT NULL":
            return False  # unary: `holds` has already answered
        case _:
            assert_never(operator)


def is_number(text: str) -> bool:
    """Whether a text is a whole number that clauses compare."""
    return text.isascii() and text.isdigit() and len(text) <= 100  # int() refuses thousands of digits


def _matches(clause: Clause, text: str, pattern: str) -> bool:
    try:
        return compiled_pattern(pattern).fullmatch(text, timeout=PATTERN_SECONDS) is not None
    except TimeoutError:
        raise _Undecided(clause) from None


@lru_cache(maxsize=512)
def compiled_pattern(pattern: str) -> regex.Pattern[str]:
    """The compiled pattern, in .NET's flavour. Raises regex.error when it is invalid, or too costly to prepare."""
    try:
        return compiled(pattern).compiled
    except Refused as refused:
        raise regex.error(refused.reason.rstrip(".")) from None


def as_text(value: object) -> str:
    """A scalar as the filters and mappings show it: booleans as True and False, whole numbers in decimal."""
    return value if isinstance(value, str) else str(value)
