"""What must be written so that an account holds what the rules want."""

from dataclasses import replace

from provisor.engine.difference import difference
from provisor.scim.patch.applying import apply


def differing(directory, held, record=None, rules=None, **settings):
    rules = rules or directory.rules()
    desired = directory.judge(record or directory.user(), rules)
    return difference(held, desired.mapped, rules.users.mapper, **settings)


def held_by(directory, **changes):
    return {**directory.judge(directory.user()).mapped.wanted, **changes}


def test_an_account_that_holds_everything_needs_nothing(directory):
    assert differing(directory, held_by(directory)).operations == ()


def test_only_what_differs_is_sent(directory):
    found = differing(directory, held_by(directory, displayName="Old"))

    assert [(each.op, each.path, each.value) for each in found.operations] == [("replace", "displayName", "Ana Ruiz")]


def test_a_value_the_account_lacks_is_added(directory):
    held = held_by(directory)
    del held["displayName"]

    assert [each.op for each in differing(directory, held).operations] == ["add"]


def test_a_disabled_person_is_sent_inactive_alone(directory):
    found = differing(directory, held_by(directory), directory.user(enabled=False))

    assert [(each.path, each.value) for each in found.operations] == [("active", False)]


def test_the_operations_lead_to_the_document_afterwards(directory):
    held = held_by(directory, displayName="Old", active=False, nickName="kept", id="t1")
    rules = directory.rules()

    found = differing(directory, held, rules=rules)

    assert apply(held, found.operations, rules.users.mapper.resource_type) == found.after
    assert found.after["nickName"] == "kept"


def test_a_change_of_case_alone_is_sent_or_suppressed(directory):
    held = held_by(directory, userName="ANA@EXAMPLE.ORG")

    assert [each.path for each in differing(directory, held).operations] == ["userName"]
    assert differing(directory, held, suppress_case_changes=True).operations == ()


def test_a_mapping_that_flows_always_is_sent_unchanged(directory):
    rows = directory.user_rows()
    always = tuple(replace(row, flow_behavior="FlowAlways") if row.target == "displayName" else row for row in rows)

    found = differing(directory, held_by(directory), rules=directory.rules(users={"mappings": always}))

    assert [(each.op, each.path, each.value) for each in found.operations] == [("replace", "displayName", "Ana Ruiz")]


MANAGER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def test_a_manager_the_directory_no_longer_has_is_taken_away(directory):
    rules = directory.rules("scim")
    held = {**directory.judge(directory.user(), rules).mapped.wanted, MANAGER: {"manager": {"value": "t9"}}}

    found = differing(directory, held, directory.user(manager=None), rules)

    assert [(each.op, each.path) for each in found.operations] == [("remove", f"{MANAGER}:manager")]


def test_a_manager_is_left_alone_while_the_directory_has_one(directory):
    rules = directory.rules("scim")
    held = {**directory.judge(directory.user(), rules).mapped.wanted, MANAGER: {"manager": {"value": "t9"}}}

    assert differing(directory, held, directory.user(manager="m1"), rules).operations == ()


def test_an_account_about_to_be_linked_keeps_the_manager_it_has(directory):
    rules = directory.rules("scim")
    desired = directory.judge(directory.user(), rules, linked=False)

    assert desired.mapped.unreferenced == ()


def test_being_linked_does_not_change_the_hash(directory):
    rules = directory.rules("scim")
    linked, unlinked = (directory.judge(directory.user(), rules, linked=linked) for linked in (True, False))

    assert linked.wanted_hash == unlinked.wanted_hash


def test_null_does_not_clear_unless_the_mapping_opted_in(directory):
    rows = directory.user_rows()
    clearing = tuple(replace(row, flow_null=True) if row.target == "displayName" else row for row in rows)
    record = directory.user(attributes={"displayName": None})

    assert differing(directory, held_by(directory), record).operations == ()
    found = differing(directory, held_by(directory), record, directory.rules(users={"mappings": clearing}))
    assert [(each.op, each.path) for each in found.operations] == [("remove", "displayName")]
