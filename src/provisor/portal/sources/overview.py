"""The overview of a source: how it stands, the run under way, what is wrong and what to do, what it is set to."""

from dataclasses import dataclass
from typing import Any

from provisor.admin.source_settings import document_of
from provisor.admin.source_told import SourceStatus
from provisor.portal.provisioning.words import span
from provisor.portal.sources.fields import shown_settings
from provisor.portal.sources.filtering import filters_in
from provisor.portal.sources.frame import SourceFrame, source_frame
from provisor.portal.sources.listing import HealthTone, fed, health_of
from provisor.portal.sources.words import COLUMNS, run_progress, run_rows, trouble_said
from provisor.portal.visits import PortalVisit
from provisor.rules.source_settings import extensions_of
from provisor.web.answers import PageAnswer, TemplatePage
from provisor.web.live import LiveTopic


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStanding:
    """How a source is: a word with its colour, and what that means for what comes next."""

    word: str
    tone: HealthTone
    sentence: str


def show(visit: PortalVisit) -> PageAnswer:
    """The whole page."""
    frame = source_frame(visit)
    values = {"source": frame, "part": "overview", "settings": _settings(frame), **_standing(visit, frame.id)}
    return TemplatePage(template="sources/overview.html", title=frame.name, values=values)


def topic(visit: PortalVisit) -> LiveTopic:
    """How it stands, as long as somebody looks."""
    frame = source_frame(visit)

    def look() -> TemplatePage:
        return TemplatePage(template="sources/standing.html", title="", values=_standing(visit, frame.id))

    return LiveTopic(key=f"standing of source {frame.id}", look=look)


def standing(status: SourceStatus) -> SourceStanding:
    """The one that matters most."""
    shown, source = status.shown, status.shown.source
    if status.running is not None:
        kind = "Everything is read." if status.running.kind == "full" else "What has changed is read."
        after = " It is paused: nothing follows." if source.schedule_state == "Paused" else ""
        return SourceStanding(word="Running", tone="good", sentence=f"{kind}{after}")
    if source.schedule_state == "Paused":
        begun = source.last_began_at is not None
        sentence = "It is not read by itself. Start it, and it goes on where it was."
        if not begun:
            sentence = "It was never started: go on with setting it up, look at the preview, then start it."
        return SourceStanding(word="Paused", tone="warn" if begun else "plain", sentence=sentence)
    if not status.served:
        sentence = "No service reads the sources of this database at the moment. It is read when one does."
        return SourceStanding(word="Waiting", tone="warn", sentence=sentence)
    word, tone = health_of(shown)
    sentences = {
        "failing": "The last run failed; it is tried again by itself, later and later.",
        "deletions held": "All else was taken over; the deletions wait for you.",
        "healthy": "The last run went through. It is read again by itself.",
        "not read yet": "It is read in a moment.",
    }
    return SourceStanding(word=word, tone=tone, sentence=sentences[shown.health])


def _standing(visit: PortalVisit, source_id: str) -> dict[str, Any]:
    status = visit.admin.sources.told.status(visit.actor, source_id)
    shown, source = status.shown, status.shown.source
    frame = SourceFrame(shown=shown)
    return {
        "at": frame.address,
        "stands": standing(status),
        "staging": source.staging,
        "far": None if status.running is None else run_progress(status.running),
        "error": trouble_said(source.error),
        "failures": source.failures,
        "failing_since": source.failing_since,
        "held": source.held,
        "allowed": source.allowed,
        "feeds": fed(shown),
        "users": shown.feeds.get("user", 0),
        "groups": shown.feeds.get("group", 0),
        "last": source.last_ended_at,
        "last_full": source.last_full_at,
        "next_at": shown.next_at,
        "next_read": source.next_read,
        "running": status.running is not None,
        "every": span(source.interval_seconds),
        "columns": [*COLUMNS],
        "rows": run_rows(status.runs),
    }


def _settings(frame: SourceFrame) -> list[tuple[str, str]]:
    """What it is set to, in the order of the wizard; what says nothing is left out."""
    source = frame.shown.source
    document = document_of(source.settings)
    containers = document.get("containers")
    extensions = [
        f"{', '.join(one.attribute for one in chosen)} of {words}"
        for kind, words in (("user", "users"), ("group", "groups"))
        if (chosen := extensions_of(source.settings, "user" if kind == "user" else "group"))
    ]
    further = [*_listed(document.get("userAttributes")), *_listed(document.get("groupAttributes"))]
    threshold = source.deletion_threshold
    found = [
        *shown_settings(frame.kind, document),
        ("Secret", "Saved; it is never shown" if frame.shown.secrets else ""),
        ("Containers", "\n".join(_listed(containers))),
        ("Group", str(document.get("group") or "")),
        ("Left out", "\n".join(str(row) for row in filters_in(document))),
        ("Directory extensions", "\n".join(extensions)),
        ("Further attributes", "\n".join(further)),
        ("Interval", f"Every {span(source.interval_seconds)}"),
        ("Precedence", f"{source.precedence:,}"),
        ("Deletions", "Never held" if threshold is None else f"Held above {threshold:,} in one run"),
        ("Staging mode", "On" if source.staging else "Off"),
    ]
    return [(label, text) for label, text in found if text]


def _listed(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []
