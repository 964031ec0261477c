"""Verbs on users and groups: create, show, list, set, disable, enable, delete, restore, purge.

One class for both kinds: what differs (a manager, accountEnabled) is refused by the rules of `directory`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from provisor.admin.actor import DIRECTORY_PURGE, DIRECTORY_READ, DIRECTORY_WRITE, Actor
from provisor.admin.context import Change, Context
from provisor.admin.errors import AdminError, accepted
from provisor.admin.mastered import unless_attributes_mastered, unless_fed, unless_reference_mastered
from provisor.database import Connection
from provisor.directory.attributes import KNOWN, Reading, Unreadable, read_text
from provisor.directory.change import ENABLED
from provisor.directory.lifecycle import KEPT
from provisor.directory.names import Meaning, meaning
from provisor.directory.objects import DirectoryKind, DirectoryObject, DirectoryValue, Refusal
from provisor.scim.values import Json
from provisor.storage import directory_verbs, extensions, mastering, members, objects, sources
from provisor.storage.mastering import SourceOfObject
from provisor.storage.times import from_microseconds

MANAGER: Final = "manager"  # a reference, not an attribute, though named like one


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An object with its references: the manager's name and the groups it is in; and the sources that feed it.

    `comes_back_from` is the source whose next import restores a deleted object if it is still in its files.
    """

    object: DirectoryObject
    manager: str | None = None
    groups: tuple[str, ...] = ()
    sources: tuple[SourceOfObject, ...] = ()
    comes_back_from: str | None = None

    @property
    def restorable_until(self) -> datetime | None:
        """When an object in the recycle bin will be deleted for good; None for a live one."""
        deleted, purged = self.object.deleted_at, self.object.purged_at
        return None if deleted is None or purged is not None else from_microseconds(deleted) + KEPT

    def to_json(self) -> dict[str, Json]:
        """In Graph's words."""
        document: dict[str, Json] = {"id": self.object.id, **_json_attributes(self.object.attributes)}
        if self.manager is not None:
            document["manager"] = self.manager
        if self.object.kind == "user" or self.groups:
            document["memberOf"] = list(self.groups)
        document["createdDateTime"] = _time(self.object.created_at)
        if self.object.deleted_at is not None:
            document["deletedDateTime"] = _time(self.object.deleted_at)
        if self.sources:
            document["sources"] = [_source(one) for one in self.sources]
        return document


