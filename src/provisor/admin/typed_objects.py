"""Verbs on users and groups by typed values, as programs call them: null clears, what is not given stays.

Objects are named by id or userPrincipalName exactly, never by what they are called. The same rules as for the verbs
that people call (admin.directory), and one more: what an Active Directory masters that is no connected source is not
changed here either (directory.writable).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from provisor.admin.actor import DIRECTORY_PURGE, DIRECTORY_READ, DIRECTORY_WRITE, Actor
from provisor.admin.context import Change, Context
from provisor.admin.errors import AdminError, accepted
from provisor.admin.mastered import unless_fed, unless_reference_mastered
from provisor.admin.typed_members import join
from provisor.database import Connection
from provisor.directory.objects import DirectoryKind, DirectoryObject, DirectoryValue
from provisor.directory.query import Condition, ObjectPage, ObjectQuery, Position, unanswerable
from provisor.directory.writable import LAST_SYNC, NOBODY, unwritable
from provisor.storage import directory_query, directory_verbs, extensions, mastering, objects

MOST_AT_ONCE: Final = 1_000  # ids that are asked for together


@dataclass(frozen=True, slots=True)
class TypedObjects:
    """The users of the directory, or its groups."""

    context: Context
    kind: DirectoryKind

    # Reading

    def read(self, actor: Actor, key: str) -> DirectoryObject:
        """The live object with this id or userPrincipalName."""
        return self.find(self.context.read(actor, DIRECTORY_READ), key)

    def page(self, actor: Actor, query: ObjectQuery, *, after: Position | None = None, limit: int = 100) -> ObjectPage:
        """The next live objects for which the condition holds, in their order."""
        connection = self.context.read(actor, DIRECTORY_READ)
        _answerable(self.kind, query)
        return directory_query.page(connection, self.context.tenant, self.kind, query, after=after, limit=limit)

    def count(self, actor: Actor, condition: Condition | None = None) -> int:
        """How many live objects there are for which the condition holds."""
        connection = self.context.read(actor, DIRECTORY_READ)
        _answerable(self.kind, ObjectQuery(condition=condition))
        return directory_query.number_of(connection, self.context.tenant, self.kind, condition)

    def manager(self, actor: Actor, key: str) -> DirectoryObject:
        """The manager of a user. Raises AdminError where there is none, or the manager is deleted."""
        connection = self.context.read(actor, DIRECTORY_READ)
        user = self.find(connection, key)
        found = None if user.manager is None else objects.read(connection, self.context.tenant, user.manager)
        if found is None or not found.alive:
            raise AdminError("not-found", f"{user.name} has no manager.", "Give them one, or go on without.")
        return found

    # Changing

    def create(
        self,
        actor: Actor,
        given: Mapping[str, DirectoryValue],
        *,
        manager: str | None = None,
        members: Sequence[str] = (),
    ) -> DirectoryObject:
        """A new object; null is as good as not given. `manager` is a user's id, `members` are those of a group."""
        with self.context.change(actor, DIRECTORY_WRITE, f"Add {self.kind}") as change:
            tenant = self.context.tenant
            self._writable(change.connection, None, given)
            chief = None if manager is None else self.find(change.connection, manager).id
            item = accepted(
                directory_verbs.create(change.connection, tenant, self.kind, given, now=change.now, manager=chief)
            )
            for one in members:
                join(change.connection, tenant, item, one)
            _noted(change, item, sorted(given))
            return item

    def update(
        self,
        actor: Actor,
        key: str,
        given: Mapping[str, DirectoryValue],
        *,
        manager: str | None = None,
        members: Sequence[str] = (),
        expected: int | None = None,
    ) -> DirectoryObject:
        """The object with these values; null clears. `manager` replaces a user's, `members` come into a group.

        `expected`: the object's change number when it was read. Raises AdminError where it has changed since.
        """
        with self.context.change(actor, DIRECTORY_WRITE, f"Update {self.kind}") as change:
            before = self.find(change.connection, key)
            if expected is not None and before.change != expected:
                raise AdminError(
                    "changed-meanwhile",
                    f"{before.name} was changed by somebody else meanwhile.",
                    "Compare what is there now with what you want, and save again.",
                )
            given = self._without_last_run(change.connection, before, given)
            self._writable(change.connection, before, given)
            after = accepted(directory_verbs.update(change.connection, self.context.tenant, before, given))
            if manager is not None:
                after = self._managed(change.connection, after, manager)
            for one in members:
                join(change.connection, self.context.tenant, after, one)
            _done(change, before, after, sorted(given))
            if members:
                change.effective, change.detail["members"] = True, len(members)
            return after

    def set_manager(self, actor: Actor, key: str, manager: str | None) -> DirectoryObject:
        """Give a user this manager (a key of a user), or take theirs away. Nobody manages themselves."""
        with self.context.change(actor, DIRECTORY_WRITE, "Update user") as change:
            before = self.find(change.connection, key)
            return _done(change, before, self._managed(change.connection, before, manager), ["manager"])

    def delete(self, actor: Actor, key: str) -> None:
        """Soft-delete; the object can be restored for 30 days."""
        with self.context.change(actor, DIRECTORY_WRITE, f"Delete {self.kind}") as change:
            before = self.find(change.connection, key)
            unless_fed(change.connection, before, "deleted")
            after = accepted(directory_verbs.delete(change.connection, self.context.tenant, before, now=change.now))
            _done(change, before, after, [])

    def find(self, connection: Connection, key: str) -> DirectoryObject:
        """The live object with this id or userPrincipalName. Raises AdminError when there is none."""
        return accepted(directory_verbs.exactly(connection, self.context.tenant, self.kind, key))

    def _managed(self, connection: Connection, user: DirectoryObject, manager: str | None) -> DirectoryObject:
        unless_reference_mastered(connection, self.context.tenant, user, "manager", by_program=True)
        chief = None if manager is None else self.find(connection, manager).id
        if chief == user.id:
            raise AdminError("own-manager", f"{user.name} cannot be their own manager.", "Name somebody else.")
        return directory_verbs.set_manager(connection, self.context.tenant, user, chief)

    def _without_last_run(
        self, connection: Connection, item: DirectoryObject, given: Mapping[str, DirectoryValue]
    ) -> Mapping[str, DirectoryValue]:
        """Without the moment that is told of a source and not kept with the object: programs write it back."""
        if LAST_SYNC not in given or not mastering.last_runs(connection, self.context.tenant, [item.id]):
            return given
        return {name: value for name, value in given.items() if name != LAST_SYNC}

    def _writable(
        self, connection: Connection, item: DirectoryObject | None, given: Mapping[str, DirectoryValue]
    ) -> None:
        registered = extensions.registered(connection, self.context.tenant)
        masters = NOBODY if item is None else mastering.mastered(connection, self.context.tenant, item.id)
        accepted(unwritable(self.kind, item, given, registered, masters))


