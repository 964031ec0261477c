"""The provisioning log: what was done to whom, in the words of spec/provisioning-service.md section 17.

Rows are only added here, and hold facts (engine.log_event); the document, Graph's provisioningObjectSummary with
the exchange beside it, is written from them when read. Events come in the order of their times; those of one time in
that of their ids. A tail follows the order of commits instead, which no clock can turn round.

What filters go by (job, its names, action, status, code) makes some dozens of combinations, the facets; an index holds
the events of each in order, so that a filter looks at the newest few of every facet that fits and merges them. Whatever
is rare is found without passing over what is not. Order: rows and queries, adding, finding, all that fit, following.
"""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from provisor.database import Connection, Row
from provisor.engine.log_event import LoggedAction, Sent, Status, Written, decode
from provisor.scim.values import Json
from provisor.storage import exchanges, statistics
from provisor.storage.log_facets import Facet, Frames, fitting, frame_now, number_of
from provisor.storage.statistics import MICROSECONDS_A_DAY, LoggedKind, StatisticKey
from provisor.storage.times import from_microseconds

_APPEND = """INSERT INTO log_event (id, tenant, job, cycle, at, action, status, code, source_id, name, target_id,
    document, day, facet) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)"""
_AT_ONCE = 500  # ids in one statement
_STORED = 12  # values of a row that are columns of the event
_COLUMNS = "id, job, cycle, at, action, status, code, source_id, name, target_id, document, facet"

_Place = tuple[str, tuple[object, ...]]
_Key = tuple[int, str]


