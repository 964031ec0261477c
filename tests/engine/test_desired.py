"""What the directory says of one object: standing, reason, document (spec/provisioning-service.md sections 5.1 and 9)."""

import os
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from provisor.engine.desired import as_leaver, provisioning_view
from provisor.rules.scoping import Clause, FilterGroup, Scope

RESEARCH = Scope(
    (FilterGroup(title="Research", clauses=(Clause(attribute="department", operator="EQUALS", values=("R&D",)),)),)
)

STANDINGS = {
    "in order": ({}, "wanted"),
    "disabled": ({"enabled": False}, "suspended"),
    "in the recycle bin": ({"deleted": True}, "suspended"),
    "unassigned": ({"assigned": False}, "unentitled"),
    "disabled, then unassigned": ({"enabled": False, "assigned": False}, "unentitled"),
    "deleted, and the assignment with it": ({"deleted": True, "assigned": False}, "suspended"),
    "purged": ({"purged": True, "deleted": True}, "gone"),
    "purged and unassigned": ({"purged": True, "assigned": False}, "gone"),
}


@pytest.mark.parametrize(("settings", "standing"), STANDINGS.values(), ids=STANDINGS.keys())
def test_the_standing_of_a_user(directory, settings, standing):
    assert directory.judge(directory.user(**settings)).standing == standing


def test_everybody_is_entitled_when_all_are_provisioned(directory):
    rules = directory.rules(sync_all=True)

    assert directory.judge(directory.user(assigned=False), rules).standing == "wanted"


def test_who_fails_the_filter_is_unentitled_with_the_reason(directory):
    rules = directory.rules(users={"scope": RESEARCH})

    desired = directory.judge(directory.user(attributes={"department": "Sales"}), rules)

    assert desired.standing == "unentitled"
    assert desired.why.code == "NotInScope"
    assert desired.why.reason == 'No scoping filter holds: department EQUALS "R&D" is false.'


def test_assignment_and_filter_must_both_hold(directory):
    rules = directory.rules(users={"scope": RESEARCH})
    record = directory.user(attributes={"department": "R&D"})

    assert directory.judge(record, rules).standing == "wanted"
    assert directory.judge(replace(record, assigned=False), rules).standing == "unentitled"


def test_who_is_not_wanted_is_mapped_as_inactive(directory):
    desired = directory.judge(directory.user(enabled=False))

    assert desired.mapped.wanted["active"] is False
    assert desired.mapped.wanted["userName"] == "ana@example.org"


def test_who_is_not_wanted_and_not_linked_is_not_mapped(directory):
    assert directory.judge(directory.user(enabled=False), linked=False).mapped is None


def test_somebody_gone_needs_no_document(directory):
    desired = directory.judge(directory.user(purged=True))

    assert desired.mapped is None
    assert desired.wanted_hash == ""


@pytest.mark.parametrize(("kind", "path"), [("user", "userName"), ("group", "displayName")])
def test_somebody_deleted_for_good_is_looked_for_by_the_name_that_is_still_known(directory, kind, path):
    gone = replace(getattr(directory, kind)(purged=True), attributes={}, name="known@still")

    values = as_leaver(gone, directory.rules(), datetime(2031, 3, 4, tzinfo=UTC), os.urandom)

    assert values.matching == ((path, "known@still"),)


def test_a_group_has_no_disabled_state(directory):
    assert directory.judge(directory.group(enabled=False)).standing == "wanted"
    assert directory.judge(directory.group(deleted=True)).standing == "suspended"


def test_groups_are_set_aside_when_their_mapping_is_off(directory):
    desired = directory.judge(directory.group(), directory.rules(groups={"enabled": False}))

    assert desired.aside.code == "NotInScope"


def test_an_object_that_is_not_read_is_set_aside(directory):
    rules = directory.rules(users={"scope": Scope(input_groups=RESEARCH.groups)})

    assert directory.judge(directory.user(), rules).aside.code == "NotInScope"


def test_an_undecidable_filter_fails_the_object_and_names_it(directory):
    slow = Clause(attribute="department", operator="REGEX MATCH", values=("(a|aa)+!x",))
    rules = directory.rules(users={"scope": Scope((FilterGroup(title="Slow", clauses=(slow,)),))})

    desired = directory.judge(directory.user(attributes={"department": "a" * 60}), rules)

    assert desired.aside.failure.code == "ScopingFilterFailed"
    assert desired.aside.failure.message.startswith("ana@example.org: ")


