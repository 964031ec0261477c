"""Commands on what failed: `job escrow`, `job retry`, `job quarantine`."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from provisor.cli.job_details import EACH, paragraph
from provisor.cli.options import JobArgument, session
from provisor.terminal import AsJson, counted, print_json, print_table, say

if TYPE_CHECKING:
    from provisor.admin.escrow import EscrowCause, EscrowEntry, Sent


def escrow(
    context: typer.Context,
    job: JobArgument,
    group: Annotated[bool, typer.Option("--group", help="By cause, with how many there are of each.")] = False,
    cause: Annotated[str | None, typer.Option(metavar="CAUSE", help="Only of this cause, or error code.")] = None,
    who: Annotated[
        str | None, typer.Option("--object", metavar="WHO", help="One of them whole, by name or id.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List who failed and is tried again: why, how often, and when next.

    An object and its references (members, a manager) are in escrow apart from each other.

    Example: provisor job escrow "Cisco Umbrella User Management" --group
    """
    opened = session(context)
    verbs, actor = opened.admin.escrow, opened.actor
    if who is not None:
        found = [(one, verbs.exchange(actor, one.event)) for one in verbs.show(actor, job, who)]
        _show([{**_entry(one), "exchange": exchange_of(sent)} for one, sent in found], as_json=as_json)
        return
    if group:
        causes = verbs.causes(actor, job)
        if as_json:
            print_json([_cause(one) for one in causes])
            return
        for one in causes:
            _print_cause(one)
        return
    entries = verbs.entries(actor, job, cause=cause)
    if as_json:
        print_json([_entry(one) for one in entries])
        return
    number = 0
    for number, entry in enumerate(entries, 1):
        if number <= EACH:
            _print(entry)
    if number > EACH:
        say(f"{number - EACH:,} more; --group counts them by cause, --json lists all.")
    if not number:
        say("Nobody is in escrow.")


def retry(
    context: typer.Context,
    job: JobArgument,
    cause: Annotated[str | None, typer.Option(metavar="CAUSE", help="Those of this cause, or error code.")] = None,
    who: Annotated[str | None, typer.Option("--object", metavar="WHO", help="One of them, by name or id.")] = None,
    everybody: Annotated[bool, typer.Option("--all", help="All who failed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Try who failed with the next run, which a running `provisor serve` begins at once.

    Example: provisor job retry "Cisco Umbrella User Management" --cause InsufficientRights
    """
    if (cause is not None) + (who is not None) + everybody != 1:
        raise typer.BadParameter("Name whom to try: --cause, --object or --all.")
    opened = session(context)
    tried = opened.admin.escrow.retry(opened.actor, job, cause=cause, who=who)
    if as_json:
        print_json({"tried": tried})
    else:
        say(f"The next run tries {tried:,} of those in escrow.")


def quarantine(context: typer.Context, job: JobArgument, as_json: AsJson = False) -> None:
    """Let the job run less and less often: after 6, 12 and 24 hours, then daily. `job start` lifts it.

    Example: provisor job quarantine "Cisco Umbrella User Management"
    """
    opened = session(context)
    opened.admin.escrow.quarantine(opened.actor, job)
    if as_json:
        print_json({"quarantined": True})
    else:
        say("The job is in quarantine; `provisor job start` lifts it.")


def _print(entry: "EscrowEntry") -> None:
    what = entry.object_kind if entry.kind == "object" else _REFERENCES[entry.object_kind]
    say(f"{entry.name}  ({what}, tried {counted(entry.attempts, 'time')}, again {_moment(entry.due)})")
    paragraph(f"{entry.message} ({entry.cause})", indent="    ")


_REFERENCES = {"group": "members of the group", "user": "manager of the user"}


def _print_cause(cause: "EscrowCause") -> None:
    number = cause.objects + cause.references
    since = _moment(cause.first_failed_at)
    say(f"{number:>9,}  {cause.cause}  (since {since}, the next try is {_moment(cause.due)})")
    paragraph(f"For example: {cause.example.message}", indent="           ")
    paragraph(f"What to do: {cause.example.hint}", indent="           ")


def exchange_of(sent: "Sent | None") -> dict[str, object] | None:
    """What went over the wire, as the log shows it."""
    if sent is None:
        return None
    names = ("method", "url", "status", "request", "response", "milliseconds")
    return {name: getattr(sent, name) for name in names}


def _show(entries: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    if as_json:
        print_json(list(entries))
        return
    for entry in entries:
        rows = [(label, entry[name]) for name, label in _LABELS.items()]
        rows.append(("Next try", entry["due"] or "with the next cycle"))
        if entry["exchange"] is None:
            rows.append(("Exchange", "nothing was asked, or it is not kept any more"))
        else:
            rows += [(name.capitalize(), value) for name, value in entry["exchange"].items()]
        print_table(("", ""), [(label, "" if value is None else str(value)) for label, value in rows])


_LABELS = {
    "name": "Name",
    "objectKind": "Kind",
    "object": "Id",
    "kind": "What failed",
    "message": "Why",
    "code": "Code",
    "hint": "What to do",
    "cause": "Cause",
    "attempts": "Tries",
    "firstFailed": "First failed",
    "lastFailed": "Last failed",
    "event": "Event",
}


def _entry(entry: "EscrowEntry") -> dict[str, object]:
    """One entry for another program; times are UTC in ISO 8601, null for the next cycle."""
    return {
        "object": entry.object,
        "name": entry.name,
        "objectKind": entry.object_kind,
        "kind": entry.kind,
        "code": entry.code,
        "message": entry.message,
        "hint": entry.hint,
        "cause": entry.cause,
        "attempts": entry.attempts,
        "firstFailed": _iso(entry.first_failed_at),
        "lastFailed": _iso(entry.last_failed_at),
        "due": _iso(entry.due),
        "event": entry.event,
    }


def _cause(cause: "EscrowCause") -> dict[str, object]:
    example = cause.example
    return {
        "cause": cause.cause,
        "code": example.code,
        "objects": cause.objects,
        "references": cause.references,
        "firstFailed": _iso(cause.first_failed_at),
        "due": _iso(cause.due),
        "example": {"name": example.name, "message": example.message, "hint": example.hint},
    }


def _iso(at: int) -> str | None:
    return None if at == 0 else datetime.fromtimestamp(at / 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(at: int) -> str:
    if at == 0:
        return "with the next cycle"
    return datetime.fromtimestamp(at / 1_000_000, UTC).strftime("%Y-%m-%d %H:%M UTC")
