"""What is done with a source by its buttons: run, start, pause, staging mode; delete, which asks first."""

from provisor.admin.actor import SOURCE_WRITE
from provisor.admin.errors import AdminError
from provisor.portal.errors import said, status_of
from provisor.portal.sources.frame import LIST, source_frame
from provisor.portal.sources.listing import fed
from provisor.portal.visits import PortalVisit
from provisor.web.answers import PageAnswer, Redirect, TemplatePage


def run(visit: PortalVisit) -> PageAnswer:
    """Read it now: what has changed, or everything."""
    frame = source_frame(visit, SOURCE_WRITE)
    full = visit.form.get("read") == "full"
    visit.admin.sources.runs.ask(visit.actor, frame.id, full=full)
    what = "A full read" if full else "A run"
    return Redirect(to=frame.address, done=f"{what} was asked for; it begins in a moment.")


def start(visit: PortalVisit) -> PageAnswer:
    """Read it at once and by itself from now on."""
    frame = source_frame(visit, SOURCE_WRITE)
    visit.admin.sources.settings.start(visit.actor, frame.id)
    return Redirect(to=frame.address, done=f"{frame.name} was started: it is read now, and then by itself.")


def pause(visit: PortalVisit) -> PageAnswer:
    """Start no more runs."""
    frame = source_frame(visit, SOURCE_WRITE)
    visit.admin.sources.settings.pause(visit.actor, frame.id)
    rest = "The run under way ends after its page." if frame.shown.running else "Everything is kept as it is."
    return Redirect(to=frame.address, done=f"{frame.name} was paused. {rest}")


def stage(visit: PortalVisit) -> PageAnswer:
    """Switch staging mode on or off."""
    frame = source_frame(visit, SOURCE_WRITE)
    on = visit.form.get("staging") == "on"
    visit.admin.sources.settings.stage(visit.actor, frame.id, staging=on)
    what = "on: it is read, and the directory is not touched" if on else "off: what it tells is taken over"
    return Redirect(to=frame.address, done=f"Staging mode is {what}.")


def show_delete(visit: PortalVisit) -> PageAnswer:
    """What goes and what stays."""
    return _asking(visit)


def delete(visit: PortalVisit) -> PageAnswer:
    """Forget it; whom it feeds stays, where that was ticked."""
    frame = source_frame(visit, SOURCE_WRITE)
    try:
        gone = visit.admin.sources.settings.delete(visit.actor, frame.id, keep=bool(visit.form.get("keep")))
    except AdminError as error:
        if status_of(error) != 400:
            raise
        return _asking(visit, error)
    stays = fed(gone)
    rest = f" {stays} stay in the directory as they are." if stays else ""
    return Redirect(to=LIST, done=f"The source {frame.name} was deleted.{rest}")


def _asking(visit: PortalVisit, error: AdminError | None = None) -> TemplatePage:
    frame = source_frame(visit, SOURCE_WRITE)
    feeding = error is not None and error.code == "source-feeds"
    values = {
        "source": frame,
        "part": "delete",
        "action": f"{frame.address}/delete",
        "feeds": fed(frame.shown),
        "unkept": "Tick that they stay. Who is to go has to leave at the source first." if feeding else "",
        "problem_said": "" if error is None or feeding else said(error),
    }
    status = 200 if error is None else 400
    return TemplatePage(template="sources/delete.html", title="Delete the source", values=values, status=status)
