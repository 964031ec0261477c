"""The noun `job`: what is provisioned where and when, and how far it has got."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from provisor.admin.errors import AdminError
from provisor.cli import job_on_demand, job_plans
from provisor.cli.clock import sentence as clock_doubted
from provisor.cli.credentials import save_credentials, test_connection
from provisor.cli.deletions import deletions
from provisor.cli.escrow import escrow, exchange_of, quarantine, retry
from provisor.cli.job_details import EACH
from provisor.cli.job_link import app as links
from provisor.cli.job_report import report
from provisor.cli.job_settings import print_settings
from provisor.cli.job_status import print_cycle, print_status
from provisor.cli.job_taking_over import take_over
from provisor.cli.options import ApplicationArgument, Details, JobArgument, session
from provisor.cli.removing import delete_job
from provisor.cli.running import NOT_FOLLOWED, STOPPED, ended, somebody_was_not, stopping
from provisor.terminal import AsJson, complain, counted, noun, print_json, print_table, progress_bar, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from provisor.admin.job_settings import GivenSettings
    from provisor.admin.jobs import JobShown
    from provisor.admin.notification import Notification

app = noun("Provisioning jobs: credentials, plan, run, start, pause, status.")
app.command("delete")(delete_job)
app.add_typer(job_plans.plans, name="plans")
app.add_typer(links, name="link")
for verb in (job_plans.plan, job_plans.approve, job_plans.apply, job_plans.discard, report, escrow, retry, quarantine):
    app.command()(verb)
app.command()(deletions)
app.command("credentials")(save_credentials)
app.command("test-connection")(test_connection)
app.command("take-over")(take_over)
app.command("on-demand")(job_on_demand.on_demand)

WAITS = "`provisor serve` sends them then, or the next `provisor job run`; `provisor job status` says until when."
_LIMIT = "Stop when more are {}: 20%+10 (both), 20%, 10, or off."
BehaviourName = Literal["provisor", "entra"]
LeaverChoice = Literal["disable", "nothing", "delete", "delete-after"]


@app.command()
def create(
    context: typer.Context,
    application: ApplicationArgument,
    behaviour: Annotated[BehaviourName, typer.Option(help="How it works: better, or faithful to Entra.")] = "provisor",
    as_json: AsJson = False,
) -> None:
    """Create the provisioning job of an application, with the mappings of its template.

    Example: provisor job create "Cisco Umbrella User Management"
    """
    opened = session(context)
    made = opened.admin.jobs.create(opened.actor, application, behaviour=behaviour)
    _print(made, as_json=as_json, done="Created")
    others = sum(one.job.application == made.job.application for one in opened.admin.jobs.all(opened.actor)) - 1
    if others and not as_json:
        say(f"The application has {counted(others, 'other job')}: from now on each is named by its id.")


@app.command("list")
def list_all(context: typer.Context, as_json: AsJson = False) -> None:
    """List the jobs.

    Example: provisor job list
    """
    opened = session(context)
    found = opened.admin.jobs.all(opened.actor)
    if as_json:
        print_json([document(each) for each in found])
    else:
        print_table(
            ("Application", "Schedule", "Status", "Leavers", "Id"),
            [
                (each.application, each.job.schedule_state, each.job.status_code, str(each.leavers), each.job.id)
                for each in found
            ],
        )


@app.command()
def start(context: typer.Context, job: JobArgument, as_json: AsJson = False) -> None:
    """Let the job run on its interval, under `provisor serve`.

    Example: provisor job start "Cisco Umbrella User Management"
    """
    opened = session(context)
    _print(opened.admin.jobs.start(opened.actor, job), as_json=as_json, done="Started")


@app.command()
def pause(context: typer.Context, job: JobArgument, as_json: AsJson = False) -> None:
    """Start no more cycles; a running one finishes.

    Example: provisor job pause "Cisco Umbrella User Management"
    """
    opened = session(context)
    _print(opened.admin.jobs.pause(opened.actor, job), as_json=as_json, done="Paused")


@app.command()
def abort(context: typer.Context, job: JobArgument, as_json: AsJson = False) -> None:
    """Pause, and end a cycle that runs at once, in whatever process: its requests are cancelled.

    What became of them the next run finds out; `provisor job start` goes on where the cycle was.

    Example: provisor job abort "Cisco Umbrella User Management"
    """
    opened = session(context)
    _print(opened.admin.cycles.abort(opened.actor, job), as_json=as_json, done="Aborted")


@app.command()
def restart(
    context: typer.Context,
    job: JobArgument,
    reset_scope: Annotated[
        str,
        typer.Option(
            metavar="WORDS",
            help="Escrows, QuarantineState, Watermark, ConnectorDataStore, ForceDeletes, Full, or None.",
        ),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Start over: the next cycle is an initial one. Links are kept unless the reset scope includes them.

    ForceDeletes forgets nothing: it lets the next cycle disable and delete whatever it means to.

    Example: provisor job restart "Cisco Umbrella User Management" --reset-scope "Watermark, Escrows"
    """
    opened = session(context)
    shown = opened.admin.jobs.restart(opened.actor, job, reset_scope=reset_scope)
    _print(shown, as_json=as_json, done="Restarted")


