"""Deprovisioning (spec/provisioning-service.md section 9), every row in a real cycle, by what a job does with leavers.

Columns are applications: *mapped* (the rules map IsSoftDeleted), *unmapped*, *cannot* (it cannot disable accounts).
Order: the table of section 9.1, the switches, groups, the log.
"""

from dataclasses import replace

import pytest

from provisor.gallery import template
from provisor.runner.planning import begin
from provisor.storage import jobs, links
from provisor.testing.faults import Killed

IN_SCOPE, OUT = "Sales", "Elsewhere"
CANNOT = "cannotDisable"  # an application that the gallery does not have yet
FILTER = {"groups": [{"name": "in", "clauses": [{
    "sourceOperandName": "department", "operatorName": "NOT EQUALS", "targetOperand": {"values": [OUT]},
}]}]}  # fmt: skip


@pytest.fixture
def make_settled(make_world, monkeypatch):
    """A job that has provisioned Anna, who is assigned, and Bo, who is in an assigned group."""

    def make(column="mapped", behaviour="provisor", *, application="ciscoUmbrella", **settings):
        world = make_world(application, behaviour=behaviour)
        if column == "cannot":
            cannot = replace(template(application), id=CANNOT, soft_delete=False)
            monkeypatch.setattr(begin, "template", lambda name: cannot if name == CANNOT else template(name))
            with world.database.transaction() as connection:
                connection.execute("UPDATE job SET template = ?", (CANNOT,))
        rules = world.rules()
        users = world.mapping_of(rules)
        users["scope"] = FILTER
        if column == "unmapped":
            rows = users["attributeMappings"]
            users["attributeMappings"] = [row for row in rows if row["targetAttributeName"] != "active"]
        world.save_rules(rules)
        world.change_settings = lambda **more: change_settings(world, more)
        world.change_settings(**settings)
        org = world.organisation
        org.users(["anna@x", "bo@x"], department=IN_SCOPE)
        org.group("Staff", ["bo@x"])
        org.assign("anna@x")
        org.assign("Staff", kind="group")
        assert world.run().state == "succeeded"
        return world

    return make


def change_settings(world, more):
    with world.database.transaction() as connection:
        job = jobs.read(connection, world.job.number)
        jobs.change(connection, job.number, settings={**job.settings, **more})


def switch_off(world, action, kind="User"):
    rules = world.rules()
    flow = world.mapping_of(rules, kind)
    flow["flowTypes"] = ",".join(one for one in ("Add", "Update", "Delete") if one != action)
    world.save_rules(rules)


def link(world, name="anna@x"):
    found = links.by_object(world.database.reader(), world.job.number, world.organisation.id("user", name))
    return "none" if found is None else "waiting" if found.disabled_at is not None else found.state


def active(world, name="anna@x"):
    account = world.target.by_name("user", name)
    return None if account is None else account.get("active", True)


# What happens to Anna; a step that ends in a run is what went before.


def unassigned(world):
    world.organisation.unassign("anna@x")


def filtered_out(world):
    world.organisation.change("anna@x", department=OUT)


def soft_deleted(world):
    world.delete("anna@x")


def disabled(world):
    world.organisation.change("anna@x", accountEnabled=False)


def purged(world):
    world.purge("anna@x")


def disabled_then_purged(world):
    disabled(world)
    world.run()
    purged(world)


def unassigned_then_purged(world):
    unassigned(world)
    world.run()
    purged(world)


def deleted_and_purged(world):
    soft_deleted(world)
    purged(world)


def restored(world):
    soft_deleted(world)
    world.run()
    world.organisation.restore("anna@x")
    world.organisation.change("anna@x", displayName="Boss")


def enabled_again(world):
    disabled(world)
    world.run()
    world.organisation.change("anna@x", accountEnabled=True, displayName="Boss")


def assigned_again(world):
    unassigned(world)
    world.run()
    world.organisation.change("anna@x", displayName="Boss")
    world.organisation.assign("anna@x")


def in_scope_again(world):
    filtered_out(world)
    world.run()
    world.organisation.change("anna@x", displayName="Boss", department=IN_SCOPE)


