""".NET custom date formats: taken apart, used to read a text, used to write one (FormatDateTime).

Pure. Invariant culture: English names, `:` and `/` as they are. One letter alone is one of .NET's standard formats.
A text that names no date has 0001-01-01 (.NET takes today; a mapping must answer the same every day).
Order: formats, tokens, writing. Reading stands in datetime_reading.py.
"""

from dataclasses import dataclass
from functools import lru_cache

from provisor.expressions.functions.evaluation import Refused
from provisor.expressions.functions.instants import Parts, parts_of

MONTHS = ("January", "February", "March", "April", "May", "June",
          "July", "August", "September", "October", "November", "December")  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SHORT = 3  # abbreviated names are the first three letters

_STANDARD = {
    "d": "MM/dd/yyyy",
    "D": "dddd, dd MMMM yyyy",
    "f": "dddd, dd MMMM yyyy HH:mm",
    "F": "dddd, dd MMMM yyyy HH:mm:ss",
    "g": "MM/dd/yyyy HH:mm",
    "G": "MM/dd/yyyy HH:mm:ss",
    "m": "MMMM dd",
    "M": "MMMM dd",
    "o": "yyyy-MM-ddTHH:mm:ss.fffffffK",
    "O": "yyyy-MM-ddTHH:mm:ss.fffffffK",
    "r": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    "R": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    "s": "yyyy-MM-ddTHH:mm:ss",
    "t": "HH:mm",
    "T": "HH:mm:ss",
    "u": "yyyy-MM-dd HH:mm:ss'Z'",
    "U": "dddd, dd MMMM yyyy HH:mm:ss",
    "y": "yyyy MMMM",
    "Y": "yyyy MMMM",
}
_FIELDS = "dfFgHhKMmstyz"
_MOST_FRACTION_DIGITS = 7


@dataclass(frozen=True, slots=True)
class Field:
    """A run of one format letter, such as `yyyy`."""

    letter: str
    count: int


@dataclass(frozen=True, slots=True)
class Literal:
    """Text that stands for itself."""

    text: str


FormatToken = Field | Literal


@lru_cache(maxsize=256)
def tokens_of(pattern: str, parameter: str) -> tuple[FormatToken, ...]:
    """Take a custom format apart; `parameter` is blamed when it is none."""
    if len(pattern) == 1:
        if pattern not in _STANDARD:
            raise Refused("this is no date format. Write one such as yyyy-MM-dd.", value=pattern, parameter=parameter)
        pattern = _STANDARD[pattern]
    tokens: list[FormatToken] = []
    at = 0
    while at < len(pattern):
        token, at = _token_at(pattern, at, parameter)
        tokens.append(token)
    if not tokens:
        raise Refused("the format is empty. Write one such as yyyy-MM-dd.", value=pattern, parameter=parameter)
    return tuple(tokens)


def _token_at(pattern: str, at: int, parameter: str) -> tuple[FormatToken, int]:
    character = pattern[at]
    if character in "'\"":
        end = at + 1
        text = ""
        while end < len(pattern) and pattern[end] != character:
            end += pattern[end] == "\\"
            text += pattern[end : end + 1]
            end += 1
        if end >= len(pattern):
            reason = "a quoted part is never closed. Add the missing quote."
            raise Refused(reason, value=pattern, parameter=parameter)
        return Literal(text), end + 1
    if character == "\\" or character == "%":
        following = pattern[at + 1 : at + 2]
        if not following or (character == "%" and following not in _FIELDS + ":/"):
            raise Refused(f"it contains a lone {character}. Remove it.", value=pattern, parameter=parameter)
        if character == "\\":
            return Literal(following), at + 2
        return (Field(following, 1) if following in _FIELDS else Literal(following)), at + 2
    if character not in _FIELDS:
        return Literal(character), at + 1
    end = at + 1
    while end < len(pattern) and pattern[end] == character and character != "K":
        end += 1
    if character in "fF" and end - at > _MOST_FRACTION_DIGITS:
        reason = f"at most {_MOST_FRACTION_DIGITS} digits of a second are possible. Remove some {character}."
        raise Refused(reason, value=pattern, parameter=parameter)
    return Field(character, end - at), end


def write(ticks: int, tokens: tuple[FormatToken, ...], *, utc: bool) -> str:
    """Write a date. `utc` says whether the time is known to be UTC, which only K shows."""
    parts = parts_of(ticks)
    weekday = ticks // (24 * 3600 * 10_000_000) % 7
    written = ""
    for token in tokens:
        if isinstance(token, Literal):
            written += token.text
        elif token.letter == "F":
            digits = f"{parts.fraction:07d}"[: token.count].rstrip("0")
            written = written + digits if digits else written.removesuffix(".")
        else:
            written += _written(token.letter, token.count, parts, weekday, utc=utc)
    return written


def _written(letter: str, count: int, parts: Parts, weekday: int, *, utc: bool) -> str:
    match letter:
        case "y":
            return str(parts.year % 100).zfill(count) if count <= 2 else str(parts.year).zfill(count)
        case "M":
            return _named(MONTHS[parts.month - 1], parts.month, count)
        case "d":
            return _named(DAYS[weekday], parts.day, count)
        case "H":
            return _digits(parts.hour, count)
        case "h":
            return _digits(parts.hour % 12 or 12, count)
        case "m":
            return _digits(parts.minute, count)
        case "s":
            return _digits(parts.second, count)
        case "f":
            return f"{parts.fraction:07d}"[:count]
        case "t":
            return ("PM" if parts.hour >= 12 else "AM")[:count]
        case "z":
            return ("+0", "+00", "+00:00")[min(count, 3) - 1]
        case "K":
            return "Z" if utc else ""
        case _:
            return "A.D."  # g, the era


def _named(name: str, number: int, count: int) -> str:
    if count <= 2:
        return _digits(number, count)
    return name[:SHORT] if count == SHORT else name


def _digits(number: int, count: int) -> str:
    return str(number).zfill(min(count, 2))
