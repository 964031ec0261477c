"""Who owns an application: the list, *Add owners* by a search, *Remove*."""

from provisor.admin.actor import APPLICATION_WRITE
from provisor.admin.errors import AdminError
from provisor.admin.service_principals import ApplicationKey
from provisor.portal.applications.finding import chosen, find
from provisor.portal.errors import said
from provisor.portal.frames import application_frame
from provisor.portal.visits import PortalVisit
from provisor.web.answers import PageAnswer, Redirect, TemplatePage


def show(visit: PortalVisit) -> PageAnswer:
    """The owners; for who may change them, people to choose from."""
    return _owners(visit, visit.query.get("search", "").strip(), "")


def _owners(visit: PortalVisit, search: str, wrong: str) -> TemplatePage:
    frame = application_frame(visit)
    owners = visit.admin.service_principals.owners(visit.actor, ApplicationKey("service principal", frame.id))
    may_change = visit.actor.may(APPLICATION_WRITE, frame.id)
    own = {one.id for one in owners}
    found = find(visit, "user", search) if may_change and search else None
    values = {
        "frame": frame,
        "tab": "owners",
        "owners": owners,
        "search": search,
        "found": [] if found is None else [one for one in found.principals if one.id not in own],
        "more": found is not None and found.more,
        "wrong": wrong,
    }
    return TemplatePage(
        template="applications/owners.html",
        title=f"{frame.name} - Owners",
        values=values,
        status=400 if wrong else 200,
    )


def add(visit: PortalVisit) -> PageAnswer:
    """Make those that are ticked owners."""
    frame = application_frame(visit)
    key = ApplicationKey("service principal", frame.id)
    people = chosen(visit, visit.arrival.chosen("user"))
    if not people:
        return _owners(visit, visit.form.get("search", ""), "Nobody is ticked. Tick one or more people, then Add.")
    for one in people:
        try:
            visit.admin.service_principals.add_owner(visit.actor, key, one.id)
        except AdminError as error:
            if error.code != "already-there":
                return _refused(visit, error)
    names = ", ".join(one.name for one in people[:3]) + (f" and {len(people) - 3} more" if len(people) > 3 else "")
    return Redirect(to=f"{frame.address}/owners", done=f"Added as owner: {names}.")


def _refused(visit: PortalVisit, error: AdminError) -> PageAnswer:
    if error.code == "permission-denied":
        raise error
    return _owners(visit, visit.form.get("search", ""), said(error))


def remove(visit: PortalVisit) -> PageAnswer:
    """Somebody owns it no longer."""
    frame = application_frame(visit)
    key = ApplicationKey("service principal", frame.id)
    visit.admin.service_principals.remove_owner(visit.actor, key, visit.names["user"])
    return Redirect(to=f"{frame.address}/owners", done="The owner was removed.")
