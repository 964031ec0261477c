"""The directory extensions that a saved schema of Microsoft Entra reads, where the tenant is mirrored here.

They keep the full names that they have in the tenant: registered as they are, and read by the mirror from then on, so
that the schema means here what it meant there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from provisor.admin.actor import SOURCE_WRITE, Actor
from provisor.admin.context import Context
from provisor.admin.errors import accepted
from provisor.directory.extensions import TARGET, ExtensionProperty
from provisor.directory.foreign_extensions import extensions_read, is_foreign
from provisor.directory.objects import DirectoryKind
from provisor.rules.source_settings import EntraSettings
from provisor.scim.values import Json
from provisor.storage import connected_sources, extensions, tenants

ADOPTING: Final = "Adopt directory extensions of tenant"


@dataclass(frozen=True, slots=True)
class ForeignExtensions:
    """Extensions of a mirrored tenant."""

    context: Context

    def adopt(self, actor: Actor, document: Json) -> tuple[str, ...]:
        """Register what this schema reads of the tenant's extensions, and have the mirror read it; gives the names that
        are new to one of both. None where no tenant, or several of them, are mirrored, or the actor sets up no sources.
        """
        if not actor.may(SOURCE_WRITE):
            return ()
        with self.context.change(actor, SOURCE_WRITE, ADOPTING) as change:
            connection, tenant = change.connection, self.context.tenant
            mirrored = [
                (each, each.settings)
                for each in connected_sources.every(connection, tenant)
                if isinstance(each.settings, EntraSettings)
            ]
            own = tenants.setting(connection, tenant, tenants.EXTENSION_APP) or ""
            read = [each for each in extensions_read(document) if is_foreign(each.name, own)]
            if len(mirrored) != 1 or not read:
                change.nothing()
                return ()
            [(source, settings)] = mirrored
            before = extensions.registered(connection, tenant)
            for extension in read:
                if extension.name not in before or not set(extension.targets) <= set(before[extension.name].targets):
                    accepted(extensions.adopt(connection, tenant, extension, now=change.now))
            after = _reading(settings, read)
            new = {each.name for each in read if each.name not in before} | _more(settings, after)
            change.target, change.detail = source.id, {"extensions": [*sorted(new)]}
            if not new:
                change.nothing()
            if after != settings:
                connected_sources.change(connection, source.id, settings=after)
                connected_sources.forget_cursor(connection, source.id)
                if source.schedule_state == "Active":
                    connected_sources.want_run(connection, source.id, "full")
            return tuple(sorted(new))


def _reading(settings: EntraSettings, read: Sequence[ExtensionProperty]) -> EntraSettings:
    """The settings with these extensions among the attributes of each kind that has them."""

    def more(chosen: tuple[str, ...], kind: DirectoryKind) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*chosen, *(each.name for each in read if TARGET[kind] in each.targets))))

    return msgspec.structs.replace(
        settings,
        user_attributes=more(settings.user_attributes, "user"),
        group_attributes=more(settings.group_attributes, "group"),
    )


def _more(before: EntraSettings, after: EntraSettings) -> set[str]:
    return {*after.user_attributes, *after.group_attributes} - {*before.user_attributes, *before.group_attributes}
