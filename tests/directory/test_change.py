"""What an edit, an import, a deletion or a restore makes of an object."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisor.directory.change import alive_moved, edited, merged
from provisor.directory.lifecycle import purged, restored, soft_deleted
from provisor.directory.objects import DirectoryObject, Refusal

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