class LogRow(NamedTuple):
    """An event as it is stored. `at` in microseconds; `facts` as engine.log_event encodes them; without a source id it
    is about the job. `kind` goes into statistics only.
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
    kind: LoggedKind = "user"
    exchange: str | None = None
    """The request and answer behind a failure, as JSON; kept apart, and for a time (storage.exchanges)."""


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
    """Which events to show; what is None does not narrow. `identity` is a name, a source id or a target id.

    `application` and `target_system` are an id or a name of those days, `source_system` likewise; `change` is one
    event's change id. `jobs`: of no others than these.
    """

    tenant: str
    job: int | None = None
    jobs: frozenset[int] | None = None
    cycle: str | None = None
    change: str | None = None
    action: str | None = None
    status: str | None = None
    code: str | None = None
    identity: str | None = None
    application: str | None = None
    source_system: str | None = None
    target_system: str | None = None
    since: int | None = None
    until: int | None = None


def append(connection: Connection, rows: Iterable[LogRow]) -> None:
    """Add events."""
    events = list(rows)
    frames: dict[tuple[str, int, str], int] = {}
    numbers: dict[Facet, int] = {}
    values: list[tuple[object, ...]] = []
    for event in events:
        shared = (event.tenant, event.job, event.cycle)
        if shared not in frames:
            frames[shared] = frame_now(connection, *shared)
        facet = Facet(event.tenant, event.job, frames[shared], event.action, event.status, event.code or "")
        if facet not in numbers:
            numbers[facet] = number_of(connection, facet)
        values.append((*event[:_STORED], event.at // MICROSECONDS_A_DAY, numbers[facet]))
    connection.many(_APPEND, values)
    statistics.add(
        connection,
        Counter(
            StatisticKey(one.job, one.at // MICROSECONDS_A_DAY, one.kind, one.action, one.status, one.code or "")
            for one in events
        ),
    )
    exchanges.keep(connection, [(one.id, one.job, one.at, one.exchange) for one in events if one.exchange is not None])


def find(
    connection: Connection, query: LogQuery, *, limit: int, before: str | None = None, oldest_first: bool = False
) -> list[LoggedEvent]:
    """Events that fit, newest first; `before` is the id of the last one seen (`oldest_first` turns both round).

    Raises LookupError when there is no event with that id.
    """
    order = "ASC" if oldest_first else "DESC"
    interval, bounds = _interval(query)
    if before is not None:
        last = connection.one("SELECT at FROM log_event WHERE tenant = ? AND id = ?", (query.tenant, before))
        if last is None:
            raise LookupError(before)
        interval += f" AND (at, id) {'>' if oldest_first else '<'} (?, ?)"
        bounds += [last[0], before]
    found: set[_Key] = set()
    for condition, values in _places(connection, query):
        rows = connection.all(
            f"""SELECT at, id FROM log_event WHERE {condition} {interval} ORDER BY at {order}, id {order} LIMIT ?""",
            (*values, *bounds, limit),
        )
        found.update((row[0], row[1]) for row in rows)
    ids = [key for _, key in sorted(found, reverse=not oldest_first)[:limit]]
    return told(connection, ids, Frames(connection))


def read(connection: Connection, tenant: str, event: str) -> LoggedEvent | None:
    """One event by its id."""
    if connection.one("SELECT 1 FROM log_event WHERE tenant = ? AND id = ?", (tenant, event)) is None:
        return None
    return next(iter(told(connection, [event], Frames(connection))), None)


def stream(connection: Connection, query: LogQuery, page: int = _AT_ONCE) -> Iterator[LoggedEvent]:
    """Every event that fits, oldest first; each index entry is read once, and no more than some pages are held."""
    interval, bounds = _interval(query)
    places = list(_places(connection, query))
    keys = _once(heapq.merge(*(_keys(connection, place, interval, bounds, page) for place in places)))
    frames = Frames(connection)
    while ids := [key for _, key in islice(keys, page)]:
        yield from told(connection, ids, frames)


def newest_number(connection: Connection) -> int:
    """The number of the event that was written last; 0 without any."""
    row = connection.one("SELECT max(number) FROM log_event")
    return int(row[0] or 0) if row else 0


def follow(connection: Connection, query: LogQuery, after: int, limit: int = _AT_ONCE) -> tuple[list[LoggedEvent], int]:
    """Of the next `limit` events that were written after number `after`, those that fit; and the last number looked at.

    Call again with that number: when it stays the same there is nothing new.
    """
    rows = connection.all(
        """SELECT number, id, facet, cycle, at, source_id, name, target_id FROM log_event WHERE number > ?
        ORDER BY number LIMIT ?""",
        (after, limit),
    )
    facets = set(_facets(connection, query))  # only now: an event may have come with a facet of its own meanwhile
    fits = [
        str(key)
        for _, key, facet, cycle, at, *who in rows
        if facet in facets
        and query.cycle in (None, cycle)
        and query.change in (None, key)
        and (query.identity is None or query.identity in who)
        and (query.since is None or at >= query.since)
        and (query.until is None or at < query.until)
    ]
    return told(connection, fits, Frames(connection)), int(rows[-1][0]) if rows else after


def _places(connection: Connection, query: LogQuery) -> Iterator[_Place]:
    """Conditions, each of which one index answers; together they are those that fit.

    The events of a facet are in order there; those of one person are few, and put in order when they are read.
    """
    facets = _facets(connection, query)
    if (query.identity is None and query.change is None) or not facets:
        for facet in facets:
            yield ("facet = ?", (facet,)) if query.cycle is None else ("cycle = ? AND facet = ?", (query.cycle, facet))
        return
    # Obscured on purpose: with a plain column SQLite might go through its many events instead of the person's few.
    narrow = f"coalesce(facet, 0) IN ({','.join('?' * len(facets))})"
    values: tuple[object, ...] = tuple(facets)
    if query.cycle is not None:
        narrow, values = f"{narrow} AND coalesce(cycle, '') = ?", (*values, query.cycle)
    if query.change is not None:
        if query.identity is not None:
            narrow += " AND ? IN (coalesce(source_id, ''), coalesce(target_id, ''), coalesce(name, ''))"
            values = (*values, query.identity)
        yield f"id = ? AND {narrow}", (query.change, *values)
        return
    for column in ("source_id", "target_id", "name"):
        yield f"{column} = ? AND {narrow}", (query.identity, *values)


def _facets(connection: Connection, query: LogQuery) -> list[int]:
    """The combinations that fit."""
    columns = {"job": query.job, "action": query.action, "status": query.status, "code": query.code}
    systems = [system for system in (query.application, query.target_system) if system is not None]
    return fitting(connection, query.tenant, columns, systems=systems, source=query.source_system, jobs=query.jobs)


def _interval(query: LogQuery) -> tuple[str, list[object]]:
    """From when to when, as a condition and its values."""
    conditions, bounds = "", list[object]()
    for sign, moment in ((">=", query.since), ("<", query.until)):
        if moment is not None:
            conditions += f" AND at {sign} ?"
            bounds.append(moment)
    return conditions, bounds


def _keys(connection: Connection, place: _Place, interval: str, bounds: Sequence[object], page: int) -> Iterator[_Key]:
    """What one index holds of the events that fit, oldest first."""
    condition, values = place
    statement = f"SELECT at, id FROM log_event WHERE {condition} {interval}"
    last: tuple[object, ...] = ()
    while True:
        on = " AND (at, id) > (?, ?)" if last else ""
        rows = connection.all(f"{statement}{on} ORDER BY at, id LIMIT ?", (*values, *bounds, *last, page))
        yield from ((row[0], row[1]) for row in rows)
        if len(rows) < page:
            return
        last = tuple(rows[-1])


def _once(keys: Iterable[_Key]) -> Iterator[_Key]:
    """Each of these sorted keys once: one event may be somebody's by name and by id."""
    last: _Key | None = None
    for key in keys:
        if key != last:
            yield key
        last = key


def told(connection: Connection, ids: Sequence[str], frames: Frames) -> list[LoggedEvent]:
    """The events with these ids, in their order, with their documents; without those that were removed meanwhile."""
    events: list[LoggedEvent] = []
    for start in range(0, len(ids), _AT_ONCE):
        asked = ids[start : start + _AT_ONCE]
        marks = ",".join("?" * len(asked))
        rows = connection.all(f"SELECT {_COLUMNS} FROM log_event WHERE id IN ({marks})", tuple(asked))
        by_id = {row[0]: row for row in rows}
        kept = exchanges.of_events(connection, [row[0] for row in rows if row[5] == "failure"])
        events += [_event(by_id[key], frames, kept.get(key)) for key in asked if key in by_id]
    return events


def _event(row: Row, frames: Frames, exchange: Sent | None) -> LoggedEvent:
    key, job, cycle, at, action, status, code, source_id, name, target_id, facts, facet = row
    said = decode(facts)
    if exchange is not None:
        said.sent = exchange
    written = Written(key, from_microseconds(at).isoformat(), action, status, source_id or "", name or "", target_id)
    return LoggedEvent(
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
        document=frames.of(facet, cycle).document(written, said),
    )
