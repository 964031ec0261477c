"""Moments as Graph writes them: UTC, always with microseconds, so that texts sort as moments do."""

from datetime import UTC, datetime, timedelta
from typing import Final

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def time_text(at: int) -> str:
    """Of UTC microseconds."""
    return moment_text(EPOCH + timedelta(microseconds=at))


def moment_text(moment: datetime) -> str:
    """Of a moment in UTC."""
    return f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
