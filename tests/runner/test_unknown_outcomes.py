"""What was sent and not clearly answered: whatever became of its object meanwhile, it is looked up before all else.

Answers that leave it open × requests × fates. In each the change was made and its answer did not say so.
"""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from provisor.engine.ports import Malformed, Rejected, Throttled, Unreachable


def refused(status):
    return Rejected(f"status {status}", status=status)


OPEN = {
    "connection lost": lambda: Unreachable("reset"),
    "time-out": lambda: Unreachable("60 s", timed_out=True),
    "408": lambda: refused(408),
    "460": lambda: refused(460),
    "499": lambda: refused(499),
    "500": lambda: refused(500),
    "502": lambda: refused(502),
    "503": lambda: Throttled("wait", until=datetime.now(UTC), status=503),
    "504": lambda: refused(504),
    "507": lambda: refused(507),
    "520": lambda: refused(520),
    "201 unreadable": lambda: Malformed("no JSON", status=201),
    "not even HTTP": lambda: Malformed("noise"),
    "a fault of our own": lambda: ValueError("unforeseen"),
}

# Of each kind of answer one in the fast tests.
FAST = ("connection lost", "500")
ANSWERS = [answer if answer in FAST else pytest.param(answer, marks=pytest.mark.slow) for answer in OPEN]
BEHAVIOURS = ["provisor", pytest.param("entra", marks=pytest.mark.slow)]


def filtered_out(world, name):
    rules = world.rules()
    clause = {"sourceOperandName": "mailNickname", "operatorName": "NOT EQUALS", "targetOperand": {"values": [name]}}
    world.mapping_of(rules)["scope"] = {"groups": [{"name": "others", "clauses": [clause]}]}
    world.save_rules(rules)


FATES = {
    "nothing": lambda world, name: None,
    "disabled": lambda world, name: world.organisation.change(name, accountEnabled=False),
    "deleted": lambda world, name: world.delete(name),
    "purged": lambda world, name: world.purge(name),
    "unassigned": lambda world, name: world.organisation.unassign(name),
    "filtered out": filtered_out,
    "renamed": lambda world, name: world.organisation.change(name, userPrincipalName="other@x", displayName="Other"),
    "renamed and disabled": lambda world, name: world.organisation.change(
        name, userPrincipalName="other@x", accountEnabled=False
    ),
    "out of the group": lambda world, name: world.organisation.leave("Staff", name),
    "into the group again": lambda world, name: world.organisation.join("Staff", name),
}


@pytest.fixture
def make_office(make_world):
    """Three people, each assigned, so that each fate stands alone; two of them are in a group."""

    def make(behaviour="provisor"):
        world = make_world(behaviour=behaviour)
        org = world.organisation
        for name in ("p0@x", "p1@x", "p2@x"):
            org.user(name, mailNickname=name)
        org.assign("p0@x", "p1@x", "p2@x")
        org.group("Staff", ["p0@x", "p1@x"])
        return world

    return make


def right(world):
    """After one clean cycle all is as the directory says, nobody has two accounts, and there is nothing left to do."""
    last = world.run()
    keys = [one["externalId"] for one in world.target.resources("user").values()]
    assert last.state == "succeeded"
    assert world.held() == world.wanted()
    assert len(keys) == len(set(keys))
    assert dict(world.run().requests) == {"GET": 1}
    return True


@pytest.mark.test_rows(40)
@pytest.mark.fast_rows(4)
@pytest.mark.parametrize("behaviour", BEHAVIOURS)
@pytest.mark.parametrize("fate", [fate for fate in FATES if "group" not in fate])
@pytest.mark.parametrize("answer", ANSWERS)
def test_a_create_that_was_made_is_found_whatever_becomes_of_its_person(make_office, answer, fate, behaviour):
    world = make_office(behaviour)
    world.target.fail(2, OPEN[answer](), after_effect=True, method="POST", kind="user")
    # Nor can it be found at once.
    world.at("POST", "user", 2, lambda: world.target.fail(1, refused(500), method="GET", kind="user", times=1000))
    world.run()
    world.heal()

    FATES[fate](world, "p1@x")

    assert right(world)


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_create_that_was_made_is_found_in_the_same_cycle_where_the_target_answers(make_office, answer):
    world = make_office()
    world.target.fail(2, OPEN[answer](), after_effect=True, method="POST", kind="user")

    world.run()
    world.heal()

    assert right(world)


@pytest.mark.test_rows(40)
@pytest.mark.fast_rows(4)
@pytest.mark.parametrize("behaviour", BEHAVIOURS)
@pytest.mark.parametrize("fate", FATES)
@pytest.mark.parametrize("answer", ANSWERS)
def test_a_change_that_was_made_is_seen_whatever_becomes_of_its_person(make_office, answer, fate, behaviour):
    world = make_office(behaviour)
    world.run()
    world.organisation.change("p1@x", displayName="Changed", accountEnabled=False)
    world.run()
    world.organisation.change("p1@x", displayName="Changed again", accountEnabled=True)
    world.target.fail(1, OPEN[answer](), after_effect=True, method="PATCH", kind="user")
    world.run()
    world.heal()

    FATES[fate](world, "p1@x")

    assert right(world)


