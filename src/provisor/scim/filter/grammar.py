"""Text to tree and back for paths and filters (RFC 7644 sections 3.4.2.2 and 3.5.2, figures 1 and 7).

Pure. Knows syntax only; whether an attribute exists is asked elsewhere (path, evaluation). Depth and length are
bounded, so that no text can exhaust the stack. Order: limits, parsing, attribute paths, rendering.
"""

import json
import math
import re
from collections.abc import Callable
from typing import cast, get_args

from provisor.scim.errors import ScimError, invalid_filter, invalid_path, shown
from provisor.scim.filter.tree import And, Compare, Filter, Not, Operator, Or, Path, Present, Scalar, ValuePath
from provisor.scim.schemas.schema import ResourceType

MAX_FILTER_CHARACTERS = 16_384  # some hundreds of comparisons; longer ones belong in several requests
MAX_PATH_CHARACTERS = 2_048
MAX_DEPTH = 40  # brackets inside brackets; no client is known to need more than four

_TOKEN = re.compile(r'\s*(?:("(?:[^"\\]|\\.)*")|([()\[\]])|([^\s()\[\]"]+))', re.DOTALL)
_ATTRIBUTE = re.compile(r"(\$?[A-Za-z][A-Za-z0-9_-]*)(?:\.(\$?[A-Za-z][A-Za-z0-9_-]*))?")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
# An unknown URN ends where the RFC's own do: after a version and a name ("…:2.0:User").
_URN = re.compile(r"(urn:.+?:[0-9]+(?:\.[0-9]+)*:[A-Za-z][A-Za-z0-9_-]*)(?:[:.](.*))?", re.IGNORECASE | re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
# What people and word processors use as quotes; JSON, and so a filter, has one kind (RFC 7644 section 3.4.2.2).
_OTHER_QUOTES = tuple(
    "'`\xab\xb4\xbb\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u2032\u2033\u2039\u203a\uff02\uff07"
)
_OPERATORS: frozenset[str] = frozenset(get_args(Operator))
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}

MakeRefusal = Callable[[str], ScimError]


def parse(text: str, resource_type: ResourceType | None = None) -> Filter:
    """Read a filter; with a resource type its URNs are known whatever their shape.

    Whether the attributes exist is asked when the filter is evaluated. Raises ScimError invalidFilter.
    """
    if len(text) > MAX_FILTER_CHARACTERS:
        raise invalid_filter(f"The filter is longer than {MAX_FILTER_CHARACTERS} characters.")
    urns = () if resource_type is None else tuple(resource_type.urns())
    reader = _Reader(text, urns, invalid_filter)
    tree = reader.alternatives(0)
    reader.end()
    return tree


def parse_attribute_path(text: str, urns: tuple[str, ...] = ()) -> Path:
    """Read a PATCH path or an attribute notation.

    Raises ScimError invalidPath, or invalidFilter for what is in brackets (RFC 7644 table 9).
    """
    if len(text) > MAX_PATH_CHARACTERS:
        raise invalid_path(f"The path is longer than {MAX_PATH_CHARACTERS} characters.")
    if "[" not in text:
        return _attribute_path(text, urns, invalid_path, bare_urn=True)
    reader = _Reader(text, urns, invalid_path)
    path = reader.path()
    reader.end()
    return path


class _Reader:
    """Recursive descent over the tokens of one text."""

    def __init__(self, text: str, urns: tuple[str, ...], refuse: MakeRefusal) -> None:
        self._text = text
        self._urns = urns
        self._refuse = refuse
        self._tokens = self._split()
        self._next = 0

    def _split(self) -> list[tuple[str, int]]:
        tokens: list[tuple[str, int]] = []
        position = 0
        end = len(self._text.rstrip())
        while position < end:
            match = _TOKEN.match(self._text, position)
            if match is None:
                raise self._refuse(f"{shown(self._text)}: the quote at character {position + 1} is never closed.")
            tokens.append((match[match.lastindex or 0], match.start(match.lastindex or 0)))
            position = match.end()
        return tokens

    def _error(self, expected: str) -> ScimError:
        if self._next < len(self._tokens):
            token, position = self._tokens[self._next]
            return self._refuse(
                f"{shown(self._text)}: expected {expected} at character {position + 1}, found {shown(token)}."
            )
        return self._refuse(f"{shown(self._text)}: expected {expected} at the end.")

    def _peek(self) -> str:
        return self._tokens[self._next][0] if self._next < len(self._tokens) else ""

    def _take(self, token: str) -> None:
        if self._peek() != token:
            raise self._error(f'"{token}"')
        self._next += 1

    def end(self) -> None:
        if self._next < len(self._tokens):
            raise self._error('the end, "and" or "or"')

    def alternatives(self, depth: int, *, nested: bool = False) -> Filter:
        if depth > MAX_DEPTH:
            raise invalid_filter(f"The filter nests deeper than {MAX_DEPTH} brackets.")
        found = [self._all_of(depth, nested)]
        while self._peek().lower() == "or":
            self._next += 1
            found.append(self._all_of(depth, nested))
        return found[0] if len(found) == 1 else Or(tuple(found))

    def _all_of(self, depth: int, nested: bool) -> Filter:
        found = [self._term(depth, nested)]
        while self._peek().lower() == "and":
            self._next += 1
            found.append(self._term(depth, nested))
        return found[0] if len(found) == 1 else And(tuple(found))

    def _term(self, depth: int, nested: bool) -> Filter:
        negated = self._peek().lower() == "not"
        if negated:
            self._next += 1
        if negated or self._peek() == "(":
            self._take("(")
            inner = self.alternatives(depth + 1, nested=nested)
            self._take(")")
            return Not(inner) if negated else inner
        return self._comparison(depth, nested)

    def _comparison(self, depth: int, nested: bool) -> Filter:
        path = self._word_path(bare_urn=False)
        if self._peek() == "[":
            if nested:
                raise self._error("no bracket inside brackets, but an operator")
            inner = self._bracketed(depth)
            sub = self._sub_after_bracket(path)
            if sub is None:
                return ValuePath(path, inner)
            path = Path(attribute=path.attribute, urn=path.urn, filter=inner, sub=sub)
        operator = self._peek().lower()
        if operator == "pr":
            self._next += 1
            return Present(path)
        if operator not in _OPERATORS:
            raise self._error("an operator (eq ne co sw ew gt ge lt le pr)")
        self._next += 1
        return Compare(path=path, op=cast(Operator, operator), value=self._literal())

    def path(self) -> Path:
        path = self._word_path(bare_urn=False)
        inner = self._bracketed(0)
        return Path(attribute=path.attribute, urn=path.urn, filter=inner, sub=self._sub_after_bracket(path))

    def _word_path(self, *, bare_urn: bool) -> Path:
        word = self._peek()
        if not word or word[0] in '"()[]':
            raise self._error("an attribute name")
        self._next += 1
        return _attribute_path(word, self._urns, self._refuse, bare_urn=bare_urn)

    def _bracketed(self, depth: int) -> Filter:
        outside, self._refuse = self._refuse, invalid_filter
        self._take("[")
        inner = self.alternatives(depth + 1, nested=True)
        self._take("]")
        self._refuse = outside
        return inner

    def _sub_after_bracket(self, path: Path) -> str | None:
        if path.sub is not None:
            raise self._refuse(f"{shown(self._text)}: a filter in brackets follows an attribute, not a sub-attribute.")
        word = self._peek()
        if not word.startswith("."):
            return None
        match = _ATTRIBUTE.fullmatch(word, 1)
        if match is None or match[2] is not None:
            raise self._error("one sub-attribute name")
        self._next += 1
        return match[1]

    def _literal(self) -> Scalar:
        token = self._peek()
        if not token or token[0] in "()[]":
            raise self._error("a value")
        self._next += 1
        if token[0] == '"':
            return self._string(token)
        if (word := token.lower()) in _WORDS:
            return _WORDS[word]
        number = _NUMBER.fullmatch(token)
        if number is None:
            if token.startswith(_OTHER_QUOTES) or token.endswith(_OTHER_QUOTES):  # it would be compared with its quotes
                raise self._refuse(f"{shown(self._text)}: a value must be in double quotes, unlike {shown(token)}.")
            # Tolerance bare_word_literal: older Entra samples show `externalId eq bo.li` (spec/scim-wire.md section 2).
            return self._checked(token)
        if number[1] is None and number[2] is None:
            return self._integer(token)
        value = float(token)
        if not math.isfinite(value):
            raise self._refuse(f"{shown(token)} is too large for a number.")
        return value

    def _integer(self, token: str) -> int:
        try:
            return int(token)
        except ValueError as error:  # Python refuses to read thousands of digits
            raise self._refuse(f"{shown(token)} is too large for a number.") from error

    def _string(self, token: str) -> str:
        try:
            text = json.loads(token, strict=False)
        except ValueError as error:
            raise self._refuse(f"{shown(token)} is not a JSON string.") from error
        return self._checked(str(text))

    def _checked(self, text: str) -> str:
        if not text.isascii() and _SURROGATE.search(text):
            raise self._refuse(f"{text!r} holds half a surrogate pair, which is not a character.")
        return text


