"""One run of a source from outside: alone, with its connector, with what keeps it from beginning, and told about.

What a run does is in runner.sourcing; here is what whoever starts one needs, `provisor serve` and `provisor source run`
alike. Order: the run, what kept it from beginning.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from provisor.database import Database
from provisor.engine.ports import ConnectorError
from provisor.engine.source_outcome import source_failure
from provisor.engine.sources import DirectorySource
from provisor.rules.failure import Failure
from provisor.runner.source_lock import source_lock
from provisor.runner.source_notices import tell
from provisor.runner.sourcing.run import SourceProgress, run_source
from provisor.storage import connected_sources, source_runs
from provisor.storage.connected_sources import ConnectedSource, ReadKind, SourceTrouble
from provisor.storage.source_runs import SourceRun
from provisor.storage.times import to_microseconds


class SourceRefused(Exception):
    """A source has no connector, as without its password; the failure says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOrder:
    """What running sources takes from outside. `connect` raises SourceRefused for one that has no connector."""

    database: Database
    tenant: str
    connect: Callable[[ConnectedSource], DirectorySource]
    now: Callable[[], datetime]


def run_once(
    order: SourceOrder,
    source: ConnectedSource,
    *,
    full: bool = False,
    connector: DirectorySource | None = None,
    stop: Callable[[], bool] = lambda: False,
    report: Callable[[SourceProgress], None] | None = None,
) -> SourceRun:
    """Run a source, with this connector or a new one; whoever is to know how it is afterwards is told.

    Raises SourceBusy when another process or thread runs it. Whatever else goes wrong is in the run.
    """
    with source_lock(order.database.path, source.id):
        opened = connector
        try:
            opened = connector or order.connect(source)
            done = run_source(
                order.database,
                order.tenant,
                source.id,
                opened,
                now=order.now,
                full=full or source.run_wanted == "full",
                stop=stop,
                report=report,
            )
        except Exception as error:  # noqa: BLE001 - the edge of a source: one that breaks must not stop the others
            done = _did_not_run(order, source, "full" if full else source.next_read, failure_of(error, source.name))
        finally:
            if opened is not None and opened is not connector:
                opened.close()
        tell(order.database, order.tenant, source.id, now=order.now())
        return done


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


def _did_not_run(order: SourceOrder, source: ConnectedSource, kind: ReadKind, failure: Failure) -> SourceRun:
    """A run that failed before its first page, or in the middle for our own fault."""
    trouble = SourceTrouble(code=failure.code, message=failure.message, hint=failure.hint)
    with order.database.transaction() as connection:
        at = to_microseconds(order.now())
        newest = next(iter(source_runs.newest(connection, source.id, limit=1)), None)
        if newest is None or newest.state != "running" or newest.n <= source.runs:
            n = connected_sources.begin_run(connection, source.id, at=at)
            newest = SourceRun(
                source=source.id,
                n=n,
                kind=kind,
                state="running",
                staging=source.staging,
                counters={},
                error=None,
                began_at=at,
                ended_at=None,
            )
            source_runs.begin(connection, order.tenant, newest)
        done = replace(newest, state="failed", error=trouble, ended_at=at)
        source_runs.save(connection, done)
        connected_sources.end_run(connection, source.id, at=at, error=trouble)
    return done
