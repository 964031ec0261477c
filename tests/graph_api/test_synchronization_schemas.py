"""Schemas over the API: read, replaced by PUT and PATCH, refused with their places, restored; and expressions tried."""

import copy
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from provisor.admin.actor import LOCAL_OPERATOR
from provisor.expressions import FUNCTIONS
from provisor.rules.operators import OPERATORS
from support.synchronized import TEMPLATE

TARGET = "8c2e1b3d-0e22-4b5f-8b64-9f2e6c1d4a63"
SOURCE = "6b1f0a2c-9d11-4a4e-9a53-7e1d5b0c3f52"


@pytest.fixture
def graph(service):
    return service.graph


@pytest.fixture
def job(service):
    return service.job()


@pytest.fixture
def schema(job):
    return f"{job}/schema"


def body_of(graph, path):
    return graph.get(path).body


def rows(document, kind=0):
    return document["synchronizationRules"][kind]["objectMappings"][0]["attributeMappings"]


def row(document, name):
    return next(one for one in rows(document) if one["targetAttributeName"] == name)


def renamed(document):
    """Another source for the display name."""
    row(document, "displayName")["source"] = {"name": "mail", "type": "attribute"}
    return document


# Reading


@pytest.mark.parametrize("query", ["", "?$expand=directories", "?$expand=directories($select=id,name)"])
def test_a_schema_has_its_directories_inline(graph, schema, job, query):
    body = body_of(graph, schema + query)

    assert (body["id"], body["version"], body["@odata.etag"]) == (job.rpartition("/")[2], "1", 'W/"1"')
    assert [one["id"] for one in body["directories"]] == [SOURCE, TARGET]
    assert [rule["priority"] for rule in body["synchronizationRules"]] == [1, 2]


def test_a_template_has_the_schema_that_jobs_begin_with(service, graph, schema):
    template = body_of(graph, f"{service.path}/templates/{TEMPLATE}/schema")
    ours = body_of(graph, schema)

    for name in ("directories", "synchronizationRules"):
        assert template[name] == ours[name]
    assert body_of(graph, f"{service.path}/templates/{TEMPLATE}")["schema"]["directories"] == ours["directories"]


def test_directories_are_listed_and_read_one_by_one(graph, schema):
    listed = graph.get(f"{schema}/directories").value

    assert [one["id"] for one in listed] == [SOURCE, TARGET]
    assert body_of(graph, f"{schema}/directories/{TARGET.upper()}")["objects"] == listed[1]["objects"]
    assert graph.get(f"{schema}/directories/{SOURCE[:-1]}0").status == 404


@pytest.mark.parametrize("spelling", ["filterOperators", "filterOperators()", "microsoft.graph.filterOperators"])
def test_operators_have_name_and_id_alike(graph, schema, spelling):
    found = graph.get(f"{schema}/{spelling}").value

    assert [one["name"] for one in found] == list(OPERATORS)
    assert all(one["id"] == one["name"] for one in found)
    assert found[0] == {
        "id": "EQUALS",
        "name": "EQUALS",
        "arity": "Binary",
        "multivaluedComparisonType": "All",
        "supportedAttributeTypes": ["String", "Integer"],
    }


@pytest.mark.parametrize("spelling", ["functions", "functions()", "microsoft.graph.functions()"])
def test_functions_have_name_and_id_alike(graph, schema, spelling):
    found = graph.get(f"{schema}/{spelling}").value

    assert {one["name"] for one in found} == set(FUNCTIONS)
    assert all(one["id"] == one["name"] for one in found)
    replace = next(one for one in found if one["name"] == "Replace")
    assert {"name": "Find", "type": "String", "required": False, "allowMultipleOccurrences": False} in replace[
        "parameters"
    ]


# Replacing


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_schema_is_replaced_whole(graph, schema, method):
    document = renamed(body_of(graph, schema))

    reply = graph.request(method, schema, body=document)

    after = body_of(graph, schema)
    assert (reply.status, reply.raw) == (204, b"")
    assert after["version"] == "2"
    assert row(after, "displayName")["source"] == {"name": "mail", "type": "Attribute", "expression": "[mail]"}


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_what_is_sent_back_as_it_was_read_makes_no_new_version(graph, schema, method):
    assert graph.request(method, schema, body=body_of(graph, schema)).status == 204
    assert body_of(graph, schema)["version"] == "1"


