"""A saved rule change re-evaluates whom it can affect, and comes to the same as evaluating everybody."""

from random import Random

import pytest

from provisor.engine.ports import Unauthorized, Unreachable
from provisor.rules.attributes import AttributeDefinition, with_attributes
from provisor.runner.planning import planner
from provisor.scim.schemas.resource_types import GROUP_TYPE
from provisor.storage import jobs
from provisor.testing.memory_target import MemoryTarget
from support.rule_changes import BADGE, random_people, random_rules

NAMES = [f"p{number:02}@x" for number in range(12)]


def save(world, rules, *, everybody=False):
    """As the product saves rules; `everybody`: and as it would if it did not know whom they concern."""
    with world.database.transaction() as connection:
        jobs.save_rules(connection, world.job.number, rules, created_by="test", now=world.now())
        jobs.change(connection, world.job.number, full_evaluation=everybody, rules_changed=True)


def map_also(world, target, source, **more):
    rules = world.rules()
    row = {"targetAttributeName": target, "source": {"type": "Function", "expression": source}, **more}
    world.mapping_of(rules)["attributeMappings"].append(row)
    return rules


def cut_short(world, after):
    """A cycle of which so many changes are sent, and whose credential then no longer counts."""
    sent = []

    async def patch(original, *asked):
        sent.append(asked)
        if len(sent) > after:
            raise Unauthorized("no")
        return await original(*asked)

    world.failing(patch=patch)
    state = world.run().state
    world.heal()
    assert (state == "failed") is (len(sent) > after)


@pytest.fixture
def people(make_world):
    """Ten people, of whom two have a city; provisioned."""
    world = make_world("scim")
    names = [f"p{number}@x" for number in range(10)]
    world.organisation.users(names[:8])
    world.organisation.users(names[8:], city="Perth")
    world.organisation.assign(*names)
    assert world.run().state == "succeeded"
    return world


def evaluated(summary):
    return summary.counts.get("reevaluated.user", 0)


def patched(world):
    return {name for method, name in world.writes() if method == "PATCH"}


def test_only_those_who_can_be_affected_are_evaluated_and_their_number_is_shown(people):
    save(people, map_also(people, "nickName", "[city]"))

    ran = people.run()

    assert (ran.kind, evaluated(ran)) == ("incremental", 2)
    assert patched(people) == {"p8@x", "p9@x"}
    assert evaluated(people.run()) == 0


def test_those_of_whom_the_new_rules_make_the_same_are_not_evaluated(people):
    save(people, map_also(people, "nickName", "[city]"))
    people.run()
    people.organisation.change("p8@x", city="Bern")
    people.run()
    rules = people.rules()
    people.mapping_of(rules)["attributeMappings"][-1]["source"]["expression"] = 'Replace([city], "P", , , "B", , )'
    save(people, rules)

    assert evaluated(people.run()) == 1
    assert {people.account(name)["nickName"] for name in ("p8@x", "p9@x")} == {"Bern", "Berth"}


def test_more_people_than_are_looked_at_at_once_are_all_seen_to(make_world, monkeypatch):
    monkeypatch.setattr(planner, "GLANCES", 3)
    monkeypatch.setattr(planner, "PAGE", 2)
    world = make_world("scim")
    names = [f"p{number:02}@x" for number in range(20)]
    for number, name in enumerate(names):
        world.organisation.user(
            name, **({"city": "Perth"} if number in (1, 2, 4, 11, 12, 13, 14, 19) else {"mail": name})
        )
    world.organisation.assign(*names)
    world.run()
    save(world, map_also(world, "nickName", 'Switch([city], [mail], "Perth", "P")'))

    ran = world.run()

    assert evaluated(ran) == 20
    assert sum(one.get("nickName") == "P" for one in world.target.resources("user").values()) == 8


def test_as_entra_a_saved_rule_set_is_a_full_initial_cycle(make_world):
    world = make_world("scim", behaviour="entra")
    world.organisation.users(["anna@x", "bo@x"])
    world.organisation.assign("anna@x", "bo@x")
    world.run()
    save(world, map_also(world, "nickName", "[city]"))

    ran = world.run()

    assert ran.kind == "initial"
    assert ran.counts["user.skip"] == 2


def test_who_changed_meanwhile_is_evaluated_too(people):
    save(people, map_also(people, "nickName", "[city]"))
    people.organisation.change("p0@x", displayName="New")
    people.organisation.unassign("p1@x")

    ran = people.run()

    assert evaluated(ran) == 4
    assert people.account("p0@x")["displayName"] == "New"
    assert people.account("p1@x")["active"] is False


def test_who_failed_by_the_old_rules_is_tried_by_the_new_ones(people):
    rules = map_also(people, "nickName", 'Switch([employeeId], [employeeId], "x", "y")')
    rules["directories"][1]["objects"][0]["attributes"].append({"name": BADGE, "type": "Integer"})
    save(people, rules)
    people.run()
    people.organisation.user("new@x", city="not a number")
    people.organisation.assign("new@x")
    save(people, map_also(people, BADGE, "[city]"))
    assert people.run().failed == 3

    rules = people.rules()
    people.mapping_of(rules)["attributeMappings"].pop()
    save(people, rules)
    people.run()

    assert people.account("new@x")["active"] is True
    assert not people.escrow()


def test_two_saves_in_a_row_are_both_heeded(people):
    people.organisation.change("p0@x", department="Sales")
    people.run()
    save(people, map_also(people, "nickName", "[city]"))
    save(people, map_also(people, "timezone", "[department]"))

    ran = people.run()

    assert evaluated(ran) == 3
    assert (people.account("p8@x")["nickName"], people.account("p0@x")["timezone"]) == ("Perth", "Sales")


