"""A plan and a cycle are told by name: every kind of operation, with what changes and why; redacted values excepted."""

import os
from datetime import UTC, datetime

import pytest

from provisor.engine.detail import Changed, lines
from provisor.engine.ports import Rejected
from provisor.runner.explaining import Explaining, first
from provisor.storage import jobs
from provisor.testing.organisation import NOW

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def explaining(world):
    return Explaining(
        connection=world.database.reader(),
        job=world.job.number,
        now=lambda: datetime.now(UTC),
        random_bytes=os.urandom,
    )


def planned(world):
    """What a plan would do, by (operation, kind, name)."""
    world.plan()
    return {(one.operation, one.kind, one.name): one for one in world.planned()}


def done(world, **bounds):
    """What the next cycle does, by (operation, kind, name)."""
    world.run()
    return {(one.operation, one.kind, one.name): one for one in explaining(world).cycle(world.cycles()[0], **bounds)}


@pytest.fixture
def settled(everybody):
    """People and groups that the target holds as the directory says."""
    org = everybody.organisation
    org.users(["anna@x", "bo@x", "cleo@x", "dan@x"], jobTitle="Engineer")
    org.group("Staff", ["anna@x", "bo@x"])
    everybody.run()
    return everybody


def create(world):
    world.organisation.user("new@x")


def create_group(world):
    world.organisation.group("New")


def update(world):
    world.organisation.change("anna@x", jobTitle="Lead")


def add_attribute(world):
    world.organisation.change("anna@x", department="Sales")


def disable(world):
    world.organisation.change("bo@x", accountEnabled=False)


def bin_(world):
    world.organisation.delete("bo@x")


def purge(world):
    world.purge("cleo@x")


def delete_group(world):
    world.purge("Staff", "group")


def members(world):
    world.organisation.join("Staff", "cleo@x")
    world.organisation.leave("Staff", "bo@x")


def manager(world):
    world.organisation.change("anna@x", manager="dan@x")


def another_manager(world):
    world.organisation.change("anna@x", manager="dan@x")
    world.run()
    world.organisation.change("anna@x", manager="bo@x")


def account_that_is_there(world):
    world.target.put("user", {"userName": "new@x", "title": "Old"})
    world.organisation.user("new@x", jobTitle="New")


MANAGER = f"{ENTERPRISE}:manager"
OPERATIONS = {
    "create": (create, ("create", "user", "new@x"), Changed("userName", None, "new@x")),
    "create a group": (create_group, ("create", "group", "New"), Changed("displayName", None, "New")),
    "update": (update, ("update", "user", "anna@x"), Changed("title", "Engineer", "Lead")),
    "update of what was empty": (
        add_attribute,
        ("update", "user", "anna@x"),
        Changed(f"{ENTERPRISE}:department", None, "Sales"),
    ),
    "disable": (disable, ("disable", "user", "bo@x"), Changed("active", "True", "False")),
    "recycle bin": (bin_, ("disable", "user", "bo@x"), Changed("active", "True", "False")),
    "delete": (purge, ("delete", "user", "cleo@x"), None),
    "delete a group": (delete_group, ("delete", "group", "Staff"), None),
    "members come": (members, ("members", "group", "Staff"), "cleo@x"),
    "members go": (members, ("members", "group", "Staff"), "bo@x"),
    "link": (account_that_is_there, ("link", "user", "new@x"), Changed("title", "Old", "New")),
}


def has(detail, change):
    """Whether the change is among what is told; a name alone is a member's."""
    if change is None:
        return not detail.changes
    if isinstance(change, str):
        return change in {member.new or member.old for member in detail.changes}
    return change in detail.changes


@pytest.mark.fast_rows(3)
@pytest.mark.parametrize(("happens", "key", "change"), OPERATIONS.values(), ids=OPERATIONS.keys())
def test_a_plan_tells_by_name_what_would_be_done(settled, happens, key, change):
    happens(settled)

    found = planned(settled)

    assert (found[key].status, has(found[key], change)) == ("planned", True)


@pytest.mark.fast_rows(3)
@pytest.mark.parametrize(("happens", "key", "change"), OPERATIONS.values(), ids=OPERATIONS.keys())
def test_a_cycle_tells_by_name_what_was_done(settled, happens, key, change):
    happens(settled)

    found = done(settled)

    assert (found[key].status, has(found[key], change)) == ("success", True)


@pytest.mark.fast_rows(3)
@pytest.mark.parametrize(("happens", "key", "change"), OPERATIONS.values(), ids=OPERATIONS.keys())
def test_a_plan_tells_of_as_many_operations_as_it_counts(settled, happens, key, change):
    happens(settled)
    counted = settled.plan().operations

    told = [one for one in settled.planned() if one.status == "planned"]

    assert len(told) == counted


MANAGERS = {"none before": (manager, None, "dan@x"), "another before": (another_manager, "dan@x", "bo@x")}


@pytest.mark.parametrize(("happens", "old", "new"), MANAGERS.values(), ids=MANAGERS.keys())
def test_a_manager_is_planned_by_name(settled, happens, old, new):
    happens(settled)

    (change,) = planned(settled)["reference", "user", "anna@x"].changes

    assert (change.attribute, change.old, change.new) == (MANAGER, old, new)


@pytest.mark.parametrize(("happens", "old", "new"), MANAGERS.values(), ids=MANAGERS.keys())
def test_a_manager_is_told_by_name_afterwards(settled, happens, old, new):
    happens(settled)

    (change,) = done(settled)["update", "user", "anna@x"].changes

    assert (change.attribute, change.old, change.new) == (MANAGER, old, new)


