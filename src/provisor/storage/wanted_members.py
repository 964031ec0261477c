"""Marks the differences between the directory's memberships and those that the target holds (storage.member_links).

Who is in a group is a policy of the job: `direct`, or `flatten` (storage.nesting). Only people are members at a target,
never groups. A membership of a person who is disabled or released stays; it goes when the edge goes, or silently with
the account when that is deleted in the same cycle.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from provisor.database import Connection
from provisor.engine.behaviour import NestedGroups
from provisor.engine.record import Kind
from provisor.storage import nesting

_ADD_FROM = """INSERT INTO member_link (job, group_id, member_id, pushed, pending)
    SELECT ?, m.group_id, m.member_id, 0, 1 FROM {members} m
    JOIN object o ON o.id = m.member_id AND o.kind = 'user' AND o.purged_at IS NULL
    WHERE {where}
    ON CONFLICT (job, group_id, member_id) DO UPDATE SET pending = CASE member_link.pushed WHEN 1 THEN 0 ELSE 1 END"""
_GONE = """UPDATE member_link SET pending = CASE pushed WHEN 0 THEN 0 ELSE -1 END
    WHERE job = ? AND {where}
    AND NOT EXISTS (SELECT 1 FROM operation p WHERE p.job = member_link.job AND p.stage = 1
        AND p.object = member_link.member_id AND p.kind = 'delete' AND p.state IN ('planned', 'verdict'))"""
_STANDS = """EXISTS (SELECT 1 FROM member_link s WHERE s.job = ? AND s.group_id = m.group_id
    AND s.member_id = m.member_id AND s.pushed = 1 AND s.pending = 0)"""  # nearly all, when everything is compared


@dataclass(frozen=True, slots=True, kw_only=True)
class _MembershipSql:
    """How one policy reads who is in a group. `is_member` is asked of a row of member_link."""

    is_member: str
    add_of_group: str
    gone_of_group: str
    add_edge: str
    wait_again: str


def _direct() -> _MembershipSql:
    is_member = """EXISTS (SELECT 1 FROM member m WHERE m.group_id = member_link.group_id
        AND m.member_id = member_link.member_id AND m.removed_at IS NULL)"""
    of_group = f"m.group_id = ? AND m.removed_at IS NULL AND NOT {_STANDS}"
    edge = "m.group_id = ? AND m.member_id = ? AND m.removed_at IS NULL"
    return _MembershipSql(
        is_member=is_member,
        add_of_group=_ADD_FROM.format(members="member", where=of_group),
        gone_of_group=_GONE.format(where=f"group_id = ? AND NOT {is_member}"),
        add_edge=_ADD_FROM.format(members="member", where=edge),
        wait_again="""INSERT INTO waiting (job, waits_for, object, attribute)
            SELECT g.job, m.member_id, m.group_id, 'members' FROM member m
            JOIN link g ON g.job = ? AND g.object = m.group_id AND g.state = 'linked'
            JOIN object o ON o.id = m.member_id AND o.purged_at IS NULL
            WHERE m.member_id = ? AND m.removed_at IS NULL ON CONFLICT DO NOTHING""",
    )


def _flatten() -> _MembershipSql:
    edge = """(SELECT g.id AS group_id, u.id AS member_id FROM object g CROSS JOIN object u
        WHERE g.id = ? AND u.id = ?)"""
    within = f"SELECT w.member_id FROM ({nesting.MEMBERS_OF_GROUP}) w"
    return _MembershipSql(
        is_member=_within("member_link.group_id", "member_link.member_id"),
        add_of_group=_ADD_FROM.format(members=f"({nesting.MEMBERS_OF_GROUP})", where=f"NOT {_STANDS}"),
        gone_of_group=_GONE.format(where=f"group_id = ? AND member_id NOT IN ({within})"),
        add_edge=_ADD_FROM.format(members=edge, where=_within("m.group_id", "m.member_id")),
        wait_again=f"""INSERT INTO waiting (job, waits_for, object, attribute)
            SELECT g.job, o.id, g.object, 'members' FROM object o CROSS JOIN link g
            WHERE g.job = ? AND g.state = 'linked' AND o.id = ? AND o.purged_at IS NULL
            AND {_within("g.object", "o.id")} ON CONFLICT DO NOTHING""",
    )


def _within(group: str, member: str) -> str:
    return f"{group} IN ({nesting.groups_of(member)} SELECT id FROM above)"


_READINGS: Final[dict[NestedGroups, _MembershipSql]] = {"direct": _direct(), "flatten": _flatten()}

_ADD_CHANGED = _ADD_FROM.format(
    members="member",
    where="""m.tenant = ? AND m.change > ? AND m.change <= ? AND m.removed_at IS NULL
    AND EXISTS (SELECT 1 FROM link g WHERE g.job = ? AND g.object = m.group_id AND g.state = 'linked')""",
)
_GONE_EDGE = _GONE.format(where="group_id = ? AND member_id = ?")
_TOUCHED = f"SELECT t.group_id, t.member_id FROM ({nesting.TOUCHED_MEMBERS}) t"
_ADD_TOUCHED = _ADD_FROM.format(
    members=f"({nesting.TOUCHED_MEMBERS})", where=f"{_within('m.group_id', 'm.member_id')} AND NOT {_STANDS}"
)
_GONE_TOUCHED = _GONE.format(
    where=f"(group_id, member_id) IN ({_TOUCHED}) AND NOT {_READINGS['flatten'].is_member}",
)
_NOT_WAITED_FOR = f"""DELETE FROM waiting WHERE job = ? AND attribute = 'members'
    AND (object, waits_for) IN ({_TOUCHED}) AND NOT {_within("waiting.object", "waiting.waits_for")}"""


def want_group(connection: Connection, job: int, group: str, nested: NestedGroups) -> None:
    """Mark every difference between the group's memberships and what the target holds of them."""
    reading = _READINGS[nested]
    connection.execute(reading.add_of_group, (job, group, job))
    connection.execute(reading.gone_of_group, (job, *([group] if nested == "direct" else [group, group])))
    # Members who still have no account are set aside again by `settle`.
    connection.execute("DELETE FROM waiting WHERE job = ? AND object = ? AND attribute = 'members'", (job, group))


