"""What an edit, an import, a deletion or a restore makes of an object."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisor.directory.change import alive_moved, edited, merged
from provisor.directory.lifecycle import left, purged, restored, soft_deleted
from provisor.directory.objects import DirectoryObject, Refusal
from provisor.rules.source_settings import CONNECTED_KINDS

ANNA = DirectoryObject(
    id="1",
    source="s",
    kind="user",
    anchor="a",
    name="anna@fjord.example",
    attributes={"userPrincipalName": "anna@fjord.example", "city": "Oslo", "accountEnabled": True},
)
VALUES = st.dictionaries(
    st.sampled_from(["city", "displayName", "accountEnabled", "otherMails"]),
    st.none() | st.booleans() | st.text(min_size=1) | st.lists(st.text(min_size=1), max_size=2),
)


def test_given_values_replace_none_clears_and_the_rest_stays():
    after = merged({"city": "Oslo", "mail": "a@b", "state": "x"}, {"city": "Bergen", "mail": None}, "group")

    assert after == {"city": "Bergen", "state": "x"}


def test_a_user_without_account_enabled_is_enabled():
    assert merged({}, {}, "user") == {"accountEnabled": True}


def test_clearing_account_enabled_makes_it_true():
    assert merged({"accountEnabled": False}, {"accountEnabled": None}, "user") == {"accountEnabled": True}


def test_an_edit_without_effect_is_the_same_value():
    assert edited(ANNA, {"city": "Oslo", "mail": None}) is ANNA


def test_a_new_user_principal_name_is_the_new_name():
    assert edited(ANNA, {"userPrincipalName": "a@fjord.example"}).name == "a@fjord.example"


def test_disabling_moves_liveness_and_a_new_city_does_not():
    assert alive_moved(ANNA, edited(ANNA, {"accountEnabled": False}))
    assert not alive_moved(ANNA, edited(ANNA, {"city": "Bergen"}))


@given(VALUES, VALUES)
def test_an_edit_made_twice_changes_nothing_the_second_time(current, given_values):
    once = merged(current, given_values, "user")

    assert merged(once, given_values, "user") == once


def test_delete_and_restore_bring_the_same_object():
    assert restored(soft_deleted(ANNA, 5), None) == ANNA


def test_a_purged_object_cannot_be_restored():
    outcome = restored(purged(ANNA, 5), None)

    assert isinstance(outcome, Refusal)
    assert outcome.code == "purged"


@pytest.mark.parametrize("before", [ANNA, soft_deleted(ANNA, 3)], ids=["alive", "deleted"])
def test_a_purge_keeps_when_it_was_deleted(before):
    assert purged(before, 5).deleted_at == (before.deleted_at or 5)
    assert purged(before, 5).purged_at == 5


SALES = DirectoryObject(id="2", source="s", kind="group", anchor="b", name="Sales", attributes={"displayName": "Sales"})
CLOUD = replace(SALES, attributes={"displayName": "Sales", "groupTypes": ["Unified"]})


@pytest.mark.parametrize(
    ("item", "kind", "for_good"),
    [
        *((ANNA, kind, False) for kind in CONNECTED_KINDS),
        (SALES, "active-directory", True),
        (SALES, "ldap", True),
        (SALES, "entra", True),
        (CLOUD, "entra", False),
        (SALES, "csv", False),
    ],
    ids=[*(f"user-{kind}" for kind in CONNECTED_KINDS), "group-active-directory", "group-ldap", "group-entra",
         "microsoft-365-group-entra", "group-csv"],
)  # fmt: skip
def test_who_left_a_source_can_be_restored_but_not_a_security_group(item, kind, for_good):
    after = left(item, 5, kind)

    assert (after.deleted_at, after.purged_at) == (5, 5 if for_good else None)


def test_what_is_deleted_already_does_not_leave_again():
    deleted = soft_deleted(SALES, 3)

    assert left(deleted, 5, "active-directory") is deleted
