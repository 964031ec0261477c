"""The command on deletions that are held back: `job deletions`."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from provisor.cli.job_details import EACH, paragraph, print_json_with
from provisor.cli.options import JobArgument, session
from provisor.terminal import AsJson, counted, print_json, say

if TYPE_CHECKING:
    from provisor.admin.deletions import HeldDeletion, HeldShown

_VERBS = {"delete": "would be deleted", "disable": "would be disabled", "members": "would lose members"}
_DECIDE = """If it is meant, `provisor job deletions JOB allow` lets them through. If not, put the directory, the
assignments or the rules right, and then `provisor job deletions JOB reject`."""
_KINDS = ("user", "group", "membership")


def deletions(
    context: typer.Context,
    job: JobArgument,
    decision: Annotated[
        Literal["allow", "reject"] | None,
        typer.Argument(metavar="[allow|reject]", help="Let them through, or judge anew after the cause was put right."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show whose deletions are held back, and why; allow them, or go on after their cause was put right.

    `allow` lets through who is held now and nobody else, with the next cycle, which follows at once where the job is
    started; with the behaviour entra whatever that cycle means to take away (the reset scope ForceDeletes).

    `reject` forgets who was held: assign, restore, or correct the filter first, as what is still due is held again.

    Example: provisor job deletions "Cisco Umbrella User Management" allow
    """
    opened = session(context)
    verbs, actor = opened.admin.deletions, opened.actor
    if decision is not None:
        number = (verbs.allow if decision == "allow" else verbs.reject)(actor, job)
        _print_decided(verbs.show(actor, job), decision, number, as_json=as_json)
        return
    shown = verbs.show(actor, job)
    if as_json:
        print_json_with(shown.to_json(), "held", verbs.entries(actor, job))
        return
    if shown.hold is None and not any(shown.allowed):
        say("Nothing is held back.")
    elif shown.hold is None or not any(shown.held):
        say("Nothing more is held back; these are allowed, and go with the next cycle:")
    else:
        since = _moment(shown.hold.since)
        paragraph(f"Held back since {since}: {shown.hold.failure.message}")
    for number, entry in enumerate(verbs.entries(actor, job), 1):
        if number > EACH:
            say(f"  and {shown.number - EACH:,} more; --json lists all.")
            break
        paragraph(_line(entry), indent="  ")
    if any(shown.taken):
        say(f"Taken away since the last full cycle: {amounts(shown.taken)}.")
    if any(shown.held):
        paragraph(_DECIDE)


def amounts(numbers: tuple[int, int, int]) -> str:
    """`3 users, 1 group`."""
    return ", ".join(counted(number, kind) for number, kind in zip(numbers, _KINDS, strict=True) if number) or "nothing"


def _print_decided(shown: "HeldShown", decision: str, number: int, *, as_json: bool) -> None:
    if as_json:
        print_json({"decision": decision, "number": number, **shown.to_json()})
        return
    said = f"Allowed {number:,} of those held back." if decision == "allow" else f"{number:,} are judged anew."
    then = "The next cycle begins at once under `provisor serve`."
    say(f"{said} {then if shown.starts else 'They go with the next cycle: `provisor job run`.'}")


def _line(entry: "HeldDeletion") -> str:
    name = entry.name if entry.object_kind == "user" else f"group {entry.name}"
    return f"{name} {_VERBS[entry.action]}{' (allowed)' * (entry.allowed_at is not None)}: {entry.reason}"


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at / 1_000_000, UTC).strftime("%Y-%m-%d %H:%M UTC")
