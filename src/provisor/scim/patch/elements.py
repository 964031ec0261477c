"""Changing the elements of a multi-valued attribute (RFC 7644 section 3.5.2, RFC 7643 section 2.4).

Pure. Lists are values: each function gives a new list, or the very same one when nothing changed. Order: whole lists,
chosen elements, single elements, primary.
"""

from typing import Literal, TypeAlias

from provisor.scim.coercion import coercer, element_coercer
from provisor.scim.errors import invalid_value, mutability, no_target, shown
from provisor.scim.path import Place
from provisor.scim.schemas.schema import Attribute
from provisor.scim.values import Json, Resource, fold, is_unassigned

Op: TypeAlias = Literal["add", "replace", "remove"]
Write: TypeAlias = Literal["add", "replace"]

_COMPARED_WITHOUT_ORDER = 100  # elements; above, a list in another order counts as changed rather than cost n²


def change_all(held: list[Json], op: Op, attribute: Attribute, label: str, value: Json) -> list[Json]:
    """A path without brackets: append, replace everything, or remove (all, or the listed values)."""
    if op == "remove":
        if value is None:
            return []  # tolerance remove_without_value_empties: RFC 7644 section 3.5.2.2 says the same
        return _without_listed(held, attribute, label, value)
    coerced = coercer(attribute, label)(value)
    new = coerced if isinstance(coerced, list) else []
    if op == "replace" or not held:
        return held if same_elements(held, new) else new
    return _one_primary(held, _appended(held, new, attribute), attribute, label) if new else held


def same_elements(one: list[Json], other: list[Json]) -> bool:
    """Whether two lists hold the same elements; their order has no meaning (RFC 7643 section 2.4)."""
    if one == other:
        return True
    if len(one) != len(other) or len(one) > _COMPARED_WITHOUT_ORDER:
        return False
    rest = list(other)
    for item in one:
        if item not in rest:
            return False
        rest.remove(item)
    return True


def _without_listed(held: list[Json], attribute: Attribute, label: str, value: Json) -> list[Json]:
    """Tolerance remove_lists_values: Entra names the members to remove in the value, not in the path.

    An empty list names nobody: it must not empty the group. Raises ScimError invalidValue for what names no value at
    all, which would be answered with success but stay.
    """
    for item in value if isinstance(value, list) else [value]:
        if not _names_something(item, attribute):
            raise invalid_value(f"{label}: {shown(item)} names no value to remove.")
    coerced = coercer(attribute, label)(value)
    listed = coerced if isinstance(coerced, list) else []
    keys = {key for item in listed if (key := _value_key(item, attribute)) is not None}
    others = [item for item in listed if _value_key(item, attribute) is None]
    kept = [
        item for item in held if _value_key(item, attribute) not in keys and not any(_covers(item, o) for o in others)
    ]
    return held if len(kept) == len(held) else kept


def _names_something(item: Json, attribute: Attribute) -> bool:
    if isinstance(item, dict):
        return any(attribute.sub(name) and not is_unassigned(part) and part != "" for name, part in item.items())
    return item is not None and item != ""


def _value_key(item: Json, attribute: Attribute) -> Json:
    """What makes two elements the same value: their `value`, folded where case does not count."""
    if isinstance(item, dict):
        value, rule = item.get("value"), attribute.sub("value")
    else:
        value, rule = item, attribute
    if isinstance(value, str) and rule is not None and not rule.case_exact:
        return fold(value)
    return value if isinstance(value, str | int | float) else None


def _covers(item: Json, pattern: Json) -> bool:
    if not isinstance(item, dict) or not isinstance(pattern, dict):
        return item == pattern
    return all(item.get(name) == value for name, value in pattern.items())


def _appended(held: list[Json], new: list[Json], attribute: Attribute) -> list[Json]:
    """The held elements and those of the new ones that are not there yet; the same `value` and `type` is the same."""
    positions: dict[Json, list[int]] = {}
    for position, item in enumerate(held):
        positions.setdefault(_value_key(item, attribute), []).append(position)
    result = held
    for item in new:
        key = _value_key(item, attribute)
        same = [position for position in positions.get(key, ()) if _same_value(result[position], item, key)]
        if not same:
            result = [*result, item] if result is held else _push(result, item)
            positions.setdefault(key, []).append(len(result) - 1)
        elif isinstance(item, dict) and not any(_covers(result[position], item) for position in same):
            result = list(result) if result is held else result
            result[same[0]] = _completed(result[same[0]], item, attribute)
    return result


def _push(items: list[Json], item: Json) -> list[Json]:
    items.append(item)
    return items


def _same_value(held: Json, new: Json, key: Json) -> bool:
    if not isinstance(held, dict) or not isinstance(new, dict):
        return True
    if key is None:
        return held == new
    kind, other = held.get("type"), new.get("type")
    return kind is None or other is None or kind == other


def _completed(held: Json, new: Resource, attribute: Attribute) -> Json:
    """An element added again may bring further sub-attributes; what is immutable and there stays."""
    completed: Resource = dict(held) if isinstance(held, dict) else {}
    for name, value in new.items():
        sub = attribute.sub(name)
        replaceable = sub is not None and sub.mutability != "immutable" and name not in ("value", "type")
        if replaceable or name not in completed:
            completed[name] = value
    return completed


