"""The operations of a PATCH as values, and their reading and writing as a body (RFC 7644 section 3.5.2).

Pure. Says nothing about what operations do (applying) or where they come from (derivation, entra).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from provisor.scim.errors import invalid_path, invalid_syntax, invalid_value, shown, too_large
from provisor.scim.patch.elements import Op
from provisor.scim.values import Json, Resource

PATCH_OP_URN = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
MAX_OPERATIONS = 10_000  # a group's worth of single-member removals; more belongs in several requests


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation; `path` is text, as it stands on the wire."""

    op: Op
    path: str | None = None
    value: Json = None


def parse_operations(body: Json) -> tuple[Operation, ...]:
    """The operations of a PATCH body. Raises ScimError invalidSyntax, or invalidValue when a value is missing.

    Tolerances: operation_in_any_case, names_in_any_case, empty_operations.
    """
    if not isinstance(body, dict):
        raise invalid_syntax(f"A PATCH body is an object with Operations, not {shown(body)}.")
    fields = {key.lower(): value for key, value in body.items()}
    schemas = fields.get("schemas")
    if schemas is not None and (not isinstance(schemas, list) or PATCH_OP_URN.lower() not in _lowered(schemas)):
        raise invalid_syntax(f"The schemas of a PATCH body must hold {PATCH_OP_URN}, not {shown(schemas)}.")
    listed = fields.get("operations")
    if not isinstance(listed, list):
        raise invalid_syntax(f"A PATCH body needs a list of Operations, not {shown(listed)}.")
    if len(listed) > MAX_OPERATIONS:
        raise too_large(f"A PATCH may hold {MAX_OPERATIONS} operations; this one has {len(listed)}.")
    return tuple(_operation(item) for item in listed)


def _lowered(items: list[Json]) -> list[Json]:
    return [item.lower() if isinstance(item, str) else item for item in items]


def _operation(item: Json) -> Operation:
    if not isinstance(item, dict):
        raise invalid_syntax(f"An operation is an object, not {shown(item)}.")
    fields = {key.lower(): value for key, value in item.items()}
    op = fields.get("op")
    verb = op.lower() if isinstance(op, str) else None
    if verb not in ("add", "replace", "remove"):
        raise invalid_syntax(f"op must be add, replace or remove, not {shown(op)}.")
    path = fields.get("path")
    if path is not None and not isinstance(path, str):
        raise invalid_path(f"path must be text, not {shown(path)}.")
    if verb != "remove" and "value" not in fields:
        raise invalid_value(f"The operation {verb} on {shown(path)} has no value.")
    return Operation(op=cast(Op, verb), path=path or None, value=fields.get("value"))


def patch_op(operations: Iterable[Operation]) -> Resource:
    """The PATCH body as the RFC writes it; Entra's spellings are in entra."""
    return {"schemas": [PATCH_OP_URN], "Operations": [_rendered(operation) for operation in operations]}


def _rendered(operation: Operation) -> Resource:
    rendered: Resource = {"op": operation.op}
    if operation.path is not None:
        rendered["path"] = operation.path
    if operation.op != "remove" or operation.value is not None:
        rendered["value"] = operation.value
    return rendered
