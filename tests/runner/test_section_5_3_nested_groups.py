"""Groups within groups (spec/provisioning-service.md section 5.3): kinds of chain × what changes × when × both policies.

What is right is told naively from the directory (support.nested_groups). Order: the table, changes on the way, switching, on
demand. What it costs is in test_cost_follows_change.py.
"""

import asyncio

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.errors import AdminError
from provisor.runner.cycle import run_cycle
from provisor.storage import jobs, plans
from support.nested_groups import differences, set_policy

# (group, member) with a group's name in capitals; the first group is assigned, the last membership is Anna's.
CHAINS = {
    "direct": [("TOP", "anna@x")],
    "depth 2": [("TOP", "A"), ("A", "anna@x")],
    "depth 5": [("TOP", "A"), ("A", "B"), ("B", "C"), ("C", "D"), ("D", "anna@x")],
    "diamond": [("TOP", "A"), ("TOP", "B"), ("A", "C"), ("B", "C"), ("C", "anna@x")],
    "circle": [("TOP", "A"), ("A", "B"), ("B", "TOP"), ("B", "anna@x")],
    "in itself": [("TOP", "TOP"), ("TOP", "A"), ("A", "A"), ("A", "anna@x")],
}
WHEN = ("before the first cycle", "between cycles", "sent when it comes")


class Chain:
    """One chain in a world; Bo is in the last group's place to come and go, Cia directly in the first."""

    def __init__(self, world, edges):
        self.world, self.org, self.edges = world, world.organisation, edges
        self.last = edges[-1][0]
        self.middle = edges[-2][1] if len(edges) > 1 else "TOP"
        self.org.users(["anna@x", "bo@x", "cia@x"])
        self.org.groups(sorted({group for group, _ in edges}))
        for group, member in edges:
            self.join(group, member)
        self.join("TOP", "cia@x")
        self.org.assign("TOP", kind="group")

    def join(self, group, member):
        self.org.join(group, member, "group" if member.isupper() else "user")

    def leave(self, group, member):
        self.org.leave(group, member, "group" if member.isupper() else "user")

    def into_the_last(self):
        """The memberships by which the last group is in others; Anna's own where there is one group."""
        return [edge for edge in self.edges if edge[1] == self.last and edge[0] != self.last] or [self.edges[-1]]


def somebody_joins(chain):
    chain.join(chain.last, "bo@x")


def somebody_leaves(chain):
    chain.leave(*chain.edges[-1])


def a_group_leaves(chain):
    for edge in chain.into_the_last():
        chain.leave(*edge)


def a_group_leaves_by_one_way(chain):
    chain.leave(*chain.into_the_last()[0])


def a_group_comes_back(chain):
    a_group_leaves(chain)
    chain.world.run()
    for edge in chain.into_the_last():
        chain.join(*edge)


def a_group_in_between_is_deleted(chain):
    chain.org.delete(chain.middle, "group")


def a_group_in_between_is_restored(chain):
    chain.org.delete(chain.middle, "group")
    chain.world.run()
    chain.org.restore(chain.middle, "group")


def a_group_in_between_is_purged(chain):
    chain.world.purge(chain.middle, "group")


def a_group_in_between_is_deleted_and_left(chain):
    a_group_in_between_is_deleted(chain)
    somebody_leaves(chain)


def a_group_in_between_is_assigned(chain):
    chain.org.assign(chain.last, kind="group")


def the_first_is_unassigned(chain):
    chain.org.unassign("TOP", kind="group")


def the_first_is_assigned_again(chain):
    chain.org.unassign("TOP", kind="group")
    chain.world.run()
    chain.org.assign("TOP", kind="group")


def the_first_is_unassigned_and_left(chain):
    chain.org.unassign("TOP", kind="group")
    a_group_leaves(chain)


def the_first_is_deleted(chain):
    chain.org.delete("TOP", "group")


def everything_comes_apart(chain):
    for edge in chain.edges:
        chain.leave(*edge)


def every_group_is_deleted_and_left(chain):
    for group in {member for _, member in chain.edges if member.isupper() and member != "TOP"}:
        chain.org.delete(group, "group")
    everything_comes_apart(chain)


def she_is_disabled(chain):
    chain.org.change("anna@x", accountEnabled=False)


def she_is_deleted(chain):
    chain.org.delete("anna@x")


def she_is_purged(chain):
    chain.world.purge("anna@x")


def nobody_does_anything(chain):
    pass


CHANGES = [
    somebody_joins, somebody_leaves, a_group_leaves, a_group_leaves_by_one_way, a_group_comes_back,
    a_group_in_between_is_deleted, a_group_in_between_is_restored, a_group_in_between_is_purged,
    a_group_in_between_is_deleted_and_left, a_group_in_between_is_assigned, the_first_is_unassigned,
    the_first_is_assigned_again, the_first_is_unassigned_and_left, the_first_is_deleted, everything_comes_apart,
    every_group_is_deleted_and_left, she_is_disabled,
    she_is_deleted, she_is_purged, nobody_does_anything,
]  # fmt: skip


