"""Verbs on directory extensions: register, list, delete (spec/graph-synchronization-api.md section 11).

An extension belongs to an application. Deleting a registration hides its values; while the rules of a job read it, it
is refused. What imports register belongs to an application of the directory's own, which is nobody's: its appId is its
id, and the next import registers anew what was deleted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from provisor.admin.actor import APPLICATION_READ, APPLICATION_WRITE, DIRECTORY_READ, DIRECTORY_WRITE, Actor
from provisor.admin.context import Context
from provisor.admin.errors import AdminError, accepted
from provisor.admin.service_principals import ApplicationKey, ServicePrincipals
from provisor.database import Connection
from provisor.directory.extensions import DataType, ExtensionProperty
from provisor.storage import applications, extensions, tenants

OWN_APP: Final = "Tenant Schema Extension App"  # as Entra Connect calls its own
_ADD: Final = "Add directory extension"
_DELETE: Final = "Delete directory extension"


@dataclass(frozen=True, slots=True)
class ExtensionShown:
    """An extension with the name of the application that it belongs to."""

    extension: ExtensionProperty
    application: str


@dataclass(frozen=True, slots=True)
class _App:
    id: str  # the appId
    name: str


@dataclass(frozen=True, slots=True)
class ExtensionProperties:
    """The extensions of the directory."""

    context: Context
    applications: ServicePrincipals

    def available(self, actor: Actor, *, synced: bool | None = None) -> Sequence[ExtensionShown]:
        """Every extension in the order of names; of imports or of others alone, if `synced` says so. An application
        that the actor may not see stays without its name.
        """
        connection = self.context.read(actor, DIRECTORY_READ)
        every = applications.all_applications(connection, self.context.tenant)
        names = {each.app_id: each.display_name if actor.sees(each.id) else "" for each in every}
        return [
            ExtensionShown(one, names.get(one.app_id, OWN_APP))
            for one in extensions.registered(connection, self.context.tenant).values()
            if synced is None or one.synced == synced
        ]

    def by_name(self, actor: Actor) -> Mapping[str, ExtensionProperty]:
        """Every extension by its full name."""
        return extensions.registered(self.context.read(actor, DIRECTORY_READ), self.context.tenant)

    def valued(self, actor: Actor, name: str) -> int:
        """How many users have a value of the extension with this full name."""
        return extensions.valued(self.context.read(actor, DIRECTORY_READ), self.context.tenant, name)

    def of_application(self, actor: Actor, key: ApplicationKey) -> Sequence[ExtensionShown]:
        """The extensions of an application in the order of names."""
        connection = self.context.read(actor, APPLICATION_READ)
        app = self._app(connection, key, actor, APPLICATION_READ)
        found = extensions.registered(connection, self.context.tenant).values()
        return [ExtensionShown(one, app.name) for one in found if one.app_id == app.id]

    def read(self, actor: Actor, key: ApplicationKey, extension: str) -> ExtensionShown:
        """The extension of an application with this id."""
        connection = self.context.read(actor, APPLICATION_READ)
        app = self._app(connection, key, actor, APPLICATION_READ)
        return ExtensionShown(self._there(connection, app, extension), app.name)

    def register(
        self,
        actor: Actor,
        key: ApplicationKey,
        *,
        attribute: str,
        data_type: str,
        targets: Sequence[str],
        multi_valued: bool = False,
    ) -> ExtensionShown:
        """A new extension of an application, `extension_{appId without hyphens}_{attribute}`."""
        with self.context.change(actor, APPLICATION_WRITE, _ADD) as change:
            app = self._app(change.connection, key, actor, APPLICATION_WRITE)
            made = accepted(
                extensions.define(
                    change.connection,
                    self.context.tenant,
                    app_id=app.id,
                    attribute=attribute,
                    data_type=cast(DataType, data_type),  # define refuses what is none
                    targets=targets,
                    multi_valued=multi_valued,
                    now=change.now,
                )
            )
            change.target, change.detail = made.id, {"name": made.name, "dataType": made.data_type}
            return ExtensionShown(made, app.name)

    def delete(self, actor: Actor, key: ApplicationKey, extension: str) -> None:
        """Delete a registration. Values stay out of sight, and come back if it is registered again."""
        with self.context.change(actor, APPLICATION_WRITE, _DELETE) as change:
            app = self._app(change.connection, key, actor, APPLICATION_WRITE)
            found = self._there(change.connection, app, extension)
            accepted(extensions.remove(change.connection, self.context.tenant, found))
            change.target, change.detail = found.id, {"name": found.name}

    def _app(self, connection: Connection, key: ApplicationKey, actor: Actor, permission: str) -> _App:
        own = tenants.setting(connection, self.context.tenant, tenants.EXTENSION_APP) or ""
        if key.value.lower() == own:
            self.context.needs(actor, DIRECTORY_READ if permission == APPLICATION_READ else DIRECTORY_WRITE)
            return _App(own, OWN_APP)
        found = self.applications.find(connection, key, actor, permission)
        return _App(found.app_id, found.display_name)

    def _there(self, connection: Connection, app: _App, key: str) -> ExtensionProperty:
        found = extensions.read(connection, self.context.tenant, key.lower(), app_id=app.id)
        if found is None:
            raise AdminError("not-found", f"{app.name} has no extension {key}.", "Name it by its id.")
        return found
