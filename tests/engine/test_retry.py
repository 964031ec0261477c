"""When what failed is tried again, spec/provisioning-service.md sections 10 and 11.2."""

from datetime import UTC, datetime, timedelta

import pytest

from provisor.engine.retry import SIGNS, next_in_series, next_try

FIRST = datetime(2031, 3, 4, 8, tzinfo=UTC)


def after(**time):
    return FIRST + timedelta(**time)


SECTION_10 = {
    "at once": (after(), after(hours=6)),
    "with the next cycle": (after(minutes=40), after(hours=6)),
    "just before the first": (after(hours=5, minutes=59), after(hours=6)),
    "at the first": (after(hours=6), after(hours=12)),
    "at the second": (after(hours=12, minutes=1), after(hours=24)),
    "at the third": (after(hours=24), after(hours=48)),
    "a cycle that began late": (after(hours=31), after(hours=48)),
    "daily": (after(days=9, hours=3), after(days=10)),
    "on the last day": (after(days=27, hours=23), after(days=28)),
    "by a clock that went back": (after(hours=-5), after(hours=1)),
}


@pytest.mark.parametrize(("now", "due"), SECTION_10.values(), ids=SECTION_10)
def test_section_10_what_failed_again_is_tried_after_6_12_and_24_hours_then_daily(now, due):
    assert next_try(FIRST, 2, now) == due


def test_section_10_what_failed_once_is_tried_by_the_next_cycle():
    assert next_try(FIRST, 1, FIRST) is None


@pytest.mark.parametrize("hours", [0, 1, 6, 13, 24, 25, 47, 24 * 27 + 5, -9])
def test_no_try_is_later_than_in_a_day(hours):
    now = after(hours=hours)

    assert timedelta() < next_in_series(FIRST, now) - now <= timedelta(days=1)


@pytest.mark.parametrize("code", ["UnprocessableEntity", "MandatoryFieldsMissing", "DuplicateTargetEntries"])
def test_what_depends_on_the_values_of_one_object_is_not_seen_to_be_gone_by_another(code):
    assert code not in SIGNS
