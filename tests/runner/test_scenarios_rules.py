"""Rules and settings that change between cycles, switches of the target object actions, and what the log may not show."""

import copy

import pytest

from provisor.engine.ports import Rejected
from provisor.storage import jobs
from provisor.testing.organisation import NOW


def rules_of(world):
    with world.database.transaction() as connection:
        job = jobs.read(connection, world.job.number)
        return copy.deepcopy(jobs.rules(connection, world.job.number, job.ruleset_version))


def save(world, rules):
    """As the product saves rules: a new version, and everything is evaluated once."""
    with world.database.transaction() as connection:
        jobs.save_rules(connection, world.job.number, rules, created_by="test", now=NOW)
        jobs.change(connection, world.job.number, rules_changed=True)


def settings(world, **given):
    with world.database.transaction() as connection:
        job = jobs.read(connection, world.job.number)
        jobs.change(connection, world.job.number, settings={**job.settings, **given}, full_evaluation=True)


def mapping(rules, kind="User"):
    every = [one for rule in rules["synchronizationRules"] for one in rule["objectMappings"]]
    (found,) = [one for one in every if one["sourceObjectName"] == kind]
    return found


def row(rules, target, kind="User"):
    (found,) = [one for one in mapping(rules, kind)["attributeMappings"] if one["targetAttributeName"] == target]
    return found


def expression(text, target, **given):
    return {"targetAttributeName": target, "source": {"type": "Function", "expression": text}, **given}


@pytest.fixture
def people(make_world):
    """The generic application, everybody in scope, three people provisioned."""
    world = make_world("scim", scope="all")
    world.organisation.users(["anna@x", "bo@x", "cleo@x"], jobTitle="Clerk", companyName="secret-company")
    assert world.run().state == "succeeded"
    return world


# Rules that change


def test_a_mapping_that_is_added_is_sent_to_everybody_who_differs_and_nobody_else(people):
    people.organisation.change("cleo@x", preferredLanguage="de")
    rules = rules_of(people)
    mapping(rules)["attributeMappings"].append(expression("[preferredLanguage]", "preferredLanguage"))
    save(people, rules)

    people.run()

    assert people.writes() == [("PATCH", "cleo@x")]
    assert dict(people.run().requests) == {"GET": 1}


def test_a_mapping_that_is_removed_sends_nothing_and_leaves_the_value(people):
    rules = rules_of(people)
    mapping(rules)["attributeMappings"].remove(row(rules, "title"))
    save(people, rules)
    people.organisation.change("anna@x", jobTitle="Boss")

    people.run()

    assert people.writes() == []
    assert people.account("anna@x")["title"] == "Clerk"


def test_a_default_value_is_sent_on_creation_only(people):
    rules = rules_of(people)
    row(rules, "title")["defaultValue"] = "Nobody"
    save(people, rules)
    people.organisation.change("anna@x", jobTitle=None)
    people.organisation.user("new@x")

    people.run()

    assert people.writes() == [("POST", "new@x")]
    assert people.account("new@x")["title"] == "Nobody"


def test_a_mapping_for_creation_only_is_never_sent_again(people):
    rules = rules_of(people)
    row(rules, "title")["flowType"] = "ObjectAddOnly"
    save(people, rules)
    people.run()
    people.organisation.change("anna@x", jobTitle="Boss")
    people.organisation.user("new@x", jobTitle="Apprentice")

    people.run()

    assert people.writes() == [("POST", "new@x")]
    assert people.account("new@x")["title"] == "Apprentice"


def test_a_mapping_that_flows_always_is_sent_whenever_its_object_is_looked_at(people):
    rules = rules_of(people)
    row(rules, "title")["flowBehavior"] = "FlowAlways"
    save(people, rules)
    people.run()
    assert [method for method, _ in people.writes()] == ["PATCH"] * 3

    people.organisation.change("anna@x", city="Bern")
    people.run()

    assert people.writes() == [("PATCH", "anna@x")]
    assert dict(people.run().requests) == {"GET": 1}


