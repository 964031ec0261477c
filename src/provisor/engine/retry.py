"""When something that failed is tried again (spec/provisioning-service.md section 10).

Pure. Every failure comes again with the next cycle, whatever its cause: somebody may have mended it meanwhile. The
cadence of escrows (6, 12, 24 hours, then daily for 28 days) takes this function's place together with quarantine.
"""

from datetime import datetime

from provisor.rules.failure import Failure, Retry


def next_try(failure: Failure, now: datetime, next_cycle: datetime) -> datetime:
    """The moment from which the object is taken up again by itself."""
    return now if failure.retry is Retry.NOW else next_cycle
