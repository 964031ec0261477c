"""Verbs on the app roles that an application defines: add, change, remove.

Changing a role updates everyone assigned to it in the next cycle of the application's job. Facts:
spec/provisioning-service.md section 7, spec/graph-synchronization-api.md section 1.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from provisor.admin.actor import APPLICATION_READ, APPLICATION_WRITE, Actor
from provisor.admin.applications import DEFAULT_ACCESS, Applications, role_named
from provisor.admin.context import Change, Context
from provisor.admin.errors import AdminError, acceptable_name
from provisor.database import Connection
from provisor.database.identifiers import new_id
from provisor.scim.naming import escaped, problem_with_name
from provisor.storage import applications
from provisor.storage.applications import Application, AppRole

__all__ = ["AppRole", "AppRoles", "GivenRole"]

ACTIVITY = "Update service principal"
LONGEST_DESCRIPTION: Final = 1024  # characters
MOST_ROLES: Final = 1200  # entries of an application's manifest, of which roles are some
# What Graph takes for a value: no blank, no point at the beginning, at most 120 characters.
_VALUE: Final = re.compile(
    r"[0-9A-Za-z!#$%&'()*+,\-/:;<=>?@\[\]^_`{|}~][0-9A-Za-z!#$%&'()*+,\-./:;<=>?@\[\]^_`{|}~]{0,119}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenRole:
    """A role in a list that replaces all roles of an application."""

    id: str
    display_name: str
    value: str | None = None
    description: str = ""
    enabled: bool = True
    allowed_member_types: tuple[str, ...] = ("User",)


@dataclass(frozen=True, slots=True)
class AppRoles:
    """The app roles of applications, named by id, display name or value."""

    context: Context
    applications: Applications

    def all(self, actor: Actor, application: str) -> Sequence[AppRole]:
        """The roles of an application, in the order they were defined."""
        connection = self.context.read(actor, APPLICATION_READ)
        return self.applications.find(connection, application, actor, APPLICATION_READ).roles

    def add(
        self,
        actor: Actor,
        application: str,
        name: str,
        *,
        value: str | None = None,
        description: str | None = None,
        enabled: bool = True,
    ) -> AppRole:
        """A new role; `value` is what the application calls it. Without one, the name is sent."""
        with self.context.change(actor, APPLICATION_WRITE, ACTIVITY) as change:
            found = self.applications.find(change.connection, application, actor, APPLICATION_WRITE)
            about = name if description is None else _described(name, description)
            role = AppRole(id=new_id(), display_name=name, value=value, description=about, enabled=enabled)
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
        description: str | None = None,
        enabled: bool | None = None,
    ) -> AppRole:
        """Rename or describe a role, give it another value, or disable or enable it; None changes nothing."""
        with self.context.change(actor, APPLICATION_WRITE, ACTIVITY) as change:
            found = self.applications.find(change.connection, application, actor, APPLICATION_WRITE)
            before = _defined(found, role)
            after = replace(
                before,
                display_name=before.display_name if name is None else name,
                value=before.value if value is None else value or None,
                description=before.description if description is None else _described(before.display_name, description),
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
        """Remove a role that nobody is assigned to, and that is disabled, as in Entra."""
        with self.context.change(actor, APPLICATION_WRITE, ACTIVITY) as change:
            found = self.applications.find(change.connection, application, actor, APPLICATION_WRITE)
            gone = _defined(found, role)
            _removable(change.connection, found, gone)
            return self._save(change, found, [each for each in found.roles if each.id != gone.id], gone)

    def _save(self, change: Change, application: Application, after: Sequence[AppRole], role: AppRole) -> AppRole:
        applications.set_roles(change.connection, application, after)
        change.target = application.id
        change.detail = {"role": role.display_name, "value": role.value, "enabled": role.enabled}
        return role


def replaced_roles(connection: Connection, application: Application, given: Sequence[GivenRole]) -> tuple[AppRole, ...]:
    """The roles of an application once the given ones have taken the place of all it had.

    Raises AdminError for a role that cannot be, and for one that is left out and cannot be removed.
    """
    if len(given) > MOST_ROLES:
        raise AdminError("invalid-value", f"There are {len(given)} roles.", f"Give at most {MOST_ROLES}.")
    before = {role.id: role for role in application.roles}
    after = {role.id: role for role in map(_given, given)}
    if len(after) < len(given):
        raise AdminError("invalid-value", "Two roles have one id.", "Give every new role an id of its own.")
    whole = replace(application, roles=tuple(after.values()))
    for role in after.values():
        old = before.get(role.id)
        _named(application, old, role)
        if role.value and (old is None or role.value != old.value) and _VALUE.fullmatch(role.value) is None:
            raise AdminError(
                "invalid-value",
                f"The value of the role {role.display_name} is {escaped(role.value[:150])}.",
                "It may have 120 letters, digits and signs of ASCII, no blanks, and no point at its beginning.",
            )
    _all_distinct(whole, before)
    for role in application.roles:
        if role.id not in after:
            _removable(connection, application, role)
    return whole.roles


def _given(role: GivenRole) -> AppRole:
    try:
        role_id = str(UUID(role.id))
    except ValueError:
        role_id = DEFAULT_ACCESS.id
    if role_id == DEFAULT_ACCESS.id:
        raise AdminError(
            "invalid-value",
            f"{role.id[:100]!r} cannot be the id of a role.",
            "Give it a new GUID, such as uuidgen makes.",
        )
    if set(role.allowed_member_types) != {"User"}:
        raise AdminError(
            "invalid-value",
            f"The role {role.display_name[:100]} is for {', '.join(role.allowed_member_types)[:100] or 'nobody'}.",
            'Roles here are for users and groups: allowedMemberTypes is ["User"].',
        )
    return AppRole(
        id=role_id,
        display_name=role.display_name,
        value=role.value or None,
        description=_described(role.display_name, role.description),
        enabled=role.enabled,
    )


def _described(name: str, text: str) -> str:
    problem = f"has {len(text):,} characters" if len(text) > LONGEST_DESCRIPTION else problem_with_name(text or name)
    if problem is not None:
        raise AdminError(
            "invalid-value",
            f"The description of the role {escaped(name[:100])} cannot be so: it {problem}.",
            f"Write at most {LONGEST_DESCRIPTION:,} characters, all of which can be seen.",
        )
    return text


def _removable(connection: Connection, application: Application, role: AppRole) -> None:
    count = applications.count_in_role(connection, application.id, role.id)
    if count:
        raise AdminError(
            "role-in-use",
            f"{count} assignment{'s' * (count > 1)} of {application.display_name} use{'s' * (count == 1)} the role"
            f" {role.display_name}.",
            "End these assignments first, or disable the role with `provisor app role set … --disable`.",
        )
    if role.enabled:
        raise AdminError(
            "role-enabled",
            f"The role {role.display_name} of {application.display_name} is enabled.",
            "Disable it first, with `provisor app role set … --disable`: nobody can be assigned in it then.",
        )


def _defined(application: Application, named: str) -> AppRole:
    role = role_named(application, named)
    if role is DEFAULT_ACCESS:
        raise AdminError(
            "invalid-value", "Default access is not a role of the application.", "Choose another role to change."
        )
    return role


def _named(application: Application, before: AppRole | None, role: AppRole) -> None:
    """A role has a visible name, and so is what the application calls it. Names from before this rule may stay."""
    if not role.display_name.strip():
        raise AdminError("name-blank", "The name of the role is blank.", "Give it a name.")
    if before is None or role.display_name != before.display_name:
        acceptable_name(role.display_name, f"the name of a role of {application.display_name}")
    if role.value and (before is None or role.value != before.value):
        acceptable_name(role.value, f"the value of the role {role.display_name} of {application.display_name}")


def _all_distinct(whole: Application, before: Mapping[str, AppRole]) -> None:
    """As `_distinct`, for every role that is new or other than before."""
    called = dict[str, set[str]]()
    for role in whole.roles:
        for word in (role.value or role.display_name, role.display_name):
            called.setdefault(word, set()).add(role.id)
    for role in whole.roles:
        sent = role.value or role.display_name
        if before.get(role.id) != role and called[sent] != {role.id}:
            raise AdminError(
                "name-taken", f"{whole.display_name} would have two roles {sent}.", "Choose another name or value."
            )


def _distinct(application: Application, role: AppRole) -> None:
    """A target tells roles apart by the value it is sent, so no two may share one."""
    sent = role.value or role.display_name
    for other in application.roles:
        if other.id != role.id and sent in (other.value or other.display_name, other.display_name):
            raise AdminError(
                "name-taken", f"{application.display_name} has a role {sent} already.", "Choose another name or value."
            )
