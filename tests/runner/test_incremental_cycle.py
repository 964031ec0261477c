"""Later cycles: exactly what changed is sent, and nothing when nothing changed."""

import pytest

from provisor.engine.ports import Rejected


@pytest.fixture
def settled(world):
    """Four people, two groups, everything provisioned."""
    org = world.organisation
    org.users(["anna@x", "bo@x", "cleo@x", "dan@x"])
    org.group("Staff", ["anna@x", "bo@x"])
    org.group("Admins", ["cleo@x"])
    org.assign("anna@x", "cleo@x", "dan@x")
    org.assign("Staff", "Admins", kind="group")
    assert world.run().state == "succeeded"
    return world


def test_a_cycle_without_changes_sends_the_probe_and_writes_one_cycle_row(settled):
    events, cycles = len(settled.events()), len(settled.cycles())

    summary = settled.run()

    assert (summary.state, summary.kind, dict(summary.requests)) == ("succeeded", "incremental", {"GET": 1})
    assert (len(settled.target.journal), len(settled.events()), len(settled.cycles())) == (1, events, cycles + 1)


def test_a_changed_attribute_is_one_patch(settled):
    settled.organisation.change("anna@x", displayName="Anna B")

    settled.run()

    assert settled.writes() == [("PATCH", "anna@x")]
    (event,) = settled.events(identity="anna@x")[-1:]
    assert event.document["modifiedProperties"] == [
        {"displayName": "displayName", "oldValue": "anna", "newValue": "Anna B"}
    ]


def test_an_attribute_that_the_application_does_not_hold_sends_nothing(settled):
    settled.organisation.change("anna@x", department="Sales")

    settled.run()

    assert settled.writes() == []
    assert settled.events(identity="anna@x")[-1].code == "RedundantExport"


def test_a_renamed_person_is_patched_by_id(settled):
    settled.organisation.change("anna@x", userPrincipalName="anna.b@x")

    settled.run()

    assert settled.writes() == [("PATCH", "anna.b@x")]
    assert len(settled.target.resources("user")) == 4


def test_a_membership_that_came_and_one_that_went_are_one_patch_each(settled):
    settled.organisation.join("Admins", "dan@x")
    settled.organisation.leave("Staff", "anna@x")

    settled.run()

    assert settled.writes() == [("PATCH", "Admins"), ("PATCH", "Staff")]
    assert settled.target.memberships() == {("Staff", "bo@x"), ("Admins", "cleo@x"), ("Admins", "dan@x")}


def test_a_disabled_person_is_disabled_once_and_keeps_the_memberships(settled):
    settled.organisation.change("bo@x", accountEnabled=False)

    first, second = settled.run(), settled.run()

    assert first.counts["user.disable"] == 1
    assert dict(second.requests) == {"GET": 1}
    assert settled.account("bo@x")["active"] is False
    assert ("Staff", "bo@x") in settled.target.memberships()


def test_a_person_with_two_assignments_stays_when_one_goes(settled):
    settled.organisation.unassign("anna@x")

    settled.run()

    assert settled.writes() == []


def test_a_person_who_leaves_scope_is_disabled_and_released_and_not_deleted_later(settled):
    settled.organisation.unassign("dan@x")
    settled.run()
    assert settled.writes() == [("PATCH", "dan@x")]

    settled.organisation.purge("dan@x")
    settled.run()

    assert settled.writes() == []
    assert settled.account("dan@x")["active"] is False


def test_a_released_person_comes_back_to_the_same_account(settled):
    before = settled.account("dan@x")["id"]
    settled.organisation.unassign("dan@x")
    settled.run()

    settled.organisation.assign("dan@x")
    settled.run()

    assert settled.writes() == [("PATCH", "dan@x")]
    assert (settled.account("dan@x")["id"], settled.account("dan@x")["active"]) == (before, True)


