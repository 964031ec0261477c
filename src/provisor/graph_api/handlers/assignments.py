"""App role assignments from their three ends: /servicePrincipals/…/appRoleAssignedTo, /users/…, /groups/…."""

from typing import Final

from provisor.admin.actor import APPLICATION_READ, ASSIGNMENT_WRITE
from provisor.graph_api.odata.answers import NO_CONTENT, GraphAnswer, collection, created, ok
from provisor.graph_api.odata.listing import LISTED, PAGE, short_collection
from provisor.graph_api.odata.requests import GraphRequest
from provisor.graph_api.odata.routing import GraphRoute
from provisor.graph_api.odata.selecting import chosen, only
from provisor.graph_api.wire.assignments import (
    FILTERED,
    AssignmentDocument,
    AssignmentGiven,
    assignment_document,
    narrowed,
)
from provisor.graph_api.wire.identifiers import guid
from provisor.graph_api.wire.keys import application_key, end_key, principal_key

CONTEXT: Final = "appRoleAssignments"


def of_application(request: GraphRequest) -> GraphAnswer:
    """A page of who is assigned to an application."""
    verbs, key, wanted = request.admin.assignments, application_key(request), narrowed(request.options.filter)
    names = chosen(request.options.select, AssignmentDocument)
    place, size = request.place(), request.options.top or PAGE
    count = None
    if request.options.count and place is None:
        count = verbs.count_of_application(request.actor, key, wanted)
    found = verbs.of_application(request.actor, key, wanted, after=str(place or ""), limit=size + 1)
    page = [only(assignment_document(each), names) for each in found[:size]]
    more = request.next_link(found[size - 1].id) if len(found) > size else None
    return collection(request, CONTEXT, page, next_link=more, count=count)


def of_principal(request: GraphRequest) -> GraphAnswer:
    """A page of what a user or group is assigned to."""
    found = request.admin.assignments.of_principal(request.actor, principal_key(request))
    documents = [dict(assignment_document(each)) for each in found]
    return short_collection(request, CONTEXT, documents, shape=AssignmentDocument, filtered=FILTERED)


def shown(request: GraphRequest) -> GraphAnswer:
    """One assignment."""
    names = chosen(request.options.select, AssignmentDocument)
    found = request.admin.assignments.show(request.actor, end_key(request), request.names["assignment"])
    return ok(request, f"{CONTEXT}/$entity", only(assignment_document(found), names))


def added(request: GraphRequest) -> GraphAnswer:
    """Assign a user or group."""
    given: AssignmentGiven = request.body
    made = request.admin.assignments.add(
        request.actor,
        end_key(request),
        principal=guid(given.principal_id, "principalId"),
        resource=guid(given.resource_id, "resourceId"),
        role=guid(given.app_role_id, "appRoleId"),
    )
    return created(
        request, f"{CONTEXT}/$entity", assignment_document(made), path=f"{request.path.rstrip('/')}/{made.id}"
    )


def removed(request: GraphRequest) -> GraphAnswer:
    """End an assignment."""
    request.admin.assignments.remove(request.actor, end_key(request), request.names["assignment"])
    return NO_CONTENT


def _routes(path: str, seen: str) -> tuple[GraphRoute, ...]:
    """The same four from one end; `seen` says what is assigned there."""
    from_application = path.startswith("/servicePrincipals")
    return (
        GraphRoute(
            method="GET",
            path=path,
            handler=of_application if from_application else of_principal,
            summary=f"Assignments of {seen}.",
            permission=APPLICATION_READ,
            answer=list[AssignmentDocument],
            query=LISTED - {"$orderby"},
        ),
        GraphRoute(
            method="POST",
            path=path,
            handler=added,
            summary=f"Assign, seen from {seen}.",
            permission=ASSIGNMENT_WRITE,
            body=AssignmentGiven,
            answer=AssignmentDocument,
            status=201,
        ),
        GraphRoute(
            method="GET",
            path=f"{path}/{{assignment}}",
            handler=shown,
            summary=f"One assignment of {seen}.",
            permission=APPLICATION_READ,
            answer=AssignmentDocument,
        ),
        GraphRoute(
            method="DELETE",
            path=f"{path}/{{assignment}}",
            handler=removed,
            summary=f"End an assignment of {seen}.",
            permission=ASSIGNMENT_WRITE,
            status=204,
        ),
    )


ROUTES: Final = (
    *_routes("/servicePrincipals/{servicePrincipal}/appRoleAssignedTo", "an application"),
    *_routes("/users/{user}/appRoleAssignments", "a user"),
    *_routes("/groups/{group}/appRoleAssignments", "a group"),
)
