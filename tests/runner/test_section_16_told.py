"""What a job tells of its cycles: spec/provisioning-service.md sections 16.2 and 16.3, of real cycles in both behaviours."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.engine.ports import Rejected, Unauthorized

NEVER = "0001-01-01T00:00:00Z"


@pytest.fixture(params=["provisor", "entra"])
def told(request, make_world, admin_of):
    """Three people in a group, one of them a manager; and the status of their job, as Graph words it."""
    world = make_world("scim", behaviour=request.param, scope="all")
    world.organisation.users(["anna@x", "bo@x", "cleo@x"])
    world.organisation.change("bo@x", manager="anna@x")
    world.organisation.group("Sales", ["anna@x", "bo@x"])
    admin = admin_of(world)
    return world, lambda: admin.cycles.status(ME, world.job.id).to_json()


def progress(status):
    return {one["units"]: (one["completedUnits"], one["totalUnits"]) for one in status["progress"]}


def test_section_16_2_progress_is_told_in_users_groups_and_memberships(told):
    world, status = told
    assert status()["progress"] == []

    world.run()

    assert progress(status()) == {"Users": (3, 3), "Groups": (1, 1), "Memberships": (2, 2)}  # Sales, and Bo's manager
    assert all(one["progressObservationDateTime"].endswith("Z") for one in status()["progress"])


def test_section_16_2_what_is_left_of_an_interrupted_cycle_is_told(told):
    world, status = told

    async def patch_members(original, target_id, add, remove):
        raise Unauthorized("no")

    world.failing(patch_members=patch_members)
    world.run()

    assert progress(status())["Memberships"][1] == 2
    assert progress(status())["Memberships"][0] < 2
    world.heal()
    world.run()
    assert progress(status())["Memberships"] == (2, 2)


def test_section_16_3_an_initial_cycle(told):
    world, status = told

    world.run()

    execution = status()["lastExecution"]
    counted = {name: value for name, value in execution.items() if name.startswith("count")}
    assert counted == {
        "countImported": 4,
        "countImportedDeltas": 4,
        "countImportedReferenceDeltas": 2,
        "countEntitled": 4,
        "countEntitledForProvisioning": 4,
        "countExports": 6,  # four objects, the members of Sales, the manager of Bo
        "countExported": 6,
        "countEscrowed": 0,
        "countEscrowedRaw": 0,
    }
    assert (execution["state"], execution["error"]) == ("Succeeded", None)
    assert execution["activityIdentifier"] == world.cycles()[0].id
    assert NEVER < execution["timeBegan"] <= execution["timeEnded"]


def test_section_16_3_a_membership_alone_is_an_export(told):
    world, status = told
    world.run()
    world.organisation.join("Sales", "cleo@x")

    world.run()

    execution = status()["lastExecution"]
    assert (execution["countExported"], execution["countImportedReferenceDeltas"]) == (1, 1)
    assert status()["lastSuccessfulExecutionWithExports"] == execution


def test_section_16_3_a_manager_alone_is_an_export(told):
    world, status = told
    world.run()
    world.organisation.change("cleo@x", manager="anna@x")

    world.run()

    execution = status()["lastExecution"]
    assert execution["countExported"] == 1
    assert status()["lastSuccessfulExecutionWithExports"] == execution


def test_section_16_3_who_failed_is_escrowed_and_an_expected_export(told):
    world, status = told
    world.run()

    async def patch(original, kind, target_id, operations):
        raise Rejected("no", status=422)

    world.failing(patch=patch)
    world.organisation.change("anna@x", displayName="Anna B")

    world.run()

    last = status()["lastExecution"]
    assert (last["state"], last["countEscrowed"], last["countEscrowedRaw"]) == ("EntryLevelErrors", 1, 1)
    assert (last["countExports"], last["countExported"]) == (1, 0)
    assert status()["lastSuccessfulExecution"]["activityIdentifier"] != last["activityIdentifier"]


def test_section_16_3_a_cycle_that_failed_as_a_whole_has_its_error_and_is_counted(told):
    world, status = told

    async def find(original, kind, path, value):
        raise Unauthorized("no")

    world.failing(find=find)
    for _ in range(2):
        world.run()

    failed = status()
    assert (failed["lastExecution"]["state"], failed["lastExecution"]["error"]["code"]) == ("Failed", "Unauthorized")
    assert failed["countSuccessiveCompleteFailures"] == 2
    assert (failed["lastSuccessfulExecution"], failed["steadyStateFirstAchievedTime"]) == (None, NEVER)
    world.heal()
    world.run()
    assert status()["countSuccessiveCompleteFailures"] == 0
    assert status()["steadyStateFirstAchievedTime"] > NEVER


def test_section_16_3_what_a_cycle_could_not_send_any_more_was_expected(told):
    world, status = told

    async def patch_members(original, target_id, add, remove):
        raise Unauthorized("no")

    world.failing(patch_members=patch_members)

    world.run()

    last = status()["lastExecution"]
    assert last["state"] == "Failed"
    assert last["countExported"] in (4, 5)  # the manager may have been written beside the group
    assert last["countExports"] == 6


def test_section_16_3_everybody_who_was_ever_provisioned_is_counted_by_type(told):
    world, status = told
    world.run()
    world.purge("cleo@x")
    world.run()

    assert status()["synchronizedEntryCountByType"] == [
        {"key": "User to User", "value": 3},
        {"key": "Group to Group", "value": 1},
    ]
