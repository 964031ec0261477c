"""What no mapping may write or read (spec/provisioning-service.md section 6.3), for every kind of source."""

import pytest

from provisor.admin.rules import source_schema
from provisor.directory.extensions import ExtensionProperty
from provisor.gallery import template
from provisor.rules.checks import problems
from provisor.rules.ruleset import RuleSet


def found(rules, *rows, kind="user"):
    other = "group" if kind == "user" else "user"
    name = {"user": rules.user_name, "group": rules.row("displayName", "displayName", matching_priority=1)}
    mappings = {kind: rules.mapping(name[kind], *rows, kind=kind), other: rules.mapping(name[other], kind=other)}
    ruleset = RuleSet(users=mappings["user"], groups=mappings["group"])
    return [str(one) for one in problems(ruleset, template("scim").schema, source_schema())]


SOURCES = {"direct": "mail", "constant": None, "expression": None}


@pytest.mark.parametrize("how", SOURCES)
@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("password", "Passwords are not provisioned"),
        ("photos", "Photos are not provisioned"),
        ('photos[type eq "photo"].value', "Photos are not provisioned"),
        ("entitlements", "entitlements cannot be provisioned"),
        ("entitlements.value", "entitlements cannot be provisioned"),
        ("name", "made of 6 sub-attributes"),
        ("emails", "made of 4 sub-attributes"),
        ('emails[type eq "work"]', "made of 4 sub-attributes"),
        ("addresses", "made of 8 sub-attributes"),
        ("roles", "made of 4 sub-attributes"),
    ],
)
def test_section_6_3_a_target_that_cannot_be_mapped_is_refused(rules, target, said, how):
    row = {
        "direct": lambda: rules.row(target, "mail"),
        "constant": lambda: rules.row(target, constant="x"),
        "expression": lambda: rules.row(target, expression="ToUpper([mail])"),
    }[how]()

    (problem,) = found(rules, row)

    assert said in problem


@pytest.mark.parametrize(
    ("name", "kind"),
    [("userType", "user"), ("onPremisesSamAccountName", "user"), ("onPremisesSamAccountName", "group")],
)
@pytest.mark.parametrize("expression", [None, "ToUpper([{}])", 'Switch("a", [{}], "b", "c")'])
def test_section_6_3_a_source_that_cannot_be_mapped_is_refused(rules, name, kind, expression):
    source = {"source": name} if expression is None else {"expression": expression.format(name)}

    (problem,) = found(rules, rules.row("externalId", **source), kind=kind)

    assert f"{name} cannot be the source of a mapping" in problem
    assert "becomes an extension" in problem


def test_section_6_3_such_a_value_can_be_mapped_as_an_extension(rules):
    name = "extension_0f1e2d3c4b5a69788796a5b4c3d2e1f0_sAMAccountName"
    extension = ExtensionProperty(name=name, attribute="", data_type="String", targets=("User",))
    ruleset = RuleSet(
        users=rules.mapping(rules.user_name, rules.row("externalId", name)),
        groups=rules.mapping(rules.row("displayName", "displayName", matching_priority=1), kind="group"),
    )

    assert problems(ruleset, template("scim").schema, source_schema([extension])) == ()


@pytest.mark.parametrize("function", ["AppRoleAssignmentsComplex", "AssertiveAppRoleAssignmentsComplex"])
def test_section_6_3_roles_are_written_whole_by_the_role_functions(rules, function):
    assert found(rules, rules.row("roles", expression=f"{function}([appRoleAssignments])")) == []


@pytest.mark.parametrize(
    "targets",
    [
        ('emails[type eq "work"].value', 'emails[type eq "WORK"].value'),
        ('emails[type eq "work"].value', 'Emails[Type eq "work"].VALUE'),
    ],
)
def test_section_6_3_a_type_may_occur_once(rules, targets):
    assert any("2 rows write" in one for one in found(rules, *(rules.row(one, "mail") for one in targets)))
