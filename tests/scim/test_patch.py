"""PATCH, cell by cell of the table in spec/scim-wire.md section 9 (RFC 7644 section 3.5.2)."""

import pytest

from provisor.scim.errors import ScimError
from provisor.scim.patch.applying import apply
from provisor.scim.patch.operations import MAX_OPERATIONS, PATCH_OP_URN, Operation, parse_operations
from provisor.scim.schemas.resource_types import ENTERPRISE_URN, GROUP_TYPE, USER_TYPE, USER_URN
from provisor.scim.schemas.schema import Attribute, Extension, ResourceType, Schema
from provisor.scim.validate import accept

A, B, C = {"type": "work", "value": "a"}, {"type": "home", "value": "b"}, {"type": "other", "value": "c"}


def user(**attributes):
    return accept({"userName": "ana", **attributes}, USER_TYPE)


def do(document, op, path, value=None, resource_type=USER_TYPE):
    return apply(document, [Operation(op=op, path=path, value=value)], resource_type)


def refusal(document, op, path, value=None, resource_type=USER_TYPE):
    with pytest.raises(ScimError) as caught:
        do(document, op, path, value, resource_type)
    return caught.value.status, caught.value.scim_type, caught.value.detail


# add


def test_add_without_path_merges_the_value():
    after = do(user(title="T", name={"givenName": "Ana"}), "add", None, {"name": {"familyName": "R"}, "emails": [A]})

    assert after == user(title="T", name={"givenName": "Ana", "familyName": "R"}, emails=[A])


def test_add_sets_a_single_value():
    assert do(user(title="T"), "add", "title", "U") == user(title="U")


def test_add_to_a_complex_attribute_keeps_other_sub_attributes():
    assert do(user(name={"givenName": "A"}), "add", "name", {"familyName": "R"}) == user(
        name={"givenName": "A", "familyName": "R"}
    )


def test_add_appends_to_a_list_without_duplicates():
    assert do(user(emails=[A]), "add", "emails", [A, B, B]) == user(emails=[A, B])


def test_add_of_a_listed_value_completes_it():
    after = do(user(emails=[{"value": "a"}]), "add", "emails", [{"value": "a", "type": "work", "display": "D"}])

    assert after["emails"] == [{"value": "a", "type": "work", "display": "D"}]


def test_add_with_filter_updates_the_chosen_elements():
    after = do(user(emails=[A, B]), "add", 'emails[type eq "work"]', {"display": "D"})

    assert after["emails"] == [{**A, "display": "D"}, B]


def test_add_with_filter_and_sub_attribute_sets_it():
    assert do(user(emails=[A, B]), "add", 'emails[type eq "home"].value', "x")["emails"] == [A, {**B, "value": "x"}]


def test_add_of_nothing_changes_nothing():
    held = user(title="T", emails=[A])

    assert do(held, "add", "title", None) is held
    assert do(held, "add", "emails", []) is held


# replace


def test_replace_without_path_replaces_attributes_and_leaves_others():
    after = do(user(title="T", nickName="N", emails=[A]), "replace", None, {"title": "U", "emails": [B]})

    assert after == user(title="U", nickName="N", emails=[B])


def test_replace_of_an_absent_attribute_adds_it():
    assert do(user(), "replace", "title", "T") == user(title="T")


def test_replace_of_a_complex_attribute_leaves_unnamed_sub_attributes():
    after = do(
        user(name={"givenName": "A", "familyName": "R"}), "replace", "name", {"givenName": "B", "familyName": None}
    )

    assert after == user(name={"givenName": "B"})


def test_replace_of_a_list_replaces_all_values():
    assert do(user(emails=[A, B]), "replace", "emails", [C]) == user(emails=[C])


def test_replace_by_the_same_values_in_another_order_changes_nothing():
    held = user(emails=[A, B])

    assert do(held, "replace", "emails", [B, A]) is held


def test_replace_by_an_empty_list_unassigns():
    assert do(user(emails=[A]), "replace", "emails", []) == user()


def test_replace_with_filter_replaces_the_chosen_records_but_keeps_what_chose_them():
    held = user(emails=[{**A, "display": "D"}, B])

    assert do(held, "replace", 'emails[type eq "work"]', {"value": "x"})["emails"] == [
        {"type": "work", "value": "x"},
        B,
    ]


def test_replace_with_filter_that_chooses_nothing_has_no_target():
    status, kind, detail = refusal(user(emails=[A]), "replace", 'emails[type eq "home"]', {"value": "x"})

    assert (status, kind) == (400, "noTarget")
    assert detail == 'No value of emails is chosen by "emails[type eq "home"]".'


