"""A step of verbs that store settings of a source: what people and groups get from it becomes directory extensions."""

from typing import Final

from provisor.admin.context import Change
from provisor.admin.errors import accepted
from provisor.directory.objects import DirectoryKind
from provisor.rules.source_settings import SourceSettings, extensions_of
from provisor.storage import extensions

EXTENDED: Final[tuple[DirectoryKind, ...]] = ("user", "group")


def register_chosen(change: Change, tenant: str, settings: SourceSettings) -> tuple[str, ...]:
    """Register what is chosen, at the Tenant Schema Extension App, with its types; returns the full names of new ones.

    Raises AdminError for one that is registered as of another type.
    """
    connection = change.connection
    before = extensions.registered(connection, tenant)
    for kind in EXTENDED:
        for one in extensions_of(settings, kind):
            accepted(
                extensions.register_typed(
                    connection,
                    tenant,
                    one.attribute,
                    kind,
                    data_type=one.type,
                    multi_valued=one.multi_valued,
                    now=change.now,
                )
            )
    return tuple(name for name in extensions.registered(connection, tenant) if name not in before)
