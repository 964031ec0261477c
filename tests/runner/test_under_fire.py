"""What the harness under fire (provisor.testing.crash) found: each fault as small as it could be made."""

import copy
from dataclasses import replace

import pytest

from provisor.engine.operation import MEMBERS
from provisor.engine.ports import Rejected, Unreachable
from provisor.storage import jobs, links, operations, resets, waiting
from provisor.storage.operations import SECOND, PlannedRow
from provisor.testing.faults import Killed
from provisor.testing.organisation import NOW


def test_a_name_is_swapped_between_somebody_who_left_and_somebody_who_stays(everybody):
    org = everybody.organisation
    org.users(["anna@x", "bo@x"])
    everybody.run()
    org.change("bo@x", userPrincipalName="bo.was@x", accountEnabled=False)
    org.change("anna@x", userPrincipalName="bo@x")
    org.change("bo.was@x", userPrincipalName="anna@x")

    summary = everybody.run()

    assert summary.state == "succeeded"
    assert everybody.account("bo@x")["active"] is True
    assert everybody.account("anna@x")["active"] is False
    assert everybody.run().requests == {"GET": 1}


def test_nobody_waits_for_a_member_who_is_in_the_group(everybody):
    org = everybody.organisation
    org.user("anna@x")
    org.group("Sales", ["anna@x"])
    everybody.target.fail(1, Rejected("no", status=409), method="POST", kind="user", times=9)
    everybody.target.fail(1, Rejected("no", status=409), method="POST", kind="group", times=9)
    everybody.run()
    everybody.heal()

    everybody.run()

    assert everybody.target.memberships() == {("Sales", "anna@x")}
    assert not waiting.anything(everybody.database.reader(), everybody.job.number)


def test_members_that_were_refused_are_not_tried_again_once_their_group_is_gone(everybody):
    org = everybody.organisation
    org.user("anna@x")
    org.group("Sales", ["anna@x"])
    everybody.target.fail(1, Rejected("no", status=400), method="PATCH", kind="group", times=9)
    everybody.run()
    everybody.heal()
    org.delete("Sales", kind="group")

    everybody.run()

    assert everybody.target.by_name("group", "Sales") is None
    assert everybody.escrow() == []


def test_an_operation_left_for_a_group_of_which_nothing_is_pending_any_more_goes(everybody):
    org = everybody.organisation
    org.user("anna@x")
    org.group("Sales", ["anna@x"])
    everybody.run()
    left = PlannedRow(
        job=everybody.job.number,
        stage=SECOND,
        object=org.id("group", "Sales"),
        cycle=1,
        object_kind="group",
        name="Sales",
        kind="members",
        phase=MEMBERS,
        state="left",
    )
    with everybody.database.transaction() as connection:
        operations.plan(connection, [left])

    everybody.run()

    assert everybody.operations("left") == []
    assert everybody.methods() == {"GET": 1}


def test_somebody_who_is_out_of_use_already_is_released_although_a_name_is_refused(everybody):
    org = everybody.organisation
    org.users(["anna@x", "bo@x"])
    org.assign("anna@x", "bo@x")
    everybody.run()
    org.change("anna@x", accountEnabled=False)
    everybody.run()
    everybody.target.put("user", {"userName": "anna.new@x"})
    org.change("anna@x", userPrincipalName="anna.new@x")
    org.unassign("anna.new@x")
    with everybody.database.transaction() as connection:
        jobs.change(connection, everybody.job.number, settings={"scope": "assigned"}, full_evaluation=True)

    summary = everybody.run()

    assert summary.state == "succeeded"
    assert everybody.run().requests == {"GET": 1}


@pytest.mark.parametrize("reads", [1, 9], ids=["read-denied-once", "read-denied-always"])
def test_an_account_to_be_renamed_that_a_replica_denies_is_not_left_behind(world, reads):
    org = world.organisation
    org.user("anna@x")
    org.assign("anna@x")
    world.run()
    org.change("anna@x", userPrincipalName="anna.new@x")
    denied = iter(range(reads))

    async def read(original, kind, target_id):
        return None if next(denied, None) is not None else await original(kind, target_id)

    world.failing(read=read)
    world.target.fail(1, Rejected("no such id", status=404), method="PATCH", times=reads)
    world.run()
    world.heal()
    denied = iter(())

    world.run()

    assert [one["userName"] for one in world.target.resources("user").values()] == ["anna.new@x"]


