"""The page *Filtering* of the wizard: containers, one group, and filters by attributes, all of them together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from provisor.admin.actor import SOURCE_WRITE
from provisor.admin.errors import AdminError
from provisor.admin.source_settings import document_of
from provisor.portal.editions import edition_of, overtaken
from provisor.portal.errors import status_of
from provisor.portal.sources.fields import beside, lines
from provisor.portal.sources.frame import SourceFrame, source_frame
from provisor.portal.visits import PortalVisit
from provisor.scim.values import Json
from provisor.web.answers import PageAnswer, Redirect, TemplatePage, not_here

PART: Final = "filtering"
OPERATORS: Final = (
    ("equals", "is"),
    ("not-equals", "is not"),
    ("starts-with", "begins with"),
    ("present", "has a value"),
    ("absent", "has no value"),
)
OF: Final = (("user", "people"), ("group", "groups"), ("user group", "people and groups"))
MOST_ROWS: Final = 100
_BLANK: Final = 2  # rows to fill in


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterRow:
    """One filter by an attribute as it stands in the form; `of`: kinds of objects with blanks between."""

    attribute: str = ""
    operator: str = "equals"
    value: str = ""
    of: str = "user"

    def __str__(self) -> str:
        words = f"{self.attribute} {dict(OPERATORS).get(self.operator, '')} {self.value}".strip()
        return f"{words} ({dict(OF).get(self.of, '')})"


@dataclass(slots=True, kw_only=True)
class _Filtering:
    """What stands in the form, and what is said of it."""

    frame: SourceFrame
    containers: str
    group: str
    rows: Sequence[FilterRow]
    blank: int = _BLANK
    wrong: dict[str, str] = field(default_factory=dict)
    problem: str = ""

    def told(self) -> dict[str, str]:
        """All of it by the labels of the page."""
        filters = "\n".join(map(str, self.rows))
        return {"Containers": self.containers, "Group": self.group, "Filters by attributes": filters}


def show(visit: PortalVisit) -> PageAnswer:
    """As it is saved."""
    frame = source_frame(visit, SOURCE_WRITE)
    return _page(_stored(frame)) if _has(frame) else not_here("Filtering of such a source")


def save(visit: PortalVisit) -> PageAnswer:
    """Save what is typed; or, as was asked, have rows for more filters."""
    frame = source_frame(visit, SOURCE_WRITE)
    if not _has(frame):
        return not_here("Filtering of such a source")
    typed, stored = _typed(visit, frame), _stored(frame)
    if visit.form.get("do") == "more":
        typed.blank = 2 * _BLANK
        return _page(typed)
    typed.problem = overtaken(visit, stored.told(), typed.told())
    if typed.problem:
        return _page(typed, 409)
    try:
        changed = visit.admin.sources.settings.change(visit.actor, frame.id, document=_document(typed))
    except AdminError as error:
        if status_of(error) != 400:
            raise
        typed.wrong, typed.problem = beside(error, ("containers", "group", "filters"))
        return _page(typed, 400)
    if frame.setting_up:
        return Redirect(to=frame.after(PART))
    follows = (
        " Everything is read once more: who is left out now leaves with that." if changed.full_read_follows else ""
    )
    return Redirect(to=f"{frame.address}/{PART}", done=f"The filters were saved.{follows}")


def filters_in(document: Mapping[str, Json]) -> list[FilterRow]:
    """The filters of a document of settings."""
    found = document.get("filters")
    return [
        FilterRow(
            attribute=str(one.get("attribute", "")),
            operator=str(one.get("operator", "")),
            value=str(one.get("value", "")),
            of=" ".join(map(str, kinds)) if isinstance(kinds := one.get("kinds"), list) else "user",
        )
        for one in (found if isinstance(found, list) else [])
        if isinstance(one, dict)
    ]


def _has(frame: SourceFrame) -> bool:
    return PART in dict(frame.steps)


def _stored(frame: SourceFrame) -> _Filtering:
    document = document_of(frame.shown.source.settings)
    containers = document.get("containers")
    return _Filtering(
        frame=frame,
        containers="\n".join(map(str, containers)) if isinstance(containers, list) else "",
        group=str(document.get("group", "")),
        rows=filters_in(document),
    )


def _typed(visit: PortalVisit, frame: SourceFrame) -> _Filtering:
    columns = [visit.arrival.chosen(name)[:MOST_ROWS] for name in ("attribute", "operator", "value", "of")]
    rows = [
        FilterRow(attribute=attribute.strip(), operator=operator, value=value.strip(), of=of)
        for attribute, operator, value, of in zip(*columns, strict=False)
        if attribute.strip() or value.strip()
    ]
    return _Filtering(
        frame=frame,
        containers=visit.form.get("containers", ""),
        group=visit.form.get("group", ""),
        rows=rows,
    )


def _document(typed: _Filtering) -> dict[str, Json]:
    document: dict[str, Json] = document_of(typed.frame.shown.source.settings)
    document["containers"] = lines(typed.containers)
    if "group" in document:
        document["group"] = typed.group.strip()
    document["filters"] = [
        {"attribute": row.attribute, "operator": row.operator, "value": row.value, "kinds": [*row.of.split()]}
        for row in typed.rows
    ]
    return document


def _page(shown: _Filtering, status: int = 200) -> TemplatePage:
    values = {
        "source": shown.frame,
        "part": PART,
        "action": f"{shown.frame.address}/{PART}",
        "form": shown,
        "rows": [*shown.rows, *([FilterRow()] * shown.blank)],
        "operators": OPERATORS,
        "of": OF,
        "edition": edition_of(_stored(shown.frame).told()),
        "one_group": shown.frame.kind == "active-directory",
        "problem_said": shown.problem or ("Mend what is said beside the fields." if shown.wrong else ""),
    }
    return TemplatePage(template="sources/filtering.html", title="Filtering", values=values, status=status)
