"""Laws of merging: the order of records does not matter, and what was merged once is merged."""

from hypothesis import given
from hypothesis import strategies as st

from provisor.directory.inbound.merging import NEVER_CLEARED, flowed_together

NAMES = st.sampled_from(["city", "state", "accountEnabled", "displayName", "extension_a_b"])
VALUES = st.none() | st.booleans() | st.integers(0, 2) | st.text(max_size=2) | st.lists(st.text(max_size=1), max_size=2)
RECORDS = st.lists(st.tuples(st.integers(1, 3), st.dictionaries(NAMES, VALUES, max_size=4)), max_size=4)
BEFORE = st.sets(NAMES)


@given(st.data(), RECORDS, BEFORE)
def test_the_order_of_records_does_not_matter(data, records, before):
    shuffled = data.draw(st.permutations(records))

    assert flowed_together(shuffled, before) == flowed_together(records, before)


@given(RECORDS, BEFORE)
def test_what_was_merged_is_merged(records, before):
    once = flowed_together(records, before)

    assert flowed_together([(1, once)], set(once)) == once


@given(RECORDS, BEFORE)
def test_every_name_of_before_is_given_or_cleared(records, before):
    assert before - NEVER_CLEARED <= flowed_together(records, before).keys()


@given(RECORDS, BEFORE)
def test_a_value_is_of_a_record(records, before):
    told = [(name, value) for _, record in records for name, value in record.items()]

    assert all(value is None or (name, value) in told for name, value in flowed_together(records, before).items())
