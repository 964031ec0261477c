"""Entra's dialects beyond the recorded requests."""

import json
from datetime import UTC, datetime

import pytest

from provisor.expressions import compile_expression
from provisor.scim.entra import (
    MEMBERS_PER_REQUEST,
    ROLE_TYPE,
    Dialect,
    create_body,
    members_bodies,
    patch_body,
    tenant_url,
)
from provisor.scim.patch.membership import split_members
from provisor.scim.patch.operations import Operation, parse_operations
from provisor.scim.schemas.resource_types import (
    ENTERPRISE_URN,
    GROUP_TYPE,
    GROUP_URN,
    UMBRELLA_USER_TYPE,
    USER_TYPE,
    USER_URN,
)


@pytest.mark.parametrize(
    ("text", "address", "dialect"),
    [
        ("https://t.example/scim", "https://t.example/scim", None),
        ("https://t.example/scim/", "https://t.example/scim", None),
        (" https://t.example/scim?aadOptscim062020 ", "https://t.example/scim", Dialect.COMPLIANT),
        ("https://t.example/scim/?AADOPTSCIM062020", "https://t.example/scim", Dialect.COMPLIANT),
        ("https://t.example/scim?AzureAdScimPatch2017", "https://t.example/scim", Dialect.CLASSIC),
        ("https://t.example/scim?aadOptscim062020=1", "https://t.example/scim", Dialect.COMPLIANT),
        ("https://t.example/scim?a=1&aadOptscim062020&b=2", "https://t.example/scim?a=1&b=2", Dialect.COMPLIANT),
    ],
)
def test_flags_are_read_from_the_tenant_url_and_not_forwarded(text, address, dialect):
    assert tenant_url(text) == (address, dialect)


def operations_of(body):
    return body["Operations"]


def test_classic_writes_one_capitalised_operation_each():
    operations = [Operation(op="replace", path="title", value="T"), Operation(op="replace", path="active", value=True)]

    assert operations_of(patch_body(operations, Dialect.CLASSIC, USER_TYPE)) == [
        {"op": "Replace", "path": "title", "value": "T"},
        {"op": "Replace", "path": "active", "value": "True"},
    ]


def test_compliant_merges_several_simple_replaces_only():
    operations = [
        Operation(op="add", path="nickName", value="N"),
        Operation(op="replace", path="title", value="T"),
        Operation(op="replace", path='emails[type eq "work"].value', value="a"),
        Operation(op="replace", path=f"{ENTERPRISE_URN}:manager", value={"value": "m"}),
        Operation(op="replace", path="active", value=False),
        Operation(op="remove", path="locale"),
    ]

    assert operations_of(patch_body(operations, Dialect.COMPLIANT, USER_TYPE)) == [
        {"op": "add", "path": "nickName", "value": "N"},
        {"op": "replace", "value": {"title": "T", "active": False}},
        {"op": "replace", "path": 'emails[type eq "work"].value', "value": "a"},
        {"op": "replace", "path": f"{ENTERPRISE_URN}:manager", "value": {"value": "m"}},
        {"op": "remove", "path": "locale"},
    ]


ROLE = {"value": "admin", "display": "Admin", "type": ROLE_TYPE, "primary": False}


def test_classic_adds_a_role_as_json_text():
    operation = Operation(op="add", path="roles", value=[ROLE])

    (sent,) = operations_of(patch_body([operation], Dialect.CLASSIC, USER_TYPE))
    (role,) = sent["value"]

    assert (sent["op"], sent["path"], list(role)) == ("Add", "roles", ["value"])
    assert json.loads(role["value"]).keys() == {"id", "value", "displayName"}
    assert (json.loads(role["value"])["value"], json.loads(role["value"])["displayName"]) == ("admin", "Admin")


def test_classic_replaces_roles_as_they_were_created():
    operation = Operation(op="replace", path="roles", value=[ROLE])

    assert operations_of(patch_body([operation], Dialect.CLASSIC, USER_TYPE)) == [
        {"op": "Replace", "path": "roles", "value": [ROLE]}
    ]


def test_compliant_adds_a_role_as_it_was_created():
    operation = Operation(op="add", path="roles", value=[ROLE])

    assert operations_of(patch_body([operation], Dialect.COMPLIANT, USER_TYPE)) == [
        {"op": "add", "path": "roles", "value": [ROLE]}
    ]


def test_the_language_and_the_wire_name_one_type_of_role():
    (role,) = compile_expression("AppRoleAssignmentsComplex([appRoleAssignments])").evaluate(
        {"appRoleAssignments": [{"id": "1", "value": "admin"}]}, datetime(2031, 3, 4, tzinfo=UTC), bytes
    )

    assert role["type"] == ROLE_TYPE


def test_classic_gathers_removed_members_in_one_operation():
    operations = [
        Operation(op="remove", path='members[value eq "a"]'),
        Operation(op="remove", path='members[value eq "b"]'),
        Operation(op="add", path="members", value=[{"value": "c"}]),
    ]

    assert operations_of(patch_body(operations, Dialect.CLASSIC, GROUP_TYPE)) == [
        {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": "a"}, {"$ref": None, "value": "b"}]},
        {"op": "Add", "path": "members", "value": [{"$ref": None, "value": "c"}]},
    ]


@pytest.mark.parametrize("dialect", Dialect, ids=lambda dialect: dialect.value)
def test_members_are_sent_in_chunks_and_none_is_lost(dialect):
    joining, leaving = [f"j-{n}" for n in range(130)], [f"l-{n}" for n in range(120)]

    changes = [split_members(parse_operations(body))[0] for body in members_bodies(joining, leaving, dialect)]

    assert [len(change.add) + len(change.remove) for change in changes] == [100, 100, 50]
    assert MEMBERS_PER_REQUEST == 100
    assert [identifier for change in changes for identifier in change.add] == joining
    assert [identifier for change in changes for identifier in change.remove] == leaving


def test_no_change_of_members_needs_no_request():
    assert members_bodies([], [], Dialect.CLASSIC) == []


def test_id_with_quotes_survives_the_path():
    (body,) = members_bodies([], ['a"\\b'], Dialect.COMPLIANT)

    assert split_members(parse_operations(body))[0].remove == ('a"\\b',)


def test_create_leaves_out_what_says_nothing():
    document = {"id": "1", "userName": "ana", "title": None, "name": {"givenName": None}, "emails": [{"value": None}], "active": False, "nickName": ""}  # fmt: skip

    assert create_body(document, "user", Dialect.COMPLIANT, UMBRELLA_USER_TYPE) == {
        "schemas": [USER_URN],
        "userName": "ana",
        "active": False,
        "nickName": "",
    }


def test_create_does_not_change_the_document():
    document = {"userName": "ana", "roles": [], "displayName": "A"}

    create_body(document, "user", Dialect.CLASSIC, USER_TYPE)

    assert document == {"userName": "ana", "roles": [], "displayName": "A"}


def test_group_is_created_without_members_in_both_dialects():
    for dialect in Dialect:
        body = create_body({"displayName": "G", "members": [{"value": "u"}]}, "group", dialect, GROUP_TYPE)

        assert "members" not in body
        assert body["schemas"][0] == GROUP_URN
