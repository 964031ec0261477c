"""The noun `job`: what is provisioned where, when, and how far it has come."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from provisor.cli.clock import sentence as clock_doubted
from provisor.cli.job_details import EACH
from provisor.cli.job_status import print_cycle, print_plan, print_status
from provisor.cli.options import ApplicationArgument, JobArgument, session
from provisor.cli.removing import delete_job
from provisor.terminal import AsJson, complain, noun, print_json, print_table, progress_bar, read_secret, say

if TYPE_CHECKING:
    from provisor.admin.jobs import JobShown

app = noun("Provisioning jobs: credentials, plan, run, start, pause, status.")
app.command("delete")(delete_job)

BehaviourName = Literal["provisor", "entra"]
Details = Annotated[bool, typer.Option("--details", help="List by name what is done, some of every sort.")]

STOPPED: Final = 130  # what shells give a command that Ctrl-C ended


@app.command()
def create(
    context: typer.Context,
    application: ApplicationArgument,
    behaviour: Annotated[BehaviourName, typer.Option(help="How it works: better, or faithful to Entra.")] = "provisor",
    as_json: AsJson = False,
) -> None:
    """Make the provisioning job of an application, with the mappings of its template.

    Example: provisor job create "Cisco Umbrella User Management"
    """
    opened = session(context)
    _print(opened.admin.jobs.create(opened.actor, application, behaviour=behaviour), as_json=as_json, done="Created")


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
            ("Application", "Schedule", "Status", "Id"),
            [(each.application, each.job.schedule_state, each.job.status_code, each.job.id) for each in found],
        )


@app.command()
def credentials(
    context: typer.Context,
    job: JobArgument,
    url: Annotated[str, typer.Option(help="The tenant URL that the application showed.")],
    token_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="A file with the secret token; - reads standard input.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Save the tenant URL and the secret token, which is asked for, or read from a file or standard input.

    Example: provisor job credentials "Cisco Umbrella User Management" --url https://umbrella.example/scim
    """
    token = read_secret(token_file, "Secret Token")
    opened = session(context)
    shown = opened.admin.jobs.save_credentials(opened.actor, job, url=url, token=token)
    _print(shown, as_json=as_json, done="Saved the credentials of")


@app.command("test-connection")
def test_connection(context: typer.Context, job: JobArgument, as_json: AsJson = False) -> None:
    """Ask the application for somebody who does not exist, with the saved credentials.

    Example: provisor job test-connection "Cisco Umbrella User Management"
    """
    opened = session(context)
    opened.admin.cycles.test_connection(opened.actor, job)
    if as_json:
        print_json({"connected": True})
    else:
        say("The supplied credentials are authorized to enable provisioning.")


@app.command()
def start(context: typer.Context, job: JobArgument, as_json: AsJson = False) -> None:
    """Let the job run on its interval, under `provisor serve`.

    Example: provisor job start "Cisco Umbrella User Management"
    """
    opened = session(context)
    _print(opened.admin.jobs.start(opened.actor, job), as_json=as_json, done="Started")


@app.command()
def pause(context: typer.Context, job: JobArgument, as_json: AsJson = False) -> None:
    """Start no further cycle; one that runs goes on to its end.

    Example: provisor job pause "Cisco Umbrella User Management"
    """
    opened = session(context)
    _print(opened.admin.jobs.pause(opened.actor, job), as_json=as_json, done="Paused")


