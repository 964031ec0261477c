"""The attribute list of an application: what an administrator says about its attributes, and the schema that follows.

Pure. A definition refines an attribute that the application's schema has, or adds a custom SCIM attribute in an
extension (spec/provisioning-service.md section 6.3, spec/graph-synchronization-api.md section 5). What the list leaves
out is as the schema has it. Order: a definition, names, the schema that follows.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias, get_args

from provisor.rules.mapping import ObjectKind
from provisor.scim.errors import ScimError
from provisor.scim.path import Place, resolve
from provisor.scim.schemas.schema import Attribute, AttributeType, Extension, Mutability, ResourceType, Schema
from provisor.scim.values import Json, fold

DefinedType: TypeAlias = Literal["String", "Boolean", "Integer", "DateTime", "Reference", "Binary"]
DefinedMutability: TypeAlias = Literal["ReadWrite", "ReadOnly", "Immutable", "WriteOnly"]

TYPES: tuple[DefinedType, ...] = get_args(DefinedType)
MUTABILITIES: tuple[DefinedMutability, ...] = get_args(DefinedMutability)
SCIM_TYPES: Mapping[DefinedType, AttributeType] = {
    "String": "string",
    "Boolean": "boolean",
    "Integer": "integer",
    "DateTime": "dateTime",
    "Reference": "reference",
    "Binary": "binary",
}
_MUTABILITIES: Mapping[DefinedMutability, Mutability] = {
    "ReadWrite": "readWrite",
    "ReadOnly": "readOnly",
    "Immutable": "immutable",
    "WriteOnly": "writeOnly",
}
ENDINGS: Mapping[ObjectKind, str] = {"user": "User", "group": "Group"}
PATTERN = "urn:ietf:params:scim:schemas:extension:<Name>:2.0:{kind}:<attribute>"
_CUSTOM = re.compile(
    r"(urn:ietf:params:scim:schemas:extension:[A-Za-z0-9_.-]{1,100}:2\.0:(User|Group)):([A-Za-z][A-Za-z0-9_-]{0,99})",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeDefinition:
    """One row of the list. `default` is sent when an account is created and nothing else has given a value.

    `references` are the objects that the attribute may lead to. `flow_null`: mappings of it take the value away when
    their source is null. `extra` is the JSON object it was read from, so that what we do not know survives.
    """

    name: str
    type: DefinedType = "String"
    anchor: bool = False
    case_exact: bool = False
    required: bool = False
    multi_valued: bool = False
    mutability: DefinedMutability = "ReadWrite"
    default: str | None = None
    flow_null: bool = False
    references: tuple[str, ...] = ()
    api_expressions: tuple[tuple[str, str], ...] = ()
    extra: Mapping[str, Json] = field(default_factory=dict, compare=False)


class CustomName(NamedTuple):
    """The parts of a custom SCIM attribute's name."""

    urn: str
    kind: ObjectKind
    attribute: str


def custom_name(name: str) -> CustomName | None:
    """The parts of a name that has the form of a custom SCIM attribute; None for every other name."""
    found = _CUSTOM.fullmatch(name)
    if found is None:
        return None
    return CustomName(found[1], "user" if found[2].lower() == "user" else "group", found[3])


def place_of(name: str, resource_type: ResourceType) -> Place | str:
    """Where an attribute is, or why there is no such place that can be written."""
    try:
        place = resolve(name, resource_type)
    except ScimError as error:
        return error.detail
    if place.attribute is None:
        return f"{name} is a whole extension; a row writes one of its attributes."
    if place.ignored:
        return f"{name} is an attribute that the application does not hold."
    return place


def written_as_one(name: str, resource_type: ResourceType) -> str:
    """One name for a place that has several: with and without its URN, in any case."""
    place = place_of(name, resource_type)
    if isinstance(place, str):
        return fold(name)
    if not place.described or place.attribute is None:
        return place.label
    chosen = " and ".join(f"{sub} eq {_folded(place.attribute, sub, value)}" for sub, value in place.described.items())
    around = place.label.partition("[")[0]
    return f"{around}[{chosen}]" + ("" if place.sub is None else f".{place.sub.name}")


