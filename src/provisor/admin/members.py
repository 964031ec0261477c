"""Verbs on memberships: add, remove, list. Members are users and groups.

Groups may be in one another in a circle, as in Active Directory; no group is in itself (Entra refuses that too).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from provisor.admin.actor import DIRECTORY_READ, DIRECTORY_WRITE, Actor
from provisor.admin.context import Context
from provisor.admin.errors import AdminError, accepted
from provisor.admin.mastered import unless_reference_mastered
from provisor.directory.objects import DirectoryObject
from provisor.storage import directory_verbs, members


@dataclass(frozen=True, slots=True)
class Members:
    """Who is in which group."""

    context: Context

    def add(self, actor: Actor, group: str, member: str) -> bool:
        """Put a user, or another group, into a group; False when it is in it already."""
        with self.context.change(actor, DIRECTORY_WRITE, "Add member to group") as change:
            tenant = self.context.tenant
            of = accepted(directory_verbs.find(change.connection, tenant, "group", group))
            who = accepted(directory_verbs.find_member(change.connection, tenant, member))
            change.target, change.detail = of.id, {"group": of.name, "member": who.name}
            unless_reference_mastered(change.connection, tenant, of, "members")
            if who.id == of.id:
                raise AdminError(
                    "group-in-itself", f"The group {of.name} cannot be in itself.", "Name another group, or a user."
                )
            added = members.add(change.connection, tenant, of.id, who.id)
            if not added:
                change.nothing()
            return added

    def remove(self, actor: Actor, group: str, member: str) -> bool:
        """Take a user or a group out of a group; False when it is not in it."""
        with self.context.change(actor, DIRECTORY_WRITE, "Remove member from group") as change:
            tenant = self.context.tenant
            of = accepted(directory_verbs.find(change.connection, tenant, "group", group))
            who = accepted(directory_verbs.find_member(change.connection, tenant, member))
            change.target, change.detail = of.id, {"group": of.name, "member": who.name}
            unless_reference_mastered(change.connection, tenant, of, "members")
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
        """How many memberships there are of people and groups that are not deleted."""
        return members.count(self.context.read(actor, DIRECTORY_READ), self.context.tenant)
