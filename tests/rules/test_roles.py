"""Which roles an account lacks, and what is sent for it (spec/provisioning-service.md section 7)."""

import pytest

from provisor.rules.roles import role_operations
from provisor.scim.entra import ROLE_TYPE

ADMIN = {"value": "admin", "display": "Admin", "type": ROLE_TYPE, "primary": False}
USER = {"value": "User", "display": "User", "type": ROLE_TYPE, "primary": False}
AS_TEXT = {"value": '{"id":"06b0","value":"admin","displayName":"Admin"}'}
LOCAL = {"value": "local"}


@pytest.fixture
def sent(rules):
    """What is sent to an account with some roles so that it has others: (operation, path, values)."""

    def tell(function, target, held, wanted, **settings):
        row = rules.row(target, expression=f"{function}([appRoleAssignments])", **settings)
        mapper = rules.mapper(rules.user_name, row)
        operations = role_operations(mapper.roles, {"roles": held}, {"roles": wanted})
        return [(one.op, one.path, [item["value"] for item in one.value]) for one in operations]

    return tell


# (held, wanted, sent by AppRoleAssignmentsComplex, sent by AssertiveAppRoleAssignmentsComplex)
LISTS = {
    "none yet": ([], [ADMIN], [("add", "roles", ["admin"])], [("replace", "roles", ["admin"])]),
    "the same": ([ADMIN], [ADMIN], [], []),
    "in another order": ([USER, ADMIN], [ADMIN, USER], [], []),
    "one more": ([USER], [USER, ADMIN], [("add", "roles", ["admin"])], [("replace", "roles", ["User", "admin"])]),
    "one less": ([USER, ADMIN], [USER], [], [("replace", "roles", ["User"])]),
    "another": ([USER], [ADMIN], [("add", "roles", ["admin"])], [("replace", "roles", ["admin"])]),
    "a stranger's": ([LOCAL, ADMIN], [ADMIN], [], [("replace", "roles", ["admin"])]),
    "kept as JSON text": ([AS_TEXT], [ADMIN], [], []),
    "another kept as JSON text": ([AS_TEXT], [USER], [("add", "roles", ["User"])], [("replace", "roles", ["User"])]),
    "kept without its type": ([{"value": "admin"}], [ADMIN], [], []),
    "text that is no JSON": ([{"value": "{admin"}], [ADMIN], [("add", "roles", ["admin"])], None),
    "no role any more": ([ADMIN], [], [], []),
}


@pytest.mark.parametrize("case", LISTS)
def test_added_roles(sent, case):
    held, wanted, added, _ = LISTS[case]

    assert sent("AppRoleAssignmentsComplex", "roles", held, wanted) == added


@pytest.mark.parametrize("case", [name for name, row in LISTS.items() if row[3] is not None])
def test_replaced_roles(sent, case):
    held, wanted, _, replaced = LISTS[case]

    assert sent("AssertiveAppRoleAssignmentsComplex", "roles", held, wanted) == replaced


PRIMARY = {"value": "admin", "type": ROLE_TYPE, "primary": True}
SINGLES = {
    "none yet": ([], [PRIMARY], [("add", "roles", ["admin"])]),
    "the same": ([PRIMARY], [PRIMARY], []),
    "another": ([{**PRIMARY, "value": "User"}], [PRIMARY], [("add", "roles", ["admin"])]),
    "held, not as the primary one": ([{**PRIMARY, "primary": False}], [PRIMARY], [("add", "roles", ["admin"])]),
    "kept as JSON text": ([{**PRIMARY, "value": "User"}, AS_TEXT], [PRIMARY], []),
    "none any more": ([PRIMARY], [], []),
}


@pytest.mark.parametrize(("held", "wanted", "expected"), SINGLES.values(), ids=SINGLES)
def test_a_single_role(sent, held, wanted, expected):
    assert sent("SingleAppRoleAssignment", 'roles[primary eq "True"].value', held, wanted) == expected


@pytest.mark.parametrize("flow_type", ["MultiValueAddOnly", "ValueAddOnly"])
def test_roles_that_only_flow_in_are_added_even_when_assertive(sent, flow_type):
    found = sent("AssertiveAppRoleAssignmentsComplex", "roles", [USER], [ADMIN], flow_type=flow_type)

    assert found == [("add", "roles", ["admin"])]


def test_roles_that_fill_only_are_left_alone_where_there_are_some(sent):
    settings = {"flow_type": "AttributeAddOnly"}

    assert sent("AppRoleAssignmentsComplex", "roles", [USER], [ADMIN], **settings) == []
    assert sent("AppRoleAssignmentsComplex", "roles", [], [ADMIN], **settings) == [("add", "roles", ["admin"])]


def test_a_role_elsewhere_is_an_ordinary_value(rules):
    mapper = rules.mapper(rules.user_name, rules.row("userType", expression="SingleAppRoleAssignment([r])"))

    assert mapper.roles == ()


def test_value_and_name_of_a_single_role_are_one_element(rules):
    single = "SingleAppRoleAssignment([appRoleAssignments])"
    mapper = rules.mapper(
        rules.user_name,
        rules.row('roles[primary eq "True"].value', expression=single),
        rules.row('roles[primary eq "True"].display', expression=single),
    )
    wanted = rules.map(mapper, appRoleAssignments=[{"id": "1", "value": "admin"}]).wanted

    operations = list(role_operations(mapper.roles, {}, wanted))

    assert wanted["roles"] == [{"primary": True, "value": "admin", "type": ROLE_TYPE, "display": "admin"}]
    assert [(one.op, one.value) for one in operations] == [("add", wanted["roles"])]
