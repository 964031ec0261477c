"""synchronizationSchema and its directories as answers (spec/graph-synchronization-api.md section 5).

What replaces a schema is read by rules.graph_replacing, within the verb that saves it. Order: the schema, directories,
its etag, functions.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from provisor.expressions import FUNCTIONS, FunctionInfo
from provisor.graph_api.odata.errors import not_found
from provisor.scim.values import Json, Resource


class SchemaAnswer(TypedDict, total=False):
    """synchronizationSchema."""

    id: str
    version: str
    directories: Sequence[Mapping[str, Any]]
    synchronizationRules: Sequence[Mapping[str, Any]]


def schema_answer(document: Json, *, key: str, version: int) -> dict[str, Json]:
    """The schema of a job or template of this id; rules stand in the order of their priority."""
    held: Resource = dict(document) if isinstance(document, dict) else {}
    rules = _objects(held.get("synchronizationRules"))
    ordered: list[Json] = [*sorted(rules, key=_priority)]
    return {
        **{name: value for name, value in held.items() if not name.startswith("@")},
        "id": key,
        "version": str(version),
        "directories": [*directories(document)],
        "synchronizationRules": ordered,
    }


def _priority(rule: Resource) -> int:
    value = rule.get("priority")
    return value if isinstance(value, int) else 0


def directories(document: Json) -> list[Resource]:
    """The directories; one that has no id is known by its name."""
    held = document.get("directories") if isinstance(document, dict) else None
    return [one if one.get("id") else {**one, "id": one.get("name")} for one in _objects(held)]


def directory(document: Json, key: str) -> Resource:
    """One of them. Raises GraphError 404."""
    found = next((one for one in directories(document) if str(one["id"]).lower() == key.lower()), None)
    if found is None:
        raise not_found(key)
    return found


def leads_to(document: Json, one: Resource) -> bool:
    """Whether a rule leads to this directory."""
    rules = _objects(document.get("synchronizationRules") if isinstance(document, dict) else None)
    return any(rule.get("targetDirectoryName") == one.get("name") for rule in rules)


def etag(version: int) -> str:
    """What If-Match is compared with: the version of the rules."""
    return f'W/"{version}"'


def function_documents() -> list[dict[str, Json]]:
    """Every function of expressions as an attributeMappingFunctionSchema, by name as well as by id."""
    return [_function(info) for info in FUNCTIONS.values()]


def _function(info: FunctionInfo) -> dict[str, Json]:
    parameters: list[Json] = [
        {
            "name": parameter.key,
            "type": parameter.type,
            "required": parameter.required,
            "allowMultipleOccurrences": parameter.repeatable,
        }
        for parameter in info.parameters
    ]
    return {"id": info.name, "name": info.name, "parameters": parameters}


def _objects(value: Json) -> list[Resource]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
