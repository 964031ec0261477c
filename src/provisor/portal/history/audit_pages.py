"""The audit log: who changed what, and who was refused it."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from provisor.admin.audits import AuditEvent, AuditResult
from provisor.admin.errors import AdminError
from provisor.admin.logs import harmless
from provisor.portal.errors import said
from provisor.portal.history.filters import RANGES, Narrowing, audit_narrowing
from provisor.portal.visits import PortalVisit
from provisor.web.answers import Download, PageAnswer, TemplatePage, not_here

AUDIT: Final = "/audit-logs"
PAGE: Final = 50
_AT_ONCE: Final = 500
_RESULTS: Final[Mapping[str, AuditResult]] = {"success": "success", "failure": "failure"}
_COLUMNS: Final = ("id", "time", "activity", "result", "by", "by id", "kind", "through", "address", "target", "detail")


def show(visit: PortalVisit) -> PageAnswer:
    """Newest first."""
    activities = visit.admin.audits.activities(visit.actor)
    narrowing = audit_narrowing(visit.query, visit.admin.now())
    before = visit.query.get("before") or None
    events: Sequence[AuditEvent] = ()
    problem = ""
    if not narrowing.wrong:
        try:
            events = _page(visit, narrowing, before, PAGE + 1)
        except AdminError as error:
            problem = said(error)
    values = {
        "narrowing": narrowing,
        "typed": narrowing.typed,
        "wrong": {"since": "", "until": ""} | dict(narrowing.wrong),
        "problem": problem,
        "events": events[:PAGE],
        "before": before,
        "first": narrowing.address(AUDIT),
        "later": narrowing.address(AUDIT, before=events[PAGE - 1].id) if len(events) > PAGE else "",
        "ranges": [("", "Any time"), *((name, words) for name, (words, _) in RANGES.items() if name != "all")],
        "activities": [("", "Any"), *((one, one) for one in activities)],
        "results": [("", "Any"), ("success", "Success"), ("failure", "Failure")],
    }
    status = 400 if problem or narrowing.wrong else 200
    return TemplatePage(template="history/audit.html", title="Audit logs", values=values, status=status)


def _page(visit: PortalVisit, narrowing: Narrowing, before: str | None, limit: int) -> Sequence[AuditEvent]:
    typed = narrowing.typed
    return visit.admin.audits.page(
        visit.actor,
        by=typed["by"] or None,
        activity=typed["activity"] or None,
        target=typed["about"] or None,
        result=_RESULTS.get(typed["result"]),
        since=narrowing.since,
        until=narrowing.until,
        before=before,
        limit=limit,
    )


def detail(visit: PortalVisit) -> PageAnswer:
    """One event, with old and new values where they are no secrets."""
    event = visit.admin.audits.show(visit.actor, visit.names["event"])
    values = {"event": event, "detail": json.dumps(event.detail, ensure_ascii=False, indent=2) if event.detail else ""}
    return TemplatePage(template="history/audit_event.html", title=event.activity, values=values)


def download(visit: PortalVisit) -> PageAnswer:
    """What fits, newest first, as CSV or JSON."""
    if visit.names["kind"] not in ("json", "csv"):
        return not_here(f"A download as {visit.names['kind']}")
    narrowing = audit_narrowing(visit.query, visit.admin.now())
    first = _page(visit, narrowing, None, 1)  # refused here, if at all
    events = _all(visit, narrowing) if first else iter(())
    day = f"{visit.admin.now():%Y-%m-%d}"
    if visit.names["kind"] == "json":
        return Download(name=f"AuditLogs-{day}.json", media_type="application/json", parts=_as_json(events))
    return Download(name=f"AuditLogs-{day}.csv", media_type="text/csv", parts=_as_csv(events))


def _all(visit: PortalVisit, narrowing: Narrowing) -> Iterator[AuditEvent]:
    before = None
    while page := _page(visit, narrowing, before, _AT_ONCE):
        yield from page
        before = page[-1].id


def _as_json(events: Iterator[AuditEvent]) -> Iterator[bytes]:
    number = 0
    for number, event in enumerate(events, 1):
        told = dict(zip(_COLUMNS, _row(event), strict=True)) | {"detail": event.detail}
        yield ("[" if number == 1 else ",").encode() + json.dumps(told, ensure_ascii=False).encode()
    yield b"]" if number else b"[]"


def _as_csv(events: Iterator[AuditEvent]) -> Iterator[bytes]:
    yield _line(_COLUMNS)
    for event in events:
        yield _line([harmless(cell) for cell in _row(event)])


def _line(cells: Sequence[str]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerow(cells)
    return text.getvalue().encode("utf-8", "backslashreplace")


def _row(event: AuditEvent) -> tuple[str, ...]:
    author = event.author
    return (
        event.id,
        datetime.fromtimestamp(event.at / 1_000_000, UTC).isoformat(),
        event.activity,
        event.result,
        author.name,
        author.id,
        author.kind,
        author.through or "",
        author.address or "",
        event.target,
        json.dumps(event.detail, ensure_ascii=False) if event.detail else "",
    )
