"""`provisor clock`: after the clock jumps, nothing is deleted because of its age until the clock is trusted again."""

from typing import TYPE_CHECKING

import typer

from provisor.cli.options import session
from provisor.terminal import AsJson, noun, print_json, say

if TYPE_CHECKING:
    from provisor.admin.clock import Doubt

app = noun("Whether this machine's clock is trusted when old objects are purged.")


@app.command()
def show(context: typer.Context, as_json: AsJson = False) -> None:
    """Show whether the clock is trusted. If not, nothing is purged after 30 days in the recycle bin, and no leaver's
    account is deleted.

    Example: provisor clock show
    """
    opened = session(context)
    doubt = opened.admin.clock.doubt(opened.actor)
    if as_json:
        print_json(_document(doubt))
    elif doubt is None:
        say("The clock is trusted.")
    else:
        say(sentence(doubt))


@app.command()
def believe(context: typer.Context, as_json: AsJson = False) -> None:
    """Confirm that the clock is right: the next cycle purges and deletes what is old enough.

    Example: provisor clock believe
    """
    opened = session(context)
    doubt = opened.admin.clock.believe(opened.actor)
    if as_json:
        print_json(_document(None))
    else:
        say("The clock is trusted." if doubt is not None else "The clock was already trusted; nothing was changed.")


def sentence(doubt: "Doubt") -> str:
    """What is doubted, since when, until when and what to do."""
    return (
        f"The clock jumped from {doubt.before:%Y-%m-%d %H:%M} to {doubt.since:%Y-%m-%d %H:%M} UTC, so nothing is purged"
        " after 30 days in the recycle bin, and no leaver's account is deleted. If the clock is right, confirm it with"
        " `provisor clock believe`; if not,"
        " correct it. If jobs keep running, it is trusted again from"
        f" {doubt.lifted_at:%Y-%m-%d %H:%M} UTC."
    )


def _document(doubt: "Doubt | None") -> dict[str, object]:
    return {
        "believed": doubt is None,
        "before": None if doubt is None else doubt.before.isoformat(),
        "since": None if doubt is None else doubt.since.isoformat(),
        "believedFrom": None if doubt is None else doubt.lifted_at.isoformat(),
    }