def test_flow_types_that_are_left_out_stay(graph, schema):
    document = body_of(graph, schema)
    document["synchronizationRules"][0]["objectMappings"][0]["flowTypes"] = "Add, Update"
    graph.put(schema, document)
    del document["synchronizationRules"][0]["objectMappings"][0]["flowTypes"]

    graph.put(schema, renamed(document))

    assert body_of(graph, schema)["synchronizationRules"][0]["objectMappings"][0]["flowTypes"] == "Add, Update"


def test_a_schema_is_restored_to_that_of_the_template(graph, schema):
    before = body_of(graph, schema)
    graph.put(schema, renamed(copy.deepcopy(before)))

    assert graph.delete(schema).status == 204

    after = body_of(graph, schema)
    assert (after["version"], after["synchronizationRules"]) == ("3", before["synchronizationRules"])


CONDITIONS = {
    "the version there is": ('W/"2"', 204),
    "any": ("*", 204),
    "one of several": ('W/"1", W/"2"', 204),
    "an older one": ('W/"1"', 412),
    "a newer one": ('W/"3"', 412),
    "something else": ("x", 412),
}


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("what", CONDITIONS)
def test_a_version_that_is_demanded_must_be_the_current_one(graph, schema, method, what):
    tag, status = CONDITIONS[what]
    document = renamed(body_of(graph, schema))
    graph.put(schema, document)
    row(document, "displayName")["source"] = {"name": "surname", "type": "Attribute"}

    body = None if method == "DELETE" else document
    reply = graph.request(method, schema, body=body, headers={"if-match": tag})

    assert reply.status == status
    assert body_of(graph, schema)["version"] == ("3" if status == 204 else "2")


