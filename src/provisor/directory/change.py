"""What a source row or an administrator's edit changes on an object: the new object, or the same one if none.

Pure. Only effective changes deserve a change number; only a change of deletion, purge, accountEnabled or of a group's
securityEnabled changes who counts as alive for others (their groups' members are looked at again).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from provisor.directory.objects import NAMING, Attributes, DirectoryKind, DirectoryObject, DirectoryValue

ENABLED: Final = "accountEnabled"
SECURITY: Final = "securityEnabled"


def merged(current: Attributes, given: Mapping[str, DirectoryValue], kind: DirectoryKind) -> dict[str, DirectoryValue]:
    """The attributes after an edit: given values replace, None clears, attributes not given stay.

    Every user has accountEnabled: cleared or never given, it is true.
    """
    after = dict(current)
    for name, value in given.items():
        if value is None or value == []:
            after.pop(name, None)
        else:
            after[name] = value
    if kind == "user":
        after.setdefault(ENABLED, True)
    return after


def edited(item: DirectoryObject, given: Mapping[str, DirectoryValue]) -> DirectoryObject:
    """The object after an edit; the very same value when nothing differs."""
    attributes = merged(item.attributes, given, item.kind)
    if attributes == item.attributes:
        return item
    name = attributes.get(NAMING[item.kind])
    return replace(
        item,
        attributes=attributes,
        name=name if isinstance(name, str) else item.name,
        enabled=is_enabled(item.kind, attributes),
    )


def is_enabled(kind: DirectoryKind, attributes: Attributes) -> bool:
    """Whether a person may sign in, or a group can give access: both unless the attributes say otherwise."""
    return attributes.get(ENABLED if kind == "user" else SECURITY) is not False


def alive_moved(before: DirectoryObject, after: DirectoryObject) -> bool:
    """Whether deletion, purge, accountEnabled or securityEnabled changed."""
    return (
        before.deleted_at != after.deleted_at or before.purged_at != after.purged_at or before.enabled != after.enabled
    )
