"""Lives of people across several cycles: managers, and leaving and coming back."""

import pytest

from provisor.engine.ports import Rejected
from provisor.storage import directory_verbs, objects

MANAGER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def manager_of(world, name):
    extension = world.account(name).get(MANAGER) or {}
    key = (extension.get("manager") or {}).get("value")
    return None if key is None else world.target.resources("user")[key]["userName"]


def set_manager(world, name, manager):
    org = world.organisation
    with world.database.transaction() as connection:
        item = objects.read(connection, org.tenant, org.id("user", name))
        directory_verbs.set_manager(connection, org.tenant, item, manager and org.id("user", manager))


@pytest.fixture
def managed(make_world):
    """The generic application; Anna, managed by the boss, both assigned and provisioned."""
    world = make_world("scim")
    org = world.organisation
    org.users(["boss@x", "other@x"])
    org.user("anna@x", manager="boss@x")
    org.assign("anna@x", "boss@x")
    assert world.run().state == "succeeded"
    return world


# Managers


def test_a_manager_that_could_not_be_written_is_written_by_the_next_cycle(make_world):
    world = make_world("scim")
    org = world.organisation
    org.user("boss@x")
    org.user("anna@x", manager="boss@x")
    org.assign("anna@x", "boss@x")
    world.target.fail(1, Rejected("broken", status=500), method="PATCH", kind="user")
    assert world.run().state == "entry-level-errors"
    assert manager_of(world, "anna@x") is None

    assert world.run().state == "succeeded"

    assert manager_of(world, "anna@x") == "boss@x"
    assert world.escrow() == []
    assert dict(world.run().requests) == {"GET": 1}


def test_a_manager_that_is_taken_away_is_removed_at_the_target(managed):
    set_manager(managed, "anna@x", None)

    managed.run()

    assert managed.writes() == [("PATCH", "anna@x")]
    assert manager_of(managed, "anna@x") is None
    (changed,) = managed.events(identity="anna@x")[-1].document["modifiedProperties"]
    assert (changed["oldValue"], changed["newValue"]) == (managed.account("boss@x")["id"], None)


def test_a_manager_who_is_purged_is_removed_at_the_target(managed):
    managed.purge("boss@x")

    assert managed.run().state == "succeeded"

    assert manager_of(managed, "anna@x") is None
    assert managed.target.by_name("user", "boss@x") is None
    assert dict(managed.run().requests) == {"GET": 1}


def test_a_new_manager_without_an_account_is_written_when_there_is_one(managed):
    set_manager(managed, "anna@x", "other@x")
    managed.run()

    managed.organisation.assign("other@x")
    managed.run()

    assert manager_of(managed, "anna@x") == "other@x"


def test_a_late_manager_and_a_late_member_come_in_the_same_cycle(make_world):
    world = make_world("scim")
    org = world.organisation
    org.users(["boss@x", "bo@x"], enabled=False)
    org.user("anna@x", manager="boss@x")
    org.group("Staff", ["anna@x", "bo@x", "boss@x"])
    org.assign("Staff", kind="group")
    world.run()

    org.change("boss@x", accountEnabled=True)
    org.change("bo@x", accountEnabled=True)
    world.run()

    assert world.writes() == [("PATCH", "Staff"), ("PATCH", "anna@x"), ("POST", "bo@x"), ("POST", "boss@x")]
    assert manager_of(world, "anna@x") == "boss@x"
    assert {member for _, member in world.target.memberships()} == {"anna@x", "bo@x", "boss@x"}


def test_the_log_shows_the_manager_before_and_after(managed):
    managed.organisation.assign("other@x")
    managed.run()
    before, after = (str(managed.account(name)["id"]) for name in ("boss@x", "other@x"))

    set_manager(managed, "anna@x", "other@x")
    managed.run()

    (changed,) = managed.events(identity="anna@x")[-1].document["modifiedProperties"]
    assert changed == {"displayName": f"{MANAGER}:manager", "oldValue": before, "newValue": after}


def test_a_plan_after_a_killed_cycle_does_not_lose_a_late_manager(make_world):
    from provisor.testing.faults import Killed

    world = make_world("scim")
    org = world.organisation
    org.user("boss@x")
    org.user("anna@x", manager="boss@x")
    org.assign("anna@x")
    world.run()
    org.assign("boss@x")
    world.target.fail(1, Killed(), method="PATCH")
    with pytest.raises(Killed):
        world.run()
    world.heal()

    world.plan()
    world.run()

    assert manager_of(world, "anna@x") == "boss@x"


