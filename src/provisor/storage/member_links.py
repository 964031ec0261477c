"""Which memberships the target holds (`pushed`) and which it must still be told of (`pending`: +1 add, -1 remove).

`pushed` is 2 while nobody knows: a request about it was made and not answered. Whatever is wanted then is said again.
What was taken away stays noted in `member_taken` as long as both accounts are known: an application may answer that it
took away the membership of an id that nobody has, and the account, found under another id, is still in the group.

`want_group` and `want_changed` mark the difference between the directory's memberships and the pushed ones; `settle`
sets aside those whose member has no account yet (storage.waiting). A membership of a person who is disabled or released
stays; it goes when the edge goes, or silently with the account when that is deleted in the same cycle.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from provisor.database import Connection
from provisor.engine.record import Kind

# Linked now, or about to be by an operation planned in this cycle, or without one (a plan notes that as a verdict).
READY = """(EXISTS (SELECT 1 FROM link l WHERE l.job = {job} AND l.object = {object} AND l.state = 'linked'
    AND NOT EXISTS (SELECT 1 FROM operation p WHERE p.job = {job} AND p.stage = 1 AND p.object = {object}
        AND p.state IN ('planned', 'sent', 'verdict') AND p.kind IN ('release', 'delete')))
  OR EXISTS (SELECT 1 FROM operation p WHERE p.job = {job} AND p.stage = 1 AND p.object = {object}
        AND p.state IN ('planned', 'sent', 'verdict') AND p.kind IN ('create', 'link', 'update')))"""

_NEEDED = "CASE member_link.pushed WHEN 1 THEN 0 ELSE 1 END"
_ADD_FROM = f"""INSERT INTO member_link (job, group_id, member_id, pushed, pending)
    SELECT ?, m.group_id, m.member_id, 0, 1 FROM member m
    JOIN object o ON o.id = m.member_id AND o.kind = 'user' AND o.purged_at IS NULL
    WHERE {{where}} AND m.removed_at IS NULL
    ON CONFLICT (job, group_id, member_id) DO UPDATE SET pending = {_NEEDED}"""
_GONE = """UPDATE member_link SET pending = CASE pushed WHEN 0 THEN 0 ELSE -1 END
    WHERE job = ? AND group_id = ? {where}
    AND NOT EXISTS (SELECT 1 FROM operation p WHERE p.job = member_link.job AND p.stage = 1
        AND p.object = member_link.member_id AND p.kind = 'delete' AND p.state IN ('planned', 'verdict'))"""
_NOT_A_MEMBER = """AND NOT EXISTS (SELECT 1 FROM member m WHERE m.group_id = member_link.group_id
    AND m.member_id = member_link.member_id AND m.removed_at IS NULL)"""

_ADD_OF_GROUP = _ADD_FROM.format(where="m.group_id = ?")
_ADD_CHANGED = _ADD_FROM.format(
    where="""m.tenant = ? AND m.change > ? AND m.change <= ?
    AND EXISTS (SELECT 1 FROM link g WHERE g.job = ? AND g.object = m.group_id AND g.state = 'linked')"""
)
_GONE_OF_GROUP = _GONE.format(where=_NOT_A_MEMBER)
_GONE_EDGE = _GONE.format(where="AND member_id = ?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """One membership the target must be told of; `target_id` is None while the member has no account there."""

    member: str
    name: str
    add: bool
    target_id: str | None


def want_group(connection: Connection, job: int, group: str) -> None:
    """Mark every difference between the group's memberships and what the target holds of them."""
    connection.execute(_ADD_OF_GROUP, (job, group))
    connection.execute(_GONE_OF_GROUP, (job, group))
    # Who still has no account is set aside again by `settle`.
    connection.execute("DELETE FROM waiting WHERE job = ? AND object = ? AND attribute = 'members'", (job, group))


def want_changed(connection: Connection, *, job: int, tenant: str, low: int, high: int) -> None:
    """Mark the differences among memberships changed in (low, high] and put their groups into the work set."""
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


class Settled(NamedTuple):
    """How many memberships are left to add and to remove, and the members who were set aside."""

    add: int
    remove: int
    aside: list[str]


