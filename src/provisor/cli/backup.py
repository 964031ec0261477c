"""`provisor backup` and `provisor restore`: a copy of a running service, and back."""

from pathlib import Path
from typing import Annotated

import typer

from provisor.cli.options import session
from provisor.terminal import AsJson, print_json, say, warn

app = typer.Typer(add_completion=False, rich_markup_mode=None)
restore_app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write; it must not exist yet.")],
    key: Annotated[
        Path | None,
        typer.Option("--with-key", metavar="FILE", help="Copy the key of stored credentials too, to this new file."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Copy the service's database while it is in use: everything that was written before is in the copy.

    Credentials in it are encrypted with a key in a file of its own. Keep a copy of that elsewhere: who has both can
    read them, and without it they must be entered again.

    Example: provisor backup /backups/provisor-2026-11-28.sqlite
    """
    opened = session(context)
    source = opened.settings.secret_key_file
    keys = None if key is None else (source, key.absolute())
    size = opened.admin.backups.back_up(opened.actor, file.absolute(), key=keys)
    if as_json:
        print_json(
            {"file": str(file), "bytes": size, "keyFile": str(source), "keyCopy": None if key is None else str(key)}
        )
        return
    say(f"Wrote {file} ({size:,} bytes).")
    if key is None:
        say(f"The key of stored credentials is not in it; it is {source}.")
    else:
        say(f"Wrote the key of stored credentials to {key}. Keep the two apart.")


@restore_app.command()
def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="A backup.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Put it in the place of the database that is there, which is kept.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Put a backup in the place of the service's database. Refused while `provisor serve` or anybody else uses it.

    The backup is checked whole and brought up to date first. The next cycle of every job looks at everybody and reads
    what the application holds, which has gone on since; import what was imported since once more.

    Example: provisor restore /backups/provisor-2026-11-28.sqlite --replace
    """
    from provisor.admin.backups import restore_database

    opened = session(context)
    kept = restore_database(opened.actor, opened.settings, file.absolute(), replace=replace)
    locked = [
        one.application for one in opened.admin.jobs.all(opened.actor) if one.credentials and not one.base_address
    ]
    if as_json:
        print_json({"kept": None if kept is None else str(kept), "credentialsToEnter": locked})
        return
    say(f"Restored {file}.")
    if kept is not None:
        say(f"The database that was there is kept as {kept}.")
    for application in locked:
        warn(
            f"The credentials of {application} cannot be read with this key file: put back the one they were stored "
            "with, or enter them again with `provisor job credentials`."
        )
