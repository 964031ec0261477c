"""Who is in scope through an assignment: the rows of spec/provisioning-service.md section 5.3, in both behaviours.

Groups in groups have pages of their own: test_section_5_3_nested_groups.py and test_nested_groups_at_random.py.
"""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.applications import DEFAULT_ACCESS
from provisor.admin.errors import AdminError

APP = "Umbrella"


@pytest.fixture(params=["provisor", "entra"])
def world(make_world, request):
    """Anna in Staff, Bo in Crew, and Crew in Staff; nobody is assigned."""
    made = make_world(behaviour=request.param)
    org = made.organisation
    org.users(["anna@x", "bo@x"])
    org.group("Staff", ["anna@x"])
    org.group("Crew", ["bo@x"])
    org.join("Staff", "Crew", "group")
    return made


@pytest.fixture
def admin(world, admin_of):
    """The verbs of an administrator."""
    return admin_of(world)


def test_section_5_3_an_assigned_group_brings_its_immediate_members(world):
    world.organisation.assign("Staff", kind="group")

    world.run()

    assert world.held() == {"anna@x": {"Staff"}}


def test_section_5_3_a_nested_group_is_provisioned_only_when_assigned_itself(world):
    world.organisation.assign("Staff", kind="group")
    world.run()
    assert set(named(world, "group")) == {"Staff"}

    world.organisation.assign("Crew", kind="group")
    world.run()

    assert set(named(world, "group")) == {"Staff", "Crew"}
    assert world.held() == {"anna@x": {"Staff"}, "bo@x": {"Crew"}}


def test_section_5_3_no_group_is_sent_as_a_member_though_both_are_at_the_target(world):
    world.organisation.assign("Staff", "Crew", kind="group")

    world.run()

    sent = [one for one in world.target.journal if one.kind == "group" and one.method == "PATCH"]
    members = {member for group in world.target.resources("group").values() for member in group.get("members", [])}
    assert len(sent) == 2
    assert world.target.memberships() == {("Staff", "anna@x"), ("Crew", "bo@x")}
    assert len(members) <= 2


def test_section_5_3_a_group_without_a_mapping_is_only_a_carrier(world):
    rules = world.rules()
    world.mapping_of(rules, "Group")["enabled"] = False
    world.save_rules(rules)
    world.organisation.assign("Staff", kind="group")

    world.run()

    assert named(world, "user") == ["anna@x"]
    assert named(world, "group") == []


@pytest.mark.parametrize("named_one", [True, False], ids=["by name", "with all groups"])
def test_section_5_3_a_group_that_is_not_for_security_cannot_be_assigned(world, admin, named_one):
    admin.groups.set(ME, "Staff", {"securityEnabled": "false"})

    if named_one:
        with pytest.raises(AdminError, match="Staff cannot be assigned: its securityEnabled is false"):
            admin.applications.assign(ME, APP, groups=["Staff"])
    else:
        assert admin.applications.assign(ME, APP, all_groups=True) == 1

    world.run()
    assert "Staff" not in named(world, "group")


def test_section_5_3_a_group_gives_access_only_while_it_is_for_security(world, admin):
    world.organisation.assign("Staff", kind="group")
    world.run()

    admin.groups.set(ME, "Staff", {"securityEnabled": "false"})
    world.run()
    assert world.held() == {}
    assert named(world, "group") == []

    admin.groups.set(ME, "Staff", {"securityEnabled": "true"})
    world.run()
    assert world.held() == {"anna@x": {"Staff"}}


def test_section_5_3_who_loses_access_so_is_judged_by_the_brake(world, admin):
    crowd = [f"p{number}@x" for number in range(20)]
    world.organisation.users(crowd)
    world.crowd("Crowd", crowd)
    world.organisation.assign("Crowd", kind="group")
    if world.job.behaviour == "entra":
        admin.jobs.settings(ME, APP, deletion_threshold=10)
    world.run()

    admin.groups.set(ME, "Crowd", {"securityEnabled": "false"})
    world.run(allow_deletes=0)

    assert len(world.held()) == 20


def test_section_5_3_a_dynamic_group_is_refused_by_name(admin):
    with pytest.raises(AdminError, match=r"The group Everyone is dynamic: it has a membershipRule") as refused:
        admin.groups.create(ME, {"displayName": "Everyone", "membershipRule": 'user.department -eq "Sales"'})

    assert refused.value.code == "dynamic-group"


def test_section_5_3_a_group_is_not_made_dynamic_later(admin):
    with pytest.raises(AdminError, match="The group Staff is dynamic: its groupTypes have DynamicMembership"):
        admin.groups.set(ME, "Staff", {"groupTypes": "DynamicMembership"})


def test_section_5_3_losing_a_membership_is_a_deprovisioning_event(world):
    world.organisation.assign("Staff", kind="group")
    world.run()

    world.organisation.leave("Staff", "anna@x")
    world.run()

    assert world.held() == {}
    assert world.account("anna@x")["active"] is False


def test_section_5_3_the_default_access_is_a_normal_assignment(world, admin):
    admin.applications.assign(ME, APP, groups=["Staff"], role=DEFAULT_ACCESS.id)

    world.run()

    assert world.held() == {"anna@x": {"Staff"}}


def test_section_5_3_with_several_roles_access_ends_with_the_last(world, admin):
    for role in ("Reader", "Writer"):
        admin.app_roles.add(ME, APP, role)
        admin.applications.assign(ME, APP, users=["anna@x"], role=role)
    world.run()

    admin.applications.unassign(ME, APP, users=["anna@x"], role="Reader")
    world.run()
    assert set(world.held()) == {"anna@x"}

    admin.applications.unassign(ME, APP, users=["anna@x"], role="Writer")
    world.run()
    assert world.held() == {}


def test_section_5_3_no_assignment_breaks_with_its_role(world, admin):
    """Entra's broken record, of a role that is gone, cannot come to be: a role that somebody has is not removed."""
    admin.app_roles.add(ME, APP, "Reader")
    admin.applications.assign(ME, APP, users=["anna@x"], role="Reader")
    admin.app_roles.set(ME, APP, "Reader", enabled=False)

    with pytest.raises(AdminError, match="1 assignment of Umbrella uses the role Reader"):
        admin.app_roles.remove(ME, APP, "Reader")

    world.run()
    assert set(world.held()) == {"anna@x"}


def test_section_5_3_unassigning_and_assigning_again_cures(world, admin):
    admin.applications.assign(ME, APP, users=["anna@x"])
    world.run()
    admin.applications.unassign(ME, APP, users=["anna@x"])
    world.run()
    target_id = world.account("anna@x")["id"]

    admin.applications.assign(ME, APP, users=["anna@x"])
    world.run()

    assert set(world.held()) == {"anna@x"}
    assert world.account("anna@x")["id"] == target_id


def test_section_5_3_an_assignment_counts_at_once_on_demand_too(world, admin):
    admin.applications.assign(ME, APP, groups=["Staff"])

    (result, *_) = admin.on_demand.user(ME, world.job.id, "anna@x")

    assert result.result == "Success"
    assert named(world, "user") == ["anna@x"]


def named(world, kind):
    """Who is at the target, by name."""
    key = "userName" if kind == "user" else "displayName"
    return sorted(str(one[key]) for one in world.target.resources(kind).values())
