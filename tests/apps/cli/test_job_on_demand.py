"""`provisor job on-demand`: what an administrator reads, what a program gets, who is meant, what is refused."""

import json

import pytest

from provisor import gallery, wiring
from provisor.engine.ports import Rejected
from provisor.runner.job_lock import job_lock
from provisor.testing.memory_target import MemoryTarget

APP = "Cisco Umbrella User Management"
KEYS = ["key", "value"]
VALUES = {
    "action",
    "changeId",
    "startTime",
    "endTime",
    "reportableIdentifier",
    "modifiedProperties",
    "provisioningSteps",
    "statusInfo",
    "sourceIdentity",
    "targetIdentity",
    "sourceSystem",
    "targetSystem",
}


@pytest.fixture
def job(provisor, tmp_path):
    provisor("app", "add", APP)
    made = json.loads(provisor("job", "create", APP, "--json").out)
    token = tmp_path / "token"
    token.write_text("token-that-nobody-may-see\n")
    provisor("job", "credentials", APP, "--url", "http://127.0.0.1:9/scim", "--token-file", token)
    return made


@pytest.fixture
def target(job, monkeypatch):
    """The application at the other end, in memory."""
    template = gallery.template("ciscoUmbrella")
    target = MemoryTarget(template.user_type, template.group_type)
    monkeypatch.setattr(wiring.StoredConnections, "connect", lambda self, job, **_: target)
    return target


@pytest.fixture
def people(provisor, target):
    """Anna and two called Bo, all assigned; and Dora, who is not."""
    for name, given, surname in (("anna", "Anna", "Berg"), ("bo1", "Bo", "Li"), ("bo2", "Bo", "Li")):
        provisor(
            *("user", "create", f"userPrincipalName={name}@x.example", f"displayName={given} {surname}"),
            *(f"givenName={given}", f"surname={surname}", f"mail={name}@mail.example"),
        )
        provisor("app", "assign", APP, "--user", f"{name}@x.example")
    provisor("user", "create", "userPrincipalName=dora@x.example", "displayName=Dora")


@pytest.fixture
def faithful(people, provisor):
    provisor("job", "settings", APP, "--behaviour", "entra")


def on_demand(provisor, *arguments):
    return provisor("job", "on-demand", APP, *arguments)


def users(target):
    return sorted(str(one["userName"]) for one in target.resources("user").values())


def test_every_step_is_shown_with_its_details(people, provisor, target):
    answered = on_demand(provisor, "anna@x.example")

    assert answered.code == 0
    assert "user anna@x.example: provisioned" in answered.out
    for step in ("2 import", "3 determine scope", "4 match", "5 perform action"):
        assert f"  {step}: success." in answered.out
    assert "Assigned: True" in answered.out
    assert 'asked for userName eq "anna@x.example": 0 found' in answered.out
    assert "userName: (none) → anna@x.example" in answered.out
    assert users(target) == ["anna@x.example"]


def test_a_dry_run_sends_nothing_but_gets(people, provisor, target):
    answered = on_demand(provisor, "anna@x.example", "--dry-run")

    assert "user anna@x.example: would be provisioned" in answered.out
    assert {one.method for one in target.journal} == {"GET"}
    assert json.loads(provisor("log", "list", "--json").out) == []


def test_who_is_not_in_scope_reads_why(people, provisor):
    answered = on_demand(provisor, "dora@x.example")

    assert answered.code == 0
    assert "left alone" in answered.out
    assert "Assigned: False" in answered.out
    assert "not assigned to the application" in answered.out


def test_json_is_what_graph_answers_as_objects(people, provisor):
    found = json.loads(on_demand(provisor, "anna@x.example", "--json").out)

    assert list(found) == KEYS
    assert found["key"] == {"result": "Success", "details": {"errorCode": "", "errorMessage": ""}}
    assert set(found["value"]) == VALUES
    assert [step["type"] for step in found["value"]["provisioningSteps"]] == ["Import", "Scoping", "Matching", "Export"]


def test_json_of_a_group_has_its_members_beside_it(people, provisor, target):
    provisor("group", "create", "displayName=Sales")
    provisor("app", "assign", APP, "--group", "Sales")
    provisor("member", "add", "Sales", "anna@x.example")

    found = json.loads(on_demand(provisor, "--group", "Sales", "--member", "anna@x.example", "--json").out)

    assert [one["value"]["reportableIdentifier"] for one in (found, *found["members"])] == ["Sales", "anna@x.example"]
    assert target.memberships() == {("Sales", "anna@x.example")}