@pytest.mark.test_rows(28)
@pytest.mark.parametrize("behaviour", BEHAVIOURS)
@pytest.mark.parametrize("after_effect", [True, False], ids=["made", "not made"])
@pytest.mark.parametrize("answer", ANSWERS)
def test_a_leaver_is_inactive_a_cycle_later_whatever_was_answered(make_office, answer, after_effect, behaviour):
    world = make_office(behaviour)
    world.run()
    world.organisation.change("p1@x", displayName="Gone", accountEnabled=False)
    world.target.fail(1, OPEN[answer](), after_effect=after_effect, method="PATCH", kind="user", times=2)
    world.run()
    world.heal()

    assert right(world)


@pytest.mark.test_rows(40)
@pytest.mark.fast_rows(6)
@pytest.mark.parametrize("fate", FATES)
@pytest.mark.parametrize("before", ["out", "in"])
@pytest.mark.parametrize("answer", ANSWERS)
def test_a_membership_that_was_written_is_told_again_whatever_becomes_of_it(make_office, answer, before, fate):
    world = make_office()
    org = world.organisation
    org.assign("Staff", kind="group")
    if before == "in":  # it is taken away, and the answer is lost
        world.run()
        org.leave("Staff", "p1@x")
    world.target.fail(1, OPEN[answer](), after_effect=True, method="PATCH", kind="group")
    world.run()
    world.heal()

    FATES[fate](world, "p1@x")
    if fate == "unassigned":
        org.leave("Staff", "p1@x")

    assert right(world)


def a_minute(status):
    return Throttled("wait", until=datetime.now(UTC) + timedelta(minutes=1), status=status)


# A change that was made and answered so; what keeps a further request of the same operation waiting.
PAUSES = {
    "503": (lambda: a_minute(503), None),
    "500, and no look for a limit": (lambda: refused(500), lambda: a_minute(429)),
    "499, and no look for a limit": (lambda: refused(499), lambda: a_minute(429)),
    "done, and no look for a limit": (None, lambda: a_minute(429)),
}
CHANGES = {
    "create": ("create", lambda world: world.organisation.user("p9@x") and world.organisation.assign("p9@x"), "p9@x"),
    "update": ("patch", lambda world: world.organisation.change("p1@x", displayName="Changed"), "p1@x"),
    "disable": (
        "patch",
        lambda world: world.organisation.change("p1@x", displayName="Gone", accountEnabled=False),
        "p1@x",
    ),
    "delete": ("delete", lambda world: world.purge("p1@x"), "p1@x"),
    "members": ("patch_members", lambda world: world.organisation.leave("Staff", "p1@x"), "p1@x"),
}


@pytest.mark.fast_rows(8)
@pytest.mark.parametrize("behaviour", ["provisor", "entra"])
@pytest.mark.parametrize("fate", ["nothing", "disabled", "deleted", "unassigned", "renamed"])
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("pause", PAUSES)
def test_a_stop_in_a_pause_forgets_nothing_that_was_sent(make_office, pause, change, fate, behaviour):
    world = make_office(behaviour)
    world.organisation.assign("Staff", kind="group")
    world.run()
    method, make, name = CHANGES[change]
    make(world)
    answer, then = PAUSES[pause]

    async def answered(original, *arguments):
        if answer is not None:
            world.target.fail(1, answer(), after_effect=True)
        asyncio.get_running_loop().call_later(0.02, world.stop.set)
        if then is not None:
            world.target.behave("find", refuses)
            world.target.behave("read", refuses)
        return await original(*arguments)

    async def refuses(original, *arguments):
        raise then()

    world.stop = asyncio.Event()
    world.target.behave(method, answered)
    world.run()
    world.stop = None
    world.target.heal()
    if change != "delete":
        FATES[fate](world, name)

    assert right(world)


@pytest.mark.parametrize("answer", ANSWERS)
def test_what_a_released_account_holds_is_read_before_it_is_taken_back(make_office, answer):
    world = make_office()
    world.run()
    world.organisation.change("p1@x", displayName="Changed")
    world.organisation.unassign("p1@x")
    world.target.fail(1, OPEN[answer](), after_effect=True, method="PATCH", kind="user")
    world.run()
    world.heal()

    world.organisation.change("p1@x", displayName="p1@x")
    world.organisation.assign("p1@x")

    assert right(world)
    held = {one["userName"]: one["displayName"] for one in world.target.resources("user").values()}
    assert held["p1@x"] == "p1@x"
