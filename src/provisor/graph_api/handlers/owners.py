"""Owners of an application, which are those of its service principal."""

from typing import Final

from provisor.admin.actor import APPLICATION_READ, APPLICATION_WRITE
from provisor.graph_api.odata.answers import NO_CONTENT, GraphAnswer
from provisor.graph_api.odata.listing import LISTED, short_collection
from provisor.graph_api.odata.requests import GraphRequest
from provisor.graph_api.odata.routing import GraphRoute
from provisor.graph_api.wire.identifiers import ObjectReference, referenced
from provisor.graph_api.wire.keys import application_key
from provisor.graph_api.wire.owners import FILTERED, USER_PROPERTIES, OwnerDocument, owner_document


def listed(request: GraphRequest) -> GraphAnswer:
    """A page of owners."""
    found = request.admin.service_principals.owners(request.actor, application_key(request))
    documents = [owner_document(each) for each in found]
    return short_collection(
        request,
        "directoryObjects",
        documents,
        shape=OwnerDocument,
        not_kept=USER_PROPERTIES,
        filtered=FILTERED,
        ordered=("displayName",),
    )


def added(request: GraphRequest) -> GraphAnswer:
    """Make a user an owner."""
    request.admin.service_principals.add_owner(request.actor, application_key(request), referenced(request.body))
    return NO_CONTENT


def removed(request: GraphRequest) -> GraphAnswer:
    """Remove an owner."""
    request.admin.service_principals.remove_owner(request.actor, application_key(request), request.names["owner"])
    return NO_CONTENT


def _routes(path: str) -> tuple[GraphRoute, ...]:
    return (
        GraphRoute(
            method="GET",
            path=f"{path}/owners",
            handler=listed,
            summary="Who owns an application.",
            permission=APPLICATION_READ,
            answer=list[OwnerDocument],
            query=LISTED,
        ),
        GraphRoute(
            method="POST",
            path=f"{path}/owners/$ref",
            handler=added,
            summary="Make a user an owner of an application.",
            permission=APPLICATION_WRITE,
            body=ObjectReference,
            status=204,
        ),
        GraphRoute(
            method="DELETE",
            path=f"{path}/owners/{{owner}}/$ref",
            handler=removed,
            summary="Remove an owner of an application.",
            permission=APPLICATION_WRITE,
            status=204,
        ),
    )


ROUTES: Final = (*_routes("/applications/{application}"), *_routes("/servicePrincipals/{servicePrincipal}"))
