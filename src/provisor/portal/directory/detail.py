"""A user or group in full: where it came from, every attribute, memberships, and what each application makes of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from provisor.admin.actor import APPLICATION_READ, JOB_READ, LOG_READ
from provisor.admin.assignments import AssignmentSeen, PrincipalKey
from provisor.admin.errors import AdminError
from provisor.admin.escrow import EscrowEntry
from provisor.admin.jobs import JobShown
from provisor.admin.links import LinkShown
from provisor.admin.logs import LoggedEvent
from provisor.admin.on_demand import ScopeTold
from provisor.directory.lifecycle import KEPT
from provisor.directory.objects import DirectoryKind, DirectoryObject, DirectoryValue
from provisor.directory.query import AllHold, Condition, ObjectQuery, Related
from provisor.portal.directory.labels import sections
from provisor.portal.directory.listing import found_by
from provisor.portal.directory.pages_of_objects import listed
from provisor.portal.directory.rooms import GROUPS, USERS, ObjectFrame, Room, object_frame, searched
from provisor.portal.errors import said
from provisor.portal.visits import PortalVisit
from provisor.web.answers import PageAnswer, TemplatePage

_EVENTS: Final = 5  # of the log, beside each application
_JOBS: Final = 10  # explained on one page
_MICROSECONDS: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class JobConcerned:
    """What one job makes of a user or group. `unusable` says why its rules tell nothing."""

    job: JobShown
    told: ScopeTold | None
    unusable: str
    link: LinkShown | None
    failures: Sequence[EscrowEntry]
    events: Sequence[LoggedEvent]

    @property
    def written_at(self) -> int | None:
        """When something was last written, as far as the newest events tell."""
        return next((one.at for one in self.events if one.status == "success"), None)


def overview(visit: PortalVisit, room: Room) -> PageAnswer:
    """Who it is, where it came from, and in short what each application makes of it."""
    frame = object_frame(visit, room)
    item = frame.item
    manager = _manager(visit, item)
    return TemplatePage(
        template="directory/overview.html",
        title=frame.name,
        values={
            "frame": frame,
            "tab": "overview",
            "origin": frame.origin,
            "manager": manager,
            "restorable_until": _restorable_until(item),
            "standings": _standings(visit, item, _jobs(visit)[:_JOBS], events=0),
            "figures": _figures(visit, frame),
        },
    )


def properties(visit: PortalVisit, room: Room) -> PageAnswer:
    """Every attribute, under its name in Entra's portal and in Graph."""
    frame = object_frame(visit, room)
    extensions = visit.admin.extension_properties.available(visit.actor)
    every = sections(room.kind, {one.extension.name: one.extension for one in extensions})
    everything = visit.query.get("all", "") == "yes"
    held = frame.item.attributes
    shown = [
        (
            section.title,
            [(one, told(held.get(one.name))) for one in section.attributes if everything or one.name in held],
        )
        for section in every
    ]
    return TemplatePage(
        template="directory/properties.html",
        title=frame.name,
        values={
            "frame": frame,
            "tab": "properties",
            "attribute_sections": [(title, rows) for title, rows in shown if rows],
            "owners": {one.extension.name: one.application for one in extensions},
            "origin": frame.origin,
            "everything": everything,
            "manager": _manager(visit, frame.item),
        },
    )


def memberships(visit: PortalVisit, room: Room) -> PageAnswer:
    """The groups that a user or group is directly in."""
    return _related(visit, room, GROUPS, "has member", "groups", "Groups")


def reports(visit: PortalVisit) -> PageAnswer:
    """Whose manager somebody is."""
    return _related(visit, USERS, USERS, "managed by", "reports", "Direct reports")


def _related(visit: PortalVisit, room: Room, others: Room, relation: str, tab: str, heading: str) -> TemplatePage:
    frame, search = object_frame(visit, room), searched(visit)
    related: Condition = Related("has member" if relation == "has member" else "managed by", frame.id)
    condition = AllHold((related, found_by(others, search))) if search else related
    order = "displayName" if others is GROUPS else "userPrincipalName"
    address = f"{frame.address}/{tab}"
    query = ObjectQuery(condition=condition, order_by=order)
    return TemplatePage(
        template="directory/related.html",
        title=frame.name,
        values={
            "frame": frame,
            "tab": tab,
            "heading": heading,
            "others": others,
            "address": address,
            "search": search,
            "page": listed(visit, others, query, address, {"search": search}),
        },
    )