def test_a_leaver_whose_new_name_may_have_been_taken_is_found_by_it(world):
    org = world.organisation
    org.user("anna@x")
    org.assign("anna@x")
    world.run()
    org.change("anna@x", userPrincipalName="anna.new@x")
    world.target.fail(1, Unreachable("reset"), after_effect=True, method="PATCH")
    world.run()
    org.change("anna.new@x", accountEnabled=False)
    denied = iter(range(1))

    async def read(original, kind, target_id):
        return None if next(denied, None) is not None else await original(kind, target_id)

    world.failing(read=read)

    world.run()
    world.run()

    assert world.account("anna.new@x")["active"] is False


def test_who_took_a_free_name_for_a_swap_gets_the_right_one_after_a_kill(everybody):
    org = everybody.organisation
    org.users(["anna@x", "bo@x"])
    everybody.run()
    org.change("bo@x", userPrincipalName="bo.was@x")
    org.change("anna@x", userPrincipalName="bo@x")
    org.change("bo.was@x", userPrincipalName="anna@x")
    parked = everybody.target.resources
    kills = True

    async def read(original, kind, target_id):
        if kills and any("-provisor-" in str(one["userName"]) for one in parked("user").values()):
            raise Killed
        return await original(kind, target_id)

    everybody.failing(read=read)
    with pytest.raises(Killed):
        everybody.run()
    kills = False

    everybody.run()
    everybody.run()

    names = {one["userName"]: one["displayName"] for one in parked("user").values()}
    assert names == {"anna@x": "bo", "bo@x": "anna"}


def test_somebody_filtered_out_and_then_deleted_for_good_leaves_every_group(everybody):
    org = everybody.organisation
    org.user("anna@x", department="Out")
    org.group("Sales", ["anna@x"])
    everybody.run()
    clause = {"sourceOperandName": "department", "operatorName": "NOT EQUALS", "targetOperand": {"values": ["Out"]}}
    with everybody.database.transaction() as connection:
        rules = copy.deepcopy(jobs.rules(connection, everybody.job.number, 1))
        rules["synchronizationRules"][0]["objectMappings"][0]["scope"] = {
            "groups": [{"name": "x", "clauses": [clause]}]
        }
        jobs.save_rules(connection, everybody.job.number, rules, created_by="test", now=NOW)
        jobs.change(connection, everybody.job.number, full_evaluation=True)
    everybody.run()
    assert everybody.target.memberships() == {("Sales", "anna@x")}
    everybody.purge("anna@x")

    everybody.run()

    assert everybody.target.memberships() == set()
    assert everybody.account("anna@x")["active"] is False
    assert links.by_object(everybody.database.reader(), everybody.job.number, org.id("user", "anna@x")) is None


def test_an_open_create_that_could_not_be_looked_up_is_made_after_a_kill(world):
    org = world.organisation
    org.users(["anna@x", "bo@x"])
    org.assign("anna@x", "bo@x")
    world.target.fail(1, Killed(), method="POST")
    with pytest.raises(Killed):
        world.run()
    world.heal()
    failing, looks = True, 0

    async def find(original, kind, path, value):
        nonlocal looks
        looks += value == "anna@x"
        if value == "anna@x" and failing:
            raise Rejected("not now", status=500)
        if value == "anna@x" and looks == 3:  # the first one settled that nothing was created
            raise Killed
        return await original(kind, path, value)

    world.failing(find=find)
    world.run()
    failing, looks = False, 1
    with pytest.raises(Killed):
        world.run()

    world.run()
    world.run()

    assert world.account("anna@x")["active"] is True


