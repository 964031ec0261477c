"""What would be accepted and then do nothing is refused, naming the nearest right word: each configurable thing × how."""

import pytest

from provisor.admin.rules import source_schema
from provisor.directory.extensions import ExtensionProperty
from provisor.rules.checks import problems
from provisor.rules.graph_json import read_schema
from provisor.rules.nearest import misspelt, nearest
from provisor.rules.ruleset import RuleSet, TargetSchema
from provisor.rules.scoping import Clause, FilterGroup, Scope
from provisor.scim.schemas.resource_types import ENTERPRISE_URN, GROUP_TYPE, USER_TYPE

GENERIC = TargetSchema(user_type=USER_TYPE, group_type=GROUP_TYPE)
GUID = "extension_0a1b_objectGUID"
COST = "extension_0a1b_costCentre"
DIRECTORY = source_schema(
    [
        ExtensionProperty(name=GUID, attribute="objectGUID", data_type="String", targets=("User",)),
        ExtensionProperty(name=COST, attribute="costCentre", data_type="String", targets=("Group",)),
    ]
)
MANAGER = f"{ENTERPRISE_URN}:manager"


@pytest.fixture
def found(rules):
    """The problems of rules with one more row or clause, as text."""

    def tell(kind="user", row=None, scope=None, sync_all=False, **settings):
        rows = {"user": [rules.user_name], "group": [rules.row("displayName", "displayName", matching_priority=1)]}
        if row is not None:
            rows[kind].append(rules.row(row[0], *row[1:2], **(row[2] if len(row) > 2 else {})))
        given = {"scope": scope, **settings}
        mappings = {each: rules.mapping(*rows[each], kind=each, **(given if each == kind else {})) for each in rows}
        ruleset = RuleSet(users=mappings["user"], groups=mappings["group"])
        return [str(one) for one in problems(ruleset, GENERIC, DIRECTORY, sync_all=sync_all)]

    return tell


# Where an attribute of the source is named, × why it is empty for everybody.
READERS = {
    "mapping": lambda rules, name: {"row": ("externalId", name)},
    "expression": lambda rules, name: {"row": ("externalId", None, {"expression": f"ToUpper([{name}])"})},
    "deep in an expression": lambda rules, name: {
        "row": ("externalId", None, {"expression": f'IIF([displayName] = "x", Append([{name}], "y"), "z")'})
    },
    "matching": lambda rules, name: {"row": ("externalId", name, {"matching_priority": 2})},
    "on creation": lambda rules, name: {"row": ("externalId", name, {"flow_type": "ObjectAddOnly"})},
    "scope": lambda rules, name: {"scope": scope((name, "EQUALS", "x"))},
    "input scope": lambda rules, name: {"scope": Scope(input_groups=scope((name, "IS NOT NULL")).groups)},
}
NAMES = {
    "misspelt": ("user", "departmnt", "A user has no attribute departmnt.", "department"),
    "in another case": ("user", "Department", "A user has no attribute Department.", "department"),
    "of nobody": ("user", "shoeSize", "A user has no attribute shoeSize.", ""),
    "of an older service": ("user", "mobil", "A user has no attribute mobil.", "mobile"),
    "a group's": ("user", "securityEnabled", "securityEnabled is an attribute of groups, and users have none.", ""),
    "a user's": ("group", "department", "department is an attribute of users, and groups have none.", ""),
    "misspelt of a group": ("group", "descripton", "A group has no attribute descripton.", "description"),
    "short name of an extension": ("user", "objectGUID", "A user has no attribute objectGUID.", GUID),
    "unregistered extension": (
        "user", "extension_0a1b_objectGuid2", "No extension extension_0a1b_objectGuid2 is registered for users.", GUID,
    ),
    "extension of groups": ("user", COST, f"{COST} is an attribute of groups, and users have none.", GUID),
    "a dynamic group's rule": ("group", "membershipRule", "membershipRule belongs to dynamic groups", "Remove it"),
}  # fmt: skip


def scope(*clauses):
    made = tuple(Clause(attribute=name, operator=operator, values=tuple(values)) for name, operator, *values in clauses)
    return Scope((FilterGroup(title="F", clauses=made),))


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", NAMES)
def test_an_attribute_that_nobody_can_have_is_refused_wherever_it_is_read(found, rules, reader, name):
    kind, attribute, message, right = NAMES[name]

    (said,) = found(kind, **READERS[reader](rules, attribute))

    assert message in said
    assert right in said


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", ["department", "mobile", "objectId", GUID, "extensionAttribute7"])
def test_an_attribute_that_somebody_can_have_is_taken(found, rules, reader, name):
    assert found("user", **READERS[reader](rules, name)) == []


