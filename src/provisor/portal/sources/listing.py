"""All sources, those whose values win first; and how one is, in a word."""

from dataclasses import dataclass
from typing import Final, Literal

from provisor.admin.sources import SourceShown
from provisor.portal.provisioning.words import counted
from provisor.portal.sources.connection import KINDS
from provisor.portal.sources.frame import SourceFrame
from provisor.portal.visits import PortalVisit
from provisor.rules.source_settings import CONNECTED_KINDS, KIND_NAMES
from provisor.web.answers import PageAnswer, TemplatePage

HealthTone = Literal["good", "warn", "bad", "plain"]
_HEALTH: Final[dict[str, tuple[str, HealthTone]]] = {
    "failing": ("Failing", "bad"),
    "deletions held": ("Deletions held", "bad"),
    "healthy": ("Healthy", "good"),
    "not read yet": ("Not read yet", "plain"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceInList:
    """A source as a row: how it is in a word with its colour, and whom it feeds."""

    frame: SourceFrame
    word: str
    tone: HealthTone
    feeds: str


def show(visit: PortalVisit) -> PageAnswer:
    """The list; where there is none, which kind is for whom."""
    rows = [_row(one) for one in visit.admin.sources.settings.all(visit.actor)]
    offered = [(kind, KIND_NAMES[kind], *KINDS[kind]) for kind in CONNECTED_KINDS]
    return TemplatePage(template="sources/list.html", title="Sources", values={"rows": rows, "offered": offered})


def _row(shown: SourceShown) -> SourceInList:
    word, tone = health_of(shown)
    return SourceInList(frame=SourceFrame(shown=shown), word=word, tone=tone, feeds=fed(shown))


def health_of(shown: SourceShown) -> tuple[str, HealthTone]:
    """How it is in a word, and the colour of that."""
    return _HEALTH[shown.health]


def fed(shown: SourceShown) -> str:
    """`3 users and 1 group`; nothing where it feeds nobody."""
    return " and ".join(counted(shown.feeds[kind], kind) for kind in ("user", "group") if shown.feeds.get(kind))