def _attribute_path(text: str, urns: tuple[str, ...], refuse: MakeRefusal, *, bare_urn: bool) -> Path:
    urn, rest = _split_urn(text, urns) if ":" in text else (None, text)
    if urn is not None and not rest and bare_urn:
        return Path(attribute="", urn=urn)
    match = _ATTRIBUTE.fullmatch(rest)
    if match is None:
        raise refuse(f"{shown(text)} is not an attribute path.")
    return Path(attribute=match[1], urn=urn, sub=match[2])


def _split_urn(text: str, urns: tuple[str, ...]) -> tuple[str, str]:
    """Part a URN from what follows: the longest known URN first, then the shape of the RFC's, then the last colon.

    Tolerance dot_after_urn: before 2018 Entra joined URN and attribute by a dot (spec/scim-wire.md section 1).
    """
    lowered = text.lower()
    for urn in sorted(urns, key=len, reverse=True):
        if lowered.startswith(urn.lower()):
            rest = text[len(urn) :]
            if not rest or rest[0] in ":.":
                return urn, rest[1:]
    match = _URN.fullmatch(text)
    if match is not None:
        return match[1], match[2] or ""
    urn, _, rest = text.rpartition(":")
    return urn, rest


def render_path(path: Path) -> str:
    """`URN:attribute[filter].sub`"""
    text = path.attribute
    if path.urn is not None:
        text = f"{path.urn}:{text}" if text else path.urn
    if path.filter is not None:
        text = f"{text}[{render(path.filter)}]"
    return f"{text}.{path.sub}" if path.sub is not None else text


def render(tree: Filter) -> str:
    """The filter as text with no more parentheses than needed; `parse` gives the same tree again."""
    match tree:
        case And():
            return " and ".join(_grouped(item, (And, Or)) for item in tree.filters)
        case Or():
            return " or ".join(_grouped(item, (Or,)) for item in tree.filters)
        case Not():
            return f"not ({render(tree.filter)})"
        case Compare():
            return f"{render_path(tree.path)} {tree.op} {json.dumps(tree.value, ensure_ascii=False)}"
        case Present():
            return f"{render_path(tree.path)} pr"
        case ValuePath():
            return f"{render_path(tree.path)}[{render(tree.filter)}]"


def _grouped(tree: Filter, kinds: tuple[type[Filter], ...]) -> str:
    text = render(tree)
    return f"({text})" if isinstance(tree, kinds) else text