@dataclass(frozen=True, slots=True)
class DeletedObjects:
    """The recycle bin, of users and groups alike; and objects of any kind by their ids."""

    context: Context

    def page(
        self, actor: Actor, kind: DirectoryKind, *, after: str = "", limit: int = 100
    ) -> Sequence[DirectoryObject]:
        """The next soft-deleted objects of a kind in the order of their ids."""
        connection = self.context.read(actor, DIRECTORY_READ)
        return objects.page(connection, self.context.tenant, kind, after=after, limit=limit, deleted=True)

    def count(self, actor: Actor, kind: DirectoryKind) -> int:
        """How many soft-deleted objects of a kind there are."""
        return objects.count_deleted(self.context.read(actor, DIRECTORY_READ), self.context.tenant, kind)

    def numbers(self, actor: Actor, kind: DirectoryKind) -> tuple[int, int]:
        """How many objects of a kind are live, and how many soft-deleted."""
        return objects.numbers(self.context.read(actor, DIRECTORY_READ), self.context.tenant, kind)

    def read(self, actor: Actor, key: str) -> DirectoryObject:
        """The soft-deleted object with this id."""
        return self._find(self.context.read(actor, DIRECTORY_READ), key)

    def restore(self, actor: Actor, key: str) -> DirectoryObject:
        """Bring it back, with its memberships and assignments."""
        with self.context.change(actor, DIRECTORY_WRITE, self._named("Restore", key)) as change:
            before = self._find(change.connection, key)
            unless_fed(change.connection, before, "restored")
            after = accepted(directory_verbs.restore(change.connection, self.context.tenant, before))
            return _done(change, before, after, [])

    def purge(self, actor: Actor, key: str) -> None:
        """Delete it for good. This cannot be undone."""
        with self.context.change(actor, DIRECTORY_PURGE, self._named("Hard delete", key)) as change:
            before = self._find(change.connection, key)
            unless_fed(change.connection, before, "deleted")
            after = directory_verbs.purge(change.connection, self.context.tenant, before, now=change.now)
            _done(change, before, after, [])

    def live(self, actor: Actor, key: str) -> DirectoryObject:
        """The live user or group with this id."""
        found = self.live_by_ids(actor, [key])
        if not found:
            raise AdminError("not-found", f"There is no user and no group {key}.", "Name it by its id.")
        return found[0]

    def live_by_ids(self, actor: Actor, ids: Sequence[str]) -> Sequence[DirectoryObject]:
        """Those of these users and groups that there are, in the order of the ids; strangers are passed over."""
        connection = self.context.read(actor, DIRECTORY_READ)
        if len(ids) > MOST_AT_ONCE:
            raise AdminError(
                "too-many-ids", f"{len(ids):,} ids were asked for.", f"Ask for {MOST_AT_ONCE:,} at a time."
            )
        found = objects.by_ids(connection, self.context.tenant, [one.lower() for one in dict.fromkeys(ids)])
        return [item for item in found if item.alive]

    def _named(self, verb: str, key: str) -> str:
        """What the audit log calls this, by the kind of object that it is done to."""
        item = objects.read(self.context.database.reader(), self.context.tenant, key.lower())
        return f"{verb} {'user' if item is None else item.kind}"

    def _find(self, connection: Connection, key: str) -> DirectoryObject:
        item = objects.read(connection, self.context.tenant, key.lower())
        if item is None or item.deleted_at is None or item.purged_at is not None:
            raise AdminError("not-found", f"There is no deleted object {key}.", "What was deleted is kept for 30 days.")
        return item


def _answerable(kind: DirectoryKind, query: ObjectQuery) -> None:
    accepted(unanswerable(kind, query))


def _noted(change: Change, item: DirectoryObject, attributes: Sequence[str]) -> None:
    change.target = item.id
    change.detail["name"] = item.name
    if attributes:
        change.detail["attributes"] = [*attributes]


def _done(
    change: Change, before: DirectoryObject, after: DirectoryObject, attributes: Sequence[str]
) -> DirectoryObject:
    if after == before:
        change.nothing()
    _noted(change, after, attributes)
    return after