# A clause × how it could hold for nobody: (clauses, sentence).
CLAUSES = {
    "boolean in small letters": ([("accountEnabled", "EQUALS", "true")], 'never "true". Use IS TRUE'),
    "boolean as a number": ([("accountEnabled", "Greater_Than", "0")], "is True or False, not a number"),
    "text as truth": ([("department", "IS TRUE")], "department is text, so IS TRUE holds for nobody"),
    "text as untruth": ([("department", "IS FALSE")], "department is text, so IS FALSE holds for nobody"),
    "only who is disabled": ([("accountEnabled", "IS FALSE")], "this filter lets nobody in"),
    "equals nothing": ([("department", "EQUALS", "")], "Use IS NULL"),
    "a number of 101 digits": ([("employeeId", "Greater_Than", "9" * 101)], "whole numbers"),
    "no number": ([("employeeId", "Greater_Than", "1.5")], "whole numbers"),
    "a pattern that is none": ([("department", "REGEX MATCH", "[a")], "pattern cannot be read"),
    "two values": ([("department", "EQUALS", "a", "b")], "takes one value, and 2 are given"),
    "two departments at once": ([("department", "EQUALS", "a"), ("department", "EQUALS", "b")], "never hold together"),
    "null and a value": ([("department", "IS NULL"), ("department", "Includes", "b")], "never hold together"),
    "a value and its opposite": ([("city", "EQUALS", "a"), ("city", "NOT EQUALS", "a")], "never hold together"),
    "true and false": (
        [("isResourceAccount", "IS TRUE"), ("isResourceAccount", "IS FALSE")],
        "never hold together",
    ),
    "an ending that does not fit": ([("city", "EQUALS", "Rome"), ("city", "ENDS_WITH", "n")], "never hold together"),
}


@pytest.mark.parametrize(("clauses", "said"), CLAUSES.values(), ids=CLAUSES)
def test_a_filter_that_lets_nobody_in_is_refused(found, clauses, said):
    (problem,) = found(scope=scope(*clauses))

    assert said in problem


@pytest.mark.parametrize(
    "clauses",
    [
        [("accountEnabled", "IS TRUE")],
        [("accountEnabled", "EQUALS", "True")],
        [("extensionAttribute1", "IS TRUE")],
        [(GUID, "IS FALSE")],
        [("department", "NOT EQUALS", "a"), ("department", "NOT EQUALS", "b")],
        [("department", "EQUALS", "Sales"), ("department", "Includes", "al")],
        [("department", "NOT EQUALS", "")],
        [("employeeId", "Greater_Than", "5"), ("city", "IS NULL")],
    ],
    ids=str,
)
def test_a_filter_that_may_hold_is_taken(found, clauses):
    assert found(scope=scope(*clauses)) == []


