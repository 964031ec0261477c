"""Single links of jobs, under /beta/provisor: show, forget."""

from typing import Final

from provisor.admin.actor import JOB_READ, JOB_WRITE
from provisor.graph_api.odata.answers import NO_CONTENT, GraphAnswer, ok
from provisor.graph_api.odata.requests import GraphRequest
from provisor.graph_api.odata.routing import GraphRoute
from provisor.graph_api.wire.links import LinkWire, link_document


def get_link(request: GraphRequest) -> GraphAnswer:
    """One link."""
    shown = request.admin.links.show(request.actor, request.names["job"], request.names["object"])
    return ok(request, "provisor/links/$entity", link_document(shown))


def forget_link(request: GraphRequest) -> GraphAnswer:
    """Forget one link; twice does no harm."""
    request.admin.links.forget(request.actor, request.names["job"], request.names["object"])
    return NO_CONTENT


ROUTES: Final = (
    GraphRoute(
        method="GET",
        path="/provisor/jobs/{job}/links/{object}",
        handler=get_link,
        summary="Get whose account is which, by the id or name of either end.",
        permission=JOB_READ,
        answer=LinkWire,
        beta_only=True,
    ),
    GraphRoute(
        method="DELETE",
        path="/provisor/jobs/{job}/links/{object}",
        handler=forget_link,
        summary="Forget whose account is which; the next cycle matches anew. The job must be paused.",
        permission=JOB_WRITE,
        status=204,
        beta_only=True,
    ),
)
