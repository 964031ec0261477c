"""A schema that replaces another: what its sender could not write is kept, what the job does not have is refused."""

import copy

import pytest

from provisor.gallery import template
from provisor.rules.graph_json import read_schema
from provisor.rules.graph_replacing import json_place, replacing, rule_problems

BEFORE = template("ciscoUmbrella").rules


def changed(edit):
    document = copy.deepcopy(BEFORE)
    edit(document)
    return document


def rules(document):
    return document["synchronizationRules"]


def mapping(document, kind=0):
    return rules(document)[kind]["objectMappings"][0]


def rows(document, kind=0):
    return mapping(document, kind)["attributeMappings"]


def without_nulls(value):
    if isinstance(value, dict):
        return {name: without_nulls(inner) for name, inner in value.items() if inner is not None}
    return [without_nulls(inner) for inner in value] if isinstance(value, list) else value


def without(value, *names):
    if isinstance(value, dict):
        return {name: without(inner, *names) for name, inner in value.items() if name not in names}
    return [without(inner, *names) for inner in value] if isinstance(value, list) else value


LOST = {
    "nothing": lambda document: document,
    "null": without_nulls,
    "comma lists": lambda document: without(document, "flowTypes", "discoverabilities"),
    "directories": lambda document: without(document, "directories"),
    "the order of rules": lambda document: {**document, "synchronizationRules": rules(document)[::-1]},
    "capitals": lambda document: changed(
        lambda one: [row["source"].update(type=row["source"]["type"].lower()) for row in rows(one) if row["source"]]
    ),
    "types in capitals": lambda document: changed(
        lambda one: [row.update(type=row["type"].upper()) for row in one["directories"][0]["objects"][0]["attributes"]]
    ),
}


@pytest.mark.parametrize("what", LOST)
def test_a_document_that_lost_this_on_its_way_is_the_one_there_was(what):
    assert replacing(LOST[what](copy.deepcopy(BEFORE)), BEFORE) == BEFORE


def test_what_a_server_adds_is_taken_away():
    sent = {"@odata.context": "x", "@odata.etag": 'W/"1"', "id": "job", "version": "9", **copy.deepcopy(BEFORE)}

    assert replacing(sent, BEFORE) == BEFORE


def test_a_key_that_the_library_has_no_word_for_is_kept():
    before = changed(
        lambda one: mapping(one).update(metadata=[{"key": "Ours", "value": "x"}, {"key": "B", "value": "y"}])
    )
    sent = copy.deepcopy(before)
    mapping(sent)["metadata"] = [{"value": "x"}, {"key": "B", "value": "y"}]

    assert replacing(sent, before) == before


def test_a_key_is_not_put_on_another_value():
    before = changed(lambda one: mapping(one).update(metadata=[{"key": "Ours", "value": "x"}]))
    sent = copy.deepcopy(before)
    mapping(sent)["metadata"] = [{"value": "z"}]

    assert mapping(replacing(sent, before))["metadata"] == [{"value": "z"}]


STATED = {
    "an empty list of actions": (lambda one: mapping(one).update(flowTypes="None"), "flowTypes", "None"),
    "null for actions": (lambda one: mapping(one).update(flowTypes=None), "flowTypes", None),
    "another scope": (lambda one: mapping(one).update(scope={"groups": []}), "scope", {"groups": []}),
}


@pytest.mark.parametrize("what", STATED)
def test_what_is_stated_counts(what):
    edit, name, expected = STATED[what]

    assert mapping(replacing(changed(edit), BEFORE))[name] == expected


def test_a_scope_that_is_left_out_is_no_scope():
    before = changed(lambda one: mapping(one).update(scope={"groups": [{"name": "x", "clauses": []}]}))
    sent = without(copy.deepcopy(before), "scope")

    assert "scope" not in mapping(replacing(sent, before))


def test_a_mapping_that_was_not_there_takes_over_nothing():
    before = changed(lambda one: mapping(one).update(flowTypes="Add"))
    sent = without(copy.deepcopy(before), "flowTypes")
    mapping(sent)["sourceObjectName"] = "Device"
    mapping(sent)["name"] = "New"

    assert "flowTypes" not in mapping(replacing(sent, before))


