"""Many who ask one target with one credential share what it bears: cycles, somebody on demand, a test of the connection.

In virtual time (support.virtual_time). Order: one limit for all, whose turn it is, pauses, those who leave, limits of
their own, targets that slow down, the registry, threads.
"""

import asyncio
import itertools
import threading
from datetime import timedelta

import pytest

from provisor.engine.ports import Throttled, Unreachable
from provisor.runner.asking.pace import Pace
from provisor.runner.asking.rates import KEPT_SECONDS, MOST, Rates
from provisor.runner.asking.turns import Turns
from support.virtual_time import BEGAN, Bucket, Closed, LimitedTarget, Unlimited, Window, virtual_now, virtually

IN_FLIGHT = 64


def paced(turns, **manners):
    return Pace(turns, now=virtual_now, **manners)


async def cycle(pace, target, requests, lanes=IN_FLIGHT, told=None):
    """So many requests by so many lanes, as a cycle sends them; `told` gets the moments at which they were answered."""
    waiting = iter(range(requests))

    async def lane():
        for _ in waiting:
            await pace.request(target.answer)
            if told is not None:
                told.append(asyncio.get_running_loop().time())

    await asyncio.gather(*(lane() for _ in range(lanes)))


# One limit for all


SHARED = [(3, 600), (25, 2_500), pytest.param(400, 12_000, marks=pytest.mark.slow)]


