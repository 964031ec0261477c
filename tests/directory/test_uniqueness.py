"""Who gets a name that two objects want in one import."""

from hypothesis import given
from hypothesis import strategies as st

from provisor.directory.uniqueness import Claim, Holder, settle


def claim(row, item, wanted):
    return Claim(row=row, object=item, wanted=wanted)


def test_a_name_nobody_has_is_free():
    assert settle([claim(2, None, "anna")], {}) == {}


def test_an_object_keeps_its_own_name():
    assert settle([claim(2, "A", "anna")], {"anna": Holder("A", "Anna")}) == {}


def test_a_name_that_somebody_else_keeps_is_refused():
    assert settle([claim(2, None, "anna")], {"anna": Holder("A", "Anna")}) == {2: Holder("A", "Anna")}


def test_a_name_is_free_when_its_holder_takes_another_in_a_later_row():
    assert settle([claim(2, None, "anna"), claim(3, "A", "anna.old")], {"anna": Holder("A", "anna")}) == {}


def test_two_that_swap_names_both_succeed():
    holders = {"anna": Holder("A", "anna"), "bo": Holder("B", "bo")}

    assert settle([claim(2, "A", "bo"), claim(3, "B", "anna")], holders) == {}


def test_a_chain_fails_from_its_end():
    holders = {"b": Holder("B", "b"), "c": Holder("C", "c"), "d": Holder("D", "d")}

    failed = settle([claim(2, "A", "b"), claim(3, "B", "c"), claim(4, "C", "d")], holders)

    assert sorted(failed) == [2, 3, 4]


@given(st.permutations("abcdef"), st.permutations("abcdef"), st.integers(0, 6))
def test_afterwards_no_two_have_one_name(before, after, how_many):
    """Objects 0..5 have the names `before`; the first few rows want the names `after`."""
    holders = {name: Holder(str(index), name) for index, name in enumerate(before)}
    claims = [claim(index, str(index), name) for index, name in enumerate(after[:how_many])]

    failed = settle(claims, holders)

    names = dict(enumerate(before)) | {
        index: name for index, name in enumerate(after[:how_many]) if index not in failed
    }
    assert len(set(names.values())) == len(names)
