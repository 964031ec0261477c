"""The request log as the inspector shows it: newest first, filtered, a page by number, one request with its bodies.

Reads only, and the setting that says how many bodies are kept.
"""

from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from provisor.database import Connection
from provisor.provider.store.tables import Tenant
from provisor.web.bodies import laid_out

PAGE_ROWS = 50
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
STATUSES = {"2": "2xx: done", "3": "3xx: not modified", "4": "4xx: refused", "5": "5xx: failed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Filters of the list; empty ones ask for nothing. `before` and `after` are numbers of requests."""

    method: str = ""
    status: str = ""
    text: str = ""
    token: str = ""
    before: int | None = None
    after: int | None = None


class RequestSeen(NamedTuple):
    """One request of the log, secrets masked."""

    number: int
    at: int
    method: str
    path: str
    query: str
    status: int
    duration: int
    token_id: str | None
    label: str | None
    kind: str | None
    object_id: str | None


class Bodies(NamedTuple):
    """What was sent and answered, as much of it as is kept."""

    sent_headers: str
    sent_body: str
    sent_size: int
    answered_headers: str
    answered_body: str
    answered_size: int
    detail: str | None = None  # the detail of an error message


class _Error(msgspec.Struct):
    detail: str


class Requests(NamedTuple):
    """A page of the list, and the numbers where the pages beside it begin."""

    rows: list[RequestSeen]
    newer: int | None
    older: int | None


_COLUMNS = (
    "SELECT l.number, l.at, l.method, l.path, l.query, l.status, l.duration, l.token_id, t.label, "
    "l.kind, l.object_id "
    "FROM request_log l LEFT JOIN token t ON t.id = l.token_id WHERE l.tenant = ?"
)


def list_requests(connection: Connection, tenant: Tenant, sought: Sought) -> Requests:
    """One page, newest first."""
    clause, values = _clause(sought)
    forwards = sought.after is not None
    found = [
        _request(row)
        for row in connection.all(
            f"{_COLUMNS}{clause} ORDER BY l.number {'ASC' if forwards else 'DESC'} LIMIT ?",
            (tenant.number, *values, PAGE_ROWS + 1),
        )
    ]
    more = len(found) > PAGE_ROWS
    rows = found[:PAGE_ROWS]
    if forwards:
        rows.reverse()
    newer = rows[0].number if rows and (more if forwards else sought.before is not None) else None
    older = rows[-1].number if rows and (forwards or more) else None
    return Requests(rows, newer, older)


def _clause(sought: Sought) -> tuple[str, list[object]]:
    clause, values = "", list[object]()
    if sought.method in METHODS:
        clause, values = clause + " AND l.method = ?", [*values, sought.method]
    if sought.status in STATUSES:
        low = int(sought.status) * 100
        clause, values = clause + " AND l.status >= ? AND l.status < ?", [*values, low, low + 100]
    if sought.token:
        clause, values = clause + " AND l.token_id = ?", [*values, sought.token]
    if sought.text:
        pattern = f"%{sought.text.replace('!', '!!').replace('%', '!%').replace('_', '!_')}%"
        clause += " AND (l.path LIKE ? ESCAPE '!' OR l.query LIKE ? ESCAPE '!' OR l.object_id = ?)"
        values += [pattern, pattern, sought.text]
    if sought.after is not None:
        clause, values = clause + " AND l.number > ?", [*values, sought.after]
    elif sought.before is not None:
        clause, values = clause + " AND l.number < ?", [*values, sought.before]
    return clause, values


def _request(row: tuple[object, ...]) -> RequestSeen:
    return RequestSeen(*row)  # type: ignore[arg-type]  # the columns of _COLUMNS, in its order


def read_request(connection: Connection, tenant: Tenant, number: int) -> tuple[RequestSeen, Bodies | None] | None:
    """One request, and its bodies when they are still kept; None when there is no such request any more."""
    row = connection.one(f"{_COLUMNS} AND l.number = ?", (tenant.number, number))
    if row is None:
        return None
    request = _request(row)
    kept = connection.one(
        "SELECT sent_headers, sent_body, sent_size, answered_headers, answered_body, answered_size FROM exchange "
        "WHERE tenant = ? AND at = ? AND duration = ?",
        (tenant.number, request.at, request.duration),
    )
    if kept is None:
        return request, None
    bodies = Bodies(*kept)
    return request, bodies._replace(
        sent_body=laid_out(bodies.sent_body),
        answered_body=laid_out(bodies.answered_body),
        detail=_detail(bodies.answered_body) if request.status >= 400 else None,
    )


def _detail(body: str) -> str | None:
    """The sentence of an error message."""
    try:
        return msgspec.json.decode(body, type=_Error).detail
    except (msgspec.DecodeError, RecursionError):
        return None
