"""Deleting and coming back: soft delete, restore within 30 days, purge.

Pure; moments are UTC microseconds, as objects hold them. Rules: spec/graph-synchronization-api.md section 11.
A soft-deleted object frees its name, so a restore may find it taken; it keeps its anchor, so that a source row
finds it again. A purged one keeps only what a tombstone needs. What a source's own deletions come to:
spec/entra-connect.md section 9.
"""

from dataclasses import replace
from datetime import timedelta
from typing import assert_never

from provisor.directory.objects import DirectoryObject, Refusal
from provisor.directory.uniqueness import taken
from provisor.rules.source_settings import ConnectedKind

KEPT = timedelta(days=30)  # how long Entra keeps a deleted user or group


def soft_deleted(item: DirectoryObject, at: int) -> DirectoryObject | Refusal:
    """The object as soft-deleted; it can be restored until it is purged."""
    if item.deleted_at is not None:
        return Refusal(
            code="already-deleted",
            message=f"{item.name} is already deleted.",
            hint=f"Restore it with `provisor {item.kind} restore`, or purge it with `provisor {item.kind} purge`.",
        )
    return replace(item, deleted_at=at)


def restored(item: DirectoryObject, holder: DirectoryObject | None) -> DirectoryObject | Refusal:
    """The object alive again. `holder` is whoever has its name now."""
    if item.purged_at is not None:
        return Refusal(
            code="purged",
            message=f"{item.name} was deleted for good and cannot be restored.",
            hint="Create it again, or import it again.",
        )
    if item.deleted_at is None:
        return Refusal(code="not-deleted", message=f"{item.name} is not deleted.", hint="There is nothing to restore.")
    if holder is not None:
        refusal = taken(item.kind, item.name, holder.name, holder.id)
        return replace(refusal, message=f"{item.name} cannot be restored: {refusal.message}")
    return replace(item, deleted_at=None)


def purged(item: DirectoryObject, at: int) -> DirectoryObject:
    """The tombstone of an object: no anchor, no attributes, no manager; its name stays for the log of its removal."""
    return replace(item, attributes={}, anchor=None, manager=None, deleted_at=item.deleted_at or at, purged_at=at)


def left(item: DirectoryObject, at: int, kind_of_source: ConnectedKind) -> DirectoryObject:
    """What becomes of an object that its source deleted or leaves out: soft-deleted, or purged at once.

    A person can be restored for 30 days. A group of a directory server cannot, as in Entra: one that comes later is a
    new one; nor can one of a tenant that is no Microsoft 365 group. What is deleted already stays as it is.
    """
    if not item.alive:
        return item
    return purged(item, at) if _unrecoverable(item, kind_of_source) else replace(item, deleted_at=at)


def _unrecoverable(item: DirectoryObject, kind_of_source: ConnectedKind) -> bool:
    if item.kind == "user":
        return False
    match kind_of_source:
        case "active-directory" | "ldap":
            return True
        case "entra":
            types = item.attributes.get("groupTypes")
            return not (isinstance(types, list) and "Unified" in types)
        case "csv":
            return False
        case _:
            assert_never(kind_of_source)