def test_replace_with_filter_and_sub_attribute_sets_every_chosen_one():
    held = user(emails=[A, {"type": "work", "value": "z"}, B])

    after = do(held, "replace", 'emails[type eq "work"].display', "D")

    assert [item.get("display") for item in after["emails"]] == ["D", "D", None]


def test_replace_of_a_sub_attribute_without_filter_reaches_every_element():
    assert do(user(emails=[A, B]), "replace", "emails.display", "D")["emails"] == [
        {**A, "display": "D"},
        {**B, "display": "D"},
    ]


def test_replace_by_null_unassigns_a_sub_attribute():
    assert do(user(name={"givenName": "A", "familyName": "R"}), "replace", "name.givenName", None) == user(
        name={"familyName": "R"}
    )


# remove


@pytest.mark.parametrize("path", [None, ""])
def test_remove_without_path_has_no_target(path):
    with pytest.raises(ScimError) as caught:
        apply(user(), parse_operations({"Operations": [{"op": "remove", "path": path}]}), USER_TYPE)

    assert (caught.value.status, caught.value.scim_type) == (400, "noTarget")


def test_remove_unassigns_an_attribute():
    assert do(user(title="T"), "remove", "title") == user()


def test_remove_of_an_absent_attribute_changes_nothing():
    held = user()

    assert do(held, "remove", "title") is held
    assert do(held, "remove", 'emails[type eq "work"]') is held
    assert do(held, "remove", "name.givenName") is held
    assert do(held, "remove", f"{ENTERPRISE_URN}:department") is held
    assert do(held, "remove", ENTERPRISE_URN) is held


def test_remove_with_filter_drops_the_chosen_elements():
    assert do(user(emails=[A, B]), "remove", 'emails[type eq "work"]')["emails"] == [B]


def test_remove_of_the_last_element_leaves_no_empty_list():
    assert do(user(emails=[A]), "remove", 'emails[type eq "work"]') == user()


def test_remove_with_filter_and_sub_attribute_unassigns_it():
    assert do(user(emails=[{**A, "display": "D"}]), "remove", 'emails[type eq "work"].display') == user(emails=[A])


def test_remove_of_the_last_sub_attribute_leaves_no_empty_object():
    assert do(user(name={"givenName": "A"}), "remove", "name.givenName") == user()


def test_remove_of_an_extension_takes_its_urn_out_of_schemas():
    held = user(**{ENTERPRISE_URN: {"department": "D"}})

    assert held["schemas"] == [USER_URN, ENTERPRISE_URN]
    assert do(held, "remove", ENTERPRISE_URN) == user()
    assert do(held, "remove", f"{ENTERPRISE_URN}:department") == user()


# beyond the table


def test_required_attribute_cannot_be_removed():
    expected = (400, "mutability", "userName is required and cannot be removed.")

    assert refusal(user(), "remove", "userName") == expected
    assert refusal(user(), "replace", "userName", None) == expected


def test_required_attribute_cannot_be_blank():
    assert refusal(user(), "replace", "userName", " ") == (
        400,
        "invalidValue",
        'userName is required and must not be blank, as " " is.',
    )


@pytest.mark.parametrize("path", ["id", "meta", "meta.created", "groups", f"{ENTERPRISE_URN}:manager.displayName"])
@pytest.mark.parametrize("op", ["add", "replace", "remove"])
def test_read_only_attribute_cannot_be_set(op, path):
    status, kind, detail = refusal(user(), op, path, "x")

    assert (status, kind) == (400, "mutability")
    assert detail == f"{path} is read-only and cannot be set by a client."


def test_immutable_value_of_a_member_cannot_be_changed():
    group = accept({"displayName": "G", "members": [{"value": "u-1"}]}, GROUP_TYPE)

    status, kind, detail = refusal(group, "replace", 'members[value eq "u-1"].value', "u-2", GROUP_TYPE)

    assert (status, kind) == (400, "mutability")
    assert '"u-1"' in detail
    assert '"u-2"' in detail


@pytest.mark.parametrize(
    "path", ["emails[", "emails]", "a b", "name..givenName", "name.a.b", ".name", "1st", 'title[value eq "x"]']
)
def test_bad_path_is_refused(path):
    status, kind, detail = refusal(user(), "add", path, "x")

    assert (status, kind) in [(400, "invalidPath"), (400, "invalidFilter")]
    assert detail.endswith(".")


