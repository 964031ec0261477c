"""Verbs on applications: add from the gallery, list, show, assign, unassign, owners.

Applications are named by id or display name; roles by id, display name or value.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from provisor.admin.actor import APPLICATION_CREATE, APPLICATION_READ, APPLICATION_WRITE, ASSIGNMENT_WRITE, Actor
from provisor.admin.context import Context
from provisor.admin.errors import AdminError, acceptable_name, accepted
from provisor.admin.mastered import unless_assigned_by_source
from provisor.database import Connection
from provisor.directory.objects import DirectoryKind, DirectoryObject
from provisor.gallery.template import Template
from provisor.scim.nearest import did_you_mean
from provisor.scim.values import Json
from provisor.storage import applications, directory_verbs, objects
from provisor.storage.applications import Application, AppRole, Assignment
from provisor.storage.mirrored_assignments import made_by_source

DEFAULT_ROLES = (AppRole(id="18d14569-c3bd-439b-9a66-3a2aee01d14f", display_name="User", description="User"),)
# Access without a role of the application; a normal assignment (spec/provisioning-service.md section 5.3).
DEFAULT_ACCESS = AppRole(id=applications.DEFAULT_ACCESS, display_name="Default Access")
PAGE = 500
_WAY_OUT = "Set securityEnabled to true, if it is one: `provisor group set GROUP securityEnabled=true`."
LONGEST_TARGET = 200  # characters of a name that was typed, in the audit log
NAMED = 20  # principals that one audit event names; more would bloat it


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationShown:
    """An application with how many users and groups are assigned to it, and who owns it."""

    application: Application
    users: int
    groups: int
    owners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Applications:
    """Enterprise applications of the tenant."""

    context: Context
    templates: Sequence[Template]

    def gallery(self, actor: Actor) -> Sequence[Template]:
        """The applications that can be added."""
        self.context.needs(actor, APPLICATION_READ)
        return self.templates

    def add(self, actor: Actor, template: str, *, name: str | None = None) -> ApplicationShown:
        """An application from the gallery, by the template's id or display name, called `name` or as the template."""
        chosen = self.template(template)
        with self.context.change(actor, APPLICATION_CREATE, "Add service principal") as change:
            called = chosen.display_name if name is None else name
            if not called.strip():
                raise AdminError("name-blank", "The name of the application is blank.", "Give it a name.")
            acceptable_name(called, "the name of an application")
            if applications.by_name(change.connection, self.context.tenant, called):
                raise AdminError(
                    "name-taken", f"An application is already called {called}.", "Choose another name with --name."
                )
            made = applications.create(
                change.connection,
                tenant=self.context.tenant,
                template=chosen.id,
                display_name=called,
                roles=DEFAULT_ROLES,
                now=change.now,
            )
            change.target, change.detail = made.id, {"name": called, "template": chosen.id}
            return self._shown(change.connection, made)

    def all(self, actor: Actor) -> Sequence[ApplicationShown]:
        """Every application that the actor may read, oldest first."""
        connection = self.context.read(actor, APPLICATION_READ)
        every = applications.all_applications(connection, self.context.tenant)
        return [self._shown(connection, each) for each in every if actor.may(APPLICATION_READ, each.id)]

    def show(self, actor: Actor, key: str) -> ApplicationShown:
        """One application."""
        connection = self.context.read(actor, APPLICATION_READ)
        return self._shown(connection, self.find(connection, key, actor, APPLICATION_READ))

    def assign(
        self,
        actor: Actor,
        key: str,
        *,
        users: Sequence[str] = (),
        groups: Sequence[str] = (),
        all_users: bool = False,
        all_groups: bool = False,
        role: str | None = None,
    ) -> int:
        """Assign users and groups in a role; returns how many were not assigned before.

        The default role is the first enabled one, or default access where there is none. Of all groups those are left
        out that cannot be assigned.
        """
        with self.context.change(actor, ASSIGNMENT_WRITE, "Add app role assignment") as change:
            application = self.find(change.connection, key, actor, ASSIGNMENT_WRITE)
            self._assignable(change.connection, groups)
            principals = self._principals(change.connection, "user", users, everyone=all_users)
            principals += self._principals(change.connection, "group", groups, everyone=all_groups)
            chosen = _role_to_assign(application, role)
            count = applications.assign(
                change.connection,
                tenant=self.context.tenant,
                application=application.id,
                role=chosen.id,
                principals=principals,
                now=change.now,
            )
            change.target = application.id
            change.detail = {"role": chosen.display_name, "assigned": count, "principals": _named(principals)}
            if count == 0:
                change.nothing()
            return count

    def unassign(
        self,
        actor: Actor,
        key: str,
        *,
        users: Sequence[str] = (),
        groups: Sequence[str] = (),
        role: str | None = None,
    ) -> int:
        """End the assignments of users and groups, in one role or all; returns how many assignments ended.

        Refused, and nothing ended, where a source made one of them.
        """
        with self.context.change(actor, ASSIGNMENT_WRITE, "Remove app role assignment") as change:
            application = self.find(change.connection, key, actor, ASSIGNMENT_WRITE)
            principals = self._principals(change.connection, "user", users)
            principals += self._principals(change.connection, "group", groups)
            ids, chosen = [one for one, _ in principals], None if role is None else role_named(application, role).id
            made = made_by_source(change.connection, application.id, ids, chosen)
            if made is not None:
                unless_assigned_by_source(made[0], application.display_name, made[1])
            count = applications.unassign(
                change.connection,
                tenant=self.context.tenant,
                application=application.id,
                principals=ids,
                role=chosen,
                now=change.now,
            )
            change.target, change.detail = application.id, {"principals": _named(principals)}
            if count == 0:
                change.nothing()
            return count

    def assignments(self, actor: Actor, key: str, *, after: str = "", limit: int = 100) -> Sequence[Assignment]:
        """The next assignments of an application in the order of their ids."""
        connection = self.context.read(actor, APPLICATION_READ)
        found = self.find(connection, key, actor, APPLICATION_READ)
        return applications.assignments(connection, found.id, after=after, limit=limit)

    def add_owner(self, actor: Actor, key: str, user: str) -> bool:
        """Make a user an owner of an application; False when the user already is one."""
        with self.context.change(actor, APPLICATION_WRITE, "Add owner to service principal") as change:
            application = self.find(change.connection, key, actor, APPLICATION_WRITE)
            who = accepted(directory_verbs.find(change.connection, self.context.tenant, "user", user))
            change.target, change.detail = application.id, {"owner": who.name}
            added = applications.add_owner(change.connection, self.context.tenant, application.id, who.id)
            if not added:
                change.nothing()
            return added

    def remove_owner(self, actor: Actor, key: str, user: str) -> bool:
        """Remove an owner; False when the user was not one."""
        with self.context.change(actor, APPLICATION_WRITE, "Remove owner from service principal") as change:
            application = self.find(change.connection, key, actor, APPLICATION_WRITE)
            who = accepted(directory_verbs.find(change.connection, self.context.tenant, "user", user))
            change.target, change.detail = application.id, {"owner": who.name}
            removed = applications.remove_owner(change.connection, application.id, who.id)
            if not removed:
                change.nothing()
            return removed

    def template(self, key: str) -> Template:
        """A gallery template by its id, that of the gallery, or its display name, ignoring case."""
        wanted = key.strip().lower()
        for each in self.templates:
            if wanted in (each.id.lower(), each.gallery_id, each.display_name.lower()):
                return each
        known = ", ".join(f"{each.display_name} ({each.id})" for each in self.templates)
        words = [word for each in self.templates for word in (each.id, each.display_name)]
        raise AdminError(
            "not-found", f"The gallery has no application {key!r}.", f"{did_you_mean(key, words)}It has: {known}."
        )

    def find(
        self, connection: Connection, key: str, actor: Actor, permission: str, activity: str | None = None
    ) -> Application:
        """The application that the actor means, who has this permission there. Raises AdminError when there is none,
        or several; one that the actor may not see is told of as one that is not there. `activity`: of a refusal, where
        it is not that of a change under way.
        """
        one = applications.read(connection, key)
        found = [] if one is None or one.tenant != self.context.tenant else [one]
        hidden = [each.id for each in found if not actor.sees(each.id, permission)]
        if not found or hidden:
            named = applications.by_name(connection, self.context.tenant, key)
            hidden += [each.id for each in named if not actor.sees(each.id, permission)]
            found = [each for each in named if actor.sees(each.id, permission)]
        if not found:
            if permission not in actor.permissions:  # whether it is there or not: nothing may tell the two apart
                about = hidden[0] if len(hidden) == 1 else key[:LONGEST_TARGET]
                self.context.refused(actor, permission, about, activity)
            raise AdminError(
                "not-found",
                f"There is no application {key!r}.",
                "`provisor app list` shows the applications.",
                ("application", key),
            )
        if len(found) == 1:
            self.context.needs(actor, permission, activity, found[0].id)
            return found[0]
        raise AdminError(
            "name-ambiguous",
            f"{len(found)} applications are called {key}.",
            "Name the one you mean by its id: " + ", ".join(each.id for each in found) + ".",
        )

    def _principals(
        self, connection: Connection, kind: DirectoryKind, keys: Sequence[str], *, everyone: bool = False
    ) -> list[tuple[str, DirectoryKind]]:
        tenant = self.context.tenant
        found = [(accepted(directory_verbs.find(connection, tenant, kind, key)).id, kind) for key in keys]
        after, page = "", list[DirectoryObject]()
        while everyone and (page := objects.page(connection, tenant, kind, after=after, limit=PAGE)):
            found += [(item.id, kind) for item in page if not unfit_to_assign(item)]
            after = page[-1].id
        return found

    def _assignable(self, connection: Connection, groups: Sequence[str]) -> None:
        """Raise AdminError for a group that cannot give access (spec/provisioning-service.md section 5.3)."""
        for key in groups:
            item = accepted(directory_verbs.find(connection, self.context.tenant, "group", key))
            if (reason := unfit_to_assign(item)) is not None:
                raise AdminError("group-not-assignable", f"{item.name} cannot be assigned: {reason}.", _WAY_OUT)

    def _shown(self, connection: Connection, application: Application) -> ApplicationShown:
        counts = applications.count_assignments(connection, application.id)
        return ApplicationShown(
            application=application,
            users=counts["user"],
            groups=counts["group"],
            owners=tuple(name for _, name in applications.owners(connection, application.id)),
        )


