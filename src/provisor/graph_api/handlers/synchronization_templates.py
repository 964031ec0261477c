"""Routes of synchronization templates, under service principals and applications (spec/graph-synchronization-api.md
section 2). A template is part of the product: changing one is refused by name."""

from typing import Any, Final

from provisor.admin.actor import JOB_READ, JOB_WRITE
from provisor.graph_api.handlers.synchronization_paths import OF_APPLICATION, OF_PRINCIPAL, around, principal
from provisor.graph_api.odata.answers import GraphAnswer, collection, ok
from provisor.graph_api.odata.requests import GraphRequest
from provisor.graph_api.odata.routing import GraphRoute
from provisor.graph_api.wire.synchronization_templates import TemplateAnswer, template_answer


def listed(request: GraphRequest) -> GraphAnswer:
    """The templates of an application."""
    found = request.admin.synchronization.templates(request.actor, principal(request))
    return collection(
        request,
        f"{around(request)}/templates",
        [template_answer(one) for one in found],
        count=len(found) if request.options.count else None,
    )


def read(request: GraphRequest) -> GraphAnswer:
    """One template, with its schema."""
    found = request.admin.synchronization.template(request.actor, principal(request), request.names["template"])
    return ok(request, f"{around(request)}/templates/$entity", template_answer(found))


def not_changed(request: GraphRequest) -> GraphAnswer:
    """Refused: a job has a schema of its own."""
    request.admin.synchronization.save_template(request.actor, principal(request), request.names["template"])


def _routes(around_it: str) -> tuple[GraphRoute, ...]:
    templates = f"{around_it}/templates"
    return (
        GraphRoute(
            method="GET",
            path=templates,
            handler=listed,
            summary="List templates.",
            permission=JOB_READ,
            answer=list[TemplateAnswer],
        ),
        GraphRoute(
            method="GET",
            path=f"{templates}/{{template}}",
            handler=read,
            summary="Get a template.",
            permission=JOB_READ,
            answer=TemplateAnswer,
        ),
    )


_SCHEMA: Final = f"{OF_APPLICATION}/templates/{{template}}/schema"

ROUTES: Final = (
    *_routes(OF_PRINCIPAL),
    *_routes(OF_APPLICATION),
    *(
        GraphRoute(
            method=method,
            path=_SCHEMA,
            handler=not_changed,
            summary="Change the schema of a template, which is refused.",
            permission=JOB_WRITE,
            body=dict[str, Any],
            status=204,
        )
        for method in ("PUT", "PATCH")
    ),
)
