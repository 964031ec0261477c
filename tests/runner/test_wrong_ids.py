"""The id in a link leads to nobody: answered so, or the application has given its accounts other ids since.

What the id is × what became of the person or group since × the next cycle × both behaviours. The account that is there
under the values that were sent is theirs.
"""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from provisor.engine.ports import Malformed, Rejected
from provisor.runner.executing.execute_members import MOST_LOOKED
from provisor.storage import applications, links, resets

pytestmark = pytest.mark.fast_rows(3)

ANNA = "anna@x"
SALES = "Sales"
OTHERS = "Others"
SLOW = pytest.mark.slow
BEHAVIOURS = ["provisor", pytest.param("entra", marks=SLOW)]


def answering(world, kind, change, times=1):
    """So many creates of a kind are answered with another id than the resource has."""
    left = iter(range(times))

    async def create(original, asked, document):
        answer = await original(asked, document)
        if asked != kind or next(left, None) is None:
            return answer
        return replace(answer, resource={**answer.resource, "id": change(str(answer.resource["id"]))})

    world.failing(create=create)


def nobodys(world, kind):
    answering(world, kind, lambda target_id: "nobody")
    world.run()


def of_other_case(world, kind):
    answering(world, kind, str.upper)
    world.run()


def rekeyed_later(world, kind):
    world.run()
    world.target.rekey(kind, str(world.target.by_name(kind, ANNA if kind == "user" else SALES)["id"]))


def rekeyed_twice(world, kind):
    rekeyed_later(world, kind)
    world.target.rekey(kind, str(world.target.by_name(kind, ANNA if kind == "user" else SALES)["id"]))


IDS = {
    "nobody's": nobodys,
    "of other case": of_other_case,
    "re-keyed later": rekeyed_later,
    "re-keyed twice": rekeyed_twice,
}
# Of ids that are alike, one is in the fast tests.
ANSWERED = [one if one in ("nobody's", "re-keyed later") else pytest.param(one, marks=SLOW) for one in IDS]


def filtered_out(world):
    rules = world.rules()
    clause = {"sourceOperandName": "mailNickname", "operatorName": "NOT EQUALS", "targetOperand": {"values": ["anna"]}}
    world.mapping_of(rules)["scope"] = {"groups": [{"name": "others", "clauses": [clause]}]}
    world.save_rules(rules)


def renamed_and(leave):
    def change(world):
        world.organisation.change(ANNA, userPrincipalName="anna.new@x")
        leave(world, "anna.new@x")

    return change


FATES = {
    "stays": lambda world: None,
    "changed": lambda world: world.organisation.change(ANNA, displayName="Anna Smith"),
    "renamed": lambda world: world.organisation.change(ANNA, userPrincipalName="anna.new@x"),
    "disabled": lambda world: world.organisation.change(ANNA, accountEnabled=False),
    "unassigned": lambda world: world.organisation.unassign(ANNA),
    "deleted": lambda world: world.delete(ANNA),
    "purged": lambda world: world.purge(ANNA),
    "filtered out": filtered_out,
    "renamed and disabled": renamed_and(lambda world, name: world.organisation.change(name, accountEnabled=False)),
    "renamed and unassigned": renamed_and(lambda world, name: world.organisation.unassign(name)),
    "renamed and deleted": renamed_and(lambda world, name: world.delete(name)),
    "renamed and purged": renamed_and(lambda world, name: world.purge(name)),
    "into a group": lambda world: world.organisation.join(SALES, ANNA),
}
LEAVES = ["disabled", "unassigned", "deleted", "purged", "filtered out"]


def incremental(world):
    """Nothing but what has changed is looked at."""


def initial(world):
    with world.database.transaction() as connection:
        resets.forget_position(connection, world.job.number, now=datetime.now(UTC))


CYCLES = {"incremental": incremental, "initial": initial}
KINDS_OF_CYCLE = ["incremental", pytest.param("initial", marks=SLOW)]


@pytest.fixture
def make_office(make_world):
    """Anna and Bo, a group with Bo in it, and strangers who were there before."""

    def make(behaviour="provisor"):
        world = make_world(behaviour=behaviour)
        org = world.organisation
        for name in (ANNA, "bo@x"):
            org.user(name, mailNickname=name.partition("@")[0])
        org.group(SALES, ["bo@x"])
        org.assign(ANNA, "bo@x")
        org.assign(SALES, kind="group")
        world.target.put("user", {"userName": "stranger@x", "displayName": "Stranger", "active": True})
        world.target.put("group", {"displayName": "Strangers"})
        return world

    return make


