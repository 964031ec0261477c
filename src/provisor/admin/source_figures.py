"""What an operator watches of sources: figures for graphs, and how each is for a look at the service's health.

They carry ids and names of sources, never one of a person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from provisor.admin.context import Context
from provisor.database import Connection
from provisor.runner.source_due import next_run
from provisor.runner.source_lock import is_read
from provisor.storage import connected_sources, source_records, source_runs
from provisor.storage.connected_sources import ConnectedSource
from provisor.storage.times import to_microseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFigures:
    """What an operator watches of one source. `fresh_seconds`: how long ago a run last ended well; None while none did
    within the time that runs are kept. `feeds`: how many objects of each kind have a record of it.
    """

    source: ConnectedSource
    running: bool
    behind_seconds: float
    fresh_seconds: float | None
    feeds: Mapping[str, int]


def source_figures(context: Context, connection: Connection) -> Sequence[SourceFigures]:
    """Of every source."""
    return [_of(context, connection, source) for source in connected_sources.every(connection, context.tenant)]


def behind_seconds(context: Context, source: ConnectedSource) -> float:
    """How long ago the source should have been read; 0 while it is."""
    present = to_microseconds(context.now())
    due = next_run(source, present)
    if due is None or is_read(context.database.path, source.id):
        return 0.0
    since = due or source.last_ended_at or present  # due at once: since when nobody wrote down
    return max(present - since, 0) / 1e6


def _of(context: Context, connection: Connection, source: ConnectedSource) -> SourceFigures:
    success = source_runs.last_success(connection, source.id)
    present = to_microseconds(context.now())
    return SourceFigures(
        source=source,
        running=is_read(context.database.path, source.id),
        behind_seconds=behind_seconds(context, source),
        fresh_seconds=None if success is None else max(present - success, 0) / 1e6,
        feeds=source_records.count_here(connection, source.id),
    )
