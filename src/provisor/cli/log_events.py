"""`log tail` and `log export`: events as they come, and the log as files for other programs."""

import csv
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TextIO

import typer

from provisor.admin.errors import AdminError
from provisor.cli.job_details import paragraph
from provisor.cli.log_filters import (
    Hours,
    OfAction,
    OfApplication,
    OfChange,
    OfCode,
    OfCycle,
    OfIdentity,
    OfJob,
    OfSource,
    OfStatus,
    OfTarget,
    Since,
    Until,
    filters,
)
from provisor.cli.options import session
from provisor.folders import make_file
from provisor.terminal import AsJson, counted, json_text, print_json_line, say

if TYPE_CHECKING:
    from provisor.admin.logs import LoggedEvent

LOOKED_EVERY_SECONDS = 0.5


def tail(
    context: typer.Context,
    job: OfJob = None,
    cycle: OfCycle = None,
    identity: OfIdentity = None,
    action: OfAction = None,
    status: OfStatus = None,
    code: OfCode = None,
    app_name: OfApplication = None,
    source: OfSource = None,
    target: OfTarget = None,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of the newest to begin with.")] = 10,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is written, until Ctrl-C.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the newest events, oldest first, and with --follow every further one as it is written.

    With --json every event is one line.

    Example: provisor log tail --follow --status failure
    """
    narrow = filters(
        job=job, cycle=cycle, identity=identity, action=action, status=status, code=code,
        app=app_name, source=source, target=target,
    )  # fmt: skip
    opened = session(context)
    logs = opened.admin.logs
    position = logs.position(opened.actor)  # before the newest are read: rather one twice than one missing

    def show(events: "Iterable[LoggedEvent]") -> None:
        for event in events:
            if as_json:
                print_json_line(event.document)
            else:
                print_event(event)
        sys.stdout.flush()

    newest = list(logs.page(opened.actor, limit=lines, **narrow)) if lines else []
    show(reversed(newest))
    shown = {event.id for event in newest}
    while follow:
        events, reached = logs.follow(opened.actor, position, **narrow)
        show(event for event in events if event.id not in shown)
        if reached == position:
            time.sleep(LOOKED_EVERY_SECONDS)
        position = reached


def export(
    context: typer.Context,
    format_: Annotated[
        Literal["csv", "json", "jsonl"],
        typer.Option("--format", help="Three CSV files, one JSON array, or a JSON object a line."),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="PATH", help="A new file; for CSV a folder. Else standard output."),
    ] = None,
    job: OfJob = None,
    cycle: OfCycle = None,
    change: OfChange = None,
    identity: OfIdentity = None,
    action: OfAction = None,
    status: OfStatus = None,
    code: OfCode = None,
    app_name: OfApplication = None,
    source: OfSource = None,
    target: OfTarget = None,
    hours: Hours = None,
    since: Since = None,
    until: Until = None,
) -> None:
    """Write the events that fit to files, oldest first, however many there are.

    CSV is ProvisioningLogs.csv, ProvisioningLogs_ProvisioningSteps.csv and ProvisioningLogs_ModifiedProperties.csv,
    which belong together by changeId. In CSV a cell that a spreadsheet would run (it begins with = + - @) gets an
    apostrophe before it; JSON has every value as it is.

    Example: provisor log export --format csv --output november --since 2026-11-01 --until 2026-12-01
    """
    if format_ == "csv" and output is None:
        raise typer.BadParameter("CSV is three files: name a folder for them.", param_hint="--output")
    narrow = filters(
        job=job, cycle=cycle, change=change, identity=identity, action=action, status=status, code=code,
        app=app_name, source=source, target=target, hours=hours, since=since, until=until,
    )  # fmt: skip
    opened = session(context)
    events = opened.admin.logs.export(opened.actor, **narrow)
    if format_ == "csv" and output is not None:
        number = _write_csv(output, events)
    elif output is None:
        _write_json(sys.stdout, events, lines=format_ == "jsonl")
        return
    else:
        with _new_file(output) as file:
            number = _write_json(file, events, lines=format_ == "jsonl")
    say(f"Wrote {counted(number, 'event')} to {output}.")


def _write_json(file: TextIO, events: "Iterable[LoggedEvent]", *, lines: bool) -> int:
    """One compact array, or one object a line; never more than an event in memory."""
    number = 0
    for number, event in enumerate(events, 1):
        between = "" if lines else "[" if number == 1 else ","
        file.write(between + json_text(event.document, indent=None) + ("\n" if lines else ""))
    if not lines:
        file.write("[]\n" if number == 0 else "]\n")
    return number


def _write_csv(folder: Path, events: "Iterable[LoggedEvent]") -> int:
    from provisor.admin.logs import CSV_TABLES

    folder.mkdir(mode=0o700, exist_ok=True)
    number = 0
    with ExitStack() as stack:
        # Entered in this order, so that the file the others belong to appears last.
        files = [stack.enter_context(_new_file(folder / f"{table.name}.csv")) for table in CSV_TABLES]
        writers: list[Any] = [csv.writer(file) for file in files]
        for table, writer in zip(CSV_TABLES, writers, strict=True):
            writer.writerow(table.columns)
        for event in events:
            number += 1
            for table, writer in zip(CSV_TABLES, writers, strict=True):
                writer.writerows(table.rows(event.document))
    return number


@contextmanager
def _new_file(path: Path) -> Iterator[TextIO]:
    """A file for its owner alone that appears under its name when it is whole. Raises AdminError when that is taken."""
    if path.exists():
        raise AdminError("file-exists", f"{path} is there already and is not replaced.", "Name another one.")
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(make_file(unfinished), "w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            yield file
        try:
            os.link(unfinished, path)  # fails when the file has come into being meanwhile; replacing would not
        except FileExistsError:
            raise AdminError(
                "file-exists", f"{path} is there already and is not replaced.", "Name another one."
            ) from None
    finally:
        unfinished.unlink(missing_ok=True)


def print_event(event: "LoggedEvent") -> None:
    """A line that says what happened, the sentence that says why, the id for `log show`, and the application."""
    at = datetime.fromtimestamp(event.at / 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    say(f"{at}  {event.status:<8} {event.action:<8} {event.name or ''}")
    why: Any = event.document.get("provisioningStatusInfo")
    said = why.get("errorInformation") or {}
    if said.get("reason"):
        paragraph(f"{said['reason']} ({said['errorCode']})", indent="    ")
    if said.get("recommendedAction"):
        paragraph(f"What to do: {said['recommendedAction']}", indent="    ")
    principal: Any = event.document.get("servicePrincipal")
    say(f"    {event.id}  {principal['displayName']}")