def strangers(world):
    held = [*world.target.resources("user").values(), *world.target.resources("group").values()]
    return [(one.get("userName") or one["displayName"], one.get("active")) for one in held if "externalId" not in one]


def without_strangers(world):
    return {name: groups for name, groups in world.held().items() if name != "stranger@x"}


def right(world):
    """After one cycle all is as the directory says, nobody has two accounts, no stranger was touched; then it rests."""
    last = world.run()
    held = world.target.resources("user")
    keys = [one["externalId"] for one in held.values() if one["userName"] != "stranger@x"]
    assert last.state == "succeeded"
    assert without_strangers(world) == world.wanted()
    assert len(keys) == len(set(keys))
    assert strangers(world) == [("stranger@x", True), ("Strangers", None)]
    assert dict(world.run().requests) == {"GET": 1}
    return True


def linked_to(world, name, kind="user"):
    link = links.by_object(world.database.reader(), world.job.number, world.organisation.id(kind, name))
    return None if link is None else link.target_id


@pytest.mark.test_rows(40)
@pytest.mark.parametrize("behaviour", BEHAVIOURS)
@pytest.mark.parametrize("cycle", KINDS_OF_CYCLE)
@pytest.mark.parametrize("fate", FATES)
@pytest.mark.parametrize("answered", ANSWERED)
def test_an_account_whose_link_has_a_wrong_id_follows_its_person(make_office, answered, fate, cycle, behaviour):
    world = make_office(behaviour)
    IDS[answered](world, "user")
    account = next(key for key, one in world.target.resources("user").items() if one["userName"] == ANNA)

    FATES[fate](world)
    CYCLES[cycle](world)

    assert right(world)
    left = world.target.resources("user")
    assert (account in left) == ("purged" not in fate)
    assert len(left) == (2 if "purged" in fate else 3)


@pytest.mark.test_rows(20)
@pytest.mark.parametrize("behaviour", BEHAVIOURS)
@pytest.mark.parametrize("leaves", LEAVES)
@pytest.mark.parametrize("answered", ANSWERED)
def test_who_leaves_cycles_later_is_found_too(make_office, answered, leaves, behaviour):
    world = make_office(behaviour)
    IDS[answered](world, "user")
    world.run()
    world.organisation.change("bo@x", displayName="Bo Smith")
    world.run()

    FATES[leaves](world)

    assert right(world)


@pytest.mark.parametrize("leaves", LEAVES)
def test_who_leaves_in_the_cycle_of_the_create_is_found_in_the_next(make_office, leaves):
    world = make_office()
    answering(world, "user", lambda target_id: "nobody")
    world.at("PATCH", "group", 1, lambda: FATES[leaves](world))

    world.run()

    assert right(world)


def unassigned(world):
    org = world.organisation
    with world.database.transaction() as connection:
        applications.unassign(
            connection,
            tenant=org.tenant,
            application=org.application,
            principals=[org.id("group", SALES)],
            now=datetime.now(UTC),
        )


GROUP_FATES = {
    "stays": lambda world: None,
    "renamed": lambda world: world.organisation.change(SALES, kind="group", displayName="Sellers"),
    "joined": lambda world: world.organisation.join(SALES, ANNA),
    "left": lambda world: world.organisation.leave(SALES, "bo@x"),
    "unassigned": unassigned,
    "deleted": lambda world: world.delete(SALES, kind="group"),
    "purged": lambda world: world.purge(SALES, kind="group"),
}


@pytest.mark.test_rows(30)
@pytest.mark.parametrize("behaviour", BEHAVIOURS)
@pytest.mark.parametrize("cycle", KINDS_OF_CYCLE)
@pytest.mark.parametrize("fate", GROUP_FATES)
@pytest.mark.parametrize("answered", ANSWERED)
def test_a_group_whose_link_has_a_wrong_id_follows_the_directory(make_office, answered, fate, cycle, behaviour):
    world = make_office(behaviour)
    IDS[answered](world, "group")

    GROUP_FATES[fate](world)
    CYCLES[cycle](world)

    assert right(world)
    names = [one["displayName"] for one in world.target.resources("group").values()]
    gone = fate in ("unassigned", "deleted", "purged")
    assert sorted(names) == sorted(["Strangers", *([] if gone else ["Sellers" if fate == "renamed" else SALES])])


