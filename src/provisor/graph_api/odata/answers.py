"""What a handler gives back: a status, a document, headers. Values only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from provisor.graph_api.odata.requests import GraphRequest

NO_BODY: Final = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphAnswer:
    """An answer; `body` is anything that msgspec writes as JSON, or NO_BODY."""

    status: int = 200
    body: object = NO_BODY
    headers: Mapping[str, str] = field(default_factory=dict)


NO_CONTENT: Final = GraphAnswer(status=204)


def ok(request: GraphRequest, context: str, document: Mapping[str, Any]) -> GraphAnswer:
    """200 with one resource; `context` is what follows `$metadata#`."""
    return GraphAnswer(body={"@odata.context": request.metadata(context), **document})


def created(request: GraphRequest, context: str, document: Mapping[str, Any], *, path: str) -> GraphAnswer:
    """201 with the new resource; `path` below the version is where it is from now on."""
    body = {"@odata.context": request.metadata(context), **document}
    return GraphAnswer(status=201, body=body, headers={"Location": f"{request.base}{path}"})


def collection(
    request: GraphRequest,
    context: str,
    items: Sequence[object],
    *,
    next_link: str | None = None,
    delta_link: str | None = None,
    count: int | None = None,
) -> GraphAnswer:
    """200 with a page. A page has a next link, or a delta link, or neither; never both (section 12)."""
    body: dict[str, object] = {"@odata.context": request.metadata(context)}
    if count is not None:
        body["@odata.count"] = count
    if next_link is not None:
        body["@odata.nextLink"] = next_link
    elif delta_link is not None:
        body["@odata.deltaLink"] = delta_link
    return GraphAnswer(body={**body, "value": items})
