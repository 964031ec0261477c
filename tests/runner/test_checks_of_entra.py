"""What behaviour entra asks before it writes a reference, and what it makes of the answers (spec/scim-wire.md section 2)."""

import asyncio

import pytest

from provisor.engine.ports import Malformed, Rejected, Unauthorized
from provisor.scim.patch.operations import Operation
from provisor.testing.faults import Killed

MANAGER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager"


@pytest.fixture
def entra(make_world):
    """Anna in Sales, and Bo; everything provisioned."""
    return prepared(make_world("scim", behaviour="entra"))


def prepared(world):
    org = world.organisation
    org.users(["anna@x", "bo@x"])
    org.group("Sales", ["anna@x"])
    org.assign("anna@x", "bo@x")
    org.assign("Sales", kind="group")
    assert world.run().state == "succeeded"
    return world


def in_sales(world):
    return {member for _, member in world.target.memberships()}


def key(world, name="bo@x"):
    return str(world.account(name)["id"])


def sales(world):
    return str(world.target.by_name("group", "Sales")["id"])


def test_row_16_who_is_a_member_already_is_not_added_and_not_asked_about_again(entra):
    asyncio.run(entra.target.patch_members(sales(entra), [key(entra)], []))
    entra.organisation.join("Sales", "bo@x")

    entra.run()
    assert entra.writes() == []

    assert entra.run().state == "succeeded"
    assert len(entra.target.journal) == 1
    assert entra.operations("left") == []


def test_row_16_who_is_taken_out_is_taken_out_whatever_a_check_would_say(entra):
    async def nobody(check, *asked):
        return await check("group", "no-group", "members", "nobody")

    entra.failing(check=nobody)
    entra.organisation.leave("Sales", "anna@x")

    entra.run()

    assert in_sales(entra) == set()


@pytest.mark.parametrize("status", [400, 403, 405, 422, 501])
def test_row_16_a_target_that_cannot_tell_is_asked_once_and_written_to(entra, status):
    asked = []

    async def refuse(check, *arguments):
        asked.append(arguments)
        raise Rejected("no such filter", status=status)

    entra.failing(check=refuse)
    names = [f"p{number}@x" for number in range(12)]
    entra.organisation.users(names)
    entra.organisation.assign(*names)
    for name in names:
        entra.organisation.join("Sales", name)

    summary = entra.run()

    assert summary.state == "succeeded"
    assert in_sales(entra) == {"anna@x", *names}
    assert len(asked) <= 10  # those of the beginning are under way together


def test_row_16_a_check_without_a_usable_answer_does_not_keep_a_member_out(entra):
    async def unusable(check, *arguments):
        raise Malformed("not a list")

    entra.failing(check=unusable)
    entra.organisation.join("Sales", "bo@x")

    assert entra.run().state == "succeeded"
    assert in_sales(entra) == {"anna@x", "bo@x"}


def test_row_16_a_refused_credential_ends_the_cycle_and_the_next_one_goes_on(entra):
    async def refused(check, *arguments):
        raise Unauthorized("no")

    entra.failing(check=refused)
    entra.organisation.join("Sales", "bo@x")
    assert entra.run().error.code == "Unauthorized"
    entra.heal()

    assert entra.run().state == "succeeded"

    assert in_sales(entra) == {"anna@x", "bo@x"}


@pytest.mark.parametrize("nth", [1, 2])
def test_row_13_and_16_a_run_that_is_killed_while_it_asks_loses_nothing(entra, nth):
    entra.organisation.join("Sales", "bo@x")
    entra.target.fail(nth, Killed(), method="GET", kind="group")
    with pytest.raises(Killed):
        entra.run()

    assert entra.run().state == "succeeded"

    assert in_sales(entra) == {"anna@x", "bo@x"}


def test_row_13_a_group_that_is_gone_is_an_invalid_anchor_and_nothing_is_sent(entra):
    entra.target.lose("group", sales(entra))
    entra.organisation.join("Sales", "bo@x")

    entra.run()

    assert entra.writes() == []
    assert entra.events(status="failure")[-1].code == "InvalidAnchor"


def test_section_2_1_a_new_group_is_neither_read_nor_checked(entra):
    entra.organisation.group("Field", ["anna@x", "bo@x"])
    entra.organisation.assign("Field", kind="group")

    entra.run()

    methods = [one.method for one in entra.target.journal if one.kind == "group"]
    assert methods == ["GET", "POST", "PATCH"]


def test_row_8_a_manager_who_is_there_already_is_not_written(entra):
    operations = [Operation(op="add", path=MANAGER, value={"value": key(entra)})]
    asyncio.run(entra.target.patch("user", key(entra, "anna@x"), operations))
    entra.organisation.change("anna@x", manager="bo@x")

    entra.run()

    assert entra.writes() == []


def test_row_8_a_manager_is_written_when_the_target_cannot_tell(entra):
    async def refuse(check, *arguments):
        raise Rejected("no such filter", status=400)

    entra.failing(check=refuse)
    entra.organisation.change("anna@x", manager="bo@x")

    entra.run()

    assert entra.account("anna@x")["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"] == {
        "manager": {"value": key(entra)}
    }


def test_provisor_checks_nothing(make_world):
    world = prepared(make_world("scim"))

    async def unwanted(check, *arguments):
        raise AssertionError("nobody asks")

    world.failing(check=unwanted)
    world.organisation.join("Sales", "bo@x")
    world.organisation.change("anna@x", manager="bo@x")

    world.run()

    assert [one.method for one in world.target.journal] == ["GET", "PATCH", "PATCH"]
