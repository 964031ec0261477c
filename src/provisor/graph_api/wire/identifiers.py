"""Ids in bodies: what can be one, and the references that name an object by its address."""

import re
from typing import Final, TypedDict
from uuid import UUID

import msgspec

from provisor.graph_api.odata.errors import bad_request

# `…/directoryObjects/ID` or `…/users('ID')`, with whatever host and tenant the client writes before it: Terraform's
# provider puts the tenant between version and collection.
_REFERENCE: Final = re.compile(
    r"(?:https?://[^\s]*/|/)?(?:directoryObjects|users|groups)(?:/|\('?)(?P<id>[0-9A-Fa-f-]{36})(?:'?\))?",
    re.IGNORECASE,
)


class ObjectReference(msgspec.Struct):
    """What is added to a collection by reference."""

    address: str = msgspec.field(name="@odata.id")


ReferenceDocument = TypedDict("ReferenceDocument", {"@odata.id": str}, total=False)


def guid(text: str, name: str) -> str:
    """The id as it is stored. Raises GraphError for what is none; `name` is the property that holds it."""
    try:
        if len(text) != 36:
            raise ValueError
        return str(UUID(text))
    except ValueError:
        raise bad_request(
            f"{name} is {text[:100]!r}, which is no id.", "Give the id of an object, such as it is listed with."
        ) from None


def referenced(reference: ObjectReference) -> str:
    """The id that a reference names. Raises GraphError for an address that names none."""
    found = _REFERENCE.fullmatch(reference.address) if len(reference.address) < 1000 else None
    if found is None:
        raise bad_request(
            f"@odata.id is {reference.address[:200]!r}, which names no object.",
            "Write the address of one, ending in /directoryObjects/ID.",
        )
    return guid(found["id"], "@odata.id")