def test_of_two_who_replace_one_version_one_is_refused(graph, schema):
    first, second = (copy.deepcopy(body_of(graph, schema)) for _ in range(2))
    row(first, "displayName")["source"] = {"name": "mail", "type": "Attribute"}
    row(second, "displayName")["source"] = {"name": "surname", "type": "Attribute"}
    statuses = []

    def put(document):
        statuses.append(graph.put(schema, document, headers={"if-match": 'W/"1"'}).status)

    threads = [threading.Thread(target=put, args=(document,)) for document in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [204, 412]
    assert body_of(graph, schema)["version"] == "2"


def edited(change):
    def edit(document):
        change(document)
        return document

    return edit


def user_mapping(document):
    return document["synchronizationRules"][0]["objectMappings"][0]


USERS = "/synchronizationRules/0/objectMappings/0"
REFUSED = {
    "an expression that is none": (
        edited(lambda one: row(one, "active").update(source={"type": "Function", "name": "x", "expression": "Foo("})),
        f"{USERS}/attributeMappings/2",
    ),
    "an unknown attribute of the application": (
        edited(lambda one: row(one, "displayName").update(targetAttributeName="favouriteColour")),
        f"{USERS}/attributeMappings/3",
    ),
    "an unknown attribute of the directory": (
        edited(lambda one: row(one, "displayName").update(source={"type": "Attribute", "name": "nobodyHasIt"})),
        f"{USERS}/attributeMappings/3",
    ),
    "a matching priority below zero": (
        edited(lambda one: row(one, "displayName").update(matchingPriority=-1)),
        f"{USERS}/attributeMappings/3",
    ),
    "an unknown flow type": (
        edited(lambda one: row(one, "displayName").update(flowType="Sometimes")),
        f"{USERS}/attributeMappings/3",
    ),
    "unknown actions": (edited(lambda one: user_mapping(one).update(flowTypes="Add, Fly")), USERS),
    "a filter without a clause": (
        edited(lambda one: user_mapping(one).update(scope={"groups": [{"name": "a", "clauses": []}]})),
        f"{USERS}/scope/groups/0",
    ),
    "a clause with an unknown operator": (
        edited(
            lambda one: user_mapping(one).update(
                scope={"groups": [{"name": "a", "clauses": [{"sourceOperandName": "mail", "operatorName": "LIKE"}]}]}
            )
        ),
        f"{USERS}/scope/groups/0",
    ),
    "an unknown rule": (
        edited(lambda one: one["synchronizationRules"][1].update(id="5d0f7c1e-8a44-4f0e-9d2b-2f6f0c6a7711")),
        "/synchronizationRules/1",
    ),
    "an unknown directory": (
        edited(lambda one: one["synchronizationRules"][0].update(targetDirectoryName="Elsewhere")),
        "",
    ),
    "an attribute of an unknown type": (
        edited(lambda one: one["directories"][1]["objects"][0]["attributes"][1].update(type="Colour")),
        "/directories/1/objects/0/attributes/1",
    ),
    "no rules": (edited(lambda one: one.update(synchronizationRules=[])), ""),
    "rules that are no list": (edited(lambda one: one.update(synchronizationRules={})), ""),
    "null for the rules": (edited(lambda one: one.update(synchronizationRules=None)), ""),
    "a name with a line break": (edited(lambda one: user_mapping(one).update(name="Users\r\nSet-Cookie: x")), None),
    "a name without end": (edited(lambda one: user_mapping(one).update(name="x" * 5000)), None),
    "an empty object": (lambda one: {}, ""),
}


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize("what", REFUSED)
def test_a_schema_that_cannot_be_is_refused_with_its_place_and_changes_nothing(graph, schema, method, what):
    edit, place = REFUSED[what]
    before = body_of(graph, schema)

    reply = graph.request(method, schema, body=edit(copy.deepcopy(before)))

    assert reply.status == 400
    if place is not None:
        assert reply.error["innerError"]["reason"] == "rule-problems"
        assert place in [one["target"] for one in reply.error["details"]]
    assert body_of(graph, schema) == before


def test_every_problem_is_named_at_once(graph, schema):
    document = body_of(graph, schema)
    row(document, "active")["source"] = {"type": "Function", "name": "x", "expression": "Foo("}
    row(document, "displayName")["matchingPriority"] = -1

    details = graph.put(schema, document).error["details"]

    assert [one["target"] for one in details] == [f"{USERS}/attributeMappings/{number}" for number in (2, 3)]
    assert all(one["message"] and one["code"] == "rule-problems" for one in details)


def test_a_rule_that_is_not_to_be_edited_is_refused(service, graph, schema, job):
    document = body_of(graph, schema)
    document["synchronizationRules"][1]["editable"] = False
    assert graph.put(schema, document).status == 204
    assert graph.put(schema, renamed(copy.deepcopy(document))).status == 204  # of the other rule
    document = body_of(graph, schema)
    document["synchronizationRules"][1]["objectMappings"][0]["enabled"] = False

    reply = graph.put(schema, document)

    assert (reply.status, "editable" in reply.error["message"]) == (400, True)


def nested(levels):
    return b'{"synchronizationRules": ' + b"[" * levels + b"]" * levels + b"}"


def entries(document, what):
    """The list in a schema that is made long, and what stands in it."""
    rule = document["synchronizationRules"][0]
    mapping = rule["objectMappings"][0]
    application = next(one for one in document["directories"] if one["name"] == rule["targetDirectoryName"])
    attribute = {"name": "urn:ietf:params:scim:schemas:extension:long:2.0:User:a", "type": "String"}
    return {
        "attributes": (application["objects"][0]["attributes"], attribute),
        "mappings": (mapping["attributeMappings"], mapping["attributeMappings"][-1]),
        "rules": (document["synchronizationRules"], {"id": rule["id"]}),
    }[what]


@pytest.mark.parametrize("what", ["attributes", "mappings", "rules"])
def test_a_schema_that_would_take_minutes_to_check_is_refused_at_once(graph, schema, what):
    document = graph.get(schema).body
    before = graph.get(schema).raw
    listed, entry = entries(document, what)
    listed += [entry] * 5_000

    began = time.monotonic()
    reply = graph.put(schema, document)

    assert time.monotonic() - began < 5
    assert (reply.status, reply.error["innerError"]["reason"]) == (400, "rule-problems")
    assert "1,000 are the most" in reply.error["message"]
    assert graph.get(schema).raw == before


@pytest.mark.parametrize("levels", [248, 249, 250, 300, 900, 5000, 100_000])
def test_a_schema_that_is_nested_too_deep_is_refused(graph, schema, levels):
    reply = graph.request("PUT", schema, raw=nested(levels))

    assert reply.status == 400
    assert body_of(graph, schema)["version"] == "1"


def test_what_nobody_knows_is_kept_as_deep_as_may_be(graph, schema):
    document = body_of(graph, schema)
    inner = document["directories"][0]["ours"] = {}
    for _ in range(235):
        inner["x"] = inner = {}

    assert graph.put(schema, document).status == 204
    assert body_of(graph, schema)["directories"] == document["directories"]


def test_the_deepest_expression_is_taken_as_a_tree(graph, schema):
    expression = "ToUpper(" * 64 + "[mail]" + ")" * 64
    tree = tried(graph, schema, expression).body["parsedExpression"]
    document = body_of(graph, schema)
    row(document, "displayName")["source"] = tree

    assert tree is not None
    assert graph.put(schema, document).status == 204
    assert row(body_of(graph, schema), "displayName")["source"] == tree


BODIES = {"null": b"null", "a list": b"[]", "a text": b'"x"', "a number": b"5", "nothing": b"", "no JSON": b"{"}


@pytest.mark.parametrize("what", BODIES)
def test_a_body_that_is_no_object_is_refused(graph, schema, what):
    assert graph.request("PUT", schema, raw=BODIES[what]).status == 400
    assert body_of(graph, schema)["version"] == "1"


def test_a_schema_saved_while_a_cycle_runs_is_not_lost(service, graph, schema, job):
    service.person("anna@x.example", mail="anna@mail.example")
    graph.post(f"{job}/start")
    key, saved = job.rpartition("/")[2], []
    elsewhere = ThreadPoolExecutor(1)

    def in_the_middle(progress):
        if not saved:
            document = elsewhere.submit(body_of, graph, schema).result(10)
            saved.append(elsewhere.submit(graph.put, schema, renamed(document)).result(10).status)

    service.admin.cycles.run(LOCAL_OPERATOR, key, report=in_the_middle)
    service.admin.cycles.run(LOCAL_OPERATOR, key)

    (made,) = service.target.resources("user").values()
    assert saved == [204]
    assert made["displayName"] == "anna@mail.example"


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_template_is_not_to_be_changed(service, graph, method):
    around = f"/applications/{service.application.object_id}/synchronization/templates"

    reply = graph.request(method, f"{around}/{TEMPLATE}/schema", body=body_of(graph, f"{around}/{TEMPLATE}/schema"))

    assert (reply.status, reply.error["innerError"]["reason"]) == (400, "template-read-only")
    assert graph.request(method, f"{around}/scim/schema", body={}).status == 404
    assert graph.request(method, f"{service.path}/templates/{TEMPLATE}/schema", body={}).status == 405


# Discovery


def test_what_the_application_has_is_added_to_its_directory(service, graph, schema):
    before = body_of(graph, f"{schema}/directories/{TARGET}")

    reply = graph.post(f"{schema}/directories/{TARGET}/discover")

    assert reply.status == 200
    known = {one["name"] for one in before["objects"][0]["attributes"]}
    assert {one["name"] for one in reply.body["objects"][0]["attributes"]} >= known
    assert {name: value for name, value in reply.body.items() if name != "@odata.context"} == {
        name: value
        for name, value in body_of(graph, f"{schema}/directories/{TARGET}").items()
        if name != "@odata.context"
    }


def test_the_directory_that_is_read_has_nothing_to_discover(graph, schema):
    assert graph.post(f"{schema}/directories/{SOURCE}/discover").status == 400
    assert graph.post(f"{schema}/directories/nowhere/discover").status == 404


# Expressions


def tried(graph, schema, expression, **more):
    return graph.post(f"{schema}/parseExpression", {"expression": expression, **more})


def given(**values):
    return {"testInputObject": {"properties": [{"key": name, "value": value} for name, value in values.items()]}}


REPLACE = 'Replace([preferredLanguage], "-", , , "_", , )'


def test_an_expression_is_told_as_a_tree_and_tried(graph, schema):
    body = tried(graph, schema, REPLACE, **given(preferredLanguage="sv-SE")).body

    assert body == {
        "@odata.context": body["@odata.context"],
        "error": None,
        "parsingSucceeded": True,
        "evaluationSucceeded": True,
        "evaluationResult": ["sv_SE"],
        "parsedExpression": {
            "type": "Function",
            "name": "Replace",
            "expression": REPLACE,
            "parameters": [
                {"key": "source", "value": {"type": "Attribute", "name": "preferredLanguage",
                                            "expression": "[preferredLanguage]", "parameters": []}},
                {"key": "Find", "value": {"type": "Constant", "name": "-", "expression": '"-"', "parameters": []}},
                {"key": "Replacement", "value": {"type": "Constant", "name": "_", "expression": '"_"',
                                                 "parameters": []}},
            ],
        },
    }  # fmt: skip


RESULTS = {
    "a text": ("[a]", {"a": "x"}, ["x"]),
    "nothing": ("[a]", {}, []),
    "null": ("[a]", {"a": None}, []),
    "a truth": ("[a]", {"a": True}, ["True"]),
    "a number": ("[a]", {"a": 5}, ["5"]),
    "a list": ("[a]", {"a": ["x", "y"]}, ["x", "y"]),
    "no flow": ("IgnoreFlowIfNullOrEmpty([a])", {}, []),
    "candidates": ('SelectUniqueValue([a], Append([a], "1"))', {"a": "x"}, ["x", "x1"]),
}


@pytest.mark.parametrize("what", RESULTS)
def test_a_result_is_a_list_of_texts(graph, schema, what):
    expression, values, expected = RESULTS[what]

    body = tried(graph, schema, expression, **given(**values)).body

    assert (body["evaluationSucceeded"], body["evaluationResult"]) == (True, expected)


def test_a_list_is_announced_by_its_type(graph, schema):
    properties = [{"key": "proxyAddresses", "value@odata.type": "#Collection(String)", "value": ["a", "b"]}]

    body = tried(graph, schema, "[proxyAddresses]", testInputObject={"definition": None, "properties": properties}).body

    assert body["evaluationResult"] == ["a", "b"]


def test_without_an_object_an_expression_is_only_read(graph, schema):
    body = tried(graph, schema, "[a]").body

    assert (body["parsingSucceeded"], body["evaluationSucceeded"], body["evaluationResult"]) == (True, False, [])


@pytest.mark.parametrize("text", ["", "Foo(", "Foo([a])", "[", "(" * 9000, "\r\n", "Join([a])"], ids=repr)
def test_a_bad_expression_is_an_answer(graph, schema, text):
    reply = tried(graph, schema, text, **given(a="x"))

    assert reply.status == 200
    assert (reply.body["parsingSucceeded"], reply.body["evaluationResult"]) == (False, [])
    assert reply.body["parsedExpression"] is None
    assert set(reply.body["error"]) == {"code", "message", "target", "details", "innerError"}
    assert reply.body["error"]["code"] == "ExpressionNotParsed"


def test_an_expression_that_fails_for_the_values_is_an_answer(graph, schema):
    body = tried(graph, schema, 'FormatDateTime([a], , "yyyy", "MM")', **given(a="no date")).body

    assert (body["parsingSucceeded"], body["evaluationSucceeded"]) == (True, False)
    assert body["error"]["code"] == "ExpressionNotEvaluated"


FITS = {
    "a truth": ("True", {"name": "active", "type": "Boolean"}, True),
    "no truth": ("perhaps", {"name": "active", "type": "Boolean"}, False),
    "a number": ("-12", {"type": "Integer"}, True),
    "no number": ("twelve", {"type": "integer"}, False),
    "a text": ("x", {"type": "String"}, True),
    "no type": ("x", {"name": "x"}, True),
    "null": ("x", None, True),
}


@pytest.mark.parametrize("what", FITS)
def test_a_value_is_held_against_the_attribute_it_is_for(graph, schema, what):
    value, attribute, fits = FITS[what]

    body = tried(graph, schema, "[a]", targetAttributeDefinition=attribute, **given(a=value)).body

    assert body["evaluationSucceeded"] == fits
    assert (body["error"] or {}).get("code") == (None if fits else "ValueNotFit")


BAD_REQUESTS = {
    "no expression": {},
    "null": {"expression": None},
    "a number": {"expression": 5},
    "a value of another kind": {"expression": "[a]", "testInputObject": {"properties": [{"key": "a", "value": {}}]}},
    "a fraction": {"expression": "[a]", "testInputObject": {"properties": [{"key": "a", "value": 1.5}]}},
    "a value without a name": {"expression": "[a]", "testInputObject": {"properties": [{"value": "x"}]}},
    "properties that are no list": {"expression": "[a]", "testInputObject": {"properties": "x"}},
}


@pytest.mark.parametrize("what", BAD_REQUESTS)
def test_a_request_that_does_not_fit_is_refused(graph, schema, what):
    assert graph.post(f"{schema}/parseExpression", BAD_REQUESTS[what]).status == 400
