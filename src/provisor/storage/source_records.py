"""What a source said of each object, as rows: read by anchor and reference, written whole, found where work is left.

A record stays while its object may come back: of who left, as `gone`. Order: reading, writing, what is left to do.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import msgspec

from provisor.database import Connection, Row
from provisor.directory.objects import DirectoryValue
from provisor.engine.sources import RawValue, RecordKind
from provisor.storage.connected_sources import SourceTrouble

Presence: TypeAlias = Literal["here", "leaving", "gone"]
CLEAN: Final = 0
TO_JUDGE: Final = 1
WAITS_FOR_MANAGER: Final = 2
ALLOWED: Final = 3  # of one who is leaving: an administrator has seen it and lets him go
# Codes of reasons by which somebody left; with any other reason he is at the source still, and left out.
LEFT: Final = ("deleted", "deleted-for-good", "absent")
_LEFT_OUT: Final = (
    "(reason IS NOT NULL AND " + " AND ".join(f'instr(reason, \'"code":"{code}"\') = 0' for code in LEFT) + ")"
)
_THERE: Final = f"(presence = 'here' OR {_LEFT_OUT})"
_COLUMNS: Final = "anchor, kind, reference, document, flowed, manager, object, presence, reason, dirty, seen, left_at"
_OF_R: Final = ", ".join(f"r.{name}" for name in _COLUMNS.split(", "))
_PUT: Final = f"""INSERT INTO source_record (source, tenant, {_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)
    ON CONFLICT (source, anchor) DO UPDATE SET kind = excluded.kind, reference = excluded.reference,
    document = excluded.document, flowed = excluded.flowed, manager = excluded.manager, object = excluded.object,
    presence = excluded.presence, reason = excluded.reason, dirty = excluded.dirty, seen = excluded.seen,
    left_at = excluded.left_at"""
_NAMES: Final = ("userPrincipalName", "displayName", "distinguishedName", "mail", "cn", "sAMAccountName")
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.decode
_trouble = msgspec.json.Decoder(SourceTrouble).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRecord:
    """A record. `flowed` is what it gives the object it feeds, `reason` why it is left out or not taken over whole."""

    anchor: str
    kind: RecordKind
    reference: str
    document: Mapping[str, RawValue]
    flowed: Mapping[str, DirectoryValue]
    manager: str | None
    object: str | None
    presence: Presence
    reason: SourceTrouble | None
    dirty: int
    seen: int
    left_at: int | None = None

    @property
    def name(self) -> str:
        """What people call it, as far as the source told that; else its anchor."""
        given = (document.get(name) for document in (self.flowed, self.document) for name in _NAMES)
        texts = (value[0] if isinstance(value, (list, tuple)) and value else value for value in given)
        return next((text for text in texts if isinstance(text, str) and text), self.anchor)

    @property
    def left_out(self) -> bool:
        """Whether it is at the source, and fed somebody until a rule of ours left it out."""
        return self.presence != "here" and self.reason is not None and self.reason.code not in LEFT


@dataclass(frozen=True, slots=True, kw_only=True)
class Feeding:
    """What one record, of any source, gives an object."""

    source: str
    anchor: str
    precedence: int
    flowed: Mapping[str, DirectoryValue]
    manager: str | None


def by_anchors(connection: Connection, source: str, anchors: Collection[str]) -> dict[str, KeptRecord]:
    """The records with these anchors."""
    return {row.anchor: row for row in _those(connection, source, "anchor", anchors)}


def by_references(connection: Connection, source: str, references: Collection[str]) -> dict[str, KeptRecord]:
    """The records that others name so, those here before those gone."""
    found: dict[str, KeptRecord] = {}
    for row in _those(connection, source, "reference", references):
        if row.reference not in found or row.presence == "here":
            found[row.reference] = row
    return found


def feeding(connection: Connection, objects: Collection[str]) -> dict[str, list[Feeding]]:
    """What every record that is here gives these objects."""
    found: dict[str, list[Feeding]] = {}
    rows = connection.all(
        f"""SELECT r.object, r.source, r.anchor, c.precedence, r.flowed, r.manager FROM source_record r
        JOIN connected_source c ON c.source = r.source
        WHERE r.presence = 'here' AND r.object IN ({_marks(objects)}) ORDER BY c.precedence, r.source, r.anchor""",
        [*objects],
    )
    for row in rows:
        one = Feeding(source=row[1], anchor=row[2], precedence=row[3], flowed=_decode(row[4]), manager=row[5])
        found.setdefault(row[0], []).append(one)
    return found


def page(
    connection: Connection,
    source: str,
    *,
    after: str = "",
    limit: int = 500,
    kind: RecordKind | None = None,
    with_reason: bool = False,
) -> list[KeptRecord]:
    """The next records in the order of their anchors: of one kind, or only those with a reason."""
    conditions = ["r.source = ?", "r.anchor > ?"]
    conditions += ["r.reason IS NOT NULL"] if with_reason else []
    conditions += ["r.kind = ?"] if kind is not None else []
    rows = connection.all(
        f"SELECT {_OF_R} FROM source_record r WHERE {' AND '.join(conditions)} ORDER BY r.anchor LIMIT ?",
        (source, after, *([kind] if kind is not None else []), limit),
    )
    return [_row(row) for row in rows]


def count_here(connection: Connection, source: str) -> dict[str, int]:
    """How many records are here, by kind, of those that feed somebody."""
    rows = connection.all(
        """SELECT kind, count(*) FROM source_record WHERE source = ? AND presence = 'here' AND object IS NOT NULL
        GROUP BY kind""",
        (source,),
    )
    return {row[0]: int(row[1]) for row in rows}


def put(connection: Connection, tenant: str, source: str, rows: Iterable[KeptRecord]) -> None:
    """Store records whole."""
    connection.many(_PUT, (_written(tenant, source, row) for row in rows))


def mark_seen(connection: Connection, source: str, anchors: Iterable[str], *, read: int) -> None:
    """The full read of this number told of these records, without anything new or readable."""
    connection.many(
        "UPDATE source_record SET seen = ? WHERE source = ? AND anchor = ?",
        ((read, source, anchor) for anchor in anchors),
    )


def mark_all(connection: Connection, source: str) -> None:
    """Every record that is here, or was left out, is to be judged anew: the rules have changed."""
    connection.execute(
        f"UPDATE source_record SET dirty = 1, presence = 'here', left_at = NULL WHERE source = ? AND {_THERE}",
        (source,),
    )


def mark_again(connection: Connection, source: str) -> int:
    """What could not be taken over is tried once more; returns how many records."""
    cursor = connection.execute(
        """UPDATE source_record SET dirty = 1 WHERE source = ? AND reason IS NOT NULL AND presence = 'here'
        AND instr(reason, '"again":true') > 0""",
        (source,),
    )
    return cursor.rowcount


def mark_references(connection: Connection, source: str, references: Iterable[str]) -> None:
    """Judge anew whoever is named so, also one who was left out."""
    connection.many(
        f"""UPDATE source_record SET dirty = 1, presence = 'here', left_at = NULL
        WHERE source = ? AND reference = ? AND {_THERE}""",
        ((source, reference) for reference in references),
    )


def mark_led_by(connection: Connection, source: str, references: Iterable[str]) -> None:
    """Those whose manager is named so are looked at again: he has come."""
    connection.many(
        "UPDATE source_record SET dirty = 2 WHERE source = ? AND manager = ? AND dirty = 0 AND presence = 'here'",
        ((source, reference) for reference in references),
    )


def mark_to_lead(connection: Connection, records: Iterable[Feeding]) -> None:
    """These name the manager now, in the place of another source's record; their own source's next run sets him."""
    connection.many(
        "UPDATE source_record SET dirty = 2 WHERE source = ? AND anchor = ? AND dirty = 0 AND presence = 'here'",
        ((record.source, record.anchor) for record in records),
    )


def mark_absent(connection: Connection, source: str, *, read: int, at: int, reason: SourceTrouble) -> int:
    """Who was here and was not told of by the full read of this number is leaving; returns how many."""
    cursor = connection.execute(
        """UPDATE source_record SET presence = 'leaving', left_at = ?, reason = ?, dirty = 0
        WHERE source = ? AND presence = 'here' AND seen < ?""",
        (at, _encode(reason).decode(), source, read),
    )
    return cursor.rowcount


def stay(connection: Connection, source: str) -> int:
    """Nobody who is leaving leaves: a read was wrong. Returns how many. The next full read judges them anew."""
    cursor = connection.execute(
        "UPDATE source_record SET presence = 'here', left_at = NULL, reason = NULL, dirty = 1 "
        "WHERE source = ? AND presence = 'leaving'",
        (source,),
    )
    return cursor.rowcount


def pass_over(connection: Connection, source: str, kind: RecordKind) -> None:
    """Records of this kind need not be judged."""
    connection.execute("UPDATE source_record SET dirty = 0 WHERE source = ? AND dirty = 1 AND kind = ?", (source, kind))


def to_judge(
    connection: Connection, source: str, kind: RecordKind, *, limit: int, fed: bool = False, after: str = ""
) -> list[KeptRecord]:
    """The first records of a kind, of those that are here, that are to be judged; only who feeds somebody, if `fed`."""
    only = "AND object IS NOT NULL" if fed else ""
    rows = connection.all(
        f"""SELECT {_COLUMNS} FROM source_record WHERE source = ? AND dirty = 1 AND kind = ? AND anchor > ?
        AND presence = 'here' {only} ORDER BY anchor LIMIT ?""",
        (source, kind, after, limit),
    )
    return [_row(row) for row in rows]


def to_lead(connection: Connection, source: str, kind: RecordKind, *, limit: int) -> list[KeptRecord]:
    """The first records of people that wait for their manager, or of groups whose former members are to go."""
    rows = connection.all(
        f"SELECT {_COLUMNS} FROM source_record WHERE source = ? AND dirty = 2 AND kind = ? ORDER BY anchor LIMIT ?",
        (source, kind, limit),
    )
    return [_row(row) for row in rows]


def leaving(connection: Connection, source: str) -> list[KeptRecord]:
    """Everybody whom the directory has not followed yet; without what they said last."""
    rows = connection.all(
        """SELECT anchor, kind, reference, '{}', flowed, manager, object, presence, reason, dirty, seen, left_at
        FROM source_record WHERE source = ? AND presence = 'leaving' ORDER BY anchor""",
        (source,),
    )
    return [_row(row) for row in rows]


def leaving_page(connection: Connection, source: str, *, after: str, limit: int) -> list[KeptRecord]:
    """The next of them, by anchor, with what they said last."""
    rows = connection.all(
        f"""SELECT {_COLUMNS} FROM source_record WHERE source = ? AND presence = 'leaving' AND anchor > ?
        ORDER BY anchor LIMIT ?""",
        (source, after, limit),
    )
    return [_row(row) for row in rows]


def settle(connection: Connection, source: str, rows: Iterable[KeptRecord]) -> None:
    """Store what judging has changed of records: all but what the source said."""
    connection.many(
        """UPDATE source_record SET flowed = ?, manager = ?, object = ?, presence = ?, reason = ?, dirty = ?,
        left_at = ? WHERE source = ? AND anchor = ?""",
        (
            (
                _encode(row.flowed).decode(),
                row.manager,
                row.object,
                row.presence,
                None if row.reason is None else _encode(row.reason).decode(),
                row.dirty,
                row.left_at,
                source,
                row.anchor,
            )
            for row in rows
        ),
    )


def led(connection: Connection, source: str, anchors: Iterable[str]) -> None:
    """These have the manager that they can have for now."""
    connection.many(
        "UPDATE source_record SET dirty = 0 WHERE source = ? AND anchor = ? AND dirty = 2",
        ((source, anchor) for anchor in anchors),
    )


def forget_gone(connection: Connection, source: str, *, before: int) -> None:
    """Remove records of who left before this moment; who is left out may be taken in again without being told of."""
    connection.execute(
        f"DELETE FROM source_record WHERE source = ? AND presence = 'gone' AND left_at < ? AND NOT {_LEFT_OUT}",
        (source, before),
    )


def forget_object(connection: Connection, object_id: str) -> None:
    """An object was purged: what records of who left were kept for, its being restored, cannot come any more.

    Of one that is left out the record stays, and feeds somebody new if it is ever taken in again.
    """
    connection.execute(
        f"""UPDATE source_record SET presence = 'here', left_at = NULL, object = NULL, flowed = '{{}}', manager = NULL
        WHERE object = ? AND presence = 'gone' AND {_LEFT_OUT}""",
        (object_id,),
    )
    for source, anchor in connection.all(
        "SELECT source, anchor FROM source_record WHERE object = ? AND presence = 'gone'", (object_id,)
    ):
        connection.execute("DELETE FROM source_member WHERE source = ? AND group_anchor = ?", (source, anchor))
        connection.execute("DELETE FROM source_record WHERE source = ? AND anchor = ?", (source, anchor))


def joined_here(connection: Connection, source: str, objects: Collection[str]) -> set[str]:
    """Of these objects, those that a record of this source feeds or fed."""
    rows = connection.all(
        f"SELECT object FROM source_record WHERE source = ? AND object IN ({_marks(objects)})", [source, *objects]
    )
    return {row[0] for row in rows}


def _those(
    connection: Connection, source: str, column: Literal["anchor", "reference"], keys: Collection[str]
) -> Sequence[KeptRecord]:
    if not keys:
        return []
    rows = connection.all(
        f"SELECT {_COLUMNS} FROM source_record WHERE source = ? AND {column} IN ({_marks(keys)})", [source, *keys]
    )
    return [_row(row) for row in rows]


def _marks(keys: Collection[str]) -> str:
    return ",".join("?" * len(keys))


def _written(tenant: str, source: str, row: KeptRecord) -> tuple[object, ...]:
    return (
        source,
        tenant,
        row.anchor,
        row.kind,
        row.reference,
        _document(row.document),
        _encode(row.flowed).decode(),
        row.manager,
        row.object,
        row.presence,
        None if row.reason is None else _encode(row.reason).decode(),
        row.dirty,
        row.seen,
        row.left_at,
    )


def _document(document: Mapping[str, RawValue]) -> str:
    """As JSON; half a surrogate, which no text has, becomes a question mark: one such value must not stop a source."""
    try:
        return _encode(document).decode()
    except UnicodeEncodeError:
        return _encode(_whole(document)).decode()


def _whole(value: object) -> object:
    match value:
        case str():
            return value.encode(errors="replace").decode()
        case list():
            return [_whole(one) for one in value]
        case dict():
            return {_whole(name): _whole(one) for name, one in value.items()}
        case _:
            return value


def _row(row: Row) -> KeptRecord:
    return KeptRecord(
        anchor=row[0],
        kind=row[1],
        reference=row[2],
        document=_decode(row[3]),
        flowed=_decode(row[4]),
        manager=row[5],
        object=row[6],
        presence=row[7],
        reason=None if row[8] is None else _trouble(row[8]),
        dirty=row[9],
        seen=row[10],
        left_at=row[11],
    )