@app.command()
def settings(
    context: typer.Context,
    job: JobArgument,
    scope: Annotated[Literal["assigned", "all"] | None, typer.Option(help="Who is in scope.")] = None,
    interval: Annotated[int | None, typer.Option(metavar="SECONDS", help="From start to start (default 2400).")] = None,
    behaviour: Annotated[BehaviourName | None, typer.Option(help="Better, or faithful to Entra.")] = None,
    skip_out_of_scope_deletions: Annotated[
        bool | None, typer.Option(help="Leave the accounts of users who leave the scope alone.")
    ] = None,
    approve_above: Annotated[
        int | None, typer.Option(metavar="N", min=-1, help="Ask before more than N operations are sent; -1: never.")
    ] = None,
    approver_differs: Annotated[
        bool | None, typer.Option(help="Nobody approves a plan that they asked for, the local operator neither.")
    ] = None,
    notify: Annotated[
        list[str] | None, typer.Option(metavar="ADDRESS", help="Who is told by mail of trouble; may be repeated.")
    ] = None,
    no_notify: Annotated[bool, typer.Option("--no-notify", help="Tell nobody by mail.")] = False,
    quarantine_least: Annotated[
        int | None, typer.Option(metavar="N", help="Below N failures only the total one counts (5,000).")
    ] = None,
    quarantine_percent: Annotated[
        int | None, typer.Option(metavar="N", help="More than N % failed: quarantine (40).")
    ] = None,
    quarantine_objects: Annotated[
        int | None, typer.Option(metavar="N", help="More than N objects failed: quarantine (40,000).")
    ] = None,
    quarantine_total: Annotated[
        int | None, typer.Option(metavar="N", help="More than N objects and references failed: quarantine (60,000).")
    ] = None,
    keep_exchanges: Annotated[
        int | None,
        typer.Option(metavar="DAYS", min=0, max=36_500, help="Keep requests and answers behind failures so long (30)."),
    ] = None,
    change_driven: Annotated[
        bool | None, typer.Option(help="Send changes when they come, not only on the interval.")
    ] = None,
    leavers: Annotated[LeaverChoice | None, typer.Option(help="What is done with users who leave the scope.")] = None,
    days: Annotated[
        int | None, typer.Option(metavar="N", help="With --leavers delete-after: N days after they were disabled.")
    ] = None,
    nested_groups: Annotated[
        Literal["direct", "flatten"] | None,
        typer.Option(help="Who is in a group: its direct members, or also those of groups in it, to any depth."),
    ] = None,
    prevent_accidental_deletions: Annotated[
        bool | None, typer.Option(help="Hold disables and deletions back above a threshold (500), all else goes on.")
    ] = None,
    deletion_threshold: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Hold back more than N in a cycle; switches it on.")
    ] = None,
    limit_users: Annotated[str | None, typer.Option(metavar="LIMIT", help=_LIMIT.format("disabled or deleted"))] = None,
    limit_groups: Annotated[str | None, typer.Option(metavar="LIMIT", help=_LIMIT.format("deleted"))] = None,
    limit_memberships: Annotated[str | None, typer.Option(metavar="LIMIT", help=_LIMIT.format("removed"))] = None,
    capacity_order: Annotated[
        Literal["name", "assigned"] | None,
        typer.Option(help="Which groups get a place where there are too few: by name, or who was assigned earlier."),
    ] = None,
    capacity_first: Annotated[
        list[str] | None, typer.Option(metavar="GROUP", help="Groups that get one before others; may be repeated.")
    ] = None,
    no_capacity_first: Annotated[bool, typer.Option("--no-capacity-first", help="No group before others.")] = False,
    as_json: AsJson = False,
) -> None:
    """Change how the job runs; options not given keep their values. Without options, show the settings in force.

    Users who are unassigned or filtered out are disabled and then left alone for good (--leavers disable), left as they
    are (nothing), deleted (delete), or disabled, and deleted --days later (delete-after) unless they return.

    Example: provisor job settings "Cisco Umbrella User Management" --scope assigned --interval 600
    """
    telling = _notification(notify, no_notify=no_notify)
    numbers = {
        "least": quarantine_least,
        "percent": quarantine_percent,
        "objects": quarantine_objects,
        "total": quarantine_total,
    }
    limits = {"users": limit_users, "groups": limit_groups, "memberships": limit_memberships}
    given: GivenSettings = {
        "scope": scope,
        "skip_out_of_scope_deletions": skip_out_of_scope_deletions,
        "approve_above": approve_above,
        "approver_differs": approver_differs,
        "notification": telling,
        "thresholds": {name: value for name, value in numbers.items() if value is not None} or None,
        "keep_exchanges_days": keep_exchanges,
        "change_driven": change_driven,
        "leavers": leavers,
        "leavers_days": days,
        "nested_groups": nested_groups,
        "capacity_order": capacity_order,
        "capacity_first": capacity_first or ([] if no_capacity_first else None),
        "prevent_deletions": prevent_accidental_deletions,
        "deletion_threshold": deletion_threshold,
        "limits": {name: value for name, value in limits.items() if value is not None} or None,
    }
    opened = session(context)
    if all(one is None for one in (interval, behaviour, *given.values())):
        _print_in_force(opened.admin.jobs.in_force(opened.actor, job), as_json=as_json)
        return
    waited = opened.admin.cycles.status(opened.actor, job).leaving if leavers is not None else 0
    shown = opened.admin.jobs.settings(opened.actor, job, interval_seconds=interval, behaviour=behaviour, **given)
    _print(shown, as_json=as_json, done="Changed the settings of")
    if waited and leavers != "delete-after" and not as_json:
        fate = "deleted by the next cycle" if leavers == "delete" else "kept for good"
        say(f"{counted(waited, 'account')} of leavers that waited to be deleted will be {fate}.")