def sent(world, when):
    """The cycle in which a change is met."""
    if when == "sent when it comes":
        world.target.journal.clear()
        return asyncio.run(run_cycle(world.order(by_change=True), allow_deletes=1_000_000))
    return world.run()


@pytest.mark.test_rows(60)
@pytest.mark.slow
@pytest.mark.parametrize("nested", ["direct", "flatten"])
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("kind", CHAINS)
def test_section_5_3_the_target_is_right_after_any_change_of_any_chain(make_world, kind, change, nested):
    for when in WHEN if nested == "flatten" else ["between cycles"]:
        world = make_world()
        set_policy(world, nested)
        chain = Chain(world, CHAINS[kind])
        if when != "before the first cycle":
            assert world.run().state == "succeeded"

        change(chain)

        assert sent(world, when).state == "succeeded"
        assert differences(world, nested) == {}, when
        assert dict(world.run().requests) == {"GET": 1}, when


@pytest.mark.test_rows(24)
@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("kind", ["depth 5", "circle"])
@pytest.mark.parametrize("after", ["direct", "flatten"])
def test_section_5_3_another_policy_and_a_change_at_once_lead_to_what_is_right(make_world, kind, change, after):
    world = make_world()
    set_policy(world, "direct" if after == "flatten" else "flatten")
    chain = Chain(world, CHAINS[kind])
    world.run()

    set_policy(world, after)
    change(chain)

    world.run()
    assert differences(world, after) == {}
    assert dict(world.run().requests) == {"GET": 1}


# Changes on the way

MOMENTS = {
    "users are matched": ("GET", "user", 2),
    "a user is made": ("POST", "user", 1),
    "a change": ("PATCH", None, 1),
}
MEANWHILE = [
    somebody_joins, somebody_leaves, a_group_leaves, a_group_in_between_is_deleted, a_group_in_between_is_purged,
    the_first_is_unassigned, she_is_disabled, she_is_purged,
]  # fmt: skip


def to_direct(chain):
    set_policy(chain.world, "direct")


@pytest.mark.test_rows(27)
@pytest.mark.slow
@pytest.mark.parametrize("change", [*MEANWHILE, to_direct], ids=lambda change: change.__name__)
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("begun", ["initial", "incremental", "cut short"])
def test_what_changes_while_a_cycle_runs_is_right_a_cycle_later(make_world, begun, moment, change):
    world = make_world()
    set_policy(world, "flatten")
    chain = Chain(world, CHAINS["depth 5"])
    if begun != "initial":
        world.run()
        world.organisation.users(["dan@x", "eve@x"])
        for name in ("dan@x", "eve@x"):
            chain.join("B", name)
        world.organisation.change("cia@x", displayName="Other")
    if begun == "cut short":
        world.stopped_at("POST", "user", 1)

    struck = []
    world.at(*MOMENTS[moment], do=lambda: struck.append(change(chain)))
    world.run()
    if not struck:  # the moment was before the cycle was cut short
        change(chain)
    world.run()

    assert differences(world, "direct" if change is to_direct else "flatten") == {}
    assert dict(world.run().requests) == {"GET": 1}


def test_who_left_while_waiting_for_an_account_is_not_put_in_with_it(make_world):
    world = make_world()
    set_policy(world, "flatten")
    chain = Chain(world, CHAINS["depth 5"])
    chain.org.change("bo@x", accountEnabled=False)
    chain.join("D", "bo@x")
    world.run()
    chain.leave("C", "D")
    world.run()

    chain.org.change("bo@x", accountEnabled=True)
    chain.org.assign("bo@x")
    world.run()

    assert differences(world, "flatten") == {}


def test_who_waits_for_an_account_is_put_in_with_it(make_world):
    world = make_world()
    set_policy(world, "flatten")
    chain = Chain(world, CHAINS["depth 5"])
    chain.org.change("bo@x", accountEnabled=False)
    chain.join("D", "bo@x")
    world.run()

    chain.org.change("bo@x", accountEnabled=True)
    world.run()

    assert differences(world, "flatten") == {}


# Switching the policy


def crowded(world, number=30):
    """As many people in a group that is in the assigned one, beside five directly in it."""
    names = [f"p{one}@x" for one in range(number)]
    world.organisation.users([*names, *(f"d{one}@x" for one in range(5))])
    world.crowd("Crowd", names)
    world.crowd("TOP", [f"d{one}@x" for one in range(5)])
    world.organisation.join("TOP", "Crowd", "group")
    world.organisation.assign("TOP", kind="group")


def test_switching_off_is_judged_by_the_brake_and_goes_on_once_allowed(make_world):
    world = make_world()
    set_policy(world, "flatten")
    crowded(world)
    world.run()
    assert len(world.held()) == 35

    set_policy(world, "direct")
    assert world.run(allow_deletes=0).state == "failed"
    assert world.writes() == []
    assert len(world.held()) == 35

    assert world.run(allow_deletes=100).state == "succeeded"
    assert differences(world, "direct") == {}
    assert len(world.held()) == 5
    assert jobs.read(world.database.reader(), world.job.number).regroupings == 0


