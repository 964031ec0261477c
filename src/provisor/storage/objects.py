"""Users and groups as rows: read by id, by name, page by page; written whole. Rules about them are in `directory`.

Every writer uses the change number it is given: the caller decides whether something really changed
(directory.change). The verbs that administrators use are in storage.directory_verbs.
"""

from collections.abc import Iterable, Sequence

import msgspec

from provisor.database import Connection, Row
from provisor.directory.objects import DirectoryKind, DirectoryObject
from provisor.scim.values import fold
from provisor.storage import object_search

COLUMNS = """id, source, kind, anchor, name, attributes, manager, enabled, created_at, deleted_at, purged_at, change"""
_LIVE = "deleted_at IS NULL AND purged_at IS NULL"

_INSERT = """INSERT INTO object (id, tenant, source, kind, anchor, name, folded_name, attributes, manager, enabled,
    created_at, deleted_at, purged_at, immutable_id, change, alive_change) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"""
_UPDATE = """UPDATE object SET name = ?, folded_name = ?, attributes = ?, manager = ?, enabled = ?, deleted_at = ?,
    purged_at = ?, anchor = ?, immutable_id = ?, change = ?, alive_change = CASE WHEN ? THEN ? ELSE alive_change END
    WHERE id = ?"""

encode = msgspec.json.Encoder().encode
decode = msgspec.json.decode


def read(connection: Connection, tenant: str, object_id: str) -> DirectoryObject | None:
    """One object by id, soft-deleted ones and tombstones included."""
    row = connection.one(f"SELECT {COLUMNS} FROM object WHERE tenant = ? AND id = ?", (tenant, object_id))
    return object_of(row) if row else None


def by_name(
    connection: Connection, tenant: str, kind: DirectoryKind, name: str, *, deleted: bool = False
) -> list[DirectoryObject]:
    """Live (or soft-deleted) objects of this name: those with exactly it, else those whose folded name is equal."""
    state = "deleted_at IS NOT NULL AND purged_at IS NULL" if deleted else _LIVE
    # Ordered here: asked for in order, SQLite walks through every object, because they come in order that way.
    rows = connection.all(
        f"SELECT {COLUMNS} FROM object WHERE tenant = ? AND kind = ? AND folded_name = ? AND {state}",
        (tenant, kind, fold(name)),
    )
    found = sorted((object_of(row) for row in rows), key=lambda item: item.id)
    return [item for item in found if item.name == name] or found


def page(
    connection: Connection,
    tenant: str,
    kind: DirectoryKind,
    *,
    after: str = "",
    limit: int = 100,
    search: str = "",
    deleted: bool = False,
) -> list[DirectoryObject]:
    """The next live (or soft-deleted) objects in the order of their ids whose folded name contains `search`.

    A search skips objects that do not match within the index object_kind, without reading them.
    """
    state = "deleted_at IS NOT NULL AND purged_at IS NULL" if deleted else _LIVE
    matches = "AND instr(folded_name, ?) > 0" if search else ""
    rows = connection.all(
        f"""SELECT {COLUMNS} FROM object WHERE tenant = ? AND kind = ? AND id > ? AND {state} {matches}
        ORDER BY id LIMIT ?""",
        (tenant, kind, after, *([fold(search)] if search else []), limit),
    )
    return [object_of(row) for row in rows]


def count(connection: Connection, tenant: str, kind: DirectoryKind, *, source: str | None = None) -> int:
    """How many live objects of a kind there are, in all sources or in one.

    All are counted in the index object_kind. A stored number would be read less often than it is
    updated, inside the write lock, and could be wrong.
    """
    of_source = "" if source is None else "AND source = ?"
    row = connection.one(
        f"SELECT count(*) FROM object WHERE tenant = ? AND kind = ? AND {_LIVE} {of_source}",
        (tenant, kind, *(() if source is None else (source,))),
    )
    return int(row[0]) if row else 0


def count_deleted(connection: Connection, tenant: str, kind: DirectoryKind) -> int:
    """How many soft-deleted objects of a kind there are."""
    row = connection.one(
        "SELECT count(*) FROM object WHERE tenant = ? AND kind = ? AND deleted_at IS NOT NULL AND purged_at IS NULL",
        (tenant, kind),
    )
    return int(row[0]) if row else 0


def numbers(connection: Connection, tenant: str, kind: DirectoryKind) -> tuple[int, int]:
    """How many objects of a kind are live, and how many soft-deleted: both in one walk through an index."""
    row = connection.one(
        """SELECT count(*), count(deleted_at) FROM object WHERE tenant = ? AND kind = ? AND purged_at IS NULL""",
        (tenant, kind),
    )
    return (int(row[0]) - int(row[1]), int(row[1])) if row else (0, 0)


