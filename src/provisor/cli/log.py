"""The noun `log`: the provisioning log, in Entra's words."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from provisor.cli.job_details import paragraph
from provisor.cli.options import Limit, session
from provisor.terminal import AsJson, Noun, noun, print_json, print_table, say

if TYPE_CHECKING:
    from provisor.admin.logs import LoggedEvent

YEARS_100_HOURS = 876_600  # what is older than that, no log holds


class ListsByItself(Noun):
    """`provisor log` is `provisor log list`, with or without its options."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the missing verb before the options."""
        if not args or (args[0].startswith("-") and args[0] != "--help"):
            args = ["list", *args]
        return super().parse_args(ctx, args)


app = noun(
    "The provisioning log: what was done to whom, and why. By itself it lists the newest events.\n\n"
    "Example: provisor log --status failure",
    group=ListsByItself,
)


@app.command("list")
def list_events(
    context: typer.Context,
    job: Annotated[str | None, typer.Option(help="Only of this job (or application).")] = None,
    cycle: Annotated[str | None, typer.Option(help="Only of this cycle.")] = None,
    identity: Annotated[str | None, typer.Option(help="Only about this name, source id or target id.")] = None,
    action: Annotated[
        Literal["create", "update", "delete", "stagedDelete", "disable", "other"] | None,
        typer.Option(help="Only of this action."),
    ] = None,
    status: Annotated[
        Literal["success", "failure", "skipped", "warning"] | None, typer.Option(help="Only with this outcome.")
    ] = None,
    code: Annotated[str | None, typer.Option(help="Only with this error code or skip reason.")] = None,
    hours: Annotated[float | None, typer.Option(min=0, max=YEARS_100_HOURS, help="Only of the last hours.")] = None,
    before: Annotated[str | None, typer.Option(metavar="ID", help="Show those that came before this event.")] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List events, newest first: what was done to whom, and why something failed or was skipped.

    Example: provisor log list --status failure --hours 24
    """
    opened = session(context)
    events = opened.admin.logs.page(
        opened.actor,
        job=job,
        cycle=cycle,
        identity=identity,
        action=action,
        status=status,
        code=code,
        since=datetime.now(UTC) - timedelta(hours=hours) if hours is not None else None,
        before=before,
        limit=limit,
    )
    if as_json:
        print_json([event.document for event in events])
        return
    if not events:
        say("The provisioning log has no such event.")
    for event in events:
        _print(event)
    if len(events) == limit:
        say(f"There may be more: --before {events[-1].id}")


@app.command()
def show(
    context: typer.Context,
    event: Annotated[str, typer.Argument(metavar="EVENT", help="An event, by its id.")],
    as_json: AsJson = False,
) -> None:
    """Show one event whole: steps, modified properties, what went over the wire.

    Example: provisor log show 0198d2c4-6a51-7e1c-9a53-6b1f0a2c9d11
    """
    opened = session(context)
    found = opened.admin.logs.show(opened.actor, event)
    if as_json:
        print_json(found.document)
        return
    print_table(("", ""), [(name, _text(value)) for name, value in found.document.items()])


def _print(event: "LoggedEvent") -> None:
    """A line that says what happened, the sentence that says why, and the id for `log show`."""
    at = datetime.fromtimestamp(event.at / 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    say(f"{at}  {event.status:<8} {event.action:<8} {event.name or ''}")
    why: Any = event.document.get("provisioningStatusInfo")
    said = why.get("errorInformation") or {}
    if said.get("reason"):
        paragraph(f"{said['reason']} ({said['errorCode']})", indent="    ")
    if said.get("recommendedAction"):
        paragraph(f"What to do: {said['recommendedAction']}", indent="    ")
    say(f"    {event.id}")


def _text(value: object) -> str:
    import json

    return value if isinstance(value, str) else json.dumps(value, indent=1, ensure_ascii=False)
