"""Create, update or link: every row of the table in spec/provisioning-service.md section 3.4, in both behaviours."""

import asyncio

import pytest

from provisor.scim.patch.operations import Operation

ANNA = {"userName": "anna@x", "displayName": "Somebody", "active": True}


@pytest.fixture(params=["provisor", "entra"])
def office(request, make_world):
    """One person, nothing provisioned."""
    world = make_world("scim", behaviour=request.param)
    world.organisation.users(["anna@x"])
    return world


def without(world, action):
    """Switch a target object action off."""
    rules = world.rules()
    world.mapping_of(rules)["flowTypes"] = ", ".join(one for one in ("Add", "Update", "Delete") if one != action)
    world.save_rules(rules)


def linked(world):
    world.organisation.assign("anna@x")
    world.run()
    assert world.account("anna@x")["active"] is True


def at_target(world, **attributes):
    key = str(world.account("anna@x")["id"])
    changes = [Operation(op="replace", path=path, value=value) for path, value in attributes.items()]
    asyncio.run(world.target.patch("user", key, changes))


def told(world):
    """The newest event: what was done, how it ended, and why if there is a code."""
    event = world.events(identity="anna@x")[-1]
    return event.action, event.status, event.code or ""


def wanted(world):
    world.organisation.assign("anna@x")


def matched(world):
    world.target.put("user", dict(ANNA))
    wanted(world)


def not_wanted(world):
    world.target.put("user", dict(ANNA))
    world.organisation.change("anna@x", displayName="Anna B")


def filtered_out(world):
    wanted(world)
    clause = {"sourceOperandName": "displayName", "operatorName": "EQUALS", "targetOperand": {"values": ["Bo"]}}
    rules = world.rules()
    world.mapping_of(rules)["scope"] = {"groups": [{"name": "Bo", "clauses": [clause]}]}
    world.save_rules(rules)


def wanted_no_create(world):
    without(world, "Add")
    wanted(world)


def matched_no_update(world):
    without(world, "Update")
    matched(world)


def matched_twice(world):
    world.target = world.new_target(unique=False)
    world.target.put("user", dict(ANNA))
    matched(world)


def linked_and_changed(world):
    linked(world)
    world.organisation.change("anna@x", displayName="Anna B")


def linked_and_equal(world):
    linked(world)
    at_target(world, displayName="Anna B")
    world.organisation.change("anna@x", displayName="Anna B")


def disabled_and_back(world):
    linked(world)
    world.organisation.change("anna@x", accountEnabled=False)
    world.run()
    assert world.account("anna@x")["active"] is False
    world.organisation.change("anna@x", accountEnabled=True)


def unassigned_and_back(world):
    linked(world)
    world.organisation.unassign("anna@x")
    world.run()
    assert world.account("anna@x")["active"] is False
    wanted(world)


NOTHING = ("other", "skipped")
ROWS = {  # what there is, what was sent, what the log says
    "no link, not assigned": (not_wanted, [], (*NOTHING, "NotEffectivelyEntitled")),
    "no link, filtered out": (filtered_out, [], (*NOTHING, "NotInScope")),
    "no match": (wanted, ["POST"], ("create", "success", "")),
    "no match, Create off": (wanted_no_create, [], (*NOTHING, "TargetActionDisabled")),
    "one match": (matched, ["PATCH"], ("update", "success", "")),
    "one match, Update off": (matched_no_update, [], (*NOTHING, "TargetActionDisabled")),
    "several matches": (matched_twice, [], ("other", "failure", "DuplicateTargetEntries")),
    "linked, differs": (linked_and_changed, ["PATCH"], ("update", "success", "")),
    "linked, in scope again after a disable": (disabled_and_back, ["PATCH"], ("update", "success", "")),
    "linked, assigned again": (unassigned_and_back, ["PATCH"], ("update", "success", "")),
}


@pytest.mark.parametrize(("given", "sent", "log"), ROWS.values(), ids=ROWS)
def test_section_3_4_a_row_sends_and_tells_what_the_table_says(office, given, sent, log):
    given(office)

    office.run()

    assert [one.method for one in office.target.sent("POST", "PATCH", "DELETE")] == sent
    assert told(office) == log


@pytest.mark.parametrize("given", [not_wanted, filtered_out])
def test_section_3_4_nobody_out_of_scope_is_looked_up(office, given):
    given(office)

    office.run()

    assert "anna@x" not in [one.subject for one in office.target.journal]


@pytest.mark.parametrize("given", [matched, matched_no_update])
def test_section_3_4_one_match_is_linked(office, given):
    given(office)
    office.run()
    key = str(office.account("anna@x")["id"])

    office.organisation.delete("anna@x")
    office.organisation.purge("anna@x")
    office.run()

    assert [(one.method, one.subject) for one in office.target.sent("DELETE")] == [("DELETE", key)]


