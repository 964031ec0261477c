"""What a run of a source would do: made beside everything else, followed while it is made, then shown with examples."""

from itertools import groupby
from typing import Any, Final

from provisor.admin.actor import SOURCE_WRITE
from provisor.admin.errors import AdminError
from provisor.admin.source_preview import SourcePreview, SourcePreviewing
from provisor.portal.errors import said, status_of
from provisor.portal.sources.frame import SourceFrame, source_frame
from provisor.portal.sources.words import READS, counter_words, progress_in_words, trouble_said
from provisor.portal.visits import PortalVisit
from provisor.web.answers import PageAnswer, Redirect, TemplatePage
from provisor.web.live import LiveTopic

_DEEDS: Final = {"created": "Created", "updated": "Updated", "restored": "Restored", "deleted": "Deleted"}
_KINDS: Final = {"user": "users", "group": "groups"}


def show(visit: PortalVisit) -> PageAnswer:
    """The newest one, or how far it is."""
    return _page(visit, source_frame(visit, SOURCE_WRITE))


def ask(visit: PortalVisit) -> PageAnswer:
    """Have one made."""
    frame = source_frame(visit, SOURCE_WRITE)
    try:
        visit.admin.sources.previews.ask(visit.actor, frame.id, full=bool(visit.form.get("full")))
    except AdminError as error:
        if status_of(error) != 400:
            raise
        return _page(visit, frame, said(error), 400)
    return Redirect(to=f"{frame.address}/preview")


def topic(visit: PortalVisit) -> LiveTopic:
    """How far it is. What it found is on the page: names of people stay there."""
    frame = source_frame(visit, SOURCE_WRITE)

    def look() -> TemplatePage:
        values = _making(frame, visit.admin.sources.previews.look(visit.actor, frame.id))
        return TemplatePage(template="sources/preview_making.html", title="", values=values)

    return LiveTopic(key=f"preview of source {frame.id}", look=look)


def _page(visit: PortalVisit, frame: SourceFrame, problem: str = "", status: int = 200) -> TemplatePage:
    known = visit.admin.sources.previews.look(visit.actor, frame.id)
    values = {
        "source": frame,
        "part": "preview",
        "action": f"{frame.address}/preview",
        "known": known,
        "problem_said": problem or ("" if known is None or known.error is None else said(known.error)),
        "found": None if known is None or known.preview is None else _found(known.preview),
        "unscripted_refresh_seconds": 2 if known is not None and known.is_running else None,
        **_making(frame, known),
    }
    return TemplatePage(template="sources/preview.html", title="Preview", values=values, status=status)


def _making(frame: SourceFrame, known: SourcePreviewing | None) -> dict[str, Any]:
    progress = None if known is None else known.progress
    return {
        "at": f"{frame.address}/preview",
        "making": known is not None and known.is_running,
        "far": None if progress is None else progress_in_words(progress),
    }


def _found(preview: SourcePreview) -> dict[str, Any]:
    counters = preview.run.counters
    examples = groupby(preview.examples, lambda one: (one.what, one.kind))
    return {
        "read": READS[preview.run.kind],
        "counts": [(counter_words(name), number) for name, number in counters.items() if number],
        "groups": [(f"{_DEEDS[what]}: {_KINDS[kind]}", [*some]) for (what, kind), some in examples],
        "held": preview.held,
        "left_out": [(anchor, trouble_said(why)) for anchor, why in preview.left_out],
    }
