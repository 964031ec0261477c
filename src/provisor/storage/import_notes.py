"""What one import remembers of the rows it has read, in temporary tables: memory stays flat at any size.

Every import has its own pair of tables, made on the writing connection and dropped at its end. Nothing here outlives
the process. They answer two questions: which row had this key before, and what of the source was in no file.
"""

from collections.abc import Iterable, Sequence
from enum import IntEnum
from itertools import count

from provisor.database import Connection
from provisor.directory.objects import DirectoryKind
from provisor.storage import object_search

_runs = count(1)
_LIVE = "o.deleted_at IS NULL AND o.purged_at IS NULL"
_EDGES = f"""FROM object g JOIN member e ON e.group_id = g.id AND e.removed_at IS NULL
    JOIN object o ON o.id = e.member_id AND {_LIVE}
    WHERE g.tenant = ? AND g.source = ? AND g.kind = 'group' AND g.deleted_at IS NULL AND g.purged_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM source_record r WHERE r.object = g.id AND r.presence <> 'gone')"""


class Note(IntEnum):
    """What a remembered key is. Refused rows are kept apart: they protect from deletion, but take no key."""

    ANCHOR = 1
    NAME = 2
    REFUSED_ANCHOR = 3
    REFUSED_NAME = 4
    EDGE = 5
    PROTECTED_GROUP = 6
    NAME_OF_ANOTHER = 7  # of a row refused because somebody else has its name


_OF_KIND = {"user": 0, "group": 10}  # added to the notes about people or groups