def applications(visit: PortalVisit, room: Room) -> PageAnswer:
    """Each application that the visitor may see: whether and why it is provisioned there, and what was done last."""
    frame = object_frame(visit, room)
    jobs, after = _jobs(visit), visit.query.get("after", "")
    start = next((place + 1 for place, one in enumerate(jobs) if one.job.id == after), 0)
    some = jobs[start : start + _JOBS]
    more = len(jobs) > start + _JOBS
    return TemplatePage(
        template="directory/applications.html",
        title=frame.name,
        values={
            "frame": frame,
            "tab": "applications",
            "standings": _standings(visit, frame.item, some, events=_EVENTS),
            "assignments": _assignments(visit, frame),
            "earlier": f"{frame.address}/applications" if start else "",
            "later": f"{frame.address}/applications?after={some[-1].job.id}" if more else "",
        },
    )


def _jobs(visit: PortalVisit) -> Sequence[JobShown]:
    return visit.admin.jobs.all(visit.actor) if visit.actor.may(JOB_READ) else ()


def _standings(
    visit: PortalVisit, item: DirectoryObject, jobs: Sequence[JobShown], *, events: int
) -> list[JobConcerned]:
    return [_standing(visit, item, job, events) for job in jobs]


def _standing(visit: PortalVisit, item: DirectoryObject, shown: JobShown, events: int) -> JobConcerned:
    admin, actor, job = visit.admin, visit.actor, shown.job
    scope: ScopeTold | None = None
    unusable = ""
    try:
        scope = admin.on_demand.scope(actor, job.id, item.id)
    except AdminError as error:
        unusable = said(error)
    linked = scope is None or scope.linked
    reads_log = events > 0 and actor.may(LOG_READ, job.application)
    return JobConcerned(
        job=shown,
        told=scope,
        unusable=unusable,
        link=_link(visit, job.id, item.id) if linked else None,
        failures=_failures(visit, job.id, item.id) if events else (),
        events=admin.logs.page(actor, job=job.id, identity=item.id, limit=events) if reads_log else (),
    )


def _link(visit: PortalVisit, job: str, key: str) -> LinkShown | None:
    try:
        return visit.admin.links.show(visit.actor, job, key)
    except AdminError as error:
        if error.code == "not-found":
            return None
        raise


def _failures(visit: PortalVisit, job: str, key: str) -> Sequence[EscrowEntry]:
    try:
        return visit.admin.escrow.show(visit.actor, job, key)
    except AdminError as error:
        if error.code == "not-found":
            return ()
        raise


def _assignments(visit: PortalVisit, frame: ObjectFrame) -> Sequence[AssignmentSeen]:
    if not frame.alive or not visit.actor.may(APPLICATION_READ):
        return ()
    return visit.admin.assignments.of_principal(visit.actor, PrincipalKey(frame.room.kind, frame.id))


def _figures(visit: PortalVisit, frame: ObjectFrame) -> list[tuple[str, str, int]]:
    """Of what belongs to it, how much there is: the page, what it is, the number."""
    if not frame.alive:
        return []
    actor, admin, base = visit.actor, visit.admin, frame.address
    groups = admin.typed_groups.count(actor, Related("has member", frame.id))
    if frame.room.kind == "user":
        people = admin.typed_users.count(actor, Related("managed by", frame.id))
        return [(f"{base}/groups", "Groups", groups), (f"{base}/reports", "Direct reports", people)]
    kinds: tuple[tuple[str, str, DirectoryKind], ...] = (
        (f"{base}/members", "Users in it", "user"),
        (f"{base}/members?kind=group", "Groups in it", "group"),
    )
    inside = [(page, what, admin.members_by_id.count(actor, frame.id, kind=kind)) for page, what, kind in kinds]
    return [*inside, (f"{base}/groups", "Member of groups", groups)]


def _manager(visit: PortalVisit, item: DirectoryObject) -> DirectoryObject | None:
    found = [] if item.manager is None else visit.admin.deleted_objects.live_by_ids(visit.actor, [item.manager])
    return found[0] if found else None


def _restorable_until(item: DirectoryObject) -> int | None:
    return None if item.deleted_at is None else item.deleted_at + int(KEPT.total_seconds()) * _MICROSECONDS


def told(value: DirectoryValue) -> list[str]:
    """A value as people read it, one text for each of several; none where there is no value."""
    if value is None:
        return []
    if isinstance(value, bool):
        return ["Yes" if value else "No"]
    if isinstance(value, list):
        return [
            one if isinstance(one, str) else ", ".join(f"{name} {part}" for name, part in one.items()) for one in value
        ]
    return [str(value)]
