"""What every verb asks before it changes a user or group: whether a connected source has what is to be changed.

Each raises AdminError naming the source, `property-read-only` where nothing else is said. The rule: directory.writable.
"""

from collections.abc import Mapping
from typing import Literal

from provisor.admin.errors import AdminError, accepted
from provisor.database import Connection
from provisor.directory.objects import DirectoryObject, DirectoryValue
from provisor.directory.writable import fed, is_synced, kept_by_sources, mastered
from provisor.storage import mastering


def unless_attributes_mastered(
    connection: Connection, tenant: str, item: DirectoryObject, given: Mapping[str, DirectoryValue]
) -> None:
    """Refuse values that would change what a source has."""
    for name, source in kept_by_sources(item, given, mastering.mastered(connection, tenant, item.id)).items():
        accepted(mastered(item, name, source))


def unless_reference_mastered(
    connection: Connection,
    tenant: str,
    item: DirectoryObject,
    what: Literal["manager", "members"],
    *,
    by_program: bool = False,
) -> None:
    """Refuse another manager or other members where a source has them.

    `by_program`: nor can those of who says to be synchronised from Active Directory be changed.
    """
    source = mastering.mastered(connection, tenant, item.id).get(what)
    if source is not None or (by_program and is_synced(item)):
        accepted(mastered(item, what, source))


def unless_assigned_by_source(who: str, application: str, source: str | None) -> None:
    """Refuse ending an assignment that a source made (`assignment-of-source`)."""
    if source is not None:
        raise AdminError(
            "assignment-of-source",
            f"{who} is assigned to {application} by the source {source}, so this cannot be ended here.",
            f"End it there; the next run of {source} follows.",
        )


def unless_fed(connection: Connection, item: DirectoryObject, done: Literal["deleted", "restored"]) -> None:
    """Refuse deleting, or bringing back, what a source says there is."""
    names = [one.name for one in mastering.sources_of(connection, item.id) if one.here]
    accepted(fed(item, done, names))
