"""Links: whose account is which at the application, found one at a time, and repaired; who waits for a deletion."""

from typing import Any, Final

from provisor.admin.actor import DIRECTORY_READ, JOB_WRITE
from provisor.admin.errors import AdminError
from provisor.admin.links import LinkShown
from provisor.directory.objects import NAMING, DirectoryKind
from provisor.directory.query import ObjectQuery, searching
from provisor.portal.errors import said, status_of
from provisor.portal.frames import JobFrame, job_frame
from provisor.portal.visits import PortalVisit
from provisor.web.answers import PageAnswer, Redirect, TemplatePage

MOST_FOUND: Final = 15
LEAVERS: Final = 50
_LONGEST_SEARCH: Final = 254


def show(visit: PortalVisit) -> PageAnswer:
    """The link of whoever is named or searched for, and the leavers."""
    frame = job_frame(visit)
    search = visit.query.get("search", "").strip()[:_LONGEST_SEARCH]
    link, wrong = _link(visit, frame, visit.query.get("object", "") or search)
    found, more = ([], False) if link is not None or not search else _found(visit, search)
    at, _, last = visit.query.get("after", "").partition(".")
    after = (int(at), last) if at.isascii() and at.isdigit() and len(at) < 19 else (0, "")
    leavers = visit.admin.links.leavers(visit.actor, frame.id, after=after, limit=LEAVERS + 1)
    values = {
        "job": frame,
        "part": "links",
        "search": search,
        "link": link,
        "wrong": "" if found else wrong,
        "found": found,
        "more": more,
        "may_forget": visit.actor.may(JOB_WRITE, frame.application.id),
        "may_open": visit.actor.may(DIRECTORY_READ),
        "leavers": leavers[:LEAVERS],
        "first": after == (0, ""),
        "later": "{}.{}".format(*leavers[LEAVERS - 1].place) if len(leavers) > LEAVERS else "",
    }
    return TemplatePage(template="provisioning/links.html", title="Links", values=values)


def confirm(visit: PortalVisit) -> PageAnswer:
    """What follows from forgetting it."""
    frame = job_frame(visit, JOB_WRITE)
    return _confirming(visit, frame, visit.admin.links.show(visit.actor, frame.id, visit.names["object"]))


def forget(visit: PortalVisit) -> PageAnswer:
    """Nothing is sent; whoever it was of is matched anew by the next cycle."""
    frame, key = job_frame(visit, JOB_WRITE), visit.names["object"]
    link = visit.admin.links.show(visit.actor, frame.id, key)
    try:
        visit.admin.links.forget(visit.actor, frame.id, link.object)
    except AdminError as error:
        return _confirming(visit, frame, link, error)
    return Redirect(
        to=f"{frame.address}/links", done=f"Forgot that {link.name} is {link.target} at {frame.application.name}."
    )


def _confirming(visit: PortalVisit, frame: JobFrame, link: LinkShown, error: AdminError | None = None) -> TemplatePage:
    values: dict[str, Any] = {
        "job": frame,
        "part": "links",
        "link": link,
        "may_forget": visit.actor.may(JOB_WRITE, frame.application.id),
        "wrong": "" if error is None else said(error),
    }
    status = 200 if error is None else status_of(error)
    return TemplatePage(template="provisioning/link_forget.html", title="Forget a link", values=values, status=status)


def _link(visit: PortalVisit, frame: JobFrame, key: str) -> tuple[LinkShown | None, str]:
    """The link of exactly this one, or why there is none."""
    if not key:
        return None, ""
    try:
        return visit.admin.links.shown_whole(visit.actor, frame.id, key), ""
    except AdminError as error:
        if error.code == "permission-denied":
            raise
        return None, said(error)


def _found(visit: PortalVisit, search: str) -> tuple[list[tuple[str, DirectoryKind, str, str]], bool]:
    """(id, kind, name, what tells it apart) of people and groups of such a name, for who may see the directory."""
    if not visit.actor.may(DIRECTORY_READ):
        return [], False
    people = visit.admin.typed_users.page(
        visit.actor, ObjectQuery(condition=searching("user", search), order_by=NAMING["user"]), limit=MOST_FOUND
    )
    groups = visit.admin.typed_groups.page(
        visit.actor, ObjectQuery(condition=searching("group", search), order_by=NAMING["group"]), limit=MOST_FOUND
    )
    found = [
        (one.id, one.kind, str(one.attributes.get("displayName") or one.name), one.name if one.kind == "user" else "")
        for page in (people, groups)
        for one in page.objects
    ]
    return found, people.next is not None or groups.next is not None