def want_changed(connection: Connection, *, job: int, tenant: str, low: int, high: int, nested: NestedGroups) -> None:
    """Mark the differences among memberships changed in (low, high] and put their groups into the work set."""
    if nested == "flatten":
        _want_touched(connection, job, nesting.moved(tenant, low, high))
        return
    interval = (tenant, low, high)
    connection.execute(_ADD_CHANGED, (job, *interval, job))
    removed = connection.all(
        """SELECT group_id, member_id FROM member
        WHERE tenant = ? AND change > ? AND change <= ? AND removed_at IS NOT NULL""",
        interval,
    )
    connection.many(_GONE_EDGE, ((job, group, member) for group, member in removed))
    connection.many(
        "DELETE FROM waiting WHERE job = ? AND waits_for = ? AND object = ? AND attribute = 'members'",
        ((job, member, group) for group, member in removed),
    )
    connection.execute(
        """INSERT INTO work (job, kind, object) SELECT DISTINCT g.job, 'members', g.object FROM member m
        JOIN link g ON g.job = ? AND g.object = m.group_id AND g.state = 'linked'
        WHERE m.tenant = ? AND m.change > ? AND m.change <= ? ON CONFLICT DO NOTHING""",
        (job, *interval),
    )


def _want_touched(connection: Connection, job: int, moved: tuple[object, ...]) -> None:
    """The same through any depth: whoever a change may have brought into a group, or out of it, is looked at anew."""
    connection.execute(_ADD_TOUCHED, (job, *moved, job, job))
    connection.execute(_GONE_TOUCHED, (job, *moved, job))
    connection.execute(_NOT_WAITED_FOR, (job, *moved, job))
    connection.execute(
        f"""INSERT INTO work (job, kind, object) SELECT ?, 'members', t.id FROM ({nesting.TOUCHED_GROUPS}) t
        WHERE TRUE ON CONFLICT DO NOTHING""",
        (job, *moved, job),
    )


def want_edges(connection: Connection, job: int, group: str, members: Sequence[str], nested: NestedGroups) -> None:
    """Mark the differences among the memberships of these people in the group, whatever else differs there."""
    reading = _READINGS[nested]
    gone = _GONE.format(where=f"group_id = ? AND member_id = ? AND NOT {reading.is_member}")
    for member in members:
        connection.execute(reading.add_edge, (job, group, member))
        connection.execute(gone, (job, group, member))
        connection.execute(
            "DELETE FROM waiting WHERE job = ? AND waits_for = ? AND object = ? AND attribute = 'members'",
            (job, member, group),
        )


def doubt_account(connection: Connection, job: int, kind: Kind, object_id: str, nested: NestedGroups) -> None:
    """This person or group has an account of another id than was known: its memberships are sent again.

    Also removals: the application may have made them under an id that does not exist.
    """
    column = "member_id" if kind == "user" else "group_id"
    connection.execute(
        f"""INSERT INTO member_link (job, group_id, member_id, pushed, pending)
        SELECT t.job, t.group_id, t.member_id, 2, -1 FROM member_taken t
        WHERE t.job = ? AND t.{column} = ? ON CONFLICT (job, group_id, member_id) DO UPDATE SET pushed = 2""",
        (job, object_id),
    )
    connection.execute(
        f"""UPDATE member_link SET pushed = 2, pending = CASE WHEN {_READINGS[nested].is_member}
            THEN 1 ELSE -1 END WHERE job = ? AND {column} = ? AND pushed <> 0""",
        (job, object_id),
    )
    connection.execute(
        f"""INSERT INTO work (job, kind, object) SELECT DISTINCT job, 'members', group_id FROM member_link
        WHERE job = ? AND {column} = ? AND pending <> 0 ON CONFLICT DO NOTHING""",
        (job, object_id),
    )


def forget_member(connection: Connection, job: int, members: Iterable[str], nested: NestedGroups) -> None:
    """The accounts of these members are gone and their memberships with them; remaining edges wait."""
    for member in members:
        for table in ("member_link", "member_taken"):
            connection.execute(f"DELETE FROM {table} WHERE job = ? AND member_id = ?", (job, member))
        connection.execute("DELETE FROM waiting WHERE job = ? AND waits_for = ?", (job, member))
        connection.execute(_READINGS[nested].wait_again, (job, member))