NOTHING, PATCH, DELETE, POST = [], [("PATCH", "anna@x")], ["DELETE"], [("POST", "anna@x")]

# Section 9.1: (row, event) -> what is sent, the link then, whether the account is active; by column.
TABLE = {
    ("1", unassigned): {
        "mapped": (PATCH, "released", False),
        "unmapped": (NOTHING, "released", True),
        "cannot": (DELETE, "none", None),
    },
    ("2", filtered_out): {
        "mapped": (PATCH, "released", False),
        "unmapped": (NOTHING, "released", True),
        "cannot": (DELETE, "none", None),
    },
    ("3", soft_deleted): {
        "mapped": (PATCH, "linked", False),
        "unmapped": (NOTHING, "linked", True),
        "cannot": (DELETE, "none", None),
    },
    ("4", disabled): {
        "mapped": (PATCH, "linked", False),
        "unmapped": (NOTHING, "linked", True),
        "cannot": (DELETE, "none", None),
    },
    ("5", disabled_then_purged): {
        "mapped": (DELETE, "none", None),
        "unmapped": (DELETE, "none", None),
        "cannot": (NOTHING, "none", None),  # it was deleted when she was disabled
    },
    ("5", purged): {
        "mapped": (DELETE, "none", None),
        "unmapped": (DELETE, "none", None),
        "cannot": (DELETE, "none", None),
    },
    ("6", unassigned_then_purged): {
        "mapped": (NOTHING, "none", False),
        "unmapped": (NOTHING, "none", True),
        "cannot": (NOTHING, "none", None),
    },
    **{
        ("7", event): {
            "mapped": (PATCH, "linked", True),
            "unmapped": (PATCH, "linked", True),
            "cannot": (POST, "linked", True),
        }
        for event in (restored, enabled_again, assigned_again, in_scope_again)
    },
    ("8", deleted_and_purged): {
        "mapped": (DELETE, "none", None),
        "unmapped": (DELETE, "none", None),
        "cannot": (DELETE, "none", None),
    },
}

# What a job may do with leavers instead, where that differs: (event, policy) -> the same for `mapped`.
POLICIES = {"nothing": {"leavers": "nothing"}, "delete": {"leavers": "delete"}, "delete-after": {
    "leavers": "delete-after", "deleteAfterDays": 30,
}}  # fmt: skip
DIFFERS = {
    (unassigned, "nothing"): (NOTHING, "linked", True),
    (filtered_out, "nothing"): (NOTHING, "linked", True),
    (unassigned_then_purged, "nothing"): (DELETE, "none", None),  # she was tracked
    (assigned_again, "nothing"): (PATCH, "linked", True),
    (unassigned, "delete"): (DELETE, "none", None),
    (filtered_out, "delete"): (DELETE, "none", None),
    (unassigned_then_purged, "delete"): (NOTHING, "none", None),
    (assigned_again, "delete"): (POST, "linked", True),
    (in_scope_again, "delete"): (POST, "linked", True),
    (unassigned, "delete-after"): (PATCH, "waiting", False),
    (filtered_out, "delete-after"): (PATCH, "waiting", False),
    (unassigned_then_purged, "delete-after"): (NOTHING, "waiting", False),
}


def rows():
    """Every row of section 9.1, with what else a job may do with leavers."""
    for (row, event), columns in TABLE.items():
        for column, expected in columns.items():
            for behaviour in ("provisor", "entra"):
                yield pytest.param(event, column, behaviour, {}, expected, id=name_of(row, event, column, behaviour))
        for policy, settings in POLICIES.items():
            expected = DIFFERS.get((event, policy), columns["mapped"])
            yield pytest.param(event, "mapped", "provisor", settings, expected, id=name_of(row, event, policy))


def name_of(row, event, *parts):
    return "-".join((row, event.__name__, *parts))


