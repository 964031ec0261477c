"""Up to which moment of the server's time a read has seen everything, told from the entries themselves.

LDAP does not tell a server's time, and our clock may differ from it. But an entry that was seen was changed before it
was seen: the server's time at the beginning of a read was at least an entry's modifyTimestamp less the seconds that
had passed since. Our clock counts only those seconds, and tells what is too far in the future to be believed.
Rules: RFC 4512 section 3.4.2 (modifyTimestamp), RFC 4517 section 3.3.13 (GeneralizedTime).
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

import msgspec

# How long a change may take from its time being noted to its being seen by others: a server under load, a large group.
OVERLAP: Final = timedelta(seconds=5)
# A time this far ahead of our clock tells nothing: believed, it would hide everything that changes until then.
_BELIEVED_AHEAD: Final = timedelta(minutes=5)
_TIME: Final = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)?(\d\d)?(?:[.,](\d{1,6})\d*)?(Z|[+-]\d{2}(?:\d{2})?)")


def moment_of(text: str | None) -> datetime | None:
    """The moment that a GeneralizedTime spells; None when it spells none."""
    found = _TIME.fullmatch(text or "")
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    fraction = int((found[7] or "").ljust(6, "0"))
    zone = UTC
    if found[8] != "Z":
        ahead = timedelta(hours=int(found[8][1:3]), minutes=int(found[8][3:5] or 0))
        zone = timezone(-ahead if found[8][0] == "-" else ahead)
    try:
        return datetime(year, month, day, hour, minute, min(second, 59), fraction, zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def written(moment: datetime) -> str:
    """A moment as it stands in a filter, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%SZ")


class Horizon(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one read leaves for the next: what was changed at or after `since` is asked for again.

    `latest` is the newest change that was seen, `noted` when (our clock) the read ended that saw it first.
    """

    since: datetime
    latest: datetime
    noted: datetime


class Sighting:
    """One read in progress, which began now."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._began = clock()
        self._bound: datetime | None = None
        self._latest: datetime | None = None

    def saw(self, *moments: datetime | None) -> None:
        """An entry was seen that was changed then; None tells nothing."""
        now = self._clock()
        passed = max(now - self._began, timedelta())
        for moment in moments:
            if moment is not None and moment <= now + _BELIEVED_AHEAD:
                self._bound = max(self._bound or moment - passed, moment - passed)
                self._latest = max(self._latest or moment, moment)

    @property
    def bound(self) -> datetime | None:
        """A moment of the server's time no later than the beginning of the read; None when nothing told one."""
        return self._bound

    def after_all(self, began_by: datetime | None) -> Horizon | None:
        """What a read of everything leaves: `began_by` where another process began it, and knew a bound."""
        bound = began_by if began_by is not None else self._bound
        if bound is None:
            return None
        return Horizon(since=bound - OVERLAP, latest=self._latest or bound, noted=self._clock())

    def after_changes(self, before: Horizon) -> Horizon:
        """What a read of what changed leaves.

        Where it saw nothing newer, and began long enough after the last one, what was changed by then is seen for
        good: it need not be told again and again in a directory that rests.
        """
        if self._bound is not None and self._latest is not None and self._latest > before.latest:
            since = max(before.since, self._bound - OVERLAP)
            return Horizon(since=since, latest=self._latest, noted=self._clock())
        if self._began - before.noted >= OVERLAP:
            settled = before.latest.replace(microsecond=0) + timedelta(seconds=1)
            return Horizon(since=max(before.since, settled), latest=before.latest, noted=before.noted)
        return before
