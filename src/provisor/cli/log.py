"""The noun `log`: the provisioning log, in Entra's words."""

from typing import Annotated, Any

import typer

from provisor.cli.log_events import export, print_event, tail
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
from provisor.cli.log_forward import forward
from provisor.cli.options import Limit, session
from provisor.terminal import AsJson, Noun, noun, print_json, print_table, say


class ListsByItself(Noun):
    """`provisor log` is `provisor log list`, with or without its options."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the missing verb before the options."""
        if not args or (args[0].startswith("-") and args[0] != "--help"):
            args = ["list", *args]
        return super().parse_args(ctx, args)


app = noun(
    "The provisioning log: what was done to whom, and why. Without a command it lists the newest events.\n\n"
    "Example: provisor log --status failure",
    group=ListsByItself,
)


@app.command("list")
def list_events(
    context: typer.Context,
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
    before: Annotated[str | None, typer.Option(metavar="ID", help="Show those that came before this event.")] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List events, newest first: what was done to whom, and why something failed or was skipped.

    Example: provisor log list --status failure --hours 24
    """
    narrow = filters(
        job=job, cycle=cycle, change=change, identity=identity, action=action, status=status, code=code,
        app=app_name, source=source, target=target, hours=hours, since=since, until=until,
    )  # fmt: skip
    opened = session(context)
    events = opened.admin.logs.page(opened.actor, before=before, limit=limit, **narrow)
    if as_json:
        print_json([event.document for event in events])
        return
    if not events:
        say("The provisioning log has no such event.")
    for event in events:
        print_event(event)
    if len(events) == limit:
        say(f"There may be more: --before {events[-1].id}")


@app.command()
def show(
    context: typer.Context,
    event: Annotated[str, typer.Argument(metavar="EVENT", help="An event, by its id.")],
    as_json: AsJson = False,
) -> None:
    """Show one event in full: its steps, modified properties and the requests sent.

    Example: provisor log show 0198d2c4-6a51-7e1c-9a53-6b1f0a2c9d11
    """
    opened = session(context)
    found = opened.admin.logs.show(opened.actor, event)
    if as_json:
        print_json(found.document)
        return
    print_table(("", ""), [(name, _text(value)) for name, value in found.document.items()])


app.command()(tail)
app.command()(export)
app.command()(forward)


def _text(value: object) -> str:
    import json

    return value if isinstance(value, str) else json.dumps(value, indent=1, ensure_ascii=False)
