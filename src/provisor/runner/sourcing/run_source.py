"""One run of a source: read what it tells, then have the directory follow.

Order: the read, page by page; who changed is judged; who left is deleted, or held back; newcomers and changes are
joined; references follow. A run that breaks off anywhere is carried on by the next: what was read stays read, and what
was read is followed even where the read broke off, because somebody who left must not wait for a server.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from provisor.database import Database
from provisor.engine.ports import ConnectorError
from provisor.engine.sources import CursorLost, DirectorySource
from provisor.rules.source_settings import SourceSettings
from provisor.runner.import_lock import importing
from provisor.runner.source_lock import SourceBusy, source_lock
from provisor.runner.sourcing.deleting import delete_who_left
from provisor.runner.sourcing.following import follow
from provisor.runner.sourcing.joining import join_all
from provisor.runner.sourcing.judging import find_pilot, judge_who_feeds, renewed
from provisor.runner.sourcing.keeping import keep_page
from provisor.runner.sourcing.sourcing_run import SourceProgress, SourcingRun, trouble_of
from provisor.runner.tracing import span
from provisor.storage import connected_sources, source_records, source_runs, tenants
from provisor.storage.connected_sources import ReadKind, SourceTrouble
from provisor.storage.source_runs import RunState, SourceRun
from provisor.storage.times import to_microseconds

KEPT = timedelta(days=31)  # records of who left: a day longer than objects in the recycle bin


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOrder:
    """What to run. `full` reads the source whole; `stop` is asked after every page. `settings` are those that the
    connector was made from, where they may have been changed since.
    """

    source: str
    settings: SourceSettings | None = None
    full: bool = False
    stop: Callable[[], bool] = lambda: False
    report: Callable[[SourceProgress], None] = lambda _: None


def run_source(
    database: Database, tenant: str, order: SourceOrder, connector: DirectorySource, *, now: Callable[[], datetime]
) -> SourceRun:
    """Run it once. Raises SourceBusy when it runs already or the connector is of former settings, LookupError when
    there is no such source.

    What goes wrong at the source is in the run that is returned, and is kept with the source.
    """
    with source_lock(database.path, order.source), span("source", source=order.source):
        return run_unlocked(database, tenant, order, connector, now=now)


def run_unlocked(
    database: Database, tenant: str, order: SourceOrder, connector: DirectorySource, *, now: Callable[[], datetime]
) -> SourceRun:
    """The same without the lock, as in a scratch copy that nobody else has."""
    run, record = _begin(database, tenant, order, now)
    trouble: SourceTrouble | None = None
    try:
        trouble = _read(run, connector)
        if not (record.staging or run.source.staging):
            with importing(database.path):
                follow_all(run, connector)
    except BaseException as error:
        _end(run, record, _unexpected(error))
        raise
    return _end(run, record, trouble)


def follow_all(run: SourcingRun, connector: DirectorySource) -> None:
    """Have the directory follow whatever was read."""
    find_pilot(run)
    steps = (judge_who_feeds, lambda run: delete_who_left(run, connector), join_all, follow)
    for step in steps:
        if run.halts():
            return
        step(run)


def _begin(
    database: Database, tenant: str, order: SourceOrder, now: Callable[[], datetime]
) -> tuple[SourcingRun, SourceRun]:
    with database.transaction() as connection:
        source = connected_sources.read(connection, tenant, order.source)
        if source is None:
            raise LookupError(f"There is no source {order.source}.")
        if order.settings is not None and order.settings != source.settings:
            raise SourceBusy("The settings of the source were changed this very moment. Run it once more.")
        full = order.full or source.run_wanted == "full"
        if full:
            connected_sources.forget_cursor(connection, source.id)
        at = to_microseconds(now())
        number = connected_sources.begin_run(connection, source.id, at=at)
        kind: ReadKind = "full" if full else source.next_read
        record = SourceRun(
            source=source.id, n=number, kind=kind, state="running", staging=source.staging, counters={}, error=None,
            began_at=at, ended_at=None,
        )  # fmt: skip
        source_runs.begin(connection, tenant, record)
        app_id = tenants.setting(connection, tenant, tenants.EXTENSION_APP) or ""
        source = connected_sources.read(connection, tenant, source.id) or source
    run = SourcingRun(
        database=database, tenant=tenant, source=source, app_id=app_id, now=now, stop=order.stop, report=order.report,
        full=source.full_reads, within_full=source.within_full,
    )  # fmt: skip
    return run, record


def _read(run: SourcingRun, connector: DirectorySource) -> SourceTrouble | None:
    """Read to the end; returns what broke it off."""
    try:
        find_pilot(run)
        try:
            _pages(run, connector, run.source.cursor)
        except CursorLost:
            run.counters["cursor lost"] += 1
            with run.database.transaction() as connection:
                renewed(connection, run)
                connected_sources.forget_cursor(connection, run.source.id)
                renewed(connection, run)
            run.within_full = False
            _pages(run, connector, None)
    except ConnectorError as error:
        return trouble_of(error, run.source.name)
    return None


def _pages(run: SourcingRun, connector: DirectorySource, cursor: str | None) -> None:
    for page in connector.read(cursor):
        with run.database.transaction() as connection:
            if renewed(connection, run) or run.paused:
                return  # others are to be read now
            if page.full and not run.within_full:  # also where a source has no other reads, whatever the cursor
                run.full = connected_sources.begin_full(connection, run.source.id)
            run.within_full = page.full and not page.last
            run.was_full = bool(run.was_full) or page.full
            keep_page(connection, run, page)
            renewed(connection, run)
        run.tell("reading", run.counters["read"], page.expected)
        if run.ends() or page.last:
            return


def _end(run: SourcingRun, record: SourceRun, trouble: SourceTrouble | None) -> SourceRun:
    trouble = trouble or next(iter(run.troubles), None)
    state: RunState = "succeeded"
    if run.ends():
        state = "stopped"
    elif trouble is not None:
        state = "failed"
    elif run.counters["held"]:
        state = "held"
    kind: ReadKind = record.kind if run.was_full is None else "full" if run.was_full else "delta"
    ended = replace(
        record, kind=kind, state=state,
        counters={name: number for name, number in run.counters.items() if number}, error=trouble, ended_at=run.at,
    )  # fmt: skip
    before = to_microseconds(run.now() - KEPT)
    with run.database.transaction() as connection:
        source_runs.save(connection, ended)
        connected_sources.end_run(connection, run.source.id, at=run.at, error=trouble)
        source_records.forget_gone(connection, run.source.id, before=before)
        source_runs.forget(connection, run.tenant, before=to_microseconds(run.now() - source_runs.KEPT))
    return ended


def _unexpected(error: BaseException) -> SourceTrouble:
    return SourceTrouble(
        code="InternalError",
        message=f"{type(error).__name__}: {error}",
        hint="Report this as a bug; it is tried again.",
    )