@pytest.mark.parametrize("document", [None, [], "x", 5, True])
def test_what_is_no_object_is_left_to_be_refused(document):
    assert replacing(document, BEFORE) == document
    assert rule_problems(document, BEFORE) == []


ODD = {
    "rules that are no list": {"synchronizationRules": "x"},
    "rules that are no objects": {"synchronizationRules": [5, None, "x"]},
    "priorities that are no numbers": {"synchronizationRules": [{"priority": "first"}, {"priority": None}]},
    "names that are no texts": {"synchronizationRules": [{"id": 5, "name": []}]},
    "directories within directories": {"directories": [[[]]]},
}


@pytest.mark.parametrize("what", ODD)
def test_odd_documents_are_read_without_an_error_of_ours(what):
    found = replacing(ODD[what], BEFORE)

    rule_problems(found, BEFORE)
    assert not hasattr(read_schema(found), "users")


def test_an_unknown_rule_is_named_with_those_there_are():
    (problem,) = rule_problems(changed(lambda one: rules(one)[1].update(id="other")), BEFORE)

    assert (problem.where, '"other"' in problem.message) == ("Rule 2", True)
    assert rules(BEFORE)[0]["id"] in problem.hint


def test_a_rule_without_an_id_and_one_that_stands_twice_are_refused():
    twice = changed(lambda one: rules(one).append(copy.deepcopy(rules(one)[0])))
    nameless = changed(lambda one: rules(one)[0].pop("id"))

    assert [problem.where for problem in rule_problems(twice, BEFORE)] == ["Rule 3"]
    assert [problem.where for problem in rule_problems(nameless, BEFORE)] == ["Rule 1"]


LOCKED = changed(lambda one: rules(one)[1].update(editable=False))


def test_a_rule_that_is_not_to_be_edited_may_be_sent_as_it_is():
    assert rule_problems(replacing(without_nulls(copy.deepcopy(LOCKED)), LOCKED), LOCKED) == []


EDITS = {
    "a row": lambda one: rows(one, 1).pop(),
    "its own editable": lambda one: rules(one)[1].update(editable=True),
    "the whole rule": lambda one: rules(one).pop(),
}


@pytest.mark.parametrize("what", EDITS)
def test_a_rule_that_is_not_to_be_edited_is_not(what):
    document = copy.deepcopy(LOCKED)
    EDITS[what](document)

    (problem,) = rule_problems(document, LOCKED)
    assert "editable is false" in problem.message


def in_scope(key, title):
    return lambda one: mapping(one).update(
        scope={key: [{"name": "first", "clauses": []}, {"name": title, "clauses": [{"operatorName": "x"}]}]}
    )


PLACES = {
    "/synchronizationRules/0/objectMappings/0/attributeMappings/2": lambda one: rows(one)[2].update(flowType="Never"),
    "/synchronizationRules/1/objectMappings/0/attributeMappings/0": lambda one: rows(one, 1)[0].update(source=5),
    "/synchronizationRules/0/objectMappings/0": lambda one: mapping(one).update(flowTypes="Fly"),
    "/synchronizationRules/0/objectMappings/0/scope": lambda one: mapping(one).update(scope=5),
    "/synchronizationRules/0/objectMappings/0/scope/groups/1": in_scope("groups", "Sales, and more"),
    "/synchronizationRules/0/objectMappings/0/scope/inputFilterGroups/1": in_scope("inputFilterGroups", ""),
    "/directories/1/objects/0/attributes/1": lambda one: one["directories"][1]["objects"][0]["attributes"][1].update(
        type="Colour"
    ),
    "": lambda one: rules(one).clear(),
}


@pytest.mark.parametrize("place", PLACES)
def test_every_problem_has_its_place_in_the_document(place):
    document = changed(PLACES[place])

    found = read_schema(document)

    assert place in [json_place(problem.where, document) for problem in found]


@pytest.mark.parametrize("place", PLACES)
def test_a_place_leads_to_something_in_the_document(place):
    document = changed(PLACES[place])

    for problem in read_schema(document):
        reached = document
        for step in filter(None, json_place(problem.where, document).split("/")):
            reached = reached[int(step)] if isinstance(reached, list) else reached[step]
