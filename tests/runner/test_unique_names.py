"""Names that must be unique: two who swap, several who pass one round, and values that nobody may have twice."""

import pytest

from provisor.engine.ports import Malformed, Rejected

NAMES = ["anna@x", "bo@x", "cleo@x", "dan@x"]


@pytest.fixture
def make_settled(make_world):
    def make(behaviour="provisor"):
        world = make_world(behaviour=behaviour)
        world.organisation.users(NAMES)
        world.organisation.assign(*NAMES)
        assert world.run().state == "succeeded"
        return world

    return make


def passed_round(world, names):
    """Each of them gets the name of the next, the last that of the first, and another displayName besides."""
    org = world.organisation
    ids = [org.id("user", name) for name in names]
    for name in names:
        org.change(name, userPrincipalName=f"away-{name}")
    for position, name in enumerate(names):
        wanted = names[(position + 1) % len(names)]
        org.change(f"away-{name}", userPrincipalName=wanted, displayName=f"was {name}")
    return {key: names[(position + 1) % len(names)] for position, key in enumerate(ids)}


def names_at_target(world):
    return {one["displayName"]: one["userName"] for one in world.target.resources("user").values()}


@pytest.mark.parametrize("number", [2, 3, 4])
def test_names_passed_round_arrive(make_settled, number):
    world = make_settled()
    passed_round(world, NAMES[:number])

    summary = world.run()

    assert summary.state == "succeeded"
    held = names_at_target(world)
    assert all(held[f"was {name}"] == NAMES[(at + 1) % number] for at, name in enumerate(NAMES[:number]))
    assert dict(world.run().requests) == {"GET": 1}


@pytest.mark.parametrize("number", [2, 3])
def test_entra_says_who_holds_the_name_and_sends_the_rest(make_settled, number):
    world = make_settled("entra")
    passed_round(world, NAMES[:number])

    summary = world.run()

    assert summary.counts["user.fail"] == number
    assert {one["displayName"] for one in world.target.resources("user").values()} >= {
        f"was {name}" for name in NAMES[:number]
    }
    reasons = [str(event.document) for event in world.events(status="failure")]
    assert all("swap a name: give one of them a free one by hand" in reason for reason in reasons)


@pytest.mark.parametrize("behaviour", ["provisor", "entra"])
def test_a_name_that_a_stranger_holds_fails_and_the_rest_is_sent(make_settled, behaviour):
    world = make_settled(behaviour)
    world.target.put("user", {"userName": "taken@x", "displayName": "A stranger"})
    world.organisation.change("anna@x", userPrincipalName="taken@x", displayName="Renamed")

    summary = world.run()

    assert summary.counts["user.fail"] == 1
    assert world.account("anna@x")["displayName"] == "Renamed"
    assert world.account("taken@x")["displayName"] == "A stranger"


def test_a_target_that_takes_no_free_name_keeps_the_old_ones(make_settled):
    world = make_settled()

    async def patch(original, kind, target_id, operations):
        if any("provisor" in str(one.value) for one in operations):
            raise Rejected("no such domain", status=400, scim_type="invalidValue")
        return await original(kind, target_id, operations)

    world.failing(patch=patch)
    passed_round(world, NAMES[:2])

    summary = world.run()

    assert summary.counts["user.fail"] == 2
    assert {one["userName"] for one in world.target.resources("user").values()} == set(NAMES)


def test_who_was_parked_gets_the_old_name_back_when_the_other_does_not_move(make_settled):
    world = make_settled()
    bo = world.account("bo@x")["id"]

    async def patch(original, kind, target_id, operations):
        if target_id == bo:
            raise Rejected("read-only", status=400, scim_type="mutability")
        return await original(kind, target_id, operations)

    world.failing(patch=patch)
    passed_round(world, NAMES[:2])

    world.run()

    assert world.account("bo@x")["id"] == bo
    assert {one["userName"] for one in world.target.resources("user").values()} == set(NAMES)


# On the way round


def refusing(world, account):
    async def patch(original, kind, target_id, operations):
        if target_id == account:
            raise Rejected("read-only", status=400, scim_type="mutability")
        return await original(kind, target_id, operations)

    return patch


@pytest.mark.parametrize("rekeyed", ["anna@x", "bo@x", "both"])
def test_who_got_the_old_name_back_is_found_by_it(make_settled, rekeyed):
    world = make_settled()
    accounts = len(world.target.resources("user"))
    world.failing(patch=refusing(world, world.account("bo@x")["id"]))
    passed_round(world, NAMES[:2])
    world.run()
    world.heal()
    for name in NAMES[:2] if rekeyed == "both" else [rekeyed]:
        world.target.rekey("user", str(world.account(name)["id"]))
    world.pass_time(hours=6)

    summary = world.run()

    held = names_at_target(world)
    assert summary.state == "succeeded"
    assert (held["was anna@x"], held["was bo@x"]) == ("bo@x", "anna@x")
    assert len(world.target.resources("user")) == accounts


