"""The rows of memberships: add, remove, read. Cost follows the members named, never the size of the group.

SQL only. The functions that write are called inside a transaction and say whether anything changed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import TypeVar

from provisor.database import Connection
from provisor.provider.model.documents import Member
from provisor.provider.store.tables import Tenant
from provisor.scim.errors import invalid_value, shown

T = TypeVar("T")

_LOTS = (100, 10, 1)  # members per statement: a statement itself costs as much as two of them, over a network as ten
_LENGTHS = (1, 10, 50, 100, 200)  # values a statement that asks about a page, which has 200 at most
_BETWEEN = 5  # rows a member, then a range holds too much beside them
_READ_STEP = 500  # rows a read; short enough to let other requests in between


def add(connection: Connection, tenant: Tenant, group_id: str, ids: Iterable[str]) -> bool:
    """Add members that are not in the group yet. Raises ScimError 400 for an unknown id."""
    kinds = ("User", "Group") if tenant.profile.nested_groups else ("User", "User")
    changed = False
    for lot in _lots(ids):
        added = connection.execute(_adding(len(lot)), (group_id, tenant.number, *kinds, *lot)).rowcount
        changed = changed or added > 0
        if added < len(lot):
            _check_members(connection, tenant, group_id, lot)
    return changed


def _check_members(connection: Connection, tenant: Tenant, group_id: str, ids: Sequence[str]) -> None:
    present = {row[0] for row in connection.all(_finding(len(ids)), (group_id, *ids))}
    for id_ in ids:
        if id_ not in present:
            who = "user or group" if tenant.profile.nested_groups else "user"
            raise invalid_value(f"members: no {who} has the id {shown(id_)}.")


def remove(connection: Connection, group_id: str, ids: Iterable[str]) -> bool:
    """Remove members; one that is not there is not an error (spec/scim-wire.md section 9, DEFAULT)."""
    removed = 0
    for lot in _lots(ids):
        removed += connection.execute(_removing(len(lot)), (group_id, *lot)).rowcount
    return removed > 0


def _lots(ids: Iterable[str]) -> Iterator[Sequence[str]]:
    """Ids without repetition in lots of few different lengths, so that few statements have to be prepared."""
    listed = list(dict.fromkeys(ids))
    start = 0
    for length in _LOTS:
        while len(listed) - start >= length:
            yield listed[start : start + length]
            start += length


@cache
def _adding(count: int) -> str:
    # The sums keep SQLite from reading a whole tenant by the index of names instead of these ids.
    return (
        "INSERT INTO membership (group_id, member_id, member_kind) SELECT ?, id, kind FROM resource "  # noqa: S608 - our own words
        f"WHERE tenant + 0 = ? AND kind || '' IN (?, ?) AND id IN ({_places(count)}) "
        "ON CONFLICT (group_id, member_id) DO NOTHING"
    )


@cache
def _finding(count: int) -> str:
    return f"SELECT member_id FROM membership WHERE group_id = ? AND member_id IN ({_places(count)})"  # noqa: S608 - as above


@cache
def _removing(count: int) -> str:
    return f"DELETE FROM membership WHERE group_id = ? AND member_id IN ({_places(count)})"  # noqa: S608 - as above


@cache
def _groups_of(count: int) -> str:
    return (
        f"SELECT member_id, group_id FROM membership WHERE member_id IN ({_places(count)}) "  # noqa: S608 - as above
        "ORDER BY member_id, group_id"
    )


_GROUPS_BETWEEN = (
    "SELECT member_id, group_id FROM membership WHERE member_id >= ? AND member_id <= ? "
    "ORDER BY member_id, group_id LIMIT ?"
)


@cache
def _members_of(count: int) -> str:
    return f"SELECT group_id, member_id, member_kind FROM membership WHERE group_id IN ({_places(count)}) LIMIT ?"  # noqa: S608 - as above


def padded(values: Sequence[T]) -> list[T]:
    """The same values with the last one repeated, so that few statements of different lengths have to be prepared."""
    length = next((length for length in _LENGTHS if length >= len(values)), len(values))
    return [*values, *([values[-1]] * (length - len(values)))]


def _places(count: int) -> str:
    return ", ".join("?" * count)


def clear(connection: Connection, group_id: str) -> bool:
    """Remove every member of a group."""
    return connection.execute("DELETE FROM membership WHERE group_id = ?", (group_id,)).rowcount > 0


def replace(connection: Connection, tenant: Tenant, group_id: str, ids: Iterable[str]) -> bool:
    """Make the group hold exactly these members, touching only those that differ."""
    wanted = dict.fromkeys(ids)
    present = {row[0] for row in connection.execute("SELECT member_id FROM membership WHERE group_id = ?", (group_id,))}
    removed = remove(connection, group_id, [id_ for id_ in present if id_ not in wanted])
    added = add(connection, tenant, group_id, [id_ for id_ in wanted if id_ not in present])
    return removed or added


def read_some(connection: Connection, group_id: str, after: str = "", limit: int = _READ_STEP) -> list[Member]:
    """Members in the order of their ids, from the first one behind `after`."""
    return [
        Member(*row)
        for row in connection.execute(
            "SELECT member_id, member_kind FROM membership WHERE group_id = ? AND member_id > ? "
            "ORDER BY member_id LIMIT ?",
            (group_id, after, limit),
        )
    ]


def read_all(connection: Connection, group_id: str) -> list[Member]:
    """Every member of a group at once; for the rare PATCH that asks what the members are."""
    return [
        Member(*row)
        for row in connection.execute(
            "SELECT member_id, member_kind FROM membership WHERE group_id = ? ORDER BY member_id", (group_id,)
        )
    ]


def groups_of(connection: Connection, member_id: str) -> list[str]:
    """The groups a user or group is a direct member of."""
    return [
        row[0]
        for row in connection.execute(
            "SELECT group_id FROM membership WHERE member_id = ? ORDER BY group_id", (member_id,)
        )
    ]


def groups_of_all(connection: Connection, member_ids: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """The groups of several members, asked for at once; members without groups are left out, others may be in it.

    Ids begin with the time, so those of a page lie together: their range takes a quarter of the time that a hundred
    ids take. If others lie between them, these ids are listed.
    """
    if not member_ids:
        return {}
    limit = _BETWEEN * max(len(member_ids), 10)
    rows = connection.all(_GROUPS_BETWEEN, (min(member_ids), max(member_ids), limit))
    if len(rows) == limit:
        asked = padded(member_ids)
        rows = connection.all(_groups_of(len(asked)), asked)
    return {member: tuple([group for _, group in some]) for member, some in groupby(rows, key=itemgetter(0))}


def few_of_all(connection: Connection, group_ids: Sequence[str], limit: int) -> Mapping[str, Sequence[Member]] | None:
    """The members of several groups, asked for at once, in the order of their ids; None when they are more than limit.

    Sorted here: a database would first read all of them, however many they are.
    """
    found: dict[str, list[Member]] = {id_: [] for id_ in group_ids}
    asked = padded(group_ids)
    rows = connection.all(_members_of(len(asked)), (*asked, limit + 1))
    if len(rows) > limit:
        return None
    for group, member, kind in sorted(rows):
        found[group].append(Member(member, kind))
    return found


def forget(connection: Connection, member_id: str) -> None:
    """Remove somebody from every group."""
    connection.execute("DELETE FROM membership WHERE member_id = ?", (member_id,))