def unfit_to_assign(item: DirectoryObject) -> str | None:
    """Why a group cannot be assigned; None when it can, and for a user."""
    if item.kind == "user" or item.enabled:
        return None
    return "its securityEnabled is false, and only security groups give access"


def role_named(application: Application, wanted: str) -> AppRole:
    """The role with that id, display name or value; every application has default access."""
    for role in (*application.roles, DEFAULT_ACCESS):
        if wanted in (role.id, role.display_name, role.value):
            return role
    names = [role.display_name for role in (*application.roles, DEFAULT_ACCESS)]
    raise AdminError(
        "not-found",
        f"{application.display_name} has no role {wanted!r}.",
        f"{did_you_mean(wanted or '', names)}Its roles are: {', '.join(names)}.",
    )


def _role_to_assign(application: Application, wanted: str | None) -> AppRole:
    if wanted is None:
        return next((role for role in application.roles if role.enabled), DEFAULT_ACCESS)
    role = role_named(application, wanted)
    if not role.enabled:
        raise AdminError(
            "role-disabled",
            f"The role {role.display_name} of {application.display_name} is switched off.",
            "Enable it with `provisor app role set … --enable`, or choose another.",
        )
    return role


def _named(principals: Sequence[tuple[str, DirectoryKind]]) -> list[Json]:
    return [principal for principal, _ in principals[:NAMED]]
