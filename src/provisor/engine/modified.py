"""What differs between two documents, as the provisioning log shows it: attribute, old value, new value.

Pure. Values of redacted mappings show as [Redact] (spec/provisioning-service.md section 17).
"""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from provisor.rules.mapper import Mapper
from provisor.scim.path import getter
from provisor.scim.values import Json, Resource

ModifiedProperty: TypeAlias = tuple[str, str | None, str | None]  # attribute, old value, new value

REDACTED = "[Redact]"
SHOWN_MEMBERS = 1_000  # a membership event lists no more; its export step says how many there were


def differing(mapper: Mapper, before: Resource | None, after: Resource) -> list[ModifiedProperty]:
    """(attribute, old, new) of what differs among the mapped attributes; `before` None for a creation."""
    redacted = mapper.redacted
    changes: list[ModifiedProperty] = []
    for path, take in mapper.targets:
        new = take(after)
        old = None if before is None else take(before)
        if old == new:
            continue
        if path in redacted:
            old, new = None if old is None else REDACTED, None if new is None else REDACTED
        changes.append((path, as_text(old), as_text(new)))
    return changes


def differing_references(mapper: Mapper, before: Resource, after: Resource) -> list[ModifiedProperty]:
    """(attribute, old target id, new target id) of the references, such as manager, that differ."""
    changes: list[ModifiedProperty] = []
    for path, _ in mapper.references:
        old, new = reference_in(mapper, path, before), reference_in(mapper, path, after)
        if old != new:
            changes.append((path, old, new))
    return changes


def reference_in(mapper: Mapper, path: str, document: Resource) -> str | None:
    """The target id that the reference at `path` leads to."""
    reference = getter(path, mapper.resource_type)(document)
    return as_text(reference.get("value") if isinstance(reference, dict) else reference)


def differing_members(added: Sequence[str], removed: Sequence[str]) -> list[ModifiedProperty]:
    """Membership changes: an added member is the new value, a removed one the old, by id. No more than are shown."""
    changes: list[ModifiedProperty] = [("members", None, member) for member in added[:SHOWN_MEMBERS]]
    return changes + [("members", member, None) for member in removed[: SHOWN_MEMBERS - len(changes)]]


def as_properties(changes: Iterable[ModifiedProperty]) -> list[Json]:
    """Changes as the log shows them."""
    return [{"displayName": path, "oldValue": old, "newValue": new} for path, old, new in changes]


def as_text(value: Json) -> str | None:
    """A value as the log shows it: booleans as True and False, several joined."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(str(as_text(item)) for item in value)
    return str(value)
