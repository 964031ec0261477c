"""Recorded requests: bytes written by hand from the wire contract, so that neither side is judged by its own words."""

import json
from pathlib import Path

import pytest

from provisor.scim.entra import Dialect, create_body, members_bodies, patch_body
from provisor.scim.patch.applying import apply
from provisor.scim.patch.derivation import derive
from provisor.scim.patch.membership import MemberChange, split_members
from provisor.scim.patch.operations import Operation, parse_operations
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
from provisor.scim.validate import accept

REQUESTS = Path(__file__).parent / "requests"
MANAGER = f"{ENTERPRISE_URN}:manager"

ANA = {
    "schemas": [USER_URN],
    "userName": "ana.ruiz@example.org",
    "active": True,
    "title": "Buyer",
    "name": {"givenName": "Ana", "familyName": "Ruiz"},
    "emails": [{"type": "work", "value": "ana.ruiz@example.org", "primary": True}],
}
STAFF = {"schemas": [GROUP_URN], "displayName": "Field Staff", "members": [{"value": "u-1"}, {"value": "u-7"}]}


def recorded(name):
    return json.loads((REQUESTS / f"{name}.json").read_bytes())


def canonical(body):
    return json.dumps(body, sort_keys=True, ensure_ascii=False)


def patched(document, name, resource_type):
    return apply(document, parse_operations(recorded(name)), resource_type)


def changes(name):
    return split_members(parse_operations(recorded(name)))[0]


# Received


def test_created_user_is_stored_with_its_content():
    stored = accept(recorded("entra-classic-create-user"), USER_TYPE)

    assert stored == {
        "schemas": [USER_URN],
        "externalId": "5d0f7c1e-8a44-4f0e-9d2b-2f6f0c6a7711",
        "userName": "ana.ruiz@example.org",
        "active": True,
        "displayName": "Ana Ruiz",
        "name": {"formatted": "Ana Ruiz", "givenName": "Ana", "familyName": "Ruiz"},
        "emails": [{"primary": True, "type": "work", "value": "ana.ruiz@example.org"}],
    }


def test_created_user_loses_what_umbrella_does_not_hold():
    stored = accept(recorded("entra-classic-create-user"), UMBRELLA_USER_TYPE)

    assert "emails" not in stored
    assert stored["name"] == {"formatted": "Ana Ruiz", "givenName": "Ana", "familyName": "Ruiz"}


def test_created_umbrella_user_lists_the_extension_in_schemas():
    stored = accept(recorded("entra-classic-create-umbrella-user"), UMBRELLA_USER_TYPE)

    assert stored["schemas"] == [USER_URN, UMBRELLA_URN]
    assert stored[UMBRELLA_URN] == {"nativeObjectId": "kq3mT1xYAEuVh0oZP2cR7g=="}


@pytest.mark.parametrize("name", ["entra-classic-create-group", "entra-compliant-create-group"])
def test_created_group_is_stored_without_foreign_schemas(name):
    stored = accept(recorded(name), GROUP_TYPE)

    assert stored == {
        "schemas": [GROUP_URN],
        "externalId": "b1e0a0d4-3c52-4a6e-8d8e-0f4f6f0a9f31",
        "displayName": "Field Staff",
    }


def test_update_changes_each_attribute_named():
    after = patched(ANA, "entra-classic-update-user", USER_TYPE)

    assert after == {
        **ANA,
        "name": {"givenName": "Ana", "familyName": "Ruiz-Soto"},
        "emails": [{"type": "work", "value": "a.ruiz@example.org", "primary": True}],
        "displayName": "Ana Ruiz-Soto",
    }


def test_compliant_update_changes_each_attribute_named():
    after = patched(ANA, "entra-compliant-update-user", USER_TYPE)

    assert after == {
        **ANA,
        "schemas": [USER_URN, ENTERPRISE_URN],
        "name": {"givenName": "Ana", "familyName": "Ruiz-Soto"},
        "emails": [{"type": "work", "value": "a.ruiz@example.org", "primary": True}],
        "displayName": "Ana Ruiz-Soto",
        ENTERPRISE_URN: {"department": "Sales"},
    }


