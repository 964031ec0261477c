"""What holds for the accounts of leavers, whatever the directory says, the job allows and the clock does."""

from datetime import UTC, datetime, timedelta
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from provisor.engine.decide import LEAVER_POLICIES, Action, Delete, Disable, Leaving, Terms, Update, Wait
from provisor.engine.desired import judge
from provisor.engine.leavers import Leavers, deletion
from provisor.engine.record import Record
from provisor.engine.rules import ScopeSettings, compile_rules
from provisor.engine.settle import settle
from provisor.gallery import template
from provisor.rules.graph_json import read_schema

LEFT = datetime(2026, 11, 24, tzinfo=UTC)
UMBRELLA = template("ciscoUmbrella")
RULES = compile_rules(read_schema(UMBRELLA.rules), UMBRELLA, ScopeSettings())

spans = st.timedeltas(min_value=timedelta(days=-4_000), max_value=timedelta(days=4_000))
numbers = st.integers(min_value=1, max_value=3_650)
terms = st.builds(
    Terms,
    leaving=st.sampled_from(get_args(Leaving)),
    leavers=st.sampled_from(LEAVER_POLICIES),
    actions=st.frozensets(st.sampled_from(get_args(Action))),
    skip_out_of_scope_deletions=st.booleans(),
)
people = st.builds(
    Record,
    id=st.just("u1"),
    kind=st.just("user"),
    name=st.just("ana@x"),
    attributes=st.just({"userPrincipalName": "ana@x", "givenName": "Ana", "surname": "Ruiz", "displayName": "Ana"}),
    assigned=st.booleans(),
    enabled=st.booleans(),
    deleted=st.booleans(),
    purged=st.booleans(),
)


def judged(person):
    return judge(person, RULES, LEFT, lambda count: bytes(count), linked=True)


def of_policy(policy, days):
    return Leavers(policy, days if policy == "delete-after" else 0)


@given(people, terms, spans, numbers, st.booleans())
def test_nobody_in_scope_is_ever_deleted_for_having_left(person, given_terms, span, days, trusted):
    desired = judged(person)
    waits = deletion(of_policy(given_terms.leavers, days), LEFT, LEFT + span, trusted=trusted)

    decision = settle(desired, "released", given_terms, deletion=waits)

    if desired.entitled and not person.purged and desired.verdict.passes:
        assert not isinstance(decision, Delete | Wait)


@given(people, terms, spans, numbers, st.booleans())
def test_a_released_account_is_deleted_on_its_day_by_a_trusted_clock_or_never(person, given_terms, span, days, trusted):
    leavers = of_policy(given_terms.leavers, days)
    waits = deletion(leavers, LEFT, LEFT + span, trusted=trusted)

    decision = settle(judged(person), "released", given_terms, deletion=waits)

    if isinstance(decision, Delete):
        assert leavers.policy == "delete" or (trusted and span >= timedelta(days=leavers.days))
        assert leavers.deletes
        assert "Delete" in given_terms.actions
        assert not given_terms.skip_out_of_scope_deletions


@given(people, terms)
def test_who_was_released_and_not_remembered_is_never_touched_until_they_return(person, given_terms):
    desired = judged(person)

    decision = settle(desired, "released", given_terms, deletion=None)

    assert not isinstance(decision, Delete | Disable | Wait)
    assert not isinstance(decision, Update) or desired.standing == "wanted"


@given(people, spans, numbers, st.booleans())
def test_a_return_always_ends_the_waiting(person, span, days, trusted):
    waits = deletion(Leavers("delete-after", days), LEFT, LEFT + span, trusted=trusted)
    desired = judged(person)

    decision = settle(desired, "released", Terms(leavers="delete-after"), deletion=waits)

    if desired.entitled and not person.purged:
        assert decision == Update(reinstate=True)
    else:
        assert isinstance(decision, Wait | Delete)
