"""Comparisons and truth: what IIF and CBool ask (spec/expressions.md section 3, IIF).

Pure. `=` and `<>` compare text forms and mind case. The four others compare whole numbers when both sides spell one,
else text by code point. Null equals only null and is neither more nor less than anything.
"""

from collections.abc import Callable
from typing import assert_never

from provisor.expressions.functions.evaluation import Refused, as_text, number_in
from provisor.expressions.nodes import ComparisonOperator
from provisor.expressions.values import SourceValue


def comparer(operator: ComparisonOperator) -> Callable[[SourceValue, SourceValue], bool]:
    """The comparison an operator stands for."""
    match operator:
        case "=":
            return equal
        case "<>":
            return lambda left, right: not equal(left, right)
        case "<":
            return less
        case ">":
            return lambda left, right: less(right, left)
        case "<=":
            return lambda left, right: _comparable(left, right) and not less(right, left)
        case ">=":
            return lambda left, right: _comparable(left, right) and not less(left, right)
        case _:
            assert_never(operator)


def equal(left: SourceValue, right: SourceValue) -> bool:
    """Whether the text forms are the same: `"1" = "01"` is false."""
    if left is None or right is None:
        return left is right
    return as_text(left) == as_text(right)


def less(left: SourceValue, right: SourceValue) -> bool:
    """Whether left comes before right."""
    if left is None or right is None:
        return False
    left_text, right_text = as_text(left), as_text(right)
    left_number, right_number = number_in(left_text), number_in(right_text)
    if left_number is not None and right_number is not None:
        return left_number < right_number
    return left_text < right_text


def as_truth(value: SourceValue) -> bool:
    """Read True, False or a number, of which all but 0 are true."""
    if isinstance(value, bool):
        return value
    text = as_text(value)
    if text in ("True", "False"):
        return text == "True"
    number = number_in(text)
    if number is None:
        raise Refused("True, False or a whole number is needed. Write a comparison to test text.", value=text)
    return number != 0


def holds(condition: SourceValue) -> bool:
    """Whether a condition of IIF holds. Nothing and an empty text do not."""
    return condition not in (None, "") and as_truth(condition)


def _comparable(left: SourceValue, right: SourceValue) -> bool:
    return left is not None and right is not None
