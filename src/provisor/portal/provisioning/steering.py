"""What is done with a job by its buttons: start, stop, abort, restart, run now, delete; each that cannot be undone with
a page that asks first.
"""

from typing import Final

from provisor.admin.actor import JOB_RUN, JOB_WRITE
from provisor.admin.errors import AdminError
from provisor.admin.jobs import PLAIN_RESTART, RESET_SCOPES
from provisor.portal.errors import said, status_of
from provisor.portal.frames import JobFrame, job_frame
from provisor.portal.provisioning.words import counted
from provisor.portal.visits import PortalVisit
from provisor.web.answers import PageAnswer, Redirect, TemplatePage

# What each part of a restart forgets, and what follows (spec/provisioning-service.md section 2.3).
RESETS: Final = {
    "Watermark": ("Where it is in the changes", "Everybody in scope is looked at again, in an initial cycle."),
    "Escrows": ("What failed", "Nobody waits to be tried again; who is looked at again may fail again."),
    "QuarantineState": ("The quarantine", "It is lifted, and comes back if its cause is still there."),
    "ConnectorDataStore": (
        "Links to accounts",
        "Everybody is matched anew, and the numbers to date begin again. Only for when accounts were replaced there.",
    ),
    "ForceDeletes": (
        "Forgets nothing: allows deletions",
        "The next cycle disables and deletes whomever it means to, however many they are.",
    ),
    "Full": ("All of the above", "As if the job had just been made, with its deletions allowed."),
}
_EXPLAINED: Final = [(name, *RESETS[name]) for name in RESET_SCOPES if name in RESETS]


def start(visit: PortalVisit) -> PageAnswer:
    """Cycles begin, at once and then by themselves."""
    frame = job_frame(visit, JOB_WRITE)
    initial = frame.shown.job.watermark is None
    visit.admin.jobs.start(visit.actor, frame.id)
    what = "The initial cycle of all users and groups in scope begins." if initial else "It goes on where it was."
    return Redirect(to=frame.address, done=f"Provisioning is on. {what}")


def stop(visit: PortalVisit) -> PageAnswer:
    """No further cycle begins."""
    frame = job_frame(visit, JOB_WRITE)
    visit.admin.jobs.pause(visit.actor, frame.id)
    running = visit.admin.cycles.status(visit.actor, frame.id).running is not None
    rest = "The cycle that runs goes on to its end." if running else "Everything is kept as it is."
    return Redirect(to=frame.address, done=f"Provisioning is off: no further cycle begins. {rest}")


def run(visit: PortalVisit) -> PageAnswer:
    """One cycle now."""
    frame = job_frame(visit, JOB_RUN)
    visit.admin.cycles.ask(visit.actor, frame.id)
    return Redirect(to=frame.address, done="A cycle was asked for; it begins in a moment.")


def show_abort(visit: PortalVisit) -> PageAnswer:
    """What that means."""
    frame = job_frame(visit)
    running = visit.admin.cycles.status(visit.actor, frame.id).running is not None
    return _asking(frame, "abort", "Abort the cycle", {"running": running})


def abort(visit: PortalVisit) -> PageAnswer:
    """The cycle ends at once."""
    frame = job_frame(visit, JOB_WRITE)
    visit.admin.cycles.abort(visit.actor, frame.id)
    return Redirect(to=frame.address, done="The cycle was ended. Start provisioning, and it goes on where it was.")


def show_restart(visit: PortalVisit) -> PageAnswer:
    """What is to be forgotten, the usual parts ticked."""
    return _restart(job_frame(visit), [*PLAIN_RESTART], "")


def restart(visit: PortalVisit) -> PageAnswer:
    """Begin anew, having forgotten what is ticked."""
    frame, chosen = job_frame(visit, JOB_WRITE), visit.arrival.chosen("reset")
    try:
        shown = visit.admin.jobs.restart(visit.actor, frame.id, reset_scope=", ".join(chosen) or "None")
    except AdminError as error:
        if status_of(error) != 400:
            raise
        return _restart(frame, chosen, said(error), 400)
    initial = "an initial cycle begins" if shown.job.watermark is None else "it goes on where it was"
    return Redirect(to=frame.address, done=f"Provisioning was restarted: {initial}.")


def _restart(frame: JobFrame, chosen: list[str], problem: str, status: int = 200) -> TemplatePage:
    values = {"resets": _EXPLAINED, "chosen": chosen, "problem_said": problem}
    return _asking(frame, "restart", "Restart provisioning", values, status)


def show_delete(visit: PortalVisit) -> PageAnswer:
    """What goes and what stays."""
    frame = job_frame(visit)
    outlook = visit.admin.removals.job_outlook(visit.actor, frame.id)
    stays = [counted(outlook.users, "account"), counted(outlook.groups, "group")]
    only = len(frame.application.jobs) == 1
    return _asking(frame, "delete", "Delete the job", {"stays": " and ".join(stays), "only": only})


def delete(visit: PortalVisit) -> PageAnswer:
    """The job goes; accounts stay."""
    frame = job_frame(visit, JOB_WRITE)
    visit.admin.removals.delete_job(visit.actor, frame.id)
    done = f"The job was deleted. Accounts in {frame.application.name} stay as they are."
    return Redirect(to=frame.application.address, done=done)


def _asking(frame: JobFrame, what: str, title: str, values: dict[str, object], status: int = 200) -> TemplatePage:
    given = {"job": frame, "part": "overview-of", "action": f"{frame.address}/{what}", **values}
    return TemplatePage(template=f"provisioning/{what}.html", title=title, values=given, status=status)
