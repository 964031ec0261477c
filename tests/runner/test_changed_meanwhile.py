"""The directory changes while a cycle is under way: at every point of it, in every kind of cycle.

Whatever changes, the cycle ends, asks the target a bounded number of times, and one clean cycle later the target is what
the directory says; a third one asks once.
"""

from collections import Counter

import pytest

PEOPLE = [f"p{number}@x" for number in range(6)]
NEW = [f"q{number}@x" for number in range(4)]
GROUPS = ["G0", "G1", "G2"]
BOUND = 120  # requests of a cycle over ten people and three groups, whatever happens meanwhile


def filtered_out(world, name):
    rules = world.rules()
    clause = {"sourceOperandName": "mailNickname", "operatorName": "NOT EQUALS", "targetOperand": {"values": [name]}}
    world.mapping_of(rules)["scope"] = {"groups": [{"name": "others", "clauses": [clause]}]}
    world.save_rules(rules)


def mapped_otherwise(world, name):
    rules = world.rules()
    source = {"type": "Function", "expression": 'Join(" ", [displayName], "of X")'}
    (row,) = [
        one for one in world.mapping_of(rules)["attributeMappings"] if one["targetAttributeName"] == "displayName"
    ]
    row["source"] = source
    world.save_rules(rules)


def renamed(world, name):
    world.organisation.change(name, userPrincipalName=f"new-{name}", displayName="Renamed")


# What happens meanwhile, and what had happened before it so that it takes something back.
CHANGES = {
    "disabled": (lambda world, name: world.organisation.change(name, accountEnabled=False), None),
    "enabled": (lambda world, name: world.organisation.change(name, accountEnabled=True), "disabled"),
    "unassigned": (lambda world, name: world.organisation.unassign(name), None),
    "assigned": (lambda world, name: world.organisation.assign(name), "unassigned"),
    "deleted": (lambda world, name: world.delete(name), None),
    "restored": (lambda world, name: world.organisation.restore(name), "deleted"),
    "purged": (lambda world, name: world.purge(name), None),
    "renamed": (renamed, None),
    "renamed back": (
        lambda world, name: world.organisation.change(f"new-{name}", userPrincipalName=name, displayName="Back"),
        "renamed",
    ),
    "out of a group": (lambda world, name: world.organisation.leave("G0", name), None),
    "into a group": (lambda world, name: world.organisation.join("G0", name), "out of a group"),
    "their group unassigned": (lambda world, name: world.organisation.unassign("G0", kind="group"), None),
    "their group deleted": (lambda world, name: world.organisation.delete("G0", kind="group"), None),
    "filtered out": (filtered_out, None),
    "mapped otherwise": (mapped_otherwise, None),
}
MOMENTS = {
    "as the target is probed": ("GET", "user", 1),
    "as users are matched": ("GET", "user", 2),
    "as groups are matched": ("GET", "group", 1),
    "at the first user": ("POST", "user", 1),
    "at a later user": ("POST", "user", 4),
    "at the first group": ("POST", "group", 1),
    "at a first change": ("PATCH", None, 1),
    "at a third change": ("PATCH", None, 3),
    "at a fifth change": ("PATCH", None, 5),
}


def initial(world):
    """Everything is still to be done."""


def incremental(world):
    """All is done; then something of every phase of a cycle comes up."""
    org = world.organisation
    assert world.run().state == "succeeded"
    for name in NEW:
        org.user(name, mailNickname=name)
    org.assign(*NEW)
    org.change("p4@x", displayName="Other")
    org.change("p5@x", accountEnabled=False)
    org.leave("G0", "p4@x")
    for name in NEW:
        org.join("G1", name)
    org.groups(["G2"])
    org.assign("G2", kind="group")


def cut_short(world):
    """A cycle was stopped in its middle and is gone on with."""
    incremental(world)
    world.stopped_at("POST", "user", 2)


KINDS = {"initial": initial, "incremental": incremental, "cut short": cut_short}


@pytest.fixture
def make_office(make_world):
    def make(behaviour):
        world = make_world(behaviour=behaviour)
        org = world.organisation
        for name in PEOPLE:
            org.user(name, mailNickname=name)
        org.groups(["G0", "G1"])
        for name in PEOPLE:
            org.join("G0", name)
        org.assign(*PEOPLE)
        org.assign("G0", "G1", kind="group")
        return world

    return make


# Somebody at rest, somebody who is leaving, somebody new.
WORLDS = [
    pytest.param("provisor", "incremental", "q1@x", id="provisor-incremental-new"),
    *(
        pytest.param(behaviour, kind, whose, id=f"{behaviour}-{kind}-{whose[:2]}", marks=pytest.mark.slow)
        for behaviour, kind, whose in (
            ("provisor", "initial", "p1@x"),
            ("provisor", "incremental", "p1@x"),
            ("provisor", "incremental", "p5@x"),
            ("provisor", "cut short", "p5@x"),
            ("provisor", "cut short", "q1@x"),
            ("entra", "incremental", "p5@x"),
            ("entra", "cut short", "q1@x"),
        )
    ),
]
FAST = ("as users are matched", "at the first user")
EACH_MOMENT = [moment if moment in FAST else pytest.param(moment, marks=pytest.mark.slow) for moment in MOMENTS]
MOST_EVENTS = 4  # of one person in one cycle; a plan that came again and again would write them without end


@pytest.mark.test_rows(120)
@pytest.mark.fast_rows(8)
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("moment", EACH_MOMENT)
@pytest.mark.parametrize(("behaviour", "kind", "whose"), WORLDS)
def test_a_change_meanwhile_is_right_a_cycle_later(make_office, behaviour, kind, moment, change, whose):
    world = make_office(behaviour)
    KINDS[kind](world)
    happens, before = CHANGES[change]
    if before is not None:
        CHANGES[before][0](world, whose)
    world.at(*MOMENTS[moment], do=lambda: happens(world, whose))
    first = world.run()
    asked = [first.requests]
    for _ in range(2):
        last = world.run()
        asked.append(last.requests)

    told = Counter((event.cycle, event.source_id) for event in world.events())
    assert max(sum(one.values()) for one in asked) < BOUND
    assert max(told.values()) <= MOST_EVENTS
    assert last.state == "succeeded"
    assert world.held() == world.wanted()
    assert dict(world.run().requests) == {"GET": 1}
