"""Names that change hands: by the end of the cycle everybody has theirs, or is told who holds it."""

from datetime import UTC, datetime

import pytest

from provisor.engine.ports import Rejected
from provisor.storage import directory_verbs, objects


def test_somebody_new_with_the_name_that_another_gave_up_is_created_in_the_same_cycle(world):
    org = world.organisation
    org.user("anna@x")
    org.assign("anna@x")
    world.run()
    org.change("anna@x", userPrincipalName="anna.old@x")
    org.user("anna@x", displayName="Anna the Second")
    org.assign("anna@x")

    summary = world.run()

    assert summary.state == "succeeded"
    assert {one["userName"] for one in world.target.resources("user").values()} == {"anna.old@x", "anna@x"}
    assert world.account("anna@x")["displayName"] == "Anna the Second"
    assert world.events(status="failure") == []


def pass_names_on(world, people):
    """Each takes the name of the next, the last a new one, and somebody new the first; returns who is called what."""
    org = world.organisation
    names = [f"p{number}@x" for number in range(people)]
    org.users(names)
    org.assign(*names)
    world.run()
    for taking, given in reversed([*zip(names, [*names[1:], "last@x"], strict=True)]):
        org.change(taking, userPrincipalName=given)
    org.user("p0@x", displayName="New")
    org.assign("p0@x")
    return {*names, "last@x"}


@pytest.mark.parametrize("behaviour", ["provisor", "entra"])
@pytest.mark.parametrize("people", [1, 2])
def test_somebody_new_gets_the_name_at_the_end_of_a_chain_in_the_same_cycle(make_world, people, behaviour):
    world = make_world("scim", behaviour=behaviour)
    called = pass_names_on(world, people)

    summary = world.run()

    assert summary.state == "succeeded"
    assert {one["userName"] for one in world.target.resources("user").values()} == called
    assert world.account("p0@x")["displayName"] == "New"


@pytest.mark.parametrize("behaviour", ["provisor", "entra"])
@pytest.mark.parametrize("people", [3, 4])
def test_a_longer_chain_of_names_is_through_after_as_many_cycles(make_world, people, behaviour):
    world = make_world("scim", behaviour=behaviour)
    called = pass_names_on(world, people)

    for _ in range(people):
        world.run()

    assert {one["userName"] for one in world.target.resources("user").values()} == called
    assert world.account("p0@x")["displayName"] == "New"


@pytest.mark.parametrize("behaviour", ["provisor", "entra"])
def test_somebody_new_is_told_who_keeps_the_name_when_the_holder_cannot_give_it_up(make_world, behaviour):
    world = make_world("scim", behaviour=behaviour)
    pass_names_on(world, 2)
    refusal = Rejected("no", status=409, scim_type="uniqueness", detail="taken")
    world.target.fail(1, refusal, method="PATCH", kind="user", times=1_000)

    world.run()

    failed = {event.name: event.code for event in world.events(status="failure")}
    assert failed["p0@x"] == "DuplicateSourceEntries"


def test_a_group_made_anew_under_the_name_of_one_deleted_in_the_same_cycle(world):
    org = world.organisation
    org.users(["anna@x", "bo@x"])
    org.group("Staff", ["anna@x"])
    org.assign("Staff", kind="group")
    world.run()
    world.purge("Staff", "group")
    org.group("Staff", ["bo@x"])
    org.assign("Staff", kind="group")

    summary = world.run()

    assert summary.state == "succeeded"
    assert world.target.memberships() == {("Staff", "bo@x")}


@pytest.mark.parametrize("behaviour", ["provisor", "entra"])
def test_groups_that_swap_names_are_helped_or_told(make_world, behaviour):
    world = make_world(behaviour=behaviour)
    org = world.organisation
    org.groups(["Staff", "Crew"])
    org.assign("Staff", "Crew", kind="group")
    world.run()
    org.change("Staff", kind="group", displayName="Temporary")
    org.change("Crew", kind="group", displayName="Staff")
    org.change("Temporary", kind="group", displayName="Crew")

    summary = world.run()

    if behaviour == "provisor":
        assert summary.state == "succeeded"
        return
    assert summary.counts["group.fail"] == 2
    messages = [
        event.document["provisioningStatusInfo"]["errorInformation"]["reason"]
        for event in world.events(status="failure")
    ]
    assert all("is held by" in message for message in messages)


