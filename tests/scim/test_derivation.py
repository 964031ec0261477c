"""What is sent so that one document becomes another: operation by operation (spec/scim-wire.md section 3)."""

import pytest

from provisor.scim.patch.derivation import derive
from provisor.scim.patch.operations import Operation
from provisor.scim.schemas.resource_types import ENTERPRISE_URN, GROUP_TYPE, GROUP_URN, USER_TYPE
from provisor.scim.validate import accept

A, B = {"type": "work", "value": "a"}, {"type": "home", "value": "b"}


def user(**attributes):
    return accept({"userName": "ana", **attributes}, USER_TYPE)


@pytest.mark.parametrize(
    ("before", "after", "operations"),
    [
        ({}, {"title": "T"}, [("add", "title", "T")]),
        ({"title": "T"}, {"title": "U"}, [("replace", "title", "U")]),
        ({"title": "T"}, {}, [("remove", "title", None)]),
        ({"active": True}, {"active": False}, [("replace", "active", False)]),
        ({"name": {"givenName": "A"}}, {"name": {"givenName": "A", "familyName": "R"}}, [("add", "name.familyName", "R")]),
        ({"name": {"givenName": "A"}}, {}, [("remove", "name", None)]),
        ({}, {"emails": [A]}, [("add", 'emails[type eq "work"].value', "a")]),
        ({"emails": [A]}, {"emails": [{**A, "value": "x"}]}, [("replace", 'emails[type eq "work"].value', "x")]),
        ({"emails": [A, B]}, {"emails": [B]}, [("remove", 'emails[type eq "work"]', None)]),
        ({"emails": [A, B]}, {"emails": [B, A]}, []),
        ({"emails": [A]}, {}, [("remove", "emails", None)]),
        ({"roles": [{"value": "r"}]}, {"roles": [{"value": "r"}, {"value": "s"}]}, [("add", "roles", [{"value": "s"}])]),
        ({"emails": [A, A]}, {"emails": [B]}, [("replace", "emails", [B])]),
        ({}, {ENTERPRISE_URN: {"manager": {"value": "m"}}}, [("add", f"{ENTERPRISE_URN}:manager", {"value": "m"})]),
        (
            {ENTERPRISE_URN: {"manager": {"value": "m"}, "department": "D"}},
            {ENTERPRISE_URN: {"manager": {"value": "n"}}},
            [("remove", f"{ENTERPRISE_URN}:department", None), ("replace", f"{ENTERPRISE_URN}:manager", {"value": "n"})],
        ),
        (
            {"emails": [{**A, "primary": True}, B]},
            {"emails": [A, {**B, "primary": True}]},
            [("remove", 'emails[type eq "work"].primary', None), ("add", 'emails[type eq "home"].primary', True)],
        ),
    ],
    ids=str,
)  # fmt: skip
def test_derived_operation(before, after, operations):
    derived = derive(user(**before), user(**after), USER_TYPE)

    assert [(item.op, item.path, item.value) for item in derived] == operations


def test_members_are_derived_one_by_one():
    before = {"schemas": [GROUP_URN], "displayName": "G", "members": [{"value": "1"}, {"value": "2"}]}
    after = {"schemas": [GROUP_URN], "displayName": "G", "members": [{"value": "2"}, {"value": "3"}, {"value": "4"}]}

    assert derive(before, after, GROUP_TYPE) == (
        Operation(op="remove", path='members[value eq "1"]'),
        Operation(op="add", path="members", value=[{"value": "3"}, {"value": "4"}]),
    )


def test_null_and_empty_values_count_as_absent_when_deriving():
    assert derive(user(), {**user(), "title": None, "roles": [], "name": {}}, USER_TYPE) == ()


def test_empty_text_is_a_value_and_is_sent():
    assert derive(user(title="T"), user(title=""), USER_TYPE) == (Operation(op="replace", path="title", value=""),)
