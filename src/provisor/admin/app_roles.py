"""Verbs on the app roles that an application defines: add, change, remove.

A change of a role reaches whoever is assigned in it in the next cycle of the application's job. Facts:
spec/provisioning-service.md section 7, spec/graph-synchronization-api.md section 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from provisor.admin.actor import APPLICATION_READ, APPLICATION_WRITE, Actor
from provisor.admin.applications import DEFAULT_ACCESS, Applications, role_named
from provisor.admin.context import Change, Context
from provisor.admin.errors import AdminError, acceptable_name
from provisor.database.identifiers import new_id
from provisor.storage import applications
from provisor.storage.applications import Application, AppRole

ACTIVITY = "Update service principal"


@dataclass(frozen=True, slots=True)
class AppRoles:
    """The app roles of applications, named by id, display name or value."""

    context: Context
    applications: Applications

    def all(self, actor: Actor, application: str) -> Sequence[AppRole]:
        """The roles of an application, in the order they were defined."""
        connection = self.context.read(actor, APPLICATION_READ)
        return self.applications.find(connection, application).roles

    def add(self, actor: Actor, application: str, name: str, *, value: str | None = None) -> AppRole:
        """A new role; `value` is what the application calls it, the name where there is none."""
        with self.context.change(actor, APPLICATION_WRITE, ACTIVITY) as change:
            found = self.applications.find(change.connection, application)
            role = AppRole(id=new_id(), display_name=name, value=value, description=name)
            _named(found, None, role)
            _distinct(found, role)
            return self._save(change, found, (*found.roles, role), role)

    def set(
        self,
        actor: Actor,
        application: str,
        role: str,
        *,
        name: str | None = None,
        value: str | None = None,
        enabled: bool | None = None,
    ) -> AppRole:
        """Rename a role, give it another value, or switch it off or on; what is None stays."""
        with self.context.change(actor, APPLICATION_WRITE, ACTIVITY) as change:
            found = self.applications.find(change.connection, application)
            before = _defined(found, role)
            after = replace(
                before,
                display_name=before.display_name if name is None else name,
                value=before.value if value is None else value or None,
                enabled=before.enabled if enabled is None else enabled,
            )
            if after == before:
                change.target = found.id
                change.nothing()
                return after
            _named(found, before, after)
            _distinct(found, after)
            return self._save(change, found, [after if each.id == after.id else each for each in found.roles], after)

    def remove(self, actor: Actor, application: str, role: str) -> AppRole:
        """Remove a role that nobody is assigned in."""
        with self.context.change(actor, APPLICATION_WRITE, ACTIVITY) as change:
            found = self.applications.find(change.connection, application)
            gone = _defined(found, role)
            count = applications.count_in_role(change.connection, found.id, gone.id)
            if count:
                raise AdminError(
                    "role-in-use",
                    f"{count} assignment{'s' * (count > 1)} of {found.display_name} name{'s' * (count == 1)} the role"
                    f" {gone.display_name}.",
                    "End these assignments first, or switch the role off with `provisor app role set … --disable`.",
                )
            return self._save(change, found, [each for each in found.roles if each.id != gone.id], gone)

    def _save(self, change: Change, application: Application, after: Sequence[AppRole], role: AppRole) -> AppRole:
        applications.set_roles(change.connection, application, after)
        change.target = application.id
        change.detail = {"role": role.display_name, "value": role.value, "enabled": role.enabled}
        return role


def _defined(application: Application, named: str) -> AppRole:
    role = role_named(application, named)
    if role is DEFAULT_ACCESS:
        raise AdminError(
            "invalid-value", "The default access is no role of an application and stays as it is.", "Name a role."
        )
    return role


def _named(application: Application, before: AppRole | None, role: AppRole) -> None:
    """A role has a name that is seen, and so is what the application calls it; what was there before may stay."""
    if not role.display_name.strip():
        raise AdminError("name-blank", "A role needs a name that is more than blanks.", "Give it a name.")
    if before is None or role.display_name != before.display_name:
        acceptable_name(role.display_name, f"the name of a role of {application.display_name}")
    if role.value and (before is None or role.value != before.value):
        acceptable_name(role.value, f"the value of the role {role.display_name} of {application.display_name}")


def _distinct(application: Application, role: AppRole) -> None:
    """A target tells roles apart by what it is sent, so no two may be sent alike."""
    sent = role.value or role.display_name
    for other in application.roles:
        if other.id != role.id and sent in (other.value or other.display_name, other.display_name):
            raise AdminError(
                "name-taken", f"{application.display_name} has a role {sent} already.", "Choose another name or value."
            )
