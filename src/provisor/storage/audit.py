"""The audit log: who did what to what, and when. Written in the transaction of the deed itself.

Details are a JSON object without secrets; who calls leaves them out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from provisor.database import Connection
from provisor.database.identifiers import new_id
from provisor.scim.values import Json
from provisor.storage.times import to_microseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """One deed; `at` is UTC microseconds."""

    id: str
    at: int
    actor: str
    activity: str
    target: str
    detail: dict[str, Json]


def record(
    connection: Connection,
    *,
    tenant: str,
    actor: str,
    activity: str,
    target: str,
    now: datetime,
    detail: Mapping[str, Json] | None = None,
) -> None:
    """Write one event."""
    connection.execute(
        "INSERT INTO audit_event (id, tenant, at, actor, activity, target, detail) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (new_id(), tenant, to_microseconds(now), actor, activity, target, msgspec.json.encode(detail or {}).decode()),
    )


def newest(connection: Connection, tenant: str, *, limit: int = 100) -> list[AuditEvent]:
    """The newest events, newest first."""
    rows = connection.all(
        """SELECT id, at, actor, activity, target, detail FROM audit_event WHERE tenant = ?
        ORDER BY at DESC, id DESC LIMIT ?""",
        (tenant, limit),
    )
    return [
        AuditEvent(
            id=row[0], at=row[1], actor=row[2], activity=row[3], target=row[4], detail=msgspec.json.decode(row[5])
        )
        for row in rows
    ]