@pytest.mark.fast_rows(2)
@pytest.mark.parametrize("error", [Rejected("gateway", status=502), Killed()], ids=["502", "killed"])
@pytest.mark.parametrize("leaves", ["disabled", "unassigned", "deleted"])
def test_who_leaves_again_while_being_taken_back_is_disabled(world, error, leaves):
    org = world.organisation
    org.user("anna@x")
    org.assign("anna@x")
    world.run()
    org.unassign("anna@x")
    world.run()
    org.assign("anna@x")
    world.target.fail(1, error, after_effect=True, method="PATCH")
    try:
        world.run()
    except Killed:
        world.heal()
    assert world.account("anna@x")["active"] is True
    leave = {
        "disabled": lambda: org.change("anna@x", accountEnabled=False),
        "unassigned": lambda: org.unassign("anna@x"),
        "deleted": lambda: org.delete("anna@x"),
    }
    leave[leaves]()

    world.run()
    world.run()

    assert world.account("anna@x")["active"] is False


def test_a_create_answered_with_the_id_of_another_account_is_open(everybody):
    org = everybody.organisation
    org.user("anna@x")
    everybody.run()
    anna = everybody.account("anna@x")["id"]
    org.user("bo@x")

    async def create(original, kind, document):
        answer = await original(kind, document)
        return replace(answer, resource={**answer.resource, "id": anna})

    everybody.failing(create=create)
    everybody.run()
    everybody.heal()
    org.change("bo@x", accountEnabled=False)

    everybody.run()

    assert everybody.account("bo@x")["active"] is False
    assert everybody.account("anna@x")["active"] is True


@pytest.mark.fast_rows(2)
@pytest.mark.parametrize("status", [403, 404, 405, 409, 500, 501])
def test_an_account_that_cannot_be_deleted_is_disabled_at_least(everybody, status):
    org = everybody.organisation
    org.user("anna@x")
    everybody.run()
    everybody.purge("anna@x")
    everybody.target.fail(1, Rejected("no", status=status), method="DELETE", times=9)

    everybody.run()

    assert everybody.account("anna@x")["active"] is False
    everybody.run()
    assert everybody.methods()["PATCH"] == 1
    everybody.heal()
    everybody.pass_time(hours=6)
    everybody.run()
    assert everybody.target.by_name("user", "anna@x") is None


@pytest.mark.parametrize(("method", "kind"), [("PATCH", "user"), ("PATCH", "group"), ("DELETE", "group")])
def test_what_could_not_be_taken_away_is_not_forgotten_with_the_failures(everybody, method, kind):
    org = everybody.organisation
    org.user("anna@x")
    org.group("Sales", ["anna@x"])
    everybody.run()
    match method, kind:
        case "PATCH", "user":
            org.change("anna@x", accountEnabled=False)
        case "PATCH", _:
            org.leave("Sales", "anna@x")
        case _:
            org.delete("Sales", kind="group")
    everybody.target.fail(1, Rejected("no", status=403), method=method, kind=kind, times=9)
    everybody.run()
    everybody.heal()
    with everybody.database.transaction() as connection:
        resets.forget_failures(connection, everybody.job.number)

    everybody.run()

    if (method, kind) == ("PATCH", "user"):
        assert everybody.account("anna@x")["active"] is False
    else:
        assert everybody.target.memberships() == set()
        assert (everybody.target.by_name("group", "Sales") is None) == (method == "DELETE")


def test_who_is_taken_back_while_swapping_a_name_is_in_the_group_again(world):
    org = world.organisation
    org.users(["anna@x", "bo@x"])
    org.group("Sales", ["anna@x", "bo@x"])
    org.assign("bo@x")
    org.assign("Sales", kind="group")
    world.run()
    world.delete("Sales", kind="group")
    world.run()
    org.restore("Sales", kind="group")
    org.change("bo@x", userPrincipalName="bo.was@x")
    org.change("anna@x", userPrincipalName="bo@x")
    org.change("bo.was@x", userPrincipalName="anna@x")

    world.run()

    assert world.target.memberships() == {("Sales", "anna@x"), ("Sales", "bo@x")}
    assert world.run().requests == {"GET": 1}