@pytest.mark.test_rows(48)
@pytest.mark.fast_rows(20)
@pytest.mark.parametrize(("event", "column", "behaviour", "settings", "expected"), list(rows()))
def test_section_9_1_what_becomes_of_an_account(make_settled, event, column, behaviour, settings, expected):
    sent, state, in_use = expected
    world = make_settled(column, behaviour, **settings)
    event(world)

    summary = world.run()

    assert summary.state == "succeeded"
    assert [one[0] if sent == DELETE else one for one in world.writes()] == sent
    assert link(world) == state
    assert active(world) is in_use
    assert (active(world, "bo@x"), link(world, "bo@x")) == (True, "linked")
    assert world.run().requests == {"GET": 1}


@pytest.mark.parametrize("settings", [{}, *POLICIES.values()], ids=["default", *POLICIES])
def test_section_9_1_who_loses_the_group_that_was_assigned_is_event_1(make_settled, settings):
    world = make_settled(**settings)
    world.organisation.leave("Staff", "bo@x")

    world.run()

    wanted = {"nothing": True, "delete": None}.get(settings.get("leavers"), False)
    assert active(world, "bo@x") is wanted


# Section 9.2

EVENTS = {"1": unassigned, "2": filtered_out, "3": soft_deleted, "4": disabled, "5": purged}


@pytest.mark.fast_rows(8)
@pytest.mark.parametrize("policy", ["default", *POLICIES])
@pytest.mark.parametrize("event", EVENTS)
def test_section_9_2_skipped_out_of_scope_deletions_send_nothing_for_events_1_and_2(make_settled, event, policy):
    world = make_settled(skipOutOfScopeDeletions=True, **POLICIES.get(policy, {}))
    EVENTS[event](world)

    world.run()

    if event in "12":
        assert (world.writes(), link(world), active(world)) == ([], "linked", True)
        (told,) = world.events(identity="anna@x", status="skipped")
        assert told.code == "SkipOutOfScopeDeletion"
    else:
        assert len(world.writes()) == 1
    assert world.run().requests == {"GET": 1}


@pytest.mark.parametrize("behaviour", ["provisor", "entra"])
def test_section_9_2_who_was_skipped_keeps_memberships_which_follow_the_directory(make_settled, behaviour):
    world = make_settled(behaviour=behaviour, skipOutOfScopeDeletions=True)
    world.organisation.join("Staff", "anna@x")
    world.run()
    world.organisation.change("bo@x", department=OUT)
    world.organisation.change("anna@x", department=OUT)

    world.run()
    assert world.target.memberships() == {("Staff", "anna@x"), ("Staff", "bo@x")}
    world.organisation.leave("Staff", "anna@x")
    world.run()

    assert world.target.memberships() == {("Staff", "bo@x")}
    assert (active(world), active(world, "bo@x")) == (True, True)


@pytest.mark.parametrize("policy", ["default", *POLICIES])
def test_section_9_2_who_was_skipped_is_looked_at_once_it_is_off(make_settled, admin_of, policy):
    from provisor.admin.actor import LOCAL_OPERATOR

    world = make_settled(skipOutOfScopeDeletions=True, **POLICIES.get(policy, {}))
    admin = admin_of(world)
    unassigned(world)
    world.run()

    admin.jobs.settings(LOCAL_OPERATOR, world.job.id, skip_out_of_scope_deletions=False)
    world.run()

    wanted = {"default": (False, "released"), "nothing": (True, "linked"), "delete": (None, "none")}
    assert (active(world), link(world)) == wanted.get(policy, (False, "waiting"))


@pytest.mark.parametrize("event", EVENTS)
def test_section_9_2_another_attribute_is_set_instead_of_active(make_settled, event):
    world = make_settled(application="scim")
    rules = world.rules()
    (row,) = [one for one in world.mapping_of(rules)["attributeMappings"] if one["targetAttributeName"] == "active"]
    row["targetAttributeName"] = "userType"
    world.save_rules(rules)
    world.run()
    assert world.account("anna@x")["userType"] == "True"
    EVENTS[event](world)

    world.run()

    left = world.target.by_name("user", "anna@x")
    assert left is None if event == "5" else left["userType"] == "False"


