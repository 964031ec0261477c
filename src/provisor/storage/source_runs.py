"""The runs of a source, and what each did. A run that a kill ended is told as stopped by the next.

Kept for seven days, as Entra Connect keeps its run history (spec/entra-connect.md section 1).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, TypeAlias

import msgspec

from provisor.database import Connection, Row
from provisor.storage.connected_sources import ReadKind, SourceTrouble

RunState: TypeAlias = Literal["running", "succeeded", "held", "failed", "stopped"]
KEPT: Final = timedelta(days=7)
_A_MINUTE: Final = 60_000_000
_COLUMNS: Final = "source, n, kind, state, staging, counters, error, began_at, ended_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRun:
    """One run: what it read, how it ended, and how many of each thing it did. Times are UTC microseconds.

    `held`: everything was done but the deletions, which wait for an administrator.
    """

    source: str
    n: int
    kind: ReadKind
    state: RunState
    staging: bool
    counters: Mapping[str, int]
    error: SourceTrouble | None
    began_at: int
    ended_at: int | None


def begin(connection: Connection, tenant: str, run: SourceRun) -> None:
    """Store a run that begins; one before it that never ended was stopped."""
    connection.execute(
        "UPDATE source_run SET state = 'stopped', ended_at = ? WHERE source = ? AND state = 'running'",
        (run.began_at, run.source),
    )
    connection.execute(
        f"INSERT INTO source_run (tenant, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            tenant,
            run.source,
            run.n,
            run.kind,
            run.state,
            int(run.staging),
            msgspec.json.encode(run.counters).decode(),
            None,
            run.began_at,
            run.ended_at,
        ),
    )


def save(connection: Connection, run: SourceRun) -> None:
    """Store how far a run has come, or how it ended."""
    connection.execute(
        """UPDATE source_run SET kind = ?, state = ?, counters = ?, error = ?, ended_at = ?
        WHERE source = ? AND n = ?""",
        (
            run.kind,
            run.state,
            msgspec.json.encode(run.counters).decode(),
            None if run.error is None else msgspec.json.encode(run.error).decode(),
            run.ended_at,
            run.source,
            run.n,
        ),
    )


def note_progress(connection: Connection, source: str, counters: Mapping[str, int]) -> None:
    """How far the run under way has come, for others to see: the number of its phase, and of how many (`expected`)."""
    connection.execute(
        "UPDATE source_run SET counters = ? WHERE source = ? AND state = 'running'",
        (msgspec.json.encode(counters).decode(), source),
    )


def last_success(connection: Connection, source: str) -> int | None:
    """When a run last came to its end well, within the time that runs are kept."""
    row = connection.one(
        "SELECT ended_at FROM source_run WHERE source = ? AND state IN ('succeeded', 'held') ORDER BY n DESC LIMIT 1",
        (source,),
    )
    return None if row is None else int(row[0])


def gather(connection: Connection, run: SourceRun) -> None:
    """Keep one of the runs that followed one another within a minute and found nothing: a source that is asked every
    second would fill the disk with them."""
    if not _uneventful(run):
        return
    former = next(iter(newest(connection, run.source, before=run.n, limit=1)), None)
    if former is not None and _uneventful(former) and run.began_at - former.began_at < _A_MINUTE:
        connection.execute("DELETE FROM source_run WHERE source = ? AND n = ?", (former.source, former.n))


def _uneventful(run: SourceRun) -> bool:
    return run.kind == "delta" and run.state == "succeeded" and not any(name != "read" for name in run.counters)


def newest(connection: Connection, source: str, *, before: int | None = None, limit: int = 20) -> Sequence[SourceRun]:
    """The newest runs first, those before one of this number if it is given."""
    rows = connection.all(
        f"""SELECT {_COLUMNS} FROM source_run WHERE source = ? AND n < COALESCE(?, 9223372036854775807)
        ORDER BY n DESC LIMIT ?""",
        (source, before, limit),
    )
    return [_run(row) for row in rows]


def forget(connection: Connection, tenant: str, *, before: int) -> None:
    """Remove the runs that began before this moment."""
    connection.execute("DELETE FROM source_run WHERE tenant = ? AND began_at < ?", (tenant, before))


def _run(row: Row) -> SourceRun:
    return SourceRun(
        source=row[0],
        n=row[1],
        kind=row[2],
        state=row[3],
        staging=row[4] != 0,
        counters=msgspec.json.decode(row[5]),
        error=None if row[6] is None else msgspec.json.decode(row[6], type=SourceTrouble),
        began_at=row[7],
        ended_at=row[8],
    )
