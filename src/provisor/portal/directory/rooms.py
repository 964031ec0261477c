"""What users and groups have in common on pages: addresses, words, and the verbs that they are read by."""

from dataclasses import dataclass
from typing import Final

from provisor.admin.directory import Objects
from provisor.admin.errors import AdminError
from provisor.admin.typed_objects import TypedObjects
from provisor.directory.objects import DirectoryKind, DirectoryObject
from provisor.portal.directory.origin import Origin, master_named, origin_of
from provisor.portal.visits import PortalVisit

PAGE: Final = 50  # rows of a list
SEARCHED_CHARACTERS: Final = 200  # of what is typed into a search box


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The pages of one kind of object."""

    kind: DirectoryKind
    address: str
    title: str

    def typed(self, visit: PortalVisit) -> TypedObjects:
        """The verbs by ids and typed values."""
        return visit.admin.typed_users if self.kind == "user" else visit.admin.typed_groups

    def verbs(self, visit: PortalVisit) -> Objects:
        """The verbs that people call."""
        return visit.admin.users if self.kind == "user" else visit.admin.groups


USERS: Final = Room(kind="user", address="/users", title="Users")
GROUPS: Final = Room(kind="group", address="/groups", title="Groups")
ROOMS: Final = (USERS, GROUPS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectFrame:
    """What stands around every page of a user or group."""

    room: Room
    item: DirectoryObject
    origin: Origin

    @property
    def id(self) -> str:
        """What its pages are found by."""
        return self.item.id

    @property
    def name(self) -> str:
        """What people call it: its display name, or else its name."""
        return called(self.item)

    @property
    def address(self) -> str:
        """Its first page."""
        return f"{self.room.address}/{self.item.id}"

    @property
    def alive(self) -> bool:
        """Not in the recycle bin."""
        return self.item.alive

    def master_of(self, what: str) -> str:
        """Who masters its manager or its members, in words; empty where they are changed here."""
        return master_named(self.origin, self.item, what)


def called(item: DirectoryObject) -> str:
    """What people call a user or group."""
    name = item.attributes.get("displayName")
    return name if isinstance(name, str) and name.strip() else item.name


def address_of(item: DirectoryObject) -> str:
    """The page of a user or group."""
    return f"{(USERS if item.kind == 'user' else GROUPS).address}/{item.id}"


def object_frame(visit: PortalVisit, room: Room) -> ObjectFrame:
    """Of the object that the address names, in the recycle bin too. Raises AdminError."""
    key = visit.names["id"]
    try:
        return _framed(visit, room, room.typed(visit).read(visit.actor, key))
    except AdminError as error:
        if error.code != "not-found":
            raise
        try:
            item = visit.admin.deleted_objects.read(visit.actor, key)
        except AdminError:
            raise error from None
        if item.kind != room.kind:
            raise
        return _framed(visit, room, item)


def live_frame(visit: PortalVisit, room: Room) -> ObjectFrame:
    """Of a user or group that is not in the recycle bin. Raises AdminError."""
    return _framed(visit, room, room.typed(visit).read(visit.actor, visit.names["id"]))


def _framed(visit: PortalVisit, room: Room, item: DirectoryObject) -> ObjectFrame:
    return ObjectFrame(room=room, item=item, origin=origin_of(visit, item))


def searched(visit: PortalVisit) -> str:
    """What is typed into the search box."""
    return visit.query.get("search", "").strip()[:SEARCHED_CHARACTERS]
