"""`job report`: what a job did over a period, by day, by cause or by name."""

import csv
import sys
from collections.abc import Iterable, Iterator
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from provisor.cli.job_details import paragraph
from provisor.cli.options import JobArgument, session
from provisor.terminal import AsJson, json_text, print_json, print_table, say

if TYPE_CHECKING:
    from provisor.admin.reports import ActivityReport, LoggedEvent

_PEOPLE = ("time", "kind", "name", "action", "status", "code", "reason")
_CAUSES = ("outcome", "code", "number", "reason", "names")


def report(
    context: typer.Context,
    job: JobArgument,
    first: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="The first day, in UTC (30 days ago).")
    ] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DAY", help="The last day (today).")] = None,
    by: Annotated[
        Literal["day", "cause", "person"],
        typer.Option(help="How many on each day, why somebody was not provisioned, or everybody by name."),
    ] = "day",
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV for a spreadsheet.")] = False,
    as_json: AsJson = False,
) -> None:
    """Report provisioning activity: who was created, updated, disabled, deleted, who failed, by day and by cause.

    Days and causes are counted for ever, names are those that the provisioning log still holds. Every try counts: who
    failed three times is three failures. --json tells days and causes together.

    Example: provisor job report "Cisco Umbrella User Management" --from 2026-11-01 --to 2026-11-30 --csv
    """
    days = {"first": _day(first, "--from"), "last": _day(last, "--to")}
    if as_csv and as_json:
        raise typer.BadParameter("Give --csv or --json, not both.")
    opened = session(context)
    reports = opened.admin.reports
    if by == "person":
        _print_people(reports.people(opened.actor, job, **days), as_csv=as_csv, as_json=as_json)
        return
    made = reports.report(opened.actor, job, **days)
    if as_json:
        print_json(made.to_json())
    elif as_csv:
        _print_csv(_day_rows(made) if by == "day" else _cause_rows(made))
    else:
        _print_report(made, by)


def _day(text: str | None, option: str) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no day, such as 2026-11-28.", param_hint=option) from None


def _print_report(made: "ActivityReport", by: str) -> None:
    say(f"{made.application}, from {made.first} to {made.last}")
    if not made.days:
        say("Nothing happened.")
        return
    if by == "day":
        head, *rows = _day_rows(made)
        shown = [index for index, _ in enumerate(head) if index < 2 or any(row[index] != "0" for row in rows)]
        print_table(
            tuple(head[index].capitalize() for index in shown), [tuple(row[index] for index in shown) for row in rows]
        )
        return
    if not made.causes:
        say("Everybody was provisioned.")
    for cause in made.causes:
        names = ", ".join(cause.names)
        say(f"{cause.number:>9,} {cause.outcome} {cause.code}{f': {names}' if names else ''}")
        if cause.reason:
            paragraph(cause.reason, indent="          ")


def _day_rows(made: "ActivityReport") -> Iterator[tuple[str, ...]]:
    from provisor.admin.reports import COLUMNS

    yield ("day", "kind", *COLUMNS)
    for (day, kind), counts in made.days.items():
        yield (day.isoformat(), kind, *(str(counts[column]) for column in COLUMNS))


def _cause_rows(made: "ActivityReport") -> Iterator[tuple[str, ...]]:
    yield _CAUSES
    for cause in made.causes:
        yield (cause.outcome, cause.code, str(cause.number), cause.reason, ", ".join(cause.names))


def _print_people(events: "Iterable[LoggedEvent]", *, as_csv: bool, as_json: bool) -> None:
    """One after the other: there may be millions."""
    rows = (_person(event) for event in events)
    if as_csv:
        _print_csv(row for each in ([_PEOPLE], rows) for row in each)
    elif as_json:
        number = 0
        for number, row in enumerate(rows, 1):
            typer.echo(
                ("[" if number == 1 else ",\n") + json_text(dict(zip(_PEOPLE, row, strict=True)), indent=None), nl=False
            )
        typer.echo("]" if number else "[]")
    else:
        for row in rows:
            at, _, name, action, status, code, _ = row
            say(f"{at[:19]}  {status:<8} {action:<8} {name}{f' ({code})' if code else ''}")


def _person(event: "LoggedEvent") -> tuple[str, ...]:
    document: Any = event.document
    said = document["provisioningStatusInfo"]["errorInformation"] or {}
    kind = document["sourceIdentity"]["identityType"].lower()
    return (
        document["activityDateTime"],
        "job" if kind == "serviceprincipal" else kind,
        event.name or "",
        event.action,
        event.status,
        event.code or "",
        said.get("reason") or "",
    )


def _print_csv(rows: Iterable[tuple[str, ...]]) -> None:
    from provisor.admin.logs import harmless

    writer = csv.writer(sys.stdout, lineterminator="\n")
    for row in rows:
        writer.writerow([harmless(cell) for cell in row])
