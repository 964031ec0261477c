"""Every tolerance has a test of its name; rows are those of spec/scim-wire.md section 5."""

import json
import re
from pathlib import Path

import pytest

from provisor.scim.errors import ScimError
from provisor.scim.filter.evaluation import evaluate
from provisor.scim.filter.grammar import parse
from provisor.scim.patch.applying import apply
from provisor.scim.patch.membership import split_members
from provisor.scim.patch.operations import Operation, parse_operations
from provisor.scim.path import parse_path
from provisor.scim.schemas.resource_types import (
    ADSCIM_GROUP_URN,
    ENTERPRISE_URN,
    GROUP_TYPE,
    GROUP_URN,
    UMBRELLA_URN,
    UMBRELLA_USER_TYPE,
    USER_TYPE,
    USER_URN,
)
from provisor.scim.schemas.schema import Attribute, ResourceType, Schema
from provisor.scim.validate import accept

MANAGER = f"{ENTERPRISE_URN}:manager"
WORK = 'emails[type eq "work"].value'
ROOT = Path(__file__).parents[2]
GROUP = {"schemas": [GROUP_URN], "displayName": "Staff", "members": [{"value": "u-1"}, {"value": "u-2"}]}


def user(**attributes):
    return accept({"userName": "ana", **attributes}, USER_TYPE)


def patched(document, *operations, resource_type=USER_TYPE):
    return apply(document, parse_operations({"Operations": list(operations)}), resource_type)


def refusal(function, *arguments, **keywords):
    with pytest.raises(ScimError) as caught:
        function(*arguments, **keywords)
    return caught.value


@pytest.mark.parametrize("op", ["Add", "ADD", "add"])
def test_operation_in_any_case(op):
    assert patched(user(), {"op": op, "path": "title", "value": "T"})["title"] == "T"


@pytest.mark.parametrize("op", ["delete", "", None, 1])
def test_unknown_operation_is_refused_not_ignored(op):
    error = refusal(patched, user(), {"op": op, "path": "title", "value": "T"})

    assert (error.status, error.scim_type) == (400, "invalidSyntax")
    assert "op must be add, replace or remove" in error.detail


@pytest.mark.parametrize("value", ["True", "true", "TRUE", True])
def test_boolean_as_text(value):
    assert user(active=value)["active"] is True
    assert patched(user(), {"op": "add", "path": "active", "value": value})["active"] is True
    assert user(emails=[{"value": "a", "primary": value}])["emails"] == [{"value": "a", "primary": True}]
    assert evaluate(parse(f'active eq "{value}"'), user(active=True), USER_TYPE)


@pytest.mark.parametrize("value", ["yes", "1", 1, 0, "", {"a": 1}])
def test_other_text_is_no_boolean(value):
    error = refusal(user, active=value)

    assert (error.status, error.scim_type) == (400, "invalidValue")
    assert error.detail.startswith("active must be true or false, not ")


