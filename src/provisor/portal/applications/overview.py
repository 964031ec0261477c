"""The first page of an application, its properties, and the way to delete it."""

from collections.abc import Sequence
from dataclasses import dataclass

from provisor.admin.actor import APPLICATION_WRITE
from provisor.admin.errors import AdminError
from provisor.admin.jobs import JobShown
from provisor.admin.service_principals import LONGEST_NOTES, ApplicationKey
from provisor.admin.status import JobStatus
from provisor.portal.applications.gallery import APPLICATIONS
from provisor.portal.editions import edition_of, overtaken
from provisor.portal.errors import said
from provisor.portal.frames import ApplicationFrame, application_frame
from provisor.portal.visits import PortalVisit
from provisor.web.answers import PageAnswer, Redirect, TemplatePage


@dataclass(frozen=True, slots=True, kw_only=True)
class JobInShort:
    """A job of the application, and how it is."""

    shown: JobShown
    status: JobStatus


def show(visit: PortalVisit) -> PageAnswer:
    """Name, ids, what is to be done first, and how its jobs are."""
    frame = application_frame(visit)
    counted = visit.admin.applications.show(visit.actor, frame.id)
    values = {
        "frame": frame,
        "tab": "overview",
        "users": counted.users,
        "groups": counted.groups,
        "owners": len(counted.owners),
        "jobs": _jobs(visit, frame),
    }
    return TemplatePage(template="applications/overview.html", title=frame.name, values=values)


def _jobs(visit: PortalVisit, frame: ApplicationFrame) -> Sequence[JobInShort]:
    return [JobInShort(shown=one, status=visit.admin.cycles.status(visit.actor, one.job.id)) for one in frame.jobs]


def properties(visit: PortalVisit) -> PageAnswer:
    """What can be set of the application itself."""
    frame = application_frame(visit)
    return _properties(frame, _stored(frame), {})


def _stored(frame: ApplicationFrame) -> dict[str, object]:
    one = frame.shown.application
    return {
        "name": one.display_name,
        "enabled": one.account_enabled,
        "required": one.assignment_required,
        "notes": one.notes or "",
        "tags": "\n".join(one.tags),
    }


def _told(typed: dict[str, object]) -> dict[str, str]:
    return {
        "Name": str(typed["name"]),
        "Enabled for users to sign-in?": "Yes" if typed["enabled"] else "No",
        "Assignment required?": "Yes" if typed["required"] else "No",
        "Notes": str(typed["notes"]),
        "Tags": str(typed["tags"]),
    }


def _properties(
    frame: ApplicationFrame, typed: dict[str, object], wrong: dict[str, str], problem: str = ""
) -> TemplatePage:
    values = {
        "frame": frame,
        "tab": "properties",
        "typed": typed,
        "edition": edition_of(_told(_stored(frame))),
        "problem_said": problem,
        "wrong": {"name": "", "notes": "", "tags": ""} | wrong,
        "longest_notes": LONGEST_NOTES,
    }
    status = 409 if problem else 400 if wrong else 200
    return TemplatePage(
        template="applications/properties.html", title=f"{frame.name} - Properties", values=values, status=status
    )


def save(visit: PortalVisit) -> PageAnswer:
    """Set all of them; what is wrong is said beside its field."""
    frame = application_frame(visit)
    name, notes = visit.form.get("name", "").strip(), visit.form.get("notes", "").replace("\r\n", "\n")
    enabled, required = visit.form.get("enabled") == "yes", visit.form.get("required") == "yes"
    tags = visit.form.get("tags", "")
    typed: dict[str, object] = {"name": name, "enabled": enabled, "required": required, "notes": notes, "tags": tags}
    if visit.actor.may(APPLICATION_WRITE, frame.id) and (
        problem := overtaken(visit, _told(_stored(frame)), _told(typed))
    ):
        return _properties(frame, typed, {}, problem)
    key = ApplicationKey("named", frame.id)  # so that no two of one name come to be
    try:
        visit.admin.service_principals.change(
            visit.actor,
            key,
            display_name=name,
            account_enabled=enabled,
            assignment_required=required,
            notes=notes,
            tags=[line.strip() for line in tags.splitlines() if line.strip()],
        )
    except AdminError as error:
        if error.code in ("permission-denied", "not-found"):
            raise
        return _properties(frame, typed, {_field(error): said(error)})
    return Redirect(to=f"{frame.address}/properties", done="The properties were saved.")


def _field(error: AdminError) -> str:
    """Which field a refusal is about, by what the verb calls it."""
    if "a tag of an application" in error.message or error.message.endswith(" tags."):
        return "tags"
    return "notes" if error.message.startswith("The notes") else "name"


def leaving(visit: PortalVisit) -> PageAnswer:
    """What happens to job, links and accounts when the application is deleted."""
    frame = application_frame(visit)
    visit.actor.needs(APPLICATION_WRITE, frame.id)
    outlook = visit.admin.removals.application_outlook(visit.actor, frame.id)
    return TemplatePage(
        template="applications/delete.html",
        title=f"Delete {frame.name}",
        values={"frame": frame, "tab": "properties", "outlook": outlook},
    )


def delete(visit: PortalVisit) -> PageAnswer:
    """Delete it. A cycle that runs is ended first, for which this may wait some seconds."""
    frame = application_frame(visit)
    visit.admin.removals.delete_application(visit.actor, frame.id)
    return Redirect(to=APPLICATIONS, done=f"{frame.name} was deleted. Nothing was sent to it.")
