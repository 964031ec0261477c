"""A run of a source from outside: its connector, what keeps it from beginning, and who is told how it went.

What a run does is in runner.sourcing; here is what whoever starts one needs, `provisor serve` and `provisor source run`
alike. Order: the run, its progress, what kept it from beginning.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from provisor.database import Database
from provisor.engine.ports import ConnectorError
from provisor.engine.source_outcome import source_failure
from provisor.engine.sources import DirectorySource
from provisor.rules.failure import Failure
from provisor.runner.source_lock import SourceBusy, source_lock
from provisor.runner.source_notices import tell
from provisor.runner.sourcing.run_source import SourceOrder, run_source
from provisor.runner.sourcing.sourcing_run import SourceProgress
from provisor.storage import connected_sources, source_runs
from provisor.storage.connected_sources import ConnectedSource, SourceTrouble
from provisor.storage.source_runs import SourceRun
from provisor.storage.times import to_microseconds

SHOWN_EVERY_SECONDS = 1.0


class SourceRefused(Exception):
    """A source has no connector, as without its password; the failure says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceAccess:
    """What running sources takes from outside. `connect` raises SourceRefused for one that has no connector."""

    database: Database
    tenant: str
    connect: Callable[[ConnectedSource], DirectorySource]
    now: Callable[[], datetime]


def run_and_tell(
    access: SourceAccess, source: ConnectedSource, order: SourceOrder, connector: DirectorySource | None = None
) -> SourceRun:
    """Run a source, with this connector, which stays open, or a new one; whoever is to know how it is then is told.

    Raises SourceBusy when another process or thread runs it. Whatever else goes wrong is in the run.
    """
    opened = connector
    try:
        opened = connector or access.connect(source)
        shown = replace(order, settings=source.settings, report=_Shown(access.database, order).tell)
        done = run_source(access.database, access.tenant, shown, opened, now=access.now)
    except SourceBusy:
        raise
    except Exception as error:  # noqa: BLE001 - the edge of a source: one that breaks must not stop the others
        done = _broken(access, source, order, failure_of(error, source.name))
    finally:
        if opened is not None and opened is not connector:
            opened.close()
    with access.database.transaction() as connection:
        source_runs.gather(connection, done)
        if done.state == "stopped":  # whoever starts it again goes on at once
            connected_sources.put_off(connection, source.id, to_microseconds(access.now()))
    tell(access.database, access.tenant, source.id, now=access.now())
    return done


class _Shown:
    """Keeps how far a run has come where other processes see it, once in a while."""

    def __init__(self, database: Database, order: SourceOrder) -> None:
        self._database = database
        self._order = order
        self._at = time.monotonic()

    def tell(self, progress: SourceProgress) -> None:
        """Heard after every page."""
        self._order.report(progress)
        if time.monotonic() - self._at < SHOWN_EVERY_SECONDS:
            return
        self._at = time.monotonic()
        expected = {} if progress.expected is None else {"expected": progress.expected}
        with self._database.transaction() as connection:
            source_runs.note_progress(connection, self._order.source, {progress.phase: progress.done, **expected})


def failure_of(error: Exception, source: str) -> Failure:
    """What ended a run, or kept it from beginning."""
    match error:
        case SourceRefused():
            return error.failure
        case ConnectorError():
            return source_failure(error, source)
        case _:
            said = f"The source {source} could not be read: {type(error).__name__}: {error}"
            return Failure(code="InternalError", message=said, hint="Report this as a bug.")


def _broken(access: SourceAccess, source: ConnectedSource, order: SourceOrder, failure: Failure) -> SourceRun:
    """The run that broke; one that did not begin is stored as one that failed, so that it is told of."""
    newest = next(iter(source_runs.newest(access.database.reader(), source.id, limit=1)), None)
    if newest is not None and newest.n > source.runs:
        return newest
    trouble = SourceTrouble(code=failure.code, message=failure.message, hint=failure.hint)
    with source_lock(access.database.path, source.id), access.database.transaction() as connection:
        at = to_microseconds(access.now())
        done = SourceRun(
            source=source.id,
            n=connected_sources.begin_run(connection, source.id, at=at),
            kind="full" if order.full else source.next_read,
            state="failed",
            staging=source.staging,
            counters={},
            error=trouble,
            began_at=at,
            ended_at=at,
        )
        source_runs.begin(connection, access.tenant, done)
        source_runs.save(connection, done)
        connected_sources.end_run(connection, source.id, at=at, error=trouble)
    return done
