"""Sources that are read on a schedule: what an administrator set, and how far each has been read.

A page of a source and the cursor after it are kept in one transaction, so that a killed run is carried on by the next.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias

import msgspec

from provisor.database import Connection, Row
from provisor.rules.source_settings import ConnectedKind, SourceSettings, decode_settings, encode_settings, kind_of
from provisor.storage import sources

ReadKind: TypeAlias = Literal["full", "delta"]
SourceState: TypeAlias = Literal["Active", "Paused"]
_COLUMNS: Final = """c.source, s.name, c.settings, c.precedence, c.schedule_state, c.staging, c.interval_seconds,
    c.deletion_threshold, c.cursor, c.full_reads, c.within_full, c.unreadable, c.runs, c.run_wanted, c.allowed, c.held,
    c.failures, c.failing_since, c.error, c.last_began_at, c.last_ended_at, c.last_full_at, c.next_at"""
_FROM: Final = "FROM connected_source c JOIN source s ON s.id = c.source"


class SourceTrouble(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a source, or with one of its records: a stable code, a sentence, and what to do.

    `again`: of a record, that the next run tries once more; else only a change of it or of the rules can help.
    """

    code: str
    message: str
    hint: str = ""
    again: bool = False


class HeldDeletions(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a run did not delete: how many users and groups of how many, and why. They wait for allow or reject."""

    users: int
    groups: int
    of_users: int
    of_groups: int
    code: str
    message: str
    hint: str
    since: int  # UTC microseconds

    @property
    def total(self) -> int:
        """Users and groups together."""
        return self.users + self.groups


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectedSource:
    """A source with a connector. Times are UTC microseconds; what the columns mean is told by migration 0003."""

    id: str
    name: str
    settings: SourceSettings
    precedence: int
    schedule_state: SourceState
    staging: bool
    interval_seconds: int
    deletion_threshold: int | None
    cursor: str | None
    full_reads: int
    within_full: bool
    unreadable: bool
    runs: int
    run_wanted: ReadKind | None
    allowed: int | None
    held: HeldDeletions | None
    failures: int
    failing_since: int | None
    error: SourceTrouble | None
    last_began_at: int | None
    last_ended_at: int | None
    last_full_at: int | None
    next_at: int | None

    @property
    def kind(self) -> ConnectedKind:
        """What it is a source of."""
        return kind_of(self.settings)

    @property
    def next_read(self) -> ReadKind:
        """What the next run reads."""
        return "full" if self.cursor is None or self.within_full or self.run_wanted == "full" else "delta"


def add(
    connection: Connection,
    tenant: str,
    name: str,
    settings: SourceSettings,
    *,
    precedence: int,
    interval_seconds: int,
    staging: bool,
    deletion_threshold: int | None,
    now: datetime,
) -> ConnectedSource:
    """A new source, paused. Its name must be free: the caller has looked."""
    made = sources.ensure(connection, tenant, kind_of(settings), name, now=now)
    connection.execute(
        """INSERT INTO connected_source (source, tenant, settings, precedence, schedule_state, staging,
        interval_seconds, deletion_threshold) VALUES (?, ?, ?, ?, 'Paused', ?, ?, ?)""",
        (made.id, tenant, _json(settings), precedence, int(staging), interval_seconds, deletion_threshold),
    )
    found = read(connection, tenant, made.id)
    if found is None:
        raise LookupError(f"The source {name} was not stored.")
    return found


def read(connection: Connection, tenant: str, source_id: str) -> ConnectedSource | None:
    """A source by id."""
    row = connection.one(f"SELECT {_COLUMNS} {_FROM} WHERE c.source = ? AND c.tenant = ?", (source_id, tenant))
    return None if row is None else _connected(row)


def find(connection: Connection, tenant: str, name: str) -> ConnectedSource | None:
    """A source by name."""
    row = connection.one(f"SELECT {_COLUMNS} {_FROM} WHERE s.tenant = ? AND s.name = ?", (tenant, name))
    return None if row is None else _connected(row)


def every(connection: Connection, tenant: str) -> Sequence[ConnectedSource]:
    """All of them, in the order of precedence and name."""
    rows = connection.all(f"SELECT {_COLUMNS} {_FROM} WHERE c.tenant = ? ORDER BY c.precedence, s.name", (tenant,))
    return [_connected(row) for row in rows]


def change(
    connection: Connection,
    source_id: str,
    *,
    settings: SourceSettings | None = None,
    precedence: int | None = None,
    interval_seconds: int | None = None,
    staging: bool | None = None,
    schedule_state: SourceState | None = None,
) -> None:
    """Store what is named; the rest stays."""
    connection.execute(
        """UPDATE connected_source SET settings = COALESCE(?, settings), precedence = COALESCE(?, precedence),
        interval_seconds = COALESCE(?, interval_seconds), staging = COALESCE(?, staging),
        schedule_state = COALESCE(?, schedule_state) WHERE source = ?""",
        (
            None if settings is None else _json(settings),
            precedence,
            interval_seconds,
            None if staging is None else int(staging),
            schedule_state,
            source_id,
        ),
    )


def set_threshold(connection: Connection, source_id: str, most: int | None) -> None:
    """How many may leave in one run; None for any number."""
    connection.execute("UPDATE connected_source SET deletion_threshold = ? WHERE source = ?", (most, source_id))


def want_run(connection: Connection, source_id: str, kind: ReadKind) -> None:
    """Somebody wants it read as soon as possible; a full read that is wanted already stays wanted."""
    connection.execute(
        """UPDATE connected_source SET run_wanted = CASE WHEN run_wanted = 'full' THEN 'full' ELSE ? END
        WHERE source = ?""",
        (kind, source_id),
    )


def withdraw_run(connection: Connection, source_id: str) -> bool:
    """Nobody wants it read any more; False when nobody did, as when a run began meanwhile."""
    row = connection.one(
        "UPDATE connected_source SET run_wanted = NULL WHERE source = ? AND run_wanted IS NOT NULL RETURNING source",
        (source_id,),
    )
    return row is not None


def forget_cursor(connection: Connection, source_id: str) -> None:
    """The next read is a full one, from its beginning."""
    connection.execute("UPDATE connected_source SET cursor = NULL, within_full = 0 WHERE source = ?", (source_id,))


def begin_full(connection: Connection, source_id: str) -> int:
    """A full read begins; returns its number."""
    row = connection.one(
        """UPDATE connected_source SET within_full = 1, unreadable = 0, full_reads = full_reads + 1
        WHERE source = ? RETURNING full_reads""",
        (source_id,),
    )
    if row is None:
        raise LookupError(f"There is no source {source_id}.")
    return int(row[0])


def keep_cursor(connection: Connection, source_id: str, cursor: str, *, within_full: bool) -> None:
    """The place after a page, in the page's transaction."""
    connection.execute(
        "UPDATE connected_source SET cursor = ?, within_full = ? WHERE source = ?",
        (cursor, int(within_full), source_id),
    )


def note_unreadable(connection: Connection, source_id: str) -> None:
    """The full read told something of nobody knows whom: it proves nobody absent."""
    connection.execute("UPDATE connected_source SET unreadable = 1 WHERE source = ?", (source_id,))


def note_full(connection: Connection, source_id: str, *, at: int) -> None:
    """A full read has come to its end."""
    connection.execute("UPDATE connected_source SET last_full_at = ? WHERE source = ?", (at, source_id))


def hold(connection: Connection, source_id: str, held: HeldDeletions | None) -> None:
    """Keep that deletions wait, or that none do any more."""
    text = None if held is None else msgspec.json.encode(held).decode()
    connection.execute("UPDATE connected_source SET held = ?, allowed = NULL WHERE source = ?", (text, source_id))


def allow(connection: Connection, source_id: str, most: int) -> None:
    """Those who are leaving now, so many, may leave in the next run, whatever the guards say; nobody else in their
    place.
    """
    connection.execute("UPDATE source_record SET dirty = 3 WHERE source = ? AND presence = 'leaving'", (source_id,))
    connection.execute("UPDATE connected_source SET allowed = ? WHERE source = ?", (most, source_id))


def begin_run(connection: Connection, source_id: str, *, at: int) -> int:
    """A run begins; whoever wanted one gets it. Returns its number."""
    row = connection.one(
        """UPDATE connected_source SET runs = runs + 1, last_began_at = ?, run_wanted = NULL, next_at = NULL
        WHERE source = ? RETURNING runs""",
        (at, source_id),
    )
    if row is None:
        raise LookupError(f"There is no source {source_id}.")
    return int(row[0])


def end_run(connection: Connection, source_id: str, *, at: int, error: SourceTrouble | None) -> None:
    """A run is over, well or not."""
    connection.execute(
        """UPDATE connected_source SET last_ended_at = ?, error = ?,
        failures = CASE WHEN ? THEN failures + 1 ELSE 0 END,
        failing_since = CASE WHEN ? THEN COALESCE(failing_since, ?) ELSE NULL END WHERE source = ?""",
        (
            at,
            None if error is None else msgspec.json.encode(error).decode(),
            error is not None,
            error is not None,
            at,
            source_id,
        ),
    )


def put_off(connection: Connection, source_id: str, until: int | None) -> None:
    """The next run is due then, not on the interval; None takes that back."""
    connection.execute("UPDATE connected_source SET next_at = ? WHERE source = ?", (until, source_id))


def remove(connection: Connection, source_id: str) -> None:
    """Forget a source with everything it told; whom it fed stays as it is."""
    for table in ("source_record", "source_member", "source_assignment", "source_run", "connected_source"):
        connection.execute(f"DELETE FROM {table} WHERE source = ?", (source_id,))


def _json(settings: SourceSettings) -> str:
    return encode_settings(settings).decode()


def _connected(row: Row) -> ConnectedSource:
    return ConnectedSource(
        id=row[0],
        name=row[1],
        settings=decode_settings(row[2]),
        precedence=row[3],
        schedule_state=row[4],
        staging=row[5] != 0,
        interval_seconds=row[6],
        deletion_threshold=row[7],
        cursor=row[8],
        full_reads=row[9],
        within_full=row[10] != 0,
        unreadable=row[11] != 0,
        runs=row[12],
        run_wanted=row[13],
        allowed=row[14],
        held=None if row[15] is None else msgspec.json.decode(row[15], type=HeldDeletions),
        failures=row[16],
        failing_since=row[17],
        error=None if row[18] is None else msgspec.json.decode(row[18], type=SourceTrouble),
        last_began_at=row[19],
        last_ended_at=row[20],
        last_full_at=row[21],
        next_at=row[22],
    )