def test_an_operation_names_the_account_it_is_about(settled):
    update(settled)

    assert planned(settled)["update", "user", "anna@x"].target_id == settled.account("anna@x")["id"]


@pytest.mark.parametrize(
    ("happens", "reason"),
    [(disable, "The account is disabled in the directory."), (bin_, "The object is in the recycle bin.")],
    ids=["disabled", "recycle bin"],
)
def test_whoever_leaves_is_told_why(settled, happens, reason):
    happens(settled)

    assert planned(settled)["disable", "user", "bo@x"].reason == reason
    assert done(settled)["disable", "user", "bo@x"].reason == reason


# Who fails, is left alone, or waits


def test_a_failure_and_a_skip_are_told_apart(settled):
    settled.organisation.user("off@x", enabled=False)
    settled.organisation.user("refused@x")
    settled.target.fail(1, Rejected("no", status=400, detail="title is too long"), method="POST")

    found = done(settled)

    assert found["none", "user", "off@x"].status == "skipped"
    refused = found["create", "user", "refused@x"]
    assert (refused.status, refused.code) == ("failure", "UnprocessableEntity")
    assert refused.reason == "Umbrella refused to create refused@x: title is too long."
    assert refused.hint


def test_a_plan_tells_whom_it_leaves_alone_and_why(settled):
    settled.organisation.user("off@x", enabled=False)

    left = planned(settled)["none", "user", "off@x"]

    assert (left.status, left.code) == ("skipped", "NotEffectivelyEntitled")
    assert left.reason == "The account is disabled in the directory."


def test_a_plan_tells_who_cannot_be_provisioned(settled):
    settled.organisation.user("ANNA@x")  # whose account is anna's

    fails = planned(settled)["none", "user", "ANNA@x"]

    assert (fails.status, fails.code) == ("failure", "DuplicateSourceEntries")


def test_a_group_beyond_the_capacity_waits(make_world):
    world = make_world(scope="all")
    world.organisation.groups([f"G{number:03}" for number in range(201)])

    found = planned(world)

    assert found["create", "group", "G199"].status == "planned"
    waits = found["create", "group", "G200"]
    assert (waits.status, waits.code) == ("waiting", "CapacityReached")
    assert waits.reason


# Bounds and secrets


def test_for_a_person_some_of_every_sort_are_told(settled):
    settled.organisation.users([f"new{number}@x" for number in range(9)])
    settled.organisation.user("off@x", enabled=False)
    disable(settled)

    settled.plan()

    found = first((one for one in settled.planned() if one.status == "planned"), 3)

    assert sorted(one.operation for one in found) == ["create", "create", "create", "disable"]


def test_for_a_program_all_are_told(settled):
    settled.organisation.users([f"new{number}@x" for number in range(1_200)])
    settled.plan()

    assert sum(one.operation == "create" for one in settled.planned()) == 1_200


def test_a_plan_is_told_as_it_was_made_whatever_ran_since(settled):
    update(settled)
    settled.plan()
    told = settled.planned()
    settled.run()

    assert settled.planned() == told


@pytest.fixture
def secretive(settled):
    """The title is redacted."""
    rules = jobs.rules(settled.database.reader(), settled.job.number, settled.job.ruleset_version)
    mappings = rules["synchronizationRules"][0]["objectMappings"][0]["attributeMappings"]
    title = next(one for one in mappings if one["targetAttributeName"] == "title")
    title["source"] = {"type": "Function", "expression": "Redact([jobTitle])"}
    with settled.database.transaction() as connection:
        jobs.save_rules(connection, settled.job.number, rules, created_by="test", now=NOW)
        jobs.change(connection, settled.job.number, full_evaluation=True)
    settled.run()
    return settled


def test_a_redacted_value_is_neither_in_a_plan_nor_in_what_was_done(secretive):
    secretive.organisation.change("anna@x", jobTitle="s3cret-two")
    secretive.organisation.user("new@x", jobTitle="s3cret-one")

    told = [*planned(secretive).values(), *done(secretive).values()]

    assert "s3cret" not in str([one.to_json() for one in told])
    assert Changed("title", "[Redact]", "[Redact]") in [change for one in told for change in one.changes]


# Causes


def test_failures_of_a_cycle_are_told_by_their_cause(settled):
    settled.organisation.users([f"new{number}@x" for number in range(12)])
    settled.target.fail(
        1, Rejected("no", status=400, scim_type="invalidValue", detail="title is too long"), method="POST", times=12
    )
    settled.run()

    (cause,) = explaining(settled).causes(settled.cycles()[0], "failure").found()

    assert (cause.number, cause.reason) == (12, "Umbrella refused to create them: title is too long.")
    assert cause.hint.startswith("Shorten the value")


def test_skips_of_a_cycle_are_told_by_their_cause(settled):
    settled.organisation.users(["off1@x", "off2@x"], enabled=False)
    settled.run()

    (cause,) = explaining(settled).causes(settled.cycles()[0], "skipped").found()

    assert (cause.number, cause.reason) == (2, "The account is disabled in the directory.")


def test_the_causes_of_one_cycle_are_not_those_of_another(settled):
    settled.organisation.users(["off1@x"], enabled=False)
    settled.run()
    settled.organisation.users(["off2@x"], enabled=False)
    settled.run()

    (cause,) = explaining(settled).causes(settled.cycles()[0], "skipped").found()

    assert cause.names == ("off2@x",)


def test_members_are_told_in_one_line(settled):
    members(settled)

    (line,) = lines(planned(settled)["members", "group", "Staff"])

    assert line == "group Staff: add 1 member (cleo@x); remove 1 member (bo@x)"