class ImportNotes:
    """The notes of one import."""

    def __init__(self, connection: Connection) -> None:
        self._seen = f"import_seen_{next(_runs)}"
        self._managers = f"{self._seen}_managers"
        connection.execute(
            f"CREATE TEMPORARY TABLE {self._seen} (what INTEGER, key TEXT, row_number INTEGER, PRIMARY KEY (what, key))"
        )
        connection.execute(
            f"""CREATE TEMPORARY TABLE {self._managers} (row_number INTEGER PRIMARY KEY, object TEXT, cell TEXT,
            folded TEXT, anchor TEXT)"""
        )

    def drop(self, connection: Connection) -> None:
        """Forget everything."""
        connection.execute(f"DROP TABLE {self._seen}")
        connection.execute(f"DROP TABLE {self._managers}")

    def earlier_rows(
        self, connection: Connection, kind: DirectoryKind | None, note: Note, keys: Sequence[str]
    ) -> dict[str, int]:
        """Of these keys, those noted before, with the number of their row."""
        if not keys:
            return {}
        marks = ",".join("?" * len(keys))
        statement = f"SELECT key, row_number FROM {self._seen} WHERE what = ? AND key IN ({marks})"
        return dict(connection.all(statement, (_code(kind, note), *keys)))

    def remember(
        self, connection: Connection, kind: DirectoryKind | None, note: Note, keys: Iterable[tuple[str, int]]
    ) -> None:
        """Note keys with their rows; keys already noted stay."""
        code = _code(kind, note)
        connection.many(
            f"INSERT INTO {self._seen} (what, key, row_number) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            ((code, key, row) for key, row in keys),
        )

    def remember_managers(self, connection: Connection, rows: Iterable[tuple[int, str, str, str, str | None]]) -> None:
        """(row, object, cell, folded cell, cell as an anchor or None), to be looked up when all users are in."""
        connection.many(f"INSERT INTO {self._managers} VALUES (?, ?, ?, ?, ?)", rows)

    def managers(
        self, connection: Connection, tenant: str, source: str, *, after: int, limit: int
    ) -> list[tuple[int, str, str, int, str | None, str | None]]:
        """(row, object, cell, the object's change, its manager, the one the cell names or None), in file order."""
        taken, unread = _code("user", Note.NAME_OF_ANOTHER), _code("user", Note.REFUSED_NAME)
        rows = connection.all(
            f"""SELECT p.row_number, p.object, p.cell, o.change, o.manager,
            COALESCE(
                (SELECT m.id FROM object m WHERE m.tenant = ? AND m.kind = 'user' AND m.folded_name = p.folded
                    AND m.deleted_at IS NULL AND m.purged_at IS NULL
                    AND NOT EXISTS (SELECT 1 FROM {self._seen} s WHERE s.what = ? AND s.key = p.folded)
                    AND (m.source = ? OR NOT EXISTS (
                        SELECT 1 FROM {self._seen} s WHERE s.what = ? AND s.key = p.folded)) LIMIT 1),
                (SELECT m.id FROM object m WHERE m.tenant = ? AND m.source = ? AND m.kind = 'user'
                    AND m.anchor = p.anchor AND m.deleted_at IS NULL AND m.purged_at IS NULL))
            FROM {self._managers} p JOIN object o ON o.id = p.object
            WHERE p.row_number > ? ORDER BY p.row_number LIMIT ?""",
            (tenant, taken, source, unread, tenant, source, after, limit),
        )
        return [(row[0], row[1], row[2], row[3], row[4], row[5]) for row in rows]

    def count_absent(self, connection: Connection, tenant: str, source: str, kind: DirectoryKind) -> int:
        """How many live objects of the source were in no row, read or refused, and no connected source has them."""
        row = connection.one(
            f"SELECT count(*) FROM object o WHERE {self._absent()}", self._absent_values(tenant, source, kind)
        )
        return int(row[0]) if row else 0

    def absent_names(
        self, connection: Connection, tenant: str, source: str, kind: DirectoryKind, most: int
    ) -> list[str]:
        """The names of the first of them."""
        rows = connection.all(
            f"SELECT o.name FROM object o WHERE {self._absent()} ORDER BY o.id LIMIT ?",
            (*self._absent_values(tenant, source, kind), most),
        )
        return [row[0] for row in rows]

    def delete_absent(
        self, connection: Connection, tenant: str, source: str, kind: DirectoryKind, *, at: int, change: int
    ) -> int:
        """Soft-delete them; returns how many."""
        cursor = connection.execute(
            f"""UPDATE object SET deleted_at = ?, change = ?, alive_change = ?
            WHERE id IN (SELECT o.id FROM object o WHERE {self._absent()})""",
            (at, change, change, *self._absent_values(tenant, source, kind)),
        )
        object_search.forget_deleted(connection, tenant, change)
        return cursor.rowcount

    def absent_with_names(
        self, connection: Connection, tenant: str, source: str, kind: DirectoryKind, folded: Sequence[str]
    ) -> list[str]:
        """The ids of those of them that have one of these folded names."""
        rows = connection.all(
            f"""SELECT o.id FROM object o WHERE {self._absent()}
            AND o.folded_name IN ({",".join("?" * len(folded))}) ORDER BY o.id""",
            (*self._absent_values(tenant, source, kind), *folded),
        )
        return [row[0] for row in rows]

    def count_edges(self, connection: Connection, tenant: str, source: str) -> int:
        """How many memberships of live people in the source's groups there are."""
        row = connection.one(f"SELECT count(*) {_EDGES}", (tenant, source))
        return int(row[0]) if row else 0

    def count_absent_edges(self, connection: Connection, tenant: str, source: str) -> int:
        """How many memberships of live people in the source's groups were in no row."""
        row = connection.one(f"SELECT count(*) {self._absent_edges()}", self._absent_edge_values(tenant, source))
        return int(row[0]) if row else 0

    def remove_absent_edges(self, connection: Connection, tenant: str, source: str, *, at: int, change: int) -> int:
        """Remove them; returns how many."""
        cursor = connection.execute(
            f"""UPDATE member SET removed_at = ?, change = ?
            WHERE (group_id, member_id) IN (SELECT e.group_id, e.member_id {self._absent_edges()})""",
            (at, change, *self._absent_edge_values(tenant, source)),
        )
        return cursor.rowcount

    def _absent(self) -> str:
        seen = f"SELECT 1 FROM {self._seen} s WHERE s.what = ? AND s.key ="
        return f"""o.tenant = ? AND o.source = ? AND o.kind = ? AND {_LIVE} AND NOT EXISTS ({seen} o.anchor)
            AND NOT EXISTS ({seen} o.anchor) AND NOT EXISTS ({seen} o.folded_name)
            AND NOT EXISTS (SELECT 1 FROM source_record r WHERE r.object = o.id AND r.presence <> 'gone')"""

    def _absent_values(self, tenant: str, source: str, kind: DirectoryKind) -> tuple[object, ...]:
        notes = (Note.ANCHOR, Note.REFUSED_ANCHOR, Note.REFUSED_NAME)
        return tenant, source, kind, *(_code(kind, note) for note in notes)

    def _absent_edges(self) -> str:
        return f"""{_EDGES}
            AND NOT EXISTS (SELECT 1 FROM {self._seen} s WHERE s.what = ? AND s.key = g.folded_name)
            AND NOT EXISTS (SELECT 1 FROM {self._seen} s WHERE s.what = ?
                AND s.key = e.group_id || ' ' || e.member_id)"""

    def _absent_edge_values(self, tenant: str, source: str) -> tuple[object, ...]:
        return tenant, source, int(Note.PROTECTED_GROUP), int(Note.EDGE)


def _code(kind: DirectoryKind | None, note: Note) -> int:
    return int(note) + (_OF_KIND[kind] if kind is not None else 0)
