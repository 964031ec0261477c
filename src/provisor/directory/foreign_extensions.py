"""Directory extensions of another tenant, which keep the full names that they have there.

Pure. A mirrored Microsoft Entra tenant gives values under its own names, extension_{appId}_{attribute}, and a schema
that was saved there reads those: so they are registered here as they are, for the application that their name says.
Names: spec/graph-synchronization-api.md section 11. Order: one name, those of a saved schema.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, cast
from uuid import UUID

from provisor.directory.attributes import extension_name
from provisor.directory.extensions import DATA_TYPES, TARGET, DataType, ExtensionProperty, unfit_definition
from provisor.directory.objects import DirectoryKind, Refusal
from provisor.scim.values import Json

_WITHIN: Final = re.compile(r"(?<![A-Za-z0-9_])extension_[0-9a-fA-F]{32}_[A-Za-z][A-Za-z0-9_]*")
_KINDS: Final[Mapping[str, DirectoryKind]] = {"user": "user", "group": "group"}  # by sourceObjectName, folded


def foreign_extension(
    name: str, kinds: Iterable[DirectoryKind], *, data_type: str = "String", multi_valued: bool = False
) -> ExtensionProperty | Refusal:
    """The extension with this full name, as it is to be registered; refused where the name or the type is none."""
    found = _WITHIN.fullmatch(name)
    if found is None:
        return Refusal(
            code="invalid-extension",
            message=f"{name[:200]!r} is no full name of a directory extension.",
            hint="It looks like extension_0f1e2d3c4b5a69788796a5b4c3d2e1f0_objectGUID.",
        )
    _, application, attribute = name.split("_", 2)
    targets = tuple(dict.fromkeys(TARGET[kind] for kind in kinds))
    refusal = unfit_definition(attribute, data_type, targets, multi_valued=multi_valued)
    if refusal is not None:
        return refusal
    return ExtensionProperty(
        name=name,
        attribute=attribute,
        data_type=cast(DataType, data_type),  # unfit_definition refuses what is none
        targets=targets,
        app_id=str(UUID(application)),
        multi_valued=multi_valued,
        synced=True,
    )


def is_foreign(name: str, own_app_id: str) -> bool:
    """Whether this is the full name of an extension of another application than this one."""
    own = extension_name(own_app_id, "")
    return _WITHIN.fullmatch(name) is not None and not name.lower().startswith(own.lower())


# A saved schema


def extensions_read(document: Json) -> tuple[ExtensionProperty, ...]:
    """The extensions that the mappings and scoping filters of a schema document read, in the order of names.

    Types are those of the attribute lists in the document; one that is not listed is text. What is odd is passed over:
    whoever reads the rules themselves says what is wrong with them.
    """
    read = dict[str, dict[DirectoryKind, None]]()
    for mapping in _each(document, "synchronizationRules", "objectMappings"):
        source = mapping.get("sourceObjectName")
        kind = _KINDS.get(source.lower()) if isinstance(source, str) else None
        if kind is not None:
            for name in _names(mapping):
                read.setdefault(name, {})[kind] = None
    listed = _listed(document)
    found = [_typed(name, kinds, listed.get(name, {})) for name, kinds in sorted(read.items())]
    return tuple(one for one in found if isinstance(one, ExtensionProperty))


def _typed(name: str, kinds: Iterable[DirectoryKind], said: Mapping[str, Json]) -> ExtensionProperty | Refusal:
    data_type, several = said.get("type"), said.get("multivalued") is True
    known = data_type if isinstance(data_type, str) and data_type in DATA_TYPES else "String"
    typed = foreign_extension(name, kinds, data_type=known, multi_valued=several)
    return typed if isinstance(typed, ExtensionProperty) else foreign_extension(name, kinds)


def _listed(document: Json) -> dict[str, Mapping[str, Json]]:
    """What the attribute lists say of extensions, by name."""
    found = dict[str, Mapping[str, Json]]()
    for attribute in _each(document, "directories", "objects", "attributes"):
        name = attribute.get("name")
        if isinstance(name, str) and _WITHIN.fullmatch(name):
            found.setdefault(name, attribute)
    return found


def _names(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield from _WITHIN.findall(value)
    elif isinstance(value, list | dict):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _names(each)


def _each(document: Json, *path: str) -> Iterator[dict[str, Json]]:
    """The objects of lists within the objects of lists, as far as they are there."""
    name, *rest = path
    found = document.get(name) if isinstance(document, dict) else None
    for one in found if isinstance(found, list) else ():
        if isinstance(one, dict):
            if rest:
                yield from _each(one, *rest)
            else:
                yield one
