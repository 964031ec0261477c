"""The noun `source`: where people and groups come from on a schedule, and how each source is."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from provisor.cli import source_extensions, source_runs
from provisor.cli.options import SourceArgument, session
from provisor.cli.source_add import app as adding
from provisor.cli.source_set import change
from provisor.cli.source_status import moment, print_status
from provisor.terminal import AsJson, complain, confirmed, counted, noun, print_json, print_table, say

if TYPE_CHECKING:
    from provisor.admin.sources import SourceShown

app = noun("Where people and groups come from: Active Directory, LDAP, Microsoft Entra, CSV files.")
app.add_typer(adding, name="add")


@app.command("list")
def list_all(context: typer.Context, as_json: AsJson = False) -> None:
    """List the sources, those whose values win first.

    Example: provisor source list
    """
    from provisor.admin.source_told import shown_to_json

    opened = session(context)
    found = opened.admin.sources.settings.all(opened.actor)
    if as_json:
        print_json([shown_to_json(each) for each in found])
        return
    print_table(
        ("Name", "Kind", "State", "Health", "Feeds", "Last run", "Next run"),
        [
            (
                each.source.name,
                each.source.kind,
                each.source.schedule_state + (", staging" if each.source.staging else ""),
                "running" if each.running else each.health,
                fed(each),
                moment(each.source.last_ended_at) or "never",
                moment(each.next_at) or ("not by itself" if each.next_at is None else "at once"),
            )
            for each in found
        ],
    )


@app.command()
def show(context: typer.Context, source: SourceArgument, as_json: AsJson = False) -> None:
    """Show the settings of a source, as `provisor source set --settings` takes them; secrets by name only.

    Example: provisor source show corp
    """
    from provisor.admin.source_told import shown_to_json

    opened = session(context)
    document = shown_to_json(opened.admin.sources.settings.show(opened.actor, source))
    if as_json:
        print_json(document)
        return
    settings = document.pop("settings")
    print_table(("", ""), [(name, _plain(value)) for name, value in {**document, **_flat(settings)}.items()])


@app.command()
def status(context: typer.Context, source: SourceArgument, as_json: AsJson = False) -> None:
    """Show how a source is: its last runs, one under way, what is wrong, and deletions that are held back.

    Example: provisor source status corp
    """
    opened = session(context)
    found = opened.admin.sources.told.status(opened.actor, source)
    if as_json:
        print_json(found.to_json())
    else:
        print_status(found)


app.command("set")(change)
app.command()(source_runs.test)
app.command()(source_extensions.attributes)
app.command()(source_extensions.extensions)
app.command()(source_runs.preview)
app.command()(source_runs.run)


@app.command()
def start(context: typer.Context, source: SourceArgument, as_json: AsJson = False) -> None:
    """Read a source at once and on its interval from now on, under `provisor serve`.

    Example: provisor source start corp
    """
    opened = session(context)
    _print(opened.admin.sources.settings.start(opened.actor, source), as_json=as_json, done="Started")


@app.command()
def pause(context: typer.Context, source: SourceArgument, as_json: AsJson = False) -> None:
    """Read a source no more; a run under way ends.

    Example: provisor source pause corp
    """
    opened = session(context)
    _print(opened.admin.sources.settings.pause(opened.actor, source), as_json=as_json, done="Paused")


@app.command()
def staging(
    context: typer.Context,
    source: SourceArgument,
    switch: Annotated[Literal["on", "off"], typer.Argument(help="Whether it is in staging mode.")],
    as_json: AsJson = False,
) -> None:
    """Have a source read without touching the directory (on), or take over what it tells (off).

    Example: provisor source staging corp on
    """
    opened = session(context)
    shown = opened.admin.sources.settings.stage(opened.actor, source, staging=switch == "on")
    _print(shown, as_json=as_json, done=f"Switched staging {switch} for")


app.command()(source_runs.history)
app.command()(source_runs.problems)
app.command()(source_runs.allow)
app.command()(source_runs.reject)


@app.command()
def delete(
    context: typer.Context,
    source: SourceArgument,
    keep: Annotated[
        bool,
        typer.Option("--keep", help="Leave the people and groups it feeds as they are, in nobody's hand but yours."),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Forget a source with everything it told. It is refused while the source feeds anybody, unless they are kept.

    Example: provisor source delete corp --keep
    """
    opened = session(context)
    settings = opened.admin.sources.settings
    shown = settings.show(opened.actor, source)
    if not yes:
        complain(f"The source {shown.source.name} feeds {fed(shown) or 'nobody'}.")
        if not confirmed(shown.source.name):
            raise typer.Exit(1)
    gone = settings.delete(opened.actor, source, keep=keep)
    if as_json:
        print_json({"deleted": gone.source.name, "kept": dict(gone.feeds)})
    else:
        stayed = f" Left in the directory as they are: {fed(gone)}." if fed(gone) else ""
        say(f"Deleted the source {gone.source.name}.{stayed}")


def fed(shown: "SourceShown") -> str:
    """How many people and groups a source feeds."""
    return ", ".join(counted(shown.feeds[kind], kind) for kind in ("user", "group") if shown.feeds.get(kind))


def _print(shown: "SourceShown", *, as_json: bool, done: str) -> None:
    from provisor.admin.source_told import shown_to_json

    if as_json:
        print_json(shown_to_json(shown))
    else:
        say(f"{done} the source {shown.source.name} ({shown.source.id}).")


def _flat(value: object, above: str = "") -> dict[str, object]:
    """Nested settings by their dotted paths."""
    if not isinstance(value, dict):
        return {above: value}
    found: dict[str, object] = {}
    for name, inner in value.items():
        found |= _flat(inner, f"{above}.{name}" if above else str(name))
    return found


def _plain(value: object) -> str:
    if isinstance(value, list):
        return "; ".join(_plain(each) for each in value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(inner)}" for name, inner in value.items())
    return "" if value is None else str(value)
