"""`provisor clock`: after a jump of the clock nothing is deleted for its age until it is believed again."""

from typing import TYPE_CHECKING

import typer

from provisor.cli.options import session
from provisor.terminal import AsJson, noun, print_json, say

if TYPE_CHECKING:
    from provisor.admin.clock import Doubt

app = noun("Whether the clock may be believed where things are deleted for their age.")


@app.command()
def show(context: typer.Context, as_json: AsJson = False) -> None:
    """Show whether the clock is doubted: then nobody leaves the recycle bin for having been in it for 30 days.

    Example: provisor clock show
    """
    opened = session(context)
    doubt = opened.admin.clock.doubt(opened.actor)
    if as_json:
        print_json(_document(doubt))
    elif doubt is None:
        say("The clock is believed.")
    else:
        say(sentence(doubt))


@app.command()
def believe(context: typer.Context, as_json: AsJson = False) -> None:
    """Say that the clock is right: what is old enough is deleted by the next cycle.

    Example: provisor clock believe
    """
    opened = session(context)
    doubt = opened.admin.clock.believe(opened.actor)
    if as_json:
        print_json(_document(None))
    else:
        say("The clock is believed." if doubt is not None else "The clock was believed already; nothing is changed.")


def sentence(doubt: "Doubt") -> str:
    """What is doubted, since when, until when and what to do."""
    return (
        f"The clock went from {doubt.before:%Y-%m-%d %H:%M} to {doubt.since:%Y-%m-%d %H:%M} UTC without anything in"
        " between, so nobody is deleted for having been in the recycle bin for 30 days. If the clock is right, say so"
        " with `provisor clock believe`; else put it right. If jobs run until then, it is believed from"
        f" {doubt.lifted_at:%Y-%m-%d %H:%M} UTC on."
    )


def _document(doubt: "Doubt | None") -> dict[str, object]:
    return {
        "believed": doubt is None,
        "before": None if doubt is None else doubt.before.isoformat(),
        "since": None if doubt is None else doubt.since.isoformat(),
        "believedFrom": None if doubt is None else doubt.lifted_at.isoformat(),
    }