def by_ids(connection: Connection, tenant: str, ids: Sequence[str]) -> list[DirectoryObject]:
    """Those of these objects that there are, soft-deleted ones and tombstones included, in the order of the ids."""
    if not ids:
        return []
    rows = connection.all(
        f"SELECT {COLUMNS} FROM object WHERE tenant = ? AND id IN ({','.join('?' * len(ids))})", (tenant, *ids)
    )
    found = {row[0]: object_of(row) for row in rows}
    return [found[one] for one in ids if one in found]


def changed_since(connection: Connection, tenant: str, change: int, *, after: str, limit: int) -> list[str]:
    """The next ids, in order, of objects with a change number above this."""
    rows = connection.all(
        "SELECT id FROM object WHERE tenant = ? AND change > ? AND id > ? ORDER BY id LIMIT ?",
        (tenant, change, after, limit),
    )
    return [row[0] for row in rows]


def by_anchors(
    connection: Connection, tenant: str, source: str, kind: DirectoryKind, anchors: Sequence[str]
) -> dict[str, DirectoryObject]:
    """The objects of a source with these anchors, soft-deleted ones included."""
    if not anchors:
        return {}
    rows = connection.all(
        f"""SELECT {COLUMNS} FROM object WHERE tenant = ? AND source = ? AND kind = ?
        AND anchor IN ({",".join("?" * len(anchors))})""",
        (tenant, source, kind, *anchors),
    )
    return {row[3]: object_of(row) for row in rows}


def name_holders(
    connection: Connection, tenant: str, kind: DirectoryKind, folded: Sequence[str], *, source: str | None = None
) -> list[tuple[str, str, str, str]]:
    """(folded name, id, name, source) of the live objects that hold these folded names, of one source if given."""
    if not folded:
        return []
    rows = connection.all(
        f"""SELECT folded_name, id, name, source FROM object WHERE tenant = ? AND kind = ?
        AND folded_name IN ({",".join("?" * len(folded))}) AND {_LIVE} AND source = COALESCE(?, source)""",
        (tenant, kind, *folded, source),
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def insert(connection: Connection, tenant: str, objects: Iterable[DirectoryObject]) -> None:
    """Store new objects; their `change` is also the number at which they came alive."""
    written = list(objects)
    connection.many(_INSERT, (_inserted(tenant, item) for item in written))
    object_search.put(connection, tenant, written)


def update(connection: Connection, tenant: str, objects: Iterable[tuple[DirectoryObject, bool]]) -> None:
    """Store changed objects; the flag says whether deletion, purge or accountEnabled moved."""
    written = list(objects)
    connection.many(_UPDATE, (_updated(item, alive_moved) for item, alive_moved in written))
    object_search.put(connection, tenant, [item for item, _ in written])


def soft_delete(connection: Connection, tenant: str, ids: Iterable[str], *, at: int, change: int) -> None:
    """Soft-delete live objects under one change number."""
    connection.many(
        "UPDATE object SET deleted_at = ?, change = ?, alive_change = ? WHERE id = ?",
        ((at, change, change, object_id) for object_id in ids),
    )
    object_search.forget_deleted(connection, tenant, change)


def set_managers(connection: Connection, pairs: Iterable[tuple[str, str | None]], *, change: int) -> None:
    """Give users (first) their managers (second; None: none) under one change number."""
    connection.many(
        "UPDATE object SET manager = ?, change = ? WHERE id = ?", ((manager, change, user) for user, manager in pairs)
    )


def object_of(row: Row) -> DirectoryObject:
    """The object in a row of COLUMNS."""
    return DirectoryObject(
        id=row[0],
        source=row[1],
        kind=row[2],
        anchor=row[3],
        name=row[4],
        attributes=decode(row[5]),
        manager=row[6],
        enabled=row[7] != 0,
        created_at=row[8],
        deleted_at=row[9],
        purged_at=row[10],
        change=row[11],
    )


def touch(connection: Connection, object_id: str, *, change: int) -> None:
    """The object counts as changed, so that every job looks at it again."""
    connection.execute("UPDATE object SET change = ? WHERE id = ?", (change, object_id))


def _inserted(tenant: str, item: DirectoryObject) -> tuple[object, ...]:
    return (
        item.id,
        tenant,
        item.source,
        item.kind,
        item.anchor,
        item.name,
        fold(item.name),
        encode(item.attributes).decode(),
        item.manager,
        int(item.enabled),
        item.created_at,
        item.deleted_at,
        item.purged_at,
        _immutable_id(item),
        item.change,
        item.change,
    )


def _updated(item: DirectoryObject, alive_moved: bool) -> tuple[object, ...]:
    return (
        item.name,
        fold(item.name),
        encode(item.attributes).decode(),
        item.manager,
        int(item.enabled),
        item.deleted_at,
        item.purged_at,
        item.anchor,
        _immutable_id(item),
        item.change,
        alive_moved,
        item.change,
        item.id,
    )


def _immutable_id(item: DirectoryObject) -> str | None:
    found = item.attributes.get("onPremisesImmutableId")
    return found if isinstance(found, str) else None
