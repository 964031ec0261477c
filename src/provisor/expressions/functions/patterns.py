"""Running a tenant's regular expressions: compiled once, with a time limit, and .NET's replacement texts.

Pure. A pattern is untrusted input: its length, its depth, its time and the size of what it makes are bounded.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import regex

from provisor.expressions.functions.dialect import BadPattern, Translated, translate
from provisor.expressions.functions.evaluation import MAX_TEXT_CHARACTERS, Refused, too_long

# Shared by all regular expressions of one expression, so that the worst expression ends in under 100 ms.
REGEX_SECONDS = 0.04

_SUBSTITUTION = re.compile(r"\$(?:\{(?P<braced>\w+)\}|(?P<number>[0-9]+)|(?P<sign>[$&`'+_]))", re.ASCII)

Expand = Callable[["regex.Match[str]"], str]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern with .NET's view of its groups."""

    compiled: "regex.Pattern[str]"
    translated: Translated


@lru_cache(maxsize=512)
def compiled(pattern: str) -> Pattern:
    """Compile a .NET pattern. Raises Refused."""
    try:
        translated = translate(pattern)
        # V1: inline options end with their group, and classes can be subtracted, both as in .NET; (?-f): ß is not ss.
        return Pattern(regex.compile(f"(?V1)(?-f){translated.text}"), translated)
    except BadPattern as bad:
        reason = f"the pattern {bad}."
    except (regex.error, OverflowError, RecursionError, ValueError, IndexError, KeyError) as error:
        # The package lets a few of Python's own exceptions through for odd patterns.
        reason = f"the pattern is not a valid regular expression ({str(error)[:100]})."
    raise Refused(f"{reason} Correct it, and write \\\\ for a backslash.", value=pattern, parameter="regexPattern")


def pattern_problem(pattern: str) -> str | None:
    """Why a pattern will fail, or None."""
    try:
        compiled(pattern)
    except Refused as refused:
        return refused.reason
    return None


def replace_matches(source: str, pattern: str, replacement: str, seconds: float) -> str:
    """Replace every match; the replacement text may name groups as .NET's does."""
    known = compiled(pattern)
    expand = _expansion(known, replacement, source)
    result = _Bounded()
    at = 0
    with _TimeLimit():
        for match in known.compiled.finditer(source, timeout=seconds):
            result.add(source[at : match.start()])
            result.add(expand(match))
            at = match.end()
    result.add(source[at:])
    return result.text()


def replace_group(source: str, pattern: str, group: str, replacement: str, seconds: float) -> str:
    """In every match, replace only what the named group holds."""
    known = compiled(pattern)
    index = _group_index(known, group)
    result = _Bounded()
    at = 0
    with _TimeLimit():
        for match in known.compiled.finditer(source, timeout=seconds):
            start, end = match.span(index)
            if start >= at:  # -1 for a group that took no part; less than `at` for one that looked back
                result.add(source[at:start])
                result.add(replacement)
                at = end
    result.add(source[at:])
    return result.text()


def find_group(source: str, pattern: str, group: str, seconds: float) -> str | None:
    """What the named group holds in the first match; None without a match."""
    known = compiled(pattern)
    index = _group_index(known, group)
    with _TimeLimit():
        match = known.compiled.search(source, timeout=seconds)
    return None if match is None else match[index]


def _group_index(pattern: Pattern, group: str) -> int:
    index = pattern.translated.index_of(group)
    if index is None:
        reason = "the pattern has no group of this name. Name one as (?<name>…)."
        raise Refused(reason, value=group, parameter="regexGroupName")
    return index


def _expansion(pattern: Pattern, replacement: str, source: str) -> Expand:
    """Take a replacement text apart: $1, ${name}, $$, $&, $`, $', $+, $_. An unknown group stays as written."""
    parts: list[Expand] = []
    at = 0
    for match in _SUBSTITUTION.finditer(replacement):
        parts.append(_literally(replacement[at : match.start()]))
        reference = match["braced"] or match["number"]
        if reference:
            index = pattern.translated.index_of(reference)
            parts.append(_literally(match.group()) if index is None else _group(index))
        else:
            parts.append(_sign(match["sign"] or "$", len(pattern.translated.groups), source))
        at = match.end()
    rest = replacement[at:]
    if not parts:
        return _literally(rest)
    parts.append(_literally(rest))
    return lambda match: "".join([part(match) for part in parts])


def _literally(text: str) -> Expand:
    return lambda match: text


def _group(index: int) -> Expand:
    return lambda match: match[index] or ""


def _sign(sign: str, last_group: int, source: str) -> Expand:
    match sign:
        case "&":
            return _group(0)
        case "+":
            return _group(last_group)
        case "`":
            return lambda match: source[: match.start()]
        case "'":
            return lambda match: source[match.end() :]
        case "_":
            return lambda match: source
        case _:
            return _literally("$")


class _TimeLimit:
    """Turns the package's time-out into a refusal."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if isinstance(error, TimeoutError):
            reason = (
                "the regular expression takes too long on this value. Simplify it; "
                "nested repetitions such as (a+)+ are the usual cause."
            )
            raise Refused(reason, parameter="regexPattern") from None


class _Bounded:
    """A text that is put together and must not grow beyond bounds."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.length = 0

    def add(self, piece: str) -> None:
        self.length += len(piece)
        if self.length > MAX_TEXT_CHARACTERS:
            raise too_long()
        self.pieces.append(piece)

    def text(self) -> str:
        return "".join(self.pieces)
