"""The API as one OpenAPI 3.1 document of each version, made from the table of routes and the types that it names.

For people who generate clients, and for programs that try every route; that what is answered is what it says, is
tested of every route (tests/graph_api/test_openapi.py). Order: the document, operations, parameters, schemas, its own
route.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final, get_args, get_origin

import msgspec

from provisor.graph_api.odata.answers import GraphAnswer
from provisor.graph_api.odata.options import ALWAYS
from provisor.graph_api.odata.requests import GraphRequest
from provisor.graph_api.odata.routing import GraphRoute
from provisor.scim.values import Resource

_SCHEMAS: Final = "#/components/schemas/"
_MEDIA: Final = "application/json"
_REFUSALS: Final[Mapping[str, str]] = {
    "400": "Something in the request is not understood or not possible; innerError.reason has our code.",
    "401": "The request has no token, or one that is unknown, expired or revoked.",
    "403": "The caller lacks the permission.",
    "404": "There is no such resource, or none that the caller may see.",
    "405": "The path has other methods.",
    "409": "The state of the resource does not allow it.",
    "410": "The token of a page or of changes is too old.",
    "412": "The resource was changed meanwhile.",
    "413": "The body is too long.",
    "415": "The body is of another type.",
    "429": "Too many requests; Retry-After says when to come again.",
    "500": "A fault of ours; report it with its request-id.",
    "503": "The database cannot be used now; Retry-After says when to come again.",
}
_ERROR: Final[Resource] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "innerError"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "details": {"type": "array", "items": {"$ref": f"{_SCHEMAS}odataErrorDetail"}},
                "innerError": {
                    "type": "object",
                    "required": ["date", "request-id", "client-request-id"],
                    "properties": {
                        "date": {"type": "string"},
                        "request-id": {"type": "string"},
                        "client-request-id": {"type": "string"},
                        "reason": {"type": "string"},
                        "hint": {"type": "string"},
                    },
                },
            },
        }
    },
}
_ERROR_DETAIL: Final[Resource] = {
    "type": "object",
    "required": ["code", "message", "target"],
    "properties": {"code": {"type": "string"}, "message": {"type": "string"}, "target": {"type": "string"}},
}
_OPTIONS: Final[Mapping[str, Resource]] = {
    "$count": {"type": "boolean"},
    "$format": {"type": "string", "enum": ["json"]},
}
_SAID: Final[Mapping[str, str]] = {
    "$select": "Names of the properties to answer, parted by commas.",
    "$filter": "Which resources to answer.",
    "$orderby": "A property, and asc or desc.",
    "$top": "How many resources a page has.",
    "$count": "Whether the first page says how many there are.",
    "$search": "Words to look for.",
    "$expand": "Names of what to answer besides.",
    "$skiptoken": "Of the link to a further page, unchanged.",
    "$deltatoken": "Of the link to what has changed since, unchanged.",
}


def openapi(routes: Iterable[GraphRoute], version: str, server: str = "") -> Resource:
    """The document of v1.0 or beta; `server` is the address of the version."""
    offered = [route for route in routes if version == "beta" or not route.beta_only]
    types = [kind for route in offered for kind in (route.body, _item(route.answer)) if kind not in (None, int)]
    schemas, components = _schemas(types)
    paths: dict[str, Resource] = {}
    for route in offered:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Provisor",
            "version": version,
            "description": "The directory, applications and provisioning jobs in the shapes of Microsoft Graph.",
        },
        "servers": [{"url": server or f"/{version}"}],
        "security": [{"token": []}],
        "paths": {**paths},
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {**components, "odataError": _ERROR, "odataErrorDetail": _ERROR_DETAIL},
            "responses": {status: _refusal(text) for status, text in _REFUSALS.items()},
        },
    }


def _operation(route: GraphRoute, schemas: Mapping[Any, Resource]) -> Resource:
    said = "Needs no permission."
    if route.permission:
        said = f"Needs the permission {' and '.join(f'`{one}`' for one in (route.permission, *route.also))}."
    operation: Resource = {
        "operationId": _operation_id(route),
        "summary": route.summary,
        "description": said,
        "tags": [route.path.strip("/").partition("/")[0]],
        "parameters": list(_parameters(route)),
        "responses": {
            str(route.status): _answer(route, schemas),
            **{status: {"$ref": f"#/components/responses/{status}"} for status in _REFUSALS},
        },
    }
    if route.body is not None:
        content: Resource = {media: {"schema": schemas[route.body]} for media in route.media}
        operation["requestBody"] = {"required": not route.body_optional, "content": content}
    return operation


def _operation_id(route: GraphRoute) -> str:
    words = [word for word in re.split(r"[^A-Za-z0-9]+", route.path) if word]
    return route.method.lower() + "".join(word[0].upper() + word[1:] for word in words)


def _answer(route: GraphRoute, schemas: Mapping[Any, Resource]) -> Resource:
    if route.answer is None:
        return {"description": "Done; no body."}
    if route.answer is int:
        return {"description": "A number.", "content": {"text/plain": {"schema": {"type": "integer"}}}}
    schema = schemas[_item(route.answer)]
    context: Resource = {"@odata.context": {"type": "string"}}
    if get_origin(route.answer) is list:
        links: Resource = {name: {"type": "string"} for name in ("@odata.nextLink", "@odata.deltaLink")}
        count: Resource = {"@odata.count": {"type": "integer"}}
        items: Resource = {"value": {"type": "array", "items": schema}}
        page: Resource = {
            "type": "object",
            "required": ["@odata.context", "value"],
            "properties": {**context, **count, **links, **items},
        }
        return {"description": "A page.", "content": {_MEDIA: {"schema": page}}}
    one: Resource = {"allOf": [schema, {"type": "object", "properties": context}]}
    return {"description": "The resource.", "content": {_MEDIA: {"schema": one}}}


def _refusal(text: str) -> Resource:
    return {"description": text, "content": {_MEDIA: {"schema": {"$ref": f"{_SCHEMAS}odataError"}}}}


def _parameters(route: GraphRoute) -> Iterable[Resource]:
    for name in re.findall(r"\{(\w+)\}", route.path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
    for option in sorted({*route.query, *(ALWAYS if route.method == "GET" else ())}):
        schema = dict(_OPTIONS.get(option, {"type": "string"}))
        if option == "$top":
            schema = {"type": "integer", "minimum": 1, "maximum": route.most}
        said = _SAID.get(option, "")
        if option == "$filter" and route.filtered_by:
            said = f"{said} Over {', '.join(route.filtered_by)}."
        yield {"name": option, "in": "query", "description": said, "schema": schema}
    for name in route.parameters:
        yield {"name": name, "in": "query", "schema": {"type": "string"}}


def _item(answer: Any) -> Any:
    """The type of one resource: of a page, of what it has many."""
    return get_args(answer)[0] if get_origin(answer) is list else answer


def _schemas(types: Iterable[Any]) -> tuple[Mapping[Any, Resource], Resource]:
    """Where each type is described, and the descriptions."""
    distinct = list(dict.fromkeys(types))
    found, components = msgspec.json.schema_components(distinct, ref_template=_SCHEMAS + "{name}")
    return dict(zip(distinct, found, strict=True)), dict(components)


def document_routes(routes: tuple[GraphRoute, ...]) -> tuple[GraphRoute, ...]:
    """The route that answers the document of these routes, itself included."""

    @lru_cache(maxsize=16)
    def written(version: str, base: str) -> bytes:
        return msgspec.json.encode(openapi((*routes, document), version, base))

    def get_document(request: GraphRequest) -> GraphAnswer:
        body = written(request.version, request.base)
        return GraphAnswer(body=body, headers={"Content-Type": _MEDIA})

    document = GraphRoute(
        method="GET",
        path="/openapi.json",
        handler=get_document,
        summary="Get this document.",
        permission="",
        answer=dict[str, Any],
    )
    return (document,)