def settle(connection: Connection, job: int, group: str, *, heal: bool = True) -> Settled:
    """Set aside the group's additions whose member has no account and will get none in this cycle.

    With `heal` they wait for one; without, they are forgotten until the group is compared whole again.
    """
    # `<> 0` says nothing new, but is what the index member_link_pending is of.
    rows = connection.all(
        f"""SELECT ml.member_id FROM member_link ml WHERE ml.job = ? AND ml.group_id = ? AND ml.pending = 1
        AND ml.pending <> 0 AND NOT {READY.format(job="ml.job", object="ml.member_id")} ORDER BY ml.member_id""",
        (job, group),
    )
    aside = [row[0] for row in rows]
    _set_aside(connection, job, group, aside, heal)
    connection.execute(
        "DELETE FROM member_link WHERE job = ? AND group_id = ? AND pushed = 0 AND pending = 0", (job, group)
    )
    row = connection.one(
        """SELECT coalesce(sum(CASE pending WHEN 1 THEN 1 ELSE 0 END), 0),
            coalesce(sum(CASE pending WHEN -1 THEN 1 ELSE 0 END), 0)
        FROM member_link WHERE job = ? AND group_id = ? AND pending <> 0""",
        (job, group),
    )
    return Settled(int(row[0]), int(row[1]), aside) if row else Settled(0, 0, aside)


def _set_aside(connection: Connection, job: int, group: str, members: Sequence[str], heal: bool) -> None:
    """Their memberships are not to be added now; what may be at the target although nobody knows stays noted."""
    rows = [(job, group, member) for member in members]
    where = "job = ? AND group_id = ? AND member_id = ?"
    connection.many(f"DELETE FROM member_link WHERE {where} AND pushed = 0", rows)
    connection.many(f"UPDATE member_link SET pending = 0 WHERE {where} AND pending = 1", rows)
    if heal:
        connection.many(
            """INSERT INTO waiting (job, waits_for, object, attribute) VALUES (?, ?, ?, 'members')
            ON CONFLICT DO NOTHING""",
            ((job, member, group) for _, _, member in rows),
        )


def groups_with_pending(connection: Connection, job: int) -> None:
    """Put the groups whose last attempt left something pending into the work set."""
    connection.execute(
        """INSERT INTO work (job, kind, object)
        SELECT DISTINCT ml.job, 'members', ml.group_id FROM member_link ml WHERE ml.job = ? AND ml.pending <> 0
        ON CONFLICT DO NOTHING""",
        (job,),
    )


def pending(connection: Connection, *, job: int, group: str, after: str, limit: int) -> list[Pending]:
    """The next memberships of the group that the target must be told of, in the order of the members' ids."""
    rows = connection.all(
        """SELECT ml.member_id, o.name, ml.pending, l.target_id FROM member_link ml
        LEFT JOIN object o ON o.id = ml.member_id
        LEFT JOIN link l ON l.job = ml.job AND l.object = ml.member_id AND (l.state = 'linked' OR ml.pending = -1)
        WHERE ml.job = ? AND ml.group_id = ? AND ml.pending <> 0 AND ml.member_id > ? ORDER BY ml.member_id LIMIT ?""",
        (job, group, after, limit),
    )
    return [Pending(member=row[0], name=row[1] or row[0], add=row[2] == 1, target_id=row[3]) for row in rows]


def pushed(connection: Connection, *, job: int, group: str, added: Sequence[str], removed: Sequence[str]) -> None:
    """The target has taken these memberships in or out."""
    connection.many(
        "UPDATE member_link SET pushed = 1, pending = 0 WHERE job = ? AND group_id = ? AND member_id = ?",
        ((job, group, member) for member in added),
    )
    went_with_account(connection, job=job, group=group, members=removed)
    connection.many(
        "INSERT INTO member_taken (job, group_id, member_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        ((job, group, member) for member in removed),
    )


def went_with_account(connection: Connection, *, job: int, group: str, members: Sequence[str]) -> None:
    """These have no account that could be in the group."""
    connection.many(
        "DELETE FROM member_link WHERE job = ? AND group_id = ? AND member_id = ?",
        ((job, group, member) for member in members),
    )


