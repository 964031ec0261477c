"""Disable and enable, delete and restore, delete permanently: what cannot be undone has a page that asks first."""

from provisor.admin.actor import DIRECTORY_PURGE, DIRECTORY_WRITE, JOB_READ
from provisor.admin.errors import AdminError
from provisor.admin.jobs import JobShown
from provisor.portal.directory.rooms import ObjectFrame, Room, called, live_frame, object_frame
from provisor.portal.visits import PortalVisit
from provisor.web.answers import PageAnswer, Redirect, TemplatePage


def enable(visit: PortalVisit, room: Room) -> PageAnswer:
    """Let somebody sign in again."""
    return _set_enabled(visit, room, enabled=True)


def disable(visit: PortalVisit, room: Room) -> PageAnswer:
    """Block somebody's sign-in, here and at every application."""
    return _set_enabled(visit, room, enabled=False)


def _set_enabled(visit: PortalVisit, room: Room, *, enabled: bool) -> Redirect:
    shown = room.verbs(visit).set_enabled(visit.actor, visit.names["id"], enabled=enabled)
    word = "enabled" if enabled else "disabled"
    return Redirect(to=f"{room.address}/{shown.object.id}", done=f"{called(shown.object)} was {word}.")


def ask_to_delete(visit: PortalVisit, room: Room) -> PageAnswer:
    """What becomes of accounts in applications, before somebody is deleted."""
    visit.actor.needs(DIRECTORY_WRITE)
    return _confirm(visit, live_frame(visit, room), "delete", f"Delete {room.kind}")


def delete(visit: PortalVisit, room: Room) -> PageAnswer:
    """Into the recycle bin."""
    shown = room.verbs(visit).delete(visit.actor, visit.names["id"])
    done = f"{called(shown.object)} was deleted, and can be restored for 30 days."
    if shown.comes_back_from is not None:
        done += f" The next import of {shown.comes_back_from} restores it if it is still in the files."
    return Redirect(to=f"{room.address}/deleted", done=done)


def restore(visit: PortalVisit, room: Room) -> PageAnswer:
    """Out of the recycle bin."""
    restored = visit.admin.deleted_objects.restore(visit.actor, visit.names["id"])
    return Redirect(to=f"{room.address}/{restored.id}", done=f"{called(restored)} was restored.")


def ask_to_purge(visit: PortalVisit, room: Room) -> PageAnswer:
    """What is lost for good, before it is."""
    visit.actor.needs(DIRECTORY_PURGE)
    frame = object_frame(visit, room)
    if frame.alive:
        raise AdminError("not-found", f"{frame.name} is not deleted.", f"Delete the {room.kind} first.")
    return _confirm(visit, frame, "purge", "Delete permanently")


def purge(visit: PortalVisit, room: Room) -> PageAnswer:
    """For good."""
    frame = object_frame(visit, room)
    visit.admin.deleted_objects.purge(visit.actor, frame.id)
    return Redirect(to=f"{room.address}/deleted", done=f"{frame.name} was deleted permanently.")


def _confirm(visit: PortalVisit, frame: ObjectFrame, what: str, title: str) -> TemplatePage:
    return TemplatePage(
        template="directory/confirm.html",
        title=title,
        values={
            "frame": frame,
            "what": what,
            "concerned": [_outlook(visit, frame, job, what) for job in _linked(visit, frame)],
            "sees_jobs": visit.actor.may(JOB_READ),
        },
    )


def _linked(visit: PortalVisit, frame: ObjectFrame) -> list[JobShown]:
    """The jobs that have an account or group of it, of those that the visitor may see."""
    if not visit.actor.may(JOB_READ):
        return []
    return [job for job in visit.admin.jobs.all(visit.actor) if _is_linked(visit, frame, job)]


def _is_linked(visit: PortalVisit, frame: ObjectFrame, job: JobShown) -> bool:
    try:
        visit.admin.links.show(visit.actor, job.job.id, frame.id)
    except AdminError as error:
        if error.code == "not-found":
            return False
        raise
    return True


def _outlook(visit: PortalVisit, frame: ObjectFrame, job: JobShown, what: str) -> tuple[str, str]:
    """The application, and what its next cycle does."""
    skips = job.job.settings.get("skipOutOfScopeDeletions") is True
    if frame.room.kind == "group":
        becomes = "The group is left as it is." if skips else "The group is deleted there."
    elif what == "delete":
        becomes = "The account is disabled there."
    else:
        becomes = "The account stays disabled." if skips else "The account is deleted there."
    return job.application, becomes
