"""Applying operations to a resource (RFC 7644 section 3.5.2, spec/scim-wire.md sections 5 and 9).

Pure. A resource is a value: `apply` builds a new one that shares what did not change, so a failing operation leaves
nothing half done. Changes to lists are in elements. Order: apply, one target, single values, path-less values.
"""

from collections.abc import Callable, Iterable

from provisor.scim.coercion import coercer
from provisor.scim.errors import invalid_value, mutability, no_target, shown
from provisor.scim.patch import elements
from provisor.scim.patch.elements import Op
from provisor.scim.patch.operations import Operation
from provisor.scim.path import Place, resolve
from provisor.scim.schemas.schema import Attribute, ResourceType, Schema
from provisor.scim.validate import is_blank, schemas_of
from provisor.scim.values import Json, Resource, is_unassigned

# Tolerance read_only_ignored: full representations are sent as path-less values too.
_NOT_MERGED = frozenset(("schemas", "meta", "id"))
_CHECK_EVERY = 20  # operations


def apply(
    resource: Resource,
    operations: Iterable[Operation],
    resource_type: ResourceType,
    check: Callable[[Resource], None] | None = None,
) -> Resource:
    """The resource after all operations, in their order; the same object when nothing effectively changed.

    The input is never changed. Expects canonical case, as `accept` makes it. `schemas` follows the extensions present.
    `check` sees the intermediate result now and then, so that one that grows too long is noticed early. Raises
    ScimError, and then nothing has happened.
    """
    result = resource
    for number, operation in enumerate(operations):
        if check is not None and number % _CHECK_EVERY == _CHECK_EVERY - 1:
            check(result)
        if operation.path is None:
            result = _merge(result, operation, resource_type)
        else:
            result = _at(result, operation.op, resolve(operation.path, resource_type), operation.value, resource_type)
    if result is resource:
        return resource
    for extension in resource_type.extensions:
        _check_extension(result.get(extension.schema.id), resource.get(extension.schema.id), extension.schema)
    if resource_type.extensions and "schemas" in result:
        listed = schemas_of(result, resource_type)
        if listed != result["schemas"]:
            result = {**result, "schemas": listed}
    return resource if result == resource else result


def _at(resource: Resource, op: Op, place: Place, value: Json, resource_type: ResourceType) -> Resource:
    if place.ignored:
        return resource
    attribute, urn = place.attribute, place.urn
    if attribute is None:
        return _whole_extension(resource, op, urn or "", value, resource_type)
    if urn is None:
        return _changed(resource, op, place, attribute, value)
    container = resource.get(urn)
    before: Resource = container if isinstance(container, dict) else {}
    after = _changed(before, op, place, attribute, value)
    if after is before:
        return resource
    if after:
        return {**resource, urn: after}
    return {key: item for key, item in resource.items() if key != urn}


def _check_extension(new: Json, old: Json, schema: Schema) -> None:
    """Checked on the result: one operation may add what another one lacks."""
    if new is old or not isinstance(new, dict):
        return
    for attribute in schema.attributes:
        if attribute.required and attribute.writable and not attribute.kept_back and attribute.name not in new:
            raise invalid_value(f"{schema.id}:{attribute.name} is required and was not given.")


def _whole_extension(resource: Resource, op: Op, urn: str, value: Json, resource_type: ResourceType) -> Resource:
    if op == "remove" or (op == "replace" and value is None):
        if resource_type.requires(urn):
            raise mutability(f"{urn} is required for a {resource_type.name} and cannot be removed.")
        _check_removable(resource.get(urn), resource_type.extension(urn))
        return {key: item for key, item in resource.items() if key != urn} if urn in resource else resource
    if not isinstance(value, dict):
        raise invalid_value(f"{urn} is an object of attributes, not {shown(value)}.")
    for name, item in value.items():
        if name.lower() not in _NOT_MERGED:  # clients that send a whole model put its own `schemas` in here too
            resource = _at(resource, op, resolve(f"{urn}:{name}", resource_type), item, resource_type)
    return resource


def _check_removable(container: Json, schema: Schema | None) -> None:
    if schema is None or not isinstance(container, dict):
        return
    for attribute in schema.attributes:
        if attribute.mutability == "immutable" and attribute.name in container:
            raise mutability(f"{attribute.name} cannot be changed from {shown(container[attribute.name])}; it stays.")


def _changed(container: Resource, op: Op, place: Place, attribute: Attribute, value: Json) -> Resource:
    """The container with one attribute changed; the same object when it stays as it is."""
    name = attribute.name
    if attribute.mutability == "readOnly" or (place.sub is not None and place.sub.mutability == "readOnly"):
        raise mutability(f"{place.label} is read-only and cannot be set by a client.")
    old = container.get(name)
    new = _new_value(old, op, place, attribute, value)
    if new is old or new == old:
        return container
    if attribute.mutability == "immutable" and old is not None:
        raise mutability(f"{name} cannot be changed from {shown(old)} to {shown(new)}.")
    if attribute.required:
        _check_required(place.label, new)
    if new is None:
        return {key: item for key, item in container.items() if key != name}
    return {**container, name: new}


