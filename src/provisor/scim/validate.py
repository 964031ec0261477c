"""What a server makes of a document it was sent, and what a client makes of one it received.

Pure. RFC 7644 sections 3.3 (create) and 3.5.1 (replace), RFC 7643 section 2; tolerances of spec/scim-wire.md section 5,
rows 2, 7, 11, 12, 14 and 15. Each resource type is compiled once into a plan of lookups. Order: accept, replace,
understand.
"""

from dataclasses import dataclass
from functools import lru_cache

from provisor.scim.coercion import Coerce, coercer
from provisor.scim.errors import ScimError, invalid_syntax, invalid_value, mutability, shown
from provisor.scim.schemas.schema import Attribute, ResourceType, Schema
from provisor.scim.values import Json, Resource, is_unassigned

# Canonical name, whether any text is right as it stands, the rule. None where a known attribute is not stored.
_Rule = tuple[str, bool, Coerce] | None


def accept(document: Json, resource_type: ResourceType, *, keep_unknown: bool = False) -> Resource:
    """What is stored of a POST or PUT body: typed, canonical case, no nulls, nothing read-only or unknown.

    `schemas` is made from what the document holds, not from what it claims. With `keep_unknown` undeclared attributes
    stay as sent. Raises ScimError naming attribute and value.
    """
    if not isinstance(document, dict):
        raise invalid_syntax(f"A {resource_type.name} is a JSON object, not {shown(document)}.")
    plan = _plan(resource_type, False)
    result: Resource = {"schemas": list(plan.core_schemas)}
    loose: list[tuple[_ExtensionPlan, str, Json]] = []
    top = plan.top
    for key, value in document.items():
        if key in top:
            rule = top[key]
        elif (lowered := key.lower()) in plan.in_any_case:  # tolerance names_in_any_case
            rule = plan.in_any_case[lowered]
        elif lowered in plan.extensions:
            _accept_extension(result, value, plan.extensions[lowered], keep_unknown)
            continue
        elif lowered in plan.references:  # tolerance manager_in_any_form: named without its extension
            loose.append((*plan.references[lowered], value))
            continue
        else:
            if lowered == resource_type.schema.id.lower() and isinstance(value, dict):  # never accepted without effect
                raise invalid_value(f"The attributes of {shown(key)} belong in the {resource_type.name} itself.")
            # Tolerance unknown_attribute_ignored: RFC 7644 section 3.3 lets a server ignore what it does not know.
            if keep_unknown and not resource_type.ignores(key):
                result[key] = value
            continue
        if rule is None:
            continue
        name, plain, coerce = rule
        if plain and type(value) is str:
            result[name] = value
        elif (coerced := coerce(value)) is not None:  # tolerance null_is_absent
            result[name] = coerced
    for extension, name, value in loose:
        _accept_loose(result, extension, name, value)
    for name in plan.required:
        _require(name, result, resource_type)
    return result


def replace(before: Resource, document: Json, resource_type: ResourceType) -> Resource:
    """What a PUT makes of a stored resource: the accepted document with the read-only attributes of before.

    Raises ScimError mutability when an immutable attribute would change (RFC 7644 section 3.5.1).
    """
    after = accept(document, resource_type)
    for urn, attribute in resource_type.attributes():
        old, new = _held(before, urn, attribute.name), _held(after, urn, attribute.name)
        if attribute.mutability == "readOnly" and urn is None and old is not None:
            after[attribute.name] = old
        elif attribute.mutability == "immutable" and not is_unassigned(old):
            if new is not None and new != old:
                raise mutability(f"{attribute.name} cannot be changed from {shown(old)} to {shown(new)}.")
            _restore(after, urn, attribute.name, old)
    return after


def understand(document: Resource, resource_type: ResourceType) -> Resource:
    """A server's answer as we can read it: canonical case and types where they fit, everything else as it came.

    Never raises: what a foreign server stores is its own business, and an odd value must stay visible as a difference.
    """
    plan = _plan(resource_type, True)
    result: Resource = {}
    for key, value in document.items():
        lowered = key.lower()
        extension = plan.extensions.get(lowered)
        if extension is not None and isinstance(value, dict):
            inner: Resource = {}
            for name, item in value.items():
                _understood(inner, name, item, extension.in_any_case)
            if inner:
                result[extension.urn] = inner
        else:
            _understood(result, key, value, plan.in_any_case)
    return result


def schemas_of(resource: Resource, resource_type: ResourceType) -> list[Json]:
    """The URNs to list in `schemas`: the core one and every declared extension present (RFC 7643 section 3)."""
    present: list[Json] = [resource_type.schema.id]
    present.extend(
        extension.schema.id
        for extension in resource_type.extensions
        if not extension.hidden and extension.schema.id in resource
    )
    return present


