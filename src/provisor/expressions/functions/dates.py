"""Date functions: CDate, DateAdd, DateDiff, DateFromNum, NumFromDate, Now, FormatDateTime.

Pure: the present comes as an argument, one instant for a whole evaluation. Rules: spec/expressions.md section 3.
"""

from typing import Literal, assert_never

from provisor.expressions.functions.datetime_reading import reformat
from provisor.expressions.functions.evaluation import (
    CallSite,
    Evaluator,
    Refused,
    as_number,
    as_text,
    strict1,
    strict3,
    strict4,
)
from provisor.expressions.functions.instants import (
    FILE_TIME_START,
    TICKS_DAY,
    TICKS_HOUR,
    TICKS_MINUTE,
    TICKS_SECOND,
    add_months,
    parts_of,
    read_date,
    ticks_at,
    within_calendar,
    write_date,
)
from provisor.expressions.functions.signature import FunctionInfo, Parameter
from provisor.expressions.values import SourceValue

Interval = Literal["yyyy", "m", "d", "ww", "h", "n", "s"]
DEFAULT_STYLES = "RoundtripKind, AllowLeadingWhite, AllowTrailingWhite"


def as_date(value: SourceValue) -> int:
    """Read a date text as ticks."""
    return read_date(as_text(value))


def as_interval(value: SourceValue) -> Interval:
    """Read the name of an interval; names are case-sensitive."""
    match as_text(value):
        case "yyyy" | "m" | "d" | "ww" | "h" | "n" | "s" as interval:
            return interval
        case other:
            reason = "it must be one of yyyy, m, d, ww, h, n (minute) and s, in small letters."
            raise Refused(reason, value=other)


def date_add(interval: Interval, value: int, start: int) -> str:
    """The date so many intervals later, as text; months and years keep the day or take the month's last."""
    match interval:
        case "yyyy":
            ticks = add_months(start, 12 * value)
        case "m":
            ticks = add_months(start, value)
        case "d":
            ticks = start + value * TICKS_DAY
        case "ww":
            ticks = start + value * 7 * TICKS_DAY
        case "h":
            ticks = start + value * TICKS_HOUR
        case "n":
            ticks = start + value * TICKS_MINUTE
        case "s":
            ticks = start + value * TICKS_SECOND
        case _:
            assert_never(interval)
    return write_date(within_calendar(ticks))


def date_diff(interval: Interval, date1: int, date2: int) -> int:
    """date2 - date1, by the rules of Visual Basic .NET: whole units elapsed, but calendar months, years and weeks."""
    match interval:
        case "d":
            return _whole(date2 - date1, TICKS_DAY)
        case "h":
            return _whole(date2 - date1, TICKS_HOUR)
        case "n":
            return _whole(date2 - date1, TICKS_MINUTE)
        case "s":
            return _whole(date2 - date1, TICKS_SECOND)
        case "m":
            return _months(date2) - _months(date1)
        case "yyyy":
            return parts_of(date2).year - parts_of(date1).year
        case "ww":
            # Both go back to the Sunday of their week, with their time of day: hence whole days, then whole weeks.
            elapsed = (date2 - _days_since_sunday(date2) * TICKS_DAY) - (date1 - _days_since_sunday(date1) * TICKS_DAY)
            return _whole(_whole(elapsed, TICKS_DAY), 7)
        case _:
            assert_never(interval)


def date_from_number(value: int) -> str:
    """The date of a Windows file time, 100 ns steps since 1601."""
    if value < 0:
        raise Refused("a Windows file time cannot be negative. Give 0 or more.", value=str(value), parameter="value")
    return write_date(within_calendar(FILE_TIME_START + value))


def number_from_date(date: int) -> int:
    """The Windows file time of a date; negative before 1601."""
    return date - FILE_TIME_START


def _whole(amount: int, unit: int) -> int:
    """Integer division that cuts toward zero."""
    return amount // unit if amount >= 0 else -(-amount // unit)


def _months(ticks: int) -> int:
    parts = parts_of(ticks)
    return parts.year * 12 + parts.month


def _days_since_sunday(ticks: int) -> int:
    return (ticks // TICKS_DAY + 1) % 7  # 0001-01-01 was a Monday


def _build_now(site: CallSite) -> Evaluator:
    return lambda record, now, random_bytes: write_date(ticks_at(now))


_INTERVAL = Parameter(name="interval")

DATES: tuple[FunctionInfo, ...] = (
    FunctionInfo(
        name="CDate",
        parameters=(Parameter(name="expression"),),
        help="Reads a date, or a date and time, and gives it in UTC as M/d/yyyy h:mm:ss tt.",
        example='CDate("2024-02-10+02:00") gives 2/9/2024 10:00:00 PM',
        build=strict1(write_date, as_date),
    ),
    FunctionInfo(
        name="DateAdd",
        parameters=(_INTERVAL, Parameter(name="value", type="Integer"), Parameter(name="dateTime", type="DateTime")),
        help="Moves a date by a number of intervals: yyyy year, m month, d day, ww week, h hour, n minute, s second.",
        example='DateAdd("ww", 3, CDate("2024-05-01")) gives 5/22/2024 12:00:00 AM',
        build=strict3(date_add, as_interval, as_number, as_date),
    ),
    FunctionInfo(
        name="DateDiff",
        parameters=(_INTERVAL, Parameter(name="date1", type="DateTime"), Parameter(name="date2", type="DateTime")),
        help="By how many intervals date2 is later than date1; intervals as in DateAdd.",
        example='DateDiff("m", CDate("2024-01-31"), CDate("2024-02-01")) gives 1',
        build=strict3(date_diff, as_interval, as_date, as_date),
    ),
    FunctionInfo(
        name="DateFromNum",
        parameters=(Parameter(name="value", type="Integer"),),
        help="The date of a Windows file time such as accountExpires.",
        example="DateFromNum(133485408000000000) gives 1/1/2024 12:00:00 AM",
        build=strict1(date_from_number, as_number),
    ),
    FunctionInfo(
        name="FormatDateTime",
        parameters=(
            Parameter(name="source"),
            Parameter(name="dateTimeStyles", required=False, default=DEFAULT_STYLES),
            Parameter(name="inputFormat"),
            Parameter(name="outputFormat"),
        ),
        help="Reads a date in one .NET format and writes it in another, with English names of months and days.",
        example='FormatDateTime([d], , "dd.MM.yyyy", "yyyy-MM-dd") with 07.11.2023 gives 2023-11-07',
        build=strict4(reformat, as_text, as_text, as_text, as_text),
    ),
    FunctionInfo(
        name="Now",
        parameters=(),
        help="The present time in UTC as M/d/yyyy h:mm:ss tt, the same throughout one evaluation.",
        example="Now()",
        build=_build_now,
        volatile=True,
    ),
    FunctionInfo(
        name="NumFromDate",
        parameters=(Parameter(name="value", type="DateTime"),),
        help="The Windows file time of a date, for attributes such as accountExpires.",
        example='NumFromDate("2024-01-01T00:00:00Z") gives 133485408000000000',
        build=strict1(number_from_date, as_date),
    ),
)
