"""When something that failed is tried again (spec/provisioning-service.md section 10).

Pure. For now every failure comes again with the next cycle, or never before something changes; the cadence of
escrows (6, 12, 24 hours, then daily for 28 days) replaces `next_try` together with quarantine.
"""

from datetime import datetime
from typing import assert_never

from provisor.rules.failure import Failure, Retry


def next_try(failure: Failure, now: datetime) -> datetime | None:
    """The moment from which a cycle takes the object up again by itself; None: not before it or the rules change."""
    match failure.retry:
        case Retry.NOW | Retry.LATER:
            return now
        case Retry.NEVER:
            return None
        case _:
            assert_never(failure.retry)
