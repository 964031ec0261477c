"""Ids from foreign servers: which ones can be kept, put into an address and sent back, and why others cannot.

Source: RFC 7643 section 3.1 (a non-empty text); RFC 3986 section 5.2.4 (why "." and ".." cannot be segments).
Order: reading one out of a resource, judging one, one out of a Location.
"""

import re
from typing import Final
from urllib.parse import unquote, urlsplit

from provisor.connectors.addresses import same_origin
from provisor.scim.values import Resource, fold

# Of UTF-8. PostgreSQL indexes 2,704 bytes together with the job; servers take addresses of 8 KiB, encoded threefold.
ID_LIMIT_BYTES: Final = 2048
_UNSENDABLE: Final = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\N{REPLACEMENT CHARACTER}]")


class UnusableId(ValueError):
    """Why a resource cannot be identified; completes "the answer …" or "… was not sent because it …"."""


def identified(resource: Resource) -> Resource:
    """The resource with its id as text under `id`; a number becomes its text. Raises UnusableId."""
    held = resource.get("id")
    if held is None:
        held = next((value for name, value in resource.items() if name.lower() == "id"), None)
    if held is None:
        raise UnusableId("holds no id")
    if isinstance(held, int) and not isinstance(held, bool):
        held = str(held)
    if not isinstance(held, str):
        raise UnusableId("holds an id that is not text")
    problem = problem_with_id(held)
    if problem is not None:
        raise UnusableId(f"holds {problem}")
    return resource if resource.get("id") is held else {**resource, "id": held}


def problem_with_id(target_id: str) -> str | None:
    """What is wrong with an id, as a noun; None when it can be kept and sent."""
    if not target_id.strip():
        return "an empty id"
    length = len(target_id)
    if length > ID_LIMIT_BYTES or (
        not target_id.isascii() and len(target_id.encode("utf-8", "replace")) > ID_LIMIT_BYTES
    ):
        return f"an id of {length} characters, above our limit of {ID_LIMIT_BYTES} bytes"
    if target_id in (".", ".."):
        return f'the id "{target_id}", which no address can name'
    if _UNSENDABLE.search(target_id) is not None:
        return "an id with a character that cannot be sent back"
    return None


def same_id(first: str, second: str) -> bool:
    """Whether two spellings name one resource; some servers write a GUID in another case than it was sent."""
    return first == second or fold(first) == fold(second)


def id_in_location(location: str | None, endpoint: str) -> str | None:
    """The id at the end of the address of a new resource (RFC 7644 section 3.3); None unless it is sure.

    Sure is one segment directly under the endpoint that it was posted to, on the same host, without a query.
    """
    if location is None or not location.isascii():
        return None
    try:
        parts = urlsplit(location)
    except ValueError:
        return None
    own_path = urlsplit(endpoint).path + "/"
    if (parts.netloc and not same_origin(location, endpoint)) or (parts.scheme and not parts.netloc):
        return None
    segment = parts.path.removeprefix(own_path)
    if segment == parts.path or "/" in segment or parts.query or parts.fragment:
        return None
    target_id = unquote(segment, errors="replace")
    return target_id if problem_with_id(target_id) is None else None
