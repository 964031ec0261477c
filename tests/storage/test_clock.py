"""A clock that jumps is doubted until somebody, or two days of running, say that it is right."""

from datetime import UTC, datetime, timedelta

import pytest

from provisor.storage import clock

DAY = timedelta(days=1)
START = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture
def observed(database, tenant):
    """Observes moments one after the other, as days since START; says of each whether the clock was doubted."""

    def observe(*days: float) -> list[bool]:
        with database.transaction() as connection:
            return [clock.observe(connection, tenant, now=START + day * DAY) is not None for day in days]

    observe(0)
    with database.transaction() as connection:
        clock.believe(connection, tenant)
    return observe


@pytest.mark.parametrize(
    ("days", "doubted"),
    [
        pytest.param((0.1, 1.5, 3.4, 5.3), (False, False, False, False), id="gaps of less than two days"),
        pytest.param((2.1,), (True,), id="a gap of more"),
        pytest.param((30, 30.5, 31.9), (True, True, True), id="ahead by a month, and running on"),
        pytest.param((30, 31, 32.1), (True, True, False), id="two days of running lift it"),
        pytest.param((30, 33, 34), (True, True, True), id="another gap begins it anew"),
        pytest.param((30, 0.2, 0.3), (True, False, False), id="put right again"),
        pytest.param((-400, -399), (False, False), id="behind, which deletes nothing early"),
        pytest.param((365, 1, 366), (True, False, True), id="ahead, right, ahead again"),
    ],
)
def test_a_clock_is_doubted_after_a_gap_and_believed_in_time(observed, days, doubted):
    assert tuple(observed(*days)) == doubted


def test_somebody_may_say_that_the_clock_is_right(observed, database, tenant):
    observed(30)

    with database.transaction() as connection:
        clock.believe(connection, tenant)

    assert observed(30.1, 31) == [False, False]


def test_a_doubt_tells_from_when_to_when_the_clock_jumped(observed, database, tenant):
    observed(30, 31)

    doubt = clock.doubt(database.reader(), tenant)

    assert (doubt.before, doubt.since) == (START, START + 30 * DAY)
    assert doubt.lifted_at == START + 32 * DAY
