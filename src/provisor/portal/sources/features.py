"""*Optional features* of the wizard and its page *Directory extensions*: which attributes are read besides.

The choice stays in the form until it is saved, so that nothing is read or registered for a click that was not meant.
Words and order are those of Entra Connect: spec/entra-connect.md section 4. Order: the tick, the choice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from provisor.admin.actor import SOURCE_WRITE
from provisor.admin.errors import AdminError
from provisor.admin.source_extensions import CONNECTOR_WARNINGS, GUID
from provisor.engine.sources import SourceAttribute
from provisor.portal.editions import edition_of, overtaken
from provisor.portal.errors import said, status_of
from provisor.portal.sources.frame import EXTENSIONS, SourceFrame, source_frame
from provisor.portal.sources.schema_kept import SCHEMAS
from provisor.portal.visits import PortalVisit
from provisor.web.answers import PageAnswer, Redirect, TemplatePage, not_here

PART: Final = "optional-features"
SHOWN: Final = 100  # attributes at once; a domain has some 1,500
LONGEST_SEARCH: Final = 100
MOST_CHOSEN: Final = 500  # names in one form; the verb says how many may be


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionChoice:
    """Which attributes are chosen for users and for groups, in the order in which they were."""

    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    def told(self) -> dict[str, str]:
        """By the labels of the page."""
        return {"Selected for users": "\n".join(self.users), "Selected for groups": "\n".join(self.groups)}

    def done(self, deed: str) -> "ExtensionChoice":
        """With one more or one less, as a button says: `add user NAME`, `remove group NAME`."""
        what, _, rest = deed.partition(" ")
        kind, _, name = rest.partition(" ")
        of = {"user": "users", "group": "groups"}.get(kind)
        if of is None or not name or what not in ("add", "remove"):
            return self
        others = tuple(one for one in getattr(self, of) if one != name)
        return replace(self, **{of: (*others, name) if what == "add" else others})


@dataclass(slots=True, kw_only=True)
class _Choosing:
    """One request with the page."""

    visit: PortalVisit
    frame: SourceFrame
    choice: ExtensionChoice
    search: str
    again: bool = False
    problem: str = ""
    wrong: dict[str, str] = field(default_factory=dict)


# The tick


def show(visit: PortalVisit) -> PageAnswer:
    """Whether attributes are read besides."""
    frame = source_frame(visit, SOURCE_WRITE)
    if not _has(frame):
        return not_here("Optional features of such a source")
    chosen = _stored(visit, frame)
    values = {
        "source": frame,
        "part": PART,
        "action": f"{frame.address}/{PART}",
        "chosen": chosen,
        "number": len({*chosen.users, *chosen.groups}),
    }
    return TemplatePage(template="sources/features.html", title="Optional features", values=values)


def save(visit: PortalVisit) -> PageAnswer:
    """On to the choice of attributes; or, without the tick, none are read any more."""
    frame = source_frame(visit, SOURCE_WRITE)
    if not _has(frame):
        return not_here("Optional features of such a source")
    if visit.form.get("extensions"):
        return Redirect(to=f"{frame.address}/{EXTENSIONS}")
    chosen = _stored(visit, frame)
    if chosen != ExtensionChoice():
        none = {"userExtensions": "[]", "groupExtensions": "[]"}
        visit.admin.sources.settings.change(visit.actor, frame.id, changes=none)
    if frame.setting_up:
        return Redirect(to=frame.after(PART))
    follows = " Everything is read once more, and then they are gone." if chosen != ExtensionChoice() else ""
    done = f"No attributes are synchronized as directory extensions.{follows}"
    return Redirect(to=f"{frame.address}/{PART}", done=done)


def _has(frame: SourceFrame) -> bool:
    return PART in dict(frame.steps)


def _stored(visit: PortalVisit, frame: SourceFrame) -> ExtensionChoice:
    found = visit.admin.sources.extensions.chosen(visit.actor, frame.id)
    return ExtensionChoice(
        users=tuple(one.attribute for one in found.users), groups=tuple(one.attribute for one in found.groups)
    )


# The choice


def show_extensions(visit: PortalVisit) -> PageAnswer:
    """What the schema offers, and what is chosen."""
    frame = source_frame(visit, SOURCE_WRITE)
    if not _has(frame):
        return not_here("Directory extensions of such a source")
    search = visit.query.get("search", "")[:LONGEST_SEARCH]
    return _page(_Choosing(visit=visit, frame=frame, choice=_stored(visit, frame), search=search))


def choose(visit: PortalVisit) -> PageAnswer:
    """One more or one less in the form, another search, or all of it saved."""
    frame = source_frame(visit, SOURCE_WRITE)
    if not _has(frame):
        return not_here("Directory extensions of such a source")
    users, groups = (tuple(dict.fromkeys(visit.arrival.chosen(kind)))[:MOST_CHOSEN] for kind in ("user", "group"))
    deed = visit.form.get("do", "")
    sent = _Choosing(
        visit=visit,
        frame=frame,
        choice=ExtensionChoice(users=users, groups=groups).done(deed),
        search=visit.form.get("search", "")[:LONGEST_SEARCH],
        again=deed == "refresh",
    )
    if deed != "save":
        return _page(sent)
    stored = _stored(visit, frame)
    sent.problem = overtaken(visit, stored.told(), sent.choice.told())
    if sent.problem:
        return _page(sent, 409)
    try:
        chosen = visit.admin.sources.extensions.choose(
            visit.actor, frame.id, users=sent.choice.users, groups=sent.choice.groups
        )
    except AdminError as error:
        if status_of(error) != 400:
            raise
        sent.problem = said(error)
        return _page(sent, 400)
    if frame.setting_up:
        return Redirect(to=frame.after(PART))
    new = f" New in the directory: {', '.join(chosen.registered)}." if chosen.registered else ""
    follows = " Everything is read once more, and then people and groups have them." if sent.choice != stored else ""
    return Redirect(to=f"{frame.address}/{EXTENSIONS}", done=f"The selected attributes were saved.{new}{follows}")


def _page(sent: _Choosing, status: int = 200) -> TemplatePage:
    offered, unread = _offered(sent)
    found = [one for one in offered if sent.search in one.name]
    known = {one.name: one for one in offered}
    values = {
        "source": sent.frame,
        "part": PART,
        "action": f"{sent.frame.address}/{EXTENSIONS}",
        "search": sent.search,
        "choice": sent.choice,
        "selected": [("user", "Users", sent.choice.users), ("group", "Groups", sent.choice.groups)],
        "known": known,
        "found": found[:SHOWN],
        "number": len(found),
        "offered": len(offered),
        "otherwise": [] if found else otherwise_cased(sent.search, offered),
        "unread": unread,
        "warnings": CONNECTOR_WARNINGS if _guid_is_there(sent, offered) else (),
        "edition": edition_of(_stored(sent.visit, sent.frame).told()),
        "problem_said": sent.problem,
    }
    title = "Directory extensions"
    return TemplatePage(template="sources/extensions.html", title=title, values=values, status=status)


def _offered(sent: _Choosing) -> tuple[Sequence[SourceAttribute], str]:
    """What the schema offers; or why it could not be read."""
    try:
        return SCHEMAS.attributes(sent.visit, sent.frame, again=sent.again), ""
    except AdminError as error:
        if status_of(error) != 400:
            raise
        return (), said(error)


def otherwise_cased(search: str, offered: Sequence[SourceAttribute]) -> list[str]:
    """Names in which the text would be found, were upper and lower case the same."""
    folded = search.casefold()
    return [one.name for one in offered if folded in one.name.casefold()][:3]


def _guid_is_there(sent: _Choosing, offered: Sequence[SourceAttribute]) -> bool:
    chosen: Mapping[str, None] = dict.fromkeys((*sent.choice.users, *sent.choice.groups))
    return GUID in chosen or any(one.name == GUID for one in offered)
