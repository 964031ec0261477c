"""A row of an import file: what it says of a person, a group or a membership, and what is refused."""

import pytest

from provisor.directory.objects import Refusal
from provisor.directory.rows import SourceRow, choose_anchor, read_header, read_row

APP = "aaaa-bbbb"
GUID = "8f1d2c3b-4a59-6877-8695-a4b3c2d1e0f0"


def row(header, cells, kind="user", anchor=None):
    anchor = anchor or choose_anchor(kind, "f.csv", header, None, None)
    return read_row(read_header(kind, "f.csv", header, anchor, APP, {}), 2, cells)


@pytest.mark.parametrize(
    ("kind", "header", "anchor"),
    [
        ("user", ["userPrincipalName", "objectGUID"], "objectGUID"),
        ("user", ["userPrincipalName", "objectguid"], "userPrincipalName"),
        ("group", ["displayName", "id"], "id"),
        ("group", ["displayName"], "displayName"),
    ],
)
def test_the_anchor_by_rule(kind, header, anchor):
    assert choose_anchor(kind, "f.csv", header, None, None) == anchor


def test_the_anchor_of_the_first_import_stays():
    assert choose_anchor("user", "f.csv", ["userPrincipalName", "objectGUID"], "userPrincipalName", None) == (
        "userPrincipalName"
    )


@pytest.mark.parametrize(
    ("header", "fixed", "wanted", "code"),
    [
        (["userPrincipalName"], "objectGUID", None, "column-missing"),
        (["mail"], None, None, "column-missing"),
        (["userPrincipalName", "employeeId"], "employeeId", "userPrincipalName", "anchor-fixed"),
        (["userPrincipalName"], None, "employeeId", "column-missing"),
    ],
)
def test_an_anchor_that_cannot_be_is_refused(header, fixed, wanted, code):
    refusal = choose_anchor("user", "f.csv", header, fixed, wanted)

    assert isinstance(refusal, Refusal)
    assert refusal.code == code


def test_a_row_says_what_its_columns_say():
    read = row(["userPrincipalName", "displayName", "accountEnabled"], ["Anna@fjord.example", "=1+1", "FALSE"])

    assert read == SourceRow(
        number=2,
        anchor="anna@fjord.example",
        name="Anna@fjord.example",
        folded_name="anna@fjord.example",
        given={"userPrincipalName": "Anna@fjord.example", "displayName": "=1+1", "accountEnabled": False},
        manager=None,
    )


def test_an_empty_cell_clears():
    assert row(["userPrincipalName", "city"], ["a@b", ""]).given["city"] is None


def test_blanks_at_the_edges_are_kept():
    assert row(["userPrincipalName", "city"], ["a@b", " Oslo "]).given["city"] == " Oslo "


def test_an_object_guid_is_kept_in_base64_of_its_raw_bytes():
    read = row(["userPrincipalName", "objectGUID"], ["a@b", GUID])

    assert read.given["extension_aaaabbbb_objectGUID"] == "Oywdj1lKd2iGlaSzwtHg8A=="
    assert read.anchor == "Oywdj1lKd2iGlaSzwtHg8A=="


def test_an_unknown_column_is_an_extension():
    assert row(["userPrincipalName", "Cost center"], ["a@b", "7"]).given["extension_aaaabbbb_Cost center"] == "7"


def test_one_business_phone_is_a_list_of_one():
    assert row(["userPrincipalName", "businessPhone"], ["a@b", "+47"]).given["businessPhones"] == ["+47"]


@pytest.mark.parametrize(
    ("header", "cells", "word"),
    [
        (["userPrincipalName"], [" \t"], "userPrincipalName"),
        (["userPrincipalName", "objectGUID"], ["a@b", ""], "objectGUID"),
        (["userPrincipalName", "objectGUID"], ["", GUID], "userPrincipalName"),
        (["userPrincipalName", "objectGUID"], ["a@b", "no guid"], "no guid"),
        (["userPrincipalName", "accountEnabled"], ["a@b", "yes"], "accountEnabled"),
    ],
    ids=["blank-key", "empty-anchor", "empty-name", "no-guid", "no-boolean"],
)
def test_a_row_that_cannot_be_is_refused_with_the_reason(header, cells, word):
    reason = row(header, cells)

    assert isinstance(reason, str)
    assert word in reason


def test_a_group_id_identifies_and_is_no_attribute():
    read = row(["id", "displayName"], ["7", "Sales"], kind="group")

    assert (read.anchor, read.given) == ("7", {"displayName": "Sales"})
