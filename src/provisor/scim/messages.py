"""The messages of the protocol: lists, PATCH bodies, errors as answered, and their reading (RFC 7644 section 3).

Pure. Discovery documents are in discovery, the choice of attributes in projection. Order: writing, then reading.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from provisor.scim.discovery import resource_type_documents, schema_documents, service_provider_config
from provisor.scim.errors import ERROR_URN, invalid_syntax, shown
from provisor.scim.operations import PATCH_OP_URN, Operation, patch_op
from provisor.scim.projection import project
from provisor.scim.values import Json, Resource

__all__ = [
    "ERROR_URN",
    "LIST_RESPONSE_URN",
    "MEDIA_TYPE",
    "PATCH_OP_URN",
    "ListPage",
    "Operation",
    "detail_of",
    "list_response",
    "parse_list",
    "patch_op",
    "project",
    "resource_type_documents",
    "schema_documents",
    "scim_type_of",
    "service_provider_config",
]

MEDIA_TYPE = "application/scim+json"
LIST_RESPONSE_URN = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    """One page of a query's answer, as a client reads it."""

    total: int
    start_index: int
    resources: tuple[Resource, ...]


def list_response(resources: Sequence[Resource], total: int, start_index: int = 1) -> Resource:
    """A query's answer; `itemsPerPage` is what this page holds, and `Resources` is there even when empty."""
    return {
        "schemas": [LIST_RESPONSE_URN],
        "totalResults": total,
        "startIndex": start_index,
        "itemsPerPage": len(resources),
        "Resources": list(resources),
    }


def parse_list(body: Json) -> ListPage:
    """Read a query's answer; keys in any case, `Resources` may be absent when nothing was found.

    Raises ScimError invalidSyntax when it is no list: the caller knows which server to blame.
    """
    if not isinstance(body, dict):
        raise invalid_syntax(f"A list response was expected, not {shown(body)}.")
    fields = {key.lower(): value for key, value in body.items()}
    resources = fields.get("resources")
    found = [item for item in resources if isinstance(item, dict)] if isinstance(resources, list) else []
    if "totalresults" not in fields and resources is None:
        raise invalid_syntax("A list response was expected, but the answer has neither totalResults nor Resources.")
    return ListPage(
        total=_whole_number(fields.get("totalresults"), len(found)),
        start_index=_whole_number(fields.get("startindex"), 1),
        resources=tuple(found),
    )


def _whole_number(value: Json, default: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def detail_of(body: Json) -> str | None:
    """The sentence in an error answer, None when it has none."""
    return _text_of(body, "detail")


def scim_type_of(body: Json) -> str | None:
    """The scimType of an error answer, such as "uniqueness"."""
    return _text_of(body, "scimtype")


def _text_of(body: Json, key: str) -> str | None:
    if not isinstance(body, dict):
        return None
    value = {name.lower(): item for name, item in body.items()}.get(key)
    return value if isinstance(value, str) and value else None
