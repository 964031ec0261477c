"""Date functions and .NET's date formats."""

import pytest

from provisor.expressions import ExpressionFailure


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("2024-02-10 08:00:00", "2/10/2024 8:00:00 AM"),
        ("2024-02-10T08:00:00.1234567Z", "2/10/2024 8:00:00 AM"),
        ("2024-02-10T08:00Z", "2/10/2024 8:00:00 AM"),
        (" 2024-02-10 ", "2/10/2024 12:00:00 AM"),
        ("2/9/2024 10:00:00 PM", "2/9/2024 10:00:00 PM"),
        ("2/9/2024 12:00:00 AM", "2/9/2024 12:00:00 AM"),
        ("02/09/2024", "2/9/2024 12:00:00 AM"),
        ("0001-01-01", "1/1/0001 12:00:00 AM"),
        ("9999-12-31T23:59:59Z", "12/31/9999 11:59:59 PM"),
    ],
)
def test_date_is_read(evaluate, text, result):
    assert evaluate("CDate([d])", d=text) == result


@pytest.mark.parametrize(
    "text",
    ["", "2024-13-01", "2024-02-30", "2024-02-10T25:00:00Z", "2024-02-10+15:00", "13/1/2024", "2/9/2024 13:00:00 PM",
     "0001-01-01+02:00", "9999-12-31T23:59:59-01:00", "٢٠٢٤-٠٢-١٠", "2/9/2024 0:00:00 AM"],
)  # fmt: skip
def test_text_that_is_no_date_is_a_failure(evaluate, text):
    assert isinstance(evaluate("CDate([d])", d=text), ExpressionFailure)


@pytest.mark.parametrize(
    ("date1", "date2", "interval", "result"),
    [
        ("2021-08-25T17:41:18Z", "2012-03-16T07:00:00Z", "ww", "-493"),  # published
        ("2021-08-25T17:41:18Z", "2012-03-16T07:00:00Z", "d", "-3449"),  # published
        ("2024-01-01T00:00:00Z", "2024-01-01T00:01:59Z", "n", "1"),
        ("2024-01-01T00:01:59Z", "2024-01-01T00:00:00Z", "n", "-1"),
        ("2024-03-31", "2024-01-01", "m", "-2"),
        ("2023-12-31", "2025-01-01", "yyyy", "2"),
    ],
)
def test_difference_of_dates(evaluate, date1, date2, interval, result):
    assert evaluate("DateDiff([i], CDate([a]), CDate([b]))", i=interval, a=date1, b=date2) == result


@pytest.mark.parametrize(
    ("interval", "value", "start", "result"),
    [
        ("m", -13, "2024-03-31", "2/28/2023 12:00:00 AM"),
        ("m", 12, "2024-02-29T23:59:59Z", "2/28/2025 11:59:59 PM"),
        ("yyyy", -2023, "2024-05-01", "5/1/0001 12:00:00 AM"),
        ("s", 86400, "2024-02-28", "2/29/2024 12:00:00 AM"),
    ],
)
def test_date_is_moved(evaluate, interval, value, start, result):
    assert evaluate("DateAdd([i], [n], [d])", i=interval, n=value, d=start) == result


@pytest.mark.parametrize("interval", ["yyyy", "m", "d", "ww", "h", "n", "s"])
@pytest.mark.parametrize("value", ["9223372036854775807", "-9223372036854775808"])
def test_date_moved_out_of_the_calendar_is_a_failure(evaluate, interval, value):
    failure = evaluate('DateAdd([i], [n], "2024-01-01")', i=interval, n=value)

    assert isinstance(failure, ExpressionFailure)


def test_intervals_are_case_sensitive(evaluate):
    assert isinstance(evaluate('DateAdd("M", 1, "2024-01-01")'), ExpressionFailure)


def test_now_is_the_instant_given_in_utc(evaluate):
    assert evaluate("Now()") == "3/9/2026 2:05:06 PM"


@pytest.mark.parametrize(("number", "fails"), [("-1", True), ("0", False), ("9223372036854775807", True)])
def test_file_time_outside_the_calendar_is_a_failure(evaluate, number, fails):
    assert isinstance(evaluate("DateFromNum([n])", n=number), ExpressionFailure) is fails


def test_file_time_keeps_its_last_digit(evaluate):
    assert evaluate('NumFromDate("2024-01-01T00:00:00.0000001Z")') == "133485408000000001"


