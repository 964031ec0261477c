"""What of an object a connected source masters, and where the object came from: read from the records that feed it.

Of the sources that have a value for an attribute the one with the lowest precedence number masters it. An object
without records costs one look into an index. Facts: explanation/settled-cases.md section *What a source masters*.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from provisor.database import Connection
from provisor.directory.objects import DirectoryKind
from provisor.rules.source_settings import ConnectedKind, CsvSettings, decode_settings
from provisor.storage.source_records import Presence
from provisor.storage.times import from_microseconds

MANAGER: Final = "manager"
MEMBERS: Final = "members"
_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOfObject:
    """A record that feeds an object, or did. `gives`: the attributes that it has, with manager and members.

    `masters` are those that it has and no other source. `seen_at`: the end of the last run of its source, in which it
    was there; of one that left, when it did. In UTC microseconds.
    """

    source: str  # its id
    name: str
    kind: ConnectedKind
    anchor: str
    precedence: int
    presence: Presence
    gives: tuple[str, ...]
    masters: tuple[str, ...]
    seen_at: int | None

    @property
    def here(self) -> bool:
        """Whether the source has it, as far as the directory knows."""
        return self.presence != "gone"

    @property
    def seen(self) -> datetime | None:
        """`seen_at` as a moment; None before its source was read through once."""
        return None if self.seen_at is None else from_microseconds(self.seen_at)


class _FeedingRecord(msgspec.Struct, array_like=True):
    object: str
    source: str
    name: str
    kind: ConnectedKind
    anchor: str
    precedence: int
    presence: Presence
    object_kind: DirectoryKind
    flowed: str
    manager: str | None
    settings: str
    document: str
    left_at: int | None
    last_ended_at: int | None


_SELECT: Final = """SELECT r.object, r.source, s.name, s.kind, r.anchor, c.precedence, r.presence, r.kind, r.flowed,
    r.manager, c.settings, r.document, r.left_at, c.last_ended_at
    FROM source_record r JOIN connected_source c ON c.source = r.source JOIN source s ON s.id = r.source"""
_values = msgspec.json.Decoder(dict[str, object])


def mastered(connection: Connection, tenant: str, object_id: str) -> dict[str, str]:
    """Attribute (`manager` and `members` too) → name of the source that has it; empty for what no source feeds."""
    return mastered_of(connection, tenant, [object_id]).get(object_id, {})


def mastered_of(connection: Connection, tenant: str, ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """The same of several objects by their ids; those that no source feeds are not among them."""
    of_objects = dict[str, list[_FeedingRecord]]()
    for row in _rows(connection, tenant, ids):
        if row.presence != "gone":
            of_objects.setdefault(row.object, []).append(row)
    return {one: {name: row.name for name, row in _masters(rows).items()} for one, rows in of_objects.items()}


def sources_of(connection: Connection, object_id: str) -> list[SourceOfObject]:
    """Where an object came from, in the order of precedence; nothing for one that no source feeds or ever did."""
    rows = _rows(connection, None, [object_id])
    masters = _masters([row for row in rows if row.presence != "gone"])
    return [
        SourceOfObject(
            source=row.source,
            name=row.name,
            kind=row.kind,
            anchor=row.anchor,
            precedence=row.precedence,
            presence=row.presence,
            gives=tuple(_given(row)),
            masters=tuple(name for name in _given(row) if masters.get(name) is row),
            seen_at=row.left_at if row.presence == "gone" else row.last_ended_at,
        )
        for row in rows
    ]


def masters_among(sources: Sequence[SourceOfObject]) -> dict[str, str]:
    """What `mastered` says of an object whose sources these are."""
    return {name: one.name for one in sources for name in one.masters}


def deleted_by(connection: Connection, tenant: str, ids: Sequence[str]) -> dict[str, str]:
    """Of these objects, those that no source has any more, with the name of one that had them."""
    rows = _rows(connection, tenant, ids)
    here = {row.object for row in rows if row.presence != "gone"}
    return {row.object: row.name for row in reversed(rows) if row.object not in here}


def any_records(connection: Connection) -> bool:
    """Whether any source feeds anything: asked before all objects of a page are looked up."""
    return connection.one("SELECT 1 FROM source_record WHERE object IS NOT NULL LIMIT 1") is not None


def count_fed(connection: Connection, tenant: str, source: str, kind: DirectoryKind) -> int:
    """How many live objects of an import's source a connected source has, too: where there may be any, all are read."""
    if not any_records(connection):
        return 0
    row = connection.one(
        """SELECT count(*) FROM object o WHERE o.tenant = ? AND o.source = ? AND o.kind = ? AND o.deleted_at IS NULL
        AND o.purged_at IS NULL
        AND EXISTS (SELECT 1 FROM source_record r WHERE r.object = o.id AND r.presence <> 'gone')""",
        (tenant, source, kind),
    )
    return int(row[0]) if row else 0


