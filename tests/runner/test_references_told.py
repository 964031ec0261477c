"""References that cannot be written: told once, by name and number, and never left at somebody else's."""

import pytest

MANAGER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CODE = "UnableToResolveReferenceAttributeValue"


def manager_of(world, name):
    extension = world.account(name).get(MANAGER) or {}
    return (extension.get("manager") or {}).get("value")


def told(world):
    """(who, sentence) of every event about a reference that could not be written."""
    return [
        (event.document["sourceIdentity"]["displayName"], event.document["provisioningStatusInfo"]["errorInformation"])
        for event in world.events()
        if event.code == CODE
    ]


def warning(world):
    """The steps of the only such event."""
    (event,) = [event for event in world.events() if event.code == CODE]
    return [step for step in event.document["provisioningSteps"] if step["status"] == "warning"]


@pytest.fixture
def staff(world):
    """A group with an active and a disabled member."""
    org = world.organisation
    org.user("anna@x")
    org.user("bo@x", enabled=False)
    org.group("Staff", ["anna@x", "bo@x"])
    org.assign("Staff", kind="group")
    return world


def test_a_member_without_an_account_is_told_by_name(staff):
    assert staff.run().state == "succeeded"

    ((who, information),) = told(staff)
    assert who == "Staff"
    assert (information["errorCode"], "bo@x" in information["reason"]) == (CODE, True)
    (step,) = warning(staff)
    assert (step["provisioningStepType"], "bo@x" in step["description"]) == ("referenceResolution", True)


def test_a_member_without_an_account_is_told_once(staff):
    staff.run()
    staff.organisation.change("anna@x", displayName="Anna")
    staff.run()

    assert len(told(staff)) == 1


def test_many_members_without_accounts_are_one_event_with_some_names_and_the_number(world):
    names = [f"p{number:03}@x" for number in range(300)]
    world.organisation.users(names, enabled=False)
    world.crowd("Staff", names)
    world.organisation.assign("Staff", kind="group")

    world.run()

    ((_, information),) = told(world)
    assert "300" in information["reason"]
    assert sum(name in information["reason"] for name in names) <= 20


def test_a_plan_tells_nothing(staff):
    staff.plan()

    assert told(staff) == []


def test_a_manager_out_of_scope_is_told_by_name(make_world):
    world = make_world("scim")
    org = world.organisation
    org.user("boss@x")
    org.user("anna@x", manager="boss@x")
    org.assign("anna@x")

    world.run()

    ((who, information),) = told(world)
    assert (who, "boss@x" in information["reason"]) == ("anna@x", True)


def test_a_manager_whose_account_could_not_be_made_is_told_by_name(everybody):
    from provisor.engine.ports import Rejected

    org = everybody.organisation
    org.user("boss@x")
    org.user("anna@x", manager="boss@x")

    async def create(original, kind, document):
        if document["userName"] == "boss@x":
            raise Rejected("broken", status=500)
        return await original(kind, document)

    everybody.failing(create=create)
    everybody.run()

    ((who, information),) = told(everybody)
    assert (who, "boss@x" in information["reason"]) == ("anna@x", True)


@pytest.fixture
def under_old(make_world):
    """Anna under an old manager; the next one has no account."""
    world = make_world("scim")
    org = world.organisation
    org.users(["old@x", "next@x"])
    org.user("anna@x", manager="old@x")
    org.assign("anna@x", "old@x")
    world.run()
    assert manager_of(world, "anna@x") is not None
    return world


def test_a_manager_without_an_account_takes_the_place_of_the_old_one_all_the_same(under_old):
    under_old.organisation.change("anna@x", manager="next@x")

    under_old.run()

    assert manager_of(under_old, "anna@x") is None
    assert under_old.writes() == [("PATCH", "anna@x")]
    event = under_old.events(identity="anna@x")[-1]
    assert event.code == CODE
    assert [one["displayName"] for one in event.document["modifiedProperties"]] == [f"{MANAGER}:manager"]


def test_nothing_says_that_the_target_holds_what_it_does_not(under_old):
    under_old.organisation.change("anna@x", manager="next@x")

    under_old.run()

    assert "RedundantExport" not in [event.code for event in under_old.events(identity="anna@x")]


def test_a_manager_taken_away_is_planned(under_old):
    under_old.organisation.change("anna@x", manager="next@x")

    plan = under_old.plan()

    assert plan.counts == {("user", "reference"): 1}


def test_the_manager_is_written_when_the_account_comes(under_old):
    org = under_old.organisation
    org.change("anna@x", manager="next@x")
    under_old.run()

    org.assign("next@x")
    under_old.run()

    assert manager_of(under_old, "anna@x") == under_old.account("next@x")["id"]
    assert dict(under_old.run().requests) == {"GET": 1}


def test_a_manager_who_is_released_stays_where_he_is(under_old):
    org = under_old.organisation
    held = manager_of(under_old, "anna@x")
    org.unassign("old@x")
    under_old.run()

    org.change("anna@x", jobTitle="Boss")
    under_old.run()

    assert manager_of(under_old, "anna@x") == held


def test_a_behaviour_like_entras_tells_and_takes_the_old_manager_away_too(make_world):
    world = make_world("scim", behaviour="entra")
    org = world.organisation
    org.users(["old@x", "next@x"])
    org.user("anna@x", manager="old@x")
    org.assign("anna@x", "old@x")
    world.run()
    org.change("anna@x", manager="next@x")

    world.run()

    assert manager_of(world, "anna@x") is None
    assert len(told(world)) == 1
