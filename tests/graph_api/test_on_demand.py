"""Provisioning on demand over the API: the shapes of Graph, its limits, and nothing changed where it is refused."""

import json

import pytest

from provisor.admin.actor import LOCAL_OPERATOR


@pytest.fixture
def graph(service):
    return service.graph


@pytest.fixture
def job(service):
    return service.job()


def rule(graph, job, kind=0):
    return graph.get(f"{job}/schema").body["synchronizationRules"][kind]["id"]


def ask(graph, job, rule_id, subject):
    return graph.post(f"{job}/provisionOnDemand", {"parameters": [{"ruleId": rule_id, "subjects": [subject]}]})


def user(key, kind="User"):
    return {"objectId": key, "objectTypeName": kind}


def group(key, members=()):
    return {"objectId": key, "objectTypeName": "Group", "links": {"members": [user(one) for one in members]}}


def test_a_user_is_provisioned_and_told_in_two_texts(service, graph, job):
    anna = service.person("anna@x.example")

    reply = ask(graph, job, rule(graph, job), user(anna))

    assert reply.status == 200
    assert reply.body["@odata.context"].endswith("$metadata#microsoft.graph.stringKeyStringValuePair")
    key, value = json.loads(reply.body["key"]), json.loads(reply.body["value"])
    assert key == {"result": "Success", "details": {"errorCode": "", "errorMessage": ""}}
    assert value["action"] == "Create"
    assert set(value) == {
        *("action", "changeId", "startTime", "endTime", "reportableIdentifier", "modifiedProperties"),
        *("provisioningSteps", "statusInfo", "sourceIdentity", "targetIdentity", "sourceSystem", "targetSystem"),
    }
    assert [step["type"] for step in value["provisioningSteps"]] == ["Import", "Scoping", "Matching", "Export"]
    scoping = value["provisioningSteps"][1]["details"]
    assert (scoping["Assigned"], scoping["ScopeEvaluationResult"]) == ("True", "True")
    assert value["sourceIdentity"]["id"] == anna
    assert len(service.target.resources("user")) == 1


def test_who_needs_nothing_is_skipped(service, graph, job):
    anna = service.person("anna@x.example")
    ask(graph, job, rule(graph, job), user(anna))

    again = json.loads(ask(graph, job, rule(graph, job), user(anna, "user")).body["key"])

    assert again["result"] == "Skipped"
    assert again["details"]["errorCode"] == "RedundantExport"


def test_a_group_is_provisioned_with_the_members_that_were_named(service, graph, job):
    people = [service.person(f"p{number}@x.example") for number in range(6)]
    staff = service.group("Staff", [f"p{number}@x.example" for number in range(6)])

    reply = ask(graph, job, rule(graph, job, 1), group(staff, people[:5]))

    assert reply.status == 200, reply.body
    (made,) = service.target.resources("group")
    assert len(service.target.members(made)) == 5


def test_a_failure_is_an_answer(service, graph, job):
    from provisor.engine.ports import Unreachable

    anna = service.person("anna@x.example")
    service.target.fail(1, Unreachable("Nobody answers."), times=100)

    reply = ask(graph, job, rule(graph, job), user(anna))

    assert (reply.status, json.loads(reply.body["key"])["result"]) == (200, "Failure")


def test_five_in_ten_seconds_are_taken(service, graph, job):
    anna, of_users = service.person("anna@x.example"), rule(graph, job)
    replies = [ask(graph, job, of_users, user(anna)) for _ in range(6)]
    service.later(seconds=11)

    assert [reply.status for reply in replies] == [200] * 5 + [429]
    assert replies[-1].error["code"] == "TooManyRequests"
    assert int(replies[-1].headers["retry-after"]) >= 1
    assert ask(graph, job, of_users, user(anna)).status == 200


MISSING = "00000000-0000-7000-8000-000000000000"
REFUSED = {
    "nobody": (lambda ids: [{"ruleId": ids["rule"], "subjects": [user(MISSING)]}], 404),
    "an unknown rule": (lambda ids: [{"ruleId": MISSING, "subjects": [user(ids["anna"])]}], 400),
    "the rule of groups": (lambda ids: [{"ruleId": ids["groups"], "subjects": [user(ids["anna"])]}], 400),
    "a worker": (lambda ids: [{"ruleId": ids["rule"], "subjects": [user(ids["anna"], "Worker")]}], 400),
    "no parameters": (lambda ids: [], 400),
    "null": (lambda ids: None, 400),
    "two rules": (lambda ids: [{"ruleId": ids["rule"], "subjects": [user(ids["anna"])]}] * 2, 400),
    "no subject": (lambda ids: [{"ruleId": ids["rule"], "subjects": []}], 400),
    "two subjects": (lambda ids: [{"ruleId": ids["rule"], "subjects": [user(ids["anna"])] * 2}], 400),
    "a subject without a type": (lambda ids: [{"ruleId": ids["rule"], "subjects": [{"objectId": ids["anna"]}]}], 400),
    "an id that is none": (lambda ids: [{"ruleId": ids["rule"], "subjects": [user(5)]}], 400),
    "an id of two lines": (lambda ids: [{"ruleId": ids["rule"], "subjects": [user("a\r\nb")]}], 404),
    "an endless id": (lambda ids: [{"ruleId": ids["rule"], "subjects": [user("a" * 5000)]}], 404),
    "members of a user": (
        lambda ids: [{"ruleId": ids["rule"], "subjects": [{**group(ids["anna"], [ids["anna"]]), **user(ids["anna"])}]}],
        400,
    ),
    "six members": (lambda ids: [{"ruleId": ids["groups"], "subjects": [group(ids["staff"], [ids["anna"]] * 6)]}], 400),
    "a group within": (
        lambda ids: [
            {
                "ruleId": ids["groups"],
                "subjects": [
                    {**user(ids["staff"], "Group"), "links": {"members": [user(ids["staff"], "Group")]}},
                ],
            }
        ],
        400,
    ),
    "a member of another group": (
        lambda ids: [{"ruleId": ids["groups"], "subjects": [group(ids["staff"], [ids["carl"]])]}],
        404,
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_done_is_refused_and_nothing_is_sent(service, graph, job, what):
    anna, carl = service.person("anna@x.example"), service.person("carl@x.example")
    staff = service.group("Staff", ["anna@x.example"])
    ids = {"anna": anna, "carl": carl, "staff": staff, "rule": rule(graph, job), "groups": rule(graph, job, 1)}
    parameters, status = REFUSED[what]

    reply = graph.post(f"{job}/provisionOnDemand", {"parameters": parameters(ids)})

    assert (reply.status, bool(reply.error["message"])) == (status, True)
    assert service.target.resources("user") == {}
    assert not list(service.admin.logs.page(LOCAL_OPERATOR))
