"""Routes of schemas, of jobs and of templates: mappings, directories, operators, functions, expressions
(spec/graph-synchronization-api.md section 5). Order: schemas, directories, the language of mappings."""

import secrets
from dataclasses import dataclass
from typing import Any, Final

from provisor.admin.actor import JOB_READ, JOB_RUN, JOB_WRITE
from provisor.graph_api.handlers.synchronization_paths import OF_APPLICATION, OF_PRINCIPAL, around, job, principal
from provisor.graph_api.odata.answers import NO_CONTENT, GraphAnswer, collection, ok
from provisor.graph_api.odata.errors import bad_request
from provisor.graph_api.odata.requests import GraphRequest
from provisor.graph_api.odata.routing import GraphHandler, GraphRoute
from provisor.graph_api.wire.parsed_expressions import ExpressionAnswer, ExpressionRequest, expression_answer
from provisor.graph_api.wire.synchronization_schemas import (
    SchemaAnswer,
    directories,
    directory,
    etag,
    function_documents,
    leads_to,
    schema_answer,
)
from provisor.graph_api.wire.synchronization_templates import VERSION
from provisor.rules.operators import operator_documents
from provisor.scim.values import Json

OF_JOBS: Final = f"{OF_PRINCIPAL}/jobs/{{job}}/schema"
OF_TEMPLATES: Final = tuple(f"{one}/templates/{{template}}/schema" for one in (OF_PRINCIPAL, OF_APPLICATION))


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSchema:
    """The schema that a path leads to, with its job or template; `place` is what the context calls it."""

    document: Json
    key: str
    version: int
    place: str


def found(request: GraphRequest) -> FoundSchema:
    """The schema in the path."""
    if "template" in request.names:
        one = request.admin.synchronization.template(request.actor, principal(request), request.names["template"])
        place = f"{around(request)}/templates('{one.template.id}')/schema"
        return FoundSchema(document=one.rules, key=one.template.id, version=VERSION, place=place)
    key = job(request, JOB_READ)
    document, version = request.admin.schemas.current(request.actor, key)
    return FoundSchema(document=document, key=key, version=version, place=f"{around(request)}/jobs('{key}')/schema")


def read(request: GraphRequest) -> GraphAnswer:
    """The whole schema; its etag names its version."""
    schema = found(request)
    answer = schema_answer(schema.document, key=schema.key, version=schema.version)
    tag = etag(schema.version)
    reply = ok(request, f"{schema.place}/$entity", {"@odata.etag": tag, **answer})
    return GraphAnswer(body=reply.body, headers={"ETag": tag})


def replaced(request: GraphRequest) -> GraphAnswer:
    """The whole schema instead of what there is; PUT and PATCH mean the same (section 0)."""
    request.admin.schemas.replace(request.actor, job(request), request.body, version=_demanded(request))
    return NO_CONTENT


def restored(request: GraphRequest) -> GraphAnswer:
    """Back to the schema of the template."""
    request.admin.schemas.restore(request.actor, job(request), version=_demanded(request))
    return NO_CONTENT


def _demanded(request: GraphRequest) -> int | None:
    """The version that If-Match demands, which the verb checks once more; None where any will do."""
    if request.headers.get("if-match", "*").strip() == "*":
        return None
    _, version = request.admin.schemas.current(request.actor, job(request, JOB_READ))
    request.if_match(etag(version))
    return version


# Directories


def directories_listed(request: GraphRequest) -> GraphAnswer:
    """Both ends: the directory that is read, and the application."""
    schema = found(request)
    return collection(request, f"{schema.place}/directories", directories(schema.document))


def directory_read(request: GraphRequest) -> GraphAnswer:
    """One of them, with its objects and attributes."""
    schema = found(request)
    one = directory(schema.document, request.names["directory"])
    return ok(request, f"{schema.place}/directories/$entity", one)


def discovered(request: GraphRequest) -> GraphAnswer:
    """Ask the application which attributes it has, and add those that its directory lacks."""
    schema = found(request)
    key = request.names["directory"]
    one = directory(schema.document, key)
    if not leads_to(schema.document, one):
        raise bad_request(
            f"The directory {one.get('name')} is not an application, and has nothing to discover.",
            "Discover the directory that the rules lead to.",
        )
    request.admin.attributes.discover(request.actor, schema.key, save=True)
    document, _ = request.admin.schemas.current(request.actor, schema.key)
    return ok(request, f"{schema.place}/directories/$entity", directory(document, key))


# The language of mappings


def operators(request: GraphRequest) -> GraphAnswer:
    """The operators of scoping filters."""
    return collection(request, "Collection(microsoft.graph.filterOperatorSchema)", _seen(request, operator_documents()))


def functions(request: GraphRequest) -> GraphAnswer:
    """The functions of expressions."""
    documents = _seen(request, function_documents())
    return collection(request, "Collection(microsoft.graph.attributeMappingFunctionSchema)", documents)


def expression_parsed(request: GraphRequest) -> GraphAnswer:
    """An expression, read and tried; a bad one is an answer."""
    found(request)
    answer = expression_answer(request.body, request.now, secrets.token_bytes)
    return ok(request, "microsoft.graph.parseExpressionResponse", answer)


def _seen(request: GraphRequest, documents: list[dict[str, Json]]) -> list[dict[str, Json]]:
    """The documents, for who may see the schema."""
    found(request)
    return documents


def _read(path: str, handler: GraphHandler, summary: str, answer: Any, *options: str) -> GraphRoute:
    return GraphRoute(
        method="GET",
        path=path,
        handler=handler,
        summary=summary,
        permission=JOB_READ,
        answer=answer,
        query=frozenset(options),
    )


def _reading(schema: str) -> tuple[GraphRoute, ...]:
    """What jobs and templates have in common."""
    several = list[dict[str, Any]]
    one = f"{schema}/directories/{{directory}}"
    return (
        _read(schema, read, "Get a schema.", SchemaAnswer, "$expand"),
        _read(f"{schema}/directories", directories_listed, "List the directories of a schema.", several),
        _read(one, directory_read, "Get a directory of a schema.", dict[str, Any]),
        _read(f"{schema}/filterOperators", operators, "List the operators of scoping filters.", several),
        _read(f"{schema}/functions", functions, "List the functions of expressions.", several),
        GraphRoute(
            method="POST",
            path=f"{schema}/parseExpression",
            handler=expression_parsed,
            summary="Try an expression.",
            permission=JOB_READ,
            body=ExpressionRequest,
            answer=ExpressionAnswer,
        ),
    )


ROUTES: Final = (
    *(route for schema in (OF_JOBS, *OF_TEMPLATES) for route in _reading(schema)),
    *(
        GraphRoute(
            method=method,
            path=OF_JOBS,
            handler=replaced,
            summary="Replace the schema of a job.",
            permission=JOB_WRITE,
            body=dict[str, Any],
            status=204,
        )
        for method in ("PUT", "PATCH")
    ),
    GraphRoute(
        method="DELETE",
        path=OF_JOBS,
        handler=restored,
        summary="Restore the schema of the template.",
        permission=JOB_WRITE,
        status=204,
    ),
    GraphRoute(
        method="POST",
        path=f"{OF_JOBS}/directories/{{directory}}/discover",
        handler=discovered,
        summary="Ask the application which attributes it has.",
        permission=JOB_RUN,
        also=(JOB_READ, JOB_WRITE),
        answer=dict[str, Any],
        waits_for="application",
    ),
)
