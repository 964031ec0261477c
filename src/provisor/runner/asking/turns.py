"""Whose turn it is to ask a target: one for all who ask it with one credential, in whatever thread they do.

A *lane* is one who asks: a run of a job, somebody on demand, a test of the connection. Lanes take turns, those that a
person waits for before the others; within a lane whoever came first is first. A refusal pauses everybody, for as long
as the target said, or for 1, 2 and then 4 seconds where it said nothing (spec/provisioning-service.md section 15).
Clocks are those of the running loops, which go alike within a process. Order: lanes, turns, what came of them, whose
turn it is, waking up.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from threading import Lock

from provisor.runner.asking.estimate import Estimate
from provisor.runner.asking.width import Width

LONGEST_PAUSE_SECONDS = 600.0  # spec/provisioning-service.md section 15
_BACK_OFF_SECONDS = 1.0  # where the target does not say how long; doubled while nothing was borne, up to
_LONGEST_BACK_OFF_SECONDS = 4.0
_PROMPT_IN_A_ROW = 3  # then somebody else has a turn

# The beginning: this many in flight, one more with each answer up to _GENTLE, until enough were answered to have met a
# limit of some twenty a second; then more, until a limit of some hundreds would have shown.
_FIRST_IN_FLIGHT = 6
_GENTLE_IN_FLIGHT = 12
_GENTLE_ANSWERS = 50
_MORE_AN_ANSWER = 3
_ANSWERS_OF_THE_BEGINNING = 500
_FAST_A_SECOND = 1_300.0  # a target that answers this many needs no more in flight for now
_PROMPT_SECONDS = 0.05  # one that answers later also refuses later: it is approached more slowly

_DUE_SECONDS = 0.0001  # so much earlier is as good: no clock need be able to tell so little apart
_LATE_SECONDS = 0.05  # a slot that was overslept is made up for, so that timers do not cost part of the rate


def running_clock() -> float:
    """The time of the loop that runs."""
    return asyncio.get_running_loop().time()


@dataclass(slots=True, eq=False)
class Lane:
    """One who asks, with limits of its own. `ceiling` is what the target's profile allows to all together.

    `prompt`: a person waits for it.
    """

    loop: asyncio.AbstractEventLoop
    per_second: float | None = None
    at_once: float = inf
    ceiling: float | None = None
    prompt: bool = False
    waiting: "deque[Queued]" = field(default_factory=deque)
    in_flight: int = 0
    refusals: int = 0
    next_slot: float = -inf
    served: int = 0  # the number of its last turn

    @property
    def can_be_woken(self) -> bool:
        """Whether somebody waits here, in a loop that runs."""
        return bool(self.waiting) and not self.loop.is_closed()

    def due(self, present: float) -> float:
        """When it may have its next turn, as far as it is up to itself."""
        if self.in_flight >= self.at_once:
            return inf
        return present if self.per_second is None else max(self.next_slot, present)


@dataclass(slots=True, eq=False)
class Queued:
    """One request that waits for its turn; `turn` is the moment of it."""

    lane: Lane
    turn: "asyncio.Future[float]"
    has_turn: bool = False


class Turns:
    """The requests to one target with one credential."""

    def __init__(self, clock: Callable[[], float] = running_clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._lanes: list[Lane] = []
        self._estimate = Estimate()
        self._width = Width()
        self._next_slot = -inf
        self._paused_until = 0.0
        self._back_off = _BACK_OFF_SECONDS
        self._refused: float | None = None  # when it was sent, what was refused first; judged when the pause is over
        self._told_at = -inf  # when that refusal came: what was sent before is of the same burst
        self._alone = False  # the last pause was too short: one request asks for all
        self._in_flight = 0
        self._waiting = 0
        self._answers = 0
        self._answers_then = 0  # at the last refusal that was the first of its burst
        self._latency = 0.0
        self._turn = 0
        self._prompt_in_a_row = 0
        self._looking: asyncio.AbstractEventLoop | None = None  # in its next round somebody looks
        self._timer: tuple[float, Lane] | None = None  # what wakes somebody up, while that lane waits

    def join(self, lane: Lane) -> None:
        """Somebody begins to ask."""
        with self._lock:
            lane.served = self._turn
            self._lanes.append(lane)
            self._bound()

    def leave(self, lane: Lane) -> None:
        """And asks no more; what still waits is cancelled."""
        with self._lock:
            self._waiting -= len(lane.waiting)
            while lane.waiting:
                lane.waiting.popleft().turn.cancel()
            if lane in self._lanes:
                self._lanes.remove(lane)
                self._bound()
                self._dispatch(self._clock())

    def _bound(self) -> None:
        ceilings = [lane.ceiling for lane in self._lanes if lane.ceiling is not None]
        if self._lanes:  # what is known of the target outlives those who asked it
            self._estimate.bound(min(ceilings, default=None))

    @property
    def busy(self) -> bool:
        """Whether anybody asks."""
        return bool(self._lanes)

    # Turns

    def take(self, lane: Lane) -> float | Queued:
        """A turn at once, and its moment; or a place in the line."""
        with self._lock:
            present = self._clock()
            soon = present + _DUE_SECONDS
            if not self._waiting and self._free_at(present) <= soon and lane.due(present) <= soon:
                self._give(lane, present)
                return present
            waiting = Queued(lane, lane.loop.create_future())
            lane.waiting.append(waiting)
            self._waiting += 1
            if len(lane.waiting) == 1:
                self._look_soon()
            return waiting

    def withdraw(self, waiting: Queued) -> None:
        """Whoever waited waits no longer; a turn that had come meanwhile is given back."""
        with self._lock:
            if waiting.has_turn:
                self._free(waiting.lane)
            elif waiting in waiting.lane.waiting:
                waiting.lane.waiting.remove(waiting)
                self._waiting -= 1
            self._dispatch(self._clock())

    def end(self, lane: Lane, error: BaseException) -> None:
        """Everybody of a lane who waits is told so, in its own loop."""
        with self._lock:
            self._waiting -= len(lane.waiting)
            while lane.waiting:
                _refuse(lane.waiting.popleft(), error)
            self._dispatch(self._clock())

    def paused_seconds(self) -> float:
        """How long nobody has a turn, because the target said so."""
        return max(self._paused_until - self._clock(), 0.0)

    # What came of them

    def answered(self, lane: Lane, sent: float, about: str) -> None:
        """The target has answered, whatever; it counts this request."""
        with self._lock:
            present = self._clock()
            self._width.answered(about, sent, present, self._in_flight)
            self._free(lane)
            self._alone = False
            self._answers += 1
            self._latency = present - sent
            self._estimate.borne(sent)
            self._look_soon()

    def lost(self, lane: Lane) -> None:
        """It came to nothing."""
        with self._lock:
            self._free(lane)
            self._look_soon()

    def refused(self, lane: Lane, sent: float, seconds: float | None) -> None:
        """The target asked everybody to wait so long, or did not say how long.

        Of the many refusals of one burst only the first says something about the rate.
        """
        with self._lock:
            lane.refusals += 1
            present = self._clock()
            if sent > self._told_at:
                again = self._told_at > -inf and self._answers == self._answers_then
                self._back_off = min(self._back_off * 2, _LONGEST_BACK_OFF_SECONDS) if again else _BACK_OFF_SECONDS
                self._told_at, self._refused, self._answers_then = present, sent, self._answers
            pause = self._back_off if seconds is None else min(max(seconds, 0.0), LONGEST_PAUSE_SECONDS)
            self._paused_until = max(self._paused_until, present + pause)
            self._width.idle()
            self._free(lane)
            self._look_soon()

    def _free(self, lane: Lane) -> None:
        lane.in_flight -= 1
        self._in_flight -= 1

    # Whose turn it is

    def _dispatch(self, present: float) -> None:
        """Give turns to those who may have one, and see that somebody looks again when the next is due."""
        self._looking = None
        while self._waiting:
            free_at = self._free_at(present)
            if free_at == inf and self._bury_the_dead():
                continue
            if free_at > present + _DUE_SECONDS:
                return self._wake_at(free_at)
            lane, due_at = self._next_lane(present)
            if lane is None:
                return self._wake_at(due_at)
            self._waiting -= 1
            self._hand(lane.waiting.popleft(), present)
        return None

    def _free_at(self, present: float) -> float:
        """When the next request may be sent; never as far as is known now, if it waits for an answer."""
        if present < self._paused_until - _DUE_SECONDS:
            return self._paused_until
        if self._refused is not None:
            # Only now that everything in flight with the refused request has been answered.
            self._alone = not self._estimate.refused(self._refused, present)
            self._refused, self._next_slot = None, present
        if not self._has_room():
            return inf
        return present if self._estimate.rate is None else max(self._next_slot, present)

    def _has_room(self) -> bool:
        if self._alone:
            return self._in_flight == 0
        if self._in_flight >= self._width.limit:
            return False
        if self._estimate.rate is not None or self._answers >= _ANSWERS_OF_THE_BEGINNING:
            return True
        share = min(1.0, _PROMPT_SECONDS / max(self._latency, 0.001)) ** 2
        if self._answers <= _GENTLE_ANSWERS:
            return self._in_flight < min(_FIRST_IN_FLIGHT + int(self._answers * share), _GENTLE_IN_FLIGHT)
        more = int(_MORE_AN_ANSWER * share * (self._answers - _GENTLE_ANSWERS))
        needed = max(_GENTLE_IN_FLIGHT, int(_FAST_A_SECOND * self._latency))
        return self._in_flight < min(_GENTLE_IN_FLIGHT + more, needed)

    def _next_lane(self, present: float) -> tuple[Lane | None, float]:
        """Who is next: the lane that has waited for its turn the longest; or when the first of them may be."""
        waiting = [lane for lane in self._lanes if lane.waiting]
        ready = [lane for lane in waiting if lane.due(present) <= present + _DUE_SECONDS]
        if not ready:
            return None, min(lane.due(present) for lane in waiting)
        first = [lane for lane in ready if lane.prompt is (self._prompt_in_a_row < _PROMPT_IN_A_ROW)]
        return min(first or ready, key=lambda lane: lane.served), present

    def _hand(self, waiting: Queued, present: float) -> None:
        self._give(waiting.lane, present)
        waiting.has_turn = True
        if not _in_its_loop(waiting.lane, _settle, waiting, present):
            self._bury(waiting.lane)

    def _give(self, lane: Lane, present: float) -> None:
        """A turn: a slot of the rate, and of the lane's own."""
        if self._estimate.rate is not None:
            late = present - self._next_slot
            idle = late if late > _LATE_SECONDS else 0.0  # there was nothing to send
            start = present if self._next_slot == -inf else self._next_slot + idle
            self._next_slot = start + 1.0 / self._estimate.slot(present, 0.0 if idle == inf else idle)
        if lane.per_second is not None:
            on_time = present - lane.next_slot <= _LATE_SECONDS
            lane.next_slot = (lane.next_slot if on_time else present) + 1.0 / lane.per_second
        self._turn += 1
        lane.served = self._turn
        self._prompt_in_a_row = self._prompt_in_a_row + 1 if lane.prompt else 0
        lane.in_flight += 1
        self._in_flight += 1

    def _bury_the_dead(self) -> bool:
        """Whether an answer was waited for that nobody is there to receive."""
        dead = [lane for lane in self._lanes if lane.in_flight and lane.loop.is_closed()]
        for lane in dead:
            self._bury(lane)
        return bool(dead)

    def _bury(self, lane: Lane) -> None:
        """A thread has ended without a word: what it had is free."""
        self._in_flight -= lane.in_flight
        lane.in_flight = 0
        self._waiting -= len(lane.waiting)
        lane.waiting.clear()
        if lane in self._lanes:
            self._lanes.remove(lane)

    # Waking up

    def _wake_at(self, moment: float) -> None:
        """Look again then, in the loop of somebody who waits; an answer makes somebody look anyway."""
        if moment == inf:
            return
        self._width.idle()  # a rate holds them up
        if self._timer is not None and self._timer[0] <= moment and self._timer[1].can_be_woken:
            return
        lane = next(lane for lane in self._lanes if lane.waiting)
        self._timer = (moment, lane)
        if not _in_its_loop(lane, self._set_timer, lane.loop, moment):
            self._bury(lane)
            self._dispatch(self._clock())

    def _set_timer(self, loop: asyncio.AbstractEventLoop, moment: float) -> None:
        loop.call_later(max(moment - self._clock(), 0.0), self._woken)

    def _woken(self) -> None:
        with self._lock:
            self._timer = None
            self._dispatch(self._clock())

    def _look_soon(self) -> None:
        """When all answers that came together were noted: a refusal may be among them."""
        looked_for = self._looking is not None and not self._looking.is_closed()
        if not looked_for and self._waiting:
            self._looking = asyncio.get_running_loop()
            self._looking.call_soon(self._look)

    def _look(self) -> None:
        with self._lock:
            self._dispatch(self._clock())


def _settle(waiting: Queued, moment: float) -> None:
    if not waiting.turn.done():
        waiting.turn.set_result(moment)


def _refuse(waiting: Queued, error: BaseException) -> None:
    if not waiting.turn.done():
        waiting.turn.set_exception(error)


def _in_its_loop(lane: Lane, do: Callable[..., None], *arguments: object) -> bool:
    """Do it in the loop of a lane, which may be another thread's; whether there still is one."""
    if lane.loop is asyncio.get_running_loop():
        do(*arguments)
        return True
    try:
        lane.loop.call_soon_threadsafe(do, *arguments)
    except RuntimeError:
        return False
    return True
