"""Which memberships the target holds (`pushed`) and which it must still be told of (`pending`: +1 add, -1 remove).

`pushed` is 2 while that is unknown: a request about it was not answered. Whatever is wanted then is sent again.
Removals stay noted in `member_taken` as long as both accounts are known: an application may report that it removed
the membership of an id that does not exist, while the account, found under another id, is still in the group.

storage.wanted_members marks the difference between the directory's memberships and the pushed ones; `settle` sets aside
those whose member has no account yet (storage.waiting).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from provisor.database import Connection
from provisor.storage import escrow

# Linked now, or about to be by an operation planned in this cycle, or without one (a plan notes that as a verdict).
READY = """(EXISTS (SELECT 1 FROM link l WHERE l.job = {job} AND l.object = {object} AND l.state = 'linked'
    AND NOT EXISTS (SELECT 1 FROM operation p WHERE p.job = {job} AND p.stage = 1 AND p.object = {object}
        AND p.state IN ('planned', 'sent', 'verdict') AND p.kind IN ('release', 'delete')))
  OR EXISTS (SELECT 1 FROM operation p WHERE p.job = {job} AND p.stage = 1 AND p.object = {object}
        AND p.state IN ('planned', 'sent', 'verdict') AND p.kind IN ('create', 'link', 'update')))"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """One membership change to send; `target_id` is None while the member has no account there."""

    member: str
    name: str
    add: bool
    target_id: str | None


class Settled(NamedTuple):
    """How many memberships are left to add and to remove, and the members who were set aside."""

    add: int
    remove: int
    aside: list[str]


def settle(connection: Connection, job: int, group: str, *, heal: bool = True) -> Settled:
    """Set aside the group's additions whose member has no account and will get none in this cycle.

    With `heal` they wait for one; without, they are forgotten until the group is compared whole again.
    """
    # `<> 0` is redundant, but makes the index member_link_pending usable.
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
    """Their memberships are not to be added now; what may be at the target stays noted."""
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


def groups_with_pending(connection: Connection, job: int, at: int) -> None:
    """Put the groups whose last attempt left something pending, or failed, into the work set, unless they are in escrow
    and not due at the moment `at`; and those of which an operation was left, though nothing may be pending any more."""
    connection.execute(
        f"""INSERT INTO work (job, kind, object)
        SELECT DISTINCT ml.job, 'members', ml.group_id FROM member_link ml WHERE ml.job = ? AND ml.pending <> 0
        AND NOT EXISTS (SELECT 1 FROM escrow e WHERE e.job = ml.job AND e.object = ml.group_id
            AND e.kind = 'reference' AND NOT {escrow.is_due()})
        ON CONFLICT DO NOTHING""",
        (job, *escrow.moment(at)),
    )
    connection.execute(
        f"""INSERT INTO work (job, kind, object) SELECT e.job, 'members', e.object FROM escrow e
        WHERE e.job = ? AND e.object_kind = 'group' AND e.kind = 'reference' AND {escrow.is_due()}
        ON CONFLICT DO NOTHING""",
        (job, *escrow.moment(at)),
    )
    connection.execute(
        """INSERT INTO work (job, kind, object) SELECT p.job, 'members', p.object FROM operation p
        WHERE p.job = ? AND p.state = 'left' AND p.stage = 2 AND p.kind = 'members' ON CONFLICT DO NOTHING""",
        (job,),
    )


def pending(connection: Connection, *, job: int, group: str, after: str, limit: int) -> list[Pending]:
    """The group's next membership changes to send, in the order of the members' ids."""
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
    """A run ended while it sent changes of this group: any of them may have been carried out."""
    connection.execute(
        "UPDATE member_link SET pushed = 2 WHERE job = ? AND group_id = ? AND pending <> 0", (job, group)
    )


def postpone(connection: Connection, *, job: int, group: str, members: Sequence[str], heal: bool = True) -> None:
    """These members got no account after all: with `heal` their memberships wait for one."""
    _set_aside(connection, job, group, members, heal)


def forget_group(connection: Connection, job: int, groups: Iterable[str]) -> None:
    """These groups are gone from the target and their memberships with them."""
    for group in groups:
        for table in ("member_link", "member_taken"):
            connection.execute(f"DELETE FROM {table} WHERE job = ? AND group_id = ?", (job, group))
        connection.execute("DELETE FROM waiting WHERE job = ? AND object = ?", (job, group))


def anything_pending(connection: Connection, job: int) -> bool:
    """Whether the target is to be told of any membership of a group that it has."""
    row = connection.one(
        """SELECT 1 FROM member_link ml JOIN link l ON l.job = ml.job AND l.object = ml.group_id
        WHERE ml.job = ? AND ml.pending <> 0 AND l.state = 'linked'
        AND NOT EXISTS (SELECT 1 FROM escrow e WHERE e.job = ml.job AND e.object = ml.group_id) LIMIT 1""",
        (job,),
    )
    return row is not None


def is_pushed(connection: Connection, job: int, group: str, member: str) -> bool:
    """Whether the target has, or may have, this person in the group."""
    row = connection.one(
        "SELECT 1 FROM member_link WHERE job = ? AND group_id = ? AND member_id = ? AND pushed <> 0",
        (job, group, member),
    )
    return row is not None


def count_pending(connection: Connection, job: int, object_id: str) -> int:
    """Of how many memberships of this person, or in this group, the target is to be told."""
    row = connection.one(
        """SELECT (SELECT count(*) FROM member_link WHERE job = ? AND group_id = ? AND pending <> 0),
        (SELECT count(*) FROM member_link WHERE job = ? AND member_id = ? AND pending <> 0)""",
        (job, object_id, job, object_id),
    )
    return sum(map(int, row)) if row else 0


def anything_pushed(connection: Connection, job: int, member: str) -> bool:
    """Whether the target holds a membership of this person, as far as is known."""
    row = connection.one(
        "SELECT 1 FROM member_link WHERE job = ? AND member_id = ? AND pushed <> 0 LIMIT 1", (job, member)
    )
    return row is not None


def count_pushed(connection: Connection, job: int) -> int:
    """How many memberships the target holds of ours, those that nobody knows of included."""
    row = connection.one("SELECT count(*) FROM member_link WHERE job = ? AND pushed <> 0", (job,))
    return int(row[0]) if row else 0
