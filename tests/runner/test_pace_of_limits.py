"""How much of a target's limit is used, and how many answers are refusals, when nobody told us of the limit.

Everything happens in virtual time: the loop's clock moves only when all wait, so a day of requests takes seconds and
comes out the same every time. Requests reach the target after half of the latency.
"""

import asyncio
import math
from dataclasses import dataclass
from datetime import timedelta

import pytest

from provisor.engine.ports import Rejected, Throttled, Unreachable
from provisor.runner.asking.pace import Pace
from support.virtual_time import (
    BEGAN,
    RETRY_AFTER,
    Bucket,
    Closed,
    LimitedTarget,
    Unlimited,
    Window,
    virtual_now,
    virtually,
)

pytestmark = pytest.mark.fast_rows(2)

IN_FLIGHT = 64


@dataclass
class Ran:
    seconds: float
    taken: int
    refused: int
    given_up: int
    in_order: list

    @property
    def refusals(self):
        return self.refused / (self.refused + self.taken)


def ask(target, requests, *, per_second=None, error=None, meanwhile=None):
    """So many requests by 64 lanes; `meanwhile` is done beside them."""

    async def run():
        loop = asyncio.get_running_loop()
        pace = Pace(ceiling=per_second, now=virtual_now)
        waiting = iter(range(requests))
        taken, given_up, order = 0, 0, []

        async def lane():
            nonlocal taken, given_up
            for number in waiting:
                try:
                    await pace.request(lambda: target.answer(error))
                    taken += 1
                except Throttled:
                    given_up += 1
                except Rejected:
                    taken += 1
                order.append(number)

        beside = asyncio.ensure_future(meanwhile()) if meanwhile else None
        await asyncio.gather(*(lane() for _ in range(IN_FLIGHT)))
        if beside:
            beside.cancel()
        return Ran(loop.time(), taken, pace.throttled, given_up, order)

    return virtually(run)


def used(ran, limit, latency):
    """The share of what could have been: the limit, or what as many in flight can do."""
    return ran.taken / ran.seconds / min(limit, IN_FLIGHT / latency)


# The table: a limit a second, from how many requests on, and at which latencies in milliseconds it is used to the full.
# A pause is a second, and what is refused first is what is in flight: high limits need more than 1,000 requests.
FROM = [
    (3, 1_000, (1, 20, 50, 200)),
    (25, 1_000, (1, 20, 50, 100)),
    (25, 2_500, (200,)),
    (200, 1_000, (1,)),
    (200, 6_000, (1, 20)),
    (400, 12_000, (20,)),
]
PHASES = (0.0, 0.4, 0.8)
CASES = [
    pytest.param(
        [shape(limit, phase) for phase in (PHASES if shape is Window else (0.0,))],
        limit,
        latency / 1000,
        requests,
        retry_after,
        id=f"{shape.__name__}-{limit}-a-second-{latency}-ms-retry-after-{retry_after}-{requests}",
        marks=[pytest.mark.slow] if requests > 2_500 else [],
    )
    for limit, requests, latencies in FROM
    for shape in (Window, Bucket)
    for latency in latencies
    for retry_after in RETRY_AFTER
]


@pytest.mark.test_rows(8)
@pytest.mark.parametrize(("limits", "limit", "latency", "requests", "retry_after"), CASES)
def test_a_limit_that_nobody_told_us_is_used_and_hardly_ever_met(limits, limit, latency, requests, retry_after):
    ran = [ask(LimitedTarget(one, latency, retry_after), requests) for one in limits]

    assert [one.given_up for one in ran] == [0] * len(limits)
    assert min(used(one, limit, latency) for one in ran) >= 0.95
    assert max(one.refusals for one in ran) < 0.015


