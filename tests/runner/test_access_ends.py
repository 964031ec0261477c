"""Access must not outlive its person: nothing else holds up what takes it away, and one false answer does not end it."""

import pytest

from provisor.engine.ports import Malformed, Rejected, Unreachable


def refuse(world, refusal):
    """The target refuses every change of an account that says more than whether it is in use."""

    async def patch(original, kind, target_id, operations):
        if kind == "user" and {one.path for one in operations} != {"active"}:
            raise refusal()
        return await original(kind, target_id, operations)

    world.failing(patch=patch)


REFUSALS = {
    "400 invalidValue": lambda: Rejected("title", status=400, scim_type="invalidValue"),
    "403": lambda: Rejected("read-only", status=403),
    "409 uniqueness": lambda: Rejected("taken", status=409, scim_type="uniqueness"),
    "413": lambda: Rejected("long", status=413),
    "422": lambda: Rejected("what", status=422),
    "500": lambda: Rejected("oops", status=500),
    "501": lambda: Rejected("no", status=501),
    "unreadable": lambda: Malformed("noise", status=200),
    "time-out": lambda: Unreachable("60 s", timed_out=True),
}
LEAVES = {
    "disabled": lambda world: world.organisation.change("anna@x", accountEnabled=False),
    "deleted": lambda world: world.delete("anna@x"),
    "unassigned": lambda world: world.organisation.unassign("anna@x"),
}


@pytest.fixture
def make_settled(make_world):
    def make(behaviour):
        world = make_world(behaviour=behaviour)
        world.organisation.users(["anna@x", "bo@x"])
        world.organisation.assign("anna@x", "bo@x")
        assert world.run().state == "succeeded"
        return world

    return make


@pytest.mark.fast_rows(6)
@pytest.mark.parametrize("behaviour", ["provisor", pytest.param("entra", marks=pytest.mark.slow)])
@pytest.mark.parametrize("leaves", LEAVES)
@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_leaver_is_disabled_in_the_same_cycle_whatever_else_is_refused(make_settled, refusal, leaves, behaviour):
    world = make_settled(behaviour)
    world.organisation.change("anna@x", displayName="Refused")
    LEAVES[leaves](world)
    refuse(world, REFUSALS[refusal])

    world.run()

    assert world.account("anna@x")["active"] is False
    assert world.events(action="disable", status="success", identity="anna@x")


def test_what_was_refused_beside_the_disabling_is_told_and_tried_again(make_settled):
    world = make_settled("provisor")
    world.organisation.change("anna@x", displayName="Refused", accountEnabled=False)
    refuse(world, REFUSALS["400 invalidValue"])

    first = world.run()

    assert first.counts["user.fail"] == 1
    assert [event.code for event in world.events(status="failure")] == ["UnprocessableEntity"]
    assert len(world.escrow()) == 1


def test_a_leaver_whose_account_cannot_be_read_is_disabled_all_the_same(make_settled):
    world = make_settled("entra")
    world.organisation.change("anna@x", accountEnabled=False)

    async def read(original, kind, target_id):
        raise Rejected("oops", status=500)

    world.failing(read=read)

    world.run()

    assert world.account("anna@x")["active"] is False


@pytest.mark.fast_rows(3)
@pytest.mark.parametrize("status", [400, 404, 409, 413, 422, 500, 502, 403])
def test_who_must_leave_a_group_does_not_wait_for_who_cannot_come(make_world, status):
    world = make_world()
    org = world.organisation
    org.users(["anna@x", "bo@x"])
    org.group("Staff", ["anna@x"])
    org.assign("anna@x", "bo@x")
    org.assign("Staff", kind="group")
    world.run()
    org.leave("Staff", "anna@x")
    org.join("Staff", "bo@x")

    async def patch_members(original, target_id, add, remove):
        if add:
            raise Rejected("no", status=status)
        return await original(target_id, add, remove)

    world.failing(patch_members=patch_members)

    world.run()

    assert ("Staff", "anna@x") not in world.target.memberships()


def test_one_removal_that_fails_holds_up_no_other(make_world):
    world = make_world()
    org = world.organisation
    names = [f"p{number:03}@x" for number in range(150)]
    org.users(names)
    org.group("Staff", names)
    org.assign(*names)
    org.assign("Staff", kind="group")
    world.run()
    for name in names:
        org.leave("Staff", name)
    world.target.fail(1, Rejected("oops", status=500), method="PATCH", kind="group")

    world.run()

    assert len(world.target.memberships()) < 150


# One false 404


def gone_once(world, *methods):
    """A replica that is behind: each of these methods answers 404 once."""
    for method in methods:
        world.target.fail(1, Rejected("not found", status=404), method=method, kind="user")


@pytest.mark.parametrize("behaviour", ["provisor", pytest.param("entra", marks=pytest.mark.slow)])
@pytest.mark.parametrize("leaves", [*LEAVES, "purged"])
def test_a_leaver_is_not_forgotten_for_one_404(make_settled, leaves, behaviour):
    world = make_settled(behaviour)
    world.purge("anna@x") if leaves == "purged" else LEAVES[leaves](world)
    gone_once(world, "PATCH", "DELETE")

    world.run()
    world.run()

    assert "anna@x" not in world.held()
    if leaves == "purged":
        assert world.target.by_name("user", "anna@x") is None


@pytest.mark.parametrize("behaviour", ["provisor", pytest.param("entra", marks=pytest.mark.slow)])
@pytest.mark.parametrize("leaves", [*LEAVES, "purged"])
def test_a_leaver_is_not_forgotten_while_the_target_finds_the_account_by_name(make_settled, leaves, behaviour):
    world = make_settled(behaviour)
    world.purge("anna@x") if leaves == "purged" else LEAVES[leaves](world)
    world.target.fail(1, Rejected("not found", status=404), method="PATCH", kind="user")
    world.target.fail(1, Rejected("not found", status=404), method="DELETE", kind="user")

    async def read(original, kind, target_id):
        return None

    world.failing(read=read)

    world.run()

    assert "anna@x" not in world.held()


def test_an_account_that_is_really_gone_is_let_go_and_the_log_does_not_claim_a_deletion(make_settled):
    world = make_settled("provisor")
    account = str(world.account("anna@x")["id"])
    world.target.lose("user", account)
    world.organisation.change("anna@x", accountEnabled=False)

    world.run()

    assert world.events(action="delete") == []
    assert [event.code for event in world.events(status="skipped")] == ["RedundantExport"]
    assert dict(world.run().requests) == {"GET": 1}


def test_somebody_wanted_whose_account_answers_404_once_keeps_link_and_groups(make_settled):
    world = make_settled("provisor")
    before = world.account("anna@x")["id"]
    world.organisation.change("anna@x", displayName="Changed")
    gone_once(world, "PATCH")

    summary = world.run()

    assert summary.state == "succeeded"
    assert (world.account("anna@x")["id"], world.account("anna@x")["displayName"]) == (before, "Changed")
    assert world.target.sent("POST") == []
