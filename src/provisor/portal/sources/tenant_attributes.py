"""What is read of a tenant of Entra besides the usual attributes: more of them, and who is assigned to applications."""

from collections.abc import Mapping
from typing import Final

from provisor.admin.actor import SOURCE_WRITE
from provisor.admin.errors import AdminError
from provisor.admin.source_settings import document_of
from provisor.portal.editions import edition_of, overtaken
from provisor.portal.errors import said, status_of
from provisor.portal.sources.fields import lines
from provisor.portal.sources.frame import SourceFrame, source_frame
from provisor.portal.visits import PortalVisit
from provisor.scim.values import Json
from provisor.web.answers import PageAnswer, Redirect, TemplatePage, not_here

PART: Final = "attributes"
LABELS: Final[Mapping[str, str]] = {
    "userAttributes": "Further attributes of users",
    "groupAttributes": "Further attributes of groups",
    "applications": "Assignments that are mirrored",
}


def show(visit: PortalVisit) -> PageAnswer:
    """As it is saved."""
    frame = source_frame(visit, SOURCE_WRITE)
    return _page(frame, _stored(frame)) if frame.kind == "entra" else not_here("Attributes of such a source")


def save(visit: PortalVisit) -> PageAnswer:
    """Save what is typed."""
    frame = source_frame(visit, SOURCE_WRITE)
    if frame.kind != "entra":
        return not_here("Attributes of such a source")
    typed = {name: visit.form.get(name, "") for name in LABELS}
    document: dict[str, Json] = document_of(frame.shown.source.settings)
    document |= {name: lines(typed[name]) for name in ("userAttributes", "groupAttributes")}
    pairs = [tuple(part.strip() for part in str(line).split("=", 1)) for line in lines(typed["applications"])]
    if any(len(pair) != 2 or not all(pair) for pair in pairs):
        wrong = {"applications": "Write the id there, = and the id here on each line."}
        return _page(frame, typed, wrong=wrong, status=400)
    document["applications"] = [{"servicePrincipal": there, "application": here} for there, here in pairs]
    clash = overtaken(visit, _labelled(_stored(frame)), _labelled(typed))
    if clash:
        return _page(frame, typed, problem=clash, status=409)
    try:
        changed = visit.admin.sources.settings.change(visit.actor, frame.id, document=document)
    except AdminError as error:
        if status_of(error) != 400:
            raise
        return _page(frame, typed, problem=said(error), status=400)
    if frame.setting_up:
        return Redirect(to=frame.after(PART))
    follows = " Everything is read once more, and then it holds." if changed.full_read_follows else ""
    return Redirect(to=f"{frame.address}/{PART}", done=f"The attributes were saved.{follows}")


def _stored(frame: SourceFrame) -> dict[str, str]:
    document = document_of(frame.shown.source.settings)
    users, groups, applications = (document.get(name) for name in LABELS)
    return {
        "userAttributes": "\n".join(map(str, users)) if isinstance(users, list) else "",
        "groupAttributes": "\n".join(map(str, groups)) if isinstance(groups, list) else "",
        "applications": "\n".join(
            f"{one['servicePrincipal']} = {one['application']}"
            for one in (applications if isinstance(applications, list) else [])
            if isinstance(one, dict)
        ),
    }


def _labelled(found: Mapping[str, str]) -> dict[str, str]:
    return {label: found[name] for name, label in LABELS.items()}


def _page(
    frame: SourceFrame,
    typed: Mapping[str, str],
    *,
    wrong: Mapping[str, str] | None = None,
    problem: str = "",
    status: int = 200,
) -> TemplatePage:
    values = {
        "source": frame,
        "part": PART,
        "action": f"{frame.address}/{PART}",
        "typed": typed,
        "labels": LABELS,
        "wrong": wrong or {},
        "edition": edition_of(_labelled(_stored(frame))),
        "problem_said": problem or ("Mend what is said beside the fields." if wrong else ""),
    }
    return TemplatePage(template="sources/tenant_attributes.html", title="Attributes", values=values, status=status)