def test_somebody_renamed_onto_the_account_of_somebody_released_fails_and_names_them(world):
    org = world.organisation
    org.users(["anna@x", "bo@x"])
    org.assign("anna@x", "bo@x")
    world.run()
    org.unassign("bo@x")
    world.run()
    org.change("bo@x", userPrincipalName="bo.gone@x")
    org.change("anna@x", userPrincipalName="bo@x")

    summary = world.run()

    assert summary.counts["user.fail"] == 1
    said = world.events(status="failure")[-1].document["provisioningStatusInfo"]["errorInformation"]
    assert said["errorCode"] == "EntryConflict"
    assert "is held by bo.gone@x" in said["reason"]


def test_somebody_new_gets_the_name_of_somebody_purged_in_the_same_cycle_with_groups_and_manager(make_world):
    world = make_world("scim", scope="all")
    org = world.organisation
    org.user("anna@x")
    org.user("bo@x")
    org.group("Staff", ["bo@x"])
    world.run()
    before = world.account("anna@x")["id"]
    world.purge("anna@x")
    org.user("anna@x", manager="bo@x")
    org.user("cleo@x", manager="anna@x")
    org.join("Staff", "anna@x")

    plan = world.plan()
    summary = world.run()

    assert plan.counts["user", "create"] == 2
    assert summary.state == "succeeded"
    account = world.account("anna@x")
    assert account["id"] != before
    assert world.target.memberships() == {("Staff", "bo@x"), ("Staff", "anna@x")}
    extension = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    assert account[extension]["manager"]["value"] == world.account("bo@x")["id"]
    assert world.account("cleo@x")[extension]["manager"]["value"] == account["id"]
    assert dict(world.run().requests) == {"GET": 1}


def test_of_two_who_want_the_name_that_is_given_up_the_second_fails(world):
    org = world.organisation
    org.user("anna@x")
    org.assign("anna@x")
    world.run()
    org.change("anna@x", userPrincipalName="anna.old@x")
    org.user("ANNA@x")
    org.user("anna@x")
    org.assign("ANNA@x", "anna@x")

    summary = world.run()

    assert (summary.counts["user.create"], summary.counts["user.fail"]) == (1, 1)
    assert world.events(status="failure")[-1].code == "DuplicateSourceEntries"


def test_a_name_that_is_not_given_up_after_all_is_not_created_twice(world):
    from provisor.engine.ports import Rejected

    org = world.organisation
    org.user("anna@x")
    org.assign("anna@x")
    world.run()
    org.change("anna@x", userPrincipalName="anna.old@x")
    org.user("anna@x")
    org.assign("anna@x")
    world.target.fail(1, Rejected("broken", status=500), method="PATCH")

    first = world.run()
    assert (first.counts["user.fail"], world.methods()["POST"]) == (2, 0)
    world.run()
    world.run()

    assert {one["userName"] for one in world.target.resources("user").values()} == {"anna.old@x", "anna@x"}


def test_a_rehire_is_told_whom_to_delete_for_good_and_gets_an_account_after_that(world):
    org = world.organisation
    old = org.user("anna@x", displayName="Old")
    org.assign("anna@x")
    world.run()
    world.delete("anna@x")
    org.user("anna@x", displayName="New")
    org.assign("anna@x")
    assert world.run().counts["user.fail"] == 1

    information = world.events(status="failure")[-1].document["provisioningStatusInfo"]["errorInformation"]
    assert f"anna@x ({old}, deleted)" in information["reason"]
    assert f"provisor user purge {old}" in information["recommendedAction"]

    with world.database.transaction() as connection:
        item = objects.read(connection, org.tenant, old)
        directory_verbs.purge(connection, org.tenant, item, now=datetime.now(UTC))
    assert world.run().state == "succeeded"
    assert world.account("anna@x")["displayName"] == "New"
