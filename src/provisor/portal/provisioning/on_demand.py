"""Provision on demand: choose a person, or a group with some of its members, and see the five steps.

Nothing is kept between choosing and the result: the result is the answer to the form. Order: choosing, provisioning.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from provisor.admin.actor import DIRECTORY_READ, JOB_RUN
from provisor.admin.errors import AdminError
from provisor.directory.objects import NAMING, DirectoryKind, DirectoryObject
from provisor.directory.query import ObjectQuery, searching
from provisor.engine.behaviour import PROVISOR, behaviour_named
from provisor.portal.errors import said, status_of
from provisor.portal.frames import JobFrame, job_frame
from provisor.portal.provisioning.on_demand_steps import told
from provisor.portal.visits import PortalVisit
from provisor.web.answers import PageAnswer, TemplatePage

MOST_FOUND: Final = 15
MEMBERS_SHOWN: Final = 50
_LONGEST_SEARCH: Final = 254


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundObject:
    """Somebody who may be provisioned: what they are called, and by what they are told apart."""

    id: str
    kind: DirectoryKind
    name: str
    detail: str
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenGroup:
    """A group with a page of its members, of whom so many may be chosen."""

    found: FoundObject
    members: Sequence[FoundObject]
    more: str  # the id after which there are others; empty where there are none
    most: int


def show(visit: PortalVisit) -> PageAnswer:
    """Whom to provision: found by a search, or named by the page that led here."""
    return _choosing(visit, job_frame(visit))


def provision(visit: PortalVisit) -> PageAnswer:
    """Do it, or only look, and show what came of it."""
    frame = job_frame(visit, JOB_RUN)
    form, verbs, members = visit.form, visit.admin.on_demand, visit.arrival.chosen("member")
    only_look = form.get("do") == "look"
    try:
        if group := form.get("group"):
            found = verbs.group(visit.actor, frame.id, group, members, dry_run=only_look)
        else:
            found = verbs.user(visit.actor, frame.id, form.get("user", ""), dry_run=only_look)
    except AdminError as error:
        return _choosing(visit, frame, error)
    values = {
        "job": frame,
        "part": "on-demand",
        "results": [told(one) for one in found],
        "user": form.get("user", ""),
        "group": form.get("group", ""),
        "members": members,
        "dry_run": only_look,
    }
    return TemplatePage(template="provisioning/on_demand_result.html", title="Provision on demand", values=values)


def _choosing(visit: PortalVisit, frame: JobFrame, error: AdminError | None = None) -> TemplatePage:
    allowed = visit.actor.may(JOB_RUN, frame.application.id) and visit.actor.may(DIRECTORY_READ)
    search = visit.query.get("search", "").strip()[:_LONGEST_SEARCH]
    given = visit.form if error is not None else visit.query
    values: dict[str, Any] = {
        "job": frame,
        "part": "on-demand",
        "allowed": allowed,
        "search": search,
        "found": [],
        "more": False,
        "person": None,
        "chosen": None,
        "ticked": visit.arrival.chosen("member"),
        "wrong": "" if error is None else said(error),
    }
    if allowed and given.get("group"):
        values["chosen"] = _group(visit, frame, given["group"])
    elif allowed and given.get("user"):
        values["person"] = _person(visit, given["user"])
    elif allowed:
        values["found"], values["more"] = _found(visit, search)
    status = 200 if error is None else status_of(error)
    return TemplatePage(
        template="provisioning/on_demand.html", title="Provision on demand", values=values, status=status
    )


def _found(visit: PortalVisit, search: str) -> tuple[list[FoundObject], bool]:
    """The first people and groups of that name, and whether there are more; nobody before something was typed."""
    if not search:
        return [], False
    people = visit.admin.typed_users.page(
        visit.actor, ObjectQuery(condition=searching("user", search), order_by=NAMING["user"]), limit=MOST_FOUND
    )
    groups = visit.admin.typed_groups.page(
        visit.actor, ObjectQuery(condition=searching("group", search), order_by=NAMING["group"]), limit=MOST_FOUND
    )
    found = [_object(one) for page in (people, groups) for one in page.objects]
    return found, people.next is not None or groups.next is not None


def _person(visit: PortalVisit, key: str) -> FoundObject:
    """Whom a page or a form named by id; somebody in the recycle bin may be meant, too."""
    try:
        return _object(visit.admin.typed_users.read(visit.actor, key))
    except AdminError:
        return _object(visit.admin.deleted_objects.read(visit.actor, key))


def _group(visit: PortalVisit, frame: JobFrame, key: str) -> ChosenGroup:
    group = visit.admin.typed_groups.read(visit.actor, key)
    page = visit.admin.members_by_id.page(
        visit.actor, group.id, after=visit.query.get("after", ""), limit=MEMBERS_SHOWN + 1, kind="user"
    )
    behaviour = behaviour_named(frame.shown.job.behaviour) or PROVISOR
    return ChosenGroup(
        found=_object(group),
        members=[_object(one) for one in page[:MEMBERS_SHOWN]],
        more=page[MEMBERS_SHOWN - 1].id if len(page) > MEMBERS_SHOWN else "",
        most=behaviour.on_demand.most_members,
    )


def _object(one: DirectoryObject) -> FoundObject:
    called = one.attributes.get("displayName")
    detail = one.name if one.kind == "user" else one.attributes.get("description")
    return FoundObject(
        id=one.id,
        kind=one.kind,
        name=called if isinstance(called, str) and called.strip() else one.name,
        detail=detail if isinstance(detail, str) else "",
        enabled=one.enabled and one.alive,
    )
