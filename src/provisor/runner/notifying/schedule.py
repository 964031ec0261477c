"""When a message that did not arrive is sent again, and when no more."""

from datetime import datetime, timedelta
from typing import Final

from provisor.storage.outbox import OutgoingMessage
from provisor.storage.times import to_microseconds

# The last of each holds from then on.
_WAITS: Final = {
    "mail": (60, 300, 900, 1800, 3600),
    "webhook": (5, 300, 1800, 7200, 18_000, 36_000),  # what Standard Webhooks proposes, without its last day
}
LONGEST_WAIT: Final = timedelta(seconds=36_000)
GIVEN_UP_AFTER: Final = timedelta(days=3)
FEWEST_TRIES: Final = 6  # a clock that jumps for days must not make the first failure the last


def next_try(message: OutgoingMessage, now: datetime) -> datetime:
    """When to send it again after a try that failed."""
    waits = _WAITS[message.kind]
    return now + timedelta(seconds=waits[min(message.attempts, len(waits) - 1)])


def is_hopeless(message: OutgoingMessage, failing_since: int | None, now: datetime) -> bool:
    """Whether what has failed since then, in UTC microseconds, is not tried any more."""
    if failing_since is None or message.attempts + 1 < FEWEST_TRIES:
        return False
    return to_microseconds(now - GIVEN_UP_AFTER) >= failing_since