# Leaving and coming back


def test_somebody_deleted_thirty_days_ago_is_purged_at_the_start_of_a_cycle(world):
    world.organisation.users(["anna@x", "bo@x"])
    world.organisation.assign("anna@x", "bo@x")
    world.run()
    world.delete("anna@x", days_ago=31)
    world.delete("bo@x", days_ago=29)

    summary = world.run()

    assert summary.state == "succeeded"
    assert world.target.by_name("user", "anna@x") is None
    assert world.account("bo@x")["active"] is False
    assert dict(world.run().requests) == {"GET": 1}


def test_tombstones_go_once_every_job_has_passed_them(world):
    world.organisation.users(["anna@x"])
    world.organisation.group("Staff", ["anna@x"])
    world.organisation.assign("Staff", kind="group")
    world.run()
    world.purge("anna@x")
    world.purge("Staff", "group")

    world.run()
    world.forget()

    connection = world.database.reader()
    for table in ("object", "member", "assignment", "link", "member_link", "waiting", "operation", "work"):
        assert connection.one(f"SELECT count(*) FROM {table}")[0] == 0, table


def test_the_account_of_somebody_released_and_then_purged_can_be_matched_by_somebody_new(world):
    org = world.organisation
    org.user("anna@x")
    org.assign("anna@x")
    world.run()
    before = world.account("anna@x")["id"]
    org.unassign("anna@x")
    world.run()
    world.purge("anna@x")
    world.run()
    assert world.account("anna@x")["active"] is False

    org.user("anna@x", displayName="Anna the Second")
    org.assign("anna@x")
    summary = world.run()

    assert summary.state == "succeeded"
    assert (world.account("anna@x")["id"], world.account("anna@x")["active"]) == (before, True)
    assert world.account("anna@x")["displayName"] == "Anna the Second"


def test_somebody_purged_after_release_leaves_no_row_behind(world):
    org = world.organisation
    org.user("anna@x")
    org.assign("anna@x")
    world.run()
    org.unassign("anna@x")
    world.run()

    world.purge("anna@x")
    world.run()
    world.forget()

    assert world.writes() == []
    connection = world.database.reader()
    assert connection.one("SELECT (SELECT count(*) FROM object), (SELECT count(*) FROM link)") == (0, 0)


def test_a_person_with_both_assignments_stays_when_the_group_goes(world):
    org = world.organisation
    org.users(["anna@x", "bo@x"])
    org.group("Staff", ["anna@x", "bo@x"])
    org.assign("anna@x")
    org.assign("Staff", kind="group")
    world.run()

    world.purge("Staff", "group")
    world.run()

    assert [world.account(name)["active"] for name in ("anna@x", "bo@x")] == [True, False]
    assert world.target.by_name("group", "Staff") is None


def test_a_group_deleted_and_restored_takes_its_people_along_both_ways(world):
    org = world.organisation
    org.users(["anna@x", "bo@x"])
    org.group("Staff", ["anna@x", "bo@x"])
    org.assign("Staff", kind="group")
    world.run()

    world.delete("Staff", kind="group")
    world.run()
    assert world.target.resources("group") == {}
    assert [world.account(name)["active"] for name in ("anna@x", "bo@x")] == [False, False]

    org.restore("Staff", "group")
    world.run()

    assert [world.account(name)["active"] for name in ("anna@x", "bo@x")] == [True, True]
    assert world.target.memberships() == {("Staff", "anna@x"), ("Staff", "bo@x")}
    assert dict(world.run().requests) == {"GET": 1}


def test_somebody_who_joins_a_group_while_released_is_a_member_once_back(world):
    org = world.organisation
    org.users(["anna@x", "bo@x"])
    org.group("Staff", ["bo@x"])
    org.assign("anna@x")
    org.assign("Staff", kind="group")
    org.group("Crowd", ["bo@x"])
    world.run()
    org.unassign("anna@x")
    world.run()

    org.join("Staff", "anna@x")
    world.run()

    assert world.account("anna@x")["active"] is True
    assert ("Staff", "anna@x") in world.target.memberships()
