"""`job delete` and `app delete`: what happens to the accounts is shown first and must be confirmed."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from provisor.cli.options import ApplicationArgument, JobArgument, session
from provisor.terminal import AsJson, complain, confirmed, counted, print_json, say, warn

if TYPE_CHECKING:
    from provisor.admin.removals import Outlook

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask; required without a terminal.")]


def delete_job(context: typer.Context, job: JobArgument, yes: Yes = False, as_json: AsJson = False) -> None:
    """Delete a job with its rules, credentials and links. Accounts at the application stay as they are.

    Example: provisor job delete "Cisco Umbrella User Management"
    """
    opened = session(context)
    removals = opened.admin.removals
    outlook = removals.job_outlook(opened.actor, job)
    _warn(
        f"This deletes the job of {outlook.application} ({outlook.id}) with its rules, credentials and links.", outlook
    )
    _remove(
        outlook, lambda: removals.delete_job(opened.actor, outlook.id), yes=yes, as_json=as_json, what="the job of "
    )


def delete_application(
    context: typer.Context, application: ApplicationArgument, yes: Yes = False, as_json: AsJson = False
) -> None:
    """Delete an application with its job, assignments and owners. Accounts at the application stay as they are.

    Example: provisor app delete "Cisco Umbrella User Management"
    """
    opened = session(context)
    removals = opened.admin.removals
    outlook = removals.application_outlook(opened.actor, application)
    with_it = "its job, assignments and owners" if outlook.jobs else "its assignments and owners"
    _warn(f"This deletes {outlook.application} ({outlook.id}) with {with_it}.", outlook)
    _remove(outlook, lambda: removals.delete_application(opened.actor, outlook.id), yes=yes, as_json=as_json, what="")


def _warn(sentence: str, outlook: "Outlook") -> None:
    """What goes and what stays, on standard error: standard output is for what was done."""
    warn(sentence)
    if outlook.users or outlook.groups:
        warn(
            f"Nothing is sent: {counted(outlook.users, 'account')} and {counted(outlook.groups, 'group')} that it "
            f"looks after stay at {outlook.application} as they are: users who can sign in still can, no cycle will "
            "disable them. To take access away first, end the assignments and run a cycle."
        )
    elif outlook.jobs:
        warn(f"It looks after no account at {outlook.application}; nothing is sent.")
    if outlook.jobs:
        warn("The provisioning log is kept.")


def _remove(outlook: "Outlook", remove: Callable[[], "Outlook"], *, yes: bool, as_json: bool, what: str) -> None:
    if not yes and not confirmed(outlook.application):
        complain("Nothing was deleted: the name did not match.")
        raise typer.Exit(1)
    gone = remove()
    if as_json:
        print_json({"id": gone.id, "application": gone.application, "jobs": list(gone.jobs), "leftAccounts": gone.users,
                    "leftGroups": gone.groups})  # fmt: skip
    else:
        say(f"Deleted {what}{gone.application} ({gone.id}).")
