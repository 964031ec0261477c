"""The provisioning log: list with $filter, and one event (spec/graph-synchronization-api.md section 9)."""

from typing import Final

from provisor.admin.actor import LOG_READ
from provisor.graph_api.odata.answers import GraphAnswer, collection, ok
from provisor.graph_api.odata.ordering import is_ascending
from provisor.graph_api.odata.requests import GraphRequest
from provisor.graph_api.odata.routing import GraphRoute
from provisor.graph_api.odata.selecting import chosen, only
from provisor.graph_api.wire.places import read_time_place, time_place
from provisor.graph_api.wire.provisioning import FILTERED_BY, ProvisioningEventWire, event_document, log_cases

_PAGE: Final = 100


def list_provisioning(request: GraphRequest) -> GraphAnswer:
    """A page of events, the newest first."""
    options, logs = request.options, request.admin.logs
    cases, names = log_cases(options.filter), chosen(options.select, ProvisioningEventWire)
    oldest_first = is_ascending(options.order_by, "activityDateTime")
    after = read_time_place(request.place())
    found = logs.search(request.actor, cases, limit=options.top or _PAGE, after=after, oldest_first=oldest_first)
    return collection(
        request,
        "auditLogs/provisioning",
        [only(event_document(event, beta=request.beta), names) for event in found.events],
        next_link=None if found.end is None else request.next_link(time_place(found.end)),
        count=logs.count(request.actor, cases) if options.count and after is None else None,
    )


def get_provisioning(request: GraphRequest) -> GraphAnswer:
    """One event."""
    names = chosen(request.options.select, ProvisioningEventWire)
    event = request.admin.logs.show(request.actor, request.names["event"])
    return ok(request, "auditLogs/provisioning/$entity", only(event_document(event, beta=request.beta), names))


ROUTES: Final = (
    GraphRoute(
        method="GET",
        path="/auditLogs/provisioning",
        handler=list_provisioning,
        summary="List events of the provisioning log.",
        permission=LOG_READ,
        answer=list[ProvisioningEventWire],
        query=frozenset({"$filter", "$orderby", "$top", "$skiptoken"}),
        filtered_by=tuple(FILTERED_BY),
    ),
    GraphRoute(
        method="GET",
        path="/auditLogs/provisioning/{event}",
        handler=get_provisioning,
        summary="Get one event of the provisioning log.",
        permission=LOG_READ,
        answer=ProvisioningEventWire,
    ),
)
