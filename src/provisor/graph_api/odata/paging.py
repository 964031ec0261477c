"""Pages of what comes one after the other: as many as the client wants, and where the next page begins."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Final, TypeVar

from provisor.graph_api.odata.answers import GraphAnswer, collection
from provisor.graph_api.odata.requests import GraphRequest
from provisor.scim.values import Json

PAGE: Final = 100
T = TypeVar("T")


def page_of(
    request: GraphRequest,
    context: str,
    items: Iterable[T],
    document: Callable[[T], object],
    place: Callable[[T], Json],
) -> GraphAnswer:
    """The first of these items; `place` says where one is, after which the next page begins."""
    size = request.options.top or PAGE
    found = list(islice(iter(items), size + 1))
    shown = found[:size]
    next_link = request.next_link(place(shown[-1])) if len(found) > size else None
    return collection(request, context, [document(one) for one in shown], next_link=next_link)
