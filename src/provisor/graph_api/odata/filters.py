"""$filter: text -> tree (OData 4.01 part 2, section 5.1.1; what Graph takes of it).

Pure. Knows no property: who reads the tree refuses what it cannot ask for. Order: the tree, the grammar, the literals.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeAlias

from provisor.graph_api.odata.errors import GraphError

MAX_CHARACTERS: Final = 8_000
MAX_DEPTH: Final = 20
OPERATORS: Final = ("eq", "ne", "gt", "ge", "lt", "le")
FUNCTIONS: Final = ("startswith", "endswith", "contains")

FilterValue: TypeAlias = str | int | float | bool | datetime | None


@dataclass(frozen=True, slots=True)
class FilterComparison:
    """`property op value`; a property below another is written `servicePrincipal/id`."""

    name: str
    operator: str
    value: FilterValue


@dataclass(frozen=True, slots=True)
class TextCall:
    """`startswith(property,'text')` and its like."""

    function: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class OneOf:
    """`property in ('a','b')`."""

    name: str
    values: tuple[FilterValue, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """Everything holds."""

    parts: "tuple[FilterTree, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Something holds."""

    parts: "tuple[FilterTree, ...]"


@dataclass(frozen=True, slots=True)
class Negation:
    """It does not hold."""

    part: "FilterTree"


FilterTree: TypeAlias = FilterComparison | TextCall | OneOf | AllOf | AnyOf | Negation

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<text>'(?:[^']|'')*')
    |(?P<date>\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,12})?)?(?:Z|[+-]\d\d:\d\d))?)(?![\w-])
    |(?P<guid>[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12})
    |(?P<number>-?\d{1,19}(?:\.\d{1,15})?)(?![\w.])
    |(?P<word>[A-Za-z_@][\w.@]*(?:/[A-Za-z_][\w.]*)*)
    |(?P<mark>[(),])
    )\s*""",
    re.VERBOSE | re.ASCII,
)


def parse_filter(text: str) -> FilterTree:
    """The tree of a filter. Raises GraphError, with the place, for what is none."""
    if len(text) > MAX_CHARACTERS:
        raise _wrong(f"The filter has {len(text):,} characters, and at most {MAX_CHARACTERS:,} are taken.")
    reader = _FilterReader(_tokens(text))
    tree = reader.any_of(0)
    if reader.kind:
        raise _wrong(f"The filter goes on with {reader.token!r}, where it should end.")
    return tree


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.end() == at:
            raise _wrong(f"The filter is not understood at character {at + 1}: {text[at : at + 20]!r}.")
        found.append((match.lastgroup or "", match[match.lastgroup or 0]))
        at = match.end()
    return found


class _FilterReader:
    """Descends through or, and, not."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = [*tokens, ("", "")]
        self._at = 0

    @property
    def kind(self) -> str:
        return self._tokens[self._at][0]

    @property
    def token(self) -> str:
        return self._tokens[self._at][1]

    def any_of(self, depth: int) -> FilterTree:
        if depth > MAX_DEPTH:
            raise _wrong(f"The filter is nested more than {MAX_DEPTH} deep.")
        parts = [self._all_of(depth)]
        while self._word("or"):
            parts.append(self._all_of(depth))
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _all_of(self, depth: int) -> FilterTree:
        parts = [self._one(depth)]
        while self._word("and"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _one(self, depth: int) -> FilterTree:
        if self._word("not"):
            if depth > MAX_DEPTH:
                raise _wrong(f"The filter is nested more than {MAX_DEPTH} deep.")
            return Negation(self._one(depth + 1))
        if self._mark("("):
            inner = self.any_of(depth + 1)
            self._expect(")")
            return inner
        name = self._take("word", "a property")
        if self._mark("("):
            return self._call(name)
        operator = self._take("word", "an operator").lower()
        if operator == "in":
            return OneOf(name, self._list())
        if operator not in OPERATORS:
            raise _wrong(f"The filter has no operator {operator!r}.", f"It has {', '.join(OPERATORS)} and in.")
        return FilterComparison(name, operator, self._value())

    def _call(self, function: str) -> FilterTree:
        known = function.lower()
        if known not in FUNCTIONS:
            raise _wrong(f"The filter has no function {function!r}.", f"It has {', '.join(FUNCTIONS)}.")
        name = self._take("word", "a property")
        self._expect(",")
        text = self._value()
        self._expect(")")
        if not isinstance(text, str):
            raise _wrong(f"{known} compares text, which stands in quotes.")
        # `startswith(…) eq true` is the same, and old clients write it.
        if self._word("eq") and self._value() is not True:
            raise _wrong(f"{known}(…) can be compared with true alone.", "Write not before it.")
        return TextCall(known, name, text)

    def _list(self) -> tuple[FilterValue, ...]:
        self._expect("(")
        values = [self._value()]
        while self._mark(","):
            values.append(self._value())
        self._expect(")")
        return tuple(values)

    def _value(self) -> FilterValue:
        kind, token = self._tokens[self._at]
        self._at += kind != ""
        match kind:
            case "text":
                return token[1:-1].replace("''", "'")
            case "guid":
                return token
            case "date":
                return _moment(token)
            case "number":
                return float(token) if "." in token else int(token)
            case "word" if token.lower() in ("true", "false", "null"):
                return {"true": True, "false": False, "null": None}[token.lower()]
            case _:
                raise _wrong(f"The filter has {token or 'its end'!r} where a value should be.", "Text stands in '…'.")

    def _take(self, kind: str, what: str) -> str:
        found, token = self._tokens[self._at]
        if found != kind:
            raise _wrong(f"The filter has {token or 'its end'!r} where {what} should be.")
        self._at += 1
        return token

    def _word(self, word: str) -> bool:
        taken = self.kind == "word" and self.token.lower() == word
        self._at += taken
        return taken

    def _mark(self, mark: str) -> bool:
        taken = self.kind == "mark" and self.token == mark
        self._at += taken
        return taken

    def _expect(self, mark: str) -> None:
        if not self._mark(mark):
            raise _wrong(f"The filter has {self.token or 'its end'!r} where {mark!r} should be.")


def _moment(token: str) -> datetime:
    try:
        text = re.sub(r"(\.\d{6})\d+", r"\1", token)  # Graph writes seven digits of a second
        read = datetime.fromisoformat(text)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        raise _wrong(f"{token} is no time.") from None


def _wrong(message: str, hint: str = "") -> GraphError:
    return GraphError(
        400,
        "Request_UnsupportedQuery",
        message,
        hint or "It is written like: displayName eq 'Anna' and accountEnabled eq true.",
    )
