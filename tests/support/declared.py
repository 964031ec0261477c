"""Whether an answer of the API is what the table of routes says of it: nothing undeclared, nothing missing."""

import json
from functools import lru_cache
from urllib.parse import parse_qs

from provisor.graph_api.odata.routing import Router
from provisor.graph_api.openapi import openapi


class Declared:
    """The OpenAPI document of a table, by which answers are judged: more strictly than it says, as objects have no
    properties that it does not name, but annotations such as `@odata.id`.
    """

    def __init__(self, routes):
        self.router = Router(routes)
        self.document = {version: openapi(routes, version) for version in ("v1.0", "beta")}
        for document in self.document.values():
            for schema in document["components"]["schemas"].values():
                close(schema)

    def check(self, method, path, reply):
        """Raise AssertionError where the answer is not as declared. Paths that nobody declares are refused anyhow."""
        where, _, query = path.partition("?")
        version, _, below = where.lstrip("/").partition("/")
        if reply.status >= 400:
            if method != "HEAD":
                self.fits(version.lower(), {"$ref": "#/components/schemas/odataError"}, reply.body, f"{method} {where}")
            return
        route, _ = self.router.find("GET" if method == "HEAD" else method, f"/{below}", beta=version.lower() == "beta")
        operation = self.document[version.lower()]["paths"][route.path][route.method.lower()]
        said = f"{route.method} {route.path}"
        assert str(reply.status) in operation["responses"], f"{said} answers {reply.status}, which is not declared."
        answer = operation["responses"][str(reply.status)]
        if "content" not in answer:
            assert reply.raw == b"", f"{said} answers a body, which is not declared."
        elif method != "HEAD" and reply.headers["content-type"].startswith("application/json"):
            select = any(name.lower() in ("$select", "select") for name in parse_qs(query))
            (media,) = answer["content"].values()
            schema = media["schema"]
            self.fits(version.lower(), schema, reply.body, said, partly=select)

    def fits(self, version, schema, body, said, *, partly=False):
        errors = [
            error
            for error in validator(version, json.dumps(schema, sort_keys=True), self).iter_errors(bare(body, top=True))
            if not (partly and error.schema_path[-1:] == ["required"])
        ]
        assert not errors, f"{said}: {errors[0].message[:500]} at {errors[0].instance_path}"


@lru_cache(maxsize=4_096)
def validator(version, schema, declared):
    from jsonschema_rs import Draft202012Validator  # schemathesis brings it

    document = {**json.loads(schema), "components": declared.document[version]["components"]}
    return Draft202012Validator(document)


def close(schema):
    """Objects that name their properties have no others."""
    if isinstance(schema, dict):
        if schema.get("properties") and "additionalProperties" not in schema:
            schema["additionalProperties"] = False
        for inner in list(schema.values()):
            close(inner)
    elif isinstance(schema, list):
        for inner in schema:
            close(inner)


def bare(value, *, top=False):
    """Without annotations, which may stand in any object, and directory extensions, which anybody registers; at the top,
    those of a page or a reference stay.
    """
    if isinstance(value, dict):
        kept = ()
        if top and isinstance(value.get("value"), list):
            kept = ("@odata.context", "@odata.nextLink", "@odata.deltaLink", "@odata.count")
        elif top and {*value} <= {"@odata.context", "@odata.id"}:
            kept = ("@odata.id",)  # a reference, which has nothing else
        return {
            name: bare(inner)
            for name, inner in value.items()
            if name in kept or not ("@" in name or name.startswith("extension_"))
        }
    return [bare(inner) for inner in value] if isinstance(value, list) else value