def in_doubt(connection: Connection, *, job: int, group: str, members: Sequence[str]) -> None:
    """A request about these memberships was not answered: it may have been carried out."""
    connection.many(
        "UPDATE member_link SET pushed = 2 WHERE job = ? AND group_id = ? AND member_id = ?",
        ((job, group, member) for member in members),
    )


def doubt_pending(connection: Connection, job: int, group: str) -> None:
    """A run ended while it told the target of this group: any of what was to be said may have been carried out."""
    connection.execute(
        "UPDATE member_link SET pushed = 2 WHERE job = ? AND group_id = ? AND pending <> 0", (job, group)
    )


def doubt_account(connection: Connection, job: int, kind: Kind, object_id: str) -> None:
    """This person or group has an account of another id than was known: what it is in, or holds, is told again.

    Also what was ever taken away: the application may have taken that under an id that nobody has.
    """
    column = "member_id" if kind == "user" else "group_id"
    connection.execute(
        f"""INSERT INTO member_link (job, group_id, member_id, pushed, pending)
        SELECT t.job, t.group_id, t.member_id, 2, -1 FROM member_taken t
        WHERE t.job = ? AND t.{column} = ? ON CONFLICT (job, group_id, member_id) DO UPDATE SET pushed = 2""",
        (job, object_id),
    )
    connection.execute(
        f"""UPDATE member_link SET pushed = 2, pending = CASE WHEN EXISTS (SELECT 1 FROM member m
            WHERE m.group_id = member_link.group_id AND m.member_id = member_link.member_id AND m.removed_at IS NULL)
            THEN 1 ELSE -1 END WHERE job = ? AND {column} = ? AND pushed <> 0""",
        (job, object_id),
    )
    connection.execute(
        f"""INSERT INTO work (job, kind, object) SELECT DISTINCT job, 'members', group_id FROM member_link
        WHERE job = ? AND {column} = ? AND pending <> 0 ON CONFLICT DO NOTHING""",
        (job, object_id),
    )


def postpone(connection: Connection, *, job: int, group: str, members: Sequence[str], heal: bool = True) -> None:
    """These members got no account after all: with `heal` their memberships wait for one."""
    _set_aside(connection, job, group, members, heal)


def forget_member(connection: Connection, job: int, members: Iterable[str]) -> None:
    """The accounts of these members are gone and their memberships with them; edges that still stand wait."""
    for member in members:
        for table in ("member_link", "member_taken"):
            connection.execute(f"DELETE FROM {table} WHERE job = ? AND member_id = ?", (job, member))
        connection.execute("DELETE FROM waiting WHERE job = ? AND waits_for = ?", (job, member))
        connection.execute(
            """INSERT INTO waiting (job, waits_for, object, attribute)
            SELECT g.job, m.member_id, m.group_id, 'members' FROM member m
            JOIN link g ON g.job = ? AND g.object = m.group_id AND g.state = 'linked'
            JOIN object o ON o.id = m.member_id AND o.purged_at IS NULL
            WHERE m.member_id = ? AND m.removed_at IS NULL ON CONFLICT DO NOTHING""",
            (job, member),
        )


def forget_group(connection: Connection, job: int, groups: Iterable[str]) -> None:
    """These groups are gone from the target and their memberships with them."""
    for group in groups:
        for table in ("member_link", "member_taken"):
            connection.execute(f"DELETE FROM {table} WHERE job = ? AND group_id = ?", (job, group))
        connection.execute("DELETE FROM waiting WHERE job = ? AND object = ?", (job, group))


def anything_pushed(connection: Connection, job: int, member: str) -> bool:
    """Whether the target holds a membership of this person, as far as anybody knows."""
    row = connection.one(
        "SELECT 1 FROM member_link WHERE job = ? AND member_id = ? AND pushed <> 0 LIMIT 1", (job, member)
    )
    return row is not None


def count_pushed(connection: Connection, job: int) -> int:
    """How many memberships the target holds of ours, those that nobody knows of included."""
    row = connection.one("SELECT count(*) FROM member_link WHERE job = ? AND pushed <> 0", (job,))
    return int(row[0]) if row else 0
