"""New users and groups, and changes to those there are: every attribute that may be written.

What was refused stands beside its field. What somebody else changed while a form was open is told, not written over.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from provisor.admin.actor import DIRECTORY_WRITE
from provisor.admin.errors import AdminError
from provisor.directory.attributes import KNOWN, Unreadable, read_text
from provisor.directory.extensions import ExtensionProperty, read_extension_text
from provisor.directory.objects import NAMING, DirectoryObject, DirectoryValue
from provisor.directory.writable import LONGEST_TEXT, master_of, unwritable
from provisor.portal.directory.detail import told
from provisor.portal.directory.labels import Labelled, sections
from provisor.portal.directory.origin import ACTIVE_DIRECTORY, Origin
from provisor.portal.directory.rooms import ObjectFrame, Room, called, live_frame
from provisor.portal.errors import said, status_of
from provisor.portal.visits import PortalVisit
from provisor.web.answers import PageAnswer, Redirect, TemplatePage

_DYNAMIC: Final = frozenset({"membershipRule", "membershipRuleProcessingState"})  # groups here have no rules
_VERSION: Final = "version"
_PROBE: Final = "\N{REPLACEMENT CHARACTER}"  # a value that nobody has
_REQUIRED: Final = {"user": ("userPrincipalName", "displayName"), "group": ("displayName",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeField:
    """An attribute in a form: what stands in it, what is wrong, and what is stored now where that is something else.

    `master` is who has it, where it cannot be changed here.
    """

    attribute: Labelled
    value: str
    wrong: str = ""
    now: str | None = None
    required: bool = False
    master: str = ""

    @property
    def name(self) -> str:
        """What it is sent as."""
        return self.attribute.name


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """What a form is about: an object (None: a new one) and the attributes that may be written."""

    room: Room
    item: DirectoryObject | None
    extensions: Mapping[str, ExtensionProperty]
    origin: Origin | None

    def sections(self) -> list[tuple[str, list[Labelled]]]:
        """The attributes that are written by hand or by a source that masters them, under their headings."""
        found = [
            (section.title, [one for one in section.attributes if self._is_offered(one.name)])
            for section in sections(self.room.kind, self.extensions)
        ]
        return [(title, attributes) for title, attributes in found if attributes]

    def _is_offered(self, name: str) -> bool:
        return name not in _DYNAMIC and (not self._is_read_only(None, name, {}) or name in self.masters)

    @property
    def masters(self) -> Mapping[str, str]:
        """Who masters what."""
        return {} if self.origin is None else self.origin.masters

    def master_of(self, name: str) -> str:
        """Who has an attribute that cannot be changed here; empty where it can be."""
        if not self._is_read_only(self.item, name, self.masters):
            return ""
        source = None if self.item is None else master_of(self.item, name, self.masters)
        return source or ACTIVE_DIRECTORY

    def _is_read_only(self, item: DirectoryObject | None, name: str, masters: Mapping[str, str]) -> bool:
        refusal = unwritable(self.room.kind, item, {name: _PROBE}, self.extensions, masters)
        return refusal is not None and refusal.code == "property-read-only"

    def stored(self, name: str) -> str:
        """What stands in the field of an attribute before anything is typed."""
        if self.item is None:
            return "true" if name in ("accountEnabled", "securityEnabled") else ""
        return in_field(self.item.attributes.get(name))

    def read(self, typed: Mapping[str, str]) -> tuple[dict[str, DirectoryValue], dict[str, str]]:
        """The values of what was changed, and what is wrong by the name of its field."""
        values, wrong = dict[str, DirectoryValue](), dict[str, str]()
        for _, attributes in self.sections():
            for one in attributes:
                text = _lines(typed.get(one.name, self.stored(one.name)))
                if text == _lines(self.stored(one.name)) and self.item is not None:
                    continue
                value = _read(one, self.room, text)
                if isinstance(value, Unreadable):
                    wrong[one.name] = value.reason + "."
                elif value is not None or self.item is not None:
                    values[one.name] = value
        return values, wrong


def new(visit: PortalVisit, room: Room) -> PageAnswer:
    """An empty form."""
    visit.actor.needs(DIRECTORY_WRITE)
    return _page(visit, _form(visit, room, None), {}, {})


def create(visit: PortalVisit, room: Room) -> PageAnswer:
    """Somebody new."""
    form = _form(visit, room, None)
    values, wrong = form.read(visit.form)
    if not wrong:
        try:
            made = room.typed(visit).create(visit.actor, values)
            return Redirect(to=f"{room.address}/{made.id}", done=f"The {room.kind} {made.name} was created.")
        except AdminError as error:
            return _refused(visit, form, error)
    return _page(visit, form, visit.form, wrong, status=400)


def edit(visit: PortalVisit, room: Room) -> PageAnswer:
    """A form with what is stored."""
    visit.actor.needs(DIRECTORY_WRITE)
    return _page(visit, _form(visit, room, live_frame(visit, room)), {}, {})


def save(visit: PortalVisit, room: Room) -> PageAnswer:
    """Write what was changed in the form, if nobody else has written meanwhile."""
    visit.actor.needs(DIRECTORY_WRITE)
    frame = live_frame(visit, room)
    form = _form(visit, room, frame)
    values, wrong = form.read(visit.form)
    version = visit.form.get(_VERSION, "")
    if version != str(frame.item.change):
        return _changed_meanwhile(visit, form)
    if wrong:
        return _page(visit, form, visit.form, wrong, status=400)
    if not values:
        return Redirect(to=f"{frame.address}/properties", done="Nothing was changed.")
    try:
        after = room.typed(visit).update(visit.actor, frame.id, values, expected=frame.item.change)
    except AdminError as error:
        if error.code == "changed-meanwhile":
            return _changed_meanwhile(visit, _form(visit, room, live_frame(visit, room)))
        return _refused(visit, form, error)
    return Redirect(to=f"{frame.address}/properties", done=f"{after.name} was saved.")


def _form(visit: PortalVisit, room: Room, frame: ObjectFrame | None) -> _Form:
    visit.actor.needs(DIRECTORY_WRITE)
    return _Form(
        room=room,
        item=None if frame is None else frame.item,
        extensions=visit.admin.extension_properties.by_name(visit.actor),
        origin=None if frame is None else frame.origin,
    )


def _changed_meanwhile(visit: PortalVisit, form: _Form) -> TemplatePage:
    text = (
        "Somebody changed this meanwhile. Your text is still in the fields; where something else is stored now, it "
        "stands beside. Save again to keep yours."
    )
    return _page(visit, form, visit.form, {}, problem=text, status=409, compared=True)


def _refused(visit: PortalVisit, form: _Form, error: AdminError) -> TemplatePage:
    """What a verb refused stands beside the field that it names, or else on top."""
    names = [one.name for _, attributes in form.sections() for one in attributes]
    naming = NAMING[form.room.kind]
    named = next((name for name in names if error.message.startswith(f"{name} ")), None)
    if error.code.startswith("name-"):
        named = naming
    text, status = said(error), status_of(error)
    if named is None:
        return _page(visit, form, visit.form, {}, problem=text, status=status)
    return _page(visit, form, visit.form, {named: text}, status=status)


def _page(
    visit: PortalVisit,
    form: _Form,
    typed: Mapping[str, str],
    wrong: Mapping[str, str],
    *,
    problem: str = "",
    status: int = 200,
    compared: bool = False,
) -> TemplatePage:
    def field(one: Labelled) -> AttributeField:
        stored = form.stored(one.name)
        value = typed.get(one.name, stored)
        differs = compared and _lines(value) != _lines(stored)
        return AttributeField(
            attribute=one,
            value=value,
            wrong=wrong.get(one.name, ""),
            now=stored if differs else None,
            required=one.name in _REQUIRED[form.room.kind]
            and (form.item is None or one.name == NAMING[form.room.kind]),
            master=form.master_of(one.name),
        )

    room, item = form.room, form.item
    fields = [(title, [field(one) for one in attributes]) for title, attributes in form.sections()]
    return TemplatePage(
        template="directory/edit.html",
        title=f"New {room.kind}" if item is None else f"Edit {called(item)}",
        values={
            "room": room,
            "item": item,
            "action": f"{room.address}/new" if item is None else f"{room.address}/{item.id}/edit",
            "back": room.address if item is None else f"{room.address}/{item.id}",
            "attribute_sections": fields,
            "mastered": [*dict.fromkeys(one.master for _, every in fields for one in every if one.master)],
            "problem": problem,
            "wrong": [(one.name, one.label) for _, every in form.sections() for one in every if one.name in wrong],
            "longest": LONGEST_TEXT,
        },
        status=status,
    )


def in_field(value: DirectoryValue) -> str:
    """A value as it stands in its field: true or false, several values a line each."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "\n".join(told(value))


def _lines(text: str) -> str:
    """A text with the ends of its lines as one kind; browsers send the longer one."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _read(one: Labelled, room: Room, text: str) -> DirectoryValue | Unreadable:
    if one.type == "list":
        return [line.strip() for line in text.split("\n") if line.strip()] or None
    if one.extension is not None:
        return read_extension_text(one.extension, text)
    return read_text(one.name, KNOWN[room.kind][one.name], text)
