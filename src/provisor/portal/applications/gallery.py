"""The list of enterprise applications, and *New application*: the gallery, a name, *Create*."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from provisor.admin.actor import APPLICATION_CREATE, JOB_READ
from provisor.admin.errors import AdminError
from provisor.admin.jobs import JobShown
from provisor.admin.service_principals import ApplicationBrief, ApplicationKey, ServicePrincipalShown
from provisor.gallery.template import Template
from provisor.portal.errors import said
from provisor.portal.visits import PortalVisit
from provisor.web.answers import PageAnswer, Redirect, TemplatePage

APPLICATIONS: Final = "/applications"
NEW: Final = f"{APPLICATIONS}/new"
_PAGE: Final = 25
MOST_COUNTED: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedApplication:
    """A row of the list. `assigned` counts users and groups, up to MOST_COUNTED; no jobs: the visitor may see none."""

    shown: ServicePrincipalShown
    assigned: int
    jobs: Sequence[JobShown]


def show(visit: PortalVisit) -> PageAnswer:
    """The applications that the visitor may see, by name, a page at a time."""
    search = visit.query.get("search", "").strip()
    every = sorted(visit.admin.service_principals.all(visit.actor), key=_place)
    found = [each for each in every if _fits(each, search)]
    first = next((n for n, each in enumerate(found) if each.id == visit.query.get("from")), 0)
    page = found[first : first + _PAGE]
    values = {
        "rows": _rows(visit, [each.id for each in page]),
        "search": search,
        "number": len(found),
        "any": bool(every),
        "most": MOST_COUNTED,
        "earlier": found[max(0, first - _PAGE)].id if first else "",
        "later": found[first + _PAGE].id if first + _PAGE < len(found) else "",
    }
    return TemplatePage(template="applications/list.html", title="Enterprise applications", values=values)


def _rows(visit: PortalVisit, ids: Sequence[str]) -> list[ListedApplication]:
    principals = visit.admin.service_principals
    found, assigned = principals.several(visit.actor, ids), principals.assigned(visit.actor, ids, most=MOST_COUNTED)
    return [
        ListedApplication(shown=found[one], assigned=assigned.get(one, 0), jobs=_jobs(visit, one))
        for one in ids
        if one in found
    ]


def _jobs(visit: PortalVisit, application: str) -> Sequence[JobShown]:
    if not visit.actor.may(JOB_READ, application):
        return ()
    return visit.admin.synchronization.all_jobs(visit.actor, ApplicationKey("service principal", application))


def _place(one: ApplicationBrief) -> tuple[str, str]:
    return one.display_name.casefold(), one.id


def _fits(one: ApplicationBrief, search: str) -> bool:
    words = search.casefold().split()
    return all(word in one.display_name.casefold() for word in words) or search in (one.id, one.app_id, one.object_id)


def browse(visit: PortalVisit) -> PageAnswer:
    """The gallery."""
    visit.actor.needs(APPLICATION_CREATE)
    search = visit.query.get("search", "").strip()
    templates = visit.admin.service_principals.gallery(visit.actor)
    found = [each for each in templates if _names(each, search)]
    values = {"templates": found, "search": search}
    return TemplatePage(template="applications/gallery.html", title="Browse the gallery", values=values)


def _names(template: Template, search: str) -> bool:
    text = f"{template.display_name} {template.publisher} {template.description} {' '.join(template.categories)}"
    return all(word in text.casefold() for word in search.casefold().split())


def begin(visit: PortalVisit) -> PageAnswer:
    """A name for an application of the gallery."""
    visit.actor.needs(APPLICATION_CREATE)
    template = visit.admin.service_principals.template(visit.actor, visit.names["template"])
    return _naming(visit, template, _free_name(visit, template.display_name))


def create(visit: PortalVisit) -> PageAnswer:
    """Add it, and go to its overview."""
    visit.actor.needs(APPLICATION_CREATE)
    template = visit.admin.service_principals.template(visit.actor, visit.names["template"])
    name = visit.form.get("name", "").strip()
    try:
        made = visit.admin.applications.add(visit.actor, template.id, name=name).application
    except AdminError as error:
        if error.code == "permission-denied":
            raise
        return _naming(visit, template, name, said(error))
    return Redirect(to=f"{APPLICATIONS}/{made.id}", done=f"{made.display_name} was added.")


def _naming(visit: PortalVisit, template: Template, name: str, wrong: str = "") -> TemplatePage:
    same = [each for each in visit.admin.service_principals.all(visit.actor) if each.template == template.id]
    return TemplatePage(
        template="applications/naming.html",
        title=f"Add {template.display_name}",
        values={"template": template, "name": name, "wrong": wrong, "same": sorted(same, key=_place)[:_PAGE]},
        status=400 if wrong else 200,
    )


def _free_name(visit: PortalVisit, name: str) -> str:
    """What to suggest: the name in the gallery, or that with the first number that nobody has."""
    taken = {each.display_name for each in visit.admin.service_principals.all(visit.actor)}
    names = (name, *(f"{name} {number}" for number in range(2, len(taken) + 3)))
    return next(each for each in names if each not in taken)
