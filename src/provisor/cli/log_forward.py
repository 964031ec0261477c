"""`log forward`: to whom `provisor serve` passes the provisioning log on as it is written."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from provisor.cli.options import session
from provisor.terminal import AsJson, print_json, print_table, say


def forward(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Append JSON lines to this file; it may be rotated.")
    ] = None,
    syslog: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="unix:/dev/log or udp:HOST:PORT, by RFC 5424.")
    ] = None,
    off: Annotated[Literal["file", "syslog"] | None, typer.Option(help="Pass nothing on to this one any more.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show or set to whom events are passed on as they are written, each at least once, from now on.

    `provisor serve` does it, within a second or two. A receiver that was away gets what it lacks afterwards, as far
    back as the log is kept. Syslog gets no exchanges, and by UDP nobody can say whether it got anything.

    Example: provisor log forward --syslog unix:/dev/log
    """
    opened = session(context)
    logs = opened.admin.logs
    if file is not None:
        logs.forward(opened.actor, "file", str(file.absolute()))
    if syslog is not None:
        logs.forward(opened.actor, "syslog", syslog)
    if off is not None:
        logs.forward(opened.actor, off, None)
    found = logs.receivers(opened.actor)
    if as_json:
        print_json({sink: {"address": one.address, "position": one.position} for sink, one in found.items()})
    elif not found:
        say("The provisioning log is passed on to nobody.")
    else:
        print_table(("Receiver", "Address"), [(sink, one.address) for sink, one in found.items()])