@dataclass(frozen=True, slots=True, kw_only=True)
class _ExtensionPlan:
    urn: str
    listed: bool
    in_any_case: dict[str, _Rule]
    required: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    core_schemas: tuple[str, ...]
    top: dict[str, _Rule]
    in_any_case: dict[str, _Rule]
    extensions: dict[str, _ExtensionPlan]
    references: dict[str, tuple[_ExtensionPlan, str]]  # of extensions, known without their URN too
    required: tuple[str, ...]


@lru_cache(maxsize=128)
def _plan(resource_type: ResourceType, keep_read_only: bool) -> _Plan:
    top: dict[str, _Rule] = {}
    for schema in resource_type.ignored:
        if schema.id == resource_type.schema.id:
            top.update((attribute.name, None) for attribute in schema.attributes)
    required: list[str] = []
    for urn, attribute in resource_type.attributes():
        if urn is None:
            top[attribute.name] = _rule(attribute, attribute.name, keep_read_only)
            if attribute.required and attribute.writable:
                required.append(attribute.name)
    if not keep_read_only:
        top["schemas"] = None  # derived from the content
    required.extend(extension.schema.id for extension in resource_type.extensions if extension.required)
    extensions = {
        extension.schema.id.lower(): _extension_plan(extension.schema, not extension.hidden, keep_read_only)
        for extension in resource_type.extensions
    }
    return _Plan(
        core_schemas=(resource_type.schema.id,),
        top=top,
        in_any_case={name.lower(): rule for name, rule in top.items()},
        extensions=extensions,
        references={
            attribute.name.lower(): (extensions[extension.schema.id.lower()], attribute.name)
            for extension in resource_type.extensions
            for attribute in extension.schema.attributes
            if attribute.type == "complex" and not attribute.multi_valued and attribute.sub("value") is not None
        },
        required=tuple(required),
    )


def _extension_plan(schema: Schema, listed: bool, keep_read_only: bool) -> _ExtensionPlan:
    return _ExtensionPlan(
        urn=schema.id,
        listed=listed,
        in_any_case={
            attribute.name.lower(): _rule(attribute, f"{schema.id}:{attribute.name}", keep_read_only)
            for attribute in schema.attributes
        },
        required=tuple(attribute.name for attribute in schema.attributes if attribute.required and attribute.writable),
    )


def _rule(attribute: Attribute, label: str, keep_read_only: bool) -> _Rule:
    if not keep_read_only and not attribute.writable:
        return None  # tolerance read_only_ignored: Entra sends `meta`
    plain = attribute.type in ("string", "reference") and not attribute.multi_valued
    return attribute.name, plain, coercer(attribute, label, keep_read_only)


def _accept_extension(result: Resource, value: Json, plan: _ExtensionPlan, keep_unknown: bool) -> None:
    """Tolerance extension_without_schema: the container counts, whether or not `schemas` lists its URN."""
    if value is None:
        return
    if not isinstance(value, dict):
        raise invalid_value(f"{plan.urn} is an object of attributes, not {shown(value)}.")
    inner: Resource = {}
    for key, item in value.items():
        rule = plan.in_any_case.get(key.lower())
        if rule is not None:
            if (coerced := rule[2](item)) is not None:
                inner[rule[0]] = coerced
        elif keep_unknown and key.lower() not in plan.in_any_case:
            inner[key] = item
    if not inner:
        return
    for name in plan.required:
        if name not in inner:
            raise invalid_value(f"{plan.urn}:{name} is required and was not given.")
    result[plan.urn] = inner
    listed = result["schemas"]
    if plan.listed and isinstance(listed, list) and plan.urn not in listed:
        listed.append(plan.urn)


def _accept_loose(result: Resource, plan: _ExtensionPlan, name: str, value: Json) -> None:
    """An extension's attribute that stood at the top; what stands in the extension itself goes before."""
    held = result.get(plan.urn)
    if not isinstance(held, dict) or name not in held:
        _accept_extension(result, {**held, name: value} if isinstance(held, dict) else {name: value}, plan, False)


def _require(name: str, result: Resource, resource_type: ResourceType) -> None:
    if name not in result:
        raise invalid_value(f"{name} is required for a {resource_type.name} and was not given.")
    if is_blank(result[name]):
        raise invalid_value(
            f"{name} is required for a {resource_type.name} and must not be blank, as {shown(result[name])} is."
        )


def is_blank(value: Json) -> bool:
    """Whether a text says nothing, which a required one must."""
    return isinstance(value, str) and not value.strip()


def _held(document: Resource, urn: str | None, name: str) -> Json:
    container = document if urn is None else document.get(urn)
    return container.get(name) if isinstance(container, dict) else None


def _restore(document: Resource, urn: str | None, name: str, value: Json) -> None:
    container: Json = document if urn is None else document.setdefault(urn, {})
    if isinstance(container, dict):
        container[name] = value


def _understood(result: Resource, key: str, value: Json, rules: dict[str, _Rule]) -> None:
    rule = rules.get(key.lower())
    if rule is None:
        if value is not None:
            result[key] = value
        return
    try:
        coerced = rule[2](value)
    except ScimError:
        coerced = value
    if coerced is not None:
        result[rule[0]] = coerced