def test_an_attribute_that_is_not_mapped_does_not_change_the_hash(directory):
    before = directory.judge(directory.user(attributes={"department": "Sales"}))
    after = directory.judge(directory.user(attributes={"department": "R&D"}))

    assert before.wanted_hash == after.wanted_hash


def test_a_mapped_attribute_changes_the_hash(directory):
    before = directory.judge(directory.user())

    assert directory.judge(directory.user(attributes={"surname": "Li"})).wanted_hash != before.wanted_hash
    assert directory.judge(directory.user(enabled=False)).wanted_hash != before.wanted_hash


def test_a_manager_counts_where_the_rules_map_it(directory):
    record, other = directory.user(manager="m1"), directory.user(manager="m2")
    generic = directory.rules("scim")

    assert directory.judge(record, generic).manager == "m1"
    assert directory.judge(record, generic).wanted_hash != directory.judge(other, generic).wanted_hash
    assert directory.judge(record).manager is None
    assert directory.judge(record).wanted_hash == directory.judge(other).wanted_hash


def test_the_order_of_attributes_does_not_change_the_hash(directory):
    record = directory.user()
    turned = replace(record, attributes=dict(reversed(record.attributes.items())))

    assert directory.judge(record).wanted_hash == directory.judge(turned).wanted_hash


VIEW = {
    "id": ("objectId", "u1"),
    "id under its own name": ("id", "u1"),
    "mobilePhone": ("mobile", "+1 555"),
    "officeLocation": ("physicalDeliveryOfficeName", "Room 7"),
    "faxNumber": ("facsimileTelephoneNumber", "+1 556"),
    "first businessPhone": ("telephoneNumber", "+1 557"),
    "accountEnabled": ("accountEnabled", True),
    "manager": ("manager", "m1"),
    "an extension": ("extension_0f_objectGUID", "abc=="),
    "graph's own name": ("mobilePhone", "+1 555"),
}


@pytest.mark.parametrize(("name", "value"), VIEW.values(), ids=VIEW.keys())
def test_rules_see_graphs_and_provisionings_names(directory, name, value):
    record = directory.user(
        manager="m1",
        attributes={
            "mobilePhone": "+1 555",
            "officeLocation": "Room 7",
            "faxNumber": "+1 556",
            "businessPhones": ["+1 557", "+1 558"],
            "extension_0f_objectGUID": "abc==",
        },
    )

    assert provisioning_view(record)[name] == value


def test_an_absent_value_has_no_alias(directory):
    view = provisioning_view(directory.user(attributes={"businessPhones": []}))

    assert "telephoneNumber" not in view
    assert "mobile" not in view
    assert "manager" not in view


def test_a_guest_is_called_by_the_home_address(directory):
    guest = "an_na_fabrikam.example#EXT#@contoso.example"

    view = provisioning_view(directory.user(attributes={"userPrincipalName": guest}))

    assert view["userPrincipalName"] == "an_na@fabrikam.example"
    assert view["originalUserPrincipalName"] == guest


def test_leaving_depends_on_kind_rules_and_application(directory):
    rules = directory.rules()
    without_active = tuple(row for row in directory.user_rows() if row.target != "active")

    assert rules.users.terms.leaving == "disable"
    assert rules.groups.terms.leaving == "delete"
    assert directory.rules(soft_delete=False).users.terms.leaving == "delete"
    assert directory.rules(users={"mappings": without_active}).users.terms.leaving == "nothing"


@pytest.mark.parametrize(
    ("left", "standing"),
    [({"deleted": True}, "suspended"), ({"enabled": False}, "suspended"), ({"assigned": False}, "unentitled")],
    ids=["deleted", "disabled", "unassigned"],
)
def test_a_filter_that_cannot_be_decided_keeps_no_leaver_in(directory, left, standing):
    slow = Clause(attribute="department", operator="REGEX MATCH", values=("(a|aa)+!x",))
    rules = directory.rules(users={"scope": Scope((FilterGroup(title="Slow", clauses=(slow,)),))})

    desired = directory.judge(directory.user(attributes={"department": "a" * 60}, **left), rules)

    assert (desired.aside, desired.standing) == (None, standing)
