"""Verbs on memberships by ids, as programs call them. Members are users and groups.

Members of a group that a source has, or that is synchronised from Active Directory, are not changed here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from provisor.admin.actor import DIRECTORY_READ, DIRECTORY_WRITE, Actor
from provisor.admin.context import Change, Context
from provisor.admin.errors import AdminError, accepted
from provisor.admin.mastered import unless_reference_mastered
from provisor.database import Connection
from provisor.directory.objects import DirectoryKind, DirectoryObject
from provisor.storage import directory_verbs, members, objects


@dataclass(frozen=True, slots=True)
class MembersById:
    """Who is in which group."""

    context: Context

    def page(
        self, actor: Actor, group: str, *, after: str = "", limit: int = 100, kind: DirectoryKind | None = None
    ) -> Sequence[DirectoryObject]:
        """The next direct members of a group in the order of their ids, of one kind if one is given."""
        connection = self.context.read(actor, DIRECTORY_READ)
        found = self._group(connection, group)
        return members.of_group(connection, found.id, after=after, limit=limit, kind=kind)

    def count(self, actor: Actor, group: str, *, kind: DirectoryKind | None = None) -> int:
        """How many direct members a group has."""
        connection = self.context.read(actor, DIRECTORY_READ)
        return members.count_of_group(connection, self.context.tenant, self._group(connection, group).id, kind=kind)

    def groups(
        self, actor: Actor, kind: DirectoryKind, member: str, *, after: str = "", limit: int = 100
    ) -> Sequence[DirectoryObject]:
        """The next groups that a user or group is directly in, in the order of their ids."""
        connection = self.context.read(actor, DIRECTORY_READ)
        found = accepted(directory_verbs.exactly(connection, self.context.tenant, kind, member))
        return members.groups_page(connection, found.id, after=after, limit=limit)

    def add(self, actor: Actor, group: str, member: str) -> None:
        """Put a user, or another group, into a group. Raises AdminError where they are in it already."""
        with self.context.change(actor, DIRECTORY_WRITE, "Add member to group") as change:
            of = self._changed(change, group)
            change.detail["member"] = join(change.connection, self.context.tenant, of, member).name

    def remove(self, actor: Actor, group: str, member: str) -> None:
        """Take somebody out of a group. Raises AdminError where they are not in it."""
        with self.context.change(actor, DIRECTORY_WRITE, "Remove member from group") as change:
            of = self._changed(change, group)
            who = _member(change.connection, self.context.tenant, member)
            change.detail["member"] = who.name
            if not members.remove(change.connection, self.context.tenant, of.id, who.id, now=change.now):
                raise AdminError("not-found", f"{who.name} is not in the group {of.name}.", "Nothing is to be done.")

    def _changed(self, change: Change, key: str) -> DirectoryObject:
        """The group whose members are about to change."""
        group = self._group(change.connection, key)
        change.target, change.detail = group.id, {"group": group.name}
        unless_reference_mastered(change.connection, self.context.tenant, group, "members", by_program=True)
        return group

    def _group(self, connection: Connection, key: str) -> DirectoryObject:
        return accepted(directory_verbs.exactly(connection, self.context.tenant, "group", key))


def join(connection: Connection, tenant: str, group: DirectoryObject, member: str) -> DirectoryObject:
    """Who has come into the group, by id. Raises AdminError where they are in it already."""
    unless_reference_mastered(connection, tenant, group, "members", by_program=True)
    who = _member(connection, tenant, member)
    if who.id == group.id:
        raise AdminError(
            "group-in-itself", f"The group {group.name} cannot be in itself.", "Name another group, or a user."
        )
    if not members.add(connection, tenant, group.id, who.id):
        raise AdminError(
            "member-already", f"{who.name} is a member of the group {group.name} already.", "Nothing is to be done."
        )
    return who


def _member(connection: Connection, tenant: str, key: str) -> DirectoryObject:
    item = objects.read(connection, tenant, key.lower())
    if item is None or not item.alive:
        raise AdminError("not-found", f"There is no user and no group {key}.", "Name a member by its id.")
    return item