def test_losing_the_membership_that_gave_access_is_leaving_scope(settled):
    settled.organisation.leave("Staff", "bo@x")

    settled.run()

    assert settled.writes() == [("PATCH", "Staff"), ("PATCH", "bo@x")]
    assert settled.account("bo@x")["active"] is False


def test_an_unassigned_group_is_deleted_and_its_people_leave_with_it(settled):
    settled.organisation.unassign("Staff", kind="group")

    settled.run()

    assert [method for method, _ in settled.writes()] == ["DELETE", "PATCH"]
    assert settled.account("bo@x")["active"] is False
    assert settled.account("anna@x")["active"] is True


def test_somebody_deleted_is_disabled_and_deleted_when_purged(settled):
    settled.organisation.delete("cleo@x")
    settled.run()
    assert settled.account("cleo@x")["active"] is False

    settled.organisation.purge("cleo@x")
    settled.run()

    assert [method for method, _ in settled.writes()] == ["DELETE"]
    assert settled.target.by_name("user", "cleo@x") is None
    assert ("Admins", "cleo@x") not in settled.target.memberships()


def test_somebody_restored_is_enabled_again(settled):
    settled.organisation.delete("cleo@x")
    settled.run()

    settled.organisation.restore("cleo@x")
    settled.run()

    assert settled.writes() == [("PATCH", "cleo@x")]
    assert settled.account("cleo@x")["active"] is True


def test_an_account_that_vanished_is_created_anew_with_its_memberships(settled):
    key = str(settled.account("bo@x")["id"])
    settled.target.lose("user", key)
    settled.organisation.change("bo@x", displayName="Bo")

    summary = settled.run()

    assert summary.state == "succeeded"
    assert settled.account("bo@x")["displayName"] == "Bo"
    assert ("Staff", "bo@x") in settled.target.memberships()


def test_a_group_that_vanished_is_created_anew_with_its_members(settled):
    key = str(settled.target.by_name("group", "Staff")["id"])
    settled.target.lose("group", key)
    settled.organisation.join("Staff", "dan@x")

    summary = settled.run()

    assert summary.state == "succeeded"
    staff = {member for group, member in settled.target.memberships() if group == "Staff"}
    assert staff == {"anna@x", "bo@x", "dan@x"}


def test_a_failed_object_is_tried_again_by_the_next_cycle(settled):
    settled.organisation.change("anna@x", displayName="Anna B")
    settled.target.fail(1, Rejected("broken", status=500), method="PATCH")

    first = settled.run()
    second = settled.run()

    assert (first.state, second.state) == ("entry-level-errors", "succeeded")
    assert settled.events(status="failure")[-1].code == "InternalServerError"
    assert settled.account("anna@x")["displayName"] == "Anna B"
    assert settled.escrow() == []


def swap(settled):
    settled.organisation.change("anna@x", userPrincipalName="anna.tmp@x")
    settled.organisation.change("bo@x", userPrincipalName="anna@x")
    settled.organisation.change("anna.tmp@x", userPrincipalName="bo@x", displayName="Bo who was Anna")


def test_two_people_who_swap_names_go_through_free_ones(settled):
    before = {one["externalId"]: one["userName"] for one in settled.target.resources("user").values()}
    swap(settled)

    summary = settled.run()

    after = {one["externalId"]: one["userName"] for one in settled.target.resources("user").values()}
    swapped = {"anna@x": "bo@x", "bo@x": "anna@x"}
    assert summary.state == "succeeded"
    assert after == {key: swapped.get(name, name) for key, name in before.items()}
    assert dict(settled.run().requests) == {"GET": 1}


def test_a_name_that_becomes_free_in_the_same_cycle_is_taken_at_its_end(settled):
    settled.organisation.change("bo@x", userPrincipalName="bo.old@x")
    settled.organisation.change("anna@x", userPrincipalName="bo@x")

    summary = settled.run()

    assert summary.state == "succeeded"
    assert {one["userName"] for one in settled.target.resources("user").values()} == {
        "bo@x",
        "bo.old@x",
        "cleo@x",
        "dan@x",
    }
