"""Several processes that do the same work: the first one starts the others, replaces what dies, and stops them all.

Knows neither sockets nor databases: who calls it must hold nothing open that a fork spoils. A worker notices the end of
the first process, whatever ended it, by a pipe that the kernel then closes. Order: the task, watching, one worker.
"""

import gc
import logging
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn

from provisor.database import DatabaseError
from provisor.provider.store.tables import TargetError

_PACE_SECONDS = 1.0  # between two starts in one place
_TRIES = 5  # to start any worker at all, when none is left
_STOP_SECONDS = 45.0  # 10 for requests in flight, 30 for a database that another program has locked
_SENTENCE_BYTES = 2_000  # written at once, whole: under what a pipe takes (PIPE_BUF)
_STOPS = (signal.SIGTERM, signal.SIGINT)
_READY = b"ready"

logger = logging.getLogger("provisor.target")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a worker is told: which of the places it has, what to watch, what to call once it is at work."""

    place: int
    lifeline: int  # a file descriptor that becomes readable when the first process is gone: stop then
    ready: Callable[[], None]


@dataclass(slots=True, kw_only=True)
class _Worker:
    pid: int
    place: int
    report: int  # the file descriptor it says on that it is ready, or why it cannot be
    started_at: float
    said: bytes = b""

    @property
    def ready(self) -> bool:
        return self.said.startswith(_READY)


class Workers:
    """Keeps `number` processes at `work`, which runs in each until SIGTERM or the end of its lifeline.

    `ready` is called once all are at work, `ended` with the place of each that ended, `stopping` before they are asked
    to stop.
    """

    def __init__(
        self,
        work: Callable[[Task], None],
        number: int,
        *,
        ready: Callable[[], None],
        ended: Callable[[int], None],
        stopping: Callable[[], None],
    ) -> None:
        self._work = work
        self._ready = ready
        self._ended = ended
        self._stopping = stopping
        self._workers: list[_Worker] = []
        self._due = dict.fromkeys(range(number), 0.0)  # places without a worker, and when they get one
        self._announced = False
        self._asked_to_stop = False
        self._in_vain = 0  # starts in a row
        self._failure: str | None = None

    def run(self) -> None:
        """Return once SIGTERM or SIGINT came and every worker has stopped. For a process with one thread.

        Raises TargetError when they cannot start, or had to be killed.
        """
        gc.collect()
        gc.freeze()  # a collection in a worker would write to memory that all have together
        self._lifeline, self._held = os.pipe()
        with self._woken_by_signals():
            try:
                while not self._asked_to_stop and self._failure is None:
                    self._fill()
                    self._wait(min(self._due.values(), default=None))
                    self._look()
            finally:
                self._stop()
                os.close(self._held)
                os.close(self._lifeline)
        if self._failure is not None:
            raise TargetError(self._failure)

    @contextmanager
    def _woken_by_signals(self) -> Iterator[None]:
        self._woken, self._wake = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(self._wake, False)
        before = {number: signal.signal(number, self._on_signal) for number in (*_STOPS, signal.SIGCHLD)}
        woken_before = signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(woken_before)
            for number, handler in before.items():
                signal.signal(number, handler)
            os.close(self._woken)
            os.close(self._wake)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if number in _STOPS:
            self._asked_to_stop = True

    def _fill(self) -> None:
        now = time.monotonic()
        for place in [place for place, at in self._due.items() if at <= now]:
            del self._due[place]
            self._start(place)

    def _start(self, place: int) -> None:
        report, said_on = os.pipe()
        os.set_blocking(report, False)
        # A signal that comes before the worker has handlers of its own must not run those it was born with.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
        try:
            pid = os.fork()
        except OSError as error:
            os.close(report)
            self._not_started(place, f"The system starts no further process: {error.strerror}.")
        else:
            if pid == 0:
                self._be_worker(place, said_on, (report, *(worker.report for worker in self._workers)), mask)
            self._workers.append(_Worker(pid=pid, place=place, report=report, started_at=time.monotonic()))
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            os.close(said_on)

    def _wait(self, until: float | None) -> None:
        """Until a signal, or a report of a worker that was not ready yet, or a time."""
        reports = [worker.report for worker in self._workers if not worker.said]
        seconds = None if until is None else max(0.0, until - time.monotonic())
        select.select([self._woken, *reports], [], [], seconds)
        with suppress(BlockingIOError):
            os.read(self._woken, 4_096)

    def _look(self) -> None:
        """Hear what workers say, and see which are no more."""
        for worker in list(self._workers):
            self._hear(worker)
            pid, status = os.waitpid(worker.pid, os.WNOHANG)
            if pid:
                self._hear(worker)  # what it said last
                self._forget(worker)
                self._explain(worker, os.waitstatus_to_exitcode(status))
        if not self._announced and not self._due and all(worker.ready for worker in self._workers):
            self._announced = True
            self._ready()

    def _hear(self, worker: _Worker) -> None:
        with suppress(BlockingIOError):
            worker.said += os.read(worker.report, _SENTENCE_BYTES)
        if worker.ready:
            self._in_vain = 0

    def _forget(self, worker: _Worker) -> None:
        os.close(worker.report)
        self._workers.remove(worker)
        self._ended(worker.place)

    def _explain(self, worker: _Worker, code: int) -> None:
        """Say how a worker ended, and have it replaced."""
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"
        if not worker.ready:
            why = worker.said.decode(errors="replace") or f"It {how} before it was ready."
            self._not_started(worker.place, why)
            return
        # Who lived long is replaced at once; who dies as soon as it works, once in a while.
        self._due[worker.place] = worker.started_at + _PACE_SECONDS
        if not self._asked_to_stop:
            logger.warning("Process %d %s; another one takes its place.", worker.pid, how)

    def _not_started(self, place: int, why: str) -> None:
        """Try again later, or give up: at the beginning, and when nobody is left."""
        self._due[place] = time.monotonic() + _PACE_SECONDS
        self._in_vain += 1
        if not self._announced or (self._in_vain >= _TRIES and not any(worker.ready for worker in self._workers)):
            self._failure = why
        else:
            logger.warning("A process could not be started and is tried again: %s", " ".join(why.split()))

    def _stop(self) -> None:
        """Ask all workers to stop and wait for them; kill what does not."""
        self._stopping()
        for worker in self._workers:
            os.kill(worker.pid, signal.SIGTERM)
        until = time.monotonic() + _STOP_SECONDS
        while self._workers and time.monotonic() < until:
            self._wait(until)
            self._reap(os.WNOHANG)
        if self._workers:
            self._failure = (
                self._failure
                or f"{len(self._workers)} processes did not stop within {_STOP_SECONDS:g} s and were killed."
            )
        for worker in self._workers:
            os.kill(worker.pid, signal.SIGKILL)
        self._reap(0)

    def _reap(self, options: int) -> None:
        for worker in list(self._workers):
            if os.waitpid(worker.pid, options)[0]:
                self._forget(worker)

    def _be_worker(
        self, place: int, said_on: int, inherited: tuple[int, ...], mask: set[int | signal.Signals]
    ) -> NoReturn:
        """What happens in the new process: never returns into what its parent was doing."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in (*_STOPS, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            for descriptor in (self._held, self._woken, self._wake, *inherited):
                os.close(descriptor)
            self._work(Task(place=place, lifeline=self._lifeline, ready=lambda: _say(said_on, _READY)))
            code = 0
        except (DatabaseError, TargetError) as error:
            _say(said_on, str(error).encode())
        except BaseException:
            logger.exception("A process of the server failed.")
            _say(said_on, b"It met an error in the server; its log says more.")
        finally:
            sys.stderr.flush()
            os._exit(code)


def _say(descriptor: int, sentence: bytes) -> None:
    with suppress(OSError):  # nobody is left to hear it
        os.write(descriptor, sentence[:_SENTENCE_BYTES])
