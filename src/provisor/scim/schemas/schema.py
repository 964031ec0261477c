"""What a schema is: attributes with every characteristic, extensions, resource types (RFC 7643 sections 2, 6, 7).

Pure. Holds no schema of its own (see schemas). Names are looked up without regard to case (RFC 7643 section 2.1).
Order: attribute, schema, resource type, then their JSON forms.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, cast, get_args

from provisor.scim.errors import invalid_value, shown
from provisor.scim.values import Json, Resource

AttributeType: TypeAlias = Literal[
    "string", "boolean", "decimal", "integer", "dateTime", "binary", "reference", "complex"
]
Mutability: TypeAlias = Literal["readOnly", "readWrite", "immutable", "writeOnly"]
Returned: TypeAlias = Literal["always", "never", "default", "request"]
Uniqueness: TypeAlias = Literal["none", "server", "global"]

SCHEMA_URN = "urn:ietf:params:scim:schemas:core:2.0:Schema"
RESOURCE_TYPE_URN = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One attribute or sub-attribute with the characteristics of RFC 7643 section 7."""

    name: str
    type: AttributeType = "string"
    multi_valued: bool = False
    description: str = ""
    required: bool = False
    canonical_values: tuple[str, ...] = ()
    case_exact: bool = False
    mutability: Mutability = "readWrite"
    returned: Returned = "default"
    uniqueness: Uniqueness = "none"
    reference_types: tuple[str, ...] = ()
    sub_attributes: tuple["Attribute", ...] = ()
    # A filter compares the GUID its text means, in every spelling of it. Ours alone: no schema document can say so.
    holds_guid: bool = field(default=False, compare=False)
    _subs: dict[str, "Attribute"] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_subs", {sub.name.lower(): sub for sub in self.sub_attributes})

    def __hash__(self) -> int:
        return hash(self.name)  # the generated hash would walk every sub-attribute, and attributes key caches

    def sub(self, name: str) -> "Attribute | None":
        """The sub-attribute of that name in any case, or None."""
        return self._subs.get(name.lower())

    @property
    def writable(self) -> bool:
        return self.mutability != "readOnly"

    @property
    def kept_back(self) -> bool:
        """Whether no answer may return its value, as with a password (RFC 7643 section 7)."""
        return self.returned == "never" or self.mutability == "writeOnly"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Schema:
    """A schema by its URN."""

    id: str
    name: str
    description: str = ""
    attributes: tuple[Attribute, ...] = ()
    _names: dict[str, Attribute] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_names", {attribute.name.lower(): attribute for attribute in self.attributes})

    def __hash__(self) -> int:
        return hash((self.id, len(self.attributes)))

    def __repr__(self) -> str:
        return f"Schema({self.id})"  # all attributes would fill a screen wherever one is shown

    def attribute(self, name: str) -> Attribute | None:
        return self._names.get(name.lower())


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """A schema a resource type may carry in a container named by its URN.

    A hidden extension is accepted and stored but not shown by the discovery endpoints.
    """

    schema: Schema
    required: bool = False
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Located:
    """Where an attribute lives: in the container of an extension (`urn`) or at the top (None).

    `ignored` says that the attribute is a standard one which this resource type knows but does not hold.
    """

    attribute: Attribute
    urn: str | None
    ignored: bool


