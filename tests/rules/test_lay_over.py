"""What an existing account holds after the mapped values are written over it (flow types of section 6.2)."""

import pytest


def test_what_is_not_mapped_stays(rules):
    mapper = rules.mapper(rules.user_name, rules.row("title", "jobTitle"))

    after = mapper.lay_over({"id": "t1", "nickName": "Annie", "title": "Old"}, rules.map(mapper, jobTitle="New"))

    assert after == {"id": "t1", "nickName": "Annie", "title": "New", "userName": "ana@example.org"}


def test_what_is_held_is_not_changed(rules):
    mapper = rules.mapper(rules.user_name, rules.row("name.givenName", "givenName"))
    held = {"userName": "ana@example.org", "name": {"givenName": "Old", "familyName": "Ruiz"}}

    after = mapper.lay_over(held, rules.map(mapper, givenName="Ana"))

    assert held["name"] == {"givenName": "Old", "familyName": "Ruiz"}
    assert after["name"] == {"givenName": "Ana", "familyName": "Ruiz"}


def test_other_elements_of_a_list_stay(rules):
    mapper = rules.mapper(rules.user_name, rules.row('emails[type eq "work"].value', "mail"))
    held = {"emails": [{"type": "home", "value": "h@x"}, {"type": "work", "value": "old@x", "primary": True}]}

    after = mapper.lay_over(held, rules.map(mapper, mail="new@x"))

    assert after["emails"] == [
        {"type": "home", "value": "h@x"},
        {"type": "work", "value": "new@x", "primary": True},
    ]


def test_null_leaves_the_old_value(rules):
    mapper = rules.mapper(rules.user_name, rules.row("title", "jobTitle"))

    assert mapper.lay_over({"title": "Old"}, rules.map(mapper))["title"] == "Old"


def test_null_that_flows_takes_the_old_value_away(rules):
    mapper = rules.mapper(rules.user_name, rules.row("title", "jobTitle", flow_null=True))

    assert "title" not in mapper.lay_over({"title": "Old"}, rules.map(mapper))


@pytest.mark.parametrize(("held", "expected"), [({}, "New"), ({"title": "Old"}, "Old")], ids=["empty", "filled"])
def test_attribute_add_only_fills_but_never_replaces(rules, held, expected):
    mapper = rules.mapper(rules.user_name, rules.row("title", "jobTitle", flow_type="AttributeAddOnly"))

    assert mapper.lay_over(held, rules.map(mapper, jobTitle="New"))["title"] == expected


@pytest.mark.parametrize(("held", "expected"), [({}, "Staff"), ({"title": "Old"}, "Old")], ids=["empty", "filled"])
def test_a_mapping_of_type_none_fills_an_empty_attribute(rules, held, expected):
    mapper = rules.mapper(rules.user_name, rules.row("title", default="Staff"))

    assert mapper.lay_over(held, rules.map(mapper))["title"] == expected


def test_multi_value_add_only_keeps_what_is_there(rules):
    mapper = rules.mapper(rules.user_name, rules.row("emails", "otherMails", flow_type="MultiValueAddOnly"))
    held = {"emails": [{"value": "old@x"}]}

    after = mapper.lay_over(held, rules.map(mapper, otherMails=["new@x", "old@x"]))

    assert after["emails"] == [{"value": "old@x"}, {"value": "new@x"}]


def test_value_add_only_replaces_a_value_with_another(rules):
    mapper = rules.mapper(rules.user_name, rules.row("title", "jobTitle", flow_type="ValueAddOnly", flow_null=True))

    assert mapper.lay_over({"title": "Old"}, rules.map(mapper, jobTitle="New"))["title"] == "New"
    assert mapper.lay_over({"title": "Old"}, rules.map(mapper))["title"] == "Old"


def test_a_change_of_case_alone_can_be_suppressed(rules):
    mapper = rules.mapper(rules.user_name, rules.row("externalId", "employeeId"))
    held = {"userName": "ANA@example.org", "externalId": "a7"}

    mapped = rules.map(mapper, employeeId="A7")

    assert mapper.lay_over(held, mapped)["userName"] == "ana@example.org"
    suppressed = mapper.lay_over(held, mapped, suppress_case_changes=True)
    assert suppressed == {"userName": "ANA@example.org", "externalId": "A7"}  # externalId is case-exact
