"""/applicationTemplates: the gallery, and adding an application from it."""

from typing import Final

from provisor.admin.actor import APPLICATION_CREATE, APPLICATION_READ
from provisor.graph_api.odata.answers import GraphAnswer, created, ok
from provisor.graph_api.odata.listing import LISTED, short_collection
from provisor.graph_api.odata.requests import GraphRequest
from provisor.graph_api.odata.routing import GraphRoute
from provisor.graph_api.odata.selecting import chosen, only
from provisor.graph_api.wire.application_templates import (
    FILTERED,
    ApplicationTemplateDocument,
    Instantiation,
    template_document,
)
from provisor.graph_api.wire.applications import (
    InstantiatedDocument,
    application_document,
    service_principal_document,
)


def listed(request: GraphRequest) -> GraphAnswer:
    """A page of the gallery."""
    found = request.admin.service_principals.gallery(request.actor)
    documents = [dict(template_document(each)) for each in found]
    return short_collection(
        request,
        "applicationTemplates",
        documents,
        shape=ApplicationTemplateDocument,
        filtered=FILTERED,
        ordered=("displayName",),
    )


def shown(request: GraphRequest) -> GraphAnswer:
    """One application of the gallery."""
    found = request.admin.service_principals.template(request.actor, request.names["applicationTemplate"])
    names = chosen(request.options.select, ApplicationTemplateDocument)
    return ok(request, "applicationTemplates/$entity", only(template_document(found), names))


def instantiated(request: GraphRequest) -> GraphAnswer:
    """Add an application of the gallery: two objects in one answer."""
    made = request.admin.service_principals.instantiate(
        request.actor, request.names["applicationTemplate"], request.body.display_name
    )
    document: InstantiatedDocument = {
        "application": application_document(made),
        "servicePrincipal": service_principal_document(made),
    }
    return created(
        request,
        "microsoft.graph.applicationServicePrincipal",
        document,
        path=f"/servicePrincipals/{made.application.id}",
    )


ROUTES: Final = (
    GraphRoute(
        method="GET",
        path="/applicationTemplates",
        handler=listed,
        summary="The applications that can be added.",
        permission=APPLICATION_READ,
        answer=list[ApplicationTemplateDocument],
        query=LISTED,
    ),
    GraphRoute(
        method="GET",
        path="/applicationTemplates/{applicationTemplate}",
        handler=shown,
        summary="One application that can be added.",
        permission=APPLICATION_READ,
        answer=ApplicationTemplateDocument,
    ),
    GraphRoute(
        method="POST",
        path="/applicationTemplates/{applicationTemplate}/instantiate",
        handler=instantiated,
        summary="Add an application: the application and its service principal.",
        permission=APPLICATION_CREATE,
        body=Instantiation,
        answer=InstantiatedDocument,
        status=201,
    ),
)
