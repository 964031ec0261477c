"""The provisioning log: what was done to whom, in the words of spec/provisioning-service.md section 17.

Rows are only ever added here, and hold facts (engine.log_event); the document, Graph's provisioningObjectSummary with
the exchange beside it, is written from them when read. Events come in the order of their times; those of one time in
that of their ids.

What filters go by (job, action, status, code) makes some dozens of combinations, the facets; an index holds the events
of each in order, so that a filter looks at the newest few of every facet that fits and merges them. Whatever is rare is
found without passing over what is not.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from provisor.database import Connection, Row
from provisor.engine.log_event import EventFrame, LoggedAction, Status, Systems, Written, decode
from provisor.gallery import template
from provisor.scim.schemas.resource_types import GROUP_URN, USER_URN
from provisor.scim.values import Json
from provisor.storage.times import from_microseconds

Facet = tuple[str, int, str, str, str]  # tenant, job, action, status, code (empty: none)

_APPEND = """INSERT INTO log_event (id, tenant, job, cycle, at, action, status, code, source_id, name, target_id,
    document, day, facet) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)"""
_AT_ONCE = 500  # ids in one statement
_MICROSECONDS_A_DAY = 86_400_000_000
_COLUMNS = "id, job, cycle, at, action, status, code, source_id, name, target_id, document, tenant"


class LogRow(NamedTuple):
    """An event as it is stored. `at` in microseconds; `facts` as engine.log_event encodes them; without a source id it
    is about the job.
    """

    id: str
    tenant: str
    job: int
    cycle: str
    at: int
    action: LoggedAction
    status: Status
    code: str | None
    source_id: str | None
    name: str
    target_id: str | None
    facts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEvent:
    """One line of the log; `document` is the whole event."""

    id: str
    job: int
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
    job: int | None = None
    cycle: str | None = None
    action: str | None = None
    status: str | None = None
    code: str | None = None
    identity: str | None = None
    since: int | None = None
    until: int | None = None


def append(connection: Connection, rows: Iterable[LogRow]) -> None:
    """Add events."""
    events = list(rows)
    facets = {facet: _facet(connection, facet) for facet in {_facet_of(event) for event in events}}
    connection.many(_APPEND, ((*event, event.at // _MICROSECONDS_A_DAY, facets[_facet_of(event)]) for event in events))


def find(
    connection: Connection, query: LogQuery, *, limit: int, before: str | None = None, oldest_first: bool = False
) -> list[LoggedEvent]:
    """Events that fit, newest first; `before` is the id of the last one seen (`oldest_first` turns both round).

    Raises LookupError when there is no event with that id.
    """
    order = "ASC" if oldest_first else "DESC"
    interval, bounds = _interval(connection, query, before, oldest_first)
    found: set[tuple[int, str]] = set()
    for condition, values in _places(connection, query):
        rows = connection.all(
            f"""SELECT at, id FROM log_event WHERE {condition} {interval} ORDER BY at {order}, id {order} LIMIT ?""",
            (*values, *bounds, limit),
        )
        found.update((row[0], row[1]) for row in rows)
    ids = [key for _, key in sorted(found, reverse=not oldest_first)[:limit]]
    return _told(
        connection,
        [row for start in range(0, len(ids), _AT_ONCE) for row in _rows(connection, ids[start : start + _AT_ONCE])],
    )


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


def _facet_of(event: LogRow) -> Facet:
    return event.tenant, event.job, event.action, event.status, event.code or ""


def _facet(connection: Connection, facet: Facet) -> int:
    """The number of a combination, given out when it is met for the first time."""
    row = connection.one(
        "SELECT id FROM log_facet WHERE tenant = ? AND job = ? AND action = ? AND status = ? AND code = ?", facet
    ) or connection.one(
        """INSERT INTO log_facet (id, tenant, job, action, status, code)
        SELECT coalesce(max(id), 0) + 1, ?, ?, ?, ?, ? FROM log_facet RETURNING id""",
        facet,
    )
    return int(row[0]) if row else 0


def _places(connection: Connection, query: LogQuery) -> Iterator[tuple[str, tuple[object, ...]]]:
    """Conditions, each of which one index answers; together they are those that fit.

    The events of a facet are in order there; those of one person are few, and put in order when they are read.
    """
    facets = _facets(connection, query)
    if query.identity is None or not facets:
        for facet in facets:
            yield ("facet = ?", (facet,)) if query.cycle is None else ("cycle = ? AND facet = ?", (query.cycle, facet))
        return
    # Spoiled on purpose: by a plain column SQLite could think to go through its many events, instead of the person's.
    narrow = f"coalesce(facet, 0) IN ({','.join('?' * len(facets))})"
    values: tuple[object, ...] = tuple(facets)
    if query.cycle is not None:
        narrow, values = f"{narrow} AND coalesce(cycle, '') = ?", (*values, query.cycle)
    for column in ("source_id", "target_id", "name"):
        yield f"{column} = ? AND {narrow}", (query.identity, *values)


def _facets(connection: Connection, query: LogQuery) -> list[int]:
    """The combinations that fit."""
    asked = [(name, getattr(query, name)) for name in ("job", "action", "status", "code")]
    given = [(name, value) for name, value in asked if value is not None]
    conditions = "".join(f" AND {name} = ?" for name, _ in given)
    rows = connection.all(
        f"SELECT id FROM log_facet WHERE tenant = ?{conditions}", (query.tenant, *(value for _, value in given))
    )
    return [int(row[0]) for row in rows]


def _interval(
    connection: Connection, query: LogQuery, before: str | None, oldest_first: bool
) -> tuple[str, list[object]]:
    """From when to when, as a condition and its values."""
    conditions, bounds = "", list[object]()
    for sign, moment in ((">=", query.since), ("<", query.until)):
        if moment is not None:
            conditions += f" AND at {sign} ?"
            bounds.append(moment)
    if before is not None:
        last = connection.one("SELECT at FROM log_event WHERE tenant = ? AND id = ?", (query.tenant, before))
        if last is None:
            raise LookupError(before)
        conditions += f" AND (at, id) {'>' if oldest_first else '<'} (?, ?)"
        bounds += [last[0], before]
    return conditions, bounds


def _rows(connection: Connection, ids: Sequence[str]) -> list[Row]:
    """The events with these ids, in their order."""
    rows = connection.all(f"SELECT {_COLUMNS} FROM log_event WHERE id IN ({','.join('?' * len(ids))})", tuple(ids))
    by_id = {row[0]: row for row in rows}
    return [by_id[key] for key in ids]


def _told(connection: Connection, rows: Sequence[Row]) -> list[LoggedEvent]:
    """Events with their documents; what a cycle's events have in common is looked up once."""
    frames: dict[tuple[int, str], EventFrame] = {}
    events: list[LoggedEvent] = []
    for row in rows:
        key, job, cycle, at, action, status, code, source_id, name, target_id, facts, tenant = row
        frame = frames.get((job, cycle))
        if frame is None:
            frame = frames[job, cycle] = _frame(connection, tenant, job, cycle)
        written = Written(
            key, from_microseconds(at).isoformat(), action, status, source_id or "", name or "", target_id
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
                document=frame.document(written, decode(facts)),
            )
        )
    return events


def _frame(connection: Connection, tenant: str, job: int, cycle: str) -> EventFrame:
    row = connection.one(
        """SELECT j.id, a.id, a.display_name, j.template FROM job j JOIN application a ON a.id = j.application
        WHERE j.number = ?""",
        (job,),
    ) or connection.one("SELECT id, application, application_name, template FROM deleted_job WHERE number = ?", (job,))
    job_id, application, display_name, name = row or ("", "", "", "")
    then = connection.one("SELECT application_name FROM cycle WHERE job = ? AND id = ?", (job, cycle))
    if then is not None and then[0]:
        display_name = then[0]  # an event is what it was
    found = template(name)
    return EventFrame(
        Systems(
            tenant=tenant,
            job=job_id,
            cycle=cycle,
            application=application,
            application_name=display_name,
            user_urn=USER_URN if found is None else found.user_type.schema.id,
            group_urn=GROUP_URN if found is None else found.group_type.schema.id,
        )
    )
