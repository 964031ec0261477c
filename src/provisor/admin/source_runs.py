"""Verbs that reach a source: test it, read it now; and what came of its runs.

Where `provisor serve` looks after the sources it does the run, and is followed; otherwise it is done here. Order:
tests, runs, following.
"""

import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import current_thread, main_thread
from typing import Final, get_args

from provisor.admin.actor import SOURCE_READ, SOURCE_WRITE, Actor
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.admin.source_connecting import connect_document, connect_stored, source_access
from provisor.admin.sources import Sources
from provisor.engine.ports import ConnectorError
from provisor.engine.sources import DirectorySource, SourceCheck
from provisor.runner.serving import is_served
from provisor.runner.source_lock import SourceBusy, is_read
from provisor.runner.source_running import SourceRefused, failure_of, run_and_tell
from provisor.runner.sourcing.run_source import SourceOrder
from provisor.runner.sourcing.sourcing_run import Phase, SourceProgress
from provisor.storage import connected_sources, source_runs
from provisor.storage.connected_sources import ConnectedSource, ReadKind
from provisor.storage.source_runs import SourceRun

__all__ = ["Phase", "SourceCheck", "SourceProgress", "SourceRun", "SourceRuns"]

RUNNING: Final = "Run source"
LOOKED_EVERY_SECONDS: Final = 0.1
MOST_RUNS: Final = 500


@dataclass(frozen=True, slots=True)
class SourceRuns:
    """What sources do."""

    context: Context
    sources: Sources

    def test(self, actor: Actor, key: str) -> Iterator[SourceCheck]:
        """Try what reading takes, each check told as it is made; ends after what fails. Nothing is kept."""
        connection = self.context.read(actor, SOURCE_WRITE)
        source = self.sources.find(connection, key)
        return _checks(self._connected(source), source.name)

    def test_unsaved(
        self, actor: Actor, document: Mapping[str, object], given_secrets: Mapping[str, str]
    ) -> Iterator[SourceCheck]:
        """The same with settings and secrets that are not stored."""
        self.context.needs(actor, SOURCE_WRITE)
        return _checks(connect_document(self.context, document, given_secrets), "that is to be added")

    def ask(self, actor: Actor, key: str, *, full: bool = False) -> None:
        """Have whoever serves read it, and do not wait for it."""
        self._asked(actor, key, full=full, served=True)

    def run(
        self,
        actor: Actor,
        key: str,
        *,
        full: bool = False,
        report: Callable[[SourceProgress], None] | None = None,
        stopping: Callable[[], None] | None = None,
    ) -> SourceRun:
        """Read it now: what has changed, or everything. What stopped the run, if anything did, is in it.

        With `stopping`, SIGINT or SIGTERM ends one that is done here after its page, and is told by that; a second one
        ends it at once.
        """
        served = is_served(self.context.database.path)
        source = self._asked(actor, key, full=full, served=served)
        if served:
            followed = self._followed(source, report)
            if followed is not None:
                return followed
        try:
            with _signals(stopping) as stop:
                told = report or (lambda _: None)
                order = SourceOrder(source=source.id, full=full, stop=stop, report=told)
                return run_and_tell(source_access(self.context), source, order)
        except SourceBusy as error:
            raise AdminError("source-busy", str(error), f"`provisor source status {source.name}` shows it.") from error

    def history(self, actor: Actor, key: str, *, before: int | None = None, limit: int = 20) -> Sequence[SourceRun]:
        """Its newest runs, newest first; those before the one of this number, if it is given."""
        connection = self.context.read(actor, SOURCE_READ)
        source = self.sources.find(connection, key)
        return source_runs.newest(connection, source.id, before=before, limit=min(limit, MOST_RUNS))

    def _asked(self, actor: Actor, key: str, *, full: bool, served: bool) -> ConnectedSource:
        kind: ReadKind = "full" if full else "delta"
        with self.context.change(actor, SOURCE_WRITE, RUNNING) as change:
            source = self.sources.find(change.connection, key)
            self.sources.needs_secret(change.connection, source)
            change.target, change.detail = source.id, {"read": kind}
            if served:
                connected_sources.want_run(change.connection, source.id, kind)
            return source

    def _connected(self, source: ConnectedSource) -> DirectorySource:
        try:
            return connect_stored(self.context, source)
        except SourceRefused as refused:
            failure = refused.failure
            raise AdminError(failure.code, failure.message, failure.hint) from refused

    def _followed(self, source: ConnectedSource, report: Callable[[SourceProgress], None] | None) -> SourceRun | None:
        """What came of a run that was asked for; None when nobody serves any more and it was taken back."""
        path = self.context.database.path
        try:
            while True:
                done = self._ended(source, report)
                if done is not None:
                    return done
                if not is_served(path) and not is_read(path, source.id) and self._taken_back(source):
                    return None
                time.sleep(LOOKED_EVERY_SECONDS)
        except KeyboardInterrupt:
            self._taken_back(source)
            raise AdminError(
                "not-followed",
                "The run is no longer followed, and goes on in `provisor serve`.",
                f"`provisor source pause {source.name}` keeps it from being read again.",
            ) from None

    def _ended(self, source: ConnectedSource, report: Callable[[SourceProgress], None] | None) -> SourceRun | None:
        """The newest run that began after it was asked for, once it has ended and nobody waits for another."""
        reader = self.context.database.reader()
        now = connected_sources.read(reader, self.context.tenant, source.id)
        if now is None:
            raise AdminError(
                "not-found", "The source was deleted meanwhile.", "`provisor source list` shows the sources."
            )
        newest = next(iter(source_runs.newest(reader, source.id, limit=1)), None)
        if newest is None or newest.n <= source.runs:
            return None
        if newest.ended_at is not None and now.run_wanted is None:
            return newest
        if report is not None and newest.ended_at is None:
            report(progress_of(newest))
        return None

    def _taken_back(self, source: ConnectedSource) -> bool:
        """Whether nobody has begun it yet; then nobody will."""
        with self.context.database.transaction() as connection:
            return connected_sources.withdraw_run(connection, source.id)


def progress_of(run: SourceRun) -> SourceProgress:
    """How far a run under way has come."""
    for phase in get_args(Phase):
        if phase in run.counters:
            return SourceProgress(phase, run.counters[phase], run.counters.get("expected"))
    return SourceProgress("reading", 0)


def _checks(source: DirectorySource, name: str) -> Iterator[SourceCheck]:
    try:
        yield from source.check()
    except ConnectorError as error:
        failure = failure_of(error, name)
        yield SourceCheck(what="reading", well=False, sentence=failure.message, hint=failure.hint)
    finally:
        source.close()


@contextmanager
def _signals(stopping: Callable[[], None] | None) -> Iterator[Callable[[], bool]]:
    """Whether an end was asked for by the first SIGINT or SIGTERM; the second is obeyed."""
    asked = [False]
    if stopping is None or current_thread() is not main_thread():
        yield lambda: False
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def heard(number: int, frame: object) -> None:
        for each, handler in before.items():
            signal.signal(each, handler)
        asked[0] = True
        stopping()

    for number in before:
        signal.signal(number, heard)
    try:
        yield lambda: asked[0]
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
