"""What can be asked of a column, as SQL: compared exactly, letter by letter, in both databases."""

from typing import Final, Literal, TypeAlias

TestOperator: TypeAlias = Literal[
    "eq", "ne", "gt", "ge", "lt", "le", "in", "not in",
    "contains", "startswith", "endswith", "not contains", "not startswith", "not endswith",
]  # fmt: skip
SIGNS: Final = {"eq": "=", "ne": "<>", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}


def condition(column: str, operator: TestOperator, value: str | int | tuple[str, ...]) -> tuple[str, list[object]]:
    """The condition and its values. A column that may be NULL is given so that it is not."""
    match value:
        case tuple():
            return f"{column} {'NOT IN' if operator == 'not in' else 'IN'} ({','.join('?' * len(value))})", [*value]
        case int():
            return f"{column} {SIGNS[operator]} ?", [value]
        case str() if operator in SIGNS:
            return f"{column} {SIGNS[operator]} ?", [value]
    no, _, how = operator.rpartition(" ")
    said, given = _of_text(column, how, value)
    return (f"NOT ({said})" if no else said), given


def _of_text(column: str, how: str, text: str) -> tuple[str, list[object]]:
    if not text:
        return "1 = 1", []
    match how:
        case "startswith":
            return f"substr({column}, 1, ?) = ?", [len(text), text]
        case "endswith":
            return f"substr({column}, length({column}) - ? + 1) = ?", [len(text), text]
        case _:
            return f"instr({column}, ?) > 0", [text]