SINGLE = "SingleAppRoleAssignment([appRoleAssignments])"
ALL = "AppRoleAssignmentsComplex([appRoleAssignments])"
# A row × how it could have no effect: (row, sentence).
ROWS = {
    "misspelt target": (("titel", "jobTitle"), "the nearest is title"),
    "misspelt sub-attribute": (("name.givenname1", "givenName"), "the nearest is name.givenName"),
    "misspelt extension": ((f"{ENTERPRISE_URN}:departmnt", "department"), f"{ENTERPRISE_URN}:department"),
    "constant of another type": (("active", None, {"expression": '"perhaps"'}), '"perhaps" does not fit'),
    "branch of another type": (
        ("active", None, {"expression": 'Switch([IsSoftDeleted], , "False", "yes", "True", "False")'}),
        'constant "yes" does not fit',
    ),
    "default branch of another type": (
        ("active", None, {"expression": 'IIF([city] = "x", "True", "maybe")'}),
        'constant "maybe" does not fit',
    ),
    "text into a boolean": (("active", "department"), "department is text, and active takes True or False"),
    "default of a reference": ((MANAGER, "manager", {"default": "x"}), "A reference has no default value"),
    "default of what is never null": (("externalId", "objectId", {"default": "x"}), "objectId always has a value"),
    "null of what is never null": (("externalId", "objectId", {"flow_null": True}), "objectId always has a value"),
    "null of a reference": ((MANAGER, "manager", {"flow_null": True}), "taken away in any case"),
    "null without a source": (("title", None, {"flow_null": True, "default": "x"}), "leaves the attribute alone"),
    "null on creation": (
        ("title", "jobTitle", {"flow_null": True, "flow_type": "ObjectAddOnly"}),
        "flowType ObjectAddOnly never does",
    ),
    "null that only adds": (
        ("title", "jobTitle", {"flow_null": True, "flow_type": "ValueAddOnly"}),
        "flowType ValueAddOnly never does",
    ),
    "adding to one value": (("title", "jobTitle", {"flow_type": "MultiValueAddOnly"}), "takes one value"),
    "reference on creation": ((MANAGER, "manager", {"flow_type": "ObjectAddOnly"}), "whatever flowType"),
    "always and on creation": (
        ("title", "jobTitle", {"flow_type": "ObjectAddOnly", "flow_behavior": "FlowAlways"}),
        "again and again",
    ),
    "always and only when empty": (
        ("title", "jobTitle", {"flow_type": "AttributeAddOnly", "flow_behavior": "FlowAlways"}),
        "again and again",
    ),
    "always and nothing": (("title", None, {"flow_behavior": "FlowAlways"}), "nothing to write"),
    "matching by a list": (("emails", "mail", {"matching_priority": 2}), "has several values"),
    "matching by a password": (("password", "employeeId", {"matching_priority": 2}), "never shown"),
    "matching by a boolean": (("active", "isResourceAccount", {"matching_priority": 2}), "the same for many objects"),
    "matching by fixed text": (
        ("externalId", None, {"expression": 'Append("a", "b")', "matching_priority": 2}),
        "matches everybody alike",
    ),
    "a choice by small letters": (
        ("title", None, {"expression": 'Switch([IsSoftDeleted], "a", "true", "b", "True", "c")'}),
        '[IsSoftDeleted] is True or False and never "true"',
    ),
    "a test by small letters": (
        ("title", None, {"expression": 'IIF("false" = [accountEnabled], "a", "b")'}),
        '[accountEnabled] is True or False and never "false"',
    ),
    "a test by a number": (
        ("title", None, {"expression": 'IIF(IsPresent([city]) = 1, "a", "b")'}),
        'IsPresent([city]) is True or False and never "1"',
    ),
    "a number that is none": (("title", None, {"expression": 'Left([jobTitle], "x")'}), "a whole number is needed"),
    "a date that is none": (("title", None, {"expression": 'CDate("soon")'}), "fails for everybody"),
    "a pattern that is none": (
        ("title", None, {"expression": 'Replace([jobTitle], , "(", , "x", , )'}),
        "fails for everybody",
    ),
    "assignments as text": (("title", "appRoleAssignments"), "holds assignments and no text"),
    "assignments in an expression": (("title", None, {"expression": "ToUpper([appRoleAssignments])"}), "no text"),
    "a role of something else": (
        ("title", None, {"expression": "SingleAppRoleAssignment([department])"}),
        "Write SingleAppRoleAssignment([appRoleAssignments])",
    ),
    "all roles into one value": (("title", None, {"expression": ALL}), "Map it to roles"),
    "all roles into one role": (('roles[primary eq "True"].value', None, {"expression": ALL}), "Map it to roles"),
    "all roles in a function": (("title", None, {"expression": f'Join(",", {ALL})'}), "Let it stand alone"),
    "a role always": (("title", None, {"expression": SINGLE, "flow_behavior": "FlowAlways"}), "when they change"),
}  # fmt: skip


@pytest.mark.parametrize(("row", "said"), ROWS.values(), ids=ROWS)
def test_a_row_without_effect_is_refused(found, row, said):
    (problem,) = found(row=row)

    assert said in problem


def test_roles_are_no_attribute_of_groups(found):
    (problem,) = found("group", row=("externalId", None, {"expression": SINGLE}))

    assert "appRoleAssignments is an attribute of users, and groups have none" in problem


@pytest.mark.parametrize("function", ["Single", "", "Assertive"])
def test_roles_need_assignments(found, function):
    name = f"{function}AppRoleAssignment{'' if function == 'Single' else 'sComplex'}"
    target = 'roles[primary eq "True"].value' if function == "Single" else "roles"
    row = (target, None, {"expression": f"{name}([appRoleAssignments])"})

    assert found(row=row) == []
    (problem,) = found(row=row, sync_all=True)
    assert "Set the scope to assigned users and groups only" in problem


