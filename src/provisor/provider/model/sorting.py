"""How resources are sorted: `sortBy` resolved, and the key of a document (RFC 7644 section 3.4.2.3).

Pure. Of several values the primary one counts, else the first. Values are compared as their type is: numbers as
numbers, times as moments, text as `caseExact` says. Order: the attribute, its key, the order of types.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

from provisor.scim.errors import invalid_path, shown
from provisor.scim.filter.evaluation import date_time
from provisor.scim.path import Place, resolve
from provisor.scim.schemas.schema import Attribute, ResourceType
from provisor.scim.values import Json, fold

Key: TypeAlias = tuple[bool, Any]  # whether it is absent, else what is compared: of one type for one attribute
SortKey: TypeAlias = Callable[[Json], Key]

ABSENT: Key = (True, 0)  # last ascending, first descending
_COMPOSED = ("members", "groups")  # rows, not documents


def sort_place(text: str, resource_type: ResourceType) -> Place:
    """What `sortBy` names: one comparable attribute. Raises ScimError invalidPath."""
    place = resolve(text, resource_type)
    attribute = place.attribute
    if attribute is None or attribute.kept_back or (place.sub is not None and place.sub.kept_back):
        raise invalid_path(f"{shown(text)} is nothing to sort by.")
    if place.ignored:
        return place
    if attribute.name in _COMPOSED:
        raise invalid_path(f"{attribute.name} is a set without an order; it cannot be sorted by.")
    if attribute.type == "complex" and place.sub is None:
        value = attribute.sub("value")
        if value is None:
            raise invalid_path(f"{attribute.name} is complex: sort by one of its sub-attributes.")
        return replace(place, sub=value)
    return place


def sort_key(place: Place) -> SortKey:
    """A function from a document to its key."""
    attribute, urn, sub = place.attribute, place.urn, place.sub
    if attribute is None or place.ignored:
        return lambda document: ABSENT
    name = attribute.name
    ordered = _ordered(attribute if sub is None else sub)

    def key(document: Json) -> Key:
        container = document.get(urn) if urn is not None and isinstance(document, dict) else document
        value = container.get(name) if isinstance(container, dict) else None
        if isinstance(value, list):
            value = _chosen(value, place)
        if sub is not None:
            value = value.get(sub.name) if isinstance(value, dict) else None
        return ABSENT if value is None else ordered(value)

    return key


def _chosen(values: list[Json], place: Place) -> Json:
    """Of several values the primary one, else the first; with a filter, of those it chooses."""
    if place.chosen is not None:
        values = [value for value in values if place.chosen(value)]
    primary = next((value for value in values if isinstance(value, dict) and value.get("primary") is True), None)
    return primary or (values[0] if values else None)


def _ordered(attribute: Attribute) -> Callable[[Json], Key]:
    match attribute.type:
        case "integer" | "decimal" | "boolean":
            return lambda value: (False, value) if isinstance(value, int | float) else ABSENT
        case "dateTime":
            return lambda value: ABSENT if (moment := date_time(value)) is None else (False, moment)
        case _ if attribute.case_exact:
            return lambda value: (False, str(value))
        case _:
            return lambda value: (False, fold(str(value)))