# Where the requests are over before some pauses have paid off, or the answers come so late that much is in flight.
LESS = [
    (25, 200, 1_000, 0.93, 0.02),
    (200, 20, 1_000, 0.85, 0.015),
    (200, 50, 1_000, 0.55, 0.07),
    (200, 200, 1_000, 0.45, 0.10),
    pytest.param(200, 50, 6_000, 0.86, 0.015, marks=pytest.mark.slow),
    pytest.param(200, 200, 6_000, 0.86, 0.018, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("limit", "latency", "requests", "at_least", "refused_at_most"), LESS)
def test_a_window_that_is_met_late_is_used_less_at_first(limit, latency, requests, at_least, refused_at_most):
    ran = [ask(LimitedTarget(Window(limit, phase), latency / 1000), requests) for phase in PHASES]

    assert min(used(one, limit, latency / 1000) for one in ran) >= at_least
    assert max(one.refusals for one in ran) < refused_at_most


@pytest.mark.parametrize("retry_after", RETRY_AFTER)
@pytest.mark.parametrize("latency", [0.02, 0.2])
def test_a_limit_of_1_500_a_minute_is_used_from_the_first_minute_on(latency, retry_after):
    ran = ask(LimitedTarget(Window(25, 0.3, seconds=60), latency, retry_after), 5_000)

    assert used(ran, 25, latency) >= 0.95
    assert ran.given_up == 0
    assert ran.refusals < 0.08  # without Retry-After one has to ask all through the first minute


@pytest.mark.parametrize("factor", [0.5, 2])
@pytest.mark.parametrize("shape", [Window, Bucket])
def test_a_limit_that_changes_meanwhile_is_followed(shape, factor):
    target = LimitedTarget(shape(40), 0.02)

    async def change():
        await asyncio.sleep(100)
        target.limit = shape(40 * factor, phase=asyncio.get_running_loop().time() % 1)

    ask(target, 30_000 if factor == 2 else 12_000, meanwhile=change)

    # A raised limit is found once the patience has ended.
    minute = [moment for moment in target.moments if 300 <= moment < 360]
    assert 0.93 <= len(minute) / (60 * 40 * factor) <= 1.01


@pytest.mark.parametrize("shape", [Window, Bucket])
def test_the_limit_of_the_template_is_never_exceeded(shape):
    target = LimitedTarget(shape(50), 0.02)

    ran = ask(target, 1_000, per_second=20)

    assert ran.refused == 0
    assert used(ran, 20, 0.02) >= 0.99
    assert max(sum(at <= other < at + 1 for other in target.moments) for at in target.moments) <= 21


@pytest.mark.parametrize("shape", [Window, Bucket])
def test_a_target_that_bears_less_than_its_template_says_is_asked_less(shape):
    ran = ask(LimitedTarget(shape(15), 0.02), 2_000, per_second=20)

    assert used(ran, 15, 0.02) >= 0.95
    assert ran.refusals < 0.015


@pytest.mark.parametrize(("latency", "requests"), [(0.05, 3_000), (0.05, 10_000), (0.02, 10_000), (0.2, 10_000)])
def test_a_target_without_a_limit_is_bound_by_what_is_in_flight(latency, requests):
    ran = ask(LimitedTarget(Unlimited(), latency), requests)

    assert used(ran, math.inf, latency) >= 0.9


def test_requests_that_the_target_refuses_as_wrong_count_as_asked():
    ran = ask(LimitedTarget(Window(25), 0.02), 1_000, error=Rejected("no", status=409))

    assert used(ran, 25, 0.02) >= 0.95
    assert ran.refusals < 0.015


def test_after_a_pause_nobody_rushes():
    target = LimitedTarget(Window(25), 0.02)

    ask(target, 200)

    pause = max(range(1, len(target.moments)), key=lambda i: target.moments[i] - target.moments[i - 1])
    assert target.moments[pause] - target.moments[pause - 1] > 0.9
    assert target.moments[pause + 10] - target.moments[pause] > 0.35


def test_who_came_first_is_asked_for_first():
    ran = ask(LimitedTarget(Window(25, 0.5), 0.02), 1_000)

    assert max(place - number for place, number in enumerate(ran.in_order)) <= IN_FLIGHT + 12


def test_a_target_that_refuses_everything_is_given_up_request_by_request():
    ran = ask(LimitedTarget(Closed(), 0.02), 10)

    assert (ran.taken, ran.given_up, ran.refused) == (0, 10, 50)
    assert ran.seconds < 60


def test_one_asks_for_all_while_every_pause_turns_out_too_short():
    target = LimitedTarget(Closed(), 0.02)

    ran = ask(target, IN_FLIGHT)

    assert ran.seconds >= (ran.refused - 6) * 1.0  # those of the beginning were in flight together


@pytest.mark.parametrize(("said", "kept"), [(timedelta(days=9_000), 600.0), (timedelta(days=-9_000), 0.0)])
def test_an_absurd_moment_to_come_back_is_bounded(said, kept):
    async def run():
        loop = asyncio.get_running_loop()
        pace = Pace(per_second=None, now=lambda: BEGAN)
        refusals = [Throttled("slow down", until=BEGAN + said)]

        async def send():
            if refusals:
                raise refusals.pop()

        await pace.request(send)
        return loop.time()

    assert virtually(run) == pytest.approx(kept, abs=1.0)


def test_a_lost_connection_ends_the_wait_of_nobody_else():
    target = LimitedTarget(Unlimited(), 0.02)

    async def run():
        pace = Pace(per_second=None, now=lambda: BEGAN)

        async def lost():
            await asyncio.sleep(0.01)
            raise Unreachable("gone", sent=True)

        return await asyncio.gather(
            *(pace.request(lost if number % 2 else target.answer) for number in range(100)), return_exceptions=True
        )

    ended = virtually(run)

    assert sum(isinstance(one, Unreachable) for one in ended) == 50
    assert sum(one is None for one in ended) == 50
