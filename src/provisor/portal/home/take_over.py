"""Take over from Entra: its saved schema becomes that of a new job, and the first plan shows what would happen.

The job stands still, and nothing is written before its plan is approved. What is wrong with the schema is told, each
with its place, before anything is made. Order: the file, the job that was made, its first plan.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from provisor.admin.actor import APPLICATION_CREATE, DIRECTORY_READ, JOB_RUN, JOB_WRITE
from provisor.admin.assignments import Narrowed
from provisor.admin.errors import AdminError
from provisor.admin.plan_making import Making
from provisor.admin.plans import PlanShown
from provisor.admin.service_principals import ApplicationKey
from provisor.portal.errors import said, status_of
from provisor.portal.frames import job_frame
from provisor.portal.home.saved_schemas import NoSchemaError, read_saved, renamed
from provisor.portal.visits import PortalVisit
from provisor.web.answers import PageAnswer, Redirect, TemplatePage
from provisor.web.live import LiveTopic

START: Final = "/take-over"
JOB: Final = "/take-over/{application}/{job}"
MAKING: Final = "/take-over/{application}/{job}/making/{making}"
_NEW: Final = "new "
_TITLE: Final = "Take over from Entra"


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOverPlace:
    """An application that may take the schema over: `value` of the form, the template of its jobs, the job there is."""

    value: str
    words: str
    template: str
    gallery_id: str = ""
    application: str = ""
    job: str = ""


# The file


def start(visit: PortalVisit) -> PageAnswer:
    """Choose an application and a file."""
    return _start(visit)


def _start(
    visit: PortalVisit,
    wrong: Mapping[str, str] | None = None,
    places: Sequence[tuple[str, str]] = (),
    status: int = 200,
) -> TemplatePage:
    values = {
        "choices": [(one.value, one.words) for one in _places(visit)],
        "chosen": visit.form.get("application", ""),
        "name": visit.form.get("name", ""),
        "wrong": {"file": "", "application": "", "name": "", "all": "", **(wrong or {})},
        "places": places,
    }
    return TemplatePage(template="home/take_over.html", title=_TITLE, values=values, status=status)


def _places(visit: PortalVisit) -> list[TakeOverPlace]:
    """New applications of the gallery, and those whose job was never On and never ran, or that have none."""
    actor, admin = visit.actor, visit.admin
    found = []
    if actor.may(APPLICATION_CREATE):
        found = [
            TakeOverPlace(
                value=f"{_NEW}{one.gallery_id}",
                words=f"New: {one.display_name}",
                template=one.id,
                gallery_id=one.gallery_id,
            )
            for one in admin.service_principals.gallery(actor)
        ]
    for brief in admin.service_principals.all(actor):
        if not actor.may(JOB_WRITE, brief.id):
            continue
        key = ApplicationKey("service principal", brief.id)
        jobs = admin.synchronization.all_jobs(actor, key)
        shown = admin.service_principals.show(actor, key)
        if shown.template is None or any(one.job.last_cycle or one.job.schedule_state != "Disabled" for one in jobs):
            continue
        found.append(
            TakeOverPlace(
                value=brief.id,
                words=f"{brief.display_name}, which was never On",
                template=shown.template.id,
                application=brief.id,
                job=jobs[0].job.id if jobs else "",
            )
        )
    return found


def upload(visit: PortalVisit) -> PageAnswer:
    """Read the file, and make its rules those of a job that stands still."""
    sent = visit.arrival.uploads.get("file")
    chosen = next((one for one in _places(visit) if one.value == visit.form.get("application", "")), None)
    if chosen is None:
        return _start(visit, {"application": "Choose an application."}, status=400)
    if sent is None:
        return _start(visit, {"file": "Choose the file that Entra's schema is saved in."}, status=400)
    try:
        return _taken(visit, chosen, sent.file)
    except NoSchemaError as error:
        return _start(visit, {"file": str(error)}, status=400)
    except AdminError as error:
        if error.code == "permission-denied":
            raise
        beside = "name" if error.code.startswith("name-") else "all"
        text = "" if error.places else said(error)
        return _start(visit, {beside: text}, error.places, status_of(error))


def _taken(visit: PortalVisit, chosen: TakeOverPlace, file: Path) -> Redirect:
    actor, admin = visit.actor, visit.admin
    saved = read_saved(file)
    adopted = admin.sources.foreign_extensions.adopt(actor, saved)
    registered = admin.extension_properties.by_name(actor) if actor.may(DIRECTORY_READ) else {}
    document, names = renamed(saved, registered)
    admin.schemas.examine(actor, chosen.template, document)
    application, job = chosen.application, chosen.job
    if not application:
        name = visit.form.get("name", "").strip() or chosen.words.removeprefix("New: ")
        application = admin.service_principals.instantiate(actor, chosen.gallery_id, name).application.id
    if not job:
        key = ApplicationKey("service principal", application)
        job = admin.synchronization.create_job(actor, key, chosen.template).job.id
    admin.schemas.save(actor, job, document)
    told = "".join(f" {before} is {after} here." for before, after in names.items())
    told += "".join(f" {name} is read from the mirrored tenant." for name in adopted)
    return Redirect(to=f"{START}/{application}/{job}", done=f"The schema was taken over.{told}")


# The job


def show(visit: PortalVisit) -> PageAnswer:
    """What there is to do until the first plan, and the plan."""
    return _show(visit)


def _show(visit: PortalVisit, wrong: str = "", status: int = 200) -> TemplatePage:
    frame = job_frame(visit)
    actor, admin = visit.actor, visit.admin
    key = ApplicationKey("service principal", frame.application.id)
    scope_is_all = frame.shown.job.settings.get("scope") == "all"
    assigned = scope_is_all or bool(admin.assignments.of_application(actor, key, Narrowed(), limit=1))
    newest = next(iter(admin.plans.all(actor, frame.id)), None)
    making = _making(visit, visit.query.get("making", ""))
    values = {
        "job": frame,
        "configured": frame.shown.job.status_code != "NotConfigured",
        "assigned": assigned,
        "scope_is_all": scope_is_all,
        "plan": newest,
        "counts": None if newest is None else counted(newest),
        "making": None if making is None or making.state == "succeeded" else making,
        "failure": "" if making is None or making.error is None else said(making.error),
        "here": f"{START}/{frame.application.id}/{frame.id}",
        "runs": actor.may(JOB_RUN, frame.application.id),
        "wrong": wrong,
    }
    return TemplatePage(template="home/taken_over.html", title=_TITLE, values=values, status=status)


def counted(plan: PlanShown) -> dict[str, int]:
    """What the plan would do with users and groups, by what is done."""
    found = dict.fromkeys(("link", "create", "update", "disable", "delete"), 0)
    for (kind, operation), number in plan.stored.plan.counts.items():
        if operation in found and kind in ("user", "group"):
            found[operation] += number
    return found


# Its first plan


def ask(visit: PortalVisit) -> PageAnswer:
    """Begin to make the plan; the page shows how far it is."""
    frame = job_frame(visit)
    try:
        made = visit.admin.plan_making.ask(visit.actor, frame.id)
    except AdminError as error:
        if error.code == "permission-denied":
            raise
        return _show(visit, said(error), status_of(error))
    return Redirect(to=f"{START}/{frame.application.id}/{frame.id}?making={made.id}")


def _making(visit: PortalVisit, making: str) -> Making | None:
    if not making:
        return None
    try:
        return visit.admin.plan_making.look(visit.actor, making)
    except AdminError:  # it is done for long, or the service was started anew: the plan is there or not
        return None


def topic(visit: PortalVisit) -> LiveTopic:
    """How far the plan is. Raises AdminError."""
    making, actor, admin = visit.names["making"], visit.actor, visit.admin
    admin.plan_making.look(actor, making)
    here = f"{START}/{visit.names['application']}/{visit.names['job']}"

    def look() -> TemplatePage:
        found = admin.plan_making.look(actor, making)
        failure = "" if found.error is None else said(found.error)
        values = {"making": found, "failure": failure, "here": here}
        return TemplatePage(template="home/making.html", title="", values=values)

    return LiveTopic(key=f"take-over {here} {making}", look=look)