def test_remove_lists_values():
    operation = {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": "u-2"}, {"value": "u-9"}]}

    assert patched(GROUP, operation, resource_type=GROUP_TYPE)["members"] == [{"value": "u-1"}]
    assert split_members(parse_operations({"Operations": [operation]}))[0].remove == ("u-2", "u-9")


def test_remove_with_an_empty_list_removes_nobody():
    operation = {"op": "Remove", "path": "members", "value": []}

    assert patched(GROUP, operation, resource_type=GROUP_TYPE) is GROUP
    assert not split_members(parse_operations({"Operations": [operation]}))[0].replace_all


def test_remove_without_value_empties():
    operation = {"op": "Remove", "path": "members"}

    assert "members" not in patched(GROUP, operation, resource_type=GROUP_TYPE)
    assert split_members(parse_operations({"Operations": [operation]}))[0].replace_all


def test_null_reference_ignored():
    group = accept({"displayName": "Staff", "members": [{"$ref": None, "value": "u-1"}]}, GROUP_TYPE)

    assert group["members"] == [{"value": "u-1"}]


def test_dotted_keys_without_path():
    value = {
        "name.givenName": "Ana",
        "NAME.familyName": "Ruiz",
        f"{ENTERPRISE_URN}:department": "Sales",
        f"{USER_URN}:title": "Buyer",
        WORK: "a@example.org",
        ENTERPRISE_URN: {"costCenter": "7"},
    }

    after = patched(user(), {"op": "replace", "value": value})

    assert after["name"] == {"givenName": "Ana", "familyName": "Ruiz"}
    assert after[ENTERPRISE_URN] == {"department": "Sales", "costCenter": "7"}
    assert after["title"] == "Buyer"
    assert after["emails"] == [{"type": "work", "value": "a@example.org"}]


@pytest.mark.parametrize(
    "value",
    ["m-1", {"value": "m-1"}, [{"$ref": None, "value": "m-1"}], [{"value": "m-1"}], ["m-1"]],
    ids=["text", "object", "list with $ref", "list", "list of text"],
)
@pytest.mark.parametrize("path", [MANAGER, f"{ENTERPRISE_URN}.manager", MANAGER.upper()], ids=["urn", "dot", "upper"])
def test_manager_in_any_form(path, value):
    assert user(**{ENTERPRISE_URN: {"manager": value}})[ENTERPRISE_URN] == {"manager": {"value": "m-1"}}
    assert patched(user(), {"op": "Add", "path": path, "value": value})[ENTERPRISE_URN] == {"manager": {"value": "m-1"}}


def test_manager_path_without_its_urn_is_found_in_the_extension():
    after = patched(user(), {"op": "Add", "path": "manager", "value": [{"$ref": None, "value": "m-1"}]})

    assert after[ENTERPRISE_URN] == {"manager": {"value": "m-1"}}


NOBODY = [
    *("", None, [], {}),
    *({"value": ""}, {"value": None}, {"VALUE": ""}, {"value": []}, {"value": [""]}, {"$ref": None, "value": ""}),
    *({"$ref": "../Users/m-1", "value": ""}, {"$ref": "../Users/m-1", "value": None}),
]


@pytest.mark.parametrize("listed", [False, True], ids=["alone", "in a list"])
@pytest.mark.parametrize("value", NOBODY, ids=repr)
@pytest.mark.parametrize("op", ["Add", "Replace"])
@pytest.mark.parametrize("where", ["path", "path without urn", "key", "key of the extension"])
def test_empty_manager_removes(where, op, value, listed):
    managed = user(**{ENTERPRISE_URN: {"manager": {"value": "m-1"}}})
    value = [value] if listed and not isinstance(value, list) else value
    operation = {
        "path": {"path": MANAGER, "value": value},
        "path without urn": {"path": "manager", "value": value},
        "key": {"value": {MANAGER: value}},
        "key of the extension": {"value": {ENTERPRISE_URN: {"manager": value}}},
    }[where]

    assert patched(managed, {"op": op, **operation}) == user()


@pytest.mark.parametrize("value", ["", [""], None, [], [None], [{"value": ""}], [{"value": None}]], ids=repr)
@pytest.mark.parametrize("op", ["Add", "Replace"])
def test_empty_manager_removes_said_through_its_value(op, value):
    managed = user(**{ENTERPRISE_URN: {"manager": {"value": "m-1"}}})

    assert patched(managed, {"op": op, "path": f"{MANAGER}.value", "value": value}) == user()


@pytest.mark.parametrize("value", [{"displayName": "Boss"}, [{"displayName": "Boss"}]], ids=repr)
def test_a_manager_of_whom_only_what_is_read_only_is_said_stays(value):
    managed = user(**{ENTERPRISE_URN: {"manager": {"value": "m-1"}}})

    assert patched(managed, {"op": "Replace", "path": MANAGER, "value": value}) is managed


@pytest.mark.parametrize("path", [MANAGER, "name", "emails", "roles", 'emails[type eq "work"]'])
@pytest.mark.parametrize("value", [{"x": "y"}, [{"x": "y"}], [{"value": "v"}, {"x": "y"}]], ids=repr)
@pytest.mark.parametrize("op", ["Add", "Replace"])
def test_an_object_that_says_nothing_known_is_refused_not_ignored(op, value, path):
    full = user(
        name={"givenName": "Ana"}, emails=[{"type": "work", "value": "a"}], **{ENTERPRISE_URN: {"manager": "m-1"}}
    )

    error = refusal(patched, full, {"op": op, "path": path, "value": value})

    assert (error.status, error.scim_type) == (400, "invalidValue")


@pytest.mark.parametrize("path", ["title", f"{ENTERPRISE_URN}:department", "name.givenName", "active"])
def test_a_list_of_an_object_without_value_is_no_value(path):
    error = refusal(patched, user(title="T"), {"op": "Replace", "path": path, "value": [{"x": "y"}]})

    assert (error.status, error.scim_type) == (400, "invalidValue")


@pytest.mark.parametrize("value", [{"givenName": None}, [{"givenName": None}]], ids=repr)
def test_an_object_in_a_list_changes_what_the_object_alone_changes(value):
    named = user(name={"givenName": "Ana", "familyName": "Ruiz"})

    assert patched(named, {"op": "Replace", "path": "name", "value": value})["name"] == {"familyName": "Ruiz"}


def test_filter_creates_its_element():
    after = patched(user(), {"op": "Replace", "path": WORK, "value": "a@example.org"})

    assert after["emails"] == [{"type": "work", "value": "a@example.org"}]


def test_filter_that_describes_nothing_creates_nothing():
    error = refusal(patched, user(), {"op": "replace", "path": 'emails[value co "x"].value', "value": "a"})

    assert (error.status, error.scim_type) == (400, "noTarget")


def test_names_in_any_case():
    document = accept({"USERNAME": "ana", "Name": {"GIVENNAME": "Ana"}, "emails": [{"Value": "a"}]}, USER_TYPE)
    after = apply(
        document, parse_operations({"operations": [{"OP": "add", "Path": "EMAILS[Type eq \"work\"].Value", "VALUE": "b"}]}), USER_TYPE
    )  # fmt: skip

    assert document == {
        "schemas": [USER_URN],
        "userName": "ana",
        "name": {"givenName": "Ana"},
        "emails": [{"value": "a"}],
    }
    assert after["emails"] == [{"value": "a"}, {"type": "work", "value": "b"}]


def test_null_is_absent():
    assert user(title=None, name={"givenName": None}, emails=[None, {"value": None}], roles=[]) == user()


def test_null_replaces_by_nothing():
    assert patched(user(title="T"), {"op": "replace", "path": "title", "value": None}) == user()


@pytest.mark.parametrize("value", [[{"value": "T"}], ["T"], [{"$ref": None, "value": "T"}]], ids=repr)
def test_single_element_array_unwrapped(value):
    assert user(title=value)["title"] == "T"
    assert patched(user(), {"op": "Add", "path": "title", "value": value})["title"] == "T"


def test_two_elements_for_one_value_are_refused():
    assert refusal(user, title=["T", "U"]).detail == 'title must be text, not ["T", "U"].'


def test_role_as_json_text():
    role = json.dumps({"id": "r-1", "value": "Admin", "displayName": "Admin"})

    assert patched(user(), {"op": "Add", "path": "roles", "value": [{"value": role}]})["roles"] == [{"value": role}]
    assert patched(user(), {"op": "Add", "path": "roles", "value": role})["roles"] == [{"value": role}]


def test_unknown_attribute_ignored():
    assert user(shoeSize=43, **{"urn:example:2.0:Shoes": {"size": 43}}) == user()


@pytest.mark.parametrize("path", ["shoeSize", "name.shoeSize", "urn:example:2.0:Shoes:size", "urn:example:2.0:Shoes"])
def test_patch_of_an_unknown_attribute_is_refused(path):
    by_path = refusal(patched, user(), {"op": "add", "path": path, "value": "43"})
    by_key = refusal(patched, user(), {"op": "add", "value": {path: "43"}})

    assert {(error.status, error.scim_type) for error in (by_path, by_key)} == {(400, "invalidPath")}


@pytest.mark.parametrize("path", ["title", "name.middleName", "emails", WORK, MANAGER, ENTERPRISE_URN])
def test_patch_of_a_standard_attribute_umbrella_lacks_is_dropped(path):
    held = accept({"userName": "ana"}, UMBRELLA_USER_TYPE)

    assert patched(held, {"op": "Add", "path": path, "value": {"value": "x"}}, resource_type=UMBRELLA_USER_TYPE) is held


def test_read_only_ignored():
    document = user(id="other", meta={"resourceType": "Group"}, groups=[{"value": "g"}])

    assert document == user()
    assert patched(document, {"op": "replace", "value": {"id": "x", "meta": {}, "schemas": [], "title": "T"}}) == user(
        title="T"
    )


def test_same_value_changes_nothing():
    held = user(title="T", active=True, emails=[{"type": "work", "value": "a", "primary": True}])
    operations = [
        {"op": "Replace", "path": "title", "value": "T"},
        {"op": "Replace", "path": "active", "value": "True"},
        {"op": "Replace", "path": WORK, "value": "a"},
        {"op": "Add", "path": "emails", "value": [{"type": "work", "value": "A"}]},
        {"op": "Remove", "path": "nickName"},
        {"op": "Replace", "value": {"title": "T"}},
    ]

    assert all(patched(held, operation) is held for operation in operations[:3] + operations[4:])
    assert patched(held, *operations[:3]) is held


def test_change_that_is_taken_back_changes_nothing():
    held = user(title="T")

    assert patched(held, {"op": "Add", "path": "nickName", "value": "N"}, {"op": "Remove", "path": "nickName"}) is held


@pytest.mark.parametrize("separator", [":", "."])
def test_dot_after_urn(separator):
    path = parse_path(f"{UMBRELLA_URN}{separator}nativeObjectId", UMBRELLA_USER_TYPE)

    assert (path.urn, path.attribute) == (UMBRELLA_URN, "nativeObjectId")


def test_unknown_schema_accepted():
    group = accept({"schemas": [GROUP_URN, ADSCIM_GROUP_URN], "displayName": "Staff"}, GROUP_TYPE)

    assert group == {"schemas": [GROUP_URN], "displayName": "Staff"}


def test_extension_without_schema():
    held = accept({"schemas": [USER_URN], "userName": "bo", UMBRELLA_URN: {"nativeObjectId": "x"}}, UMBRELLA_USER_TYPE)

    assert held[UMBRELLA_URN] == {"nativeObjectId": "x"}
    assert held["schemas"] == [USER_URN, UMBRELLA_URN]


@pytest.mark.parametrize("word", ["bo.li", "4711", "007", "a@b"])
def test_bare_word_literal(word):
    assert evaluate(parse(f"externalId eq {word}"), {"externalId": word}, USER_TYPE)


def test_emptied_element_dropped():
    held = user(emails=[{"type": "work", "value": "a", "primary": True}, {"type": "home", "value": "b"}])

    after = patched(held, {"op": "Remove", "path": WORK})

    assert after["emails"] == [{"type": "home", "value": "b"}]


def test_element_with_something_left_to_say_stays():
    held = user(emails=[{"type": "work", "value": "a", "display": "A"}])

    assert patched(held, {"op": "Remove", "path": WORK})["emails"] == [{"type": "work", "display": "A"}]


def test_empty_text_unassigns_list():
    held = user(emails=[{"value": "a"}])

    assert patched(held, {"op": "Replace", "path": "emails", "value": ""}) == user()


def test_empty_operations():
    held = user()

    assert patched(held) is held


@pytest.mark.parametrize("value", [{"value": "a"}, "a", ["a"], [{"value": "a"}]], ids=repr)
def test_single_value_for_list(value):
    assert user(emails=value)["emails"] == [{"value": "a"}]
    assert patched(user(), {"op": "add", "path": "emails", "value": value})["emails"] == [{"value": "a"}]


def test_quoted_number_in_filter():
    shoes = ResourceType(
        name="Shoe",
        endpoint="/Shoes",
        schema=Schema(id="urn:example:Shoe", name="Shoe", attributes=(Attribute(name="size", type="integer"),)),
    )

    assert evaluate(parse('size gt "42"'), {"size": 43}, shoes)


def test_operations_keep_their_order():
    after = patched(
        user(), {"op": "add", "path": "title", "value": "A"}, {"op": "replace", "path": "title", "value": "B"}
    )

    assert after["title"] == "B"
    assert apply(after, [Operation(op="remove", path="title")], USER_TYPE) == user()


def tolerances():
    """Names of the reference page's table."""
    page = (ROOT / "docs" / "reference" / "scim-service-provider.md").read_text()
    return re.findall(r"^\| `([a-z_]+)` \|", page.partition("## Tolerances")[2].partition("\n## ")[0], re.MULTILINE)


def test_every_tolerance_has_a_test_of_its_name():
    assert len(tolerances()) == len(set(tolerances())) >= 25
    assert not [name for name in tolerances() if f"test_{name}" not in globals()]


def test_every_tolerance_that_the_code_names_is_documented():
    sources = "".join(path.read_text() for path in (ROOT / "src").rglob("*.py"))
    named = set(re.findall(r"\b[Tt]olerance ([a-z]+_[a-z_]+)", sources))

    assert named
    assert named <= set(tolerances())


CORE = "urn:ietf:params:scim:schemas:core:2.0:User"


@pytest.mark.parametrize("op", ["add", "replace"])
@pytest.mark.parametrize("resource_type", [USER_TYPE, UMBRELLA_USER_TYPE], ids=["generic", "umbrella"])
@pytest.mark.parametrize("path", [None, CORE, CORE.upper()], ids=["in the value", "as the path", "in capitals"])
def test_attributes_under_the_core_schema_are_refused_and_not_dropped(resource_type, path, op):
    value = {"active": False} if path else {CORE: {"active": False}}

    with pytest.raises(ScimError) as refused:
        apply({"userName": "a", "active": True}, (Operation(op=op, path=path, value=value),), resource_type)

    assert refused.value.status == 400


@pytest.mark.parametrize("resource_type", [USER_TYPE, UMBRELLA_USER_TYPE], ids=["generic", "umbrella"])
def test_a_document_with_attributes_under_the_core_schema_is_refused(resource_type):
    with pytest.raises(ScimError) as refused:
        accept({"userName": "a", CORE: {"active": False}}, resource_type)

    assert refused.value.status == 400
