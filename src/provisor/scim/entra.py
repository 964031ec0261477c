"""How Microsoft Entra speaks SCIM, in its two dialects (spec/scim-wire.md sections 3 and 4).

Pure. Bodies only: no request is sent here. What we tolerate from such clients is listed in
reference/scim-service-provider.md section *Tolerances*. Order: dialects, tenant address, creating, changing, members.
"""

import json
import re
import uuid
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from typing import Literal

from provisor.scim.filter.tree import Compare
from provisor.scim.patch.operations import PATCH_OP_URN, Operation
from provisor.scim.path import Place, resolve
from provisor.scim.schemas.resource_types import ADSCIM_GROUP_URN, ENTERPRISE_URN
from provisor.scim.schemas.schema import ResourceType
from provisor.scim.values import Json, Resource, is_unassigned

__all__ = [
    "FLAGS",
    "MEMBERS_PER_REQUEST",
    "ROLE_TYPE",
    "Dialect",
    "bearer_token",
    "create_body",
    "members_bodies",
    "patch_body",
    "tenant_url",
]

ROLE_TYPE = "WindowsAzureActiveDirectoryRole"
MEMBERS_PER_REQUEST = 100  # Entra publishes no limit; ours (spec/scim-wire.md section 3, DEFAULT)


class Dialect(Enum):
    """Which spelling of PATCH: the one Entra uses without a flag, or the compliant one behind `aadOptscim062020`."""

    CLASSIC = "classic"
    COMPLIANT = "aadOptscim062020"


_ROLES = uuid.uuid5(uuid.NAMESPACE_OID, ROLE_TYPE)
FLAGS = {"aadOptscim062020": Dialect.COMPLIANT, "AzureAdScimPatch2017": Dialect.CLASSIC}
_FLAGS = {name.lower(): dialect for name, dialect in FLAGS.items()}
_SET = frozenset({"", "1", "true"})
_BEARER = re.compile(r"(?:authorization\s*:\s*)?bearer(?:\s+|$)", re.IGNORECASE)


def tenant_url(text: str) -> tuple[str, Dialect | None]:
    """The base address without trailing slash and flags, and the dialect they ask for (spec/scim-wire.md section 4).

    The flags are read here and not forwarded; other parts of the query stay, and so do contradictory flags and flags
    with a value that would switch them off: the client refuses those.
    """
    address, _, query = text.strip().partition("?")
    dialect: Dialect | None = None
    kept: list[str] = []
    for part in query.split("&"):
        name, _, value = part.partition("=")
        flag = _FLAGS.get(name.lower()) if value.lower() in _SET else None
        if flag is not None and dialect in (None, flag):
            dialect = flag
        elif part:
            kept.append(part)
    address = address.rstrip("/")
    return (f"{address}?{'&'.join(kept)}" if kept else address), dialect


def bearer_token(text: str) -> str:
    """The token in what was pasted: without blanks around it, and without the scheme that the header has before it."""
    return _BEARER.sub("", text.strip(), count=1) if _BEARER.match(text.strip()) else text.strip()


def create_body(
    document: Resource, kind: Literal["user", "group"], dialect: Dialect, resource_type: ResourceType
) -> Resource:
    """The POST body for a document; null and empty values are left out.

    Entra lists the enterprise schema whenever the application knows it, but no custom extension (spec/scim-wire.md
    section 1), and for such applications also sends `meta` and an empty list of roles (section 3). Groups are created
    empty.
    """
    schemas: list[Json] = [resource_type.schema.id]
    enterprise = kind == "user" and resource_type.extension(ENTERPRISE_URN) is not None
    if enterprise:
        schemas.append(ENTERPRISE_URN)
    if kind == "group" and dialect is Dialect.CLASSIC:
        schemas.append(ADSCIM_GROUP_URN)
    body: Resource = {"schemas": schemas}
    for name, value in document.items():
        if name not in ("schemas", "id", "meta") and not (kind == "group" and name == "members"):
            kept = value if type(value) is str else _assigned(value)
            if kept is not None:
                body[name] = kept
    if enterprise or kind == "group":
        body["meta"] = {"resourceType": resource_type.name}
    if enterprise and resource_type.locate(None, "roles") is not None:
        body.setdefault("roles", [])
    return body


def _assigned(value: Json) -> Json:
    """The value without its unassigned parts, None when nothing is left."""
    if isinstance(value, dict):
        return {name: kept for name, item in value.items() if (kept := _assigned(item)) is not None} or None
    if isinstance(value, list):
        return [kept for item in value if (kept := _assigned(item)) is not None] or None
    return value


def patch_body(operations: Sequence[Operation], dialect: Dialect, resource_type: ResourceType) -> Resource:
    """The PATCH body for derived operations, in one of the two spellings.

    CLASSIC: one operation each, capitalised, a boolean as "True" or "False", members listed in the value.
    COMPLIANT: as the RFC, but several simple replaces become one without a path whose keys are paths.
    """
    if dialect is Dialect.CLASSIC:
        rendered = list(_classic(operations, resource_type))
    else:
        rendered = _compliant(operations, resource_type)
    return {"schemas": [PATCH_OP_URN], "Operations": rendered}


