"""Moments as the tables keep them: UTC integer microseconds, which sort and subtract alike in every database."""

from datetime import UTC, datetime, timedelta

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def to_microseconds(moment: datetime) -> int:
    """A moment for a column. The moment must be aware of its time zone."""
    return (moment - _BEGINNING) // MICROSECOND


def from_microseconds(stored: int) -> datetime:
    """The moment that a column holds, in UTC."""
    return _BEGINNING + timedelta(microseconds=stored)