def test_a_switch_and_new_rules_of_users_at_once_still_compare_all_memberships(make_world):
    world = make_world(scope="all")
    crowded(world)
    world.run()

    set_policy(world, "flatten")
    rules = world.rules()
    world.mapping_of(rules)["name"] = "another name"
    world.save_rules(rules)
    world.run()

    assert differences(world, "flatten") == {}
    assert dict(world.run().requests) == {"GET": 1}


def test_a_switch_there_and_back_around_a_cycle_that_was_cut_short_leaves_nothing(make_world):
    world = make_world(scope="all")
    crowded(world)
    world.run()
    set_policy(world, "flatten")
    world.stopped_at("PATCH", "group", 1)
    assert len(world.target.memberships()) > 35  # some of it was sent

    set_policy(world, "direct")
    rules = world.rules()
    world.mapping_of(rules)["name"] = "another name"
    world.save_rules(rules)
    world.run()

    assert differences(world, "direct") == {}


SETTINGS = {
    "flatten under entra": ("entra", {}, {"nested_groups": "flatten"}, "reads direct members only"),
    "to entra while flattened": ("provisor", {"nested_groups": "flatten"}, {"behaviour": "entra"}, "cannot flatten"),
    "no policy": ("provisor", {}, {"nested_groups": "deep"}, "cannot be read as 'deep'"),
}


@pytest.mark.parametrize("case", SETTINGS)
def test_a_policy_that_cannot_be_is_refused_when_saved(make_world, admin_of, case):
    behaviour, before, given, said = SETTINGS[case]
    world = make_world(behaviour=behaviour)
    admin = admin_of(world)
    admin.jobs.settings(ME, world.job.id, interval_seconds=60, **before)

    with pytest.raises(AdminError, match=said):
        admin.jobs.settings(ME, world.job.id, **given)

    assert admin.jobs.show(ME, world.job.id).job.behaviour == behaviour


def test_to_entra_and_to_direct_members_in_one_step_is_accepted(make_world, admin_of):
    world = make_world()
    admin = admin_of(world)
    admin.jobs.settings(ME, world.job.id, nested_groups="flatten")

    job = admin.jobs.settings(ME, world.job.id, nested_groups="direct", behaviour="entra").job

    assert (job.behaviour, "nestedGroups" in job.settings, job.full_evaluation) == ("entra", False, True)


def test_the_policy_that_is_set_already_changes_nothing(make_world, admin_of):
    world = make_world()
    world.run()

    job = admin_of(world).jobs.settings(ME, world.job.id, nested_groups="direct").job

    assert not job.full_evaluation


def test_another_reading_is_planned_before_it_is_saved_and_applied_once_it_is(make_world, admin_of):
    world = make_world()
    admin = admin_of(world)
    Chain(world, CHAINS["depth 5"])
    world.run()

    made = admin.plans.make(ME, world.job.id, nested_groups="flatten").stored
    rows = plans.rows(world.database.reader(), made.number)
    assert {row.detail.name for row in rows if row.digest is not None} == {"anna@x", "TOP"}
    assert set(world.held()) == {"cia@x"}
    with pytest.raises(AdminError, match="made with nested groups read as flatten, which is not saved"):
        admin.plans.approve(ME, made.number)

    admin.jobs.settings(ME, world.job.id, nested_groups="flatten")
    assert world.apply(made.number).state == "succeeded"
    assert differences(world, "flatten") == {}


# One at once, and links that are forgotten


def test_somebody_in_a_group_in_a_group_is_provisioned_on_demand_with_the_membership(make_world, admin_of):
    world = make_world()
    set_policy(world, "flatten")
    chain = Chain(world, CHAINS["depth 2"])
    world.run()
    chain.join("A", "bo@x")

    admin_of(world).on_demand.group(ME, world.job.id, "TOP", ["bo@x"])

    assert ("TOP", "bo@x") in world.target.memberships()
    assert differences(world, "flatten") == {}


def test_a_direct_job_knows_nobody_in_a_group_in_a_group_on_demand(make_world, admin_of):
    world = make_world()
    Chain(world, CHAINS["depth 2"])
    world.run()

    with pytest.raises(AdminError, match="anna@x is no member of TOP"):
        admin_of(world).on_demand.group(ME, world.job.id, "TOP", ["anna@x"])


def test_an_account_that_vanished_is_made_anew_and_comes_into_its_groups_again(make_world):
    world = make_world()
    set_policy(world, "flatten")
    Chain(world, CHAINS["depth 5"])
    world.run()
    world.target.lose("user", world.account("anna@x")["id"])
    world.organisation.change("anna@x", givenName="Other")

    world.run()
    world.run()

    assert differences(world, "flatten") == {}
    assert "anna@x" in world.held()
