"""Points in time as whole ticks, and the date texts every date function understands.

Pure. A tick is 100 nanoseconds since 0001-01-01 UTC, as in .NET: exact for Windows file times, and plain numbers to
calculate with. The language has no date type; dates travel as text `M/d/yyyy h:mm:ss tt`, always UTC
(spec/expressions.md section 2 and CDate). Order: building, taking apart, reading, writing.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from provisor.expressions.functions.evaluation import Refused

TICKS_SECOND = 10_000_000
TICKS_MINUTE = 60 * TICKS_SECOND
TICKS_HOUR = 60 * TICKS_MINUTE
TICKS_DAY = 24 * TICKS_HOUR
TICKS_END = date.max.toordinal() * TICKS_DAY  # the first tick after the year 9999
FILE_TIME_START = (date(1601, 1, 1).toordinal() - 1) * TICKS_DAY
MAX_OFFSET_MINUTES = 14 * 60

_ISO = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
    r"(?:[T ](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]{1,7}))?)?)?"
    r"(?P<offset>Z|[+-][0-9]{2}:[0-9]{2})?"
)
_AMERICAN = re.compile(
    r"(?P<month>[0-9]{1,2})/(?P<day>[0-9]{1,2})/(?P<year>[0-9]{4})"
    r"(?: (?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2}) (?P<half>AM|PM))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A date and time taken apart. `fraction` counts ticks within the second."""

    year: int = 1
    month: int = 1
    day: int = 1
    hour: int = 0
    minute: int = 0
    second: int = 0
    fraction: int = 0


def ticks_of(parts: Parts) -> int | None:
    """The ticks of a date and time, or None when there is no such date or time."""
    try:
        day = date(parts.year, parts.month, parts.day)
    except ValueError:
        return None
    if parts.hour > 23 or parts.minute > 59 or parts.second > 59:
        return None
    seconds = (parts.hour * 60 + parts.minute) * 60 + parts.second
    return (day.toordinal() - 1) * TICKS_DAY + seconds * TICKS_SECOND + parts.fraction


def parts_of(ticks: int) -> Parts:
    """Take ticks within the years 1 to 9999 apart."""
    days, rest = divmod(ticks, TICKS_DAY)
    day = date.fromordinal(days + 1)
    hour, rest = divmod(rest, TICKS_HOUR)
    minute, rest = divmod(rest, TICKS_MINUTE)
    second, fraction = divmod(rest, TICKS_SECOND)
    return Parts(
        year=day.year, month=day.month, day=day.day, hour=hour, minute=minute, second=second, fraction=fraction
    )


def within_calendar(ticks: int) -> int:
    """Refuse ticks outside the years 1 to 9999."""
    if not 0 <= ticks < TICKS_END:
        raise Refused("the date would lie outside the years 1 to 9999. Correct the number or the date.")
    return ticks


def ticks_at(instant: datetime) -> int:
    """The ticks of an aware datetime."""
    return (instant - datetime(1, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 10


def add_months(ticks: int, months: int) -> int:
    """Move by months and keep the day, or take the last day of a shorter month."""
    days, rest = divmod(ticks, TICKS_DAY)
    start = date.fromordinal(days + 1)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        return TICKS_END  # within_calendar refuses it
    day = min(start.day, monthrange(year, month + 1)[1])
    return (date(year, month + 1, day).toordinal() - 1) * TICKS_DAY + rest


def read_date(text: str) -> int:
    """Read one of the date texts; without an offset it is UTC.

    yyyy-MM-dd, yyyy-MM-ddTHH:mm:ss (a blank for the T, fractions of the second), both with Z or ±hh:mm, M/d/yyyy and
    M/d/yyyy h:mm:ss tt.
    """
    trimmed = text.strip()
    match = _ISO.fullmatch(trimmed) or _AMERICAN.fullmatch(trimmed)
    ticks = None if match is None else _ticks_in(match.groupdict())
    if ticks is None:
        reason = (
            "this is not a date. Write 2024-05-01, 2024-05-01T08:30:00Z or 5/1/2024 8:30:00 AM, or use FormatDateTime."
        )
        raise Refused(reason, value=text)
    return within_calendar(ticks)


def _ticks_in(found: dict[str, str | None]) -> int | None:
    hour = int(found["hour"] or 0)
    half = found.get("half")
    if half is not None:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "PM" else 0)
    offset = minutes_of_offset(found.get("offset") or "Z")
    ticks = ticks_of(
        Parts(
            year=int(found["year"] or 0),
            month=int(found["month"] or 0),
            day=int(found["day"] or 0),
            hour=hour,
            minute=int(found["minute"] or 0),
            second=int(found["second"] or 0),
            fraction=int((found.get("fraction") or "0").ljust(7, "0")),
        )
    )
    return None if ticks is None or offset is None else ticks - offset * TICKS_MINUTE


def minutes_of_offset(offset: str) -> int | None:
    """The minutes of Z, ±hh:mm; None beyond 14 hours, the most .NET takes."""
    if offset == "Z":
        return 0
    minutes = int(offset[1:3]) * 60 + int(offset[4:6])
    if minutes > MAX_OFFSET_MINUTES or int(offset[4:6]) > 59:
        return None
    return -minutes if offset[0] == "-" else minutes


def write_date(ticks: int) -> str:
    """Write the canonical date text: `M/d/yyyy h:mm:ss tt`."""
    parts = parts_of(ticks)
    half = "PM" if parts.hour >= 12 else "AM"
    return (
        f"{parts.month}/{parts.day}/{parts.year:04d} "
        f"{parts.hour % 12 or 12}:{parts.minute:02d}:{parts.second:02d} {half}"
    )
