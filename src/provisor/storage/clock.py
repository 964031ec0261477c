"""Whether the clock is trusted when something is deleted because of its age.

The newest time that this database has seen is kept. A gap of more than two days before the next one may be a clock
set wrong or a machine that was off: until somebody says that it is right, or it has run for two more days, nothing is
deleted because it is old. A clock that goes back below the gap has been corrected and is trusted at once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from provisor.database import Connection
from provisor.storage import tenants
from provisor.storage.times import from_microseconds, to_microseconds

WIDEST_GAP = timedelta(days=2)
RUNNING = timedelta(days=2)

_NAME = "clock"


class _Kept(msgspec.Struct, frozen=True):
    """As the setting keeps it: UTC microseconds."""

    newest: int
    before: int | None = None
    doubted_since: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """The clock jumped from `before` to `since`, and it is not known whether that is right."""

    before: datetime
    since: datetime

    @property
    def lifted_at(self) -> datetime:
        """When it is trusted without confirmation, if it runs on until then."""
        return self.since + RUNNING


def observe(connection: Connection, tenant: str, *, now: datetime) -> Doubt | None:
    """Note the current time; returns what to doubt about it. Called by everything that writes."""
    kept = _read(connection, tenant)
    after = _observed(kept, to_microseconds(now))
    if after != kept:
        _keep(connection, tenant, after)
    return _doubt(after)


def doubt(connection: Connection, tenant: str) -> Doubt | None:
    """What is doubted now."""
    return _doubt(_read(connection, tenant))


def is_trusted(connection: Connection, tenant: str, *, now: datetime) -> bool:
    """Whether this moment would be believed: what `observe` would say, and nothing is noted."""
    return _doubt(_observed(_read(connection, tenant), to_microseconds(now))) is None


def believe(connection: Connection, tenant: str) -> None:
    """Somebody confirms that the clock is right."""
    _keep(connection, tenant, _Kept(newest=_read(connection, tenant).newest))


def _observed(kept: _Kept, at: int) -> _Kept:
    if at - kept.newest > _microseconds(WIDEST_GAP):
        before = kept.newest if kept.doubted_since is None else kept.before
        return _Kept(newest=at, before=before, doubted_since=at)
    if kept.doubted_since is not None and not 0 <= at - kept.doubted_since < _microseconds(RUNNING):
        return _Kept(newest=at)  # corrected, or it has run for long enough
    return msgspec.structs.replace(kept, newest=at)


def _read(connection: Connection, tenant: str) -> _Kept:
    text = tenants.setting(connection, tenant, _NAME)
    if text is None:  # only the tenant itself was written so far
        row = connection.one("SELECT created_at FROM tenant WHERE id = ?", (tenant,))
        return _Kept(newest=int(row[0]) if row else 0)
    return msgspec.json.decode(text, type=_Kept)


def _keep(connection: Connection, tenant: str, kept: _Kept) -> None:
    tenants.save_setting(connection, tenant, _NAME, msgspec.json.encode(kept).decode())


def _doubt(kept: _Kept) -> Doubt | None:
    if kept.doubted_since is None or kept.before is None:
        return None
    return Doubt(before=from_microseconds(kept.before), since=from_microseconds(kept.doubted_since))


def _microseconds(span: timedelta) -> int:
    return span // timedelta(microseconds=1)