@pytest.mark.parametrize("name", ["entra-classic-disable-user", "entra-compliant-disable-user"])
def test_disabled_user_is_inactive(name):
    assert patched(ANA, name, USER_TYPE) == {**ANA, "active": False}


def test_cleared_title_is_gone():
    assert "title" not in patched(ANA, "entra-classic-clear-title", USER_TYPE)


def test_added_title_is_there():
    assert patched(ANA, "entra-compliant-add-title", USER_TYPE)["title"] == "Engineer"


def test_added_manager_is_an_object_and_its_schema_listed():
    after = patched(ANA, "entra-classic-add-manager", USER_TYPE)

    assert after[ENTERPRISE_URN] == {"manager": {"value": "u-3"}}
    assert after["schemas"] == [USER_URN, ENTERPRISE_URN]


def test_removed_manager_takes_its_extension_along():
    with_manager = patched(ANA, "entra-classic-add-manager", USER_TYPE)

    assert patched(with_manager, "validator-remove-manager", USER_TYPE) == ANA


def test_role_as_json_text_stays_text():
    after = patched(ANA, "entra-classic-add-role", USER_TYPE)

    assert json.loads(after["roles"][0]["value"])["displayName"] == "Admin"


def test_validator_replaces_many_attributes_without_a_path():
    after = patched(ANA, "validator-replace-attributes", USER_TYPE)

    assert after == {
        **ANA,
        "schemas": [USER_URN, ENTERPRISE_URN],
        "displayName": "Ana R",
        "name": {"givenName": "Anna", "familyName": "Ruiz", "honorificPrefix": "Dr."},
        "emails": [{"type": "work", "value": "anna@example.org", "primary": True}],
        "roles": [{"primary": True, "value": "Student"}],
        ENTERPRISE_URN: {"employeeNumber": "E-17", "costCenter": "4130"},
    }


def test_validator_renames_a_user():
    assert patched(ANA, "validator-replace-username", USER_TYPE)["userName"] == "ana.soto@example.org"


@pytest.mark.parametrize("name", ["entra-classic-add-members", "entra-compliant-add-members"])
def test_added_members_are_appended(name):
    after = patched(STAFF, name, GROUP_TYPE)

    assert after["members"] == [{"value": "u-1"}, {"value": "u-7"}, {"value": "u-9"}]
    assert changes(name) == MemberChange(add=("u-7", "u-9"))


@pytest.mark.parametrize("name", ["entra-classic-remove-member", "entra-compliant-remove-member"])
def test_removed_member_leaves_the_others(name):
    assert patched(STAFF, name, GROUP_TYPE)["members"] == [{"value": "u-1"}]
    assert changes(name) == MemberChange(remove=("u-7",))


def test_validator_sets_the_members_by_replace():
    assert patched(STAFF, "validator-add-member-by-replace", GROUP_TYPE)["members"] == [{"value": "u-7"}]
    assert changes("validator-add-member-by-replace") == MemberChange(add=("u-7",), replace_all=True)


def test_member_added_and_removed_in_one_request_is_not_there():
    empty = {"schemas": [GROUP_URN], "displayName": "Field Staff"}

    assert patched(empty, "validator-add-and-remove-member", GROUP_TYPE) is empty
    assert changes("validator-add-and-remove-member") == MemberChange(remove=("u-7",))


# Sent

UPDATE = (
    Operation(op="replace", path='emails[type eq "work"].value', value="a.ruiz@example.org"),
    Operation(op="replace", path="name.familyName", value="Ruiz-Soto"),
    Operation(op="add", path="displayName", value="Ana Ruiz-Soto"),
)
COMPLIANT_UPDATE = (
    Operation(op="replace", path='emails[type eq "work"].value', value="a.ruiz@example.org"),
    Operation(op="replace", path="displayName", value="Ana Ruiz-Soto"),
    Operation(op="replace", path="name.familyName", value="Ruiz-Soto"),
    Operation(op="replace", path=f"{ENTERPRISE_URN}:department", value="Sales"),
)
ROLE = '{"id":"18d14569-c3bd-439b-9a66-3a2aee01d14f","value":"Admin","displayName":"Admin"}'


