"""Capacity: 200 groups, linked ones first, then by name (explanation/settled-cases.md section *Capacity*)."""

import pytest

from provisor.engine.guard import Candidate, admit, capacity_reached, order_of


def groups(*names):
    return [Candidate(f"id-{name}", name) for name in names]


def names(found):
    return [candidate.name for candidate in found]


def test_free_places_go_by_name_in_code_point_order():
    admission = admit(3, 0, groups("b", "B", "a", "Ä"))

    assert names(admission.admitted) == ["B", "a", "b"]
    assert names(admission.waiting) == ["Ä"]


def test_equal_names_go_by_id():
    admission = admit(1, 0, [Candidate("2", "A"), Candidate("1", "A")])

    assert admission.admitted == (Candidate("1", "A"),)


def test_205_groups_give_200_places():
    admission = admit(200, 0, groups(*(f"G{number:03}" for number in range(205))))

    assert len(admission.admitted) == 200
    assert names(admission.waiting) == ["G200", "G201", "G202", "G203", "G204"]


def test_a_later_name_that_sorts_first_displaces_nobody():
    admission = admit(200, 200, groups("AAA"))

    assert admission.admitted == ()
    assert names(admission.waiting) == ["AAA"]


def test_strangers_at_the_target_take_places():
    assert names(admit(200, 199, groups("a", "b")).admitted) == ["a"]


def test_more_held_than_allowed_admits_nobody():
    assert admit(200, 230, groups("a")).admitted == ()


def test_without_limit_everybody_has_a_place():
    assert len(admit(None, 10_000, groups("a", "b")).admitted) == 2


def test_who_waits_is_told_why():
    admission = admit(200, 200, groups("AAA"))

    skip = capacity_reached(admission.waiting[0], admission, "Cisco Umbrella")

    assert skip.code == "CapacityReached"
    assert skip.reason.startswith("Cisco Umbrella takes 200 groups and has 200, so AAA waits.")


QUEUE = [Candidate("1", "c", 30), Candidate("2", "a", 20), Candidate("3", "b", 10), Candidate("4", "0")]


@pytest.mark.parametrize(
    ("settings", "order"),
    [
        ({}, ["0", "a", "b", "c"]),
        ({"capacityOrder": "name"}, ["0", "a", "b", "c"]),
        ({"capacityOrder": "assigned"}, ["b", "a", "c", "0"]),  # who is not assigned comes last
        ({"capacityFirst": ["1"]}, ["c", "0", "a", "b"]),
        ({"capacityFirst": ["3", "1", "gone"]}, ["b", "c", "0", "a"]),
        ({"capacityOrder": "assigned", "capacityFirst": ["4"]}, ["0", "b", "a", "c"]),
        ({"capacityOrder": "nonsense", "capacityFirst": "1"}, ["0", "a", "b", "c"]),
    ],
)
def test_places_go_by_the_order_of_the_job(settings, order):
    found = order_of(settings)

    admission = admit(2, 0, QUEUE, found)

    assert names(admission.admitted + admission.waiting) == order
    assert admission.order == found.said
