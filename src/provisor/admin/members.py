"""Verbs on memberships: add, remove, list. Members are users; a group inside a group is refused."""

from collections.abc import Sequence
from dataclasses import dataclass

from provisor.admin.actor import DIRECTORY_READ, DIRECTORY_WRITE, Actor
from provisor.admin.context import Context
from provisor.admin.errors import accepted
from provisor.directory.objects import DirectoryObject
from provisor.storage import directory_verbs, members


@dataclass(frozen=True, slots=True)
class Members:
    """Who is in which group."""

    context: Context

    def add(self, actor: Actor, group: str, member: str) -> bool:
        """Put a user into a group; False when the user is in it already."""
        with self.context.change(actor, DIRECTORY_WRITE, "Add member to group") as change:
            tenant = self.context.tenant
            of = accepted(directory_verbs.find(change.connection, tenant, "group", group))
            who = accepted(directory_verbs.find(change.connection, tenant, "user", member))
            change.target, change.detail = of.id, {"group": of.name, "member": who.name}
            added = members.add(change.connection, tenant, of.id, who.id)
            if not added:
                change.nothing()
            return added

    def remove(self, actor: Actor, group: str, member: str) -> bool:
        """Take a user out of a group; False when the user is not in it."""
        with self.context.change(actor, DIRECTORY_WRITE, "Remove member from group") as change:
            tenant = self.context.tenant
            of = accepted(directory_verbs.find(change.connection, tenant, "group", group))
            who = accepted(directory_verbs.find(change.connection, tenant, "user", member))
            change.target, change.detail = of.id, {"group": of.name, "member": who.name}
            removed = members.remove(change.connection, tenant, of.id, who.id, now=change.now)
            if not removed:
                change.nothing()
            return removed

    def page(self, actor: Actor, group: str, *, after: str = "", limit: int = 100) -> Sequence[DirectoryObject]:
        """The next direct members of a group in the order of their ids."""
        connection = self.context.read(actor, DIRECTORY_READ)
        found = accepted(directory_verbs.find(connection, self.context.tenant, "group", group))
        return members.of_group(connection, found.id, after=after, limit=limit)

    def count(self, actor: Actor) -> int:
        """How many memberships there are between people and groups that are not deleted."""
        return members.count(self.context.read(actor, DIRECTORY_READ), self.context.tenant)