@app.command()
def restart(
    context: typer.Context,
    job: JobArgument,
    reset_scope: Annotated[
        str, typer.Option(metavar="WORDS", help="Watermark, Escrows, ConnectorDataStore, Full, or None.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Start from the beginning: the next cycle is an initial one. Links are kept unless the reset scope names them.

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
    interval: Annotated[int | None, typer.Option(metavar="SECONDS", help="From start to start (2400).")] = None,
    behaviour: Annotated[BehaviourName | None, typer.Option(help="Better, or faithful to Entra.")] = None,
    skip_out_of_scope_deletions: Annotated[
        bool | None, typer.Option(help="Leave accounts alone whose people leave the scope.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Change how the job runs; what is not named stays.

    Example: provisor job settings "Cisco Umbrella User Management" --scope assigned --interval 600
    """
    if (scope, interval, behaviour, skip_out_of_scope_deletions) == (None, None, None, None):
        raise typer.BadParameter("Name what to change: --scope, --interval, --behaviour or the out-of-scope option.")
    opened = session(context)
    shown = opened.admin.jobs.settings(
        opened.actor,
        job,
        scope=scope,
        interval_seconds=interval,
        behaviour=behaviour,
        skip_out_of_scope_deletions=skip_out_of_scope_deletions,
    )
    _print(shown, as_json=as_json, done="Set")


@app.command()
def plan(context: typer.Context, job: JobArgument, details: Details = False, as_json: AsJson = False) -> None:
    """See what a cycle would do. The application is only read.

    With --details by name: some of every sort, with the old and new values of attributes; --json lists all.

    Example: provisor job plan "Cisco Umbrella User Management" --details
    """
    opened = session(context)
    cycles = opened.admin.cycles
    made = cycles.plan(opened.actor, job)
    failures, skips = cycles.planned_causes(opened.actor, job) if made.verdicts else ((), ())
    listed = cycles.planned(opened.actor, job, each=None if as_json else EACH) if details or as_json else ()
    print_plan(made, failures, skips, listed, as_json=as_json)


@app.command()
def run(
    context: typer.Context,
    job: JobArgument,
    details: Details = False,
    allow_deletes: Annotated[
        int,
        typer.Option(metavar="N", min=0, help="Disable, delete or remove from groups this once, up to N of all."),
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Run one cycle now, in the foreground: the first is an initial cycle, later ones are incremental.

    A cycle that would disable or delete more than 20 % of the users, delete more than 20 % of the groups or remove more
    than 20 % of the memberships (and more than 10) stops before its first write; --allow-deletes lets it through.

    Failures and skips are told by their cause; with --details also what was done, by name; --json lists all.

    Ends with 0 when everything is right, with 1 when the cycle failed or somebody could not be provisioned, with 130
    after Ctrl-C, which stops it where the next run goes on.

    Example: provisor job run "Cisco Umbrella User Management"
    """
    opened = session(context)
    cycles = opened.admin.cycles
    with progress_bar(quiet=as_json) as moved:
        summary = cycles.run(opened.actor, job, report=moved, stopping=_stopping, allow_deletes=allow_deletes)
    failures, skips = cycles.causes(opened.actor, job, summary.n) if _somebody_was_not(summary.counts) else ((), ())
    listed = cycles.done(opened.actor, job, summary.n, each=None if as_json else EACH) if details or as_json else ()
    print_cycle(summary, failures, skips, listed, as_json=as_json)
    doubt = opened.admin.clock.doubt(opened.actor)
    if doubt is not None:
        complain(clock_doubted(doubt))
    if summary.error is not None:
        complain(summary.error.message, summary.error.hint)
    if summary.state == "stopped":
        raise typer.Exit(STOPPED)
    if summary.error is not None or summary.state != "succeeded":
        raise typer.Exit(1)  # failures of single objects too: who runs this from cron wants to hear of them


def _stopping() -> None:
    complain("Stopping where the next run can go on.", "Ctrl-C again stops at once.")


def _somebody_was_not(counts: Mapping[str, int]) -> bool:
    """Whether anybody failed or was left alone."""
    return any(name.endswith((".fail", ".skip")) for name in counts)


@app.command()
def status(context: typer.Context, job: JobArgument, as_json: AsJson = False) -> None:
    """Show how the job is: schedule, progress, the last cycle, when it runs next, and whether it does so by itself.

    Example: provisor job status "Cisco Umbrella User Management"
    """
    opened = session(context)
    shown = opened.admin.jobs.show(opened.actor, job)
    status = opened.admin.cycles.status(opened.actor, job)
    if as_json:
        print_json({**document(shown), "status": status.to_json(), "runs": status.runs.to_json()})
    else:
        print_status(shown, status)


def document(shown: "JobShown") -> dict[str, object]:
    """A job in Graph's words; credentials by name only."""
    job = shown.job
    return {
        "id": job.id,
        "templateId": job.template,
        "application": shown.application,
        "schedule": {"state": job.schedule_state, "interval": _iso_duration(job.interval_seconds), "expiration": None},
        "statusCode": job.status_code,
        "behaviour": job.behaviour,
        "settings": job.settings,
        "ruleSetVersion": job.ruleset_version,
        "baseAddress": shown.base_address,
        "secrets": list(shown.credentials),
    }


def _iso_duration(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"PT{seconds}S" if rest else f"PT{minutes}M"


def _print(shown: "JobShown", *, as_json: bool, done: str) -> None:
    if as_json:
        print_json(document(shown))
    else:
        say(f"{done} the job of {shown.application} ({shown.job.id}).")