COMMON_ATTRIBUTES = (
    Attribute(
        name="schemas",
        type="reference",
        multi_valued=True,
        case_exact=True,
        returned="always",
        reference_types=("uri",),
    ),
    Attribute(name="id", case_exact=True, mutability="readOnly", returned="always", uniqueness="server"),
    Attribute(name="externalId", case_exact=True),
    Attribute(
        name="meta",
        type="complex",
        mutability="readOnly",
        sub_attributes=(
            Attribute(name="resourceType", case_exact=True, mutability="readOnly"),
            Attribute(name="created", type="dateTime", mutability="readOnly"),
            Attribute(name="lastModified", type="dateTime", mutability="readOnly"),
            Attribute(
                name="location", type="reference", case_exact=True, mutability="readOnly", reference_types=("uri",)
            ),
            Attribute(name="version", case_exact=True, mutability="readOnly"),
        ),
    ),
)
"""What every resource has without any schema saying so (RFC 7643 section 3.1)."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ResourceType:
    """A kind of resource: its endpoint, its schema, its extensions.

    `ignored` lists standard schemas whose further attributes are accepted and dropped, so that a client which sends
    a title to an application without titles is not refused.
    """

    name: str
    endpoint: str
    schema: Schema
    extensions: tuple[Extension, ...] = ()
    description: str = ""
    ignored: tuple[Schema, ...] = ()
    _top: dict[str, Located] = field(init=False, repr=False, compare=False)
    _containers: dict[str, Schema] = field(init=False, repr=False, compare=False)
    _ignored_containers: dict[str, Schema] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        top: dict[str, Located] = {}
        for schema in self.ignored:
            if schema.id.lower() == self.schema.id.lower():
                top.update((attribute.name.lower(), Located(attribute, None, True)) for attribute in schema.attributes)
        for attribute in (*COMMON_ATTRIBUTES, *self.schema.attributes):
            top[attribute.name.lower()] = Located(attribute, None, False)
        object.__setattr__(self, "_top", top)
        object.__setattr__(
            self, "_containers", {extension.schema.id.lower(): extension.schema for extension in self.extensions}
        )
        object.__setattr__(self, "_ignored_containers", {schema.id.lower(): schema for schema in self.ignored})

    def __hash__(self) -> int:
        return hash((self.name, self.endpoint, len(self.schema.attributes), len(self.extensions)))

    def __repr__(self) -> str:
        return f"ResourceType({self.name}, {self.schema.id})"

    def locate(self, urn: str | None, name: str) -> Located | None:
        """Find an attribute by optional URN and name, both in any case; None when it is unknown."""
        if urn is None:
            return self._top.get(name.lower()) or self._in_extensions(name)
        if urn.lower() == self.schema.id.lower():
            return self._top.get(name.lower())
        schema = self._containers.get(urn.lower())
        if schema is not None and (attribute := schema.attribute(name)) is not None:
            return Located(attribute, schema.id, False)
        schema = self._ignored_containers.get(urn.lower())
        if schema is not None and (attribute := schema.attribute(name)) is not None:
            return Located(attribute, schema.id, True)
        return None

    def _in_extensions(self, name: str) -> Located | None:
        """An extension's attribute without its URN, as Entra writes `manager` (spec/scim-wire.md section 5, row 7)."""
        for schema in self._containers.values():
            if (attribute := schema.attribute(name)) is not None:
                return Located(attribute, schema.id, False)
        for schema in self.ignored:
            if (attribute := schema.attribute(name)) is not None:
                return Located(attribute, schema.id, True)
        return None

    def extension(self, urn: str) -> Schema | None:
        """The extension of that URN in any case, when this resource type holds it."""
        return self._containers.get(urn.lower())

    def requires(self, urn: str) -> bool:
        """Whether a whole extension must be there."""
        return any(extension.required and extension.schema.id == urn for extension in self.extensions)

    def ignores(self, urn: str) -> bool:
        """Whether a whole extension is known but not held."""
        return urn.lower() in self._ignored_containers and urn.lower() not in self._containers

    def ignored_sub(self, name: str, sub: str) -> Attribute | None:
        """A standard sub-attribute of a held attribute that this resource type does not hold."""
        for schema in self.ignored:
            attribute = schema.attribute(name)
            if attribute is not None and (found := attribute.sub(sub)) is not None:
                return found
        return None

    def urns(self) -> Iterator[str]:
        """Every URN a path for this resource type may begin with."""
        yield self.schema.id
        for extension in self.extensions:
            yield extension.schema.id
        for schema in self.ignored:
            yield schema.id

    def attributes(self) -> Iterator[tuple[str | None, Attribute]]:
        """Every attribute held, common ones first, with the URN of its container (None at the top)."""
        for attribute in COMMON_ATTRIBUTES:
            if self.schema.attribute(attribute.name) is None:  # the schema may say more of one
                yield None, attribute
        for attribute in self.schema.attributes:
            yield None, attribute
        for extension in self.extensions:
            for attribute in extension.schema.attributes:
                yield extension.schema.id, attribute

    def to_json(self, base_url: str = "") -> Resource:
        """The document of the ResourceTypes endpoint (RFC 7643 section 6)."""
        document: Resource = {
            "schemas": [RESOURCE_TYPE_URN],
            "id": self.name,
            "name": self.name,
            "endpoint": self.endpoint,
            "description": self.description,
            "schema": self.schema.id,
        }
        visible: list[Json] = [
            {"schema": extension.schema.id, "required": extension.required}
            for extension in self.extensions
            if not extension.hidden
        ]
        if visible:
            document["schemaExtensions"] = visible
        document["meta"] = {"resourceType": "ResourceType", "location": f"{base_url}/ResourceTypes/{self.name}"}
        return document


