"""From two documents to the operations that turn one into the other: `apply(derive(a, b), a)` equals b.

Pure. One operation per attribute or sub-attribute, addressed as Entra does (spec/scim-wire.md section 3): `add` where
nothing was, `replace` where something else was, `remove` to clear. The order of a list's elements has no meaning and is
not sent (RFC 7643 section 2.4). Order: derive, single values, typed elements, elements by value.
"""

import json
from collections.abc import Callable, Iterator
from functools import lru_cache

from provisor.scim.patch.elements import same_elements
from provisor.scim.patch.operations import Operation
from provisor.scim.schemas.schema import Attribute, ResourceType
from provisor.scim.values import Json, Resource, fold, is_unassigned

_Elements = dict[str, Resource]


def derive(before: Resource, after: Resource, resource_type: ResourceType) -> tuple[Operation, ...]:
    """What to send so that a resource that holds `before` holds `after`; empty when they are the same.

    Both in canonical case. Read-only attributes, `schemas` and attributes of no schema are not compared. What `after`
    lacks is removed: a caller that manages only some attributes cuts `before` down to those.
    """
    operations: list[Operation] = []
    for urn, attribute, path in _writable(resource_type):
        old, new = before, after
        if urn is not None:
            old, new = _container(before, urn), _container(after, urn)
        held, wanted = old.get(attribute.name), new.get(attribute.name)
        if held is not wanted and held != wanted:
            operations.extend(_attribute(path, attribute, held, wanted))
    # A value that becomes primary takes the mark from others; sent last, there is no other left to take it from.
    late = [operation for operation in operations if _marks_primary(operation)]
    if late:
        operations = [operation for operation in operations if not _marks_primary(operation)] + late
    return tuple(operations)


@lru_cache(maxsize=64)
def _writable(resource_type: ResourceType) -> tuple[tuple[str | None, Attribute, str], ...]:
    return tuple(
        (urn, attribute, attribute.name if urn is None else f"{urn}:{attribute.name}")
        for urn, attribute in resource_type.attributes()
        if attribute.writable and (urn is not None or attribute.name != "schemas")
    )


def _container(document: Resource, urn: str) -> Resource:
    container = document.get(urn)
    return container if isinstance(container, dict) else {}


def _marks_primary(operation: Operation) -> bool:
    return operation.value is True and operation.path is not None and operation.path.endswith("].primary")


def _attribute(path: str, attribute: Attribute, old: Json, new: Json) -> Iterator[Operation]:
    if attribute.multi_valued:
        yield from _list(path, attribute, _as_list(old), _as_list(new))
    elif attribute.type == "complex":
        yield from _complex(path, attribute, _writable_part(old, attribute), _writable_part(new, attribute))
    else:
        yield from _change(path, old, new)


def _change(path: str, old: Json, new: Json) -> Iterator[Operation]:
    """One value: nothing, add, replace or remove."""
    if is_unassigned(new):
        if not is_unassigned(old):
            yield Operation(op="remove", path=path)
    elif is_unassigned(old):
        yield Operation(op="add", path=path, value=new)
    elif old != new:
        yield Operation(op="replace", path=path, value=new)


def _complex(path: str, attribute: Attribute, old: Resource, new: Resource) -> Iterator[Operation]:
    if not new:
        yield from _change(path, old, None)
        return
    value = new.get("value")
    if attribute.sub("value") is not None and value is not None and value != old.get("value"):
        # A reference such as manager is sent as one object (spec/scim-wire.md section 10.1, tests 9 and 10).
        yield Operation(op="replace" if old else "add", path=path, value=new)
        old = {**old, **new}
    for sub in attribute.sub_attributes:
        if sub.writable:
            yield from _change(f"{path}.{sub.name}", old.get(sub.name), new.get(sub.name))


def _list(path: str, attribute: Attribute, old: list[Json], new: list[Json]) -> Iterator[Operation]:
    if same_elements(old, new):
        return
    if attribute.type == "complex" and new:
        operations = _by_element(path, attribute, old, new)
        if operations is not None:
            yield from operations
            return
    yield from _change(path, old, new)


