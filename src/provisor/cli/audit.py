"""`provisor audit`: who changed what, and who was refused it."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from provisor.cli.log_filters import Hours, Since, Until, filters
from provisor.cli.options import Limit, session
from provisor.terminal import AsJson, json_text, print_json, say

if TYPE_CHECKING:
    from provisor.admin.audits import AuditEvent

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def audit(
    context: typer.Context,
    actor: Annotated[str | None, typer.Option(metavar="WHO", help="Only by this one, by name or id.")] = None,
    activity: Annotated[str | None, typer.Option(help="Only this activity, by its whole name.")] = None,
    target: Annotated[str | None, typer.Option(metavar="ID", help="Only on this job, application or object.")] = None,
    result: Annotated[Literal["success", "failure"] | None, typer.Option(help="Only done, or only refused.")] = None,
    hours: Hours = None,
    since: Since = None,
    until: Until = None,
    before: Annotated[str | None, typer.Option(metavar="ID", help="Show those that came before this event.")] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List who changed what, newest first, with old and new values where they are no secrets; and refusals.

    Example: provisor audit --activity "Update provisioning setting or credentials" --since 2026-11-01
    """
    narrow = filters(hours=hours, since=since, until=until)
    opened = session(context)
    events = opened.admin.audits.page(
        opened.actor,
        by=actor,
        activity=activity,
        target=target,
        result=result,
        since=narrow.get("since"),
        until=narrow.get("until"),
        before=before,
        limit=limit,
    )
    if as_json:
        print_json([_document(event) for event in events])
        return
    if not events:
        say("The audit log has no such event.")
    for event in events:
        at = datetime.fromtimestamp(event.at / 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S")
        say(f"{at}  {event.result:<7}  {_who(event)}: {event.activity}")
        said = f"  {json_text(event.detail, indent=None)}" if event.detail else ""
        say(f"    {event.target}{said}")
    if len(events) == limit:
        say(f"There may be more: --before {events[-1].id}")


def _who(event: "AuditEvent") -> str:
    author = event.author
    through = "" if author.through is None else f" ({author.through} acting as this one)"
    return f"{author.name}{through}" + ("" if author.address is None else f" from {author.address}")


def _document(event: "AuditEvent") -> dict[str, object]:
    return {
        "id": event.id,
        "activityDateTime": datetime.fromtimestamp(event.at / 1_000_000, UTC).isoformat(),
        "activityDisplayName": event.activity,
        "initiatedBy": {
            "id": event.author.id,
            "displayName": event.author.name,
            "kind": event.author.kind,
            "ipAddress": event.author.address,
            "through": event.author.through,
        },
        "correlationId": event.author.correlation,
        "result": event.result,
        "target": event.target,
        "detail": event.detail,
    }
