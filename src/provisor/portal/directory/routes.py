"""The addresses of pages of users, groups and their import."""

from collections.abc import Callable

from provisor.admin.actor import DIRECTORY_WRITE
from provisor.portal.directory import belonging, detail, editing, importing, lifecycle, listing
from provisor.portal.directory.rooms import ROOMS, USERS, Room
from provisor.portal.visits import PortalLiveRule, PortalRule, PortalVisit
from provisor.web.answers import PageAnswer
from provisor.web.site import LiveRule, Rule


def _rule(
    method: str,
    path: str,
    handler: Callable[[PortalVisit], PageAnswer],
    *,
    long: bool = False,
    slow: bool = False,
) -> PortalRule:
    return Rule(method=method, path=path, handler=handler, access="signed-in", long=long, slow=slow)


def _within(room: Room, handler: Callable[[PortalVisit, Room], PageAnswer]) -> Callable[[PortalVisit], PageAnswer]:
    return lambda visit: handler(visit, room)


def _of(room: Room) -> tuple[PortalRule, ...]:
    """Those that users and groups both have."""
    base, one = room.address, f"{room.address}/{{id}}"
    handlers: tuple[tuple[str, str, Callable[[PortalVisit, Room], PageAnswer]], ...] = (
        ("GET", base, listing.show),
        ("GET", f"{base}/new", editing.new),
        ("GET", f"{base}/deleted", listing.deleted),
        ("POST", f"{one}/restore", lifecycle.restore),
        ("GET", f"{one}/purge", lifecycle.ask_to_purge),
        ("POST", f"{one}/purge", lifecycle.purge),
        ("GET", one, detail.overview),
        ("GET", f"{one}/properties", detail.properties),
        ("GET", f"{one}/groups", detail.memberships),
        ("GET", f"{one}/applications", detail.applications),
        ("GET", f"{one}/edit", editing.edit),
        ("GET", f"{one}/delete", lifecycle.ask_to_delete),
        ("POST", f"{one}/delete", lifecycle.delete),
    )
    return (
        *(_rule(method, path, _within(room, handler)) for method, path, handler in handlers),
        _rule("POST", f"{base}/new", _within(room, editing.create), long=True),
        _rule("POST", f"{one}/edit", _within(room, editing.save), long=True),
    )


RULES: tuple[PortalRule, ...] = (
    *(rule for room in ROOMS for rule in _of(room)),
    _rule("POST", "/users/{id}/enable", _within(USERS, lifecycle.enable)),
    _rule("POST", "/users/{id}/disable", _within(USERS, lifecycle.disable)),
    _rule("GET", "/users/{id}/reports", detail.reports),
    _rule("GET", "/users/{id}/manager", belonging.choose_manager),
    _rule("POST", "/users/{id}/manager", belonging.set_manager),
    _rule("GET", "/groups/{id}/members", belonging.members),
    _rule("POST", "/groups/{id}/members", belonging.remove_members, long=True),
    _rule("GET", "/groups/{id}/members/add", belonging.choose_members),
    _rule("POST", "/groups/{id}/members/add", belonging.add_members, long=True),
    _rule("GET", "/import", importing.show),
    Rule(
        method="POST",
        path="/import",
        handler=importing.upload,
        access="signed-in",
        slow=True,
        files=True,
        check=lambda visit: visit.actor.needs(DIRECTORY_WRITE),
    ),
    _rule("GET", "/import/{upload}", importing.look),
    _rule("POST", "/import/{upload}/preview", importing.preview_again, slow=True),
    _rule("POST", "/import/{upload}/import", importing.carry_out, slow=True),
    _rule("POST", "/import/{upload}/discard", importing.discard),
    _rule("GET", "/import/{upload}/refused.csv", importing.refused_rows),
)
LIVE: tuple[PortalLiveRule, ...] = (
    LiveRule(path="/import/{upload}/progress", topic=importing.progress, access="signed-in"),
)
