"""A report of a period: charts and numbers by day, why somebody was not provisioned, everybody by name. Printable."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from provisor.admin.actor import APPLICATION_READ
from provisor.admin.errors import AdminError
from provisor.admin.logs import LoggedEvent, harmless
from provisor.admin.reports import COLUMNS, ActivityReport, totals
from provisor.portal.errors import said
from provisor.portal.visits import PortalVisit
from provisor.web.answers import Download, PageAnswer, TemplatePage, not_here
from provisor.web.charts import Chart, Series, Tone

REPORT: Final = "/report"
_SHOWN: Final[tuple[tuple[str, str, Tone], ...]] = (
    ("created", "Created", "two"),
    ("updated", "Updated", "one"),
    ("disabled", "Disabled", "three"),
    ("deleted", "Deleted", "five"),
    ("failed", "Failed", "four"),
    ("skipped", "Skipped", "six"),
)
_KINDS: Final = {"user": "Users", "group": "Groups"}
_LONGEST_CHART_DAYS: Final = 366


def show(visit: PortalVisit) -> PageAnswer:
    """Of one application, which is chosen first where there are several."""
    applications = _applications(visit)
    chosen = visit.query.get("application") or (applications[0][0] if applications else "")
    typed = {"from": visit.query.get("from", ""), "to": visit.query.get("to", "")}
    wrong = {"from": "", "to": ""}
    first, last = (_day(typed[name], name, wrong) for name in ("from", "to"))
    made, problem = None, ""
    if chosen and not any(wrong.values()):
        try:
            made = visit.admin.reports.report(visit.actor, chosen, first=first, last=last)
        except AdminError as error:
            problem = said(error)
    values = {
        "applications": applications,
        "chosen": chosen,
        "typed": typed if made is None else {"from": made.first.isoformat(), "to": made.last.isoformat()},
        "wrong": wrong,
        "problem": problem,
        "made": made,
        "total": {} if made is None else totals(made.days.values()),
        "shown": _SHOWN,
        "kinds": _KINDS,
        "columns": COLUMNS,
        "charts": {} if made is None else _charts(made),
        "now": int(visit.admin.now().timestamp() * 1_000_000),
    }
    status = 400 if problem or any(wrong.values()) else 200
    return TemplatePage(template="history/report.html", title="Report", values=values, status=status)


def _applications(visit: PortalVisit) -> list[tuple[str, str]]:
    """The applications that have a job whose log the visitor may read, as far as they may see applications."""
    if not visit.actor.may(APPLICATION_READ):
        return []
    return [(one.id, one.display_name) for one in visit.admin.service_principals.all(visit.actor)]


def _day(text: str, name: str, wrong: dict[str, str]) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        wrong[name] = f"{text!r} is no day, such as 2026-11-28."
        return None


def _charts(made: ActivityReport) -> Mapping[str, Chart]:
    """One of users and one of groups, without those in which nothing happened."""
    length = min((made.last - made.first).days + 1, _LONGEST_CHART_DAYS)
    days = [made.last - timedelta(days=back) for back in reversed(range(length))]
    times = [int(datetime.combine(day, time(), UTC).timestamp()) * 1_000_000 for day in days]
    found = {}
    for kind, words in _KINDS.items():
        series = [
            Series(label=label, tone=tone, values=[made.days.get((day, kind), {}).get(column, 0) for day in days])
            for column, label, tone in _SHOWN
        ]
        seen = [one for one in series if any(one.values)]
        if seen:
            found[words] = Chart(times=times, series=seen)
    return found


# Downloads


def download(visit: PortalVisit) -> PageAnswer:
    """The rows by day, by cause, or of everybody by name, as CSV."""
    key, kind = visit.query.get("application", ""), visit.names["kind"]
    if kind not in ("days", "causes", "people"):
        return not_here(f"A report of {kind}")
    wrong: dict[str, str] = {}
    first, last = (_day(visit.query.get(name, ""), name, wrong) for name in ("from", "to"))
    if wrong:
        raise AdminError("invalid-value", " ".join(wrong.values()))
    name = f"Report-{kind}-{visit.admin.now():%Y-%m-%d}.csv"
    if kind == "people":
        people = visit.admin.reports.people(visit.actor, key, first=first, last=last)
        return Download(name=name, media_type="text/csv", parts=_as_csv(_people_rows(people)))
    made = visit.admin.reports.report(visit.actor, key, first=first, last=last)
    rows = _cause_rows(made) if kind == "causes" else _day_rows(made)
    return Download(name=name, media_type="text/csv", parts=_as_csv(rows))


def _as_csv(rows: Iterator[Sequence[str]]) -> Iterator[bytes]:
    for row in rows:
        text = io.StringIO(newline="")
        csv.writer(text).writerow([harmless(cell) for cell in row])
        yield text.getvalue().encode("utf-8", "backslashreplace")


def _day_rows(made: ActivityReport) -> Iterator[Sequence[str]]:
    yield ("day", "kind", *COLUMNS)
    for (day, kind), counts in made.days.items():
        yield (day.isoformat(), kind, *(str(counts[column]) for column in COLUMNS))


def _cause_rows(made: ActivityReport) -> Iterator[Sequence[str]]:
    yield ("outcome", "code", "number", "reason", "names")
    for cause in made.causes:
        yield (cause.outcome, cause.code, str(cause.number), cause.reason, ", ".join(cause.names))


def _people_rows(events: Iterator[LoggedEvent]) -> Iterator[Sequence[str]]:
    yield ("time", "name", "action", "status", "code")
    for event in events:
        at = datetime.fromtimestamp(event.at / 1_000_000, UTC).isoformat()
        yield (at, event.name or "", event.action, event.status, event.code or "")
