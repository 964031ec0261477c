"""An application that takes 200 groups."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.errors import AdminError
from provisor.engine.plan import render
from provisor.engine.ports import Malformed, Rejected, Unreachable


@pytest.fixture
def crowded(make_world):
    """205 assigned groups for 200 places."""
    world = make_world(capacity=200)
    names = [f"Group {number:03}" for number in range(205)]
    world.organisation.groups(names)
    world.organisation.assign(*names, kind="group")
    return world


def waiting(world):
    return [operation.name for operation in world.operations("waiting")]


def test_200_groups_get_a_place_by_name_and_five_wait_without_a_request(crowded):
    summary = crowded.run()

    assert (summary.state, summary.counts) == ("succeeded", {"group.create": 200, "group.skip": 5})
    assert crowded.methods()["POST"] == 200
    assert waiting(crowded) == [f"Group {number}" for number in range(200, 205)]
    told = crowded.events(code="CapacityReached")
    assert [(event.name, event.status, event.target_id) for event in told] == [
        (f"Group {number}", "skipped", None) for number in range(200, 205)
    ]


def test_the_plan_names_them_before_any_request(crowded):
    plan = crowded.plan()

    assert plan.capacity is not None
    assert [one.name for one in plan.capacity.waiting] == [f"Group {number}" for number in range(200, 205)]
    assert plan.counts["group", "create"] == 200
    assert crowded.methods().keys() == {"GET"}


def test_a_plan_does_not_keep_the_run_from_telling_them(crowded):
    crowded.plan()

    crowded.run()

    assert len(crowded.events(code="CapacityReached")) == 5


def test_a_later_group_displaces_nobody_whatever_its_name(crowded):
    crowded.run()
    crowded.organisation.group("AAA")
    crowded.organisation.assign("AAA", kind="group")

    summary = crowded.run()

    assert summary.state == "succeeded"
    assert crowded.target.sent("POST", "DELETE", "PATCH") == []
    assert waiting(crowded) == [f"Group {number}" for number in range(200, 205)] + ["AAA"]
    assert [event.name for event in crowded.events(code="CapacityReached")][-1] == "AAA"


def test_who_waits_is_told_once(crowded):
    crowded.run()

    crowded.run()

    assert len(crowded.events(code="CapacityReached")) == 5
    assert crowded.methods() == {"GET": 2}  # the probe, and whether a place has become free


def test_a_waiting_group_joins_in_the_cycle_in_which_a_place_becomes_free(crowded):
    crowded.run()
    crowded.organisation.unassign("Group 007", kind="group")

    crowded.run()

    assert [one.subject for one in crowded.target.sent("POST")] == ["Group 200"]
    assert len(crowded.target.sent("DELETE")) == 1
    assert "Group 200" not in waiting(crowded)


def test_strangers_at_the_target_count(make_world):
    world = make_world(capacity=200)
    for number in range(198):
        world.target.put("group", {"displayName": f"Stranger {number}"})
    world.organisation.groups(["A", "B", "C"])
    world.organisation.assign("A", "B", "C", kind="group")

    world.run()

    assert [one.subject for one in world.target.sent("POST")] == ["A", "B"]
    assert waiting(world) == ["C"]


def test_a_waiting_group_that_is_unassigned_waits_no_more(crowded):
    crowded.run()
    crowded.organisation.unassign("Group 204", kind="group")

    crowded.run()

    assert waiting(crowded) == [f"Group {number}" for number in range(200, 204)]
    assert not crowded.escrow()


@pytest.mark.parametrize(
    "error",
    [Rejected("a filter is required", status=400), Malformed("a web page"), Unreachable("60 s", timed_out=True)],
    ids=["refused", "not-scim", "too-slow"],
)
def test_groups_that_cannot_be_counted_stop_nobody_and_ours_are_counted(crowded, error):
    crowded.organisation.user("anna@x")
    crowded.organisation.assign("anna@x")

    async def page(original, kind, start, count):
        if kind == "group":
            raise error
        return await original(kind, start, count)

    crowded.failing(page=page)

    summary = crowded.run()

    assert (summary.state, summary.counts["user.create"], summary.counts["group.create"]) == ("succeeded", 1, 200)
    assert len(waiting(crowded)) == 5


def test_who_goes_first_is_set_by_an_administrator_and_told_by_the_plan(crowded, admin_of):
    admin = admin_of(crowded)
    admin.jobs.settings(ME, crowded.job.id, capacity_first=["Group 204", "Group 203"])

    plan = crowded.plan()
    crowded.run()

    assert "places are given 2 named by the administrator first, then by name" in " ".join(render(plan))
    assert waiting(crowded) == ["Group 198", "Group 199", "Group 200", "Group 201", "Group 202"]


def test_those_assigned_earlier_go_first(make_world, admin_of):
    world = make_world(capacity=200)
    admin = admin_of(world)
    admin.jobs.settings(ME, world.job.id, capacity_order="assigned")
    names = [f"Group {number:03}" for number in range(201)]
    world.organisation.groups(names)
    for some in (names[1:], names[:1]):
        admin.applications.assign(ME, world.organisation.application, groups=some)

    world.run()

    assert waiting(world) == ["Group 000"]


def test_a_group_that_nobody_has_cannot_go_first(crowded, admin_of):
    with pytest.raises(AdminError, match="There is no group"):
        admin_of(crowded).jobs.settings(ME, crowded.job.id, capacity_first=["Nobody"])
