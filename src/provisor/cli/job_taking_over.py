"""`provisor job take-over`: the settings that a job in Entra has become those of a job here."""

from pathlib import Path
from typing import Annotated

import typer

from provisor.cli.options import JobArgument, session
from provisor.cli.schema import read_document
from provisor.terminal import AsJson, print_json, say


def take_over(
    context: typer.Context,
    job: JobArgument,
    file: Annotated[Path, typer.Argument(help="Graph's answer to GET …/secrets; - reads standard input.")],
    as_json: AsJson = False,
) -> None:
    """Take over the settings of a job in Entra: scope, skipped deletions, whom to notify, accidental deletions.

    Credentials are not among them: Graph does not show them. Mappings come by `provisor schema import`.

    Example: provisor job take-over "Cisco Umbrella User Management" secrets.json
    """
    from provisor.admin.saved_settings import saved_settings

    settings, others = saved_settings(read_document(str(file)))
    opened = session(context)
    opened.admin.credentials.save(opened.actor, job, dict(settings))
    if as_json:
        print_json({"taken": settings, "left": others})
        return
    for name, value in settings.items():
        say(f"{name} is {value} now.")
    if others:
        say(f"Not taken over: {', '.join(others)}. What is secret is saved with `provisor job credentials`.")
