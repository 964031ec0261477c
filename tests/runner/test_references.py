"""Managers and members who are at the target later than those who refer to them."""

from provisor.engine.ports import Rejected

MANAGER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def manager_of(world, name):
    extension = world.account(name).get(MANAGER) or {}
    key = (extension.get("manager") or {}).get("value")
    return None if key is None else world.target.resources("user")[key]["userName"]


def test_managers_in_a_circle_are_written_in_the_first_cycle(everybody):
    org = everybody.organisation
    org.users(["anna@x", "bo@x"])
    org.change("anna@x", manager="bo@x")
    org.change("bo@x", manager="anna@x")

    summary = everybody.run()

    assert summary.state == "succeeded"
    assert (manager_of(everybody, "anna@x"), manager_of(everybody, "bo@x")) == ("bo@x", "anna@x")
    assert everybody.methods()["PATCH"] == 2


def test_a_late_manager_is_written_in_the_cycle_that_creates_the_manager(make_world):
    world = make_world("scim")
    org = world.organisation
    org.user("boss@x")
    org.user("anna@x", manager="boss@x")
    org.assign("anna@x")
    world.run()
    assert manager_of(world, "anna@x") is None

    org.assign("boss@x")
    world.run()

    assert world.writes() == [("PATCH", "anna@x"), ("POST", "boss@x")]
    assert manager_of(world, "anna@x") == "boss@x"


def test_a_change_of_manager_alone_is_one_patch(everybody):
    org = everybody.organisation
    org.users(["old@x", "new@x"])
    org.user("anna@x", manager="old@x")
    everybody.run()

    org.change("anna@x", manager="new@x")
    everybody.run()

    assert everybody.writes() == [("PATCH", "anna@x")]
    assert manager_of(everybody, "anna@x") == "new@x"
    assert everybody.run().requests == {"GET": 1}


def test_a_manager_reached_through_an_account_made_anew_is_written_again(everybody):
    org = everybody.organisation
    org.user("boss@x")
    org.user("anna@x", manager="boss@x")
    everybody.run()
    everybody.target.lose("user", str(everybody.account("boss@x")["id"]))

    org.change("boss@x", displayName="The Boss")
    everybody.run()

    assert manager_of(everybody, "anna@x") == "boss@x"


def test_a_late_member_joins_in_the_cycle_that_creates_the_account(world):
    org = world.organisation
    org.users(["anna@x", "bo@x"])
    org.change("bo@x", accountEnabled=False)
    org.group("Staff", ["anna@x", "bo@x"])
    org.assign("Staff", kind="group")
    world.run()
    assert world.target.memberships() == {("Staff", "anna@x")}

    org.change("bo@x", accountEnabled=True)
    world.run()

    assert world.writes() == [("PATCH", "Staff"), ("POST", "bo@x")]
    assert world.target.memberships() == {("Staff", "anna@x"), ("Staff", "bo@x")}


def test_a_behaviour_like_entras_leaves_a_late_member_out_until_everything_is_evaluated(make_world):
    world = make_world(behaviour="entra")
    org = world.organisation
    org.users(["anna@x", "bo@x"])
    org.change("bo@x", accountEnabled=False)
    org.group("Staff", ["anna@x", "bo@x"])
    org.assign("Staff", kind="group")
    world.run()

    org.change("bo@x", accountEnabled=True)
    world.run()

    assert world.target.memberships() == {("Staff", "anna@x")}


def test_a_member_whose_account_could_not_be_made_joins_when_it_can(world):
    from provisor.engine.ports import Rejected

    org = world.organisation
    org.users(["anna@x", "bo@x"])
    org.group("Staff", ["anna@x", "bo@x"])
    org.assign("Staff", kind="group")
    world.target.fail(1, Rejected("no", status=500), method="POST", kind="user")
    assert world.run().state == "entry-level-errors"
    assert len(world.target.memberships()) == 1

    assert world.run().state == "succeeded"

    assert world.target.memberships() == {("Staff", "anna@x"), ("Staff", "bo@x")}


def test_members_are_sent_some_at_a_time(world):
    org = world.organisation
    names = [f"p{number}@x" for number in range(250)]
    org.users(names)
    org.group("Staff")
    from provisor.storage import feed, members

    with world.database.transaction() as connection:
        change = feed.next_change(connection, org.tenant)
        edges = [(org.id("group", "Staff"), org.id("user", name)) for name in names]
        members.put(connection, org.tenant, edges, change=change)
    org.assign("Staff", kind="group")

    world.run()

    assert world.methods()["PATCH"] == 3
    assert len(world.target.memberships()) == 250


def test_a_request_with_too_many_members_is_halved(world):
    from provisor.engine.ports import Rejected

    org = world.organisation
    names = [f"p{number}@x" for number in range(10)]
    org.users(names)
    org.group("Staff", names)
    org.assign("Staff", kind="group")
    world.target.fail(1, Rejected("too large", status=413), method="PATCH", kind="group")

    assert world.run().state == "succeeded"

    assert len(world.target.memberships()) == 10


def test_nested_groups_are_not_expanded(world):
    org = world.organisation
    org.user("anna@x")
    inner = org.group("Inner", ["anna@x"])
    outer = org.group("Outer")
    from provisor.storage import members

    with world.database.transaction() as connection:
        members.add(connection, org.tenant, outer, inner)
    org.assign("Outer", kind="group")

    world.run()

    assert world.writes() == [("POST", "Outer")]


def test_a_member_who_was_refused_and_denied_but_is_there_comes_into_the_group(make_world):
    """Of a replica that is behind: the account is read once more, and the group is asked once more."""
    world = make_world("scim", scope="all")
    world.organisation.user("anna@x")
    world.organisation.group("Staff", ["anna@x"])
    denied = []

    async def denying(original, *asked):
        if denied or world.target.journal[-1].method != "PATCH":
            return await original(*asked)
        denied.append(asked)
        return None

    world.target.fail(1, Rejected("no such member", status=400), method="PATCH", kind="group")
    world.target.behave("read", denying)
    world.run()

    assert denied
    assert world.target.memberships() == {("Staff", "anna@x")}
