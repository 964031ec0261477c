"""A rule set tells every problem it has before a job may start."""

import pytest

from provisor.admin.rules import source_schema
from provisor.directory.extensions import ExtensionProperty
from provisor.rules.checks import problems
from provisor.rules.mapping import ObjectMapping
from provisor.rules.ruleset import RuleSet, TargetSchema
from provisor.rules.scoping import Clause, FilterGroup, Scope
from provisor.scim.schemas.resource_types import (
    ENTERPRISE_URN,
    GROUP_TYPE,
    UMBRELLA_GROUP_TYPE,
    UMBRELLA_USER_TYPE,
    USER_TYPE,
)

GENERIC = TargetSchema(user_type=USER_TYPE, group_type=GROUP_TYPE)
UMBRELLA = TargetSchema(
    user_type=UMBRELLA_USER_TYPE,
    group_type=UMBRELLA_GROUP_TYPE,
    filterable={"user": ("userName",), "group": ("displayName",)},
)

REGISTERED = "extension_0a1b_objectGUID"
DIRECTORY = source_schema(
    [ExtensionProperty(name=REGISTERED, attribute="objectGUID", data_type="String", targets=("User",))]
)


@pytest.fixture
def problems_of(rules):
    """The problems of user rows (userName matching is added), as text."""

    def found(*rows, schema=GENERIC, scope=None, sync_all=False, group_rows=None, matching=True, **settings):
        rows = (rules.user_name, *rows) if matching else rows
        groups = group_rows or (rules.row("displayName", "displayName", matching_priority=1),)
        ruleset = RuleSet(
            users=rules.mapping(*rows, scope=scope, **settings), groups=rules.mapping(*groups, kind="group")
        )
        return [str(problem) for problem in problems(ruleset, schema, DIRECTORY, sync_all=sync_all)]

    return found


def test_good_rules_have_no_problem(problems_of, rules):
    assert problems_of(rules.row("title", "jobTitle")) == []


ROWS = {
    "unknown target": ({"target": "shoeSize", "source": "jobTitle"}, "shoeSize"),
    "unknown sub-attribute": ({"target": "name.nickName", "source": "jobTitle"}, "nickName"),
    "unknown extension": ({"target": "urn:example:x:2.0:User:a", "source": "jobTitle"}, "urn:example"),
    "whole extension": ({"target": ENTERPRISE_URN, "source": "jobTitle"}, "whole extension"),
    "the id": ({"target": "id", "source": "jobTitle"}, "id is given by the application"),
    "read-only target": ({"target": "groups", "source": "jobTitle"}, "read-only"),
    "vague filter": ({"target": 'emails[type sw "w"].value', "source": "jobTitle"}, "does not say which"),
    "volatile always": ({"target": "title", "expression": "Guid()"}, "Guid gives a new value every time"),
    "volatile now": ({"target": "title", "expression": 'Append("x", Now())'}, "Now gives a new value"),
    "volatile random": ({"target": "title", "expression": "RandomString(8, 1, 1, 1, 1)"}, "RandomString gives"),
    "unique value always": (
        {"target": "title", "expression": "SelectUniqueValue([mail], [mailNickname])"},
        "SelectUniqueValue",
    ),
    "unique value matching": (
        {
            "target": "nickName",
            "expression": "SelectUniqueValue([mail], [mailNickname])",
            "flow_type": "ObjectAddOnly",
            "matching_priority": 2,
        },
        "cannot be used for matching",
    ),
    "constant matching": ({"target": "title", "constant": "x", "matching_priority": 2}, "matches everybody"),
    "nothing matching": ({"target": "title", "matching_priority": 2}, "without a source"),
    "constant of wrong type": ({"target": "active", "constant": "perhaps"}, '"perhaps"'),
    "default of wrong type": ({"target": "active", "source": "extensionAttribute1", "default": "7"}, '"7"'),
    "manager elsewhere": ({"target": "title", "source": "manager"}, "leads to another object"),
    "text into a reference": ({"target": f"{ENTERPRISE_URN}:manager", "source": "jobTitle"}, "takes a reference"),
    "expression over a reference": ({"target": "title", "expression": 'Append([manager], "x")'}, "reads manager"),
    "two rows, one target": ({"target": "USERNAME", "source": "mail"}, "2 rows write userName"),
    "same precedence": ({"target": "externalId", "source": "jobTitle", "matching_priority": 1}, "precedence 1"),
    "insisting reference": (
        {"target": f"{ENTERPRISE_URN}:manager", "source": "manager", "flow_behavior": "FlowAlways"},
        "not always",
    ),
    "matching reference": (
        {"target": f"{ENTERPRISE_URN}:manager", "source": "manager", "matching_priority": 2},
        "reference cannot match",
    ),
}


