"""Verbs on single assignments, seen from the application, the user or the group. Everything is named by its id.

An assignment has the same id from every end (spec/graph-synchronization-api.md section 1). Many at once, by name:
admin.applications.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from provisor.admin.actor import APPLICATION_READ, ASSIGNMENT_WRITE, Actor
from provisor.admin.applications import DEFAULT_ACCESS, NAMED, unfit_to_assign
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.admin.mastered import unless_assigned_by_source
from provisor.admin.service_principals import LONGEST_KEY, ApplicationKey, ServicePrincipals
from provisor.database import Connection
from provisor.directory.objects import DirectoryKind, DirectoryObject
from provisor.storage import assignments, objects
from provisor.storage.applications import Application, AppRole
from provisor.storage.assignments import AssignmentQuery, AssignmentSeen

__all__ = ["AssignmentSeen", "Assignments", "Narrowed", "PrincipalKey"]

ADDED, ENDED = "Add app role assignment", "Remove app role assignment"


@dataclass(frozen=True, slots=True)
class PrincipalKey:
    """The user or group of this id; a user also by userPrincipalName, as Graph's paths have it."""

    kind: DirectoryKind
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowed:
    """Which assignments of an application; what is None does not narrow. `search`: words of names, for pages alone."""

    principal: str | None = None
    principal_kind: str | None = None
    role: str | None = None
    resource: str | None = None
    search: str = ""


