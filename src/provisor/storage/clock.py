"""Whether the clock may be believed where something is deleted for its age.

The newest moment that this database has met is kept. A gap of more than two days to the next one is a clock that was
set wrong as often as a machine that was off: until somebody says that it is right, or two days have passed in running,
nothing is deleted because it is old. A clock that goes back below the gap was put right and is believed at once.
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
    """The clock jumped from `before` to `since`, and nobody knows whether it was right."""

    before: datetime
    since: datetime

    @property
    def lifted_at(self) -> datetime:
        """When it is believed without anybody saying so, if it runs on until then."""
        return self.since + RUNNING


def observe(connection: Connection, tenant: str, *, now: datetime) -> Doubt | None:
    """Note the present moment; what to doubt about it. Asked by everything that writes."""
    at = to_microseconds(now)
    kept = _read(connection, tenant)
    if at - kept.newest > _microseconds(WIDEST_GAP):
        before = kept.newest if kept.doubted_since is None else kept.before
        after = _Kept(newest=at, before=before, doubted_since=at)
    elif kept.doubted_since is not None and not 0 <= at - kept.doubted_since < _microseconds(RUNNING):
        after = _Kept(newest=at)  # put right, or it has run for long enough
    else:
        after = msgspec.structs.replace(kept, newest=at)
    if after != kept:
        _keep(connection, tenant, after)
    return _doubt(after)


def doubt(connection: Connection, tenant: str) -> Doubt | None:
    """What is doubted now."""
    return _doubt(_read(connection, tenant))


def believe(connection: Connection, tenant: str) -> None:
    """Somebody says that the clock is right."""
    _keep(connection, tenant, _Kept(newest=_read(connection, tenant).newest))


def _read(connection: Connection, tenant: str) -> _Kept:
    text = tenants.setting(connection, tenant, _NAME)
    if text is None:  # nothing was written yet but the tenant itself
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
