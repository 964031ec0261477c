"""Provisioning on demand in the world of the runner's tests: the run, what happens before it, what must be so after.

Order: running, the organisation, what happens, what is right.
"""

import asyncio

from provisor.engine.ports import Rejected
from provisor.runner.on_demand import Wish, provision_on_demand, try_on_demand
from provisor.storage import jobs


def wish(world, name, kind="user", members=()):
    find = world.organisation.id
    return Wish(object=find(kind, name), members=[find("user", member) for member in members], by="anna")


def on_demand(world, name, kind="user", members=(), *, wait_seconds=0.0, **order):
    """Provision on demand; the journal then holds only its requests."""
    world.target.journal.clear()
    asked = wish(world, name, kind, members)
    return asyncio.run(provision_on_demand(world.order(**order), asked, wait_seconds=wait_seconds))


def tried(world, name, kind="user", members=()):
    """The same as a dry run."""
    world.target.journal.clear()
    return asyncio.run(try_on_demand(world.order(), wish(world, name, kind, members)))


def organisation_of(make_world):
    world = make_world("scim", scope="all")
    org = world.organisation
    org.user("boss@x", jobTitle="Boss")
    org.users([f"p{number}@x" for number in range(6)], jobTitle="Engineer")
    for number in range(6):
        org.change(f"p{number}@x", manager="boss@x")
    org.group("Staff", ["boss@x", "p0@x", "p1@x", "p2@x"])
    org.group("Crew", ["p3@x", "p0@x"])
    world.run()
    return world


def clause(attribute, operator, *values):
    return {
        "name": "Staff only",
        "clauses": [
            {"sourceOperandName": attribute, "operatorName": operator, "targetOperand": {"values": list(values)}}
        ],
    }


def switch(world, name, value):
    """Save rules of users with this instead."""
    rules = world.rules()
    world.mapping_of(rules)[name] = value
    world.save_rules(rules)


def new(world):
    world.organisation.user("new@x", jobTitle="Engineer")


def new_and_there(world):
    new(world)
    world.target.put("user", {"userName": "new@x", "title": "Other"})


def new_and_twice(world):
    world.target = world.new_target(unique=False)
    new(world)
    for _ in range(2):
        world.target.put("user", {"userName": "new@x"})


def new_and_off(world):
    new(world)
    world.organisation.change("new@x", accountEnabled=False)


def new_without_name(world):
    new(world)
    switch(world, "scope", {"groups": [clause("jobTitle", "EQUALS", "Boss")]})


def changed(world):
    world.organisation.change("p0@x", jobTitle="Lead")


def disabled(world):
    world.organisation.change("p0@x", accountEnabled=False)


def binned(world):
    world.organisation.delete("p0@x")


def purged(world):
    world.organisation.purge("p0@x")


def out_of_scope(world):
    world.organisation.change("p0@x", jobTitle="Guest")
    switch(world, "scope", {"groups": [clause("jobTitle", "NOT EQUALS", "Guest")]})


def back_again(world):
    disabled(world)
    world.run()
    world.organisation.change("p0@x", accountEnabled=True)


def vanished(world):
    world.target.lose("user", str(world.account("p0@x")["id"]))


def no_create(world):
    new(world)
    switch(world, "flowTypes", "Update, Delete")


def no_update(world):
    changed(world)
    switch(world, "flowTypes", "Add, Delete")


def refused(world):
    changed(world)
    world.target.fail(1, Rejected("broken", status=400, detail="bad title"), method="PATCH")


def cut_short_in(world, method, kind, nth):
    """A cycle that ended in the middle, with something left of it."""
    world.organisation.users([f"late{number}@x" for number in range(4)], jobTitle="Late")
    world.organisation.join("Crew", "late1@x")
    world.organisation.change("p5@x", accountEnabled=False)
    world.stopped_at(method, kind, nth)


def managers(world):
    """Who is whose manager at the target, by name."""
    people = world.target.resources("user")
    urn = next((key for one in people.values() for key in one if key.endswith("enterprise:2.0:User")), "")
    found = {}
    for one in people.values():
        manager = (one.get(urn) or {}).get("manager")
        value = manager.get("value") if isinstance(manager, dict) else manager
        found[one["userName"]] = people[value]["userName"] if value in people else value
    return found


def is_unnoticed(world, name, kind):
    """Whether the account of this name is gone, and nothing of the job knows of it."""
    reader = world.database.reader()
    object_id = world.organisation.id(kind, name)
    link = reader.one("SELECT target_id FROM link WHERE object = ? AND pushed_hash <> ''", (object_id,))
    owed = reader.one("SELECT 1 FROM operation WHERE object = ?", (object_id,))
    return link is not None and owed is None and link[0] not in world.target.resources(kind)


def is_right(world):
    """A look at everybody finds nothing to do, and the target holds whom it should, once."""
    with world.database.transaction() as connection:
        jobs.change(connection, world.job.number, full_evaluation=True)
    names = [one["userName"] for one in world.target.resources("user").values()]
    return world.plan().operations == 0 and len(names) == len(set(names))


def assert_right_after_cycles(world, *where):
    for _ in range(3):
        assert world.run().error is None, where
    people = [one["userName"] for one in world.target.resources("user").values()]
    groups = [one["displayName"] for one in world.target.resources("group").values()]
    edges = {
        (group, member)
        for group, member in world.database.reader().all(
            """SELECT g.name, u.name FROM member m JOIN object g ON g.id = m.group_id JOIN object u ON u.id = m.member_id
            WHERE m.removed_at IS NULL"""
        )
    }
    active = {one["userName"] for one in world.target.resources("user").values() if one["active"]}
    enabled = {row[0] for row in world.database.reader().all("SELECT name FROM object WHERE kind = 'user' AND enabled")}
    assert sorted(people) == sorted(set(people)), where
    assert sorted(groups) == sorted(set(groups)), where
    assert active == enabled, where
    assert world.target.memberships() == edges, where
    assert {managers(world)[f"p{number}@x"] for number in range(6)} == {"boss@x"}, where
    assert is_right(world), where
