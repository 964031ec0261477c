"""When what failed is tried again, and what shows sooner than that its cause is gone.

Pure. spec/provisioning-service.md section 10. A job in quarantine is tried by the same series (section 11.2). A change
of the object in the directory, a restart and a person who asks try it at once, in whatever behaviour; what refers to
somebody is told of in the very cycle in which that one has an account (storage.waiting).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum

FIRST = (timedelta(hours=6), timedelta(hours=12), timedelta(hours=24))
DAILY = timedelta(hours=24)
HOURLY = timedelta(hours=1)
GIVEN_UP = timedelta(days=28)


def next_in_series(first: datetime, now: datetime) -> datetime:
    """The next of 6, 12 and 24 hours and then whole days after the first failure; never more than a day from now."""
    since = now - min(first, now)
    for step in FIRST:
        if since < step:
            return now + (step - since)
    return now + (DAILY - since % DAILY)


def next_try(first: datetime, attempts: int, now: datetime, *, hourly: bool = False) -> datetime | None:
    """When an object that failed now for the `attempts`th time is tried again; None: with the next cycle.

    `hourly`: access is to be taken away, which does not become less urgent (decision 0012).
    """
    if attempts <= 1:
        return None
    return now + HOURLY if hourly else next_in_series(first, now)


class Sign(Enum):
    """What a cycle sees that means a cause is gone."""

    ANYBODY = "somebody who failed for the same reason got through"
    RIVAL = "the object that was in the way was changed or went"
    PLACE = "an account was disabled or deleted, which frees a place"


_REFUSED = frozenset({Sign.ANYBODY, Sign.PLACE})  # for want of a right, or of a place
SIGNS: Mapping[str, frozenset[Sign]] = {
    "Conflict": frozenset({Sign.ANYBODY}),
    "DuplicateSourceEntries": frozenset({Sign.RIVAL}),
    "EntryConflict": frozenset({Sign.RIVAL}),
    "InsufficientRights": _REFUSED,
    "InternalError": frozenset({Sign.ANYBODY}),
    "InternalServerError": frozenset({Sign.ANYBODY}),
    "MethodNotAllowed": frozenset({Sign.ANYBODY}),
    "NotImplemented": frozenset({Sign.ANYBODY}),
    "NotPermitted": frozenset({Sign.ANYBODY}),
    "SchemaAttributeNotFound": frozenset({Sign.ANYBODY}),
    "SystemForCrossDomainIdentityManagementServiceIncompatible": frozenset({Sign.ANYBODY}),
    "Timeout": frozenset({Sign.ANYBODY}),
    "TooManyRequests": frozenset({Sign.ANYBODY}),
    "Unauthorized": frozenset({Sign.ANYBODY}),
    "WebExceptionProtocolError": frozenset({Sign.ANYBODY}),
}
"""By code. What depends on the values of each object alone (one that is refused, an ambiguous match) has no sign."""
