"""App roles from the directory to the application: assignments, changes of them and of the roles, in both behaviours."""

from dataclasses import replace

import pytest

from provisor.expressions import compile_expression
from provisor.gallery import template
from provisor.rules.graph_json import read_schema, write_schema
from provisor.rules.mapping import AttributeMapping, FromExpression
from provisor.storage import applications, jobs
from provisor.storage.applications import AppRole
from provisor.testing.organisation import NOW
from support.nested_groups import set_policy

pytestmark = pytest.mark.slow  # many of them; the fast tests do without

ANA = "ana@x.example"
USER, ADMIN, AUDITOR = (
    AppRole(id=f"role-{name}", display_name=name, value=value)
    for name, value in (("User", None), ("Admin", "admin"), ("Auditor", "audit"))
)
DEFAULT_ACCESS = "00000000-0000-0000-0000-000000000000"
TYPE = "WindowsAzureActiveDirectoryRole"
SINGLE = ("SingleAppRoleAssignment([appRoleAssignments])", 'roles[primary eq "True"].value')
COMPLEX = ("AppRoleAssignmentsComplex([appRoleAssignments])", "roles")
ASSERTIVE = ("AssertiveAppRoleAssignmentsComplex([appRoleAssignments])", "roles")
BEHAVIOURS = ("provisor", "entra")


class Roles:
    """A world whose job maps roles, with Ana and a group she may join."""

    def __init__(self, world):
        self.world = world
        with world.database.transaction() as connection:
            self.define(USER, ADMIN, AUDITOR, connection=connection)
        world.organisation.user(ANA)
        world.organisation.group("Team")

    def define(self, *roles, connection=None):
        if connection is None:
            with self.world.database.transaction() as connection:
                return self.define(*roles, connection=connection)
        found = applications.read(connection, self.world.organisation.application)
        return applications.set_roles(connection, found, roles)

    def assign(self, role, *, kind="user"):
        organisation = self.world.organisation
        with self.world.database.transaction() as connection:
            applications.assign(
                connection,
                tenant=organisation.tenant,
                application=organisation.application,
                role=role if isinstance(role, str) else role.id,
                principals=[(organisation.id(kind, ANA if kind == "user" else "Team"), kind)],
                now=NOW,
            )

    def unassign(self, role, *, kind="user"):
        organisation = self.world.organisation
        with self.world.database.transaction() as connection:
            applications.unassign(
                connection,
                tenant=organisation.tenant,
                application=organisation.application,
                principals=[organisation.id(kind, ANA if kind == "user" else "Team")],
                role=role.id,
                now=NOW,
            )

    def held(self):
        return self.world.account(ANA).get("roles", [])

    def values(self):
        return sorted(role["value"] for role in self.held())


def rules_with(expression, target):
    ruleset = read_schema(template("scim").rules)
    row = AttributeMapping(target=target, source=FromExpression(compile_expression(expression)))
    return write_schema(replace(ruleset, users=replace(ruleset.users, mappings=(*ruleset.users.mappings, row))))


@pytest.fixture
def make_roles(make_world):
    def make(mapping, behaviour="provisor"):
        world = make_world("scim", behaviour=behaviour)
        with world.database.transaction() as connection:
            jobs.save_rules(connection, world.job.number, rules_with(*mapping), created_by="test", now=NOW)
        return Roles(world)

    return make


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_a_single_role_is_created_as_entra_does(make_roles, behaviour):
    roles = make_roles(SINGLE, behaviour)
    roles.assign(ADMIN)

    roles.world.run()

    assert roles.held() == [{"value": "admin", "type": TYPE, "primary": True}]


@pytest.mark.parametrize("mapping", [COMPLEX, ASSERTIVE], ids=["complex", "assertive"])
@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_all_roles_are_created_none_of_them_primary(make_roles, mapping, behaviour):
    roles = make_roles(mapping, behaviour)
    roles.assign(USER)
    roles.assign(ADMIN)

    roles.world.run()

    assert sorted(roles.held(), key=lambda role: role["value"]) == [
        {"value": "User", "display": "User", "type": TYPE, "primary": False},
        {"value": "admin", "display": "Admin", "type": TYPE, "primary": False},
    ]


def through_a_group(roles):
    roles.assign(AUDITOR, kind="group")
    roles.world.organisation.join("Team", ANA)


