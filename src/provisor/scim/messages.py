"""The messages of the protocol: lists, PATCH bodies, errors as answered, and their reading (RFC 7644 section 3).

Pure. Discovery documents are in discovery, the choice of attributes in projection. Order: writing, then reading.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from provisor.scim.errors import ERROR_URN, invalid_syntax, shown
from provisor.scim.patch.operations import PATCH_OP_URN, Operation, patch_op
from provisor.scim.projection import project
from provisor.scim.schemas.discovery import resource_type_documents, schema_documents, service_provider_config
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
_MOST = 2**53  # beyond it JSON numbers of other languages are no longer exact (RFC 8259 section 6)
_DIGITS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    """One page of a query's answer, as a client reads it.

    `total` and `start_index` are None when the server did not say, or not as a number. `entries` counts what
    was listed, including what is not an object and so not in `resources`.
    """

    total: int | None
    start_index: int | None
    resources: tuple[Resource, ...]
    entries: int


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
    """Read a query's answer; keys in any case, numbers also as text, `Resources` may be absent or null.

    Raises ScimError invalidSyntax when it is not a list: the caller knows which server to blame.
    """
    if not isinstance(body, dict):
        raise invalid_syntax(f"A list response was expected, not {shown(body)}.")
    fields = {key.lower(): value for key, value in body.items()}
    listed = fields.get("resources")
    if "totalresults" not in fields and "resources" not in fields:
        raise invalid_syntax("A list response was expected, but the answer has neither totalResults nor Resources.")
    # What is not a list counts as one unreadable entry: it must not pass for an empty list.
    items = listed if isinstance(listed, list) else [] if listed is None else [None]
    return ListPage(
        total=_number(fields.get("totalresults"), least=0),
        start_index=_number(fields.get("startindex"), least=-_MOST),
        resources=tuple(item for item in items if isinstance(item, dict)),
        entries=len(items),
    )


def _number(value: Json, *, least: int) -> int | None:
    """A whole number as other clients read it: 7, 7.0, "7"; None for anything else, or beyond all bounds."""
    if isinstance(value, str):
        text = value.strip()
        value = int(text) if text.isascii() and text.removeprefix("-").isdigit() and len(text) < _DIGITS else None
    elif isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= _MOST:
        return None
    return value


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
