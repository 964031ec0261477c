"""*Add user/group*: people and groups are ticked across several searches, then assigned at once in a role.

One form holds everything, so that it works without scripts: whoever was ticked before is in it as a box of its own.
"""

from collections.abc import Mapping
from typing import Final

from provisor.admin.actor import ASSIGNMENT_WRITE
from provisor.admin.errors import AdminError
from provisor.portal.applications.assignments import role_names
from provisor.portal.applications.finding import chosen, find
from provisor.portal.errors import said
from provisor.portal.frames import ApplicationFrame, application_frame
from provisor.portal.visits import PortalVisit
from provisor.web.answers import PageAnswer, Redirect, TemplatePage

_MOST: Final = 2_000  # boxes that one form sends


def show(visit: PortalVisit) -> PageAnswer:
    """Nobody is chosen yet."""
    frame = application_frame(visit)
    visit.actor.needs(ASSIGNMENT_WRITE, frame.id)
    return _page(visit, frame, "")


def go_on(visit: PortalVisit) -> PageAnswer:
    """Search again, keeping who is ticked; or assign those who are."""
    frame = application_frame(visit)
    visit.actor.needs(ASSIGNMENT_WRITE, frame.id)
    return _assign(visit, frame) if visit.form.get("do") == "assign" else _page(visit, frame, "")


def _assign(visit: PortalVisit, frame: ApplicationFrame) -> PageAnswer:
    people = chosen(visit, visit.arrival.chosen("principal")[:_MOST])
    role = visit.form.get("role", "")
    if not people:
        return _page(visit, frame, "Nobody is ticked. Search, tick users and groups, then Assign.")
    try:
        count = visit.admin.applications.assign(
            visit.actor,
            frame.id,
            users=[one.id for one in people if one.kind == "user"],
            groups=[one.id for one in people if one.kind == "group"],
            role=role or None,
        )
    except AdminError as error:
        if error.code == "permission-denied":
            raise
        return _page(visit, frame, said(error))
    already = len(people) - count
    words = f"{count} assigned to {frame.name}." if count else "All of them were assigned already."
    if count and already:
        words = f"{count} assigned to {frame.name}; {already} had this role already."
    return Redirect(to=f"{frame.address}/users-and-groups", done=words)


def _page(visit: PortalVisit, frame: ApplicationFrame, wrong: str) -> TemplatePage:
    search = visit.form.get("search", visit.query.get("search", "")).strip()
    ticked = chosen(visit, visit.arrival.chosen("principal")[:_MOST])
    taken = {one.id for one in ticked}
    users, groups = find(visit, "user", search), find(visit, "group", search)
    values = {
        "frame": frame,
        "tab": "assignments",
        "action": f"{frame.address}/users-and-groups/add",
        "search": search,
        "chosen": ticked,
        "users": [one for one in users.principals if one.id not in taken],
        "groups": [one for one in groups.principals if one.id not in taken],
        "more": {"users": users.more, "groups": groups.more},
        "roles": _assignable(frame),
        "role": visit.form.get("role", ""),
        "wrong": wrong,
    }
    return TemplatePage(
        template="applications/assigning.html",
        title="Add assignment",
        values=values,
        status=400 if wrong else 200,
    )


def _assignable(frame: ApplicationFrame) -> Mapping[str, str]:
    """The roles that can be given: those that are enabled; default access where there is none."""
    names = role_names(frame)
    enabled = {one.id: one.display_name for one in frame.shown.application.roles if one.enabled}
    return enabled or {one: name for one, name in names.items() if one not in _ids(frame)}


def _ids(frame: ApplicationFrame) -> set[str]:
    return {one.id for one in frame.shown.application.roles}
