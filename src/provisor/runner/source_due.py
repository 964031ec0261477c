"""When a source is due: when somebody wants it read, else on its interval, and after a failure later and later.

Only reads. Order: the next run, pauses after failures.
"""

from typing import Final

from provisor.engine.source_outcome import UNAUTHORIZED
from provisor.storage.connected_sources import ConnectedSource

MICROSECONDS: Final = 1_000_000
FIRST_PAUSE_SECONDS: Final = 5  # after a run that failed; doubled with each
LEAST_LONGEST_PAUSE_SECONDS: Final = 60  # the pauses grow up to the interval, and up to this where that is short
# Directories lock an account after some wrong passwords within half an hour, and others may sign in with it too.
SIGN_IN_PAUSE_SECONDS: Final = 30 * 60
_A_DAY: Final = 24 * 3600 * MICROSECONDS


def next_run(source: ConnectedSource, now: int) -> int | None:
    """When the source is due, in UTC microseconds (0: at once); None while it does not start by itself.

    Never later than now and what it would wait: what lies beyond that was written while the clock was wrong.
    """
    if source.run_wanted is not None:
        return 0
    if source.schedule_state != "Active":
        return None
    if source.next_at is not None:
        return source.next_at if source.next_at <= now + _A_DAY else 0
    began, ended = source.last_began_at, source.last_ended_at
    if began is None or began > now:
        return 0
    if ended is None or ended < began:
        return 0  # a kill ended it: it goes on where it was
    if source.failures:
        return min(ended, now) + pause_seconds(source) * MICROSECONDS
    return max(began + source.interval_seconds * MICROSECONDS, min(ended, now))


def pause_seconds(source: ConnectedSource) -> int:
    """How long the source waits after as many failed runs as it has behind it."""
    longest = max(source.interval_seconds, LEAST_LONGEST_PAUSE_SECONDS)
    if source.error is not None and source.error.code == UNAUTHORIZED:
        return max(longest, SIGN_IN_PAUSE_SECONDS)
    return min(FIRST_PAUSE_SECONDS << min(source.failures - 1, 30), longest)
