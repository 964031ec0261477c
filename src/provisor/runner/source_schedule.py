"""Reads sources when they are due inside one process, until told to stop: on their interval, when somebody asks for it,
and soon after something has changed there, where the source can tell.

Each source has a thread of its own, because connectors block: one that hangs holds nobody up, and is left behind when
the process ends; what it had read until then is kept. A source that fails is tried again later and later
(runner.source_due). Used by `provisor serve`. Order: all sources, one source.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from provisor.engine.ports import ConnectorError
from provisor.engine.sources import DirectorySource
from provisor.runner.source_due import next_run
from provisor.runner.source_lock import SourceBusy
from provisor.runner.source_running import SourceAccess, SourceRefused, run_and_tell
from provisor.runner.sourcing.run_source import SourceOrder
from provisor.storage import connected_sources, secrets
from provisor.storage.connected_sources import ConnectedSource
from provisor.storage.secrets import SecretOwner
from provisor.storage.source_runs import SourceRun
from provisor.storage.times import to_microseconds

LOOK_SECONDS: Final = 0.2  # how soon somebody who asks for a run, or adds a source, is heard
ASK_SECONDS: Final = 1.0  # how often a source is asked whether something has changed
# A directory may count changes of what is not read here: a run that finds nothing makes the next one wait longer.
LONGEST_ASK_SECONDS: Final = 4.0
BROKEN_SECONDS: Final = 5.0  # after a look that failed for our own reasons, as when the disk is full
FINISH_SECONDS: Final = 4.0  # for runs to end after their page; letters under way have some of the ten seconds too


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSchedule:
    """What reading sources on schedule takes. `ran` is told of every run with its source, `failed` what went wrong with
    which source; both are called on the loop.
    """

    access: SourceAccess
    ran: Callable[[ConnectedSource, SourceRun], None]
    failed: Callable[[str, str], None]
    look_seconds: float = LOOK_SECONDS
    ask_seconds: float = ASK_SECONDS
    finish_seconds: float = FINISH_SECONDS


async def run_sources(schedule: SourceSchedule, *, stop: asyncio.Event) -> None:
    """Read every source when it is due; when `stop` is set, begin no more runs, and wait for those under way to end
    after their page, but not for one that hangs.
    """
    loop, ending, threads = asyncio.get_running_loop(), threading.Event(), dict[str, _Watch]()

    def on_loop(work: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop has ended without us
            loop.call_soon_threadsafe(work)

    while not stop.is_set():
        try:
            for source in connected_sources.every(schedule.access.database.reader(), schedule.access.tenant):
                if source.id not in threads or not threads[source.id].is_alive():
                    threads[source.id] = _Watch(schedule, source.id, ending, on_loop)
                    threads[source.id].start()
        except Exception as error:  # noqa: BLE001 - the edge of the loop: what breaks once is tried again
            schedule.failed("sources", f"{type(error).__name__}: {error}")
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), schedule.ask_seconds)
    ending.set()
    deadline = loop.time() + schedule.finish_seconds
    while any(thread.is_alive() for thread in threads.values()) and loop.time() < deadline:
        await asyncio.sleep(schedule.look_seconds / 4)


@dataclass(slots=True)
class _NextQuestion:
    """When the source is next asked whether something has changed, and how long it may take until then."""

    wait_seconds: float
    at: float = field(default_factory=time.monotonic)

    def later(self, seconds: float) -> None:
        self.wait_seconds = seconds
        self.at = time.monotonic() + seconds


class _Watch(threading.Thread):
    """Looks after one source until it is deleted or the process is to end. A daemon: a connector may hang."""

    def __init__(
        self,
        schedule: SourceSchedule,
        source_id: str,
        ending: threading.Event,
        on_loop: Callable[[Callable[[], None]], None],
    ) -> None:
        super().__init__(name=f"source-{source_id}", daemon=True)
        self._schedule = schedule
        self._access = schedule.access
        self._id = source_id
        self._ending = ending
        self._on_loop = on_loop
        self._connector: DirectorySource | None = None
        self._made_from: object = None
        self._tells = True  # whether the source can say that something has changed
        self._asked = _NextQuestion(schedule.ask_seconds)

    def run(self) -> None:
        pause = 0.0
        while not self._ending.wait(pause):
            pause = self._schedule.look_seconds
            try:
                source = self._source()
                if source is None:
                    break
                self._look(source)
            except SourceBusy:
                pause = self._schedule.ask_seconds  # another process reads it
            except Exception as error:  # noqa: BLE001 - the edge of a source: what breaks is told, and tried again
                self._broke(f"{type(error).__name__}: {error}")
                self._close()
                pause = BROKEN_SECONDS
        self._close()

    def _source(self) -> ConnectedSource | None:
        return connected_sources.read(self._access.database.reader(), self._access.tenant, self._id)

    def _look(self, source: ConnectedSource) -> None:
        present = to_microseconds(self._access.now())
        due = next_run(source, present)
        if due is not None and due <= present:
            self._run(source)
        elif due is not None:
            try:
                moved = self._has_moved(source)
            except (ConnectorError, SourceRefused):
                self._run_instead(source)
            else:
                if moved:
                    self._run(source, changes=True)

    def _has_moved(self, source: ConnectedSource) -> bool:
        """Whether the source says that something has changed; it is asked once in a while, while it is well."""
        fit = source.cursor is not None and not source.within_full and not source.failures
        if not fit or time.monotonic() < self._asked.at:
            return False
        self._asked.later(self._asked.wait_seconds)
        connector = self._connected(source)
        if not self._tells:
            return False
        moved = connector.moved(source.cursor or "")
        self._tells = moved is not None
        self._asked.wait_seconds = min(self._asked.wait_seconds, LONGEST_ASK_SECONDS)
        return moved is True

    def _run_instead(self, source: ConnectedSource) -> None:
        """Run a source that could not be asked: what is wrong is told by the run, which also waits as it should.

        To ask on would sign in again and again, until the directory locks the account. Where only questions fail, and
        runs do not, they become fewer.
        """
        wait_seconds = min(self._asked.wait_seconds * 2, max(float(source.interval_seconds), 60.0))
        self._close()
        self._run(source)
        self._asked.later(wait_seconds)

    def _run(self, source: ConnectedSource, *, changes: bool = False) -> None:
        order = SourceOrder(source=source.id, stop=self._ending.is_set)
        connector: DirectorySource | None = None
        with suppress(Exception):  # whatever it is, the run meets it too, and says it
            connector = self._connected(source)
        done = run_and_tell(self._access, source, order, connector)
        if done.state == "failed":
            self._close()
        in_vain = changes and not any(number for name, number in done.counters.items() if name != "read")
        longer = min(self._asked.wait_seconds * 2, LONGEST_ASK_SECONDS)
        self._asked.later(max(longer, self._schedule.ask_seconds) if in_vain else self._schedule.ask_seconds)
        self._on_loop(lambda: self._schedule.ran(source, done))

    def _connected(self, source: ConnectedSource) -> DirectorySource:
        """The connector, made anew where settings or secrets are others now."""
        owner = SecretOwner(tenant=self._access.tenant, kind="source", id=source.id)
        made_from = (source.settings, secrets.stamp(self._access.database.reader(), owner))
        if self._connector is None or made_from != self._made_from:
            self._close()
            self._connector, self._made_from = self._access.connect(source), made_from
        return self._connector

    def _close(self) -> None:
        connector, self._connector, self._tells = self._connector, None, True
        if connector is not None:
            with suppress(Exception):  # it is gone either way
                connector.close()

    def _broke(self, sentence: str) -> None:
        self._on_loop(lambda: self._schedule.failed(self._id, sentence))
