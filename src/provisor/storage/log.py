"""The provisioning log: what was done to whom, in the words of spec/provisioning-service.md section 17.

Rows are only ever added here, and hold facts (engine.facts); the document, Graph's provisioningObjectSummary with the
exchange beside it, is written from them when read. Events come in the order of their ids, which are made in time order.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from provisor.database import Connection, Row
from provisor.engine.facts import decode, tell
from provisor.engine.log_event import EventFrame, Systems
from provisor.gallery import template
from provisor.scim.schemas import GROUP_URN, USER_URN
from provisor.scim.values import Json
from provisor.storage.times import from_microseconds

# id, tenant, job, cycle, day, at, action, status, code, source_id, name, target_id, document
LogRow = tuple[str, str, str, str, int, int, str, str, str | None, str | None, str | None, str | None, str | bytes]

_APPEND = """INSERT INTO log_event (id, tenant, job, cycle, day, at, action, status, code, source_id, name, target_id,
    document) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"""
_COLUMNS = "id, job, cycle, at, action, status, code, source_id, name, target_id, document, tenant"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEvent:
    """One line of the log; `document` is the whole event."""

    id: str
    job: str
    cycle: str
    at: int
    action: str
    status: str
    code: str | None
    source_id: str | None
    name: str | None
    target_id: str | None
    document: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogQuery:
    """Which events to show; what is None does not narrow. `identity` is a name, a source id or a target id."""

    tenant: str
    job: str | None = None
    cycle: str | None = None
    action: str | None = None
    status: str | None = None
    code: str | None = None
    identity: str | None = None
    since: int | None = None
    until: int | None = None


def append(connection: Connection, rows: Iterable[LogRow]) -> None:
    """Add events."""
    connection.many(_APPEND, rows)


def find(
    connection: Connection, query: LogQuery, *, limit: int, before: str | None = None, oldest_first: bool = False
) -> list[LoggedEvent]:
    """Events that fit, newest first; `before` is the id of the last one seen (`oldest_first` turns both round)."""
    conditions: list[str] = ["tenant = ?"]
    values: list[object] = [query.tenant]
    for column in ("job", "cycle", "action", "status", "code"):
        value = getattr(query, column)
        if value is not None:
            conditions.append(f"{column} = ?")
            values.append(value)
    if query.identity is not None:
        conditions.append("(source_id = ? OR target_id = ? OR name = ?)")
        values += [query.identity] * 3
    for sign, moment in ((">=", query.since), ("<", query.until)):
        if moment is not None:
            conditions.append(f"at {sign} ?")
            values.append(moment)
    if before is not None:
        conditions.append("id > ?" if oldest_first else "id < ?")
        values.append(before)
    statement = f"""SELECT {_COLUMNS} FROM log_event WHERE {" AND ".join(conditions)}
        ORDER BY id {"ASC" if oldest_first else "DESC"} LIMIT ?"""
    return _told(connection, connection.all(statement, (*values, limit)))


def read(connection: Connection, tenant: str, event: str) -> LoggedEvent | None:
    """One event by its id."""
    row = connection.one(f"SELECT {_COLUMNS} FROM log_event WHERE tenant = ? AND id = ?", (tenant, event))
    return _told(connection, [row])[0] if row else None


def stream(connection: Connection, query: LogQuery, page: int = 200) -> Iterator[LoggedEvent]:
    """Every event that fits, oldest first."""
    last: str | None = None
    while True:
        events = find(connection, query, limit=page, before=last, oldest_first=True)
        yield from events
        if len(events) < page:
            return
        last = events[-1].id


def _told(connection: Connection, rows: Sequence[Row]) -> list[LoggedEvent]:
    """Events with their documents; what a cycle's events have in common is looked up once."""
    frames: dict[tuple[str, str], EventFrame] = {}
    events: list[LoggedEvent] = []
    for row in rows:
        key, job, cycle, at, action, status, code, source_id, name, target_id, facts, tenant = row
        frame = frames.get((job, cycle))
        if frame is None:
            frame = frames[job, cycle] = _frame(connection, tenant, job, cycle)
        document = tell(
            decode(facts),
            frame,
            id=key,
            at=from_microseconds(at).isoformat(),
            object_id=source_id or "",
            name=name or "",
            action=action,
            status=status,
            target_id=target_id,
        )
        events.append(
            LoggedEvent(
                id=key,
                job=job,
                cycle=cycle,
                at=at,
                action=action,
                status=status,
                code=code,
                source_id=source_id,
                name=name,
                target_id=target_id,
                document=document,
            )
        )
    return events


def _frame(connection: Connection, tenant: str, job: str, cycle: str) -> EventFrame:
    row = connection.one(
        """SELECT a.id, a.display_name, j.template FROM job j JOIN application a ON a.id = j.application
        WHERE j.id = ?""",
        (job,),
    ) or connection.one("SELECT application, application_name, template FROM deleted_job WHERE id = ?", (job,))
    application, display_name, name = row or ("", "", "")
    found = template(name)
    return EventFrame(
        Systems(
            tenant=tenant,
            job=job,
            cycle=cycle,
            application=application,
            application_name=display_name,
            user_urn=USER_URN if found is None else found.user_type.schema.id,
            group_urn=GROUP_URN if found is None else found.group_type.schema.id,
        )
    )