def _folded(attribute: Attribute, name: str, value: Json) -> str:
    """The value of a filter; a type in another case is the same type."""
    sub = attribute.sub(name)
    if isinstance(value, str):
        return f'"{value if sub is not None and sub.case_exact else fold(value)}"'
    return str(value).lower()


def definition_of(
    name: str, definitions: Sequence[AttributeDefinition], resource_type: ResourceType
) -> AttributeDefinition | None:
    """The row of the list that is about this attribute."""
    wanted = written_as_one(name, resource_type)
    return next((one for one in definitions if written_as_one(one.name, resource_type) == wanted), None)


def list_part(name: str, resource_type: ResourceType) -> str | None:
    """The part of a list that a name with a filter is about, which all elements share; None for other names."""
    place = place_of(name, resource_type)
    if isinstance(place, str) or place.attribute is None or place.chosen is None:
        return None
    return f"{place.urn}:{place.attribute.name}.{place.sub.name if place.sub else ''}"


def leaf(place: Place) -> Attribute | None:
    """The attribute or sub-attribute whose value is written at a place."""
    return place.sub or place.attribute


def known_to(name: str, resource_type: ResourceType) -> bool:
    """Whether the application's own schema has the attribute."""
    return not isinstance(place_of(name, resource_type), str)


@lru_cache(maxsize=64)
def with_attributes(resource_type: ResourceType, definitions: tuple[AttributeDefinition, ...]) -> ResourceType:
    """The resource type as the list has it; the very same one where the list says nothing else.

    What `attribute_problems` would name is left out. Kept, so that equal lists give one and the same type.
    """
    found = resource_type
    for definition in definitions:
        if known_to(definition.name, found):
            found = _refined(found, definition)
        else:
            found = _extended(found, definition)
    return found


def _refined(resource_type: ResourceType, definition: AttributeDefinition) -> ResourceType:
    place = resolve(definition.name, resource_type)
    attribute = leaf(place)
    if attribute is None or place.attribute is None or definition.anchor:
        return resource_type
    changed = _as_defined(attribute, definition, whole=place.chosen is None)
    if changed == attribute:
        return resource_type
    if place.sub is not None:
        others = tuple(changed if sub is attribute else sub for sub in place.attribute.sub_attributes)
        changed = replace(place.attribute, sub_attributes=others)
    return _with(resource_type, place.urn, changed)


def _as_defined(attribute: Attribute, definition: AttributeDefinition, *, whole: bool) -> Attribute:
    """`whole`: it is about all values of the attribute, and not only about those that a filter chooses."""
    if attribute.type == "complex":
        return attribute
    return replace(
        attribute,
        type=SCIM_TYPES[definition.type],
        case_exact=definition.case_exact,
        required=attribute.required or (whole and definition.required),
        mutability=_MUTABILITIES[definition.mutability],
        returned="never" if definition.mutability == "WriteOnly" else attribute.returned,
    )


def _with(resource_type: ResourceType, urn: str | None, changed: Attribute) -> ResourceType:
    """The resource type with another attribute of that name in that container."""

    def changed_in(schema: Schema) -> Schema:
        held = schema.attribute(changed.name)
        if held is None:  # common to all resources, such as externalId
            return replace(schema, attributes=(*schema.attributes, changed))
        return replace(schema, attributes=tuple(changed if one is held else one for one in schema.attributes))

    if urn is None:
        return replace(resource_type, schema=changed_in(resource_type.schema))
    extensions = tuple(
        replace(one, schema=changed_in(one.schema)) if fold(one.schema.id) == fold(urn) else one
        for one in resource_type.extensions
    )
    return replace(resource_type, extensions=extensions)


def _extended(resource_type: ResourceType, definition: AttributeDefinition) -> ResourceType:
    custom = custom_name(definition.name)
    if custom is None or definition.multi_valued:
        return resource_type
    if resource_type.ignores(custom.urn) or fold(custom.kind) != fold(resource_type.name):
        return resource_type
    attribute = _as_defined(Attribute(name=custom.attribute), definition, whole=True)
    held = resource_type.extension(custom.urn)
    if held is not None:
        return _with(resource_type, held.id, attribute)
    schema = Schema(id=custom.urn, name=custom.urn.split(":")[6], attributes=(attribute,))
    return replace(resource_type, extensions=(*resource_type.extensions, Extension(schema=schema)))