@pytest.mark.parametrize(
    ("source", "read", "write", "result"),
    [
        ("2024-03-09T15:30:00.1234567+02:00", "yyyy-MM-ddTHH:mm:ss.fffffffzzz", "o", "2024-03-09T13:30:00.1234567Z"),
        ("2024-03-09T15:30:00Z", "yyyy-MM-ddTHH:mm:ssK", "yyyy-MM-dd HH:mmK", "2024-03-09 15:30Z"),
        ("2024-03-09T15:30:00", "yyyy-MM-ddTHH:mm:ssK", "yyyy-MM-dd HH:mmK", "2024-03-09 15:30"),
        ("Sat, 09 Mar 2024 15:30:00 GMT", "r", "dddd", "Saturday"),
        ("9-MAR-24", "d-MMM-yy", "yyyy-MM-dd", "2024-03-09"),
        ("march 9 1950", "MMMM d yyyy", "ddd yy", "Thu 50"),
        ("9 3 50", "d M y", "yyyy", "1950"),
        ("9 3 49", "d M y", "yyyy", "2049"),
        ("12:05 am", "h:mm tt", "HH:mm t", "00:05 A"),
        ("12:05 P", "h:mm t", "%H", "12"),
        ("10:05 +1", "HH:mm z", "HH:mm z zz zzz", "09:05 +0 +00 +00:00"),
        ("20240309", "yyyyMMdd", r"d\d 'of' MMMM \"yyyy\"", "9d of March yyyy"),
        ("07.50", "ss.ff", "s.FFF", "7.5"),
        ("07.00", "ss.FF", "s.FFF", "7"),
        ("2024-03-09", "yyyy-MM-dd", "gg yyyyy", "A.D. 02024"),
        ("03/09/2024", "d", "D", "Saturday, 09 March 2024"),
    ],
)
def test_date_is_written_in_another_format(evaluate, source, read, write, result):
    assert evaluate("FormatDateTime([d], , [r], [w])", d=source, r=read, w=write.replace('\\"', '"')) == result


@pytest.mark.parametrize(
    ("source", "read", "write"),
    [
        ("2024-02-30", "yyyy-MM-dd", "yyyy"),
        ("2024-2-3", "yyyy-MM-dd", "yyyy"),
        ("2024-02-03x", "yyyy-MM-dd", "yyyy"),
        ("Monday 9 3 2024", "dddd d M yyyy", "yyyy"),
        ("9 10 2024", "d d yyyy", "yyyy"),
        ("15:00 AM", "HH:mm tt", "HH"),
        ("13:00 PM", "h:mm tt", "HH"),
        ("24:00", "HH:mm", "HH"),
        ("10:00 +15:00", "HH:mm zzz", "HH"),
        ("10:00 02:00", "HH:mm zzz", "HH"),
        ("00:30+01:00", "HH:mmzzz", "HH"),
        ("2024", "yyyy", "'open"),
        ("2024", "yyyy", "\\"),
        ("2024", "yyyy", "%%"),
        ("2024", "yyyy", "ffffffff"),
        ("2024", "yyyy", ""),
        ("2024", "x", "yyyy"),
        ("xx", "yyyyyyyyyyyy", "yyyy"),
    ],
)
def test_text_or_format_that_does_not_fit_is_a_failure(evaluate, source, read, write):
    assert isinstance(evaluate("FormatDateTime([d], , [r], [w])", d=source, r=read, w=write), ExpressionFailure)


@pytest.mark.parametrize(
    ("styles", "source", "result"),
    [
        ("AllowLeadingWhite", " 2024-03-09", "2024"),
        ("AllowTrailingWhite", "2024-03-09 ", "2024"),
        ("AllowLeadingWhite,AllowInnerWhite", " 2024 - 03 - 09", "2024"),
        ("DateTimeStyles.AllowWhiteSpaces", " 2024 -03- 09 ", "2024"),
        ("AssumeUniversal, AdjustToUniversal", "2024-03-09", "2024Z"),
    ],
)
def test_styles_decide_what_white_space_is_taken(evaluate, styles, source, result):
    assert evaluate('FormatDateTime([d], [s], "yyyy-MM-dd", "yyyyK")', d=source, s=styles) == result


@pytest.mark.parametrize(
    ("styles", "source"),
    [
        ("AllowLeadingWhite", "2024-03-09 "),
        ("Whatever", "2024-03-09"),
        ("", "2024-03-09"),
        ("AssumeLocal, AssumeUniversal", "2024-03-09"),
        ("RoundtripKind, AssumeUniversal", "2024-03-09"),
    ],
)
def test_styles_that_do_not_fit_are_a_failure(evaluate, styles, source):
    assert isinstance(evaluate('FormatDateTime([d], [s], "yyyy-MM-dd", "yyyy")', d=source, s=styles), ExpressionFailure)