def _classic(operations: Iterable[Operation], resource_type: ResourceType) -> Iterator[Json]:
    leaving: list[Json] = []
    for operation in operations:
        place = None if operation.path is None else resolve(operation.path, resource_type)
        member = None if place is None or operation.op != "remove" else _member_named(place)
        if member is not None:
            if not leaving:
                yield {"op": "Remove", "path": "members", "value": leaving}
            leaving.append(_classic_member(member))
            continue
        rendered: Resource = {"op": operation.op.capitalize()}
        if operation.path is not None:
            rendered["path"] = operation.path
        if operation.op != "remove":
            rendered["value"] = _classic_value(operation, place)
        yield rendered


def _classic_value(operation: Operation, place: Place | None) -> Json:
    value = operation.value
    if isinstance(value, bool):
        return str(value)
    if operation.op == "add" and isinstance(value, list) and value and all(_is_role(item) for item in value):
        return [{"value": _role_as_text(item)} for item in value if isinstance(item, dict)]
    members = place is not None and place.path.attribute == "members" and place.path.filter is None
    if members and isinstance(value, list):
        return [{"$ref": None, **item} if isinstance(item, dict) else item for item in value]
    return value


def _is_role(item: Json) -> bool:
    return isinstance(item, dict) and item.get("type") == ROLE_TYPE and isinstance(item.get("value"), str)


def _role_as_text(role: Resource) -> str:
    """A role as this dialect adds it: its id follows from its value (spec/scim-wire.md section 4)."""
    value = str(role["value"])
    named = {"id": str(uuid.uuid5(_ROLES, value)), "value": value, "displayName": role.get("display") or value}
    return json.dumps(named, ensure_ascii=False, separators=(",", ":"))


def _classic_member(identifier: str) -> Resource:
    return {"$ref": None, "value": identifier}


def _member_named(place: Place) -> str | None:
    """The id in `members[value eq "id"]`, None for every other path."""
    chosen = place.path.filter
    if place.path.attribute != "members" or place.path.sub is not None or not isinstance(chosen, Compare):
        return None
    if chosen.op != "eq" or chosen.path.attribute.lower() != "value" or not isinstance(chosen.value, str):
        return None
    return chosen.value


def _compliant(operations: Sequence[Operation], resource_type: ResourceType) -> list[Json]:
    simple = [operation for operation in operations if _is_simple_replace(operation, resource_type)]
    if len(simple) < 2:
        simple = []
    merged: Resource = {operation.path: operation.value for operation in simple if operation.path is not None}
    rendered: list[Json] = []
    for operation in operations:
        if operation.path is not None and operation in simple:
            if operation is simple[0]:
                rendered.append({"op": "replace", "value": merged})
            continue
        item: Resource = {"op": operation.op}
        if operation.path is not None:
            item["path"] = operation.path
        if operation.op != "remove":
            item["value"] = operation.value
        rendered.append(item)
    return rendered


def _is_simple_replace(operation: Operation, resource_type: ResourceType) -> bool:
    """Whether an operation may be merged: a plain value, addressed without a filter."""
    if operation.op != "replace" or operation.path is None or isinstance(operation.value, dict | list):
        return False
    return resolve(operation.path, resource_type).chosen is None and not is_unassigned(operation.value)


def members_bodies(
    add: Sequence[str], remove: Sequence[str], dialect: Dialect, per_request: int = MEMBERS_PER_REQUEST
) -> list[Resource]:
    """The PATCH bodies that take members out and put members in, at most `per_request` ids in each."""
    changes = [(False, identifier) for identifier in remove] + [(True, identifier) for identifier in add]
    return [
        {"schemas": [PATCH_OP_URN], "Operations": _member_operations(changes[start : start + per_request], dialect)}
        for start in range(0, len(changes), per_request)
    ]


def _member_operations(changes: Sequence[tuple[bool, str]], dialect: Dialect) -> list[Json]:
    leaving = [identifier for joins, identifier in changes if not joins]
    joining = [identifier for joins, identifier in changes if joins]
    operations: list[Json] = []
    if dialect is Dialect.CLASSIC:
        for op, identifiers in (("Remove", leaving), ("Add", joining)):
            if identifiers:
                value: list[Json] = [_classic_member(identifier) for identifier in identifiers]
                operations.append({"op": op, "path": "members", "value": value})
        return operations
    operations.extend(
        {"op": "remove", "path": f"members[value eq {json.dumps(identifier, ensure_ascii=False)}]"}
        for identifier in leaving
    )
    if joining:
        operations.append({"op": "add", "path": "members", "value": [{"value": identifier} for identifier in joining]})
    return operations
