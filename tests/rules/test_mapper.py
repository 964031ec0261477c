"""Attribute mappings: spec/provisioning-service.md section 6."""

import pytest

from provisor.scim.schemas.resource_types import ENTERPRISE_URN

SWITCH = 'Switch([IsSoftDeleted], , "False", "True", "True", "False")'


def test_a_direct_mapping_copies_the_value(rules):
    mapped = rules.map(rules.mapper(rules.user_name, rules.row("title", "jobTitle")), jobTitle="Engineer")

    assert mapped.wanted == {"userName": "ana@example.org", "title": "Engineer"}


def test_a_constant_flows_to_everybody(rules):
    mapped = rules.map(rules.mapper(rules.user_name, rules.row("title", constant="Staff")))

    assert mapped.wanted["title"] == "Staff"


def test_an_expression_flows_its_result(rules):
    row = rules.row("name.formatted", expression='Join(" ", [givenName], [surname])')

    mapped = rules.map(rules.mapper(rules.user_name, row), givenName="Ana", surname="Ruiz")

    assert mapped.wanted["name"] == {"formatted": "Ana Ruiz"}


def test_the_active_switch_becomes_a_boolean(rules):
    mapper = rules.mapper(rules.user_name, rules.row("active", expression=SWITCH))

    assert rules.map(mapper, IsSoftDeleted=False).wanted["active"] is True
    assert rules.map(mapper, IsSoftDeleted=True).wanted["active"] is False
    assert mapper.disables


def test_rules_without_an_active_mapping_do_not_disable(rules):
    assert not rules.mapper(rules.user_name).disables


def test_an_active_mapping_only_on_create_does_not_disable(rules):
    row = rules.row("active", expression=SWITCH, flow_type="ObjectAddOnly")

    assert not rules.mapper(rules.user_name, row).disables


def test_null_is_not_sent(rules):
    mapped = rules.map(rules.mapper(rules.user_name, rules.row("title", "jobTitle")))

    assert "title" not in mapped.wanted
    assert mapped.cleared == ()


def test_an_empty_text_flows_as_it_is(rules):
    mapped = rules.map(rules.mapper(rules.user_name, rules.row("title", "jobTitle")), jobTitle="")

    assert mapped.wanted["title"] == ""


def test_null_clears_where_the_mapping_opted_in(rules):
    mapped = rules.map(rules.mapper(rules.user_name, rules.row("title", "jobTitle", flow_null=True)))

    assert mapped.cleared == ("title",)


@pytest.mark.parametrize("flow_type", ["ObjectAddOnly", "ValueAddOnly"])
def test_a_mapping_that_only_adds_never_clears(rules, flow_type):
    row = rules.row("title", "jobTitle", flow_null=True, flow_type=flow_type)

    assert rules.map(rules.mapper(rules.user_name, row)).cleared == ()


def test_a_default_stands_in_for_null_on_create_only(rules):
    mapped = rules.map(rules.mapper(rules.user_name, rules.row("title", "jobTitle", default="Staff")))

    assert mapped.created["title"] == "Staff"
    assert "title" not in mapped.wanted


def test_a_default_is_not_used_where_there_is_a_value(rules):
    mapper = rules.mapper(rules.user_name, rules.row("title", "jobTitle", default="Staff"))

    assert rules.map(mapper, jobTitle="Engineer").created["title"] == "Engineer"


def test_a_dropped_flow_takes_no_default(rules):
    row = rules.row("title", expression="IgnoreFlowIfNullOrEmpty([jobTitle])", default="Staff")

    assert "title" not in rules.map(rules.mapper(rules.user_name, row), jobTitle="").created


def test_a_mapping_of_type_none_gives_its_default_on_create(rules):
    mapped = rules.map(rules.mapper(rules.user_name, rules.row("title", default="Staff")))

    assert mapped.created["title"] == "Staff"
    assert "title" not in mapped.wanted


def test_a_mapping_only_on_create_is_not_wanted_later(rules):
    row = rules.row("title", "jobTitle", flow_type="ObjectAddOnly")

    mapped = rules.map(rules.mapper(rules.user_name, row), jobTitle="Engineer")

    assert mapped.created["title"] == "Engineer"
    assert "title" not in mapped.wanted


def test_where_nothing_differs_both_documents_are_one(rules):
    mapped = rules.map(rules.mapper(rules.user_name))

    assert mapped.created is mapped.wanted


def test_writing_a_default_leaves_the_wanted_document_alone(rules):
    rows = (rules.row("name.givenName", "givenName"), rules.row("name.familyName", "surname", default="Unknown"))

    mapped = rules.map(rules.mapper(rules.user_name, *rows), givenName="Ana")

    assert mapped.created["name"] == {"givenName": "Ana", "familyName": "Unknown"}
    assert mapped.wanted["name"] == {"givenName": "Ana"}


