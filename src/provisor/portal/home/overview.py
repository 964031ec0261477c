"""The first page: the jobs at a glance, figures of the directory, first steps; other ways on for who sees no jobs."""

from dataclasses import dataclass
from typing import Final

from provisor.admin.actor import APPLICATION_CREATE, DIRECTORY_READ, JOB_READ, SOURCE_READ, Actor
from provisor.admin.bundle import Admin
from provisor.portal.home import glance
from provisor.portal.home.steps import first_steps
from provisor.portal.navigation import navigation
from provisor.portal.visits import ACCOUNT, HOME, PortalVisit
from provisor.web.answers import PageAnswer, TemplatePage

_ABOUT: Final = {
    "/users": "Who is in the directory.",
    "/groups": "Which groups there are, and who is in them.",
    "/sources": "Where people and groups come from.",
    "/applications": "What people and groups are provisioned into.",
    "/provisioning-logs": "What was done to whom, when and why.",
    "/audit-logs": "Who changed what, and who was refused it.",
    "/report": "What provisioning did in a time.",
    "/settings/administrators": "Who may sign in, and with which roles.",
    "/settings/api-clients": "Programs that may sign in.",
    "/settings/notifications": "Who is told of trouble, and how.",
    "/settings/retention": "How long things are kept.",
    "/settings/keys": "The key that credentials are stored under.",
    "/settings/about": "What runs here.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryFigure:
    """A number, what it counts, and where they are listed."""

    number: int
    words: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TroubledSource:
    """A source that fails or holds deletions: what is said of it, and where somebody sees to it."""

    name: str
    text: str
    address: str
    link: str


def show(visit: PortalVisit) -> PageAnswer:
    """What there is for this visitor."""
    actor = visit.actor
    sees_jobs = actor.may(JOB_READ)
    entries = [] if sees_jobs else [one for section in navigation(actor) for one in section.entries]
    steps = first_steps(visit.admin, actor)
    return TemplatePage(
        template="home/overview.html",
        title="Home",
        values={
            "figures": _figures(visit.admin, actor),
            "troubled": _troubled(visit.admin, actor),
            "sees_jobs": sees_jobs,
            "live": glance.ADDRESS,
            "steps": steps,
            "wanted": [one for one in steps if not one.optional],
            "ways": [(one, _ABOUT.get(one.address, "")) for one in entries if one.address not in (HOME, ACCOUNT)],
            "adds": actor.may(APPLICATION_CREATE),
            **(glance.partial(visit.admin, actor) if sees_jobs else {"jobs": [], "idle": []}),
        },
    )


def _figures(admin: Admin, actor: Actor) -> list[DirectoryFigure]:
    if not actor.may(DIRECTORY_READ):
        return []
    people, gone_people = admin.deleted_objects.numbers(actor, "user")
    groups, gone_groups = admin.deleted_objects.numbers(actor, "group")
    deleted = gone_people + gone_groups
    return [
        DirectoryFigure(number=people, words="people" if people != 1 else "person", address="/users"),
        DirectoryFigure(number=groups, words="groups" if groups != 1 else "group", address="/groups"),
        DirectoryFigure(number=deleted, words="in the recycle bin", address="/users/deleted"),
    ]


def _troubled(admin: Admin, actor: Actor) -> list[TroubledSource]:
    """The sources that want somebody."""
    if not actor.may(SOURCE_READ):
        return []
    found = []
    for shown in admin.sources.settings.all(actor):
        source, address = shown.source, f"/sources/{shown.source.id}"
        if source.error is not None:
            found.append(TroubledSource(name=source.name, text=source.error.message, address=address, link="See why"))
        if source.held is not None and source.allowed is None:
            one = TroubledSource(
                name=source.name,
                text=source.held.message,
                address=f"{address}/deletions",
                link="Allow or reject the deletions",
            )
            found.append(one)
    return found
