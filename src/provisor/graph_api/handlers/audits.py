"""The audit log, Graph's directoryAudits: a list with $filter, one event (spec/provisioning-service.md section 18)."""

from typing import Final

from provisor.admin.actor import AUDIT_READ
from provisor.graph_api.odata.answers import GraphAnswer, collection, ok
from provisor.graph_api.odata.ordering import is_ascending
from provisor.graph_api.odata.requests import GraphRequest
from provisor.graph_api.odata.routing import GraphRoute
from provisor.graph_api.odata.selecting import chosen, only
from provisor.graph_api.wire.audits import AUDIT_FILTERED_BY, AuditEventWire, audit_cases, audit_document
from provisor.graph_api.wire.places import read_time_place, time_place

_PAGE: Final = 100


def list_audits(request: GraphRequest) -> GraphAnswer:
    """A page of events, the newest first."""
    options, audits, actor = request.options, request.admin.audits, request.actor
    names = chosen(options.select, AuditEventWire)
    cases = audit_cases(options.filter, audits.activities(actor))
    after = read_time_place(request.place())
    oldest_first = is_ascending(options.order_by, "activityDateTime")
    found = audits.search(actor, cases, limit=options.top or _PAGE, after=after, oldest_first=oldest_first)
    return collection(
        request,
        "auditLogs/directoryAudits",
        [only(audit_document(event), names) for event in found.events],
        next_link=None if found.end is None else request.next_link(time_place(found.end)),
        count=audits.count(actor, cases) if options.count and after is None else None,
    )


def get_audit(request: GraphRequest) -> GraphAnswer:
    """One event."""
    names = chosen(request.options.select, AuditEventWire)
    event = request.admin.audits.show(request.actor, request.names["event"])
    return ok(request, "auditLogs/directoryAudits/$entity", only(audit_document(event), names))


ROUTES: Final = (
    GraphRoute(
        method="GET",
        path="/auditLogs/directoryAudits",
        handler=list_audits,
        summary="List events of the audit log.",
        permission=AUDIT_READ,
        answer=list[AuditEventWire],
        query=frozenset({"$filter", "$orderby", "$top", "$skiptoken"}),
        filtered_by=tuple(AUDIT_FILTERED_BY),
    ),
    GraphRoute(
        method="GET",
        path="/auditLogs/directoryAudits/{event}",
        handler=get_audit,
        summary="Get one event of the audit log.",
        permission=AUDIT_READ,
        answer=AuditEventWire,
    ),
)
