"""Users and groups as lists: search while typing, filters, pages; and the recycle bin of both."""

from dataclasses import dataclass
from datetime import timedelta

from provisor.admin.errors import AdminError
from provisor.directory.lifecycle import KEPT
from provisor.directory.query import (
    AllHold,
    AnyHolds,
    Condition,
    ObjectQuery,
    PropertyContains,
    PropertyEquals,
    Related,
    searching,
)
from provisor.portal.directory.pages_of_objects import here, listed
from provisor.portal.directory.rooms import PAGE, Room, searched
from provisor.portal.errors import said
from provisor.portal.visits import PortalVisit
from provisor.web.answers import PageAnswer, TemplatePage

_ORDERS = {
    "user": (("userPrincipalName", "User principal name"), ("displayName", "Display name")),
    "group": (("displayName", "Display name"),),
}
_ALSO_SEARCHED = {"user": ("department", "jobTitle", "employeeId"), "group": ("mailNickname",)}
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What the address asks for, as it was typed."""

    search: str
    enabled: str
    synced: str
    source: str
    group: str
    order: str

    @property
    def narrowed(self) -> bool:
        """Whether it asks for some only."""
        return any((self.search, self.enabled, self.synced, self.source, self.group))

    @property
    def kept(self) -> dict[str, str]:
        """The same for addresses."""
        order = "" if self.order == "userPrincipalName" else self.order
        return {
            "search": self.search,
            "enabled": self.enabled,
            "synced": self.synced,
            "source": self.source,
            "group": self.group,
            "order": order,
        }


def show(visit: PortalVisit, room: Room) -> PageAnswer:
    """All users or groups, or those that are asked for."""
    asked = _asked(visit, room)
    problem, wrong_group = "", ""
    condition: Condition | None = None
    try:
        condition = _condition(visit, room, asked)
    except AdminError as error:
        wrong_group = said(error)
    query = ObjectQuery(condition=condition, order_by=asked.order)
    typed = room.typed(visit)
    page = None
    if not wrong_group:
        try:
            page = listed(visit, room, query, room.address, asked.kept)
        except AdminError as error:
            if error.code != "unsupported-query":
                raise
            problem = said(error)
    sources = visit.admin.imports.sources(visit.actor)
    return TemplatePage(
        template="directory/list.html",
        title=room.title,
        values={
            "room": room,
            "asked": asked,
            "page": page,
            "problem": problem,
            "wrong_group": wrong_group,
            "sources": {one.id: one.name for one in sources},
            "made_here": {one.id for one in sources if one.kind in ("local", "csv")},
            "orders": _ORDERS[room.kind],
            "total": None if asked.narrowed else typed.count(visit.actor),
        },
        status=400 if problem or wrong_group else 200,
    )


def _asked(visit: PortalVisit, room: Room) -> _Asked:
    orders = [order for order, _ in _ORDERS[room.kind]]
    order = visit.query.get("order", "")
    return _Asked(
        search=searched(visit),
        enabled=visit.query.get("enabled", ""),
        synced=visit.query.get("synced", ""),
        source=visit.query.get("source", ""),
        group=visit.query.get("group", "").strip(),
        order=order if order in orders else orders[0],
    )


def _condition(visit: PortalVisit, room: Room, asked: _Asked) -> Condition | None:
    """What has to hold for those that are asked for. Raises AdminError where the group is none."""
    conditions: list[Condition] = []
    if asked.enabled in ("yes", "no"):
        name = "accountEnabled" if room.kind == "user" else "securityEnabled"
        conditions.append(PropertyEquals(name, asked.enabled == "yes"))
    if asked.synced in ("yes", "no"):
        conditions.append(PropertyEquals("onPremisesSyncEnabled", True if asked.synced == "yes" else None))
    if asked.source:
        conditions.append(Related("from source", asked.source))
    if asked.group:
        group = visit.admin.groups.show(visit.actor, asked.group).object
        conditions.append(Related("in group", group.id))
    if asked.search:
        conditions.append(found_by(room, asked.search))
    return AllHold(tuple(conditions)) if conditions else None


def found_by(room: Room, text: str) -> Condition:
    """Whoever is found by this text: every word of it in a name, an address, the department, the job or the number."""
    by_name = searching(room.kind, text)
    others = _ALSO_SEARCHED[room.kind]
    assert isinstance(by_name, AllHold)  # noqa: S101 - which is how it is made
    words = zip(text.split(), by_name.conditions, strict=True)
    return AllHold(
        tuple(AnyHolds((found, *(PropertyContains(name, word) for name in others))) for word, found in words)
    )


# The recycle bin


def deleted(visit: PortalVisit, room: Room) -> PageAnswer:
    """Who was deleted, and until when they can be restored."""
    search, after = searched(visit), visit.query.get("after", "")
    found = room.verbs(visit).page(visit.actor, after=after, limit=PAGE + 1, search=search, deleted=True)
    address = f"{room.address}/deleted"
    more = len(found) > PAGE
    until = {item.id: (item.deleted_at or 0) + KEPT // _MICROSECOND for item in found}
    return TemplatePage(
        template="directory/deleted.html",
        title=f"Deleted {room.title.lower()}",
        values={
            "room": room,
            "search": search,
            "found": found[:PAGE],
            "until": until,
            "earlier": here(address, {"search": search}) if after else "",
            "later": here(address, {"search": search}, after=found[PAGE - 1].id) if more else "",
            "total": visit.admin.deleted_objects.count(visit.actor, room.kind),
        },
    )
