"""Who is in a group, and who manages whom: found by searching, added many at once, taken out."""

from typing import Final

from provisor.admin.actor import DIRECTORY_WRITE
from provisor.admin.errors import AdminError
from provisor.directory.objects import NAMING, DirectoryObject
from provisor.directory.query import AllHold, Condition, ObjectQuery, PropertyEquals, Related, Unless
from provisor.portal.directory.listing import found_by
from provisor.portal.directory.pages_of_objects import ObjectsListed, here, listed
from provisor.portal.directory.rooms import GROUPS, PAGE, USERS, Room, called, live_frame, searched
from provisor.portal.errors import said
from provisor.portal.visits import PortalVisit
from provisor.web.answers import PageAnswer, Redirect, TemplatePage

_NAMED: Final = 3  # of those who could not be added


def members(visit: PortalVisit) -> PageAnswer:
    """The users in a group, or the groups in it."""
    frame, search, kind = live_frame(visit, GROUPS), searched(visit), _kind(visit)
    address = f"{frame.address}/members"
    kept = {"search": search, "kind": "" if kind is USERS else "group"}
    if search:
        condition = AllHold((Related("in group", frame.id), found_by(kind, search)))
        page = listed(visit, kind, ObjectQuery(condition=condition, order_by=NAMING[kind.kind]), address, kept)
    else:
        page = _by_ids(visit, frame.id, kind, address, kept)
    return TemplatePage(
        template="directory/members.html",
        title=frame.name,
        values={
            "frame": frame,
            "tab": "members",
            "page": page,
            "search": search,
            "kind": kind,
            "address": address,
            "total": None if search else visit.admin.members_by_id.count(visit.actor, frame.id, kind=kind.kind),
        },
    )


def _by_ids(visit: PortalVisit, group: str, kind: Room, address: str, kept: dict[str, str]) -> ObjectsListed:
    """In the order of ids, which a large group has in an index."""
    after = visit.query.get("after", "")
    found = visit.admin.members_by_id.page(visit.actor, group, after=after, limit=PAGE + 1, kind=kind.kind)
    return ObjectsListed(
        objects=tuple(found[:PAGE]),
        earlier=here(address, kept) if after else "",
        later=here(address, kept, after=found[PAGE - 1].id) if len(found) > PAGE else "",
    )


def choose_members(visit: PortalVisit) -> PageAnswer:
    """Who is not in the group yet."""
    return _choose(visit, "")


def _choose(visit: PortalVisit, problem: str) -> TemplatePage:
    visit.actor.needs(DIRECTORY_WRITE)
    frame, search, kind = live_frame(visit, GROUPS), searched(visit), _kind(visit)
    address = f"{frame.address}/members/add"
    others: list[Condition] = [Unless(Related("in group", frame.id)), Unless(PropertyEquals("id", frame.id))]
    condition = AllHold((*others, *([found_by(kind, search)] if search else [])))
    kept = {"search": search, "kind": "" if kind is USERS else "group"}
    query = ObjectQuery(condition=condition, order_by=NAMING[kind.kind] if search else "id")
    return TemplatePage(
        template="directory/add_members.html",
        title=f"Add members to {frame.name}",
        values={
            "frame": frame,
            "page": listed(visit, kind, query, address, kept),
            "search": search,
            "kind": kind,
            "address": address,
            "problem": problem,
        },
        status=400 if problem else 200,
    )


def add_members(visit: PortalVisit) -> PageAnswer:
    """Put those who were ticked into the group; of those who cannot be, why."""
    chosen = list(dict.fromkeys(visit.arrival.chosen("member")))
    if not chosen:
        return _choose(visit, "Nobody was chosen. Tick at least one.")
    group, added, refused = visit.names["id"], 0, list[str]()
    for one in chosen[:PAGE]:
        try:
            visit.admin.members_by_id.add(visit.actor, group, one)
            added += 1
        except AdminError as error:
            if error.code in ("permission-denied", "property-read-only"):
                raise
            refused.append(said(error))
    if refused and not added:
        return _choose(visit, " ".join(refused[:_NAMED]))
    return Redirect(to=f"/groups/{group}/members", done=" ".join([_number(added, "added"), *refused[:_NAMED]]))


def remove_members(visit: PortalVisit) -> PageAnswer:
    """Take those who were ticked out of the group."""
    group, removed = visit.names["id"], 0
    for one in dict.fromkeys(visit.arrival.chosen("member")):
        try:
            visit.admin.members_by_id.remove(visit.actor, group, one)
            removed += 1
        except AdminError as error:
            if error.code != "not-found":
                raise
    done = _number(removed, "removed") if removed else "Nobody was removed: tick those who are to go first."
    return Redirect(to=f"/groups/{group}/members", done=done)


def _number(number: int, what: str) -> str:
    return f"{number} member{'' if number == 1 else 's'} {'was' if number == 1 else 'were'} {what}."


def _kind(visit: PortalVisit) -> Room:
    return GROUPS if visit.query.get("kind", "") == "group" else USERS


# Manager


def choose_manager(visit: PortalVisit) -> PageAnswer:
    """Who may be somebody's manager: everybody else."""
    return _managers(visit, "")


def _managers(visit: PortalVisit, problem: str) -> TemplatePage:
    visit.actor.needs(DIRECTORY_WRITE)
    frame, search = live_frame(visit, USERS), searched(visit)
    address = f"{frame.address}/manager"
    others: Condition = Unless(PropertyEquals("id", frame.id))
    condition = AllHold((others, found_by(USERS, search))) if search else others
    query = ObjectQuery(condition=condition, order_by=NAMING["user"] if search else "id")
    return TemplatePage(
        template="directory/manager.html",
        title=f"Manager of {frame.name}",
        values={
            "frame": frame,
            "page": listed(visit, USERS, query, address, {"search": search}),
            "search": search,
            "address": address,
            "manager": _manager(visit, frame.item),
            "problem": problem,
        },
        status=400 if problem else 200,
    )


def _manager(visit: PortalVisit, item: DirectoryObject) -> DirectoryObject | None:
    found = [] if item.manager is None else visit.admin.deleted_objects.live_by_ids(visit.actor, [item.manager])
    return found[0] if found else None


def set_manager(visit: PortalVisit) -> PageAnswer:
    """Another manager, or none."""
    chosen = visit.form.get("manager", "")
    if not chosen and "remove" not in visit.form:
        return _managers(visit, "Nobody was chosen. Choose somebody first.")
    try:
        after = visit.admin.typed_users.set_manager(visit.actor, visit.names["id"], chosen or None)
    except AdminError as error:
        if error.code not in ("own-manager", "property-read-only", "not-found"):
            raise
        return _managers(visit, said(error))
    done = f"The manager of {called(after)} was {'set' if chosen else 'removed'}."
    return Redirect(to=f"/users/{after.id}", done=done)
