"""What holds for every admission."""

from hypothesis import given
from hypothesis import strategies as st

from provisor.engine.guard import Candidate, admit

candidates = st.lists(
    st.builds(Candidate, st.uuids().map(str), st.text(max_size=3)), max_size=30, unique_by=lambda c: c.id
)
limits, held = st.integers(0, 20), st.integers(0, 25)


@given(limits, held, candidates)
def test_the_target_never_holds_more_than_its_limit(limit, already, waiting):
    admission = admit(limit, already, waiting)

    assert already + len(admission.admitted) <= max(limit, already)


@given(limits, held, candidates)
def test_nobody_is_lost(limit, already, waiting):
    admission = admit(limit, already, waiting)

    assert sorted(c.id for c in admission.admitted + admission.waiting) == sorted(c.id for c in waiting)


@given(limits, held, candidates, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(limit, already, waiting, shuffler):
    shuffled = waiting[:]
    shuffler.shuffle(shuffled)

    assert admit(limit, already, shuffled) == admit(limit, already, waiting)


@given(limits, held, candidates, st.data())
def test_who_was_admitted_keeps_the_place_whoever_comes_later(limit, already, everybody, data):
    """Those admitted are held from then on, so a newcomer with an earlier name gets what is left over, or waits."""
    places, waiting = [], []
    while everybody:
        arriving = data.draw(st.integers(1, len(everybody)))
        newcomers, everybody = everybody[:arriving], everybody[arriving:]

        admission = admit(limit, already + len(places), [*waiting, *newcomers])
        places += admission.admitted
        waiting = admission.waiting

        assert len(places) == min(len(places) + len(waiting), max(0, limit - already))
        assert not set(places) & set(waiting)


@given(limits, held, candidates)
def test_no_free_place_stays_empty_while_somebody_waits(limit, already, waiting):
    admission = admit(limit, already, waiting)

    assert not admission.waiting or already + len(admission.admitted) >= limit