# Memberships and references follow the account


def test_a_member_with_a_wrong_id_who_leaves_group_and_application_is_out_of_both(make_office):
    world = make_office()
    world.organisation.join(SALES, ANNA)
    rekeyed_later(world, "user")

    world.organisation.leave(SALES, ANNA)
    world.organisation.change(ANNA, accountEnabled=False)

    assert right(world)
    assert (SALES, ANNA) not in world.target.memberships()


def rekeyed_group(world):
    world.target.rekey("group", str(world.target.by_name("group", SALES)["id"]))


def leaves_a_group_of_another_id(world):
    rekeyed_group(world)
    world.organisation.leave(SALES, ANNA)


def leaves_a_group_that_gets_another_id(world):
    world.organisation.leave(SALES, ANNA)
    world.run()
    rekeyed_group(world)


def leaves_and_comes_back(world):
    world.organisation.leave(SALES, ANNA)
    world.run()
    world.organisation.join(SALES, ANNA)


def goes_to_another(world):
    world.organisation.leave(SALES, ANNA)
    world.organisation.join(OTHERS, ANNA)


MEANWHILE = {
    "left": lambda world: world.organisation.leave(SALES, ANNA),
    "left a re-keyed group": leaves_a_group_of_another_id,
    "left, the group re-keyed then": leaves_a_group_that_gets_another_id,
    "left and back": leaves_and_comes_back,
    "joined another": lambda world: world.organisation.join(OTHERS, ANNA),
    "to another": goes_to_another,
}


def soon(world):
    """The id is learnt in the cycle that tells of the memberships."""


def later(world):
    """Cycles lie between, and nobody keeps the memberships that went."""
    for name in ("Bo One", "Bo Two"):
        world.run()
        world.organisation.change("bo@x", displayName=name)


LEARNT = {"soon": soon, "later": later}


@pytest.fixture
def make_rekeyed_member(make_office):
    """Anna, in one of two groups, has another id than her link."""

    def make(behaviour="provisor"):
        world = make_office(behaviour)
        world.organisation.group(OTHERS)
        world.organisation.assign(OTHERS, kind="group")
        world.organisation.join(SALES, ANNA)
        rekeyed_later(world, "user")
        return world

    return make


def unreadable(world):
    """The target says of no account whether it is there."""

    async def read(original, kind, target_id):
        raise Rejected("not now", status=500)

    world.failing(read=read)


def groups_of_anna(world):
    return {group for group, member in world.target.memberships() if member == ANNA}


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
@pytest.mark.parametrize("meanwhile", ["left", "left a re-keyed group", "to another"])
def test_who_is_taken_out_of_a_group_under_a_lost_id_is_out_in_the_same_cycle(
    make_rekeyed_member, meanwhile, behaviour
):
    world = make_rekeyed_member(behaviour)

    MEANWHILE[meanwhile](world)

    assert right(world)


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_who_left_the_application_before_leaves_a_group_under_a_lost_id(make_rekeyed_member, behaviour):
    world = make_rekeyed_member(behaviour)
    world.organisation.unassign(ANNA)
    world.run()
    world.target.rekey("user", str(world.account(ANNA)["id"]))

    world.organisation.leave(SALES, ANNA)
    world.run()

    assert groups_of_anna(world) == set()


@pytest.mark.test_rows(20)
@pytest.mark.parametrize("behaviour", BEHAVIOURS)
@pytest.mark.parametrize("learnt", LEARNT)
@pytest.mark.parametrize("meanwhile", MEANWHILE)
@pytest.mark.parametrize("fate", ["changed", "disabled", "unassigned"])
def test_memberships_that_changed_before_an_id_was_learnt_are_right_once_it_is(
    make_rekeyed_member, fate, meanwhile, learnt, behaviour
):
    world = make_rekeyed_member(behaviour)
    unreadable(world)
    MEANWHILE[meanwhile](world)
    LEARNT[learnt](world)
    world.heal()
    world.pass_time(hours=6)

    FATES[fate](world)
    world.run()
    world.run()

    gone, came = meanwhile.startswith("left") and meanwhile != "left and back", "another" in meanwhile
    stays = not gone and meanwhile != "to another"
    assert groups_of_anna(world) <= ({SALES} if stays else set()) | ({OTHERS} if came else set())
    assert without_strangers(world) == world.wanted()
    assert dict(world.run().requests) == {"GET": 1}