def change_chosen(held: list[Json], op: Op, place: Place, attribute: Attribute, value: Json) -> list[Json]:
    """A path with brackets or a sub-attribute: change the elements it selects."""
    chosen = [place.chosen is None or place.chosen(item) for item in held]
    if op == "remove":
        return _removed(held, chosen, place, attribute)
    if not any(chosen):
        return _created(held, op, place, attribute, value)
    pairs = list(zip(held, chosen, strict=True))
    if place.sub is not None:
        new = coercer(place.sub, place.label)(value)
        if new is None and op == "add":
            return held
        changed = [_with_sub(item, place.sub, new, place) if hit else item for item, hit in pairs]
    else:
        whole = element_coercer(attribute, place.label)(value)
        changed = [_element_changed(item, op, whole, place, attribute) if hit else item for item, hit in pairs]
    kept: list[Json] = [item for item in changed if item is not None]
    if len(kept) == len(held) and all(new is old for new, old in zip(kept, held, strict=True)):
        return held
    return _one_primary(held, kept, attribute, place.label)


def _removed(held: list[Json], chosen: list[bool], place: Place, attribute: Attribute) -> list[Json]:
    if not any(chosen):
        return held  # nothing to remove is no error (spec/scim-wire.md section 9, DEFAULT)
    sub = place.sub
    if sub is None:
        return [item for item, hit in zip(held, chosen, strict=True) if not hit]
    changed = [_with_sub(item, sub, None, place) if hit else item for item, hit in zip(held, chosen, strict=True)]
    if all(new is old for new, old in zip(changed, held, strict=True)):
        return held
    return [item for item in changed if item is not None]


def _created(held: list[Json], op: Write, place: Place, attribute: Attribute, value: Json) -> list[Json]:
    """Tolerance filter_creates_its_element: `emails[type eq "work"].value` makes the work address it speaks of."""
    described: Resource | None = {} if place.chosen is None else place.described
    if described is None or (place.sub is None and op == "replace"):
        raise no_target(f"No value of {attribute.name} is chosen by {shown(place.label)}.")
    if place.sub is not None:
        written = coercer(place.sub, place.label)(value)
        addition: Json = None if written is None else {place.sub.name: written}
    else:
        addition = element_coercer(attribute, place.label)(value)
    if not isinstance(addition, dict):
        return held
    element: Resource = {**described, **addition}
    if place.chosen is not None and not place.chosen(element):
        raise no_target(f"{shown(value)} contradicts the filter of {shown(place.label)}.")
    return _one_primary(held, [*held, element], attribute, place.label)


def _with_sub(item: Json, sub: Attribute, new: Json, place: Place) -> Json:
    if not isinstance(item, dict):
        return item
    changed = with_sub(item, sub, new, place.label)
    if changed is not item and new is None and is_hollow(changed, sub.name, place):
        return None
    return changed or None


def is_hollow(element: Resource, removed: str, place: Place) -> bool:
    """Tolerance emptied_element_dropped: Entra clears an address by removing `emails[type eq "work"].value`.

    What remains then is only the description that once created the element, and it goes too.
    """
    if removed != "value" or place.described is None:
        return False
    return all(name in ("type", "primary") or name in place.described for name in element)


def with_sub(element: Resource, sub: Attribute, new: Json, label: str) -> Resource:
    """The element with one sub-attribute set, or taken away when new is None."""
    old = element.get(sub.name)
    if new == old and type(new) is type(old):
        return element
    if sub.mutability == "immutable" and old is not None:
        raise mutability(f"{label} cannot be changed from {shown(old)} to {shown(new)}.")
    if new is None:
        if sub.required:
            raise mutability(f"{label} is required and cannot be removed.")
        return {key: item for key, item in element.items() if key != sub.name}
    return {**element, sub.name: new}


def _element_changed(item: Json, op: Write, new: Json, place: Place, attribute: Attribute) -> Json:
    """Replace takes the whole record (RFC 7644 section 3.5.2.3) but for what the filter itself says; add completes."""
    if op == "replace":
        replaced = {**(place.described or {}), **new} if isinstance(new, dict) else new
        return item if replaced == item else replaced
    if not isinstance(item, dict) or not isinstance(new, dict):
        return item if new is None else new
    completed = item
    for name, value in new.items():
        sub = attribute.sub(name)
        if sub is not None:
            completed = with_sub(completed, sub, value, f"{place.label}.{name}")
    return completed


def _one_primary(before: list[Json], after: list[Json], attribute: Attribute, label: str) -> list[Json]:
    """A value newly marked as primary takes the mark from the others (RFC 7644 section 3.5.2)."""
    if attribute.sub("primary") is None:
        return after
    marked = [item for item in after if isinstance(item, dict) and item.get("primary") is True]
    if len(marked) < 2:
        return after
    earlier = {id(item) for item in before if isinstance(item, dict) and item.get("primary") is True}
    fresh = [item for item in marked if id(item) not in earlier]
    if len(fresh) != 1:
        raise invalid_value(f"{label} marks {len(fresh) or len(marked)} values as primary; at most one may be.")
    return [
        {**item, "primary": False}
        if isinstance(item, dict) and item.get("primary") is True and item is not fresh[0]
        else item
        for item in after
    ]
