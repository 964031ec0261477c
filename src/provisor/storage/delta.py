"""What changed in the directory, page by page (directory.delta), by the change numbers of objects and memberships.

Why nothing is missed, whatever changes while a round is paged. Its end, `high`, is fixed when it begins. A row that
changes meanwhile gets a higher number: it leaves the round, whether it was told or not, and is in the next one. A
membership also comes and goes with either end of it (deleted ones are in no group), and then its own row does not
change: memberships of all whose liveness moved are told in phases of their own, found by `alive_change`, without a
bound above for `change`, because an edit moves that alone. What is told is how things are when they are read, so that
telling something twice, or early, does no harm. Of a deleted group no members are told; restored, all of them are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec

from provisor.database import Connection, Row
from provisor.directory.delta import (
    EVERYTHING,
    ChangedMember,
    ChangedObject,
    ChangeTold,
    DeltaPage,
    DeltaPlace,
)
from provisor.directory.objects import DirectoryKind
from provisor.storage import feed, tombstones
from provisor.storage.objects import COLUMNS, object_of

_EDGE: Final = """m.group_id, m.member_id, m.nested, m.removed_at, u.deleted_at IS NULL AND u.purged_at IS NULL
    AND u.id IS NOT NULL, g.deleted_at IS NULL AND g.purged_at IS NULL AND g.id IS NOT NULL"""
_ENDS: Final = "LEFT JOIN object u ON u.id = m.member_id LEFT JOIN object g ON g.id = m.group_id"
_MOVED: Final = "o.tenant = ? AND o.change > ? AND o.change >= ? AND o.alive_change > ? AND o.alive_change <= ?"


@dataclass(frozen=True, slots=True)
class _Some:
    """What a phase told: as many rows were read, the last of which the place points to."""

    told: tuple[ChangeTold, ...]
    place: DeltaPlace
    read: int


_Telling = Callable[[Connection, str, DeltaPlace, int], _Some]


def begin(
    connection: Connection, tenant: str, kind: DirectoryKind, select: tuple[str, ...], ids: tuple[str, ...] = ()
) -> DeltaPlace:
    """The beginning of a first round."""
    return DeltaPlace(kind, select, ids, EVERYTHING, feed.current_change(connection, tenant))


def latest(connection: Connection, tenant: str, place: DeltaPlace) -> DeltaPlace:
    """The end of a round of which nothing is told: only what changes from now on."""
    return _ended(msgspec.structs.replace(place, high=feed.current_change(connection, tenant)))


def page(connection: Connection, tenant: str, place: DeltaPlace, *, limit: int) -> DeltaPage | None:
    """Some `limit` rows more; None where the changes since are no longer known whole, and everything must be read anew.

    That is so when tombstones were removed since, and when the database is older than the place.
    """
    newest = feed.current_change(connection, tenant)
    if max(place.since, place.high) > newest:
        return None
    if place.since == place.high and place.phase == 0:
        place = msgspec.structs.replace(place, high=newest)
    told: list[ChangeTold] = []
    phases = _phases(place)
    while place.phase < len(phases) and limit > 0:
        some = phases[place.phase](connection, tenant, place, limit)
        told += some.told
        place = some.place
        if some.read < limit:
            place = msgspec.structs.replace(place, phase=place.phase + 1, change=-1, first="", second="")
        limit -= some.read
    if place.since != EVERYTHING and place.since < tombstones.cleaned(connection, tenant):
        return None  # asked last: what was removed while this was read may be missing in it
    over = place.phase >= len(phases)
    return DeltaPage(tuple(told), _ended(place) if over else place, over)


def _ended(place: DeltaPlace) -> DeltaPlace:
    return DeltaPlace(place.kind, place.select, place.ids, place.high, place.high)


def _phases(place: DeltaPlace) -> tuple[_Telling, ...]:
    if place.since == EVERYTHING:
        return (_all_objects, _all_members) if place.with_members else (_all_objects,)
    return (_objects, _members_of_moved, _memberships_of_moved, _members) if place.with_members else (_objects,)


def _all_objects(connection: Connection, tenant: str, place: DeltaPlace, limit: int) -> _Some:
    only, ids = _only("id", place)
    rows = connection.all(
        f"""SELECT {COLUMNS} FROM object WHERE tenant = ? AND kind = ? AND id > ? AND deleted_at IS NULL
        AND purged_at IS NULL {only} ORDER BY id LIMIT ?""",
        (tenant, place.kind, place.first, *ids, limit),
    )
    return _objects_told(rows, place)


def _objects(connection: Connection, tenant: str, place: DeltaPlace, limit: int) -> _Some:
    only, ids = _only("id", place)
    rows = connection.all(
        f"""SELECT {COLUMNS} FROM object WHERE tenant = ? AND change > ? AND change <= ? AND (change, id) > (?, ?)
        AND kind = ? {only} ORDER BY change, id LIMIT ?""",
        (tenant, place.since, place.high, max(place.change, place.since), place.first, place.kind, *ids, limit),
    )
    return _objects_told(rows, place)


def _objects_told(rows: list[Row], place: DeltaPlace) -> _Some:
    found = [object_of(row) for row in rows]
    if found:
        place = msgspec.structs.replace(place, change=found[-1].change, first=found[-1].id)
    return _Some(tuple(ChangedObject(item) for item in found), place, len(found))


def _all_members(connection: Connection, tenant: str, place: DeltaPlace, limit: int) -> _Some:
    only, ids = _only("m.group_id", place)
    rows = connection.all(
        f"""SELECT 0, m.group_id, m.member_id, {_EDGE} FROM member m {_ENDS}
        WHERE (m.group_id, m.member_id) > (?, ?) AND m.tenant || '' = ? {only}
        ORDER BY m.group_id, m.member_id LIMIT ?""",  # by the tenant's index all would be sorted each time
        (place.first, place.second, tenant, *ids, limit),
    )
    some = _members_told(rows, place)
    return _Some(
        tuple(one for one in some.told if isinstance(one, ChangedMember) and one.present), some.place, some.read
    )


def _members(connection: Connection, tenant: str, place: DeltaPlace, limit: int) -> _Some:
    only, ids = _only("m.group_id", place)
    rows = connection.all(
        f"""SELECT m.change, m.group_id, m.member_id, {_EDGE} FROM member m {_ENDS}
        WHERE m.tenant = ? AND m.change > ? AND m.change <= ? AND (m.change, m.group_id, m.member_id) > (?, ?, ?) {only}
        ORDER BY m.change, m.group_id, m.member_id LIMIT ?""",
        (tenant, place.since, place.high, max(place.change, place.since), place.first, place.second, *ids, limit),
    )
    return _members_told(rows, place)


def _members_of_moved(connection: Connection, tenant: str, place: DeltaPlace, limit: int) -> _Some:
    return _of_moved(connection, tenant, place, limit, "m.group_id = o.id AND o.kind = 'group'", "m.member_id")


def _memberships_of_moved(connection: Connection, tenant: str, place: DeltaPlace, limit: int) -> _Some:
    return _of_moved(connection, tenant, place, limit, "m.member_id = o.id", "m.group_id")


def _of_moved(connection: Connection, tenant: str, place: DeltaPlace, limit: int, joined: str, other: str) -> _Some:
    """Memberships at one end of which somebody was deleted, restored, enabled or disabled since."""
    only, ids = _only("m.group_id", place)
    since, at = place.since, max(place.change, place.since)
    rows = connection.all(
        f"""SELECT o.change, o.id, {other}, {_EDGE} FROM object o CROSS JOIN member m {_ENDS}
        WHERE {_MOVED} AND {joined} AND (o.change, o.id, {other}) > (?, ?, ?) AND m.removed_at IS NULL {only}
        ORDER BY o.change, o.id, {other} LIMIT ?""",
        (tenant, since, at, since, place.high, at, place.first, place.second, *ids, limit),
    )
    return _members_told(rows, place)


def _members_told(rows: list[Row], place: DeltaPlace) -> _Some:
    told = tuple(
        ChangedMember(
            group=group, member=member, kind="group" if nested else "user", present=removed_at is None and bool(lives)
        )
        for _, _, _, group, member, nested, removed_at, lives, group_lives in rows
        if group_lives
    )
    if rows:
        place = msgspec.structs.replace(place, change=rows[-1][0], first=rows[-1][1], second=rows[-1][2])
    return _Some(told, place, len(rows))


def _only(column: str, place: DeltaPlace) -> tuple[str, tuple[str, ...]]:
    return (f"AND {column} IN ({','.join('?' * len(place.ids))})", place.ids) if place.ids else ("", ())
