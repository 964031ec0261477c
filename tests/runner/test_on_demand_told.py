"""What a run on demand tells of each step (spec/provisioning-service.md section 13)."""

import asyncio

import pytest

from provisor.engine.ports import Unauthorized
from provisor.scim.patch.operations import Operation
from support.on_demand import (
    changed,
    clause,
    disabled,
    is_right,
    on_demand,
    organisation_of,
    refused,
    switch,
    tried,
)


@pytest.fixture
def settled(make_world):
    """A boss and her people in two groups, all at the target."""
    return organisation_of(make_world)


def test_section_13_every_clause_says_whether_it_holds_and_why_not(settled):
    filters = {
        "groups": [
            {
                "name": "Engineers of Oslo",
                "clauses": clause("jobTitle", "EQUALS", "Engineer")["clauses"]
                + clause("city", "EQUALS", "Oslo")["clauses"],
            },
            {"name": "Guests", "clauses": clause("jobTitle", "EQUALS", "Guest")["clauses"]},
        ]
    }
    settled.organisation.change("p0@x", city="Bergen")
    switch(settled, "scope", filters)

    (told,) = tried(settled, "p0@x")
    details = told.steps[1].details

    assert details["ScopeEvaluationResult"] == "False"
    assert details["Filters"] == [
        {
            "title": "Engineers of Oslo",
            "kind": "scope",
            "held": False,
            "clauses": [
                {"attribute": "jobTitle", "operator": "EQUALS", "value": "Engineer", "held": True, "why": ""},
                {"attribute": "city", "operator": "EQUALS", "value": "Oslo", "held": False, "why": 'city is "Bergen".'},
            ],
        },
        {
            "title": "Guests",
            "kind": "scope",
            "held": False,
            "clauses": [
                {
                    "attribute": "jobTitle",
                    "operator": "EQUALS",
                    "value": "Guest",
                    "held": False,
                    "why": 'jobTitle is "Engineer".',
                }
            ],
        },
    ]


def test_section_13_scope_tells_what_the_original_tells(make_world):
    world = make_world()
    world.organisation.user("new@x", enabled=False)
    world.organisation.assign("new@x")

    (told,) = tried(world, "new@x")

    assert {name: told.steps[1].details[name] for name in list(told.steps[1].details)[:6]} == {
        "IsActive": "False",
        "Assigned": "True",
        "IsEffectivelyEntitledForProvisioning": "False",
        "IsInProvisioningScopeDisplayName": "True",
        "ScopeSyncAll": "False",
        "HasRequiredRole": "True",
    }


def test_section_13_several_matching_attributes_are_shown_in_turn(settled):
    rules = settled.rules()
    for row in settled.mapping_of(rules)["attributeMappings"]:
        if row["targetAttributeName"] == "displayName":
            row["matchingPriority"] = 2
    settled.save_rules(rules)
    settled.organisation.user("new@x", displayName="Newcomer")
    settled.target.put("user", {"userName": "other@x", "displayName": "Newcomer"})

    (told,) = tried(settled, "new@x")
    queries = told.steps[2].details["queries"]

    assert [(one["query"], one["found"]) for one in queries] == [
        ('userName eq "new@x"', "0"),
        ('displayName eq "Newcomer"', "1"),
    ]
    assert queries[1]["objects"][0]["attributes"]["userName"] == "other@x"


def test_section_13_a_failure_shows_what_was_attempted(settled):
    refused(settled)

    (told,) = on_demand(settled, "p0@x")

    assert [(one.attribute, one.old, one.new) for one in told.changes] == [("title", "Engineer", "Lead")]
    assert told.steps[-1].details["attempted"] == [{"attribute": "title", "old": "Engineer", "new": "Lead"}]
    assert told.steps[-1].details["requests"][0]["method"] == "PATCH"


def test_section_13_an_event_of_the_log_says_who_asked(settled):
    changed(settled)

    (told,) = on_demand(settled, "p0@x")
    (event,) = [one for one in settled.events() if one.id in told.events]

    assert (event.action, event.status, event.name) == ("update", "success", "p0@x")
    assert event.document["initiatedBy"] == {"id": "", "displayName": "anna", "initiatorType": "user"}


def test_the_events_of_a_cycle_are_of_the_service(settled):
    assert {one.document["initiatedBy"]["initiatorType"] for one in settled.events()} == {"system"}


def test_values_of_redacted_mappings_are_hidden_wherever_they_are_told(settled):
    rules = settled.rules()
    for row in settled.mapping_of(rules)["attributeMappings"]:
        if row["targetAttributeName"] == "title":
            row["source"] = {"type": "Function", "expression": "Redact([jobTitle])", "name": "Redact"}
    settled.mapping_of(rules)["scope"] = {"groups": [clause("jobTitle", "EQUALS", "Nobody"), clause("city", "IS NULL")]}
    settled.save_rules(rules)
    settled.organisation.change("p0@x", jobTitle="Confidential")

    dry = tried(settled, "p0@x")
    real = on_demand(settled, "p0@x")

    assert "Confidential" not in repr(dry) + repr(real)
    assert settled.account("p0@x")["title"] == "Confidential"


def test_what_takes_access_away_says_so(settled):
    disabled(settled)

    (told,) = on_demand(settled, "p0@x")

    assert any("takes access away" in note for note in told.notes)


def test_an_account_that_somebody_changed_at_the_application_is_put_right(settled):
    asyncio.run(
        settled.target.patch(
            "user", str(settled.account("p0@x")["id"]), [Operation(op="replace", path="title", value="Drifted")]
        )
    )

    (told,) = on_demand(settled, "p0@x")

    assert told.action == "update"
    assert settled.account("p0@x")["title"] == "Engineer"


def test_a_failure_is_kept_for_the_next_cycle(settled):
    refused(settled)

    (told,) = on_demand(settled, "p0@x")
    kept = [one.name for one in settled.escrow()]
    settled.run()

    assert told.result == "Failure"
    assert kept == ["p0@x"]
    assert settled.account("p0@x")["title"] == "Lead"
    assert is_right(settled)


def test_a_target_that_cannot_be_used_shows_only_the_first_step(settled):
    changed(settled)
    settled.target.fail(1, Unauthorized("wrong token"))

    (told,) = on_demand(settled, "p0@x")
    (event,) = settled.events(cycle=str(settled.events()[-1].cycle))

    assert [(step.name, step.status) for step in told.steps] == [("test connection", "failure")]
    assert told.result == "Failure"
    assert event.document["initiatedBy"]["displayName"] == "anna"
