"""The noun `schema`: a job's mappings and scoping filters, as Graph's synchronizationSchema."""

import json
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from provisor.admin.errors import AdminError
from provisor.cli.options import JobArgument, session
from provisor.cli.schema_attributes import app as attributes
from provisor.cli.schema_attributes import discover, operators, say_saved
from provisor.scim.values import Json
from provisor.terminal import noun, print_json, say

app = noun("A job's mappings, scoping filters and attribute list.")
app.add_typer(attributes, name="attributes")
app.command()(discover)
app.command()(operators)


@app.command()
def export(
    context: typer.Context,
    job: JobArgument,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file instead.")] = None,
) -> None:
    """Print a job's rules as JSON.

    Example: provisor schema export "Cisco Umbrella User Management" --output rules.json
    """
    opened = session(context)
    document = opened.admin.schemas.export(opened.actor, job)
    if output is None:
        print_json(document)
        return
    try:
        output.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise AdminError("file-unwritable", f"{output} cannot be written: {error.strerror}.") from error
    say(f"Wrote {output}.")


def read_document(file: str) -> Json:
    """Rules from a file, or from standard input. Raises AdminError for what is no JSON."""
    from provisor.admin import rules

    named = "Standard input" if file == "-" else file
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{named} cannot be read: {error.strerror}.", param_hint="FILE") from error
    return rules.read_document(content, named)


@app.command("import")
def import_schema(
    context: typer.Context,
    job: JobArgument,
    file: Annotated[str, typer.Argument(metavar="FILE", help="- reads standard input.")],
) -> None:
    """Replace a job's rules. Rules that cannot run are refused, naming every problem.

    Directory extensions of a Microsoft Entra tenant that is mirrored here keep their names, and are read from it.

    Example: provisor schema import "Cisco Umbrella User Management" rules.json
    """
    document = read_document(file)
    opened = session(context)
    adopted = opened.admin.sources.foreign_extensions.adopt(opened.actor, document)
    if adopted:
        say(f"Read from the mirrored tenant from now on: {', '.join(adopted)}.")
    say_saved(opened, job, opened.admin.schemas.save(opened.actor, job, document))


@app.command("map")
def map_attribute(
    context: typer.Context,
    job: JobArgument,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="An attribute of the directory, or an expression.")],
    target: Annotated[str, typer.Argument(metavar="TARGET", help="An attribute of the application.")],
    kind: Annotated[Literal["user", "group"], typer.Option(help="Which mapping to change.")] = "user",
) -> None:
    """Add an attribute mapping, or replace the one of this target attribute.

    Example: provisor schema map "Cisco Umbrella User Management" 'Join(" ", [givenName], [surname])' name.formatted
    """
    opened = session(context)
    version = opened.admin.schemas.map(opened.actor, job, kind, source=source, target=target)
    say_saved(opened, job, version)


@app.command()
def restore(context: typer.Context, job: JobArgument) -> None:
    """Go back to the rules of the template.

    Example: provisor schema restore "Cisco Umbrella User Management"
    """
    opened = session(context)
    say_saved(opened, job, opened.admin.schemas.restore(opened.actor, job))
