"""A report of provisioning activity: which column counts what, days in their order, causes by how many they concern."""

from datetime import date

import pytest

from provisor.engine.report import Happened, by_cause, by_day, day_of, number_of_day, totals

DAY = date(2026, 11, 28)
ROWS = [
    ("create", "success", "", "created"),
    ("update", "success", "", "updated"),
    ("disable", "success", "", "disabled"),
    ("delete", "success", "", "deleted"),
    ("other", "success", "", "other"),
    ("stagedDelete", "success", "", "other"),
    ("create", "failure", "EntryConflict", "failed"),
    ("other", "skipped", "RedundantExport", "skipped"),
    ("update", "warning", "UnableToResolveReferenceAttributeValue", "warned"),
]


def happened(action, status, code, number=1, day=DAY, kind="user"):
    return Happened(day=day, kind=kind, action=action, status=status, code=code, number=number)


@pytest.mark.parametrize(("action", "status", "code", "column"), ROWS, ids=lambda value: str(value) or "none")
def test_what_happened_is_counted_in_one_column(action, status, code, column):
    counts = by_day([happened(action, status, code, 3)])[DAY, "user"]

    assert {name: number for name, number in counts.items() if number} == {column: 3}


def test_days_come_in_their_order_with_people_and_groups_apart():
    later = date(2026, 12, 1)

    found = by_day([happened("create", "success", "", 2, later), happened("create", "success", "", kind="group"),
                    happened("create", "success", "")])  # fmt: skip

    assert list(found) == [(DAY, "group"), (DAY, "user"), (later, "user")]
    assert totals(found.values())["created"] == 4


def test_causes_come_with_the_one_first_that_concerns_most():
    found = by_cause([happened("create", "failure", "A", 2), happened("update", "failure", "B", 3), happened("create", "failure", "A", 2),
                      happened("create", "success", "", 9)])  # fmt: skip

    assert list(found.items()) == [(("failure", "A"), 4), (("failure", "B"), 3)]


@pytest.mark.parametrize("day", [date(1970, 1, 1), date(1969, 12, 31), DAY, date(2400, 2, 29)], ids=str)
def test_a_day_is_found_again_by_its_number(day):
    assert day_of(number_of_day(day)) == day
