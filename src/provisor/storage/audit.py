"""The audit log: who did what to what, when, from where, and who was refused it. Written with the deed itself.

Details are a JSON object without secrets; who calls leaves them out. Order: the event, writing, finding.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec

from provisor.database import Connection, Row
from provisor.database.identifiers import new_id
from provisor.scim.values import Json
from provisor.storage.authors import Author
from provisor.storage.times import to_microseconds

AuditResult = Literal["success", "failure"]

_AUTHOR = "actor, actor_id, actor_kind, address, correlation, through"
_COLUMNS = f"id, at, activity, target, detail, result, {_AUTHOR}"
# By which column the index is entered where several are asked for: the rarer first.
_ENTRIES = ("target", "activity", "actor_id", "actor")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """One action; `at` is UTC microseconds."""

    id: str
    at: int
    author: Author
    activity: str
    target: str
    detail: dict[str, Json]
    result: AuditResult

    @property
    def actor(self) -> str:
        """The name of who did it."""
        return self.author.name


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery:
    """Which events to show; what is None does not narrow. `actor` is a name, `actor_id` an id. Times are UTC
    microseconds.
    """

    tenant: str
    actor: str | None = None
    actor_id: str | None = None
    activity: str | None = None
    target: str | None = None
    result: AuditResult | None = None
    since: int | None = None
    until: int | None = None


def record(
    connection: Connection,
    *,
    tenant: str,
    author: Author,
    activity: str,
    target: str,
    now: datetime,
    detail: Mapping[str, Json] | None = None,
    result: AuditResult = "success",
) -> None:
    """Write one event."""
    said = msgspec.json.encode(detail or {}).decode()
    connection.execute(
        f"INSERT INTO audit_event (tenant, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(tenant, new_id(), to_microseconds(now), activity, target, said, result),
            *(author.name, author.id, author.kind, author.address, author.correlation, author.through),
        ),
    )


def knows_author(connection: Connection, tenant: str, author_id: str) -> bool:
    """Whether anybody with this id has ever done anything."""
    found = connection.one(
        "SELECT 1 FROM audit_event WHERE tenant = ? AND actor_id = ? LIMIT 1",
        (tenant, author_id),
    )
    return found is not None


def count(connection: Connection, tenant: str, *, activity: str, target: str, since: datetime, until: datetime) -> int:
    """How often this was done to it within these moments; meant for the last seconds."""
    row = connection.one(
        """SELECT count(*) FROM audit_event WHERE tenant = ? AND at > ? AND at <= ? AND activity = ? AND target = ?""",
        (tenant, to_microseconds(since), to_microseconds(until), activity, target),
    )
    return int(row[0]) if row else 0


def newest(connection: Connection, tenant: str, *, limit: int = 100) -> list[AuditEvent]:
    """The newest events, newest first."""
    return find(connection, AuditQuery(tenant=tenant), limit=limit)


def find(connection: Connection, query: AuditQuery, *, limit: int, before: str | None = None) -> list[AuditEvent]:
    """Events that fit, newest first; `before` is the id of the last one seen, or LookupError when there is none."""
    conditions, values = _conditions(query)
    if before is not None:
        last = connection.one("SELECT at FROM audit_event WHERE tenant = ? AND id = ?", (query.tenant, before))
        if last is None:
            raise LookupError(before)
        conditions += " AND (at, id) < (?, ?)"
        values += [last[0], before]
    rows = connection.all(
        f"SELECT {_COLUMNS} FROM audit_event WHERE tenant = ?{conditions} ORDER BY at DESC, id DESC LIMIT ?",
        (query.tenant, *values, limit),
    )
    return [_event(row) for row in rows]


def by_ids(connection: Connection, ids: Sequence[str]) -> list[AuditEvent]:
    """The events with these ids, in their order; without those that were removed meanwhile. At most 1,000."""
    rows = connection.all(f"SELECT {_COLUMNS} FROM audit_event WHERE id IN ({','.join('?' * len(ids))})", tuple(ids))
    found = {str(row[0]): row for row in rows}
    return [_event(found[one]) for one in ids if one in found]


def _event(row: Row) -> AuditEvent:
    return AuditEvent(
        id=row[0],
        at=row[1],
        activity=row[2],
        target=row[3],
        detail=msgspec.json.decode(row[4]),
        result=row[5],
        author=Author(name=row[6], id=row[7], kind=row[8], address=row[9], correlation=row[10], through=row[11]),
    )


def _conditions(query: AuditQuery) -> tuple[str, list[object]]:
    """What narrows, so that one index answers it in order: other columns are spoiled for SQLite's choice."""
    conditions, values, entered = "", list[object](), False
    for name in _ENTRIES:
        value = getattr(query, name)
        if value is not None:
            conditions += f" AND coalesce({name}, '') = ?" if entered else f" AND {name} = ?"
            values.append(value)
            entered = True
    if query.result == "failure":
        conditions += " AND coalesce(result, '') <> 'success'" if entered else " AND result <> 'success'"
    elif query.result == "success":
        conditions += " AND coalesce(result, '') = 'success'"
    for sign, moment in ((">=", query.since), ("<", query.until)):
        if moment is not None:
            conditions += f" AND at {sign} ?"
            values.append(moment)
    return conditions, values
