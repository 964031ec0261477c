"""Which attributes of a resource a client gets to see (RFC 7644 sections 3.4.2.5 and 3.9, RFC 7643 section 2.2).

Pure. `returned` decides: always, never, default, request. Order: project, the selection, then its use.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from provisor.scim.errors import ScimError, invalid_value
from provisor.scim.path import resolve
from provisor.scim.schemas.schema import Attribute, ResourceType
from provisor.scim.values import Json, Resource

# Attributes to keep or drop: name -> None for the whole attribute, or the names of sub-attributes.
# An extension's attributes stand under (URN, name), others under (None, name).
_Names: TypeAlias = dict[tuple[str | None, str], set[str] | None]

_CACHED_CHARACTERS = 400  # longer lists are rare or hostile; caching them would let a client fill the memory


def project(
    resource: Resource,
    attributes: Sequence[str],
    excluded: Sequence[str],
    resource_type: ResourceType,
    written: Sequence[str] = (),
) -> Resource:
    """The resource as answered; the same object when nothing has to go.

    `attributes` names what to return beside what is always returned, `excluded` what to leave out; unknown names are
    skipped. `written` names what this very request wrote: it counts as requested where that matters (RFC 7643
    section 7). Raises ScimError invalidValue when both are given.
    """
    if attributes and excluded:
        raise invalid_value("attributes and excludedAttributes exclude each other; give one of them.")
    short = sum(map(len, attributes)) + sum(map(len, excluded)) <= _CACHED_CHARACTERS
    select = _selection if short else _selection.__wrapped__
    selection = select(tuple(attributes), tuple(excluded), resource_type, tuple(written))
    if not selection.restricts:
        return resource
    result: Resource = {}
    for key, value in resource.items():
        if resource_type.extension(key) is not None and isinstance(value, dict):
            inner: Resource = {
                name: kept for name, item in value.items() if (kept := selection.keep(key, name, item)) is not None
            }
            if inner:
                result[key] = inner
        elif (kept := selection.keep(None, key, value)) is not None:
            result[key] = kept
    return result


@dataclass(frozen=True, slots=True, kw_only=True)
class _Selection:
    wanted: _Names | None
    unwanted: _Names
    always: _Names
    restricts: bool

    def keep(self, urn: str | None, name: str, value: Json) -> Json:
        """The value as far as it is to be seen, None when not at all."""
        place = (urn, name)
        if self.wanted is not None:
            if place not in self.wanted and place not in self.always:
                return None
            subs = self.wanted.get(place, self.always.get(place))
            if subs is not None:
                value = _only(value, subs | (self.always.get(place) or set()))
        if place in self.unwanted:
            subs = self.unwanted[place]
            return None if subs is None else _without(value, subs)
        return value


@lru_cache(maxsize=512)
def _selection(
    attributes: tuple[str, ...], excluded: tuple[str, ...], resource_type: ResourceType, written: tuple[str, ...]
) -> _Selection:
    always: _Names = {}
    unwanted: _Names = {}
    wanted = _named(attributes, resource_type) if attributes else None
    for name, subs in _named(excluded, resource_type).items():
        unwanted[name] = subs
    requested = wanted if wanted is not None else _named(written, resource_type)
    for urn, attribute in resource_type.attributes():
        place = (urn, attribute.name)
        _apply_returned(place, attribute, requested, unwanted, always)
    return _Selection(wanted=wanted, unwanted=unwanted, always=always, restricts=wanted is not None or bool(unwanted))


def _apply_returned(
    place: tuple[str | None, str], attribute: Attribute, wanted: _Names, unwanted: _Names, always: _Names
) -> None:
    if attribute.kept_back:
        unwanted[place] = None
        return
    match attribute.returned:
        case "always":
            always[place] = None
            unwanted.pop(place, None)
        case "never":
            unwanted[place] = None
        case "request":
            if place not in wanted:
                unwanted[place] = None
        case "default":
            _apply_sub_returned(place, attribute, wanted, unwanted, always)


def _apply_sub_returned(
    place: tuple[str | None, str], attribute: Attribute, wanted: _Names, unwanted: _Names, always: _Names
) -> None:
    asked = wanted.get(place)
    hidden = {
        sub.name
        for sub in attribute.sub_attributes
        if sub.kept_back or (sub.returned == "request" and (asked is None or sub.name not in asked))
    }
    kept = {sub.name for sub in attribute.sub_attributes if sub.returned == "always"}
    if place in unwanted:
        subs = unwanted[place]
        if subs is not None:
            unwanted[place] = (subs | hidden) - kept
    elif hidden:
        unwanted[place] = hidden
    if kept and wanted.get(place) is not None:
        always[place] = kept


def _named(texts: tuple[str, ...], resource_type: ResourceType) -> _Names:
    names: _Names = {}
    for text in texts:
        if text.strip().lower() == resource_type.schema.id.lower():
            names.update(((None, attribute.name), None) for attribute in resource_type.schema.attributes)
            continue
        try:
            place = resolve(text.strip(), resource_type)
        except ScimError:
            continue  # an unknown attribute is neither returned nor left out
        if place.attribute is None:
            schema = resource_type.extension(place.urn or "")
            if schema is not None:
                names.update(((schema.id, attribute.name), None) for attribute in schema.attributes)
            continue
        name = (place.urn, place.attribute.name)
        if place.sub is None:
            names[name] = None
        else:
            subs = names.setdefault(name, set())
            if subs is not None:
                subs.add(place.sub.name)
    return names


def _only(value: Json, subs: set[str]) -> Json:
    if isinstance(value, dict):
        return {name: item for name, item in value.items() if name in subs} or None
    if isinstance(value, list):
        return [kept for kept in (_only(item, subs) for item in value) if kept is not None] or None
    return value


def _without(value: Json, subs: set[str]) -> Json:
    if isinstance(value, dict):
        return {name: item for name, item in value.items() if name not in subs} or None
    if isinstance(value, list):
        return [kept for kept in (_without(item, subs) for item in value) if kept is not None] or None
    return value