@pytest.mark.parametrize("event", [one for one in EVENTS if one != "5"])
def test_section_9_2_without_the_mapping_of_is_soft_deleted_nothing_is_sent(make_settled, event):
    world = make_settled("unmapped")
    EVENTS[event](world)

    world.run()

    assert (world.writes(), active(world)) == ([], True)


@pytest.mark.parametrize("event", ["1", "2"])
def test_section_9_2_what_was_planned_before_such_deletions_were_skipped_is_not_sent(make_settled, event):
    world = make_settled()
    EVENTS[event](world)
    world.organisation.change("bo@x", displayName="Changed")  # which is sent first
    world.target.fail(1, Killed(), method="PATCH")
    with pytest.raises(Killed):
        world.run()
    world.heal()
    world.change_settings(skipOutOfScopeDeletions=True)

    world.run()
    world.run()

    assert (active(world), link(world)) == (True, "linked")


@pytest.mark.parametrize("event", ["1", "2", "3", "4"])
def test_section_9_2_without_update_nobody_is_disabled(make_settled, event):
    world = make_settled()
    switch_off(world, "Update")
    world.run()
    EVENTS[event](world)

    world.run()

    assert (world.writes(), active(world)) == ([], True)
    assert [one.code for one in world.events(identity="anna@x", status="skipped")][-1] == "TargetActionDisabled"


def test_section_9_2_without_delete_neither_people_nor_groups_are_deleted(make_settled):
    world = make_settled()
    switch_off(world, "Delete")
    switch_off(world, "Delete", "Group")
    world.run()
    purged(world)
    world.purge("Staff", kind="group")

    world.run()

    assert [method for method, _ in world.writes() if method == "DELETE"] == []
    assert world.target.by_name("group", "Staff") is not None


def test_section_9_2_without_create_nobody_comes_back_by_a_post(make_settled):
    world = make_settled("cannot")
    switch_off(world, "Add")
    unassigned(world)
    world.run()
    world.organisation.assign("anna@x")

    world.run()

    assert (world.writes(), active(world)) == ([], None)


# Section 9.3

GROUP_LEAVES = {
    "unassigned": lambda world: world.organisation.unassign("Staff", kind="group"),
    "soft-deleted": lambda world: world.delete("Staff", kind="group"),
    "purged": lambda world: world.purge("Staff", kind="group"),
}


@pytest.mark.fast_rows(5)
@pytest.mark.parametrize("policy", ["default", "entra", *POLICIES])
@pytest.mark.parametrize("leaves", GROUP_LEAVES)
def test_section_9_3_a_group_that_leaves_is_deleted_and_its_people_follow_their_own_table(make_settled, leaves, policy):
    behaviour = "entra" if policy == "entra" else "provisor"
    world = make_settled(behaviour=behaviour, **POLICIES.get(policy, {}))
    GROUP_LEAVES[leaves](world)

    world.run()

    assert world.target.by_name("group", "Staff") is None
    wanted = {"nothing": (True, "linked"), "delete": (None, "none"), "delete-after": (False, "waiting")}
    assert (active(world, "bo@x"), link(world, "bo@x")) == wanted.get(policy, (False, "released"))


def test_section_9_3_a_group_out_of_scope_stays_where_such_deletions_are_skipped(make_settled):
    world = make_settled(skipOutOfScopeDeletions=True)
    GROUP_LEAVES["unassigned"](world)

    world.run()

    assert (world.writes(), active(world, "bo@x")) == ([], True)
    assert world.target.by_name("group", "Staff") is not None


# Section 9.4

WORDS = {
    ("1", "default"): ("disable", "success"),
    ("1", "nothing"): ("other", "skipped"),
    ("1", "delete"): ("delete", "success"),
    ("1", "delete-after"): ("disable", "success"),
    ("4", "default"): ("disable", "success"),
    ("5", "default"): ("delete", "success"),
}


@pytest.mark.parametrize(("event", "policy"), WORDS)
def test_section_9_4_the_log_says_what_was_done(make_settled, event, policy):
    world = make_settled(**POLICIES.get(policy, {}))
    EVENTS[event](world)

    world.run()

    told = world.events(identity="anna@x")[-1]
    assert (told.action, told.status) == WORDS[event, policy]