@pytest.mark.parametrize("group_too", [False, True], ids=["people", "and the group"])
@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_once_one_other_id_is_learnt_nobody_is_put_in_under_a_dead_one(make_rekeyed_member, behaviour, group_too):
    world = make_rekeyed_member(behaviour)
    told = []

    async def patch_members(original, target_id, add, remove):
        held = world.target.resources("user")
        told.extend(one for one in add if one not in held)  # answered 200 all the same
        there = [one for one in add if one in held]
        return await original(target_id, there, remove or ["nobody"])

    world.failing(patch_members=patch_members)
    world.target.rekey("user", str(world.account("bo@x")["id"]))
    if group_too:
        rekeyed_group(world)
    world.organisation.change("bo@x", displayName="Bo Smith")
    world.organisation.join(OTHERS, ANNA)

    world.run()

    assert told == []
    assert groups_of_anna(world) == {SALES, OTHERS}
    assert right(world)


def test_of_many_who_are_taken_out_some_are_looked_up(make_office):
    world = make_office()
    many = [f"p{number:02}@x" for number in range(60)]
    world.organisation.users(many)
    world.organisation.assign(*many)
    for name in many:
        world.organisation.join(SALES, name)
    world.run()
    for name in many[:10]:
        world.organisation.leave(SALES, name)
    few = world.run().requests["GET"]

    for name in many[10:]:
        world.organisation.leave(SALES, name)
    summary = world.run()

    assert few == 1 + 10
    assert summary.requests["GET"] == 1 + MOST_LOOKED


def test_who_is_in_a_group_under_a_lost_id_is_put_into_it_again(make_office):
    world = make_office()
    world.organisation.join(SALES, ANNA)
    rekeyed_later(world, "user")
    account = world.account(ANNA)["id"]
    for group in world.target.resources("group"):
        asyncio.run(world.target.patch_members(group, (), [account]))

    world.organisation.change(ANNA, displayName="Anna Smith")

    assert right(world)
    assert (SALES, ANNA) in world.target.memberships()


def test_a_manager_with_a_wrong_id_is_referred_to_by_the_right_one(everybody):
    org = everybody.organisation
    org.user("boss@x")
    org.user(ANNA, manager="boss@x")
    everybody.run()
    boss = everybody.target.rekey("user", str(everybody.account("boss@x")["id"]))
    org.change("boss@x", displayName="Boss")

    everybody.run()

    assert boss in json.dumps(everybody.account(ANNA))
    assert dict(everybody.run().requests) == {"GET": 1}


# Whose account it is


LATE = "anna.late@x"
LATE_FATES = {
    "stays": lambda world: None,
    "renamed": lambda world: world.organisation.change(LATE, userPrincipalName="late@x"),
    "disabled": lambda world: world.organisation.change(LATE, accountEnabled=False),
    "unassigned": lambda world: world.organisation.unassign(LATE),
    "deleted": lambda world: world.delete(LATE),
    "purged": lambda world: world.purge(LATE),
}


@pytest.mark.parametrize("fate", LATE_FATES)
def test_an_id_that_is_given_again_to_another_is_theirs(make_office, fate):
    world = make_office()
    org = world.organisation
    world.run()
    old = str(world.account("bo@x")["id"])
    world.target.lose("user", old)
    times = iter(range(1))
    org.user(LATE, mailNickname="late")
    org.assign(LATE)

    async def create(original, kind, document):
        answer = await original(kind, document)
        if next(times, None) is None:
            return answer
        target_id = world.target.rekey(kind, str(answer.resource["id"]), old)
        return replace(answer, resource={**answer.resource, "id": target_id})

    world.failing(create=create)
    world.run()
    LATE_FATES[fate](world)

    assert right(world)
    assert (old in world.target.resources("user")) == (fate != "purged")
    assert len(world.target.resources("user")) == (3 if fate == "purged" else 4)