@pytest.mark.parametrize(("limit", "requests"), SHARED)
@pytest.mark.parametrize("shape", [Window, Bucket])
def test_two_jobs_and_somebody_on_demand_use_one_limit_to_the_full(shape, limit, requests):
    target = LimitedTarget(shape(limit), 0.02)

    async def on_demand(turns):
        for _ in range(20):
            pace = paced(turns, prompt=True)
            await cycle(pace, target, 5, lanes=1)
            pace.close()
            await asyncio.sleep(requests / limit / 25)

    async def run():
        turns = Turns()
        jobs = [cycle(paced(turns), target, requests // 2) for _ in range(2)]
        await asyncio.gather(*jobs, on_demand(turns))
        return asyncio.get_running_loop().time()

    seconds = virtually(run)

    assert len(target.moments) / seconds / limit >= 0.95
    assert target.refused / (target.refused + len(target.moments)) < 0.015


@pytest.mark.parametrize("factor", [0.5, 2])
def test_a_limit_that_changes_is_followed_by_all(factor):
    target = LimitedTarget(Bucket(15), 0.02)

    async def run():
        turns = Turns()
        jobs = asyncio.gather(*(cycle(paced(turns), target, 15_000) for _ in range(2)))
        await asyncio.sleep(100)
        target.limit = Bucket(15 * factor)
        await asyncio.sleep(260)
        jobs.cancel()

    virtually(run)

    minute = [moment for moment in target.moments if 300 <= moment < 360]
    assert 0.93 <= len(minute) / (60 * 15 * factor) <= 1.01


# Whose turn it is


def test_two_jobs_get_as_much_of_a_limit_each():
    target, told = LimitedTarget(Window(25), 0.02), ([], [])

    async def run():
        turns = Turns()
        await asyncio.gather(*(cycle(paced(turns), target, 1_000, told=one) for one in told))

    virtually(run)

    half = len([moment for moment in told[0] if moment < 30]), len([moment for moment in told[1] if moment < 30])
    assert abs(half[0] - half[1]) <= 25


@pytest.mark.parametrize(("limit", "seconds"), [(3, 3.0), (25, 1.0), (400, 0.5)])
def test_who_asks_on_demand_is_served_soon_behind_a_long_cycle(limit, seconds):
    target = LimitedTarget(Bucket(limit), 0.02)

    async def run():
        turns, loop = Turns(), asyncio.get_running_loop()
        long = asyncio.ensure_future(cycle(paced(turns), target, 100_000))
        await asyncio.sleep(20)
        began = loop.time()
        await cycle(paced(turns, prompt=True), target, 5, lanes=1)
        long.cancel()
        return loop.time() - began

    assert virtually(run) <= seconds


def test_a_cycle_goes_on_while_many_ask_on_demand():
    target, told = LimitedTarget(Bucket(25), 0.02), []

    async def run():
        turns = Turns()
        long = asyncio.ensure_future(cycle(paced(turns), target, 100_000, told=told))
        await cycle(paced(turns, prompt=True), target, 2_000)
        long.cancel()

    virtually(run)

    assert len(told) >= 2_000 / 4


# Pauses


def test_a_pause_that_one_was_asked_for_is_heeded_by_the_other():
    moments = []

    async def run():
        turns, loop = Turns(), asyncio.get_running_loop()
        refusals = [Throttled("slow down", until=BEGAN + timedelta(seconds=60))]

        async def refused_once():
            if refusals:
                raise refusals.pop()

        async def other():
            moments.append(loop.time())

        first = asyncio.ensure_future(paced(turns).request(refused_once))
        await asyncio.sleep(0.01)
        await paced(turns).request(other)
        await first

    virtually(run)

    assert moments[0] == pytest.approx(60, abs=0.01)


def sent_at(answers, *, tries=9, more=1):
    """When a request is sent that is answered so; an answer is a refusal, or None."""
    moments = []

    async def run():
        pace, loop = paced(Turns(), tries=tries), asyncio.get_running_loop()
        coming = iter(answers)

        async def send():
            moments.append(round(loop.time(), 2))
            error = next(coming)
            if error is not None:
                raise error

        for _ in range(more):
            try:
                await pace.request(send)
            except Throttled:
                pass

    virtually(run)
    return moments


def unsaid():
    return Throttled("slow down", until=BEGAN, told=False)


def test_section_15_without_a_word_it_is_backed_off_for_1_2_and_4_seconds():
    assert sent_at([unsaid(), unsaid(), unsaid(), unsaid(), None]) == [0, 1, 3, 7, 11]


def test_section_15_an_answer_ends_the_backing_off():
    assert sent_at([unsaid(), unsaid(), None, unsaid(), None], more=2) == [0, 1, 3, 3, 4]


def test_section_15_entra_tries_three_times():
    assert sent_at([unsaid(), unsaid(), unsaid()], tries=3) == [0, 1, 3]


@pytest.mark.parametrize("seconds", [2, 600])
def test_section_15_the_words_of_the_target_are_heeded(seconds):
    assert sent_at([Throttled("later", until=BEGAN + timedelta(seconds=seconds)), None]) == [0, seconds]


def test_who_has_no_patience_is_told_of_a_pause_and_sends_nothing():
    sent = []

    async def run():
        turns = Turns()

        async def refuse():
            raise Throttled("later", until=virtual_now() + timedelta(seconds=500))

        async def note():
            sent.append(1)

        with pytest.raises(Throttled):
            await paced(turns, tries=1).request(refuse)
        hurried = paced(turns, prompt=True, patience_seconds=30)
        with pytest.raises(Throttled) as told:
            await hurried.request(note)
        await asyncio.sleep(480)
        await hurried.request(note)
        return told.value.until, asyncio.get_running_loop().time()

    until, seconds = virtually(run)

    assert (until - BEGAN).total_seconds() == pytest.approx(500, abs=0.1)
    assert (len(sent), round(seconds)) == (1, 500)


def test_whoever_is_refused_without_patience_does_not_wait():
    async def run():
        pace = paced(Turns(), patience_seconds=30)
        refusal = Throttled("later", until=virtual_now() + timedelta(seconds=31))

        async def refuse():
            raise refusal

        with pytest.raises(Throttled):
            await pace.request(refuse)
        return asyncio.get_running_loop().time()

    assert virtually(run) == 0


# Those who leave


def test_a_job_that_is_aborted_while_it_waits_frees_its_place():
    target = LimitedTarget(Bucket(25), 0.02)

    async def run():
        turns, loop = Turns(), asyncio.get_running_loop()
        aborted = asyncio.ensure_future(cycle(paced(turns), target, 10_000))
        await asyncio.sleep(30)
        aborted.cancel()
        began = loop.time()
        await cycle(paced(turns), target, 250)
        return loop.time() - began

    assert virtually(run) == pytest.approx(10, abs=1.5)


def test_a_job_that_is_aborted_with_requests_in_flight_leaves_room_for_others():
    async def run():
        turns = Turns()
        hanging = LimitedTarget(Unlimited(), 1e6)
        aborted = asyncio.ensure_future(cycle(paced(turns), hanging, 100))
        await asyncio.sleep(1)
        aborted.cancel()
        await cycle(paced(turns), LimitedTarget(Unlimited(), 0.02), 100)
        return asyncio.get_running_loop().time()

    assert virtually(run) < 3


def test_a_stop_ends_the_waiting_of_its_own_job_alone():
    async def run():
        turns, stop, loop = Turns(), asyncio.Event(), asyncio.get_running_loop()

        async def stopped():
            await stop.wait()
            return KeyError("stopped")

        async def refuse():
            raise Throttled("later", until=BEGAN + timedelta(seconds=100))

        async def answer():
            return loop.time()

        refused = asyncio.ensure_future(paced(turns).request(refuse))
        await asyncio.sleep(0)
        mine = paced(turns, interrupted=stopped)
        waits = [asyncio.ensure_future(mine.request(answer)) for _ in range(3)]
        other = asyncio.ensure_future(paced(turns).request(answer))
        await asyncio.sleep(10)
        stop.set()
        ended = await asyncio.gather(*waits, return_exceptions=True)
        moment = loop.time()
        refused.cancel()
        again = await asyncio.gather(mine.request(answer), return_exceptions=True)
        return ended + again, moment, await other

    ended, moment, other = virtually(run)

    assert [type(one) for one in ended] == [KeyError] * 4
    assert (moment, round(other)) == (10, 100)


def test_what_still_waits_when_somebody_leaves_is_cancelled_and_holds_nobody_up():
    async def run():
        turns = Turns()
        mine, other = paced(turns, ceiling=10.0), paced(turns)
        waits = [asyncio.ensure_future(mine.request(lambda: asyncio.sleep(0))) for _ in range(5)]
        await asyncio.sleep(0.01)
        mine.close()
        ended = await asyncio.gather(*waits, return_exceptions=True)
        await other.request(lambda: asyncio.sleep(0))
        return [type(one) for one in ended]

    assert virtually(run) == [type(None), *[asyncio.CancelledError] * 4]


def test_a_lost_connection_gives_its_place_back():
    async def run():
        pace = paced(Turns())

        async def lost():
            raise Unreachable("gone")

        for _ in range(100):
            with pytest.raises(Unreachable):
                await pace.request(lost)

    virtually(run)


# Limits of their own


def test_a_job_with_a_rate_of_its_own_keeps_it_beside_one_without():
    target, told = LimitedTarget(Bucket(100), 0.02), []

    async def run():
        turns = Turns()
        slow = asyncio.ensure_future(cycle(paced(turns, per_second=25.0), target, 10_000, lanes=10, told=told))
        await cycle(paced(turns), target, 6_000)
        slow.cancel()
        return asyncio.get_running_loop().time()

    seconds = virtually(run)

    steady = [moment for moment in told if 10 <= moment < 50]
    assert 25 * 0.9 <= len(steady) / 40 <= 25 * 1.02  # a pause is everybody's
    assert len(target.moments) / seconds >= 95


def test_a_job_has_no_more_in_flight_than_it_may():
    at_once = 0

    async def run():
        nonlocal at_once
        turns, target = Turns(), LimitedTarget(Unlimited(), 0.05)
        pace, now = paced(turns, at_once=10), 0

        async def send():
            nonlocal now, at_once
            now += 1
            at_once = max(at_once, now)
            await target.answer()
            now -= 1

        await asyncio.gather(*(pace.request(send) for _ in range(200)))

    virtually(run)

    assert at_once == 10


def test_what_the_profile_of_a_target_allows_is_for_all_together():
    target = LimitedTarget(Unlimited(), 0.02)

    async def run():
        turns = Turns()
        await asyncio.gather(cycle(paced(turns, ceiling=20.0), target, 300), cycle(paced(turns), target, 300))
        return asyncio.get_running_loop().time()

    assert virtually(run) == pytest.approx(30, rel=0.05)


def test_the_limit_of_a_profile_goes_with_the_job_that_has_it():
    target = LimitedTarget(Unlimited(), 0.02)

    async def run():
        turns = Turns()
        first = paced(turns, ceiling=20.0)
        other = paced(turns)
        await cycle(first, target, 20)
        first.close()
        began = asyncio.get_running_loop().time()
        await cycle(other, target, 400)
        return asyncio.get_running_loop().time() - began

    assert virtually(run) < 2


# Targets that slow down


class Workers:
    """A target that works on so many at once, `seconds` each; the others wait. With `thrash` it gets slower by each."""

    def __init__(self, number, seconds, thrash=0.0):
        self.free, self.seconds, self.thrash = asyncio.Semaphore(number), seconds, thrash
        self.number, self.now, self.seen = number, 0, []

    async def answer(self):
        self.now += 1
        self.seen.append(self.now)
        try:
            async with self.free:
                await asyncio.sleep(self.seconds * (1 + self.thrash * max(self.now - self.number, 0)))
        finally:
            self.now -= 1


def with_workers(requests, **made):
    async def run():
        target = Workers(**made)
        await cycle(paced(Turns()), target, requests)
        return target, asyncio.get_running_loop().time()

    return virtually(run)


@pytest.mark.parametrize("number", [4, 8, 16])
def test_a_target_that_answers_no_more_for_more_in_flight_is_asked_less_at_once(number):
    target, seconds = with_workers(6_000, number=number, seconds=0.1)

    late = sorted(target.seen[3_000:])
    assert late[len(late) // 2] <= 2 * number
    assert 6_000 / seconds >= 0.95 * number / 0.1


def test_a_target_that_is_slowed_down_by_many_answers_more_in_all():
    target, seconds = with_workers(6_000, number=8, seconds=0.1, thrash=0.05)

    assert sorted(target.seen[4_000:])[1_000] <= 20
    assert 6_000 / seconds >= 0.7 * 8 / 0.1  # 21 a second with 64 in flight


def test_a_target_that_answers_late_whatever_is_asked_is_bound_by_what_is_in_flight():
    target = LimitedTarget(Unlimited(), 0.5)

    async def run():
        await cycle(paced(Turns()), target, 8_000)

    virtually(run)

    steady = [moment for moment in target.moments if 30 <= moment < 70]  # it is approached gently
    assert len(steady) / 40 >= 0.93 * IN_FLIGHT / 0.5


def test_a_target_that_gets_quicker_again_is_asked_more_at_once():
    async def run():
        target = Workers(number=4, seconds=0.2)
        cycles = asyncio.ensure_future(cycle(paced(Turns()), target, 1_000_000))
        await asyncio.sleep(60)
        narrow = sorted(target.seen[-400:])[200]
        target.number, target.free = 32, asyncio.Semaphore(32)
        await asyncio.sleep(400)
        cycles.cancel()
        return narrow, sorted(target.seen[-4_000:])[2_000]

    narrow, wide = virtually(run)

    assert narrow <= 8
    assert wide >= 32


# The registry


def test_two_credentials_are_apart():
    rates = Rates()

    assert rates.turns("https://a:443 one") is rates.turns("https://a:443 one")
    assert rates.turns("https://a:443 one") is not rates.turns("https://a:443 another")


def test_what_was_learnt_outlives_a_pause_and_not_much_more():
    seconds = itertools.count(0, KEPT_SECONDS * 0.9)
    moment = [next(seconds)]
    rates = Rates(lambda: moment[0])
    first = rates.turns("one")

    moment[0] = next(seconds)
    assert rates.turns("one") is first

    moment[0] += KEPT_SECONDS + 1
    assert rates.turns("one") is not first


def test_no_more_are_kept_than_a_stated_number_and_none_that_is_asked_goes():
    async def run():
        moment = [0.0]
        rates = Rates(lambda: moment[0])
        pace = paced(rates.turns("busy"))
        held = rates.turns("busy")
        for number in range(2 * MOST):
            rates.turns(f"idle {number}")
        moment[0] = 10 * KEPT_SECONDS
        kept = rates.turns("busy") is held
        pace.close()
        return kept, len(rates)

    kept, number = virtually(run)

    assert kept
    assert number <= MOST + 1


# Threads


def test_loops_of_several_threads_share_one_limit():
    rates, moments, failures = Rates(), [], []

    async def ask(number):
        pace = Pace(rates.turns("one"), now=lambda: BEGAN, ceiling=400.0, prompt=number == 0)

        async def send():
            moments.append(asyncio.get_running_loop().time())
            await asyncio.sleep(0.001)

        await asyncio.gather(*(pace.request(send) for _ in range(40)))
        pace.close()

    def thread(number):
        try:
            asyncio.run(ask(number))
        except BaseException as error:  # noqa: BLE001 - of a thread, which nobody would see
            failures.append(error)

    threads = [threading.Thread(target=thread, args=[number]) for number in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)

    assert failures == []
    assert len(moments) == 160
    assert max(moments) - min(moments) >= 100 / 400  # spaced out; what was overslept is made up for


def test_a_thread_that_ends_while_others_wait_leaves_them_somebody_who_wakes_them():
    rates, done = Rates(), []

    async def short():
        pace = Pace(rates.turns("one"), now=lambda: BEGAN, ceiling=20.0)
        waits = [asyncio.ensure_future(pace.request(lambda: asyncio.sleep(0))) for _ in range(4)]
        await asyncio.sleep(0.06)
        for one in waits:
            one.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
        pace.close()

    async def long():
        pace = Pace(rates.turns("one"), now=lambda: BEGAN, ceiling=20.0)
        await asyncio.gather(*(pace.request(lambda: asyncio.sleep(0)) for _ in range(6)))
        pace.close()
        done.append(True)

    threads = [threading.Thread(target=asyncio.run, args=[work()]) for work in (short, long)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)

    assert done == [True]


@pytest.mark.parametrize(("in_flight", "waiting"), [(1, 3), (6, 0), (6, 3)])
def test_a_thread_that_ended_without_a_word_holds_nobody_up(in_flight, waiting):
    rates, tasks = Rates(), []

    async def abandoned():
        pace = Pace(rates.turns("one"), now=lambda: BEGAN, ceiling=50.0 if in_flight == 1 else None)
        tasks.extend(asyncio.ensure_future(pace.request(lambda: asyncio.sleep(3600))) for _ in range(in_flight))
        tasks.extend(asyncio.ensure_future(pace.request(lambda: asyncio.sleep(0))) for _ in range(waiting))
        await asyncio.sleep(0)

    def thread():
        loop = asyncio.new_event_loop()
        loop.set_exception_handler(lambda *_: None)
        loop.run_until_complete(abandoned())
        loop.close()  # with everything in it

    one = threading.Thread(target=thread)
    one.start()
    one.join()

    async def other():
        pace = Pace(rates.turns("one"), now=lambda: BEGAN)
        async with asyncio.timeout(20):
            await asyncio.gather(*(pace.request(lambda: asyncio.sleep(0)) for _ in range(10)))
        return True

    assert asyncio.run(other())


def test_a_target_that_lets_nobody_in_is_given_up_by_all():
    target, given_up = LimitedTarget(Closed(), 0.02), []

    async def run():
        turns = Turns()

        async def lane(pace):
            try:
                await pace.request(target.answer)
            except Throttled:
                given_up.append(1)

        await asyncio.gather(*(lane(pace) for pace in (paced(turns), paced(turns, tries=3)) for _ in range(5)))

    virtually(run)

    assert len(given_up) == 10
    assert target.refused == 5 * 5 + 5 * 3
