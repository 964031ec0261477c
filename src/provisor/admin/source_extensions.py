"""Verbs on directory extension attribute sync: what a source's schema offers, and which of it is chosen.

The search among the available attributes heeds case, as the wizard of Entra Connect does: `objectguid` finds nothing.
Facts: spec/entra-connect.md section 4.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from provisor.admin.actor import SOURCE_READ, SOURCE_WRITE, Actor
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.admin.source_connecting import connect_stored
from provisor.admin.source_registering import register_chosen
from provisor.admin.sources import Sources
from provisor.directory.extensions import MOST_VALUES
from provisor.directory.objects import DirectoryKind
from provisor.engine.ports import ConnectorError
from provisor.engine.sources import SourceAttribute
from provisor.rules.source_settings import (
    ActiveDirectorySettings,
    EntraSettings,
    LdapSettings,
    SourceExtension,
    SourceSettings,
    extensions_of,
)
from provisor.runner.source_running import SourceRefused, failure_of
from provisor.scim.nearest import nearest
from provisor.storage import connected_sources, source_records
from provisor.storage.connected_sources import ConnectedSource

CHOOSING: Final = "Choose directory extensions of source"
GUID: Final = "objectGUID"  # what Cisco Umbrella's nativeObjectId is made from
CONNECTOR_WARNINGS: Final = (
    "Switch Umbrella's on-premises AD Connector off before objectGUIDs are provisioned: never both for one person.",
    "Point policies on groups at the provisioned groups afterwards: those of the AD Connector are others.",
    "objectGUID is needed only while endpoints run Cisco Secure Client or AnyConnect 4.10 MR5 or earlier.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionsChosen:
    """What objects get from the source from the next full read on, with the full names of new extensions.

    `warnings` are those of spec/entra-connect.md section 10, where objectGUID is among them.
    """

    users: tuple[SourceExtension, ...]
    groups: tuple[SourceExtension, ...]
    registered: tuple[str, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is to be done besides."""
        return CONNECTOR_WARNINGS if any(one.attribute == GUID for one in (*self.users, *self.groups)) else ()


@dataclass(frozen=True, slots=True)
class SourceExtensions:
    """Attributes that sources give besides the default ones."""

    context: Context
    sources: Sources

    def available(
        self, actor: Actor, key: str, *, search: str = "", kind: DirectoryKind | None = None
    ) -> Sequence[SourceAttribute]:
        """What the schema of the source offers, by name; those whose name contains this text in this very case, and
        that objects of this kind may have. The source is asked.
        """
        connection = self.context.read(actor, SOURCE_WRITE)
        found = self._offered(self.sources.find(connection, key))
        return [one for one in found if search in one.name and (kind is None or kind in one.kinds)]

    def chosen(self, actor: Actor, key: str) -> ExtensionsChosen:
        """What objects get from the source. The source is not asked."""
        connection = self.context.read(actor, SOURCE_READ)
        return _of(self.sources.find(connection, key).settings)

    def choose(
        self, actor: Actor, key: str, *, users: Sequence[str] | None = None, groups: Sequence[str] | None = None
    ) -> ExtensionsChosen:
        """Have people and groups get these attributes as directory extensions; None leaves the choice as it is.

        They are registered at the Tenant Schema Extension App, and have values once everything was read once more.
        Raises AdminError for a name that the schema does not have in this very case.
        """
        self.context.needs(actor, SOURCE_WRITE, CHOOSING)
        known = self.sources.find(self.context.database.reader(), key)
        _takes_extensions(known)
        offered = {one.name: one for one in self._offered(known)}
        given: dict[DirectoryKind, Sequence[str] | None] = {"user": users, "group": groups}
        wanted = {
            kind: None if names is None else tuple(_chosen(offered, name, kind) for name in dict.fromkeys(names))
            for kind, names in given.items()
        }
        with self.context.change(actor, SOURCE_WRITE, CHOOSING) as change:
            source = self.sources.find(change.connection, known.id)
            after = _with(source.settings, wanted["user"], wanted["group"])
            made = register_chosen(change, self.context.tenant, after)
            change.target = source.id
            change.detail = {
                "users": [one.attribute for one in extensions_of(after, "user")],
                "groups": [one.attribute for one in extensions_of(after, "group")],
                "registered": [*made],
            }
            if after == source.settings and not made:
                change.nothing()
            else:
                connected_sources.change(change.connection, source.id, settings=after)
                connected_sources.forget_cursor(change.connection, source.id)
                source_records.mark_all(change.connection, source.id)
                if source.schedule_state == "Active":
                    connected_sources.want_run(change.connection, source.id, "full")
            return replace(_of(after), registered=made)

    def _offered(self, source: ConnectedSource) -> Sequence[SourceAttribute]:
        try:
            opened = connect_stored(self.context, source)
            try:
                return sorted(opened.attributes(), key=lambda one: one.name)
            finally:
                opened.close()
        except (SourceRefused, ConnectorError) as error:
            failure = failure_of(error, source.name)
            raise AdminError(failure.code, failure.message, failure.hint) from error


def _of(settings: SourceSettings) -> ExtensionsChosen:
    return ExtensionsChosen(users=extensions_of(settings, "user"), groups=extensions_of(settings, "group"))


def _takes_extensions(source: ConnectedSource) -> None:
    if isinstance(source.settings, ActiveDirectorySettings | LdapSettings):
        return
    hint = "Every further column of a file is a directory extension by itself."
    if isinstance(source.settings, EntraSettings):
        hint = "Name further attributes in its settings userAttributes and groupAttributes, extensions by full names."
    raise AdminError("source-settings", f"Extensions of a source of the kind {source.kind} are not chosen.", hint)


def _chosen(offered: dict[str, SourceAttribute], name: str, kind: DirectoryKind) -> SourceExtension:
    found = offered.get(name)
    if found is None:
        near = nearest(name, offered)
        hint = "Names of attributes heed case. "
        hint += "`provisor source attributes` lists them." if near is None else f"Did you mean {near}?"
        raise AdminError("no-such-attribute", f"The source has no attribute {name[:80]!r} to choose.", hint)
    if kind not in found.kinds:
        raise AdminError(
            "no-such-attribute", f"No {kind} of the source can have {name}.", f"Choose it for {found.kinds[0]}s alone."
        )
    return SourceExtension(attribute=found.name, type=found.type, multi_valued=found.multi_valued)


def _with(
    settings: SourceSettings, users: tuple[SourceExtension, ...] | None, groups: tuple[SourceExtension, ...] | None
) -> SourceSettings:
    for what, chosen in (("people", users), ("groups", groups)):
        if chosen is not None and len(chosen) > MOST_VALUES:
            raise AdminError(
                "invalid-extension", f"{len(chosen)} extensions of {what} are more than an object may have.",
                f"Choose {MOST_VALUES} of them at most.",
            )  # fmt: skip
    if not isinstance(settings, ActiveDirectorySettings | LdapSettings):
        return settings
    return msgspec.structs.replace(
        settings,
        user_extensions=settings.user_extensions if users is None else users,
        group_extensions=settings.group_extensions if groups is None else groups,
    )