def test_section_3_4_several_matches_are_kept_for_another_try(office):
    matched_twice(office)

    office.run()

    assert [(entry.name, entry.code) for entry in office.escrow()] == [("anna@x", "DuplicateTargetEntries")]


def test_section_3_4_only_what_differs_is_sent(office):
    linked(office)
    office.organisation.change("anna@x", displayName="Anna B")
    sent = []

    async def patch(original, kind, target_id, operations):
        sent.extend(str(one.path) for one in operations)
        return await original(kind, target_id, operations)

    office.failing(patch=patch)
    office.run()

    assert sent == ["displayName"]


def test_section_3_4_a_target_that_holds_everything_already_is_left_alone(make_world):
    office = make_world("scim", behaviour="entra")
    office.organisation.users(["anna@x"])
    linked_and_equal(office)

    office.run()

    assert office.target.sent("POST", "PATCH", "DELETE") == []
    assert told(office) == (*NOTHING, "RedundantExport")


def test_section_3_4_a_change_that_changes_nothing_at_the_target_is_redundant(office):
    linked(office)
    office.organisation.change("anna@x", city="Ulm")

    office.run()

    assert office.target.sent("POST", "PATCH", "DELETE") == []
    assert told(office) == (*NOTHING, "RedundantExport")


VANISHED = {"entra": ([], ("other", "failure", "InvalidAnchor")), "provisor": (["POST"], ("create", "success", ""))}


def test_section_3_4_a_linked_account_that_is_gone(office):
    linked(office)
    office.target.lose("user", str(office.account("anna@x")["id"]))
    office.organisation.change("anna@x", displayName="Anna B")

    office.run()

    sent, log = VANISHED[office.job.behaviour]
    assert [one.method for one in office.target.sent("POST", "PATCH", "DELETE")] in (sent, ["PATCH", *sent])
    assert told(office) == log


# Groups, which cannot be disabled


def group_wanted(world):
    world.organisation.group("Sales")
    world.organisation.assign("Sales", kind="group")


def group_matched(world):
    world.target.put("group", {"displayName": "Sales", "externalId": "theirs"})
    group_wanted(world)


def group_without(world, action):
    rules = world.rules()
    world.mapping_of(rules, "Group")["flowTypes"] = ", ".join(
        one for one in ("Add", "Update", "Delete") if one != action
    )
    world.save_rules(rules)


def group_linked(world):
    group_wanted(world)
    world.run()
    assert world.target.by_name("group", "Sales") is not None


def group_not_wanted(world):
    world.target.put("group", {"displayName": "Sales"})
    world.organisation.group("Sales")


def group_no_create(world):
    group_without(world, "Add")
    group_wanted(world)


def group_no_update(world):
    group_without(world, "Update")
    group_matched(world)


def group_matched_twice(world):
    world.target = world.new_target(unique=False)
    world.target.put("group", {"displayName": "Sales"})
    group_matched(world)


def group_renamed(world):
    group_linked(world)
    world.organisation.change("Sales", kind="group", displayName="Sellers")


def group_changed_elsewhere(world):
    group_linked(world)
    world.organisation.change("Sales", kind="group", description="Who sells")


def group_unassigned(world):
    group_linked(world)
    world.organisation.unassign("Sales", kind="group")


def group_back(world):
    group_unassigned(world)
    world.run()
    world.organisation.assign("Sales", kind="group")


GROUPS = {
    "no link, not assigned": (group_not_wanted, [], (*NOTHING, "NotEffectivelyEntitled")),
    "no match": (group_wanted, ["POST"], ("create", "success", "")),
    "no match, Create off": (group_no_create, [], (*NOTHING, "TargetActionDisabled")),
    "one match": (group_matched, ["PATCH"], ("update", "success", "")),
    "one match, Update off": (group_no_update, [], (*NOTHING, "TargetActionDisabled")),
    "several matches": (group_matched_twice, [], ("other", "failure", "DuplicateTargetEntries")),
    "linked, differs": (group_renamed, ["PATCH"], ("update", "success", "")),
    "linked, equal": (group_changed_elsewhere, [], (*NOTHING, "RedundantExport")),
    "linked, out of scope": (group_unassigned, ["DELETE"], ("delete", "success", "")),
    "in scope again": (group_back, ["POST"], ("create", "success", "")),
}


@pytest.mark.parametrize(("given", "sent", "log"), GROUPS.values(), ids=GROUPS)
def test_section_3_4_a_row_holds_for_groups_too(office, given, sent, log):
    given(office)

    office.run()

    event = office.events(identity=office.organisation.id("group", "Sales"))[-1]
    assert [one.method for one in office.target.sent("POST", "PATCH", "DELETE")] == sent
    assert (event.action, event.status, event.code or "") == log
