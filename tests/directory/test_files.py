"""What kind of import file one is, told by its columns."""

import pytest

from provisor.directory.files import groups_for_people, membership_columns, misplaced
from provisor.directory.objects import Refusal

FILES = {
    "people": ["userPrincipalName", "displayName", "surname"],
    "Entra's people": ["displayName", "surname", "id", "userPrincipalName", "accountEnabled"],
    "people to be created": ["Name [displayName] Required", "User name [userPrincipalName] Required"],
    "people of Active Directory": ["objectGUID", "displayName", "sn", "userAccountControl"],
    "groups": ["id", "displayName", "groupTypes", "securityEnabled"],
    "Entra's groups": ["id", "displayName", "groupType", "membershipType", "source"],
    "memberships": ["group", "member"],
    "members to be added": ["group", "Member object ID or user principal name [memberObjectIdOrUpn] Required"],
}
KIND = {"people": "user", "Entra's people": "user", "people to be created": "user",
        "people of Active Directory": "user", "groups": "group", "Entra's groups": "group",
        "memberships": "member", "members to be added": "member"}  # fmt: skip
PLACES = [(given, what) for what in FILES for given in ("user", "group", "member")]


@pytest.mark.parametrize(("given", "what"), PLACES)
def test_a_file_is_taken_in_its_own_place_only(given, what):
    refusal = misplaced(given, "f.csv", FILES[what])

    assert (refusal is None) == (KIND[what] == given)


def test_the_refusal_says_what_it_looks_like_why_and_where_it_belongs():
    refusal = misplaced("group", "f.csv", FILES["people"])

    assert refusal.code == "wrong-file"
    assert refusal.message == "f.csv was given with --groups and looks like people: it has the columns " + (
        "userPrincipalName, surname."
    )
    assert "--users" in refusal.hint


@pytest.mark.parametrize(
    ("header", "one_group", "columns"),
    [
        (["group", "member"], False, ("group", "member")),
        (["member", "since", "group"], False, ("group", "member")),
        (["group", "userPrincipalName"], False, ("group", "userPrincipalName")),
        (["id", "userPrincipalName", "displayName", "objectType"], True, (None, "userPrincipalName")),
        (["Member [memberObjectIdOrUpn] Required"], True, (None, "Member [memberObjectIdOrUpn] Required")),
        (["group", "member"], True, (None, "member")),
    ],
)
def test_columns_of_memberships(header, one_group, columns):
    assert membership_columns("m.csv", header, one_group=one_group) == columns


@pytest.mark.parametrize(
    ("header", "one_group", "code", "word"),
    [
        (["userPrincipalName", "displayName"], False, "wrong-file", "--members-of"),
        (["id", "displayName", "groupTypes"], False, "wrong-file", "--groups"),
        (["grup", "member"], False, "column-missing", "grup"),
        (["group", "membr"], False, "column-missing", "membr"),
        (["group"], True, "column-missing", "group"),
    ],
)
def test_a_file_without_them_is_refused(header, one_group, code, word):
    refusal = membership_columns("m.csv", header, one_group=one_group)

    assert isinstance(refusal, Refusal)
    assert refusal.code == code
    assert word in refusal.hint


@pytest.mark.parametrize(
    "header", [["displayName"], ["displayName", "description"], ["id", "displayName", "mail"], ["Name [displayName]"]]
)
def test_a_file_of_columns_that_groups_have_is_known_for_one_where_it_cannot_be_people(header):
    refusal = groups_for_people("g.csv", header)

    assert refusal.code == "wrong-file"
    assert refusal.message.startswith("g.csv was given with --users and looks like groups: it has ")
    assert "--groups" in refusal.hint


@pytest.mark.parametrize("header", [["displayName", "givenName"], ["displayName", "shoeSize"], ["description"], ["a"]])
def test_a_file_of_other_columns_is_not_taken_for_groups(header):
    assert groups_for_people("g.csv", header) is None
