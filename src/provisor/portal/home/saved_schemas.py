"""A synchronization schema as a file: read, and its directory extensions called as they are called here.

Entra calls a directory extension `extension_{appId without hyphens}_{attribute}`, by the application of its tenant that
owns it, which another directory does not have. Pure but for the file. Order: reading, renaming.
"""

import json
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from provisor.scim.values import Json

LONGEST_BYTES: Final = 8 * 1024 * 1024  # of a schema; Entra's have some 100 KB
_EXTENSION: Final = re.compile(r"\bextension_[0-9a-fA-F]{32}_\w+")


class NoSchemaError(ValueError):
    """What the file holds is no synchronization schema; the text says why, for a person."""


def read_saved(file: Path) -> dict[str, Json]:
    """The schema in a file. Raises NoSchemaError."""
    if file.stat().st_size > LONGEST_BYTES:
        raise NoSchemaError(f"The file is longer than {LONGEST_BYTES // 1024 // 1024} MiB, which no schema is.")
    try:
        document: Json = json.loads(file.read_bytes().decode("utf-8-sig"), object_pairs_hook=_without_repetition)
    except RecursionError as error:
        raise NoSchemaError("The file is nested too deeply.") from error
    except ValueError as error:
        raise NoSchemaError(f"The file is not JSON: {error}.") from error
    if isinstance(document, dict) and isinstance(document.get("schema"), dict):  # as a template of Graph holds one
        document = document["schema"]
    if not isinstance(document, dict) or not isinstance(document.get("synchronizationRules"), list):
        raise NoSchemaError(
            "The file has no synchronizationRules: save the answer of GET …/synchronization/jobs/JOB/schema, or"
            " download the schema in Entra's attribute mappings."
        )
    return document


def _without_repetition(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for key, value in pairs:
        if key in found:
            raise NoSchemaError(f'The key "{key}" occurs twice in one object.')
        found[key] = value
    return found


def renamed(document: Json, registered: Collection[str]) -> tuple[Json, Mapping[str, str]]:
    """The document with extensions called as here, where exactly one has the same attribute; and which were renamed."""
    names = {one for one in _EXTENSION.findall(json.dumps(document, ensure_ascii=False)) if one not in registered}
    found = {name: here for name in sorted(names) if (here := _here(name, registered)) is not None}
    return (_replaced(document, found) if found else document), found


def _here(name: str, registered: Collection[str]) -> str | None:
    attribute = name.split("_", 2)[2].lower()
    same = [one for one in registered if one.split("_", 2)[-1].lower() == attribute]
    return same[0] if len(same) == 1 else None


def _replaced(value: Json, names: Mapping[str, str]) -> Json:
    if isinstance(value, str):
        return _EXTENSION.sub(lambda one: names.get(one[0], one[0]), value)
    if isinstance(value, list):
        return [_replaced(each, names) for each in value]
    if isinstance(value, dict):
        return {key: _replaced(each, names) for key, each in value.items()}
    return value
