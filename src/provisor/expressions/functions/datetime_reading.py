"""Reading a date by a .NET custom format, and FormatDateTime, which writes it in another.

Pure. Follows DateTime.ParseExact with the invariant culture: fields of one letter take one or two digits, doubled
letters exactly two, two-digit years up to 49 belong to this century. Rules: spec/expressions.md section 3.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from provisor.expressions.functions.datetime_format import (
    DAYS,
    MONTHS,
    SHORT,
    Field,
    FormatToken,
    Literal,
    tokens_of,
    write,
)
from provisor.expressions.functions.evaluation import Refused
from provisor.expressions.functions.instants import (
    MAX_OFFSET_MINUTES,
    TICKS_DAY,
    TICKS_MINUTE,
    Parts,
    ticks_of,
    within_calendar,
)

_STYLES = (
    "None",
    "AllowLeadingWhite",
    "AllowTrailingWhite",
    "AllowInnerWhite",
    "AllowWhiteSpaces",
    "NoCurrentDateDefault",
    "AdjustToUniversal",
    "AssumeLocal",
    "AssumeUniversal",
    "RoundtripKind",
)
_CENTURY_SPLIT = 49  # .NET's TwoDigitYearMax is 2049


def reformat(source: str, styles: str, input_format: str, output_format: str) -> str:
    """FormatDateTime: read by one format, write by another."""
    chosen = _styles_in(styles)
    read_by = tokens_of(input_format, "inputFormat")
    write_by = tokens_of(output_format, "outputFormat")
    found = _Reading(_trimmed(source, chosen), inner_white=bool(chosen & {"AllowInnerWhite", "AllowWhiteSpaces"}))
    ticks = found.ticks() if found.read(read_by) else None
    if ticks is None:
        reason = f"it is not a date in the format {input_format[:60]}. Correct the value or the inputFormat."
        raise Refused(reason, value=source, parameter="source")
    offset = found.fields.get("offset")
    ticks = within_calendar(ticks - (offset or 0) * TICKS_MINUTE)
    return write(ticks, write_by, utc=offset is not None or "AssumeUniversal" in chosen)


def _styles_in(styles: str) -> set[str]:
    chosen = {name.strip().removeprefix("DateTimeStyles.") for name in styles.split(",")}
    unknown = chosen.difference(_STYLES)
    if unknown:
        reason = f"{min(unknown)[:40]} is not a DateTimeStyles name. Choose from {', '.join(_STYLES)}."
        raise Refused(reason, value=styles, parameter="dateTimeStyles")
    kinds = chosen & {"AssumeLocal", "AssumeUniversal"}
    if len(kinds) > 1 or ("RoundtripKind" in chosen and (kinds or "AdjustToUniversal" in chosen)):
        reason = "these styles exclude each other. Keep one of RoundtripKind, AssumeLocal and AssumeUniversal."
        raise Refused(reason, value=styles, parameter="dateTimeStyles")
    return chosen


def _trimmed(source: str, chosen: set[str]) -> str:
    if chosen & {"AllowLeadingWhite", "AllowWhiteSpaces"}:
        source = source.lstrip()
    if chosen & {"AllowTrailingWhite", "AllowWhiteSpaces"}:
        source = source.rstrip()
    return source


@dataclass(slots=True)
class _Reading:
    """A text being read: what was found so far. Every step answers whether the text still fits."""

    text: str
    inner_white: bool
    at: int = 0
    fields: dict[str, int] = field(default_factory=dict)

    def read(self, tokens: tuple[FormatToken, ...]) -> bool:
        for token in tokens:
            while self.inner_white and self.text[self.at : self.at + 1].isspace():
                self.at += 1
            fits = self.literal(token.text) if isinstance(token, Literal) else self.field(token)
            if not fits:
                return False
        return self.at == len(self.text)

    def literal(self, text: str) -> bool:
        if self.inner_white and text.isspace():
            return True
        if not self.text.startswith(text, self.at):
            return False
        self.at += len(text)
        return True

    def field(self, token: Field) -> bool:
        letter, count = token.letter, token.count
        match letter:
            case "y":
                return self.year(count)
            case "M" if count > 2:
                return self.name("month", MONTHS, count, first=1)
            case "d" if count > 2:
                return self.name("weekday", DAYS, count, first=0)
            case "f" | "F":
                return self.fraction(count, optional=letter == "F")
            case "t":
                return self.half(count)
            case "z" | "K":
                return self.offset(letter, count)
            case "g":
                return self.literal("A.D.") or self.literal("AD")
            case _:
                return self.number(_NUMBERS[letter], 1 if count == 1 else 2, 2)

    def set(self, name: str, value: int | None) -> bool:
        """Note a field; a field that occurs twice must have the same value twice."""
        return value is not None and self.fields.setdefault(name, value) == value

    def digits(self, least: int, most: int) -> str | None:
        end = self.at
        while end < len(self.text) and end - self.at < most and self.text[end] in "0123456789":
            end += 1
        if end - self.at < least:
            return None
        found, self.at = self.text[self.at : end], end
        return found

    def number(self, name: str, least: int, most: int) -> bool:
        found = self.digits(least, most)
        return found is not None and self.set(name, int(found))

    def year(self, count: int) -> bool:
        found = self.digits(1 if count == 1 else count, max(2, count)) if count <= 9 else None
        if found is None:
            return False
        year = int(found)
        if count <= 2:
            year += 2000 if year <= _CENTURY_SPLIT else 1900
        return self.set("year", year)

    def name(self, name: str, names: tuple[str, ...], count: int, *, first: int) -> bool:
        for index, full in enumerate(names):
            wanted = full[:SHORT] if count == SHORT else full
            if self.text[self.at : self.at + len(wanted)].lower() == wanted.lower():
                self.at += len(wanted)
                return self.set(name, index + first)
        return False

    def fraction(self, count: int, *, optional: bool) -> bool:
        found = self.digits(0 if optional else count, count)
        return found is not None and self.set("fraction", int(found.ljust(7, "0")))

    def half(self, count: int) -> bool:
        found = self.text[self.at : self.at + min(count, 2)].upper()
        self.at += len(found)
        return found in ("AM"[:count], "PM"[:count]) and self.set("half", "AP".index(found[0]))

    def offset(self, letter: str, count: int) -> bool:
        sign = self.text[self.at : self.at + 1]
        if letter == "K" and sign not in ("+", "-"):
            return self.set("offset", 0) if self.literal("Z") else True
        if sign not in ("+", "-"):
            return False
        self.at += 1
        hours = self.digits(1 if letter == "z" and count == 1 else 2, 2)
        minutes: str | None = "0"
        if letter == "K" or count > 2:
            self.literal(":")
            minutes = self.digits(2, 2)
        if hours is None or minutes is None:
            return False
        total = int(hours) * 60 + int(minutes)
        return total <= MAX_OFFSET_MINUTES and self.set("offset", -total if sign == "-" else total)

    def ticks(self) -> int | None:
        """The date and time found, in its own offset; None when there is no such day or time."""
        get: Callable[[str, int], int] = self.fields.get
        hour = get("hour", 0)
        if "hour12" in self.fields:
            if self.fields["hour12"] > 12:
                return None
            hour = self.fields["hour12"] % 12 + 12 * get("half", 0)
        elif get("half", hour // 12) != hour // 12:
            return None
        parts = Parts(
            year=get("year", 1),
            month=get("month", 1),
            day=get("day", 1),
            hour=hour,
            minute=get("minute", 0),
            second=get("second", 0),
            fraction=get("fraction", 0),
        )
        ticks = ticks_of(parts)
        if ticks is not None and get("weekday", ticks // TICKS_DAY % 7) != ticks // TICKS_DAY % 7:
            return None
        return ticks


_NUMBERS = {"M": "month", "d": "day", "H": "hour", "h": "hour12", "m": "minute", "s": "second"}
