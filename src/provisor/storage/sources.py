"""Where objects come from: each CSV import has a named source, objects made by hand belong to the one called local.

The columns that identify a source's rows are fixed by its first import, so that a later file cannot make everyone
a new person.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from provisor.database import Connection, Row
from provisor.database.identifiers import new_id
from provisor.directory.objects import DirectoryKind
from provisor.storage.times import to_microseconds

SourceKind = Literal["local", "csv", "active-directory", "ldap", "entra"]
LOCAL = "local"
_COLUMNS = "id, kind, name, user_anchor, group_anchor, last_run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A source with its anchors; None until an import fixes them."""

    id: str
    kind: SourceKind
    name: str
    user_anchor: str | None = None
    group_anchor: str | None = None
    last_run: str | None = None

    def anchor(self, kind: DirectoryKind) -> str | None:
        """The column that identifies a row of this kind."""
        return self.user_anchor if kind == "user" else self.group_anchor


def find(connection: Connection, tenant: str, name: str) -> Source | None:
    """A source by name."""
    row = connection.one(f"SELECT {_COLUMNS} FROM source WHERE tenant = ? AND name = ?", (tenant, name))
    return None if row is None else _source(row)


def read(connection: Connection, source_id: str) -> Source | None:
    """A source by id."""
    row = connection.one(f"SELECT {_COLUMNS} FROM source WHERE id = ?", (source_id,))
    return None if row is None else _source(row)


def every(connection: Connection, tenant: str) -> list[Source]:
    """All sources, in the order of their names."""
    return [
        _source(row)
        for row in connection.all(f"SELECT {_COLUMNS} FROM source WHERE tenant = ? ORDER BY name", (tenant,))
    ]


def ensure(connection: Connection, tenant: str, kind: SourceKind, name: str, *, now: datetime) -> Source:
    """The source of this name, made if there is none."""
    connection.execute(
        """INSERT INTO source (id, tenant, kind, name, created_at) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (tenant, name) DO NOTHING""",
        (new_id(), tenant, kind, name, to_microseconds(now)),
    )
    found = find(connection, tenant, name)
    if found is None:
        raise LookupError(f"The source {name} was not stored.")
    return found


def local(connection: Connection, tenant: str, *, now: datetime) -> Source:
    """The source of objects made by hand."""
    return ensure(connection, tenant, "local", LOCAL, now=now)


def fix_anchors(connection: Connection, source: Source, *, user: str | None, group: str | None) -> None:
    """Keep the anchors of a first import; one already fixed stays."""
    connection.execute(
        """UPDATE source SET user_anchor = COALESCE(user_anchor, ?), group_anchor = COALESCE(group_anchor, ?)
        WHERE id = ?""",
        (user, group, source.id),
    )


def save_run(connection: Connection, source: Source, summary: str) -> None:
    """Keep the JSON summary of the newest import."""
    connection.execute("UPDATE source SET last_run = ? WHERE id = ?", (summary, source.id))


def retire(connection: Connection, source_id: str, *, now: datetime) -> None:
    """Free the name of a source that is not read any more. What it made still says where it came from."""
    made = connection.one("SELECT 1 FROM object WHERE source = ? LIMIT 1", (source_id,))
    if made is None:
        connection.execute("DELETE FROM source WHERE id = ?", (source_id,))
        return
    when = f" (deleted {now:%Y-%m-%d %H:%M:%S.%f})"
    connection.execute("UPDATE source SET name = name || ? WHERE id = ?", (when, source_id))


def _source(row: Row) -> Source:
    return Source(id=row[0], kind=row[1], name=row[2], user_anchor=row[3], group_anchor=row[4], last_run=row[5])