@dataclass(frozen=True, slots=True)
class Objects:
    """The users of the directory, or its groups. Objects are named by id, userPrincipalName or displayName."""

    context: Context
    kind: DirectoryKind

    def create(self, actor: Actor, given: Mapping[str, str]) -> Shown:
        """A new object. Values are text as in a CSV cell; empty text counts as not given."""
        with self.context.change(actor, DIRECTORY_WRITE, f"Add {self.kind}") as change:
            values, manager = self._values(change.connection, given)
            item = accepted(
                directory_verbs.create(
                    change.connection, self.context.tenant, self.kind, values, now=change.now, manager=manager
                )
            )
            _noted(change, item, attributes=sorted(given))
            return self._shown(change.connection, item)

    def show(self, actor: Actor, key: str, *, deleted: bool = False) -> Shown:
        """One object, with its manager and groups."""
        connection = self.context.read(actor, DIRECTORY_READ)
        return self._shown(connection, self.find(connection, key, deleted=deleted))

    def page(
        self, actor: Actor, *, after: str = "", limit: int = 100, search: str = "", deleted: bool = False
    ) -> Sequence[DirectoryObject]:
        """The next objects in the order of their ids whose name contains `search`."""
        connection = self.context.read(actor, DIRECTORY_READ)
        return objects.page(
            connection, self.context.tenant, self.kind, after=after, limit=limit, search=search, deleted=deleted
        )

    def count(self, actor: Actor) -> int:
        """How many there are, without deleted ones."""
        return objects.count(self.context.read(actor, DIRECTORY_READ), self.context.tenant, self.kind)

    def set(self, actor: Actor, key: str, given: Mapping[str, str]) -> Shown:
        """Change attributes; empty text clears one. `manager` takes a user."""
        with self.context.change(actor, DIRECTORY_WRITE, f"Update {self.kind}") as change:
            before = self.find(change.connection, key)
            values, manager = self._values(change.connection, given)
            unless_attributes_mastered(change.connection, self.context.tenant, before, values)
            item = accepted(directory_verbs.update(change.connection, self.context.tenant, before, values))
            if MANAGER in given and manager != before.manager:
                unless_reference_mastered(change.connection, self.context.tenant, before, MANAGER)
                item = directory_verbs.set_manager(change.connection, self.context.tenant, item, manager)
            return self._done(change, before, item, attributes=sorted(given))

    def set_enabled(self, actor: Actor, key: str, *, enabled: bool) -> Shown:
        """Allow or block sign-in. A disabled user is disabled at every application."""
        with self.context.change(actor, DIRECTORY_WRITE, "Enable account" if enabled else "Disable account") as change:
            before = self.find(change.connection, key)
            unless_attributes_mastered(change.connection, self.context.tenant, before, {ENABLED: enabled})
            item = accepted(
                directory_verbs.set_enabled(change.connection, self.context.tenant, before, enabled=enabled)
            )
            return self._done(change, before, item)

    def delete(self, actor: Actor, key: str) -> Shown:
        """Soft-delete; it can be restored for 30 days, and an import whose files still have it does so."""
        with self.context.change(actor, DIRECTORY_WRITE, f"Delete {self.kind}") as change:
            before = self.find(change.connection, key)
            unless_fed(change.connection, before, "deleted")
            item = accepted(directory_verbs.delete(change.connection, self.context.tenant, before, now=change.now))
            source = sources.read(change.connection, item.source)
            shown = self._done(change, before, item)
            comes_back = source is not None and source.kind == "csv" and not shown.sources
            return replace(shown, comes_back_from=source.name) if source is not None and comes_back else shown

    def restore(self, actor: Actor, key: str) -> Shown:
        """Bring a soft-deleted object back."""
        with self.context.change(actor, DIRECTORY_WRITE, f"Restore {self.kind}") as change:
            before = self.find(change.connection, key, deleted=True)
            unless_fed(change.connection, before, "restored")
            item = accepted(directory_verbs.restore(change.connection, self.context.tenant, before))
            return self._done(change, before, item)

    def purge(self, actor: Actor, key: str) -> Shown:
        """Delete for good, whether soft-deleted before or not. This cannot be undone."""
        with self.context.change(actor, DIRECTORY_PURGE, f"Hard delete {self.kind}") as change:
            before = self._to_purge(change.connection, key)
            unless_fed(change.connection, before, "deleted")
            item = directory_verbs.purge(change.connection, self.context.tenant, before, now=change.now)
            return self._done(change, before, item)

    def _to_purge(self, connection: Connection, key: str) -> DirectoryObject:
        """The one object of this name, deleted or not. If there is one of each, the person has to say which."""
        tenant, kind = self.context.tenant, self.kind
        live = directory_verbs.find(connection, tenant, kind, key)
        deleted = directory_verbs.find(connection, tenant, kind, key, deleted=True)
        if not isinstance(live, DirectoryObject):
            return accepted(deleted if live.code == "not-found" and not _missing(deleted) else live)
        if _missing(deleted):
            return live
        other = f"{deleted.id} (deleted)" if isinstance(deleted, DirectoryObject) else f"one of the deleted {kind}s"
        raise AdminError(
            "name-ambiguous",
            f"There is a {kind} called {key}, and another of that name in the recycle bin.",
            f"Name the one you mean by its id: {live.id}, or {other}.",
        )

    def find(self, connection: Connection, key: str, *, deleted: bool = False) -> DirectoryObject:
        """The object that a person means. Raises AdminError when there is none, or several."""
        return accepted(directory_verbs.find(connection, self.context.tenant, self.kind, key, deleted=deleted))

    def _done(
        self, change: Change, before: DirectoryObject, item: DirectoryObject, *, attributes: Sequence[str] = ()
    ) -> Shown:
        if item == before:
            change.nothing()
        _noted(change, item, attributes=attributes)
        return self._shown(change.connection, item)

    def _shown(self, connection: Connection, item: DirectoryObject) -> Shown:
        manager = objects.read(connection, self.context.tenant, item.manager) if item.manager else None
        groups = members.groups_of(connection, item.id)
        return Shown(
            object=item,
            manager=manager.name if manager else None,
            groups=tuple(name for _, name in groups),
            sources=tuple(mastering.sources_of(connection, item.id)),
        )

    def _values(self, connection: Connection, given: Mapping[str, str]) -> tuple[dict[str, DirectoryValue], str | None]:
        """The values read from text, under their full names, and the manager's id."""
        manager = given.get(MANAGER) if self.kind == "user" else None
        values: dict[str, DirectoryValue] = {}
        for name, text in given.items():
            if name == MANAGER and self.kind == "user":
                continue
            known, reading = self._attribute(connection, name)
            if known in values:
                raise AdminError(
                    "attribute-twice", f"{known} was given twice, once as {name}.", "Give it once, under one name."
                )
            value = read_text(name, reading, text)
            if isinstance(value, Unreadable):
                raise AdminError(
                    "invalid-value", value.reason + ".", "Correct the value, or leave it empty to clear it."
                )
            values[known] = value
        return values, self.find(connection, manager).id if manager else None

    def _attribute(self, connection: Connection, name: str) -> tuple[str, Reading]:
        """The attribute or extension meant by a name typed by hand, and how its text is read."""
        found = meaning(self.kind, name)
        if isinstance(found, Meaning) and found.attribute in KNOWN[self.kind]:
            return found.attribute, found.reading
        extension = extensions.full_name(connection, self.context.tenant, name)
        return (extension if extension in extensions.registered(connection, self.context.tenant) else name), "text"


def _missing(found: DirectoryObject | Refusal) -> bool:
    return isinstance(found, Refusal) and found.code == "not-found"


def _noted(change: Change, item: DirectoryObject, *, attributes: Sequence[str]) -> None:
    change.target = item.id
    change.detail["name"] = item.name
    if attributes:
        change.detail["attributes"] = [*attributes]


def _source(one: SourceOfObject) -> dict[str, Json]:
    return {
        "name": one.name,
        "kind": one.kind,
        "anchor": one.anchor,
        "precedence": one.precedence,
        "present": one.here,
        "attributes": list(one.masters),
        "seenDateTime": None if one.seen_at is None else _time(one.seen_at),
    }


def _json_attributes(attributes: Mapping[str, DirectoryValue]) -> dict[str, Json]:
    return {name: _json(value) for name, value in attributes.items()}


def _json(value: DirectoryValue) -> Json:
    return [dict(part) if isinstance(part, dict) else part for part in value] if isinstance(value, list) else value


def _time(at: int) -> str:
    return from_microseconds(at).strftime("%Y-%m-%dT%H:%M:%SZ")
