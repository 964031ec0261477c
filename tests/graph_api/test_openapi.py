"""The OpenAPI document: what it names, and that no answer of any test is otherwise (support.declared)."""

import re
from typing import TypedDict

import pytest

from provisor.admin.actor import ALL_PERMISSIONS, Actor
from provisor.graph_api.odata.answers import NO_CONTENT
from provisor.graph_api.odata.routing import GraphRoute
from provisor.graph_api.openapi import openapi
from provisor.graph_api.routes import ROUTES
from support.declared import Declared
from support.graph_client import Reply


@pytest.mark.parametrize("version", ["v1.0", "beta"])
def test_the_document_names_every_route_of_its_version(graph, version):
    reply = graph.get(f"/{version}/openapi.json")

    named = {(method.upper(), path) for path, item in reply.body["paths"].items() for method in item}
    assert reply.headers["content-type"] == "application/json"
    assert reply.body["openapi"] == "3.1.0"
    assert reply.body["servers"] == [{"url": f"http://graph.test/{version}"}]
    assert named == {(one.method, one.path) for one in ROUTES if version == "beta" or not one.beta_only}


def test_whoever_is_signed_in_may_read_it(graph, callers):
    callers["nobody"] = Actor(id="n", name="nobody", kind="user")

    assert graph.as_("nobody").get("/openapi.json").status == 200
    assert graph.as_("unknown").get("/openapi.json").status == 401


def test_operations_have_names_of_their_own():
    document = openapi(ROUTES, "beta")

    names = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
    assert len(names) == len(set(names)) == len(ROUTES)


def test_every_reference_of_the_document_leads_somewhere():
    document = openapi(ROUTES, "beta")
    references = set(re.findall(r"#/components/(schemas|responses)/([^']+)", str(document)))

    assert references
    assert [one for one in references if one[1] not in document["components"][one[0]]] == []


def test_it_can_be_read_by_programs_that_read_such_documents():
    import schemathesis

    schema = schemathesis.openapi.from_dict(openapi(ROUTES, "beta"))

    assert len([result.ok() for result in schema.get_all_operations()]) == len(ROUTES)


IDS = [f"{route.method} {route.path}" for route in ROUTES]


@pytest.mark.parametrize("route", ROUTES, ids=IDS)
def test_a_route_says_what_it_does_needs_and_answers(route):
    assert route.summary.endswith(".")
    assert route.permission == "" or route.permission in ALL_PERMISSIONS
    assert (route.answer is None) == (route.status in (202, 204, 400)) or route.status == 202


# That a wrong answer would be noticed


class Thing(TypedDict):
    id: str
    size: int | None


def route(method, path, **more):
    return GraphRoute(method=method, path=path, handler=lambda request: NO_CONTENT, summary="", permission="", **more)


TABLE = (
    route("GET", "/things", answer=list[Thing]),
    route("GET", "/things/{thing}", answer=Thing),
    route("DELETE", "/things/{thing}", status=204),
)
GOOD = {"id": "a", "size": 1}
ANSWERS = {
    "a thing": ("GET", "/v1.0/things/a", 200, GOOD, True),
    "null where it may be": ("GET", "/v1.0/things/a", 200, {"id": "a", "size": None}, True),
    "an annotation": ("GET", "/v1.0/things/a", 200, {**GOOD, "@odata.etag": "x"}, True),
    "a page": ("GET", "/v1.0/things", 200, {"@odata.context": "x", "value": [GOOD]}, True),
    "part of a thing that was selected": ("GET", "/v1.0/things/a?$select=id", 200, {"id": "a"}, True),
    "something undeclared": ("GET", "/v1.0/things/a", 200, {**GOOD, "colour": "red"}, False),
    "something missing": ("GET", "/v1.0/things/a", 200, {"id": "a"}, False),
    "another type": ("GET", "/v1.0/things/a", 200, {"id": "a", "size": "1"}, False),
    "something undeclared in a page": ("GET", "/v1.0/things", 200, {"@odata.context": "x", "value": [{**GOOD, "b": 1}]}, False),
    "a page without its context": ("GET", "/v1.0/things", 200, {"value": [GOOD]}, False),
    "another status": ("GET", "/v1.0/things/a", 201, GOOD, False),
    "a body where there is none": ("DELETE", "/v1.0/things/a", 204, GOOD, False),
    "a refusal": ("GET", "/v1.0/things/a", 404, {"error": {"code": "x", "message": "y", "innerError": {
        "date": "", "request-id": "", "client-request-id": ""}}}, True),
    "a refusal of another shape": ("GET", "/v1.0/things/a", 404, {"detail": "no"}, False),
}  # fmt: skip


@pytest.mark.parametrize("what", ANSWERS)
def test_an_answer_that_is_not_as_declared_is_noticed(what):
    import json

    method, path, status, body, good = ANSWERS[what]
    reply = Reply(status=status, headers={"content-type": "application/json"}, raw=json.dumps(body).encode())

    if good:
        Declared(TABLE).check(method, path, reply)
    else:
        with pytest.raises(AssertionError):
            Declared(TABLE).check(method, path, reply)