@pytest.mark.parametrize(
    ("name", "dialect", "operations"),
    [
        ("entra-classic-update-user", Dialect.CLASSIC, UPDATE),
        ("entra-classic-disable-user", Dialect.CLASSIC, (Operation(op="replace", path="active", value=False),)),
        ("entra-classic-clear-title", Dialect.CLASSIC, (Operation(op="remove", path="title"),)),
        ("entra-classic-add-manager", Dialect.CLASSIC, (Operation(op="add", path=MANAGER, value={"value": "u-3"}),)),
        ("entra-classic-add-role", Dialect.CLASSIC, (Operation(op="add", path="roles", value=[{"value": ROLE}]),)),
        ("entra-compliant-update-user", Dialect.COMPLIANT, COMPLIANT_UPDATE),
        ("entra-compliant-disable-user", Dialect.COMPLIANT, (Operation(op="replace", path="active", value=False),)),
        ("entra-compliant-add-title", Dialect.COMPLIANT, (Operation(op="add", path="title", value="Engineer"),)),
    ],
    ids=lambda item: item if isinstance(item, str) else "",
)
def test_patch_is_sent_as_recorded(name, dialect, operations):
    assert canonical(patch_body(operations, dialect, USER_TYPE)) == canonical(recorded(name))


def test_update_as_recorded_is_what_two_documents_derive():
    after = patched(ANA, "entra-classic-update-user", USER_TYPE)

    assert sorted(derive(ANA, after, USER_TYPE), key=lambda item: item.path) == sorted(
        UPDATE, key=lambda item: item.path
    )


@pytest.mark.parametrize(
    ("name", "dialect", "add", "remove"),
    [
        ("entra-classic-add-members", Dialect.CLASSIC, ["u-7", "u-9"], []),
        ("entra-classic-remove-member", Dialect.CLASSIC, [], ["u-7"]),
        ("entra-compliant-add-members", Dialect.COMPLIANT, ["u-7", "u-9"], []),
        ("entra-compliant-remove-member", Dialect.COMPLIANT, [], ["u-7"]),
    ],
    ids=lambda item: item if isinstance(item, str) else "",
)
def test_members_are_sent_as_recorded(name, dialect, add, remove):
    (body,) = members_bodies(add, remove, dialect)

    assert canonical(body) == canonical(recorded(name))


def test_user_is_created_as_recorded():
    recording = recorded("entra-classic-create-user")
    document = {name: value for name, value in recording.items() if name not in ("schemas", "meta", "roles")}

    assert canonical(create_body(document, "user", Dialect.CLASSIC, USER_TYPE)) == canonical(recording)


def test_umbrella_user_is_created_as_recorded():
    recording = recorded("entra-classic-create-umbrella-user")
    document = accept(recording, UMBRELLA_USER_TYPE)

    assert canonical(create_body(document, "user", Dialect.CLASSIC, UMBRELLA_USER_TYPE)) == canonical(recording)


@pytest.mark.parametrize("dialect", Dialect, ids=lambda dialect: dialect.value)
def test_group_is_created_as_recorded_and_empty(dialect):
    name = {Dialect.CLASSIC: "entra-classic-create-group", Dialect.COMPLIANT: "entra-compliant-create-group"}[dialect]
    recording = recorded(name)
    document = {"externalId": recording["externalId"], "displayName": "Field Staff", "members": [{"value": "u-1"}]}

    assert canonical(create_body(document, "group", dialect, GROUP_TYPE)) == canonical(recording)
    assert (ADSCIM_GROUP_URN in recording["schemas"]) is (dialect is Dialect.CLASSIC)


def test_every_recorded_request_is_used():
    source = Path(__file__).read_text()

    assert not [path.stem for path in REQUESTS.glob("*.json") if f'"{path.stem}"' not in source]
