"""What holds in every cell under every switch."""

from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from provisor.engine.decide import (
    LEAVER_POLICIES,
    Action,
    Delete,
    Disable,
    Fail,
    Leaving,
    Release,
    Skip,
    Terms,
    Update,
    Wait,
    decide,
)
from provisor.engine.decide_table import AT_TARGET, STANDINGS

terms = st.builds(
    Terms,
    leaving=st.sampled_from(get_args(Leaving)),
    leavers=st.sampled_from(LEAVER_POLICIES),
    actions=st.frozensets(st.sampled_from(get_args(Action))),
    skip_out_of_scope_deletions=st.booleans(),
)
standings, states = st.sampled_from(STANDINGS), st.sampled_from(AT_TARGET)
NEVER_LINKED = ("absent", "unlinked", "ambiguous", "taken")


@given(standings, st.sampled_from(NEVER_LINKED), terms, st.booleans())
def test_what_we_did_not_link_is_never_disabled_deleted_or_updated(standing, at_target, given_terms, same):
    decision = decide(standing, at_target, given_terms, same=same)

    assert not isinstance(decision, Disable | Delete | Release | Update | Wait)


@given(standings, states, terms, st.booleans())
def test_only_somebody_unwanted_is_disabled_or_deleted(standing, at_target, given_terms, same):
    decision = decide(standing, at_target, given_terms, same=same)

    assert standing != "wanted" or not isinstance(decision, Disable | Delete | Release | Wait)


@given(standings, terms, st.booleans())
def test_somebody_released_is_only_ever_reinstated(standing, given_terms, same):
    decision = decide(standing, "released", given_terms, same=same)

    assert isinstance(decision, Update | Skip)
    assert standing == "wanted" or isinstance(decision, Skip)


@given(standings, states, st.sampled_from(get_args(Leaving)), st.booleans())
def test_with_every_action_off_nothing_is_sent(standing, at_target, leaving, same):
    decision = decide(standing, at_target, Terms(leaving=leaving, actions=frozenset()), same=same)

    assert isinstance(decision, Skip | Fail | Release | Wait) or decision.update is False


@given(states, terms, st.booleans())
def test_nobody_suspended_or_unentitled_is_created(at_target, given_terms, same):
    for standing in ("suspended", "unentitled", "gone"):
        assert isinstance(decide(standing, at_target, given_terms, same=same), Skip | Disable | Delete | Release | Wait)