def _notification(addresses: list[str] | None, *, no_notify: bool) -> "Notification | None":
    if not addresses and not no_notify:
        return None
    from provisor.admin.notification import Notification

    return Notification(recipients=tuple(addresses) if addresses else None, enabled=not no_notify)


@app.command()
def run(
    context: typer.Context,
    job: JobArgument,
    details: Details = False,
    allow_deletes: Annotated[
        int,
        typer.Option(metavar="N", min=0, help="Allow up to N disables, deletions and removals from groups, this once."),
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Run one cycle now and follow it: the first is an initial cycle, later ones are incremental.

    A running `provisor serve` does it; without one it is done here, in the foreground.

    A cycle that would take away more than the job's limits allow (more than 20 % and more than 10 of the users, the
    groups or the memberships, where nothing else is set) stops before its first write; see `provisor job deletions`.

    Failures and skips are listed by cause; --details also lists some changes by name; --json lists all.

    Ends with 0 when everything is right, with 1 when the cycle failed or somebody could not be provisioned, with 130
    after Ctrl-C, which stops it where the next run goes on; one that `provisor serve` does is no longer followed, and
    goes on.

    Example: provisor job run "Cisco Umbrella User Management"
    """
    opened = session(context)
    cycles = opened.admin.cycles
    try:
        with progress_bar(quiet=as_json) as moved:
            summary = cycles.run(opened.actor, job, report=moved, stopping=stopping, allow_deletes=allow_deletes)
    except AdminError as error:
        if error.code != NOT_FOLLOWED:
            raise
        complain(error.message, error.hint)
        raise typer.Exit(STOPPED) from None
    failures, skips = cycles.causes(opened.actor, job, summary.n) if somebody_was_not(summary.counts) else ((), ())
    listed = cycles.done(opened.actor, job, summary.n, each=None if as_json else EACH) if details or as_json else ()
    print_cycle(summary, failures, skips, listed, as_json=as_json)
    doubt = opened.admin.clock.doubt(opened.actor)
    if doubt is not None:
        complain(clock_doubted(doubt))
    if opened.admin.deletions.show(opened.actor, job).waits_since is not None:
        complain("Disables, deletions and removals from groups wait for an import to end.", WAITS)
    ended(summary)


@app.command()
def status(context: typer.Context, job: JobArgument, as_json: AsJson = False) -> None:
    """Show the job's schedule, progress and last cycle, when it runs next, and whether it starts by itself.

    Example: provisor job status "Cisco Umbrella User Management"
    """
    opened = session(context)
    shown = opened.admin.jobs.show(opened.actor, job)
    status = opened.admin.cycles.status(opened.actor, job)
    event = None if status.quarantine is None else status.quarantine.event
    exchange = exchange_of(opened.admin.escrow.exchange(opened.actor, event))
    if as_json:
        statistics = {"statistics": opened.admin.reports.statistics(opened.actor, job).to_json()}
        told = {"status": status.to_json(), "runs": status.runs.to_json(), "quarantineExchange": exchange}
        told |= {"heldDeletions": status.deletions.to_json(), "leavers": status.leavers_to_json()}
        print_json({**document(shown), **told, **statistics})
    else:
        print_status(shown, status, exchange)


def document(shown: "JobShown") -> dict[str, object]:
    """A job in Graph's words; credentials by name only."""
    job = shown.job
    return {
        "id": job.id,
        "templateId": job.template,
        "application": shown.application,
        "schedule": {"state": job.schedule_state, "interval": shown.interval, "expiration": None},
        "statusCode": job.status_code,
        "behaviour": job.behaviour,
        "settings": job.settings,
        "ruleSetVersion": job.ruleset_version,
        "baseAddress": shown.base_address,
        "secrets": list(shown.credentials),
    }


def _print(shown: "JobShown", *, as_json: bool, done: str) -> None:
    if as_json:
        print_json(document(shown))
    else:
        say(f"{done} the job of {shown.application} ({shown.job.id}).")


def _print_in_force(found: "Mapping[str, object]", *, as_json: bool) -> None:
    if as_json:
        print_json(found)
    else:
        print_settings(found)


app.command("delete")(delete_job)