STEPS = {
    "a free name": lambda asked: "provisor" in asked,
    "the old name": lambda asked: "anna@x" in asked and "bo@x" not in asked,
    "the rest": lambda asked: "was" in asked and "@x'" not in asked.replace("was anna@x'", ""),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_was_not_answered_is_looked_at_before_the_next(make_settled, step):
    world = make_settled()
    bo, struck = world.account("bo@x")["id"], []

    async def patch(original, kind, target_id, operations):
        if target_id == bo:
            raise Rejected("read-only", status=400, scim_type="mutability")
        answer = await original(kind, target_id, operations)
        if STEPS[step](str([one.value for one in operations])):
            struck.append(step)
            raise Malformed("no JSON", status=200)
        return answer

    world.failing(patch=patch)
    before = names_at_target(world)
    passed_round(world, NAMES[:2])
    world.run()
    world.heal()
    for name in NAMES[:2]:
        world.organisation.change(name, userPrincipalName=f"away-{name}")
    for name, other in (NAMES[:2], NAMES[1::-1]):
        world.organisation.change(f"away-{other}", userPrincipalName=name, displayName=name.partition("@")[0])
    world.pass_time(hours=6)

    world.run()

    assert struck
    assert sorted(names_at_target(world).values()) == sorted(before.values())
    assert {world.account(name)["displayName"] for name in NAMES[:2]} == {"anna", "bo"}


FATES = {
    "called otherwise": lambda world: world.organisation.change("bo@x", userPrincipalName="new@x"),
    "disabled": lambda world: world.organisation.change("bo@x", accountEnabled=False),
    "unassigned": lambda world: world.organisation.unassign("bo@x"),
    "deleted": lambda world: world.organisation.delete("bo@x"),
}


@pytest.mark.parametrize("fate", FATES)
def test_an_account_that_has_a_free_name_and_another_id_is_found_by_that_name(make_settled, fate):
    world = make_settled()
    anna, bo = (world.account(name)["id"] for name in NAMES[:2])
    accounts = len(world.target.resources("user"))

    async def patch(original, kind, target_id, operations):
        if target_id == bo:
            raise Rejected("read-only", status=400, scim_type="mutability")
        await original(kind, target_id, operations)
        raise Malformed("no JSON", status=200)

    world.failing(patch=patch)
    passed_round(world, NAMES[:2])
    world.run()
    world.heal()
    assert "-provisor-" in str(world.target.resources("user")[anna]["userName"])
    world.target.rekey("user", str(anna))
    FATES[fate](world)
    world.pass_time(hours=6)

    for _ in range(2):
        world.run()

    held = list(world.target.resources("user").values())
    assert len(held) == accounts
    assert not any("-provisor-" in str(one["userName"]) and one["active"] for one in held)
    assert fate == "called otherwise" or sum(bool(one["active"]) for one in held) == accounts - 1


# SelectUniqueValue


def with_unique_nickname(world, *rules_of_value):
    rules = world.rules()
    text = f"SelectUniqueValue({', '.join(rules_of_value)})"
    world.mapping_of(rules)["attributeMappings"].append(
        {
            "targetAttributeName": "nickName",
            "flowType": "ObjectAddOnly",
            "source": {"type": "Function", "expression": text},
        }
    )
    world.save_rules(rules)


def initials(length):
    return f'Join("", Mid([givenName], 1, {length}), [surname])'


@pytest.mark.parametrize("held", [[], ["SDood"], ["sdood", "SuDood"]], ids=["none", "one", "two"])
@pytest.mark.parametrize("number", [3, 6])
def test_nobody_gets_a_value_that_another_of_the_cycle_gets(make_world, number, held):
    world = make_world("scim", scope="all")
    for value in held:
        world.target.put("user", {"userName": f"{value}@y", "nickName": value})
    with_unique_nickname(world, *(initials(length) for length in range(1, 9)))
    for name in ["Su", "Sue", "Suze", "Suzet", "Suzette", "Suzettes"][:number]:
        world.organisation.user(f"{name}@x", givenName=name, surname="Dood")

    summary = world.run()

    values = [str(one["nickName"]).lower() for one in world.target.resources("user").values()]
    assert len(values) == len(set(values)) == number + len(held) or summary.counts["user.fail"] > 0
    assert len(values) == len(set(values))


def test_who_has_few_choices_is_served_by_moving_another(make_world):
    world = make_world("scim", scope="all")
    with_unique_nickname(world, *(initials(length) for length in range(1, 4)))
    for name in ["Sun", "Sue", "Su"]:
        world.organisation.user(f"{name}@x", givenName=name, surname="Dood")

    world.run()

    assert len({one["nickName"] for one in world.target.resources("user").values()}) == 3


def test_when_every_value_is_taken_the_one_person_fails(make_world):
    world = make_world("scim", scope="all")
    world.target.put("user", {"userName": "held@y", "nickName": "SDood"})
    with_unique_nickname(world, initials(1), initials(1))
    world.organisation.user("sue@x", givenName="Sue", surname="Dood")
    world.organisation.user("tom@x", givenName="Tom", surname="Dood")

    summary = world.run()

    assert (summary.counts["user.create"], summary.counts["user.fail"]) == (1, 1)
    assert "SelectUniqueValue" in str(world.events(status="failure")[0].document)
