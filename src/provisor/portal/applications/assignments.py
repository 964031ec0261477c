"""*Users and groups* of an application: who is assigned in which role, and *Remove*."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

from provisor.admin.actor import ASSIGNMENT_WRITE
from provisor.admin.applications import DEFAULT_ACCESS
from provisor.admin.assignments import AssignmentSeen, Narrowed
from provisor.admin.errors import AdminError
from provisor.admin.service_principals import ApplicationKey
from provisor.portal.frames import ApplicationFrame, application_frame
from provisor.portal.visits import PortalVisit
from provisor.web.answers import PageAnswer, Redirect, TemplatePage

_PAGE: Final = 50
_KINDS: Final = {"user": "User", "group": "Group"}


def show(visit: PortalVisit) -> PageAnswer:
    """A page of them, in the order in which they were assigned."""
    frame = application_frame(visit)
    search, kind = visit.query.get("search", "").strip(), visit.query.get("kind", "")
    role, after = visit.query.get("role", ""), visit.query.get("after", "")
    roles = role_names(frame)
    narrowed = Narrowed(
        principal_kind=kind if kind in _KINDS else None, role=role if role in roles else None, search=search
    )
    page = visit.admin.assignments.of_application(
        visit.actor, ApplicationKey("service principal", frame.id), narrowed, after=after, limit=_PAGE + 1
    )
    asked = {name: value for name, value in (("search", search), ("kind", kind), ("role", role)) if value}
    first = f"{_list(frame)}?{urlencode(asked)}" if asked else _list(frame)
    later = f"{_list(frame)}?{urlencode({**asked, 'after': page[_PAGE - 1].id})}" if len(page) > _PAGE else ""
    values = {
        "frame": frame,
        "tab": "assignments",
        "rows": page[:_PAGE],
        "roles": roles,
        "kinds": _KINDS,
        "asked": {"search": search, "kind": kind, "role": role},
        "narrowed": bool(asked),
        "first": first if after else "",
        "later": later,
    }
    title = f"{frame.name} - Users and groups"
    return TemplatePage(template="applications/users_and_groups.html", title=title, values=values)


def role_names(frame: ApplicationFrame) -> dict[str, str]:
    """The name of every role that somebody may have, by id."""
    return {one.id: one.display_name for one in (*frame.shown.application.roles, DEFAULT_ACCESS)}


def remove(visit: PortalVisit) -> PageAnswer:
    """Ask whether the ticked assignments are to end; once that is confirmed, end them."""
    frame = application_frame(visit)
    visit.actor.needs(ASSIGNMENT_WRITE, frame.id)
    ticked = visit.arrival.chosen("assignment")
    if visit.form.get("confirmed") == "yes" and ticked:
        key = ApplicationKey("service principal", frame.id)
        count = visit.admin.assignments.remove_several(visit.actor, key, ticked)
        done = f"{count} assignment{'' if count == 1 else 's'} ended." if count else "They had ended already."
        return Redirect(to=_list(frame), done=done)
    found = _ticked(visit, frame, ticked)
    if not found:
        return Redirect(to=_list(frame), done="Nothing was ticked, so nothing was removed.")
    values = {"frame": frame, "tab": "assignments", "rows": found, "roles": role_names(frame), "kinds": _KINDS}
    return TemplatePage(template="applications/remove_assignments.html", title="Remove assignments", values=values)


def _ticked(visit: PortalVisit, frame: ApplicationFrame, ids: Sequence[str]) -> list[AssignmentSeen]:
    key, found = ApplicationKey("service principal", frame.id), list[AssignmentSeen]()
    for one in ids[:_PAGE]:
        try:
            found.append(visit.admin.assignments.show(visit.actor, key, one))
        except AdminError:  # somebody else was quicker
            continue
    return found


def _list(frame: ApplicationFrame) -> str:
    return f"{frame.address}/users-and-groups"
