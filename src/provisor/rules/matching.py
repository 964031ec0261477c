"""Matching: whether a target's answer to a matching query is the object we looked for.

Pure. A target may fold case, ignore a filter it does not know, or return other resources; so every resource is compared
again here. Rules: spec/provisioning-service.md section 4, spec/scim-wire.md section 12.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from provisor.scim.path import getter, resolve
from provisor.scim.schemas.schema import ResourceType
from provisor.scim.values import Json, Resource, fold


@dataclass(frozen=True, slots=True)
class NoMatch:
    """Nothing at the target has the value."""


@dataclass(frozen=True, slots=True)
class Matched:
    """Exactly one resource has it."""

    resource: Resource


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Several have it; their ids."""

    target_ids: tuple[str, ...]


Match: TypeAlias = NoMatch | Matched | Ambiguous


def recheck(resources: Iterable[Resource], path: str, value: str, resource_type: ResourceType) -> Match:
    """Judge the answer to `path eq "value"`: folded, unless the attribute is case-exact; strangers are dropped.

    The same resource answered twice counts once. Raises ScimError when the path names nothing of the resource type.
    """
    place = resolve(path, resource_type)
    located = place.sub or place.attribute
    exact = located is not None and located.case_exact
    take = getter(path, resource_type)
    wanted = value if exact else fold(value)
    found: dict[str, Resource] = {}
    for resource in resources:
        if any((text if exact else fold(text)) == wanted for text in _texts(take(resource))):
            found[str(resource.get("id", ""))] = resource
    if not found:
        return NoMatch()
    if len(found) > 1:
        return Ambiguous(tuple(found))
    return Matched(next(iter(found.values())))


def _texts(value: Json) -> Iterable[str]:
    """The texts that an `eq` may match: the value, each of several, and the `value` of complex ones."""
    for item in value if isinstance(value, list) else [value]:
        text = item.get("value") if isinstance(item, dict) else item
        if isinstance(text, str):
            yield text
