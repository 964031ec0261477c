"""$filter as cases: a choice of lists of tests that all hold, as lists that are read by an index want it.

Pure. Negations are carried to the tests; a choice within a list makes several lists of it. Order: tests, cases,
reading their names and values.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import product
from typing import Final, Literal, NamedTuple, TypeAlias, TypeVar, assert_never, get_args

from provisor.graph_api.odata.errors import GraphError, unsupported_query
from provisor.graph_api.odata.filters import (
    AllOf,
    AnyOf,
    FilterComparison,
    FilterTree,
    FilterValue,
    Negation,
    OneOf,
    TextCall,
)
from provisor.graph_api.odata.times import EPOCH

MOST_CASES: Final = 24
_OPPOSITE: Final = {"eq": "ne", "ne": "eq", "gt": "le", "le": "gt", "lt": "ge", "ge": "lt"}

CaseOperator: TypeAlias = Literal[
    "eq", "ne", "gt", "ge", "lt", "le", "in", "not in",
    "contains", "startswith", "endswith", "not contains", "not startswith", "not endswith",
]  # fmt: skip
_OPERATORS: Final[Mapping[str, CaseOperator]] = {one: one for one in get_args(CaseOperator)}
F = TypeVar("F", bound=str)


class CaseTest(NamedTuple):
    """`property operator value`, with the name as the client wrote it."""

    name: str
    operator: CaseOperator
    value: FilterValue | tuple[FilterValue, ...]


FilterCase: TypeAlias = tuple[CaseTest, ...]


def cases_of(tree: FilterTree | None) -> tuple[FilterCase, ...]:
    """The cases of a filter; no filter is one case without a test. Raises GraphError where there are too many."""
    return ((),) if tree is None else _cases(tree, holds=True)


def field_of(name: str, fields: Mapping[str, F]) -> F:
    """What a property is called by those who are asked; `fields` by their Graph names, read in any case.

    Raises GraphError for a property that is none of them.
    """
    found = next((field for known, field in fields.items() if known.lower() == name.lower()), None)
    if found is None:
        raise unsupported_query(
            f"This resource cannot be filtered by {name[:80]!r}.", f"It can by {', '.join(sorted(fields))}."
        )
    return found


def moment_of(test: CaseTest) -> int:
    """The value of a test of a time, in UTC microseconds. Raises GraphError where it is none."""
    if not isinstance(test.value, datetime) or test.operator not in _OPPOSITE:
        raise unsupported_query(
            f"{test.name} is a time, and is compared by eq, ne, gt, ge, lt and le with one.",
            f"Write {test.name} ge 2026-11-28T08:00:00Z.",
        )
    return (test.value - EPOCH) // timedelta(microseconds=1)


def text_of(test: CaseTest) -> str | tuple[str, ...]:
    """The value of a test of a text; null counts as an empty one. Raises GraphError where it is none."""
    values = test.value if isinstance(test.value, tuple) else (test.value,)
    texts = tuple(_text(test.name, value) for value in values)
    return texts if isinstance(test.value, tuple) else texts[0]


def _text(name: str, value: FilterValue) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise unsupported_query(f"{name} is a text, and cannot be compared with another value.", "Put it in '…'.")
    return value


def _cases(tree: FilterTree, *, holds: bool) -> tuple[FilterCase, ...]:
    match tree:
        case Negation(part):
            return _cases(part, holds=not holds)
        case AllOf(parts):
            return _together(parts, holds=holds) if holds else _either(parts, holds=holds)
        case AnyOf(parts):
            return _either(parts, holds=holds) if holds else _together(parts, holds=holds)
        case FilterComparison(name, operator, value):
            return ((CaseTest(name, _OPERATORS[operator if holds else _OPPOSITE[operator]], value),),)
        case TextCall(function, name, text):
            return ((CaseTest(name, _OPERATORS[function if holds else f"not {function}"], text),),)
        case OneOf(name, values):
            return ((CaseTest(name, "in" if holds else "not in", values),),)
        case _:
            assert_never(tree)


def _either(parts: tuple[FilterTree, ...], *, holds: bool) -> tuple[FilterCase, ...]:
    found = tuple(case for part in parts for case in _cases(part, holds=holds))
    if len(found) > MOST_CASES:
        raise _too_many()
    return found


def _together(parts: tuple[FilterTree, ...], *, holds: bool) -> tuple[FilterCase, ...]:
    found: tuple[FilterCase, ...] = ((),)
    for part in parts:
        found = tuple(one + other for one, other in product(found, _cases(part, holds=holds)))
        if len(found) > MOST_CASES:
            raise _too_many()
    return found


def _too_many() -> GraphError:
    return unsupported_query(
        f"The filter has more than {MOST_CASES} cases once each 'or' is written out.",
        "Use in ('a','b') for several values of one property, or ask several times.",
    )