@pytest.mark.parametrize("leaves", LEAVES)
def test_a_strangers_account_under_the_name_of_a_leaver_is_left_alone_and_the_log_says_so(make_office, leaves):
    world = make_office()
    world.run()
    world.target.lose("user", str(world.account(ANNA)["id"]))
    world.target.put("user", {"userName": ANNA, "displayName": "Another Anna", "active": True})
    before = world.account(ANNA)

    FATES[leaves](world)
    world.run()

    assert world.account(ANNA) == before
    (event,) = world.events(status="skipped", identity=ANNA)
    assert str(before["id"]) in json.dumps(event.document)


@pytest.mark.parametrize("made", [True, False], ids=["written", "not written"])
@pytest.mark.parametrize("leaves", LEAVES)
def test_an_account_that_was_matched_and_re_keyed_before_its_change_was_answered_is_known(make_office, leaves, made):
    world = make_office()
    world.target.put("user", {"userName": ANNA, "displayName": "Anna", "active": True})
    world.target.fail(1, Rejected("gateway", status=502), after_effect=made, method="PATCH", kind="user")
    rekeyed_later(world, "user")
    world.heal()

    FATES[leaves](world)
    world.run()

    assert ANNA not in world.held()
    assert len(world.target.resources("user")) == (2 if leaves == "purged" else 3)


@pytest.mark.parametrize("leaves", LEAVES)
def test_where_no_external_id_is_mapped_the_matching_values_tell(make_office, leaves):
    world = make_office()
    rules = world.rules()
    mapping = world.mapping_of(rules)
    mapping["attributeMappings"] = [
        one for one in mapping["attributeMappings"] if one["targetAttributeName"] != "externalId"
    ]
    world.save_rules(rules)
    nobodys(world, "user")

    FATES[leaves](world)
    world.run()

    assert ANNA not in world.held()
    assert len(world.target.resources("user")) == (2 if leaves == "purged" else 3)


def test_of_two_that_may_have_one_account_neither_takes_it(make_office):
    world = make_office()
    world.run()
    lost = [str(world.account(name)["id"]) for name in (ANNA, "bo@x")]
    kept = dict(world.account("bo@x"))
    for one in lost:
        world.target.lose("user", one)
    world.target.put("user", {key: value for key, value in kept.items() if key not in ("id", "meta")})

    for name in (ANNA, "bo@x"):
        world.organisation.change(name, accountEnabled=False)
    world.run()

    assert without_strangers(world) == {}
    assert linked_to(world, ANNA) is None
    assert linked_to(world, "bo@x") == world.account("bo@x")["id"]


def test_the_log_says_which_account_was_linked_in_place_of_the_lost_one(make_office):
    world = make_office()
    nobodys(world, "user")
    world.organisation.change(ANNA, accountEnabled=False)

    world.run()

    said = [json.dumps(event.document) for event in world.events(identity=ANNA)]
    assert any("nobody" in one and str(world.account(ANNA)["id"]) in one for one in said)
    assert linked_to(world, ANNA) == world.account(ANNA)["id"]


def test_a_plan_tells_of_a_leaver_with_a_wrong_id_and_writes_nothing(make_office):
    world = make_office("entra")
    nobodys(world, "user")
    world.organisation.change(ANNA, accountEnabled=False)

    plan = world.plan()

    assert plan.counts["user", "disable"] == 1
    assert world.account(ANNA)["active"] is True
    assert right(world)


UNUSABLE = {
    "no id": "holds no id",
    "empty": "holds an empty id",
    "no text": "holds an id that is not text",
}


@pytest.mark.parametrize("leaves", LEAVES)
@pytest.mark.parametrize("answered", UNUSABLE)
def test_an_account_whose_create_was_answered_without_a_usable_id_is_found(make_office, answered, leaves):
    world = make_office()
    world.target.fail(1, Malformed(UNUSABLE[answered], status=201), after_effect=True, method="POST", kind="user")
    world.at("POST", "user", 1, lambda: FATES[leaves](world))
    world.run()
    world.heal()

    assert right(world)


def test_a_wrong_id_whose_account_cannot_be_looked_for_is_tried_again(make_office):
    world = make_office()
    nobodys(world, "user")
    world.organisation.change(ANNA, accountEnabled=False)
    looks = iter(range(1))

    async def find(original, kind, path, value):
        if value == ANNA and next(looks, None) is not None:
            raise Rejected("not now", status=500)
        return await original(kind, path, value)

    world.failing(find=find)

    world.run()

    assert right(world)
