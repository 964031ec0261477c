"""/applications and /servicePrincipals: what was added from the gallery, seen as two objects."""

from collections.abc import Iterable, Sequence
from typing import Final

from provisor.admin.actor import APPLICATION_READ, APPLICATION_WRITE, JOB_WRITE
from provisor.graph_api.odata.answers import NO_CONTENT, GraphAnswer, ok
from provisor.graph_api.odata.listing import LISTED, Document, short_collection
from provisor.graph_api.odata.requests import GraphRequest
from provisor.graph_api.odata.routing import GraphRoute
from provisor.graph_api.odata.selecting import chosen, only
from provisor.graph_api.wire.applications import (
    APPLICATION,
    ORDERED,
    SERVICE_PRINCIPAL,
    ApplicationDocument,
    ApplicationPatch,
    ApplicationSide,
    ServicePrincipalDocument,
    ServicePrincipalPatch,
    given_properties,
    principals_of,
)
from provisor.graph_api.wire.keys import application_key


def listed(request: GraphRequest) -> GraphAnswer:
    """A page: all are filtered in short, and those of the page are read whole."""
    side, verbs = _side(request), request.admin.service_principals
    galleries = {each.id: each.gallery_id for each in verbs.gallery(request.actor)}

    def completed(page: Sequence[Document]) -> Iterable[Document]:
        ids = principals_of(page)
        found = verbs.several(request.actor, ids)
        return [dict(side.whole(found[each])) for each in ids if each in found]

    return short_collection(
        request,
        side.context,
        [side.brief(each, galleries) for each in verbs.all(request.actor)],
        shape=side.shape,
        not_kept=side.not_kept,
        filtered=side.filtered,
        ordered=ORDERED,
        completed=completed,
    )


def shown(request: GraphRequest) -> GraphAnswer:
    """One of them."""
    side = _side(request)
    names = chosen(request.options.select, side.shape, side.not_kept)
    found = request.admin.service_principals.show(request.actor, application_key(request))
    return ok(request, f"{side.context}/$entity", only(side.whole(found), names))


def changed(request: GraphRequest) -> GraphAnswer:
    """Change either: what both have is changed in both."""
    key = application_key(request)
    request.admin.service_principals.change(request.actor, key, **given_properties(request.body))
    return NO_CONTENT


def deleted(request: GraphRequest) -> GraphAnswer:
    """Remove both, with jobs, assignments and owners."""
    request.admin.service_principals.delete(request.actor, application_key(request))
    return NO_CONTENT


def _side(request: GraphRequest) -> ApplicationSide:
    return SERVICE_PRINCIPAL if "/servicePrincipals" in request.route else APPLICATION


ROUTES: Final = (
    GraphRoute(
        method="GET",
        path="/applications",
        handler=listed,
        summary="Applications.",
        permission=APPLICATION_READ,
        answer=list[ApplicationDocument],
        query=LISTED,
    ),
    GraphRoute(
        method="GET",
        path="/applications/{application}",
        handler=shown,
        summary="One application.",
        permission=APPLICATION_READ,
        answer=ApplicationDocument,
    ),
    GraphRoute(
        method="PATCH",
        path="/applications/{application}",
        handler=changed,
        summary="Rename an application, replace its roles, notes or tags.",
        permission=APPLICATION_WRITE,
        body=ApplicationPatch,
        status=204,
    ),
    GraphRoute(
        method="DELETE",
        path="/applications/{application}",
        handler=deleted,
        summary="Remove an application with its service principal, jobs, assignments and owners.",
        permission=APPLICATION_WRITE,
        also=(JOB_WRITE,),
        status=204,
        waits_for="cycle",
    ),
    GraphRoute(
        method="GET",
        path="/servicePrincipals",
        handler=listed,
        summary="Service principals of applications.",
        permission=APPLICATION_READ,
        answer=list[ServicePrincipalDocument],
        query=LISTED,
    ),
    GraphRoute(
        method="GET",
        path="/servicePrincipals/{servicePrincipal}",
        handler=shown,
        summary="One service principal.",
        permission=APPLICATION_READ,
        answer=ServicePrincipalDocument,
    ),
    GraphRoute(
        method="PATCH",
        path="/servicePrincipals/{servicePrincipal}",
        handler=changed,
        summary="Rename a service principal, or change its roles and properties.",
        permission=APPLICATION_WRITE,
        body=ServicePrincipalPatch,
        status=204,
    ),
    GraphRoute(
        method="DELETE",
        path="/servicePrincipals/{servicePrincipal}",
        handler=deleted,
        summary="Remove a service principal with its application, jobs, assignments and owners.",
        permission=APPLICATION_WRITE,
        also=(JOB_WRITE,),
        status=204,
        waits_for="cycle",
    ),
)
