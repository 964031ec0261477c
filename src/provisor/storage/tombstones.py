"""Purged objects and removed memberships and assignments: kept for those who have not heard of them, then removed.

Jobs hear of them by change numbers, readers of delta links (storage.delta) within seven days. What was removed here is
written down as a change number, so that a link from before it is told to begin anew instead of missing a removal,
whatever a clock did.
"""

from datetime import datetime, timedelta
from typing import Final

from provisor.database import Connection
from provisor.storage.times import to_microseconds

KEPT: Final = timedelta(days=8)  # the seven days of a delta link, and one for clocks that were set
_TIMES: Final = {"member": "removed_at", "assignment": "removed_at", "object": "purged_at"}
# CROSS JOIN keeps the order: from the jobs to their row of this object, never through all rows.
_UNTIED: Final = """NOT EXISTS (SELECT 1 FROM job j CROSS JOIN link l
            WHERE j.tenant = object.tenant AND l.job = j.number AND l.object = object.id)
        AND NOT EXISTS (SELECT 1 FROM job j CROSS JOIN operation p
            WHERE j.tenant = object.tenant AND p.job = j.number AND p.stage IN (1, 2) AND p.object = object.id)
        AND NOT EXISTS (SELECT 1 FROM job j CROSS JOIN escrow e
            WHERE j.tenant = object.tenant AND e.job = j.number AND e.object = object.id)
        AND NOT EXISTS (SELECT 1 FROM job j CROSS JOIN had_link h
            WHERE j.tenant = object.tenant AND h.job = j.number AND h.object = object.id)
        AND NOT EXISTS (SELECT 1 FROM job j CROSS JOIN unknown_create u
            WHERE j.tenant = object.tenant AND u.job = j.number AND u.object = object.id)"""


def clean(connection: Connection, tenant: str, passed_change: int, *, now: datetime) -> int:
    """Remove tombstones of 8 days that every job has passed (jobs.lowest_watermark); returns how many rows went.

    A purged object stays while a job still has a link, an operation, an entry in escrow or an unknown outcome for it,
    or has forgotten a link: its deletion there may be due yet.
    """
    removed, highest = 0, 0
    before = to_microseconds(now - KEPT)
    for table, at in _TIMES.items():
        # `+ 0`, or SQLite would go through the index of all changes: everything there is, to find the few that went.
        due = f"tenant = ? AND {at} IS NOT NULL AND {at} < ? AND change + 0 <= ?"
        values = (tenant, before, passed_change)
        untied = f" AND {_UNTIED}" if table == "object" else ""
        row = connection.one(f"SELECT max(change + 0) FROM {table} WHERE {due}", values)
        if row is not None and row[0] is not None:
            highest = max(highest, int(row[0]))
            removed += connection.execute(f"DELETE FROM {table} WHERE {due}{untied}", values).rowcount
    if removed:
        connection.execute("UPDATE feed SET cleaned = ? WHERE tenant = ? AND cleaned < ?", (highest, tenant, highest))
    return removed


def cleaned(connection: Connection, tenant: str) -> int:
    """The highest change number of which a tombstone may have been removed: what is known since then is whole."""
    row = connection.one("SELECT cleaned FROM feed WHERE tenant = ?", (tenant,))
    return int(row[0]) if row else 0