@pytest.mark.parametrize(
    ("path", "value", "detail"),
    [
        ("title", 7, "title must be text, not 7."),
        ("title", {"a": 1}, 'title must be text, not {"a": 1}.'),
        ("name", "Ana", 'name must be an object, not "Ana".'),
        ("name.givenName", True, "name.givenName must be text, not true."),
        ("emails", [{"value": 1}], "emails.value must be text, not 1."),
        ('emails[type eq "work"].primary', "maybe", 'emails[type eq "work"].primary must be true or false, not "maybe".'),
        (f"{ENTERPRISE_URN}:department", ["a", "b"], f'{ENTERPRISE_URN}:department must be text, not ["a", "b"].'),
        ("x509Certificates", [{"value": "not base64!"}], 'x509Certificates.value must be base64 text, not "not base64!".'),
        (None, "text", 'Without a path the value must be an object of attributes, not "text".'),
        (ENTERPRISE_URN, "text", f'{ENTERPRISE_URN} is an object of attributes, not "text".'),
    ],
)  # fmt: skip
def test_wrong_type_is_refused_naming_attribute_and_value(path, value, detail):
    assert refusal(user(), "add", path, value) == (400, "invalidValue", detail)


def test_a_failing_operation_leaves_the_resource_untouched():
    held = user(title="T")
    operations = [Operation(op="replace", path="title", value="U"), Operation(op="replace", path="title", value=7)]

    with pytest.raises(ScimError):
        apply(held, operations, USER_TYPE)

    assert held == user(title="T")


def test_new_primary_takes_the_mark_from_the_old_one():
    held = user(emails=[{**A, "primary": True}, B])

    by_path = do(held, "replace", 'emails[type eq "home"].primary', True)
    by_adding = do(held, "add", "emails", [{**C, "primary": True}])

    assert [item.get("primary") for item in by_path["emails"]] == [False, True]
    assert [item.get("primary") for item in by_adding["emails"]] == [False, None, True]


def test_two_new_primaries_are_refused():
    status, kind, _ = refusal(user(emails=[A, B]), "add", "emails.primary", True)

    assert (status, kind) == (400, "invalidValue")


def test_member_added_and_removed_nets_to_nothing():
    group = accept({"displayName": "G"}, GROUP_TYPE)
    operations = [
        Operation(op="add", path="members", value=[{"value": "u-1"}]),
        Operation(op="remove", path='members[value eq "u-1"]'),
    ]

    assert apply(group, operations, GROUP_TYPE) is group


def test_schemas_cannot_be_talked_into_anything():
    held = user()

    assert do(held, "replace", "schemas", ["urn:example"]) is held


def test_required_extension_cannot_be_removed():
    owner = Schema(id="urn:example:Owner", name="Owner", attributes=(Attribute(name="who", required=True),))
    thing = ResourceType(
        name="Thing",
        endpoint="/Things",
        schema=Schema(id="urn:example:Thing", name="Thing"),
        extensions=(Extension(schema=owner, required=True),),
    )
    held = accept({owner.id: {"who": "ana"}}, thing)

    assert refusal(held, "remove", owner.id, None, thing)[1] == "mutability"
    assert refusal(held, "remove", f"{owner.id}:who", None, thing)[1] == "mutability"


# bodies


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ([], "invalidSyntax"),
        ({}, "invalidSyntax"),
        ({"Operations": {}}, "invalidSyntax"),
        ({"Operations": ["add"]}, "invalidSyntax"),
        ({"schemas": [USER_URN], "Operations": []}, "invalidSyntax"),
        ({"Operations": [{"path": "title", "value": "T"}]}, "invalidSyntax"),
        ({"Operations": [{"op": "add", "path": 7, "value": "T"}]}, "invalidPath"),
        ({"Operations": [{"op": "add", "path": "title"}]}, "invalidValue"),
        ({"Operations": [{"op": "replace", "path": "title"}]}, "invalidValue"),
    ],
    ids=str,
)
def test_body_that_is_no_patch_is_refused(body, kind):
    with pytest.raises(ScimError) as caught:
        parse_operations(body)

    assert (caught.value.status, caught.value.scim_type) == (400, kind)


def test_too_many_operations_are_refused_with_413():
    with pytest.raises(ScimError) as caught:
        parse_operations({"Operations": [{"op": "remove", "path": "title"}] * (MAX_OPERATIONS + 1)})

    assert caught.value.status == 413


def test_operations_are_read_in_order():
    body = {
        "schemas": [PATCH_OP_URN],
        "Operations": [{"op": "add", "path": "title", "value": "T"}, {"op": "remove", "path": "title"}],
    }

    assert parse_operations(body) == (
        Operation(op="add", path="title", value="T"),
        Operation(op="remove", path="title"),
    )
