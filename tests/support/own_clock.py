"""A clock of our own, which tests move on."""

from datetime import UTC, datetime, timedelta


class OwnClock:
    """The time, and as much more as has passed by order."""

    def __init__(self):
        self._ahead = timedelta()

    def __call__(self):
        return datetime.now(UTC) + self._ahead

    def pass_seconds(self, seconds):
        self._ahead += timedelta(seconds=seconds)
