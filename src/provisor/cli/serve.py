"""`provisor serve`: runs every started job on its interval until told to stop."""

import typer

from provisor.cli.options import session
from provisor.terminal import complain, say

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def serve(context: typer.Context) -> None:
    """Run all started jobs on their interval; SIGTERM or Ctrl-C stops after the page under way.

    Example: provisor serve
    """
    opened = session(context)

    def failed(job: str, sentence: str) -> None:
        complain(f"{job}: {sentence}")

    opened.admin.cycles.serve(opened.actor, said=say, failed=failed)
    say("Stopped.")
