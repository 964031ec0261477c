"""Whom a record of a source could mean: objects by their anchor, their immutable id and by mail addresses."""

from collections.abc import Collection

from provisor.database import Connection
from provisor.directory.objects import DirectoryKind


def by_immutable_ids(
    connection: Connection, tenant: str, kind: DirectoryKind, ids: Collection[str]
) -> dict[str, list[str]]:
    """The objects, not purged, that have one of these as onPremisesImmutableId, by it."""
    if not ids:
        return {}
    rows = connection.all(
        f"""SELECT immutable_id, id FROM object WHERE tenant = ? AND kind = ? AND purged_at IS NULL
        AND immutable_id IN ({",".join("?" * len(ids))})""",
        (tenant, kind, *ids),
    )
    return _gathered(rows)


def by_anchors(
    connection: Connection, tenant: str, kind: DirectoryKind, source: str, anchors: Collection[str]
) -> dict[str, list[str]]:
    """The objects, not purged, that the source once made for records of these anchors, by it; or that another one of
    its kind made that is connected no more, where anchors are of the whole world, as those of files are not.
    """
    if not anchors:
        return {}
    rows = connection.all(
        f"""SELECT o.anchor, o.id FROM object o WHERE o.tenant = ? AND o.kind = ? AND o.purged_at IS NULL
        AND o.anchor IN ({",".join("?" * len(anchors))}) AND o.source IN (
            SELECT s.id FROM source s JOIN source own ON own.id = ? WHERE s.tenant = own.tenant AND (s.id = own.id
            OR (s.kind = own.kind AND own.kind <> 'csv'
                AND NOT EXISTS (SELECT 1 FROM connected_source c WHERE c.source = s.id))))""",
        (tenant, kind, *anchors, source),
    )
    return _gathered(rows)


def by_addresses(
    connection: Connection, tenant: str, kind: DirectoryKind, folded: Collection[str]
) -> dict[str, list[str]]:
    """The live objects that have one of these folded addresses as mail, by it.

    Goes through everybody, as addresses have no index: a caller first asks whether there are strangers.
    """
    if not folded:
        return {}
    rows = connection.all(
        f"""SELECT mail, object FROM object_search WHERE tenant = ? AND kind = ?
        AND mail IN ({",".join("?" * len(folded))})""",
        (tenant, kind, *folded),
    )
    return _gathered(rows)


def first_stranger(
    connection: Connection, tenant: str, kind: DirectoryKind, source: str, *, after: str
) -> tuple[bool, str]:
    """Whether there is a live object, beyond this id, that no record of the source feeds; and up to which id there is
    none. Ids are in time order, so that whoever asks again asks only about newcomers.
    """
    row = connection.one(
        """SELECT o.id FROM object o WHERE o.tenant = ? AND o.kind = ? AND o.id > ? AND o.deleted_at IS NULL
        AND o.purged_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM source_record r WHERE r.object = o.id AND r.source = ?) ORDER BY o.id LIMIT 1""",
        (tenant, kind, after, source),
    )
    if row is not None:
        return True, after
    last = connection.one("SELECT max(id) FROM object WHERE tenant = ? AND kind = ?", (tenant, kind))
    return False, after if last is None or last[0] is None else str(last[0])


def _gathered(rows: Collection[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, object_id in rows:
        found.setdefault(key, []).append(object_id)
    return found