def is_connected(connection: Connection, source: str) -> bool:
    """Whether a source is one that is read on a schedule."""
    return connection.one("SELECT 1 FROM connected_source WHERE source = ?", (source,)) is not None


def last_runs(connection: Connection, tenant: str, ids: Sequence[str]) -> dict[str, int]:
    """Of these objects, those that a directory server feeds: when the last run of that source ended (microseconds)."""
    found = dict[str, int]()
    for some in _parts(ids):
        rows = connection.all(
            f"""SELECT r.object, c.last_ended_at FROM source_record r JOIN connected_source c ON c.source = r.source
            JOIN source s ON s.id = r.source WHERE r.object IN ({_marks(some)}) AND r.tenant = ?
            AND r.presence <> 'gone' AND s.kind IN ('active-directory', 'ldap') AND c.last_ended_at IS NOT NULL
            ORDER BY c.precedence DESC""",
            (*some, tenant),
        )
        found.update((row[0], int(row[1])) for row in rows)  # the lowest number comes last, and stays
    return found


def _rows(connection: Connection, tenant: str | None, ids: Sequence[str]) -> list[_FeedingRecord]:
    """Records by the precedence of their sources, then by name."""
    found = list[_FeedingRecord]()
    for some in _parts(ids):
        where = f"r.object IN ({_marks(some)}) AND r.tenant = coalesce(?, r.tenant)"
        rows = connection.all(f"{_SELECT} WHERE {where}", (*some, tenant))
        found += (msgspec.convert(tuple(row), _FeedingRecord) for row in rows)
    return sorted(found, key=lambda row: (row.precedence, row.name, row.anchor))


def _masters(rows: Sequence[_FeedingRecord]) -> dict[str, _FeedingRecord]:
    """Which of the records of one object has an attribute, as directory.inbound.merging decides it: a value before
    none, then the lower number, then the lesser value.
    """
    best = dict[str, tuple[tuple[bool, int, str], _FeedingRecord]]()
    for row in rows:
        for name, value in _given(row).items():
            place = (value is None or value == [], row.precedence, repr(value))
            if name not in best or place < best[name][0]:
                best[name] = (place, row)
    return {name: row for name, (_, row) in best.items()}


def _given(row: _FeedingRecord) -> dict[str, object]:
    """What a record says, in the order in which it does."""
    given = _values.decode(row.flowed)
    if row.object_kind == "user" and (row.manager is not None or _tells_managers(row)):
        given[MANAGER] = row.manager
    if row.object_kind == "group" and _tells_members(row):
        given[MEMBERS] = True
    return given


def _tells_managers(row: _FeedingRecord) -> bool:
    """A directory without a manager says that there is none; a file says so only where it has the column."""
    return row.kind != "csv" or MANAGER in _values.decode(row.document)


def _tells_members(row: _FeedingRecord) -> bool:
    if row.kind != "csv":
        return True
    settings = decode_settings(row.settings)
    return isinstance(settings, CsvSettings) and settings.members != ""


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[at : at + _AT_ONCE] for at in range(0, len(ids), _AT_ONCE))


def _marks(ids: Sequence[str]) -> str:
    return ",".join("?" * len(ids))