def test_a_manager_that_flows_always_is_sent_as_a_reference(people):
    people.organisation.change("anna@x", manager="bo@x")
    people.run()
    rules = rules_of(people)
    row(rules, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager")["flowBehavior"] = "FlowAlways"
    save(people, rules)

    assert people.run().state == "succeeded"

    extension = people.account("anna@x")["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]
    assert extension["manager"]["value"] == people.account("bo@x")["id"]


def test_a_filter_that_is_added_disables_who_fails_it(people):
    people.organisation.change("anna@x", jobTitle="Boss")
    people.run()
    rules = rules_of(people)
    clause = {"sourceOperandName": "jobTitle", "operatorName": "EQUALS", "targetOperand": {"values": ["Clerk"]}}
    mapping(rules)["scope"] = {"groups": [{"name": "clerks", "clauses": [clause]}]}
    save(people, rules)

    people.run()

    assert people.writes() == [("PATCH", "anna@x")]
    assert people.account("anna@x")["active"] is False


def test_from_everybody_to_only_who_is_assigned_disables_the_others(people):
    people.organisation.assign("anna@x")
    settings(people, scope="assigned")

    people.run()

    assert [people.account(name)["active"] for name in ("anna@x", "bo@x", "cleo@x")] == [True, False, False]


# An expression that fails for one person


@pytest.fixture
def breakable(people):
    """The title comes from an expression that fails for who has an employeeHireDate that is no date."""
    rules = rules_of(people)
    row(rules, "title")["source"] = expression('FormatDateTime([city], , "yyyy", "yyyy")', "x")["source"]
    save(people, rules)
    for name in ("anna@x", "bo@x", "cleo@x"):
        people.organisation.change(name, city="2026")
    assert people.run().state == "succeeded"
    return people


def test_an_expression_that_fails_for_one_stops_no_other(breakable):
    breakable.organisation.change("anna@x", city="never")
    breakable.organisation.change("bo@x", city="2027")

    summary = breakable.run()

    assert (summary.state, summary.counts["user.fail"]) == ("entry-level-errors", 1)
    assert breakable.writes() == [("PATCH", "bo@x")]
    event = breakable.events(identity="anna@x")[-1]
    assert event.document["provisioningSteps"][-1]["provisioningStepType"] == "processing"
    assert event.document["targetIdentity"]["id"] == breakable.account("anna@x")["id"]


def test_a_leaver_whose_expression_fails_is_disabled_all_the_same(breakable):
    breakable.organisation.change("anna@x", city="never", accountEnabled=False)

    breakable.run()

    assert breakable.account("anna@x")["active"] is False


def test_a_leaver_whose_active_cannot_be_computed_fails_and_is_tried_again(people):
    rules = rules_of(people)
    text = 'IIF([IsSoftDeleted], FormatDateTime([city], , "yyyy", "False"), "True")'
    row(rules, "active")["source"] = expression(text, "x")["source"]
    save(people, rules)
    people.run()
    people.organisation.change("anna@x", city="never", accountEnabled=False)

    summary = people.run()

    assert summary.counts["user.fail"] == 1
    assert len(people.escrow()) == 1


# What a job may do


def without(rules, action, kind="User"):
    kept = [one for one in ("Add", "Update", "Delete") if one != action]
    mapping(rules, kind)["flowTypes"] = ", ".join(kept)
    return rules


def test_without_create_nobody_is_created_and_others_are_updated(people):
    save(people, without(rules_of(people), "Add"))
    people.organisation.user("new@x")
    people.organisation.change("anna@x", jobTitle="Boss")

    people.run()

    assert people.writes() == [("PATCH", "anna@x")]
    assert people.events(identity="new@x")[-1].code == "TargetActionDisabled"


def test_without_update_nobody_is_disabled(people):
    save(people, without(rules_of(people), "Update"))
    people.organisation.change("anna@x", accountEnabled=False, jobTitle="Boss")

    people.run()

    assert people.writes() == []


def test_who_was_linked_without_update_is_updated_once_that_is_allowed(make_world):
    world = make_world("scim", scope="all")
    save(world, without(rules_of(world), "Update"))
    world.organisation.user("anna@x")
    world.target.put("user", {"userName": "anna@x", "active": True, "displayName": "Somebody else"})
    world.run()
    assert world.writes() == []

    rules = rules_of(world)
    mapping(rules)["flowTypes"] = "Add, Update, Delete"
    save(world, rules)
    world.run()

    assert world.account("anna@x")["displayName"] == "anna"


def test_without_delete_neither_people_nor_groups_are_deleted(people):
    people.organisation.group("Staff", ["anna@x"])
    people.run()
    save(people, without(without(rules_of(people), "Delete"), "Delete", "Group"))
    people.organisation.purge("anna@x")
    people.organisation.delete("Staff", "group")

    people.run()

    assert [method for method, _ in people.writes()].count("DELETE") == 0


@pytest.fixture
def left_behind(people):
    """Anna was deleted for good while deleting was off; she was in a group."""
    people.organisation.group("Staff", ["anna@x", "bo@x"])
    people.run()
    save(people, without(rules_of(people), "Delete"))
    people.purge("anna@x")
    people.run()
    return people


def test_an_account_left_behind_without_delete_leaves_its_groups_and_nothing_else(left_behind):
    assert left_behind.writes() == [("PATCH", "Staff")]
    assert left_behind.target.memberships() == {("Staff", "bo@x")}
    assert left_behind.account("anna@x")["active"] is True


def test_an_account_left_behind_is_not_deleted_when_deleting_is_switched_on(left_behind):
    rules = rules_of(left_behind)
    mapping(rules)["flowTypes"] = "Add, Update, Delete"
    save(left_behind, rules)

    left_behind.run()

    assert left_behind.writes() == []


def test_an_account_left_behind_may_be_matched_by_somebody_new(left_behind):
    left_behind.organisation.user("anna@x", jobTitle="New")

    assert left_behind.run().counts["user.link"] == 1


def test_with_deletions_skipped_leaving_scope_sends_nothing(world):
    world.organisation.users(["anna@x", "bo@x", "cleo@x"])
    world.organisation.assign("anna@x", "bo@x", "cleo@x")
    settings(world, skipOutOfScopeDeletions=True)
    world.run()

    world.organisation.unassign("anna@x")
    world.organisation.change("bo@x", accountEnabled=False)
    world.run()

    assert world.writes() == [("PATCH", "bo@x")]
    assert world.events(identity="anna@x")[-1].code == "SkipOutOfScopeDeletion"


def test_with_deletions_skipped_who_left_scope_and_is_then_disabled_loses_access(world):
    world.organisation.users(["anna@x"])
    world.organisation.assign("anna@x")
    settings(world, skipOutOfScopeDeletions=True)
    world.run()
    world.organisation.unassign("anna@x")
    world.run()

    world.organisation.change("anna@x", accountEnabled=False)
    world.run()

    assert world.account("anna@x")["active"] is False


def test_an_empty_matching_value_is_skipped(people):
    rules = rules_of(people)
    row(rules, "userName")["matchingPriority"] = 0
    row(rules, "externalId")["matchingPriority"] = 1
    save(people, rules)
    people.organisation.user("new@x")

    people.run()

    assert people.writes() == []
    assert people.events(identity="new@x")[-1].code == "ImportSkipped"


# What the log may not show


@pytest.fixture
def secretive(people):
    """The title is redacted."""
    rules = rules_of(people)
    row(rules, "title")["source"] = expression("Redact([jobTitle])", "x")["source"]
    save(people, rules)
    people.run()
    return people


def everything_logged(world):
    texts = [str(event.document) for event in world.events()]
    return "\n".join(texts)


def test_a_redacted_value_is_in_no_log_of_a_create_or_an_update(secretive):
    secretive.organisation.user("new@x", jobTitle="s3cret-one")
    secretive.organisation.change("anna@x", jobTitle="s3cret-two")
    secretive.run()
    secretive.organisation.change("anna@x", jobTitle="s3cret-three")
    secretive.run()

    shown = everything_logged(secretive)

    assert secretive.account("anna@x")["title"] == "s3cret-three"
    assert "s3cret" not in shown
    assert "[Redact]" in str(secretive.events(identity="new@x")[-1].document["exchange"])


def test_a_redacted_value_is_in_no_log_of_a_refusal_that_quotes_it(secretive):
    refused = Rejected("refused: s3cret-two", status=400, detail='The title "s3cret-two" is too long')
    secretive.target.fail(1, refused, method="PATCH")
    secretive.organisation.change("anna@x", jobTitle="s3cret-two")
    secretive.run()

    assert "s3cret" not in everything_logged(secretive)
    failure = secretive.escrow()[0]
    assert "s3cret" not in str(failure)
