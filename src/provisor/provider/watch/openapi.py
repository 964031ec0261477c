"""The interface as an OpenAPI 3.1 document, made of the same schemas that are served.

Pure. For people who generate clients and for programs that try every endpoint. What it says of bodies is what the RFCs
say; tolerances are not in it. Order: the document, operations, schemas.
"""

from collections.abc import Iterable

from provisor.provider.model.limits import BULK_OPERATIONS, MAX_RESULTS
from provisor.provider.protocol.bulk_requests import BULK_REQUEST_URN
from provisor.provider.protocol.routes import SEARCH_URN
from provisor.provider.store.tables import Tenant
from provisor.scim.patch.operations import PATCH_OP_URN
from provisor.scim.schemas.schema import Attribute, ResourceType
from provisor.scim.values import Json, Resource

_MEDIA = "application/scim+json"
_TYPES: dict[str, Resource] = {
    "string": {"type": "string"},
    "reference": {"type": "string"},
    "binary": {"type": "string", "contentEncoding": "base64"},
    "dateTime": {"type": "string", "format": "date-time"},
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer"},
    "decimal": {"type": "number"},
}
_ERRORS = ("400", "401", "403", "404", "405", "409", "412", "413", "415", "429", "501", "503")
_CHOICE = ("attributes", "excludedAttributes")
_QUERY = ("filter", "sortBy", "sortOrder", "startIndex", "count", "cursor")
_NUMBERS = ("startIndex", "count")


def openapi(tenant: Tenant) -> Resource:
    """The document of one tenant."""
    paths: Resource = {}
    for resource_type in tenant.profile.types:
        paths |= _resource_paths(resource_type)
    for place in ("/", "/.search"):
        method = "get" if place == "/" else "post"
        paths[place] = {method: _listing(method)}
    for document in ("/Schemas", "/ResourceTypes", "/ServiceProviderConfig"):
        paths[document] = {"get": _operation("200", query=())}
    for document in ("/Schemas/{id}", "/ResourceTypes/{id}"):
        paths[document] = {"parameters": [_id()], "get": _operation("200", query=())}
    paths["/Bulk"] = {"post": _operation("200", body="BulkRequest", query=())}
    paths["/Me"] = {"get": _operation("200", query=())}
    schemas: Resource = {kind.name: _object(kind) for kind in tenant.profile.types}
    return {
        "openapi": "3.1.0",
        "info": {"title": tenant.profile.title, "version": "2.0"},
        "servers": [{"url": tenant.base_path}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas | _messages(),
        },
    }


def _resource_paths(resource_type: ResourceType) -> Resource:
    name, endpoint = resource_type.name, resource_type.endpoint
    patched = ("200",) if name == "User" else ("200", "204")
    return {
        endpoint: {
            "get": _listing("get"),
            "post": _operation("201", body=name, query=_CHOICE),
        },
        f"{endpoint}/.search": {"post": _listing("post")},
        f"{endpoint}/{{id}}": {
            "parameters": [_id()],
            "get": _operation("200", "304", query=_CHOICE, headers=("If-None-Match",)),
            "put": _operation("200", body=name, query=_CHOICE, headers=("If-Match",)),
            "patch": _operation(*patched, body="PatchOp", query=_CHOICE, headers=("If-Match",)),
            "delete": _operation("204", query=(), headers=("If-Match",)),
        },
    }


def _listing(method: str) -> Resource:
    if method == "post":
        return _operation("200", body="SearchRequest", query=())
    return _operation("200", query=(*_QUERY, *_CHOICE))


def _operation(*statuses: str, query: Iterable[str], body: str | None = None, headers: Iterable[str] = ()) -> Resource:
    parameters: list[Json] = [
        {
            "name": name,
            "in": "query",
            "schema": {"type": "integer", "maximum": 2**31} if name in _NUMBERS else {"type": "string"},
        }
        for name in query
    ]
    parameters += [{"name": name, "in": "header", "schema": {"type": "string"}} for name in headers]
    responses: Resource = {status: _response(status, "Resource") for status in statuses}
    responses |= {status: _response(status, "Error") for status in _ERRORS}
    operation: Resource = {"parameters": parameters, "responses": responses}
    if body is not None:
        content: Resource = {_MEDIA: {"schema": {"$ref": f"#/components/schemas/{body}"}}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _response(status: str, schema: str) -> Resource:
    if status in ("204", "304"):
        return {"description": "No body."}
    return {
        "description": schema,
        "content": {_MEDIA: {"schema": {"$ref": f"#/components/schemas/{schema}"}}},
    }


def _id() -> Resource:
    return {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}


def _object(resource_type: ResourceType) -> Resource:
    properties: Resource = {
        attribute.name: _schema(attribute)
        for urn, attribute in resource_type.attributes()
        if urn is None and attribute.writable
    }
    for extension in resource_type.extensions:
        inner: Resource = {attribute.name: _schema(attribute) for attribute in extension.schema.attributes}
        properties[extension.schema.id] = {"type": "object", "properties": inner}
    required: list[Json] = [attribute.name for attribute in resource_type.schema.attributes if attribute.required]
    return {"type": "object", "properties": properties, "required": required}


def _schema(attribute: Attribute) -> Json:
    if attribute.type == "complex":
        subs: Resource = {sub.name: _schema(sub) for sub in attribute.sub_attributes if sub.writable}
        one: Resource = {"type": "object", "properties": subs}
    else:
        one = _TYPES[attribute.type]
    return {"type": "array", "items": one} if attribute.multi_valued else one


def _message(urn: str, properties: Resource, required: Iterable[str] = ()) -> Resource:
    named: Json = {"type": "array", "items": {"const": urn}, "minItems": 1, "maxItems": 1}
    listed: list[Json] = ["schemas", *required]
    return {"type": "object", "properties": {"schemas": named, **properties}, "required": listed}


def _messages() -> Resource:
    text: Resource = {"type": "string"}
    operation: Resource = {
        "type": "object",
        "properties": {"op": {"enum": ["add", "replace", "remove"]}, "path": text, "value": {}},
        "required": ["op"],
    }
    step: Resource = {
        "type": "object",
        "properties": {
            "method": {"enum": ["POST", "PUT", "PATCH", "DELETE"]},
            "path": text,
            "bulkId": text,
            "version": text,
            "data": {"type": "object"},
        },
        "required": ["method", "path"],
    }
    names: Json = {"type": "array", "items": text}
    asked: Resource = {name: names if name in _CHOICE else text for name in (*_QUERY, *_CHOICE)}
    asked |= {name: {"type": "integer", "maximum": MAX_RESULTS * 10} for name in _NUMBERS}
    steps: Resource = {"type": "array", "items": step, "maxItems": BULK_OPERATIONS}
    errors: Resource = {"type": "integer", "minimum": 0}
    return {
        "PatchOp": _message(PATCH_OP_URN, {"Operations": {"type": "array", "items": operation}}, ("Operations",)),
        "SearchRequest": _message(SEARCH_URN, asked),
        "BulkRequest": _message(BULK_REQUEST_URN, {"failOnErrors": errors, "Operations": steps}, ("Operations",)),
        "Error": {
            "type": "object",
            "properties": {"schemas": {"type": "array"}, "status": text, "scimType": text, "detail": text},
            "required": ["schemas", "status"],
        },
        "Resource": {"type": "object", "required": ["schemas"]},
    }