def schema_to_json(schema: Schema, base_url: str = "") -> Resource:
    """The document of the Schemas endpoint (RFC 7643 section 7)."""
    return {
        "schemas": [SCHEMA_URN],
        "id": schema.id,
        "name": schema.name,
        "description": schema.description,
        "attributes": [attribute_to_json(attribute) for attribute in schema.attributes],
        "meta": {"resourceType": "Schema", "location": f"{base_url}/Schemas/{schema.id}"},
    }


def attribute_to_json(attribute: Attribute) -> Resource:
    """One attribute with the characteristics that apply to its type, in the order of RFC 7643 section 8.7."""
    document: Resource = {
        "name": attribute.name,
        "type": attribute.type,
        "multiValued": attribute.multi_valued,
        "description": attribute.description,
        "required": attribute.required,
    }
    if attribute.type in ("string", "reference", "binary"):
        document["caseExact"] = attribute.case_exact
    document["mutability"] = attribute.mutability
    document["returned"] = attribute.returned
    if attribute.type != "boolean":
        document["uniqueness"] = attribute.uniqueness
    if attribute.canonical_values:
        document["canonicalValues"] = list(attribute.canonical_values)
    if attribute.reference_types:
        document["referenceTypes"] = list(attribute.reference_types)
    if attribute.sub_attributes:
        document["subAttributes"] = [attribute_to_json(sub) for sub in attribute.sub_attributes]
    return document


def schema_from_json(document: Json) -> Schema:
    """Read a schema document; names in any case, absent characteristics as RFC 7643 section 2.2 defaults them.

    Raises ScimError invalidValue naming what is wrong.
    """
    if not isinstance(document, dict):
        raise invalid_value(f"A schema is an object, not {shown(document)}.")
    fields = {key.lower(): value for key, value in document.items()}
    urn = fields.get("id")
    if not isinstance(urn, str) or not urn:
        raise invalid_value(f'A schema needs its URN in "id", not {shown(urn)}.')
    return Schema(
        id=urn,
        name=_text(fields, "name", urn.rpartition(":")[2]),
        description=_text(fields, "description", ""),
        attributes=_attributes(fields.get("attributes"), urn),
    )


def _attributes(value: Json, owner: str) -> tuple[Attribute, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise invalid_value(f"The attributes of {owner} are a list, not {shown(value)}.")
    return tuple(_attribute(item, owner) for item in value)


def _attribute(value: Json, owner: str) -> Attribute:
    if not isinstance(value, dict):
        raise invalid_value(f"An attribute of {owner} is an object, not {shown(value)}.")
    fields = {key.lower(): item for key, item in value.items()}
    name = fields.get("name")
    if not isinstance(name, str) or not name:
        raise invalid_value(f'An attribute of {owner} needs a "name", not {shown(name)}.')
    kind = _choice(fields, "type", "string", get_args(AttributeType))
    return Attribute(
        name=name,
        type=cast(AttributeType, kind),
        multi_valued=fields.get("multivalued") is True,
        description=_text(fields, "description", ""),
        required=fields.get("required") is True,
        canonical_values=_texts(fields.get("canonicalvalues")),
        case_exact=fields.get("caseexact") is True,
        mutability=cast(Mutability, _choice(fields, "mutability", "readWrite", get_args(Mutability))),
        returned=cast(Returned, _choice(fields, "returned", "default", get_args(Returned))),
        uniqueness=cast(Uniqueness, _choice(fields, "uniqueness", "none", get_args(Uniqueness))),
        reference_types=_texts(fields.get("referencetypes")),
        sub_attributes=_attributes(fields.get("subattributes"), f"{owner}:{name}"),
    )


def _choice(fields: Resource, key: str, default: str, allowed: tuple[str, ...]) -> str:
    value = fields.get(key)
    if value is None:
        return default
    for word in allowed:
        if isinstance(value, str) and value.lower() == word.lower():
            return word
    raise invalid_value(f"{key} of attribute {shown(fields.get('name'))} is {shown(value)}, not one of {allowed}.")


def _text(fields: Resource, key: str, default: str) -> str:
    value = fields.get(key)
    return value if isinstance(value, str) else default


def _texts(value: Json) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