def _check_required(label: str, new: Json) -> None:
    """Checked for each operation, not on the result: RFC 7644 section 3.5.2.2 refuses the one that unassigns."""
    if new is None:
        raise mutability(f"{label} is required and cannot be removed.")
    if is_blank(new):
        raise invalid_value(f"{label} is required and must not be blank, as {shown(new)} is.")


def _new_value(old: Json, op: Op, place: Place, attribute: Attribute, value: Json) -> Json:
    if attribute.multi_valued:
        if place.sub is None and op != "remove":
            _check_known(place.label, attribute, value)
        held = old if isinstance(old, list) else []
        if place.chosen is not None or place.sub is not None:
            changed = elements.change_chosen(held, op, place, attribute, value)
        else:
            changed = elements.change_all(held, op, attribute, place.label, value)
        return old if changed is held else changed or None
    if place.sub is not None:
        return _sub_changed(old, op, place, place.sub, value)
    if op == "remove":
        return None
    if attribute.type == "complex":
        return _complex_merged(old, op, place.label, attribute, _meant(attribute, value))
    new = coercer(attribute, place.label)(value)
    if new is None and op == "add":
        return old  # RFC 7644 section 3.5.2.1: adding nothing adds nothing
    return new


def _meant(attribute: Attribute, value: Json) -> Json:
    """What every spelling of a complex value says: an object, or None for none.

    Before the operation is looked at, so that all spellings have one outcome. Tolerances manager_in_any_form and
    single_element_array_unwrapped.
    """
    if isinstance(value, list) and len(value) == 1 and not isinstance(value[0], list):
        value = value[0]
    if is_unassigned(value):
        return None
    return value if isinstance(value, dict | list) or attribute.sub("value") is None else {"value": value}


def _check_known(label: str, attribute: Attribute, value: Json) -> None:
    """Refuse an object with nothing we know: it would be answered 200 without effect, or clear a list.

    RFC 7644 sections 3.5.2.1 and 3.5.2.3: for a complex attribute its sub-attributes are given.
    """
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict) and item and not any(attribute.sub(name) for name in item):
            names = ", ".join(sub.name for sub in attribute.sub_attributes)
            raise invalid_value(f"{label} has the sub-attributes {names}, and {shown(item)} has none of them.")


def _complex_merged(old: Json, op: Op, label: str, attribute: Attribute, value: Json) -> Json:
    """Sub-attributes given replace, null ones go, others stay (RFC 7644 section 3.5.2.3)."""
    new = coercer(attribute, label)(value)
    refers = attribute.sub("value") is not None
    if not isinstance(value, dict):
        return old if op == "add" and not refers else None  # tolerance empty_manager_removes, by any operation
    _check_known(label, attribute, value)
    if refers and any(name.lower() == "value" for name in value) and not (isinstance(new, dict) and "value" in new):
        return None  # as above
    merged: Resource = dict(old) if isinstance(old, dict) else {}
    if op == "replace":
        for key, item in value.items():
            sub = attribute.sub(key)
            if sub is not None and sub.writable and (item is None or item == []):
                merged.pop(sub.name, None)
    if isinstance(new, dict):
        merged.update(new)
    return merged or None


def _sub_changed(old: Json, op: Op, place: Place, sub: Attribute, value: Json) -> Json:
    held = old if isinstance(old, dict) else {}
    new = None if op == "remove" else coercer(sub, place.label)(value)
    if new is None and op == "add" and sub.name != "value":
        return old
    changed = elements.with_sub(held, sub, new, place.label)
    if sub.name == "value" and (new == "" or (new is None and op != "remove")):
        return None  # tolerance empty_manager_removes, said through `manager.value`
    return old if changed is held else changed or None


def _merge(resource: Resource, operation: Operation, resource_type: ResourceType) -> Resource:
    """An operation without a path: its value is a set of attributes.

    Tolerance dotted_keys_without_path: keys may be paths, `name.givenName` and `urn:…:User:department`.
    """
    if operation.op == "remove":
        raise no_target("remove needs a path that says what to remove.")
    if not isinstance(operation.value, dict):
        raise invalid_value(f"Without a path the value must be an object of attributes, not {shown(operation.value)}.")
    for key, value in operation.value.items():
        if key.lower() not in _NOT_MERGED:
            resource = _at(resource, operation.op, resolve(key, resource_type), value, resource_type)
    return resource
