"""Which references are written now and which wait."""

import pytest

from provisor.engine.references import (
    AwaitReference,
    ClearReference,
    Edge,
    KeepReference,
    WriteReference,
    refer,
    requests,
    split,
)


def edge(member, target_id="t", *, wanted=True, pushed=False):
    return Edge(member=member, target_id=target_id and f"{target_id}-{member}", wanted=wanted, pushed=pushed)


def test_a_new_member_with_an_account_is_added():
    assert split([edge("a")]).add == (("a", "t-a"),)


def test_a_new_member_without_an_account_waits():
    change = split([edge("a", None)])

    assert change.waiting == ("a",)
    assert change.add == ()


def test_a_member_who_left_the_group_is_removed():
    assert split([edge("a", wanted=False, pushed=True)]).remove == (("a", "t-a"),)


def test_a_member_whose_account_is_gone_needs_no_removal():
    change = split([edge("a", None, wanted=False, pushed=True)])

    assert (change.add, change.remove, change.waiting) == ((), (), ())


def test_a_membership_the_target_holds_is_left_alone():
    change = split([edge("a", pushed=True)])

    assert (change.add, change.remove, change.waiting) == ((), (), ())


def test_members_are_cut_into_requests_removals_first():
    found = list(requests(["a1", "a2", "a3"], ["r1", "r2"], 2))

    assert found == [([], ["r1", "r2"]), (["a1", "a2"], []), (["a3"], [])]


def test_nothing_to_change_is_no_request():
    assert list(requests([], [], 100)) == []


REFERENCES = {
    "none wanted, none held": ((None, None, None), KeepReference()),
    "none wanted, one held": ((None, None, "t1"), ClearReference()),
    "wanted, not at the target": (("m1", None, None), AwaitReference("m1")),
    "wanted, not at the target, an old one held": (("m1", None, "t0"), AwaitReference("m1", clear=True)),
    "wanted, not held": (("m1", "t1", None), WriteReference("t1")),
    "wanted, another held": (("m1", "t1", "t0"), WriteReference("t1")),
    "wanted and held": (("m1", "t1", "t1"), KeepReference()),
}


@pytest.mark.parametrize(("given", "expected"), REFERENCES.values(), ids=REFERENCES.keys())
def test_a_manager_is_written_awaited_or_cleared(given, expected):
    assert refer(*given) == expected