@dataclass(frozen=True, slots=True)
class Assignments:
    """Who is assigned to what, one by one."""

    context: Context
    service_principals: ServicePrincipals

    def of_application(
        self, actor: Actor, key: ApplicationKey, narrowed: Narrowed, *, after: str = "", limit: int = 100
    ) -> Sequence[AssignmentSeen]:
        """The next assignments of an application in the order of their ids."""
        connection = self.context.read(actor, APPLICATION_READ)
        query = self._query(connection, key, actor, narrowed)
        return () if query is None else assignments.page(connection, query, after=after, limit=limit)

    def count_of_application(self, actor: Actor, key: ApplicationKey, narrowed: Narrowed) -> int:
        """How many assignments of an application fit."""
        connection = self.context.read(actor, APPLICATION_READ)
        query = self._query(connection, key, actor, narrowed)
        return 0 if query is None else assignments.count(connection, query)

    def of_principal(self, actor: Actor, key: PrincipalKey) -> Sequence[AssignmentSeen]:
        """What a user or group is assigned to itself, of the applications that the actor may read."""
        connection = self.context.read(actor, APPLICATION_READ)
        found = assignments.of_principal(connection, self.context.tenant, self.principal(connection, key).id)
        return [each for each in found if actor.may(APPLICATION_READ, each.application)]

    def show(self, actor: Actor, end: ApplicationKey | PrincipalKey, assignment: str) -> AssignmentSeen:
        """One assignment of an application, a user or a group."""
        connection = self.context.read(actor, APPLICATION_READ)
        return self._one(connection, actor, APPLICATION_READ, end, assignment)

    def add(
        self, actor: Actor, end: ApplicationKey | PrincipalKey, *, principal: str, resource: str, role: str
    ) -> AssignmentSeen:
        """Assign the user or group `principal` to the application `resource`, one of which `end` is.

        Raises AdminError for an assignment that is there already.
        """
        with self.context.change(actor, ASSIGNMENT_WRITE, ADDED) as change:
            key = end if isinstance(end, ApplicationKey) else ApplicationKey("service principal", resource)
            application = self.service_principals.find(change.connection, key, actor, ASSIGNMENT_WRITE)
            who = self._anybody(change.connection, principal)
            expected = application.id if isinstance(end, ApplicationKey) else self.principal(change.connection, end).id
            given = resource if isinstance(end, ApplicationKey) else principal
            if given.lower() != expected:
                raise AdminError(
                    "invalid-value",
                    f"The assignment names {given[:LONGEST_KEY]!r}, and is added to {expected}.",
                    "Give the same id.",
                )
            chosen = _role(application, role)
            if (reason := unfit_to_assign(who)) is not None:
                raise AdminError("group-not-assignable", f"{who.name} cannot be assigned: {reason}.")
            made = assignments.add(
                change.connection,
                tenant=self.context.tenant,
                application=application.id,
                principal=who.id,
                kind=who.kind,
                role=chosen.id,
                now=change.now,
            )
            seen = None if made is None else assignments.read(change.connection, self.context.tenant, made)
            if seen is None:
                raise AdminError(
                    "already-there",
                    f"{who.name} is assigned to {application.display_name} as {chosen.display_name} already.",
                    "Nothing to do.",
                )
            change.target = application.id
            change.detail = {"role": chosen.display_name, "assigned": 1, "principals": [who.id]}
            return seen

    def remove(self, actor: Actor, end: ApplicationKey | PrincipalKey, assignment: str) -> None:
        """End one assignment."""
        with self.context.change(actor, ASSIGNMENT_WRITE, ENDED) as change:
            found = self._one(change.connection, actor, ASSIGNMENT_WRITE, end, assignment)
            unless_assigned_by_source(found.principal_name, found.application_name, found.source)
            assignments.end(change.connection, self.context.tenant, found.id, now=change.now)
            change.target, change.detail = found.application, {"principals": [found.principal]}

    def remove_several(self, actor: Actor, key: ApplicationKey, ids: Sequence[str]) -> int:
        """End these assignments of an application; returns how many of them there still were.

        Refused, and nothing ended, where a source made one of them.
        """
        with self.context.change(actor, ASSIGNMENT_WRITE, ENDED) as change:
            application = self.service_principals.find(change.connection, key, actor, ASSIGNMENT_WRITE)
            tenant, gone = self.context.tenant, list[str]()
            for each in dict.fromkeys(ids):
                found = assignments.read(change.connection, tenant, each.lower())
                if found is not None and found.application == application.id:
                    unless_assigned_by_source(found.principal_name, found.application_name, found.source)
                    assignments.end(change.connection, tenant, found.id, now=change.now)
                    gone.append(found.principal)
            change.target, change.detail = application.id, {"ended": len(gone), "principals": [*gone[:NAMED]]}
            if not gone:
                change.nothing()
            return len(gone)

    def principal(self, connection: Connection, key: PrincipalKey) -> DirectoryObject:
        """The live user or group. Raises AdminError when there is none."""
        item = _live(objects.read(connection, self.context.tenant, key.value.lower()))
        if item is None and key.kind == "user":
            named = objects.by_name(connection, self.context.tenant, "user", key.value)
            item = named[0] if len(named) == 1 else None
        if item is None or item.kind != key.kind:
            raise AdminError("not-found", f"There is no {key.kind} {key.value[:LONGEST_KEY]!r}.")
        return item

    def _anybody(self, connection: Connection, principal: str) -> DirectoryObject:
        item = _live(objects.read(connection, self.context.tenant, principal.lower()))
        if item is None:
            raise AdminError("not-found", f"There is no user and no group {principal[:LONGEST_KEY]!r}.")
        return item

    def _query(
        self, connection: Connection, key: ApplicationKey, actor: Actor, narrowed: Narrowed
    ) -> AssignmentQuery | None:
        """What is asked for; None where nothing can fit."""
        found = self.service_principals.find(connection, key, actor, APPLICATION_READ)
        if narrowed.resource not in (None, found.id):
            return None
        return AssignmentQuery(
            application=found.id,
            principal=narrowed.principal,
            principal_kind=narrowed.principal_kind,
            role=narrowed.role,
            search=narrowed.search.strip(),
        )

    def _one(
        self,
        connection: Connection,
        actor: Actor,
        permission: str,
        end: ApplicationKey | PrincipalKey,
        assignment: str,
    ) -> AssignmentSeen:
        """An assignment of this end. What the actor may not see is told of as what is not there."""
        found = assignments.read(connection, self.context.tenant, assignment.lower())
        match end:
            case ApplicationKey():
                application = self.service_principals.find(connection, end, actor, permission)
                ours = found is not None and found.application == application.id
            case PrincipalKey():
                principal = self.principal(connection, end)
                ours = found is not None and found.principal == principal.id
                if ours and found is not None and actor.sees(found.application, permission):
                    self.context.needs(actor, permission, None, found.application)
                elif ours and found is not None:
                    self.context.refused(actor, permission, found.application)
                    ours = False
            case _:
                assert_never(end)
        if found is None or not ours:
            raise AdminError("not-found", f"There is no assignment {assignment[:LONGEST_KEY]!r} here.")
        return found


def _live(item: DirectoryObject | None) -> DirectoryObject | None:
    return None if item is None or item.deleted_at is not None or item.purged_at is not None else item


def _role(application: Application, role: str) -> AppRole:
    """The role of this id; all zeros are default access. Raises AdminError for one that cannot be assigned."""
    for each in (*application.roles, DEFAULT_ACCESS):
        if each.id != role.lower():
            continue
        if not each.enabled:
            raise AdminError(
                "role-disabled",
                f"The role {each.display_name} of {application.display_name} is switched off.",
                "Enable it, or choose another.",
            )
        return each
    roles = ", ".join(f"{each.display_name} ({each.id})" for each in application.roles if each.enabled)
    raise AdminError(
        "invalid-value",
        f"{application.display_name} has no role {role[:LONGEST_KEY]!r}.",
        f"Its roles are: {roles or 'none'}; {DEFAULT_ACCESS.id} is default access.",
    )