def test_a_mapping_that_may_do_nothing_is_refused(found):
    (problem,) = found(actions=frozenset())

    assert "nothing is ever done" in problem


def attribute(name):
    return {"type": "Attribute", "name": name}


def document(row=None, clause=None, group=None, scope=None, rule=None, top=None, **mapping):
    rows = [{"targetAttributeName": "userName", "source": attribute("userPrincipalName"), "matchingPriority": 1}]
    if row is not None:
        rows.append({"targetAttributeName": "title", "source": attribute("jobTitle"), **row})
    good = {"sourceOperandName": "city", "operatorName": "EQUALS", "targetOperand": {"values": ["x"]}}
    filters = [{"name": "F", "clauses": [{**good, **(clause or {})}], **(group or {})}]
    user = {
        "sourceObjectName": "User",
        "attributeMappings": rows,
        "scope": {"groups": filters, **(scope or {})},
        **mapping,
    }
    return {"synchronizationRules": [{"objectMappings": [user], **(rule or {})}], **(top or {})}


# A key or value of the document × how it would be passed over: (document, sentence).
DOCUMENTS = {
    "key of a row in another case": (document(row={"flowtype": "ObjectAddOnly"}), "Write flowType."),
    "misspelt key of a row": (document(row={"matchingPriorty": 2}), "Write matchingPriority."),
    "misspelt key of a source": (
        document(row={"source": {"type": "Attribute", "name": "jobTitle", "expresion": "[jobTitle]"}}),
        "Write expression.",
    ),
    "misspelt key of a mapping": (document(flowTyps="Add"), "Write flowTypes."),
    "misspelt key of a scope": (document(scope={"inputFilterGroup": []}), "Write inputFilterGroups."),
    "misspelt key of a filter": (document(group={"clause": []}), "Write clauses."),
    "misspelt key of a clause": (document(clause={"operatorname": "IS NULL"}), "Write operatorName."),
    "misspelt key of an operand": (
        document(clause={"targetOperand": {"value": ["x"], "values": ["y"]}}),
        "Write values.",
    ),
    "misspelt key of a rule": (document(rule={"groupFilters": {}}), "Write groupFilter."),
    "misspelt key of the schema": (document(top={"synchronizationRule": []}), "Write synchronizationRules."),
    "enabled as text": (document(enabled="false"), "enabled is 'false'"),
    "flowNullValues as text": (document(row={"flowNullValues": "true"}), "flowNullValues is 'true'"),
    "default that is a list": (document(row={"defaultValue": ["x"]}), "defaultValue is not text"),
    "default of a constant": (
        document(row={"source": {"type": "Constant", "name": "x"}, "defaultValue": "y"}),
        "a constant always has a value",
    ),
    "attribute with two names": (
        document(row={"source": {"type": "Attribute", "name": "jobTitle", "expression": "[department]"}}),
        "source is named jobTitle and has the expression [department]",
    ),
    "constant with two values": (
        document(row={"source": {"type": "Constant", "name": "x", "expression": '"y"'}}),
        'source is named "x" and has the expression "y"',
    ),
    "misspelt operator": (document(clause={"operatorName": "EQUAL"}), "The nearest one is EQUALS."),
    "operator of another language": (
        document(clause={"operatorName": "is not nul"}),
        "The nearest one is IS NOT NULL.",
    ),
}


@pytest.mark.parametrize(("given", "said"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_what_a_document_would_say_in_vain_is_refused(given, said):
    (problem,) = read_schema(given)

    assert said in str(problem)


def test_the_document_of_the_table_is_right_otherwise():
    assert isinstance(read_schema(document(row={"defaultValue": "x", "ours": 1})), RuleSet)


def test_the_nearest_word_is_told_whatever_its_case():
    assert nearest("DEPARTMNT", ["displayName", "department"]) == "department"
    assert nearest("x", []) is None
    assert misspelt("x-name", ["name"]) is None


def test_two_rows_that_write_one_attribute_by_two_names_are_refused(found):
    problems = found(row=("urn:ietf:params:scim:schemas:core:2.0:User:userName", "mail"))

    assert any("2 rows write userName" in problem for problem in problems)