@pytest.mark.parametrize(("settings", "said"), ROWS.values(), ids=ROWS.keys())
def test_a_bad_row_is_named(problems_of, rules, settings, said):
    settings = dict(settings)
    row = rules.row(settings.pop("target"), settings.pop("source", None), **settings)

    found = problems_of(row)

    assert len(found) == 1
    assert said in found[0]


@pytest.mark.parametrize("expression", ["Guid()", "SelectUniqueValue([mail], [mailNickname])"])
def test_what_changes_every_time_is_fine_on_create(problems_of, rules, expression):
    assert problems_of(rules.row("nickName", expression=expression, flow_type="ObjectAddOnly")) == []


def test_rules_without_matching_are_refused(problems_of, rules):
    assert "cannot be found" in problems_of(rules.row("userName", "userPrincipalName"), matching=False)[0]


def test_an_attribute_the_application_does_not_hold_is_named(problems_of, rules):
    found = problems_of(rules.row("title", "jobTitle"), schema=UMBRELLA)

    assert len(found) == 1
    assert "title is an attribute that the application does not hold" in found[0]


def test_a_matching_attribute_must_be_searchable(problems_of, rules):
    found = problems_of(rules.row("displayName", "displayName", matching_priority=2), schema=UMBRELLA)

    assert found == [
        "Mapping of users, row 2 (displayName): The application cannot be searched by displayName. Match by userName."
    ]


def test_roles_need_assignments(problems_of, rules):
    row = rules.row('roles[type eq "x"].value', expression="SingleAppRoleAssignment([appRoleAssignments])")

    assert problems_of(row) == []
    assert "assigned users and groups only" in problems_of(row, sync_all=True)[0]


def test_the_mapping_of_users_cannot_be_switched_off(problems_of):
    assert "It is switched off." in problems_of(enabled=False)[0]


def test_groups_may_be_left_out(rules):
    ruleset = RuleSet(
        users=rules.mapping(rules.user_name), groups=ObjectMapping(name="", kind="group", enabled=False, mappings=())
    )

    assert problems(ruleset, GENERIC, DIRECTORY) == ()


def test_members_belong_to_groups(problems_of, rules):
    groups = (rules.row("displayName", "displayName", matching_priority=1), rules.row("members", "members"))

    assert problems_of(group_rows=groups) == []
    assert "members leads to another object" in problems_of(rules.row("title", "members"))[0]


CLAUSES = {
    "several values": (("proxyAddresses", "EQUALS", "x"), "several values"),
    "reference": (("manager", "IS NULL", None), "leads to other objects"),
    "members": (("members", "IS NULL", None), "leads to other objects"),
    "date": (("employeeHireDate", "EQUALS", "2031-01-01"), "is a date"),
    "user type": (("userType", "EQUALS", "Guest"), "cannot be used in a filter"),
    "computed": (("IsSoftDeleted", "IS TRUE", None), "computed from the filters"),
    "no operand": (("department", "EQUALS", None), "takes one value"),
    "operand too much": (("department", "IS NULL", "x"), "takes no value"),
    "no number": (("employeeId", "Greater_Than", "ten"), "whole numbers"),
    "negative number": (("employeeId", "Greater_Than", "-1"), "whole numbers"),
    "bad pattern": (("department", "REGEX MATCH", "(a"), "pattern cannot be read"),
}


@pytest.mark.parametrize(("given", "said"), CLAUSES.values(), ids=CLAUSES.keys())
def test_section_5_4_a_bad_clause_is_named(problems_of, given, said):
    attribute, operator, value = given
    clause = Clause(attribute=attribute, operator=operator, values=() if value is None else (value,))

    found = problems_of(scope=Scope((FilterGroup(title="Mine", clauses=(clause,)),)))

    assert len(found) == 1
    assert 'filter "Mine"' in found[0]
    assert said in found[0]


def test_all_problems_are_told_at_once(problems_of, rules):
    found = problems_of(rules.row("shoeSize", "jobTitle"), rules.row("title", expression="Now()"), enabled=False)

    assert len(found) == 3
