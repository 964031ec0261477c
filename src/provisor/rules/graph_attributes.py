"""The attribute lists of a synchronizationSchema: found under `directories`, read, and written back.

Pure. The list for a kind of object is in the directory and the object that its object mapping names as target
(spec/graph-synchronization-api.md section 5). Order: reading, writing, finding.
"""

from collections.abc import Iterable, Mapping, Sequence

from provisor.rules.attributes import (
    MUTABILITIES,
    TYPES,
    AttributeDefinition,
    DefinedMutability,
    DefinedType,
)
from provisor.rules.graph_reader import GraphReader, text
from provisor.rules.mapping import ObjectKind
from provisor.scim.values import Json, Resource, fold

KEYS = ("anchor", "apiExpressions", "caseExact", "defaultValue", "flowNullValues", "metadata", "multivalued",
        "mutability", "name", "referencedObjects", "required", "type")  # fmt: skip
_TYPES: Mapping[str, DefinedType] = {word.lower(): word for word in TYPES}
_MUTABILITIES: Mapping[str, DefinedMutability] = {word.lower(): word for word in MUTABILITIES}


def read_attributes(
    reader: GraphReader, document: Resource, rule: Resource, mapping: Resource, kind: ObjectKind
) -> tuple[AttributeDefinition, ...]:
    """The list for one object mapping; empty where the document has none."""
    where = f"Attributes of {kind}s"
    directories = reader.items(document, "directories", "Schema")
    named = rule.get("targetDirectoryName")
    if directories and named is not None and _directory(document, rule, mapping) is None:
        found = ", ".join(text(one.get("name")) for one in directories)
        message = f'The rule leads to the directory "{text(named)}", which is not among the directories {found}.'
        reader.refuse("Schema", message, "Correct targetDirectoryName, or add the directory with its attributes.")
    held = _object(document, rule, mapping)
    if held is None:
        return ()
    found_rows = [
        _definition(reader, raw, f"{where}, number {number}")
        for number, raw in enumerate(reader.items(held, "attributes", where), 1)
    ]
    return tuple(one for one in found_rows if one is not None)


def _definition(reader: GraphReader, raw: Resource, where: str) -> AttributeDefinition | None:
    name = raw.get("name")
    if not isinstance(name, str) or not name:
        reader.refuse(where, "It has no name.", "Name the attribute of the application.")
        return None
    where = f"{where} ({name})"
    reader.keys(raw, KEYS, where)
    default = raw.get("defaultValue")
    if isinstance(default, list | dict):
        reader.refuse(where, "defaultValue is not text.", "Write one value in quotation marks.")
        default = None
    return AttributeDefinition(
        name=name,
        type=reader.word(raw.get("type"), _TYPES, "String", "type", where),
        anchor=reader.truth(raw, "anchor", where, default=False),
        case_exact=reader.truth(raw, "caseExact", where, default=False),
        required=reader.truth(raw, "required", where, default=False),
        multi_valued=reader.truth(raw, "multivalued", where, default=False),
        mutability=reader.word(raw.get("mutability"), _MUTABILITIES, "ReadWrite", "mutability", where),
        default=text(default) or None,
        flow_null=reader.truth(raw, "flowNullValues", where, default=False),
        references=tuple(
            text(one.get("referencedObjectName")) for one in reader.items(raw, "referencedObjects", where)
        ),
        api_expressions=tuple(
            (text(one.get("key")), text(one.get("value"))) for one in reader.items(raw, "apiExpressions", where)
        ),
        extra=raw,
    )


def objects_of(document: Resource, kind: ObjectKind) -> tuple[str, ...]:
    """The names of the objects in the directory that the mapping of this kind leads to."""
    for rule, mapping in _mappings(document):
        if text(mapping.get("sourceObjectName")).lower() == kind:
            directory = _directory(document, rule, mapping)
            return () if directory is None else tuple(text(one.get("name")) for one in _items(directory, "objects"))
    return ()


def write_attributes(document: Resource, kind: ObjectKind, definitions: Sequence[AttributeDefinition]) -> Resource:
    """The document with this list for a kind of object; where it had none, its directory and object are made."""
    for rule, mapping in _mappings(document):
        if text(mapping.get("sourceObjectName")).lower() == kind:
            directory = _directory(document, rule, mapping)
            held = None if directory is None else _in_directory(directory, mapping)
            name = text(mapping.get("targetObjectName")) or kind.capitalize()
            written: Resource = {
                **(held or {"metadata": [], "name": name, "supportedApis": []}),
                "attributes": [definition_json(one) for one in definitions],
            }
            around: Resource = directory or {"name": text(rule.get("targetDirectoryName")), "readOnly": False}
            around = {**around, "objects": _put(_items(around, "objects"), held, written)}
            return {**document, "directories": _put(_items(document, "directories"), directory, around)}
    return document


def definition_json(one: AttributeDefinition) -> Resource:
    """A definition as Graph writes it, with whatever else it came with."""
    references = _items(one.extra, "referencedObjects")
    if tuple(text(each.get("referencedObjectName")) for each in references) != one.references:
        references = [{"referencedObjectName": name, "referencedProperty": "id"} for name in one.references]
    return {
        "metadata": [],
        **one.extra,
        "name": one.name,
        "type": one.type,
        "anchor": one.anchor,
        "caseExact": one.case_exact,
        "required": one.required,
        "multivalued": one.multi_valued,
        "mutability": one.mutability,
        "defaultValue": one.default,
        "flowNullValues": one.flow_null,
        "referencedObjects": list(references),
        "apiExpressions": [{"key": key, "value": value} for key, value in one.api_expressions],
    }


def _put(items: Iterable[Resource], before: Resource | None, after: Resource) -> list[Json]:
    """The items with `after` in the place of `before`, or at the end."""
    found: list[Json] = [after if one is before else one for one in items]
    return found if before is not None else [*found, after]


def _object(document: Resource, rule: Resource, mapping: Resource) -> Resource | None:
    directory = _directory(document, rule, mapping)
    return None if directory is None else _in_directory(directory, mapping)


def _in_directory(directory: Resource, mapping: Resource) -> Resource | None:
    name = fold(text(mapping.get("targetObjectName")))
    return next((one for one in _items(directory, "objects") if fold(text(one.get("name"))) == name), None)


def _directory(document: Resource, rule: Resource, mapping: Resource) -> Resource | None:
    """The directory that a rule leads to: by its name, or where the rule has none, by the object in it."""
    directories = _items(document, "directories")
    named = rule.get("targetDirectoryName")
    if named is None:
        return next((one for one in directories if _in_directory(one, mapping) is not None), None)
    return next((one for one in directories if fold(text(one.get("name"))) == fold(text(named))), None)


def _mappings(document: Resource) -> Iterable[tuple[Resource, Resource]]:
    for rule in _items(document, "synchronizationRules"):
        for mapping in _items(rule, "objectMappings"):
            yield rule, mapping


def _items(raw: Mapping[str, Json], key: str) -> list[Resource]:
    value = raw.get(key)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
