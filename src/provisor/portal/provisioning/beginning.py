"""The provisioning of an application before one is at a job: get started, or which of several."""

from typing import Final

from provisor.admin.errors import AdminError
from provisor.admin.service_principals import ApplicationKey
from provisor.portal.errors import said, status_of
from provisor.portal.frames import ApplicationFrame, application_frame
from provisor.portal.visits import PortalVisit
from provisor.web.answers import PageAnswer, Redirect, TemplatePage

BEHAVIOURS: Final = (
    (
        "provisor",
        "Better than Entra",
        "Changes are sent when they come, what failed is tried again as soon as its cause is gone, a change of the"
        " mappings looks at those alone whom it concerns, and limits stop a cycle before it takes access from many.",
    ),
    (
        "entra",
        "Faithful to Entra",
        "As Microsoft Entra does it, quirks included: a cycle every 40 minutes, an initial cycle after every change of"
        " the mappings, 25 requests a second. For those who compare or move over.",
    ),
)


def show(visit: PortalVisit) -> PageAnswer:
    """On to the one job; *Get started* without any, a list of several."""
    frame = application_frame(visit)
    visit.admin.synchronization.all_jobs(visit.actor, ApplicationKey("service principal", frame.id))  # or says no
    if len(frame.jobs) == 1 and visit.query.get("another") is None:
        return Redirect(to=f"{frame.provisioning}/{frame.jobs[0].job.id}")
    return _page(frame, behaviour="provisor", problem="", adding=visit.query.get("another") is not None)


def create(visit: PortalVisit) -> PageAnswer:
    """Make a job; its credentials come next."""
    frame, behaviour = application_frame(visit), visit.form.get("behaviour", "provisor")
    try:
        made = visit.admin.jobs.create(visit.actor, frame.id, behaviour=behaviour)
    except AdminError as error:
        if status_of(error) != 400:
            raise
        return _page(frame, behaviour=behaviour, problem=said(error), adding=True, status=400)
    return Redirect(
        to=f"{frame.provisioning}/{made.job.id}/settings",
        done="Provisioning Mode is Automatic. Type the admin credentials, test the connection, and save.",
    )


def _page(frame: ApplicationFrame, *, behaviour: str, problem: str, adding: bool, status: int = 200) -> TemplatePage:
    values = {
        "frame": frame,
        "tab": "provisioning",
        "behaviours": BEHAVIOURS,
        "behaviour": behaviour,
        "problem_said": problem,
        "adding": adding or not frame.jobs,
    }
    return TemplatePage(template="provisioning/beginning.html", title="Provisioning", values=values, status=status)