def test_rules_that_some_were_sent_by_and_that_were_taken_back_are_undone(people):
    before = people.rules()
    rules = people.rules()
    rows = people.mapping_of(rules)["attributeMappings"]
    (row,) = [row for row in rows if row["targetAttributeName"] == "name.formatted"]
    row["source"] = {"type": "Function", "expression": 'IIF(IsPresent([city]), "by new rules", "by new rules")'}
    save(people, rules)
    cut_short(people, 2)
    half = [one["name"]["formatted"] for one in people.target.resources("user").values()]
    assert "by new rules" in half

    save(people, before)
    people.run()

    assert all(one["name"]["formatted"] == "Given Family" for one in people.target.resources("user").values())


@pytest.mark.parametrize("moment", ["before the users", "in the middle", "at the end"])
def test_rules_saved_while_a_cycle_runs_are_heeded_by_the_next(people, moment):
    save(people, map_also(people, "nickName", "[city]"))
    later = map_also(people, "timezone", "[city]")
    where = {
        "before the users": ("GET", None, 1),
        "in the middle": ("PATCH", "user", 1),
        "at the end": ("PATCH", "user", 2),
    }
    people.at(*where[moment], lambda: save(people, later))

    people.run()
    people.target.hearing = lambda request: None
    ran = people.run()

    assert people.account("p9@x")["timezone"] == "Perth"
    assert moment == "before the users" or evaluated(ran) == 2


def test_a_save_while_an_initial_cycle_is_cut_short_loses_nobody(make_world):
    world = make_world("scim")
    names = [f"p{number}@x" for number in range(6)]
    world.organisation.users(names)
    world.organisation.assign(*names)
    world.stopped_at("GET", "user", 2)
    assert world.cycles()[0].state == "stopped"

    save(world, map_also(world, "nickName", "[city]"))
    ran = world.run()

    assert ran.kind == "initial"
    assert world.held().keys() == set(names)


def test_a_full_evaluation_that_was_cut_short_is_not_narrowed(people):
    rules = people.rules()
    people.mapping_of(rules)["attributeMappings"].append(
        {"targetAttributeName": "locale", "source": {"type": "Constant", "name": "en"}}
    )
    save(people, rules)
    cut_short(people, 2)

    save(people, map_also(people, "nickName", "[city]"))
    people.run()

    assert all(one["locale"] == "en" for one in people.target.resources("user").values())


def test_a_narrowed_cycle_that_was_cut_short_goes_on_with_the_rest(people):
    save(people, map_also(people, "nickName", "[city]"))
    people.target.fail(1, Unreachable("gone", sent=False))
    assert people.run().state == "failed"
    cut_short(people, 1)

    people.run()

    assert {people.account(name)["nickName"] for name in ("p8@x", "p9@x")} == {"Perth"}


def test_rules_whose_versions_are_no_longer_kept_concern_everybody(people):
    save(people, map_also(people, "nickName", "[city]"))
    save(people, map_also(people, "timezone", "[city]"))
    with people.database.transaction() as connection:
        connection.execute("DELETE FROM ruleset WHERE version = 2")

    assert people.run().kind == "initial"


def test_a_plan_of_unsaved_rules_looks_at_those_alone_and_at_the_application_as_they_list_it(people):
    rules = people.rules()
    rules["directories"][1]["objects"][0]["attributes"].append({"name": BADGE, "type": "String"})
    row = {"targetAttributeName": BADGE, "source": {"type": "Attribute", "name": "city"}}
    people.mapping_of(rules)["attributeMappings"].append(row)

    plan = people.plan(rules=rules)

    assert plan.cycle == "incremental"
    assert plan.counts == {("user", "update"): 2}
    assert {one.name for one in people.planned() if one.status == "planned"} == {"p8@x", "p9@x"}


def target_with_badge(world):
    badge = (AttributeDefinition(name=BADGE),)
    return MemoryTarget(with_attributes(world.template.user_type, badge), GROUP_TYPE)


def end_of(make_world, seed, *, everybody):
    """What the target holds, and who fails why, after some random changes of the rules and of people."""
    random = Random(seed)
    world = make_world("scim")
    world.target = target_with_badge(world)
    rules = random_rules(random)
    for name, attributes in random_people(random, NAMES).items():
        world.organisation.user(name, **attributes)
    world.organisation.assign(*NAMES[:-2])
    world.save_rules(rules)
    world.run()
    for _ in range(3):
        rules = random_rules(random, rules)
        save(world, rules, everybody=everybody)
        if random.random() < 0.3:
            cut_short(world, 2)
        if random.random() < 0.3:
            rules = random_rules(random, rules)
            save(world, rules, everybody=everybody)
        for name in random.sample(NAMES, 2):
            world.organisation.change(name, city=random.choice(("Bern", "Rome")))
        world.run()
    held = sorted(
        (
            {key: value for key, value in one.items() if key not in ("id", "meta")}
            for one in world.target.resources("user").values()
        ),
        key=lambda one: one["userName"],
    )
    for one in held:
        one.pop("externalId", None)
    return held, sorted((entry.name, entry.code) for entry in world.escrow())


@pytest.mark.parametrize("seed", range(12))
def test_the_narrowed_evaluation_comes_to_the_same_as_the_full_one(make_world, seed):
    assert end_of(make_world, seed, everybody=False) == end_of(make_world, seed, everybody=True)
