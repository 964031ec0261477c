"""What an application says of its attributes in `/Schemas`, as additions to an attribute list.

Pure. It only adds, never removes and never changes a row (spec/provisioning-service.md section 6.3); what cannot be
listed is told with its reason. Answers are foreign: nothing in them is taken for granted. Order: the value, looking
through documents, one schema, one attribute.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from provisor.rules.attribute_checks import row_problems
from provisor.rules.attributes import (
    SCIM_TYPES,
    AttributeDefinition,
    DefinedMutability,
    custom_name,
    with_attributes,
    written_as_one,
)
from provisor.rules.flow import REFERENCES
from provisor.rules.mapping import ObjectKind
from provisor.rules.ruleset import RuleSet
from provisor.rules.unmappable import NEVER_WRITTEN
from provisor.scim.errors import ScimError
from provisor.scim.schemas.schema import Attribute, Mutability, ResourceType, Schema, schema_from_json
from provisor.scim.values import Json, Resource, fold

MOST = 1_000  # attributes of one application that are looked at
_NAME = re.compile(r"[A-Za-z$][A-Za-z0-9_$-]{0,99}")
_TYPES = {scim: ours for ours, scim in SCIM_TYPES.items()}
_MUTABILITIES: dict[Mutability, DefinedMutability] = {
    "readWrite": "ReadWrite",
    "readOnly": "ReadOnly",
    "immutable": "Immutable",
    "writeOnly": "WriteOnly",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovered:
    """What can be added to the list for a kind of object, and what was left out: names with the reason."""

    kind: ObjectKind
    added: tuple[AttributeDefinition, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()


def discovered(
    documents: Iterable[Resource], ruleset: RuleSet, kind: ObjectKind, application: ResourceType
) -> Discovered:
    """What these schemas add to the list of a kind. `application`: the resource type without any list."""
    listed = ruleset.attributes_of(kind)
    known = with_attributes(application, listed)
    held = {fold(written_as_one(one.name, known)) for one in listed}
    written = {fold(written_as_one(row.target, known)) for row in ruleset.of(kind).mappings}
    added: list[AttributeDefinition] = []
    left_out: list[tuple[str, str]] = []
    for name, found in _attributes(documents, kind, application):
        if len(added) + len(left_out) >= MOST:
            left_out.append(("the rest", f"no more than {MOST:,} attributes are looked at"))
            break
        if isinstance(found, str):
            left_out.append((name, found))
            continue
        alone = with_attributes(application, (found,))
        key = fold(written_as_one(name, alone))
        reason = next((message for message, _ in row_problems(found, kind, application, alone)), None)
        if key in held:
            continue
        held.add(key)
        if reason is not None:
            left_out.append((name, reason.rstrip(".")))
        elif found.required and key not in written:
            added.append(replace(found, required=False))
            left_out.append((name, "it is listed as not required: map it, and say then that it is required"))
        else:
            added.append(found)
    return Discovered(kind=kind, added=tuple(added), left_out=tuple(left_out))


def _attributes(
    documents: Iterable[Resource], kind: ObjectKind, application: ResourceType
) -> Iterator[tuple[str, AttributeDefinition | str]]:
    """Every attribute of the schemas of this kind with its definition, or why it has none."""
    for document in documents:
        urn = _urn(document)
        prefix = _prefix(urn, kind, application)
        if prefix is None:
            continue
        try:
            schema = schema_from_json(document)
        except ScimError as error:
            yield urn, f"its schema cannot be read: {error.detail.rstrip('.')}"
            continue
        yield from _of_schema(schema, prefix)


def _urn(document: Resource) -> str:
    value: Json = next((item for key, item in document.items() if key.lower() == "id"), None)
    return value if isinstance(value, str) else ""


def _prefix(urn: str, kind: ObjectKind, application: ResourceType) -> str | None:
    """What names of a schema's attributes begin with; None when it is none of this kind of object."""
    if fold(urn) == fold(application.schema.id):
        return ""
    held = application.extension(urn)
    if held is not None:
        return f"{held.id}:"
    custom = custom_name(f"{urn}:a")
    return f"{urn}:" if custom is not None and custom.kind == kind else None


def _of_schema(schema: Schema, prefix: str) -> Iterator[tuple[str, AttributeDefinition | str]]:
    for attribute in schema.attributes:
        name = prefix + attribute.name
        if _NAME.fullmatch(attribute.name) is None:
            yield name[:100], "its name cannot be one"
        elif not prefix and attribute.name in NEVER_WRITTEN:
            yield name, "it cannot be mapped"
        elif attribute.name in REFERENCES:
            yield name, AttributeDefinition(name=name, type="Reference", multi_valued=attribute.multi_valued)
        elif attribute.multi_valued and not attribute.writable:
            yield name, "it is read-only"
        elif attribute.multi_valued:
            example = f'{name}[type eq "work"].value'
            yield name, f"it has several values; add the ones you need, as in {example}" if not prefix else _SEVERAL
        elif attribute.type == "complex":
            yield from _parts(name, attribute, prefix)
        else:
            yield name, _defined(name, attribute)


_SEVERAL = "an extension may have attributes of one simple value only"


def _parts(name: str, attribute: Attribute, prefix: str) -> Iterator[tuple[str, AttributeDefinition | str]]:
    if prefix:
        yield name, _SEVERAL
        return
    for sub in attribute.sub_attributes:
        path = f"{name}.{sub.name}"
        if _NAME.fullmatch(sub.name) is None or sub.multi_valued or sub.type == "complex":
            yield path[:200], "it is not one simple value"
        else:
            yield path, _defined(path, sub)


def _defined(name: str, attribute: Attribute) -> AttributeDefinition | str:
    kind = _TYPES.get(attribute.type)
    if kind is None:
        return f"its type {attribute.type} has no counterpart"
    return AttributeDefinition(
        name=name,
        type=kind,
        case_exact=attribute.case_exact,
        required=attribute.required and attribute.writable,
        mutability=_MUTABILITIES[attribute.mutability],
    )
