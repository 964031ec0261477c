"""Who is in which group, at the command line: people, and other groups."""

import json

import pytest


@pytest.fixture
def directory(provisor):
    for group in ("All staff", "Sales"):
        provisor("group", "create", f"displayName={group}")
    for name in ("anna@x.example", "Sales"):
        provisor("user", "create", f"userPrincipalName={name}", "displayName=Somebody")
    provisor("group", "create", "displayName=Field", "description=On the road")
    return provisor


def test_a_group_is_put_into_a_group_listed_and_taken_out(directory):
    added = directory("member", "add", "All staff", "Field")
    again = directory("member", "add", "All staff", "Field", "--json")
    directory("member", "add", "All staff", "anna@x.example")
    listed = json.loads(directory("member", "list", "All staff", "--json").out)
    table = directory("member", "list", "All staff").out
    shown = json.loads(directory("group", "show", "Field", "--json").out)
    removed = directory("member", "remove", "All staff", "field", "--json")

    assert added.out.strip() == "Added Field to All staff."
    assert json.loads(again.out) == {"added": False}
    assert {one["@odata.type"] for one in listed} == {"#microsoft.graph.group", "#microsoft.graph.user"}
    assert "On the road" in table
    assert shown["memberOf"] == ["All staff"]
    assert json.loads(removed.out) == {"removed": True}


@pytest.mark.parametrize(
    ("member", "said", "hint"),
    [
        ("Sales", "There is a user Sales and a group Sales.", "Name the one you mean by its id"),
        ("Feild", "There is no user and no group Feild.", "Did you mean Field?"),
        ("anna@x.exampel", "There is no user and no group anna@x.exampel.", "Did you mean anna@x.example?"),
        ("All staff", "The group All staff cannot be in itself.", "Name another group"),
    ],
)
@pytest.mark.parametrize("verb", ["add", "remove"])
def test_a_member_that_cannot_be_told_is_refused(directory, verb, member, said, hint):
    answered = directory("member", verb, "All staff", member)

    if verb == "remove" and member == "All staff":
        assert answered.code == 0
        return
    assert answered.code == 1
    assert said in answered.err
    assert hint in answered.err


def test_a_member_in_the_recycle_bin_is_said_to_be_there(directory):
    directory("group", "delete", "Field")

    answered = directory("member", "add", "All staff", "Field")

    assert answered.code == 1
    assert "`provisor group restore` brings it back" in answered.err


@pytest.mark.parametrize("attribute", ["membershipRule=user.department", "groupTypes=DynamicMembership"])
def test_section_5_3_a_dynamic_group_is_refused_by_name(directory, attribute):
    answered = directory("group", "create", "displayName=Everyone", attribute)

    assert answered.code == 1
    assert "The group Everyone is dynamic" in answered.err


def test_section_5_3_a_group_that_is_not_for_security_is_listed_so(directory):
    directory("group", "set", "Field", "securityEnabled=false")

    assert "not for security" in directory("group", "list").out