def _by_element(path: str, attribute: Attribute, old: list[Json], new: list[Json]) -> list[Operation] | None:
    """Operations that address single elements; None when the elements cannot be told apart by type or by value."""
    value = attribute.sub("value")
    # References such as members are never changed in place, whatever their type says.
    refers = value is not None and value.mutability == "immutable"
    if not refers:
        old_types, new_types = _keyed(old, attribute, "type"), _keyed(new, attribute, "type")
        if old_types is not None and new_types is not None:
            return _typed(path, attribute, old_types, new_types)
    old_values, new_values = _keyed(old, attribute, "value"), _keyed(new, attribute, "value")
    if old_values is not None and new_values is not None:
        return _valued(path, attribute, old_values, new_values)
    return None


def _keyed(items: list[Json], attribute: Attribute, name: str) -> _Elements | None:
    """The elements by one sub-attribute, as a filter would find them; None when it does not tell them apart."""
    sub = attribute.sub(name)
    if sub is None or not sub.writable:
        return None
    spelled: Callable[[str], str] = str if sub.case_exact else fold
    keyed: _Elements = {}
    for item in items:
        key = item.get(sub.name) if isinstance(item, dict) else None
        if not isinstance(key, str) or (folded := spelled(key)) in keyed:
            return None
        keyed[folded] = _writable_part(item, attribute)
    return keyed


def _typed(path: str, attribute: Attribute, old: _Elements, new: _Elements) -> list[Operation] | None:
    operations = [
        Operation(op="remove", path=_chosen(path, "type", item)) for key, item in old.items() if key not in new
    ]
    for key, item in new.items():
        held = old.get(key, {"type": item["type"]})
        if item == held and key in old:
            continue
        if held["type"] != item["type"] or not _expressible(attribute, held, item, is_new=key not in old):
            return None
        operations.extend(_sub_changes(_chosen(path, "type", item), attribute, held, item))
    return operations


def _expressible(attribute: Attribute, held: Resource, wanted: Resource, *, is_new: bool) -> bool:
    """Whether changing sub-attributes one by one gets there."""
    if is_new and len(wanted) == 1:
        return False  # nothing but its type: no sub-attribute to write
    if "value" in held and not wanted.keys() - {"type", "primary"}:
        return False  # taking the value away would drop the element (tolerance emptied_element_dropped)
    return not _changes_immutable(attribute, held, wanted)


def _changes_immutable(attribute: Attribute, held: Resource, wanted: Resource) -> bool:
    return any(
        sub.mutability == "immutable" and sub.name in held and held[sub.name] != wanted.get(sub.name)
        for sub in attribute.sub_attributes
    )


def _sub_changes(chosen: str, attribute: Attribute, held: Resource, wanted: Resource) -> Iterator[Operation]:
    for sub in attribute.sub_attributes:
        if sub.writable:
            yield from _change(f"{chosen}.{sub.name}", held.get(sub.name), wanted.get(sub.name))


def _valued(path: str, attribute: Attribute, old: _Elements, new: _Elements) -> list[Operation] | None:
    removed: list[Operation] = []
    changed: list[Operation] = []
    added: list[Json] = [item for key, item in new.items() if key not in old]
    for key, item in old.items():
        wanted = new.get(key)
        if wanted == item:
            continue
        if wanted is None or _changes_immutable(attribute, item, wanted):
            removed.append(Operation(op="remove", path=_chosen(path, "value", item)))
            if wanted is not None:
                added.append(wanted)
        elif wanted["value"] != item["value"]:
            return None
        else:
            changed.extend(_sub_changes(_chosen(path, "value", item), attribute, item, wanted))
    additions = [Operation(op="add", path=path, value=added)] if added else []
    return removed + changed + additions


def _chosen(path: str, name: str, item: Resource) -> str:
    return f"{path}[{name} eq {json.dumps(item[name], ensure_ascii=False)}]"


def _as_list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _writable_part(value: Json, attribute: Attribute) -> Resource:
    """The sub-attributes of an object that a client may write and that hold something."""
    if not isinstance(value, dict):
        return {}
    return {
        name: item
        for name, item in value.items()
        if not is_unassigned(item) and (sub := attribute.sub(name)) is not None and sub.writable
    }
