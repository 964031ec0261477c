"""Pages of users and groups by keys, forwards and backwards; where one ends stands in the next one's address."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from provisor.directory.objects import NAMING, DirectoryKind, DirectoryObject
from provisor.directory.query import ObjectQuery, Position
from provisor.portal.directory.rooms import PAGE, Room
from provisor.portal.visits import PortalVisit
from provisor.scim.values import fold

_BETWEEN = "~"


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectsListed:
    """Some objects, and the addresses of the pages before and after; empty ones are left out."""

    objects: tuple[DirectoryObject, ...]
    earlier: str = ""
    later: str = ""


def listed(visit: PortalVisit, room: Room, query: ObjectQuery, address: str, kept: Mapping[str, str]) -> ObjectsListed:
    """The page that the visit asks for; `kept` is what its neighbours' addresses say too. Raises AdminError."""
    typed = room.typed(visit)
    before, after = _position(visit.query.get("before", "")), _position(visit.query.get("after", ""))
    if before is not None:
        found = typed.page(visit.actor, replace(query, descending=True), after=before, limit=PAGE)
        objects = found.objects[::-1]
        more_before, more_after = found.next is not None, True
    else:
        found = typed.page(visit.actor, query, after=after, limit=PAGE)
        objects = found.objects
        more_before, more_after = after is not None, found.next is not None
    if not objects:
        return ObjectsListed(objects=(), earlier=here(address, kept) if before or after else "")
    first, last = (_place(room.kind, query, item) for item in (objects[0], objects[-1]))
    return ObjectsListed(
        objects=objects,
        earlier=here(address, kept, before=first) if more_before else "",
        later=here(address, kept, after=last) if more_after else "",
    )


def here(address: str, kept: Mapping[str, str], **more: str) -> str:
    """An address with what is not empty of its questions."""
    asked = {name: value for name, value in {**kept, **more}.items() if value}
    return f"{address}?{urlencode(asked)}" if asked else address


def _place(kind: DirectoryKind, query: ObjectQuery, item: DirectoryObject) -> str:
    if query.order_by == "id":
        return item.id + _BETWEEN
    value = item.name if query.order_by == NAMING[kind] else item.attributes.get(query.order_by)
    return f"{item.id}{_BETWEEN}{fold(value) if isinstance(value, str) else ''}"


def _position(text: str) -> Position | None:
    key, between, value = text.partition(_BETWEEN)
    return Position(value, key) if between and key else None
