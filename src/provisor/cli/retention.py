"""The noun `retention`: how long the logs and the history of jobs are kept."""

from typing import TYPE_CHECKING, Annotated

import typer

from provisor.cli.options import session
from provisor.terminal import AsJson, counted, noun, print_json, print_table

if TYPE_CHECKING:
    from provisor.admin.retentions import Retention

app = noun("How long the logs and the history of jobs are kept; `provisor serve` removes what is older.")


@app.command()
def show(context: typer.Context, as_json: AsJson = False) -> None:
    """Show how long things are kept.

    Example: provisor retention show
    """
    opened = session(context)
    _print(opened.admin.retentions.show(opened.actor), as_json=as_json)


@app.command("set")
def set_(
    context: typer.Context,
    log_days: Annotated[int | None, typer.Option(metavar="DAYS", min=0, help="The provisioning log (30).")] = None,
    audit_days: Annotated[int | None, typer.Option(metavar="DAYS", min=0, help="The audit log (365).")] = None,
    cycles: Annotated[int | None, typer.Option(metavar="N", min=0, help="The last cycles of each job (1000).")] = None,
    rule_sets: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="The last rule sets of each job (100).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say how long things are kept; what is not named stays, 0 is for ever.

    The cycle under way, the rules it works by, and the last cycles that succeeded stay in any case. Statistics stay for
    ever.

    Example: provisor retention set --log-days 90
    """
    if (log_days, audit_days, cycles, rule_sets) == (None, None, None, None):
        raise typer.BadParameter("Name what to change: --log-days, --audit-days, --cycles or --rule-sets.")
    opened = session(context)
    kept = opened.admin.retentions.set(
        opened.actor, log_days=log_days, audit_days=audit_days, cycles=cycles, rule_sets=rule_sets
    )
    _print(kept, as_json=as_json)


def _print(kept: "Retention", *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "logDays": kept.log_days,
                "auditDays": kept.audit_days,
                "cycles": kept.cycles,
                "ruleSets": kept.rule_sets,
            }
        )
        return
    said = (
        ("Provisioning log", kept.log_days, "day"),
        ("Audit log", kept.audit_days, "day"),
        ("Cycles of a job", kept.cycles, "cycle"),
        ("Rule sets of a job", kept.rule_sets, "rule set"),
    )
    print_table(("", "Kept"), [(what, counted(number, unit) if number else "for ever") for what, number, unit in said])
