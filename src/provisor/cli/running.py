"""What commands that run a cycle in the foreground have in common: Ctrl-C, and the code they end with."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import typer

from provisor.terminal import complain

if TYPE_CHECKING:
    from provisor.admin.cycles import CycleSummary

NOT_FOLLOWED: Final = "not-followed"
STOPPED: Final = 130  # what shells give a command that Ctrl-C ended


def stopping() -> None:
    """Ctrl-C was pressed."""
    complain("Stopping where the next run can go on.", "Ctrl-C again stops at once.")


def somebody_was_not(counts: Mapping[str, int]) -> bool:
    """Whether anybody failed or was left alone."""
    return any(name.endswith((".fail", ".skip")) for name in counts)


def ended(summary: "CycleSummary") -> None:
    """Say what stopped the cycle, and end with 1 when not everything is right, with 130 after Ctrl-C."""
    if summary.error is not None:
        complain(summary.error.message, summary.error.hint)
    held = any(name.endswith(".held") for name in summary.counts)
    if held and summary.error is None:
        complain("Deletions are held back.", "See whom, and decide, with `provisor job deletions`.")
    if summary.state == "stopped":
        raise typer.Exit(STOPPED)
    if summary.error is not None or held or summary.state != "succeeded":
        raise typer.Exit(1)  # failures of single objects too: who runs this from cron wants to hear of them