# name: (what is assigned first, what happens, the values held then by: single, complex, assertive)
CHANGES = {
    "a second role": ([USER], lambda r: r.assign(ADMIN), None, ["User", "admin"], ["User", "admin"]),
    "another role instead": (
        [USER],
        lambda r: (r.assign(ADMIN), r.unassign(USER)),
        ["User", "admin"],
        ["User", "admin"],
        ["admin"],
    ),
    "one of two taken away": ([USER, ADMIN], lambda r: r.unassign(USER), None, ["User", "admin"], ["admin"]),
    "a role through a group": ([USER], through_a_group, None, ["User", "audit"], ["User", "audit"]),
    "the value changed": (
        [ADMIN],
        lambda r: r.define(USER, replace(ADMIN, value="chief"), AUDITOR),
        ["admin", "chief"],
        ["admin", "chief"],
        ["chief"],
    ),
    "renamed without a value": (
        [USER],
        lambda r: r.define(replace(USER, display_name="Person"), ADMIN, AUDITOR),
        ["Person", "User"],
        ["Person", "User"],
        ["Person"],
    ),
    "switched off": (
        [USER, ADMIN],
        lambda r: r.define(USER, replace(ADMIN, enabled=False), AUDITOR),
        None,
        ["User", "admin"],
        ["User"],
    ),
    "none but the default access": (
        [USER],
        lambda r: (r.assign(DEFAULT_ACCESS), r.unassign(USER)),
        ["User"],
        ["User"],
        [],
    ),
}


@pytest.mark.test_rows(24)
@pytest.mark.parametrize("behaviour", BEHAVIOURS)
@pytest.mark.parametrize("mapping", [0, 1, 2], ids=["single", "complex", "assertive"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_roles_is_sent_in_the_next_cycle_and_once(make_roles, change, mapping, behaviour):
    first, happens, *expected = CHANGES[change]
    roles = make_roles((SINGLE, COMPLEX, ASSERTIVE)[mapping], behaviour)
    for role in first:
        roles.assign(role)
    roles.world.run()

    happens(roles)
    summary = roles.world.run()
    held = roles.values()
    roles.world.organisation.change(ANA, mobilePhone=None)
    roles.world.run()

    assert summary.state == "succeeded"
    if expected[mapping] is not None:  # which of several roles a single one is, nobody promises
        assert roles.values() == expected[mapping]
    else:
        assert len(roles.values()) <= 2
    assert roles.values() == held
    assert roles.world.target.sent("POST", "PATCH", "DELETE") == []


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_an_unchanged_role_sends_nothing(make_roles, behaviour):
    roles = make_roles(SINGLE, behaviour)
    roles.assign(ADMIN)
    roles.world.run()

    roles.unassign(ADMIN)
    roles.assign(ADMIN)
    roles.world.run()

    assert roles.world.target.sent("POST", "PATCH", "DELETE") == []


@pytest.mark.parametrize("mapping", [SINGLE, COMPLEX, ASSERTIVE], ids=["single", "complex", "assertive"])
def test_the_default_access_provisions_without_a_role(make_roles, mapping):
    roles = make_roles(mapping)
    roles.assign(DEFAULT_ACCESS)

    roles.world.run()

    assert roles.held() == []


def test_a_role_held_directly_and_through_a_group_is_sent_once(make_roles):
    roles = make_roles(COMPLEX)
    roles.assign(AUDITOR)
    through_a_group(roles)

    roles.world.run()

    assert roles.values() == ["audit"]


def test_a_group_that_leaves_takes_its_role_with_it(make_roles):
    roles = make_roles(ASSERTIVE)
    roles.assign(USER)
    through_a_group(roles)
    roles.world.run()

    roles.world.organisation.delete("Team", kind="group")
    roles.world.run()

    assert roles.values() == ["User"]


def test_roles_that_somebody_else_gave_are_kept_where_roles_are_only_added(make_roles):
    roles = make_roles(COMPLEX)
    roles.world.target.put("user", {"userName": ANA, "active": True, "roles": [{"value": "local"}]})
    roles.assign(ADMIN)

    roles.world.run()

    assert roles.values() == ["admin", "local"]


@pytest.mark.parametrize("nested", ["direct", "flatten"])
def test_section_5_3_a_role_is_inherited_through_groups_in_groups_where_they_are_flattened(make_roles, nested):
    roles = make_roles(ASSERTIVE)
    organisation = roles.world.organisation
    set_policy(roles.world, nested)
    organisation.group("Inner", [ANA])
    organisation.join("Team", "Inner", "group")
    roles.assign(USER)
    roles.assign(AUDITOR, kind="group")

    roles.world.run()
    assert roles.values() == (["User", "audit"] if nested == "flatten" else ["User"])

    roles.define(USER, ADMIN, replace(AUDITOR, value="check"))
    roles.world.run()
    assert roles.values() == (["User", "check"] if nested == "flatten" else ["User"])

    organisation.leave("Team", "Inner", "group")
    roles.world.run()
    assert roles.values() == ["User"]
