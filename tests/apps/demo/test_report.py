"""What the demo says of itself: counts by outcome, and when it counts as done."""

from provisor.demo.report import CycleDone, Report


def cycle(counts, requests=None, error=None):
    return CycleDone(title="a cycle", kind="incremental", counts=counts, requests=requests or {"GET": 1}, error=error)


def report(*cycles, differences=(), skipped=None):
    return Report(cycles=cycles, refused=0, skipped=skipped or {}, differences=differences, seconds=1.0)


def test_outcomes_add_up_over_the_cycles():
    found = report(cycle({"user.create": 3, "membership.add": 5}), cycle({"user.create": 1, "membership.remove": 2}))

    assert found.to_json()["users"]["created"] == 4
    assert found.to_json()["memberships"] == {
        "created": 5,
        "updated": 0,
        "disabled": 0,
        "deleted": 2,
        "failed": 0,
        "skipped": 0,
    }


def test_a_linked_account_counts_as_updated():
    assert report(cycle({"user.link": 1})).to_json()["users"]["updated"] == 1


def test_who_is_skipped_in_every_cycle_is_counted_once():
    found = report(cycle({"group.skip": 5}), cycle({"group.skip": 5}), skipped={"groups": 5})

    assert found.to_json()["groups"]["skipped"] == 5


def test_a_difference_is_no_success():
    found = report(cycle({}), differences=["anna has no account."])

    assert (found.to_json()["verified"], found.to_json()["differences"], found.succeeded) == (False, 1, False)


def test_a_failed_object_is_no_success():
    assert not report(cycle({"user.fail": 1})).succeeded


def test_requests_are_told_by_method():
    found = report(cycle({}, {"GET": 2, "PATCH": 1}))

    assert found.to_json()["cycles"] == [{"kind": "incremental", "requests": {"GET": 2, "PATCH": 1}}]
