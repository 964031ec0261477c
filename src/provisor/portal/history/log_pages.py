"""The provisioning log: the list with its filters, by itself moving where that is wanted, and its downloads."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

from provisor.admin.actor import APPLICATION_READ, LOG_READ
from provisor.admin.errors import AdminError
from provisor.admin.logs import CSV_TABLES, LoggedEvent
from provisor.portal.errors import said
from provisor.portal.history.filters import ACTIONS, RANGES, STATUSES, Narrowing, log_narrowing
from provisor.portal.visits import PortalVisit
from provisor.web.answers import Download, PageAnswer, TemplatePage, not_here
from provisor.web.live import LiveTopic

LOG: Final = "/provisioning-logs"
LIVE_LOG: Final = f"{LOG}/live"
PAGE: Final = 50
_PART: Final = 500  # events in one piece of a download


def show(visit: PortalVisit) -> PageAnswer:
    """Newest first."""
    narrowing = log_narrowing(visit.query, visit.admin.now())
    before = visit.query.get("before") or None
    events: Sequence[LoggedEvent] = ()
    problem = ""
    if not narrowing.wrong:
        try:
            events = _events(visit, narrowing, before)
        except AdminError as error:
            problem = said(error)
    later = narrowing.address(LOG, before=events[PAGE - 1].id) if len(events) > PAGE else ""
    live = "live" in visit.query and before is None and not (problem or narrowing.wrong)
    values = {
        "narrowing": narrowing,
        "typed": narrowing.typed,
        "wrong": {"since": "", "until": ""} | dict(narrowing.wrong),
        "problem": problem,
        "events": events[:PAGE],
        "before": before,
        "first": narrowing.address(LOG),
        "later": later,
        "live": live,
        "live_address": narrowing.address(LIVE_LOG) if live else "",
        "ranges": [("", "Any time"), *((name, words) for name, (words, _) in RANGES.items() if name != "all")],
        "statuses": [("", "Any"), *((one, one.capitalize()) for one in STATUSES)],
        "actions": [("", "Any"), *((one, _words(one)) for one in ACTIONS)],
        "applications": [("", "Any"), *_applications(visit)],
    }
    status = 400 if problem or narrowing.wrong else 200
    return TemplatePage(template="history/log.html", title="Provisioning logs", values=values, status=status)


def _events(visit: PortalVisit, narrowing: Narrowing, before: str | None) -> Sequence[LoggedEvent]:
    return visit.admin.logs.page(visit.actor, before=before, limit=PAGE + 1, **narrowing.of_log())


def _applications(visit: PortalVisit) -> list[tuple[str, str]]:
    if not visit.actor.may(APPLICATION_READ):
        return []
    return [(one.id, one.display_name) for one in visit.admin.service_principals.all(visit.actor)]


def _words(action: str) -> str:
    """Staged delete, for stagedDelete."""
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in action).capitalize()


def topic(visit: PortalVisit) -> LiveTopic:
    """The newest events that fit; one topic for all who may read the same and narrow it alike."""
    visit.actor.needs(LOG_READ)
    narrowing = log_narrowing(visit.query, visit.admin.now())
    readable = "all" if LOG_READ in visit.actor.permissions else ",".join(sorted(visit.actor.owned))

    def look() -> TemplatePage:
        events = _events(visit, log_narrowing(visit.query, visit.admin.now()), None)
        return TemplatePage(template="history/log_rows.html", title="", values={"events": events[:PAGE]})

    return LiveTopic(key=f"log {readable} {narrowing.query}", look=look)


# Downloads


def download(visit: PortalVisit) -> PageAnswer:
    """What fits, oldest first: as one JSON array, or as the three CSV files in an archive."""
    narrowing = log_narrowing(visit.query, visit.admin.now())
    events = visit.admin.logs.export(visit.actor, **narrowing.of_log())
    day = f"{visit.admin.now():%Y-%m-%d}"
    if visit.names["kind"] not in ("json", "csv"):
        return not_here(f"A download as {visit.names['kind']}")
    if visit.names["kind"] == "json":
        return Download(name=f"ProvisioningLogs-{day}.json", media_type="application/json", parts=_as_json(events))
    return Download(
        name=f"ProvisioningLogs-{day}.zip", media_type="application/zip", parts=_as_archive(visit, narrowing)
    )


def _as_json(events: Iterator[LoggedEvent]) -> Iterator[bytes]:
    """A compact array, an event at a time."""
    number = 0
    for number, event in enumerate(events, 1):
        yield ("[" if number == 1 else ",").encode() + json.dumps(event.document, ensure_ascii=False).encode()
    yield b"]" if number else b"[]"


class _Pieces(io.RawIOBase):
    """A file that is given away as it is written, and cannot be gone back in."""

    def __init__(self) -> None:
        super().__init__()
        self._kept = bytearray()

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: object) -> int:
        """Keep a piece until it is taken."""
        piece = bytes(data)  # type: ignore[call-overload]  # any buffer, as io says
        self._kept += piece
        return len(piece)

    def taken(self) -> bytes:
        """What was written since."""
        piece, self._kept = bytes(self._kept), bytearray()
        return piece


def _as_archive(visit: PortalVisit, narrowing: Narrowing) -> Iterator[bytes]:
    """The three files one after the other: the log is read three times, and never held."""
    pieces = _Pieces()
    filters = narrowing.of_log()
    # The same events in all three.
    filters["until"] = narrowing.until or visit.admin.now() + timedelta(microseconds=1)
    with zipfile.ZipFile(pieces, "w", zipfile.ZIP_DEFLATED) as archive:
        for table in CSV_TABLES:
            with archive.open(f"{table.name}.csv", "w") as file:
                text = io.StringIO(newline="")
                writer = csv.writer(text)
                writer.writerow(table.columns)
                events = visit.admin.logs.export(visit.actor, **filters)
                for number, event in enumerate(events, 1):
                    writer.writerows(table.rows(event.document))
                    if number % _PART == 0:
                        file.write(_emptied(text))
                        yield pieces.taken()
                file.write(_emptied(text))
            yield pieces.taken()
    yield pieces.taken()


def _emptied(text: io.StringIO) -> bytes:
    written = text.getvalue().encode("utf-8", "backslashreplace")
    text.seek(0)
    text.truncate()
    return written


def of_cycle(job: str, cycle: str) -> str:
    """Where the events of one cycle are."""
    return f"{LOG}?{urlencode({'job': job, 'cycle': cycle})}"
