"""The options by which commands narrow the provisioning log, the same for all of them."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from provisor.admin.logs import LogFilters

YEARS_100_HOURS = 876_600  # what is older than that, no log holds

OfJob = Annotated[str | None, typer.Option("--job", help="Only of this job (or application).")]
OfCycle = Annotated[str | None, typer.Option("--cycle", help="Only of this cycle.")]
OfChange = Annotated[str | None, typer.Option("--change", metavar="ID", help="Only this change, by its change id.")]
OfIdentity = Annotated[str | None, typer.Option("--identity", help="Only about this name, source id or target id.")]
OfAction = Annotated[
    Literal["create", "update", "delete", "stagedDelete", "stagedAction", "disable", "other"] | None,
    typer.Option("--action", help="Only of this action."),
]
OfStatus = Annotated[
    Literal["success", "failure", "skipped", "warning"] | None,
    typer.Option("--status", help="Only with this outcome."),
]
OfCode = Annotated[str | None, typer.Option("--code", help="Only with this error code or skip reason.")]
OfApplication = Annotated[
    str | None, typer.Option("--app", help="Only of this application, by id or the name it had then.")
]
OfSource = Annotated[str | None, typer.Option("--source-system", help="Only from this source, by id or name.")]
OfTarget = Annotated[str | None, typer.Option("--target-system", help="Only to this target, by id or name.")]
Hours = Annotated[float | None, typer.Option("--hours", min=0, max=YEARS_100_HOURS, help="Only of the last hours.")]
Since = Annotated[
    str | None, typer.Option("--since", metavar="TIME", help="Only from this moment on (ISO 8601, else UTC).")
]
Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Only before this moment.")]


def filters(
    *,
    job: str | None = None,
    cycle: str | None = None,
    change: str | None = None,
    identity: str | None = None,
    action: str | None = None,
    status: str | None = None,
    code: str | None = None,
    app: str | None = None,
    source: str | None = None,
    target: str | None = None,
    hours: float | None = None,
    since: str | None = None,
    until: str | None = None,
) -> "LogFilters":
    """What the options said, as the verbs take it."""
    if hours is not None and since is not None:
        raise typer.BadParameter("Give --hours or --since, not both.")
    return {
        "job": job,
        "cycle": cycle,
        "change": change,
        "identity": identity,
        "action": action,
        "status": status,
        "code": code,
        "application": app,
        "source_system": source,
        "target_system": target,
        "since": moment(since, "--since") if hours is None else datetime.now(UTC) - timedelta(hours=hours),
        "until": moment(until, "--until"),
    }


def moment(text: str | None, option: str) -> datetime | None:
    """A date or a time as somebody typed it; without a zone it is UTC."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no date or time, such as 2026-11-28 or 2026-11-28T08:30.", param_hint=option
        ) from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