@pytest.mark.parametrize(
    "called",
    ["anna@x.example", "ANNA@X.EXAMPLE", "anna@mail.example", "anna berg", "Anna  Berg", "anna", "Berg"],
)
def test_section_13_a_user_is_found_by(people, provisor, target, called):
    assert on_demand(provisor, called).code == 0
    assert users(target) == ["anna@x.example"]


@pytest.mark.parametrize("called", ["Bo Li", "Bo", "li"])
def test_a_name_of_several_lists_them(people, provisor, target, called):
    answered = on_demand(provisor, called)

    assert answered.code == 1
    assert "bo1@x.example" in answered.err
    assert "bo2@x.example" in answered.err
    assert target.journal == []


def test_nobody_is_provisioned_for_an_unknown_name(people, provisor, target):
    answered = on_demand(provisor, "nobody at all")

    assert answered.code == 1
    assert "There is no user" in answered.err
    assert target.journal == []


def test_a_failure_ends_with_one_and_shows_what_was_attempted(people, provisor, target):
    target.fail(1, Rejected("no", status=400, detail="bad name"), method="POST")

    answered = on_demand(provisor, "anna@x.example")

    assert answered.code == 1
    assert "5 perform action: failure." in answered.out
    assert "userName: (none) → anna@x.example" in answered.out


def test_the_log_says_who_asked(people, provisor):
    on_demand(provisor, "anna@x.example")

    (event,) = json.loads(provisor("log", "list", "--json").out)
    shown = json.loads(provisor("log", "show", event["id"], "--json").out)

    assert shown["initiatedBy"]["displayName"] == "local operator"


def test_a_cycle_that_runs_is_waited_for_and_then_said(people, job, provisor, target, tmp_path):
    with job_lock(tmp_path / "data" / "provisor.sqlite", job["id"]):
        answered = on_demand(provisor, "anna@x.example", "--wait", "0.2")
        dry = on_demand(provisor, "anna@x.example", "--dry-run")

    assert answered.code == 1
    assert "running already" in answered.err
    assert dry.code == 0
    assert users(target) == []


@pytest.mark.parametrize(
    "arguments",
    [(), ("anna@x.example", "--group", "Sales"), ("anna@x.example", "--member", "bo1@x.example")],
    ids=["nobody", "both", "a member without a group"],
)
def test_one_user_or_one_group_is_named(people, provisor, arguments):
    assert on_demand(provisor, *arguments).code == 2


# What the original does not do


@pytest.mark.parametrize(("behaviour", "code"), [("entra", 1), ("provisor", 0)])
@pytest.mark.parametrize("leaving", ["disable", "delete"])
def test_section_13_a_leaver_is_not_found_by_the_original(people, provisor, target, behaviour, code, leaving):
    provisor("job", "settings", APP, "--behaviour", behaviour)
    on_demand(provisor, "anna@x.example")
    provisor("user", leaving, "anna@x.example")

    answered = on_demand(provisor, "anna@x.example")

    assert answered.code == code
    (account,) = target.resources("user").values()
    assert account["active"] is (behaviour == "entra")


@pytest.mark.parametrize("behaviour", ["entra", "provisor"])
def test_section_13_who_was_unassigned_is_disabled(people, provisor, target, behaviour):
    provisor("job", "settings", APP, "--behaviour", behaviour)
    on_demand(provisor, "anna@x.example")
    provisor("app", "unassign", APP, "--user", "anna@x.example")

    answered = on_demand(provisor, "anna@x.example")

    assert "takes access away" in answered.out
    (account,) = target.resources("user").values()
    assert account["active"] is False


def test_section_13_five_members_and_no_more(faithful, provisor, target):
    provisor("group", "create", "displayName=Sales")
    members = [part for number in range(6) for part in ("--member", f"m{number}@x.example")]

    answered = on_demand(provisor, "--group", "Sales", *members)

    assert answered.code == 1
    assert "5 can be at once" in answered.err


@pytest.mark.parametrize("who", ["Crew", "dora@x.example"], ids=["a group within", "no member"])
def test_section_13_members_are_people_of_the_group(people, provisor, target, who):
    for group in ("Sales", "Crew"):
        provisor("group", "create", f"displayName={group}")

    answered = on_demand(provisor, "--group", "Sales", "--member", who)

    assert answered.code == 1
    assert target.journal == []