def test_several_addresses_by_type_share_their_list(rules):
    rows = (
        rules.row('phoneNumbers[type eq "work"].value', "telephoneNumber"),
        rules.row('phoneNumbers[type eq "mobile"].value', "mobile"),
    )

    mapped = rules.map(rules.mapper(rules.user_name, *rows), telephoneNumber="1", mobile="2")

    assert mapped.wanted["phoneNumbers"] == [{"type": "work", "value": "1"}, {"type": "mobile", "value": "2"}]


def test_an_extension_attribute_lands_in_its_container(rules):
    mapped = rules.map(
        rules.mapper(rules.user_name, rules.row(f"{ENTERPRISE_URN}:department", "department")), department="R&D"
    )

    assert mapped.wanted[ENTERPRISE_URN] == {"department": "R&D"}


@pytest.mark.parametrize(
    ("value", "expected"), [(True, "True"), (7, "7"), (["one"], "one")], ids=["boolean", "number", "list of one"]
)
def test_a_value_of_another_type_becomes_text(rules, value, expected):
    assert rules.map(rules.mapper(rules.user_name, rules.row("title", "a")), a=value).wanted["title"] == expected


def test_several_values_do_not_fit_an_attribute_with_one(rules):
    mapped = rules.map(rules.mapper(rules.user_name, rules.row("title", "a")), a=["one", "two"])

    assert [failure.code for failure in mapped.failures] == ["SchemaPropertyCanOnlyAcceptValue"]
    assert "title of ana@example.org" in mapped.failures[0].message


def test_a_text_that_is_no_boolean_fails_naming_the_value(rules):
    mapped = rules.map(rules.mapper(rules.user_name, rules.row("active", "a")), a="perhaps")

    assert [failure.code for failure in mapped.failures] == ["InvalidValue"]
    assert '"perhaps"' in mapped.failures[0].message


def test_a_failing_expression_leaves_the_other_mappings_alone(rules):
    rows = (rules.row("title", expression="Item([a], 5)"), rules.row("displayName", "displayName"))

    mapped = rules.map(rules.mapper(rules.user_name, *rows), a=["one"], displayName="Ana")

    assert [failure.code for failure in mapped.failures] == ["ExpressionFailed"]
    assert "ana@example.org" in mapped.failures[0].message
    assert mapped.wanted["displayName"] == "Ana"


def test_a_required_attribute_without_value_is_named(rules):
    mapper = rules.mapper(rules.row("displayName", "displayName", matching_priority=1))

    mapped = rules.map(mapper, displayName="Ana")

    assert [failure.code for failure in mapped.failures] == ["MandatoryFieldsMissing"]
    assert "userName" in mapped.failures[0].message


def test_matching_values_come_in_precedence_order_without_empty_ones(rules):
    mapper = rules.mapper(
        rules.row("externalId", "employeeId", matching_priority=2),
        rules.user_name,
        rules.row("title", "jobTitle", matching_priority=3),
    )

    mapped = rules.map(mapper, employeeId="7", jobTitle="")

    assert mapped.matching == (("userName", "ana@example.org"), ("externalId", "7"))


def test_without_a_matching_value_matching_is_empty(rules):
    assert rules.map(rules.mapper(rules.user_name), userPrincipalName=None).matching == ()


def test_candidates_are_left_to_be_chosen(rules):
    row = rules.row(
        "nickName", expression='SelectUniqueValue([givenName], Append([givenName], "2"))', flow_type="ObjectAddOnly"
    )

    mapped = rules.map(rules.mapper(rules.user_name, row), givenName="ana")

    assert [(path, found.values) for path, found in mapped.candidates] == [("nickName", ("ana", "ana2"))]
    assert "nickName" not in mapped.created


def test_a_manager_is_a_reference_and_not_mapped(rules):
    mapper = rules.mapper(rules.user_name, rules.row(f"{ENTERPRISE_URN}:manager", "manager"))

    mapped = rules.map(mapper, manager="object-1")

    assert mapper.references == ((f"{ENTERPRISE_URN}:manager", "manager"),)
    assert ENTERPRISE_URN not in mapped.wanted


def test_members_are_told_of_and_not_mapped(rules):
    mapper = rules.mapper(
        rules.row("displayName", "displayName", matching_priority=1), rules.row("members", "members"), kind="group"
    )

    assert mapper.maps_members
    assert rules.map(mapper, displayName="Staff").wanted == {"displayName": "Staff"}


def test_a_redacted_mapping_is_known_and_its_value_not_shown(rules):
    mapper = rules.mapper(rules.user_name, rules.row("active", expression="Redact([a])"))

    mapped = rules.map(mapper, a="secret")

    assert mapper.redacted == {"active"}
    assert "secret" not in mapped.failures[0].message


def test_a_mapper_tells_what_it_reads(rules):
    mapper = rules.mapper(rules.user_name, rules.row("active", expression=SWITCH), rules.row("title", constant="x"))

    assert mapper.reads == {"userPrincipalName", "IsSoftDeleted"}
