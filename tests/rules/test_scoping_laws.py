"""The algebra of scoping filters: AND inside, OR between."""

from hypothesis import given
from hypothesis import strategies as st

from provisor.rules.operators import UNARY
from provisor.rules.scoping import Clause, FilterGroup, Scope, holds

OPERATORS = ["EQUALS", "NOT EQUALS", "Includes", "ENDS_WITH", "Greater_Than", "IS TRUE", "IS NULL", "IS NOT NULL", "&"]
values = st.one_of(st.none(), st.booleans(), st.integers(0, 20), st.sampled_from(["", "a", "b", "ab", "12"]))
records = st.dictionaries(st.sampled_from("xyz"), values)


@st.composite
def clauses(draw):
    operator = draw(st.sampled_from(OPERATORS))
    operand = () if operator in UNARY else (draw(st.sampled_from(["a", "ab", "b", "5"])),)
    return Clause(attribute=draw(st.sampled_from("xyz")), operator=operator, values=operand)


groups = st.builds(
    lambda found: FilterGroup(title="t", clauses=tuple(found)), st.lists(clauses(), min_size=1, max_size=3)
)
many_groups = st.lists(groups, min_size=1, max_size=3).map(tuple)


@given(records, groups)
def test_a_filter_holds_when_all_its_clauses_hold(record, group):
    expected = all(holds(clause, record.get(clause.attribute)) for clause in group.clauses)

    assert Scope((group,)).judge(record).passes is expected


@given(records, many_groups)
def test_a_scope_passes_when_any_of_its_filters_does(record, found):
    assert Scope(found).judge(record).passes is any(Scope((group,)).judge(record).passes for group in found)


@given(records, many_groups, groups)
def test_another_filter_never_shuts_anybody_out(record, found, another):
    if Scope(found).judge(record).passes:
        assert Scope((*found, another)).judge(record).passes


@given(records, groups, clauses())
def test_another_clause_never_lets_anybody_in(record, group, another):
    narrower = FilterGroup(title="t", clauses=(*group.clauses, another))
    if Scope((narrower,)).judge(record).passes:
        assert Scope((group,)).judge(record).passes


@given(records, many_groups)
def test_the_order_of_filters_changes_the_reason_at_most(record, found):
    assert Scope(found).judge(record).passes is Scope(found[::-1]).judge(record).passes


@given(records, many_groups)
def test_who_fails_is_told_a_clause_that_failed(record, found):
    verdict = Scope(found).judge(record)

    assert verdict.passes or any(not held and clause in verdict.reason for _, clause, held in verdict.detail)
