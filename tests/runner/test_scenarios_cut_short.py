"""Cycles cut short while everything happens at once, plans in between, and restarts."""

from datetime import UTC, datetime

import pytest

from provisor.engine.ports import Unreachable
from provisor.storage import resets
from provisor.testing.faults import Killed

EXTENSION = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


@pytest.mark.parametrize("nth", (3, 5, 8))
def test_a_plan_after_a_killed_cycle_loses_neither_managers_nor_members(make_world, nth):
    world = make_world("scim", scope="all")
    org = world.organisation
    org.users(["anna@x", "bo@x", "cleo@x"])
    org.change("anna@x", manager="bo@x")
    org.change("bo@x", manager="anna@x")
    org.group("Staff", ["anna@x", "bo@x"])
    world.run()
    org.user("boss@x")
    org.change("anna@x", manager="boss@x")
    org.change("cleo@x", manager="boss@x")
    org.join("Staff", "boss@x")
    org.change("bo@x", displayName="B")
    world.target.fail(nth, Killed())
    try:
        world.run()
    except Killed:
        pass
    world.heal()
    world.plan()
    world.run()
    boss = world.account("boss@x")["id"]
    assert world.account("anna@x")[EXTENSION]["manager"]["value"] == boss
    assert world.account("cleo@x")[EXTENSION]["manager"]["value"] == boss
    assert ("Staff", "boss@x") in world.target.memberships()
    assert dict(world.run().requests) == {"GET": 1}
    assert world.escrow() == []


@pytest.mark.fast_rows(4)
@pytest.mark.parametrize("nth", range(8, 16))
@pytest.mark.parametrize(
    ("how", "after_effect"),
    [("unreachable", True), ("killed", False)],
    ids=["lost-after-the-target-committed", "killed-before"],
)
def test_cut_short_anywhere_and_run_again_nothing_is_missing_or_double(make_world, nth, after_effect, how):
    world = make_world("scim", scope="all")
    org = world.organisation
    org.users(["anna@x", "bo@x", "cleo@x"])
    org.change("anna@x", manager="bo@x")
    org.group("Staff", ["anna@x", "bo@x"])
    org.group("Crew", ["anna@x", "cleo@x"])
    world.run()
    world.purge("bo@x")
    org.user("bo@x", manager="cleo@x")
    org.join("Staff", "bo@x")
    world.purge("Crew", "group")
    org.group("Crew", ["anna@x", "bo@x"])
    org.change("cleo@x", userPrincipalName="cleo.new@x")
    org.user("cleo@x", manager="bo@x")
    error = Unreachable("reset", sent=True) if how == "unreachable" else Killed()
    world.target.fail(nth, error, after_effect=after_effect)
    try:
        world.run()
    except Killed:
        pass
    world.heal()
    if nth % 2 and after_effect:
        world.plan()
    assert world.run().state in ("succeeded", "entry-level-errors")
    world.run()
    names = sorted(str(one["userName"]) for one in world.target.resources("user").values())
    assert names == ["anna@x", "bo@x", "cleo.new@x", "cleo@x"]
    assert world.account("bo@x")[EXTENSION]["manager"]["value"] == world.account("cleo.new@x")["id"]
    assert world.account("cleo@x")[EXTENSION]["manager"]["value"] == world.account("bo@x")["id"]
    assert not (world.account("anna@x").get(EXTENSION) or {}).get("manager")
    assert world.target.memberships() == {("Staff", "anna@x"), ("Staff", "bo@x"), ("Crew", "anna@x"), ("Crew", "bo@x")}
    assert dict(world.run().requests) == {"GET": 1}


def test_a_restart_that_forgets_the_links_matches_everybody_again(world):
    org = world.organisation
    org.users(["anna@x", "bo@x"])
    org.group("Staff", ["anna@x", "bo@x"])
    org.assign("Staff", kind="group")
    world.run()
    with world.database.transaction() as connection:
        resets.forget_links(connection, world.job.number)
        resets.forget_position(connection, world.job.number, now=datetime.now(UTC))
    summary = world.run()
    assert summary.state == "succeeded"
    assert (summary.counts["user.link"], summary.counts["group.link"]) == (2, 1)
    assert world.methods().keys() == {"GET", "PATCH"}


def test_a_restart_that_keeps_the_links_sends_nothing(world):
    org = world.organisation
    org.users(["anna@x", "bo@x"])
    org.assign("anna@x", "bo@x")
    world.run()
    with world.database.transaction() as connection:
        resets.forget_position(connection, world.job.number, now=datetime.now(UTC))
    summary = world.run()
    assert (summary.kind, world.writes()) == ("initial", [])
    with world.database.transaction() as connection:
        resets.forget_links(connection, world.job.number)
        resets.forget_position(connection, world.job.number, now=datetime.now(UTC))
    summary = world.run()
    assert (summary.counts.get("user.link"), world.writes()) == (2, [])
    assert dict(world.run().requests) == {"GET": 1}


def test_a_behaviour_like_entras_writes_managers_and_takes_memberships_away(make_world):
    world = make_world("scim", scope="all", behaviour="entra")
    org = world.organisation
    org.users(["anna@x", "bo@x", "cleo@x"])
    org.change("anna@x", manager="bo@x")
    org.group("Staff", ["anna@x", "bo@x"])
    assert world.run().state == "succeeded"
    org.change("anna@x", displayName="A", manager="cleo@x")
    org.leave("Staff", "anna@x")
    world.purge("bo@x")
    assert world.run().state == "succeeded"
    assert world.account("anna@x")[EXTENSION]["manager"]["value"] == world.account("cleo@x")["id"]
    assert world.target.memberships() == set()
    assert dict(world.run().requests) == {"GET": 1}
