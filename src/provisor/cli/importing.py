"""The noun `import`: files into the directory, and what happened to every row."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from provisor.cli.options import session
from provisor.terminal import AsJson, complain, noun, print_json, print_table, say

if TYPE_CHECKING:
    from provisor.admin.imports import ImportSummary

app = noun("Bring people, groups and memberships into the directory.")

SHOWN_ROWS = 20
ROWS_REFUSED = 3  # an exit code of its own: the other rows were imported


@app.callback()
def sources() -> None:
    """Bring people, groups and memberships into the directory."""


@app.command("csv")
def import_csv(
    context: typer.Context,
    users: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="One user per row; columns are attribute names.")
    ] = None,
    groups: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="One group per row.")] = None,
    members: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="Columns: group, member.")] = None,
    members_of: Annotated[
        str | None,
        typer.Option(metavar="GROUP", help="The group of all rows, for a member list as Entra exports it."),
    ] = None,
    complete: Annotated[bool, typer.Option("--complete", help="Delete what is not in the files.")] = False,
    allow_deletes: Annotated[
        int | None, typer.Option(min=0, help="Allow up to this many deletions, even if more than a tenth.")
    ] = None,
    anchor: Annotated[str | None, typer.Option(help="The column that identifies a user (first import only).")] = None,
    group_anchor: Annotated[
        str | None, typer.Option(help="The column that identifies a group (first import only).")
    ] = None,
    source: Annotated[str, typer.Option(help="The name of this source.")] = "csv",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change; write nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Import CSV files. Importing the same files again changes nothing.

    A user or group that is in the recycle bin and in a file is restored, and the summary names it.

    Exits with 3 when the files were imported but some rows were refused, and with 1 when deletions were due but not
    made.

    Example: provisor import csv --users users.csv --groups groups.csv --members members.csv
    """
    if users is None and groups is None and members is None:
        raise typer.BadParameter("Name at least one file with --users, --groups or --members.")
    for given, option, needed, what in (
        (anchor, "--anchor", users, "--users"),
        (group_anchor, "--group-anchor", groups, "--groups"),
        (allow_deletes, "--allow-deletes", complete or None, "--complete"),
    ):
        if given is not None and needed is None:
            raise typer.BadParameter(f"{option} has no effect without {what}; give both, or leave {option} out.")
    if members_of is not None and members is None:
        raise typer.BadParameter("Name the file of members with --members.", param_hint="--members-of")
    from provisor.admin.imports import CsvImport

    opened = session(context)
    order = CsvImport(
        users=users,
        groups=groups,
        members=members,
        members_of=members_of,
        source=source,
        complete=complete,
        allow_deletes=allow_deletes,
        user_anchor=anchor,
        group_anchor=group_anchor,
        dry_run=dry_run,
    )
    summary = opened.admin.imports.csv(opened.actor, order)
    if as_json:
        print_json(asdict(summary))
    else:
        _print(summary)
    if summary.stopped is not None:
        complain(summary.stopped.message, summary.stopped.hint)
        raise typer.Exit(1)
    if summary.refused:
        raise typer.Exit(ROWS_REFUSED)


def _print(summary: "ImportSummary") -> None:
    print_table(
        ("", "created", "updated", "restored", "unchanged", "deleted", "refused"),
        [
            (name, done.created, done.updated, done.restored, done.unchanged, done.deleted, done.refused)
            for name, done in (
                ("users", summary.users),
                ("groups", summary.groups),
                ("memberships", summary.memberships),
            )
        ],
    )
    for note in summary.warnings:
        say(f"{note.file}, row {note.row}: {note.reason}")
    for what, notes in (("Restored", summary.restored), ("Refused", summary.refused)):
        for note in notes[:SHOWN_ROWS]:
            say(f"{what} {note.file}, row {note.row}: {note.reason}")
        if len(notes) > SHOWN_ROWS:
            say(f"… and {len(notes) - SHOWN_ROWS} more {what.lower()} rows (--json shows all).")
    if summary.dry_run:
        say("Nothing was written: this was a dry run.")
