"""The rows of memberships: add, remove, read. Cost follows the members named, never the size of the group.

SQL only. The functions that write are called inside a transaction and say whether anything changed.
"""

from collections.abc import Iterable

from provisor.database import Connection
from provisor.scim.errors import invalid_value, shown
from provisor.target.documents import Member
from provisor.target.store import Tenant

_READ_STEP = 500  # rows a read; short enough to let other requests in between


def add(connection: Connection, tenant: Tenant, group_id: str, ids: Iterable[str]) -> bool:
    """Add members that are not in the group yet. Raises ScimError 400 for an id that nobody here has."""
    kinds = ("User", "Group") if tenant.profile.nested_groups else ("User", "User")
    changed = False
    for id_ in ids:
        added = connection.execute(
            "INSERT INTO membership (group_id, member_id, member_kind) "
            "SELECT ?, id, kind FROM resource WHERE id = ? AND tenant = ? AND kind IN (?, ?) "
            "ON CONFLICT (group_id, member_id) DO NOTHING",
            (group_id, id_, tenant.number, *kinds),
        ).rowcount
        if added:
            changed = True
        elif not connection.one("SELECT 1 FROM membership WHERE group_id = ? AND member_id = ?", (group_id, id_)):
            who = "user or group" if tenant.profile.nested_groups else "user"
            raise invalid_value(f"members: no {who} has the id {shown(id_)}.")
    return changed


def remove(connection: Connection, group_id: str, ids: Iterable[str]) -> bool:
    """Remove members; one that is not there is no error (scim-wire section 9, DEFAULT)."""
    removed = 0
    for id_ in ids:
        removed += connection.execute(
            "DELETE FROM membership WHERE group_id = ? AND member_id = ?", (group_id, id_)
        ).rowcount
    return removed > 0


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


def forget(connection: Connection, member_id: str) -> None:
    """Take somebody out of every group."""
    connection.execute("DELETE FROM membership WHERE member_id = ?", (member_id,))
