"""What a list in an answer shows, and why it may not prove that nobody else is there.

Knows no connection. Doubts complete "the answer …". Order: one answer's list, as a page, as the answer to a filter.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from provisor.connectors.bodies import json_value
from provisor.connectors.capture import shortened
from provisor.connectors.identifiers import UnusableId, identified
from provisor.connectors.replies import ReceivedReply
from provisor.scim.errors import ScimError
from provisor.scim.messages import ListPage, parse_list
from provisor.scim.values import Resource

_WHOLE: Final = (200, 203)  # 206, 207 and 202 say that there is more to come
_NO_RESOURCE: Final = "lists something that is not a resource"


class Listed(NamedTuple):
    """The resources that have an id, each once, and the first reason to doubt that these are all ("" for none)."""

    resources: list[Resource]
    doubt: str


def on_page(
    page: ListPage, understood: Sequence[Resource], reply: ReceivedReply, start_index: int, count: int
) -> Listed:
    """The resources of one page of a listing that was asked for from `start_index`."""
    resources, twice, unusable = _distinct(understood)
    doubt = _unread(page, reply) or unusable or _contradiction(page, start_index, count)
    if twice and not doubt:
        doubt = f"lists the id {shortened(twice)} twice"
    return Listed(resources, doubt)


def schemas_listed(payload: bytes) -> ListPage | None:
    """What a body lists as schemas: a SCIM list, an array, or one schema; None when it is none of these."""
    value = json_value(payload)
    if isinstance(value, list):
        held = tuple(item for item in value if isinstance(item, dict))
        return ListPage(total=len(value), start_index=1, resources=held, entries=len(value))
    if not isinstance(value, dict):
        return None
    try:
        return parse_list(value)
    except ScimError:
        return ListPage(total=1, start_index=1, resources=(value,), entries=1) if "attributes" in value else None


def that_match(page: ListPage, matching: Sequence[Resource], reply: ReceivedReply) -> Listed:
    """The matching resources of the answer to a filter; other resources raise no doubt, omissions do."""
    kept, _, unusable = _distinct(matching)
    doubt = _unread(page, reply) or unusable
    if not doubt and page.total is not None and page.total > page.entries:
        doubt = f"says that {page.total} match and lists {page.entries}"
    return Listed(kept, doubt)


def _contradiction(page: ListPage, start_index: int, count: int) -> str:
    """How the numbers of a page contradict the request. `itemsPerPage` is ignored: many write `count` there."""
    if page.entries == 0:
        more = count > 0 and page.total is not None and page.total >= start_index
        return f"lists nobody from number {start_index} of {page.total}" if more else ""
    if page.start_index not in (None, start_index):
        return f"begins with number {page.start_index}, not {start_index}"
    last = start_index + page.entries - 1
    return f"lists number {last} of {page.total}" if page.total is not None and page.total < last else ""


def _distinct(listed: Iterable[Resource]) -> tuple[list[Resource], str, str]:
    """The resources by id, an id that came twice, and why one had to be left out."""
    by_id: dict[str, Resource] = {}
    twice = unusable = ""
    for resource in listed:
        try:
            whole = identified(resource)
        except UnusableId as error:
            unusable = unusable or f"lists a resource that {error}"
            continue
        target_id = str(whole["id"])
        if target_id in by_id:
            twice = target_id
        else:
            by_id[target_id] = whole
    return list(by_id.values()), twice, unusable


def _unread(page: ListPage, reply: ReceivedReply) -> str:
    if reply.garbled:
        return "is not UTF-8"
    if reply.status not in _WHOLE:
        return f"has the status {reply.status}"
    return _NO_RESOURCE if page.entries > len(page.resources) else ""
