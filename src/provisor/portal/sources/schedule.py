"""The last page of the wizard: how often a source is read, who wins, staging mode, the deletion threshold; start."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from provisor.admin.actor import SOURCE_WRITE
from provisor.admin.errors import AdminError
from provisor.portal.editions import edition_of, overtaken
from provisor.portal.errors import said, status_of
from provisor.portal.provisioning.settings_form import UNITS
from provisor.portal.sources.fields import NOT_A_NUMBER, beside, whole_number
from provisor.portal.sources.frame import SourceFrame, source_frame
from provisor.portal.visits import PortalVisit
from provisor.web.answers import PageAnswer, Redirect, TemplatePage

PART: Final = "schedule"
_LABELS: Final[Mapping[str, str]] = {
    "interval": "Interval",
    "interval_unit": "Unit of the interval",
    "precedence": "Precedence",
    "prevent": "Prevent accidental deletions",
    "deletion_threshold": "Deletion threshold",
    "staging": "Staging mode",
}
_TICKS: Final = ("prevent", "staging")


@dataclass(slots=True, kw_only=True)
class _Schedule:
    """One request with the form."""

    frame: SourceFrame
    typed: dict[str, str]
    wrong: dict[str, str] = field(default_factory=dict)
    problem: str = ""
    problem_title: str = "Nothing was saved"

    def number(self, name: str) -> int:
        found = whole_number(self.typed[name])
        if found is None:
            self.wrong[name] = NOT_A_NUMBER
        return found or 0


def show(visit: PortalVisit) -> PageAnswer:
    """As it is saved."""
    frame = source_frame(visit, SOURCE_WRITE)
    return _page(_Schedule(frame=frame, typed=_stored(frame)))


def save(visit: PortalVisit) -> PageAnswer:
    """Save, and go on to the preview or start it, as the button says."""
    frame = source_frame(visit, SOURCE_WRITE)
    form = _Schedule(frame=frame, typed={name: visit.form.get(name, "") for name in _LABELS})
    form.problem = overtaken(visit, _labelled(_stored(frame)), _labelled(form.typed))
    if form.problem:
        return _page(form, 409)
    unit = form.typed["interval_unit"]
    seconds = form.number("interval") * int(unit if unit in dict(UNITS) else "60")
    precedence = form.number("precedence")
    threshold = form.number("deletion_threshold") if form.typed["prevent"] else None
    if form.wrong:
        return _page(form, 400)
    settings, deed = visit.admin.sources.settings, visit.form.get("do", "")
    try:
        settings.change(
            visit.actor,
            frame.id,
            precedence=precedence,
            interval_seconds=seconds,
            deletion_threshold=threshold,
        )
        form.problem_title = "The schedule was saved, and the source was not started"
        staging = bool(form.typed["staging"])
        if staging != frame.shown.source.staging:
            settings.stage(visit.actor, frame.id, staging=staging)
        if deed == "start":
            settings.start(visit.actor, frame.id)
    except AdminError as error:
        if status_of(error) != 400:
            raise
        form.wrong, form.problem = beside(error, tuple(_LABELS))
        form.problem = form.problem or ("" if form.wrong else said(error))
        return _page(form, 400)
    if deed == "preview":
        return Redirect(to=f"{frame.address}/preview")
    done = f"{frame.name} was started: everything is read now." if deed == "start" else "The schedule was saved."
    return Redirect(to=frame.address if deed == "start" else f"{frame.address}/{PART}", done=done)


def span_fields(seconds: int) -> tuple[str, str]:
    """An interval as a number and its unit, the largest that fits."""
    unit = next((unit for unit in ("3600", "60") if seconds % int(unit) == 0), "1")
    return str(seconds // int(unit)), unit


def _stored(frame: SourceFrame) -> dict[str, str]:
    source = frame.shown.source
    interval, unit = span_fields(source.interval_seconds)
    threshold = source.deletion_threshold
    return {
        "interval": interval,
        "interval_unit": unit,
        "precedence": str(source.precedence),
        "prevent": "" if threshold is None else "yes",
        "deletion_threshold": "500" if threshold is None else str(threshold),
        "staging": "yes" if source.staging else "",
    }


def _labelled(found: Mapping[str, str]) -> dict[str, str]:
    words = {"yes": "on", "": "off"}
    units = dict(UNITS)
    told = {
        **found,
        **{name: words.get(found[name], "on") for name in _TICKS},
        "interval_unit": units.get(found["interval_unit"], ""),
    }
    return {label: told[name] for name, label in _LABELS.items()}


def _page(form: _Schedule, status: int = 200) -> TemplatePage:
    frame = form.frame
    values = {
        "source": frame,
        "part": PART,
        "action": f"{frame.address}/{PART}",
        "typed": form.typed,
        "wrong": form.wrong,
        "units": UNITS,
        "edition": edition_of(_labelled(_stored(frame))),
        "problem_title": form.problem_title,
        "problem_said": form.problem or ("Mend what is said beside the fields." if form.wrong else ""),
    }
    title = "Ready to start" if frame.setting_up else "Schedule"
    return TemplatePage(template="sources/schedule.html", title=title, values=values, status=status)
