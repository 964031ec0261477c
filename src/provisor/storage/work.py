"""The work set of an incremental cycle: whom to look at, made once at its start, all through indexes.

changed users and groups, users of changed memberships in groups assigned to the application, direct members of groups
whose assignment or liveness changed (where groups are flattened: all in them, storage.nesting), principals of changed
assignments, who is due in escrow, leavers whose accounts are due for deletion. Cost follows change
(explanation/settled-cases.md section *Work set*). Changed memberships themselves are read by storage.wanted_members;
waiting rows by storage.waiting.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from provisor.database import Connection, Row
from provisor.engine.behaviour import NestedGroups
from provisor.engine.record import Kind
from provisor.storage import escrow, nesting
from provisor.storage.escrow import NOBODY, GivenUp
from provisor.storage.links import LEAVER

_CHANGED_OBJECTS = """INSERT INTO work (job, kind, object)
    SELECT ?, o.kind, o.id FROM object o WHERE o.tenant = ? AND o.change > ? AND o.change <= ?
    ON CONFLICT DO NOTHING"""
_CHANGED_ASSIGNMENTS = """INSERT INTO work (job, kind, object)
    SELECT ?, a.principal_kind, a.principal FROM assignment a
    WHERE a.application = ? AND a.change > ? AND a.change <= ?
    ON CONFLICT DO NOTHING"""
# The assignment may have been removed in the same interval: its state does not matter here, only that it was there.
_CHANGED_MEMBERSHIPS = """INSERT INTO work (job, kind, object)
    SELECT ?, 'user', m.member_id FROM member m WHERE m.tenant = ? AND m.change > ? AND m.change <= ?
    AND EXISTS (SELECT 1 FROM assignment a WHERE a.principal = m.group_id AND a.application = ?)
    AND EXISTS (SELECT 1 FROM object o WHERE o.id = m.member_id AND o.kind = 'user')
    ON CONFLICT DO NOTHING"""
_MEMBERS_OF_CHANGED_ASSIGNMENTS = """INSERT INTO work (job, kind, object)
    SELECT ?, 'user', m.member_id FROM assignment a JOIN member m ON m.group_id = a.principal
    WHERE a.application = ? AND a.change > ? AND a.change <= ? AND a.principal_kind = 'group' AND m.removed_at IS NULL
    AND EXISTS (SELECT 1 FROM object o WHERE o.id = m.member_id AND o.kind = 'user')
    ON CONFLICT DO NOTHING"""
# An object whose liveness changed has a change number at least as high, so the change index finds it.
_MEMBERS_OF_GROUPS_THAT_CAME_OR_WENT = """INSERT INTO work (job, kind, object)
    SELECT ?, 'user', m.member_id FROM object g JOIN member m ON m.group_id = g.id
    WHERE g.tenant = ? AND g.change > ? AND g.change <= ? AND g.alive_change > ? AND g.kind = 'group'
    AND m.removed_at IS NULL
    AND EXISTS (SELECT 1 FROM assignment a WHERE a.principal = g.id AND a.application = ?)
    AND EXISTS (SELECT 1 FROM object o WHERE o.id = m.member_id AND o.kind = 'user')
    ON CONFLICT DO NOTHING"""
# Where groups are flattened: the same people, through any depth.
_REACHED = """INSERT INTO work (job, kind, object) SELECT ?, 'user', p.id FROM ({people}) p
    WHERE TRUE ON CONFLICT DO NOTHING"""
_TOUCHED = _REACHED.format(people=nesting.TOUCHED_PEOPLE)
_PEOPLE_OF_CHANGED_ASSIGNMENTS = _REACHED.format(people=nesting.PEOPLE_OF_CHANGED_ASSIGNMENTS)
_LEFT = """INSERT INTO work (job, kind, object)
    SELECT p.job, p.object_kind, p.object FROM operation p
    WHERE p.job = ? AND p.state = 'left' AND p.stage = 1
    ON CONFLICT DO NOTHING"""
# A run that was cut short leaves some as sent: repeating them changes nothing.
_REFERENCES_LEFT = """INSERT INTO work (job, kind, object)
    SELECT p.job, 'references', p.object FROM operation p
    WHERE p.job = ? AND p.state IN ('left', 'sent') AND p.stage = 2 AND p.kind = 'reference'
    ON CONFLICT DO NOTHING"""
_DUE = f"""INSERT INTO work (job, kind, object)
    SELECT e.job, CASE e.kind WHEN 'object' THEN e.object_kind ELSE 'references' END, e.object FROM escrow e
    WHERE e.job = ? AND {escrow.is_due()} AND (e.first_failed_at > ? OR e.removes > ?)
    AND (e.kind = 'object' OR e.object_kind = 'user')
    ON CONFLICT DO NOTHING"""
_LEAVERS = f"""INSERT INTO work (job, kind, object) SELECT l.job, l.kind, l.object FROM link l WHERE {LEAVER}
    ON CONFLICT DO NOTHING"""


_ENTERING = ("create", "link")


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondStage:
    """An object whose members or references are compared; `entering` when this cycle creates or links it.

    `broken`: comparing them did not come to an end the last time.
    """

    object: str
    name: str
    kind: Kind
    entering: bool
    linked: bool
    broken: bool = False


def make(
    connection: Connection,
    *,
    job: int,
    tenant: str,
    application: str,
    low: int,
    high: int,
    assigned_only: bool,
    nested: NestedGroups,
    at: int | None,
    left: bool = False,
    given_up: GivenUp = NOBODY,
    disabled_by: int | None = None,
) -> None:
    """Fill the work set with everything the interval (low, high] of the feed may have changed, what is due at the
    moment `at` (None: nothing is), but not who is `given_up`, and what earlier cycles `left`. `disabled_by`: leavers
    whose accounts were disabled by then are to be deleted.

    `high` must be the feed's newest number in this very transaction, so that nothing newer is partly seen.
    """
    clear(connection, job)
    execute = connection.execute
    execute(_CHANGED_OBJECTS, (job, tenant, low, high))
    if left:
        execute(_LEFT, (job,))
        execute(_REFERENCES_LEFT, (job,))
    if at is not None:
        execute(_DUE, (job, *escrow.moment(at), *given_up))
    if at is not None and disabled_by is not None:
        execute(_LEAVERS, (job, disabled_by))
    if not assigned_only:
        return
    execute(_CHANGED_ASSIGNMENTS, (job, application, low, high))
    if nested == "flatten":
        execute(_TOUCHED, (job, *nesting.moved(tenant, low, high), application))
        execute(_PEOPLE_OF_CHANGED_ASSIGNMENTS, (job, application, low, high))
    else:
        execute(_CHANGED_MEMBERSHIPS, (job, tenant, low, high, application))
        execute(_MEMBERS_OF_CHANGED_ASSIGNMENTS, (job, application, low, high))
        execute(_MEMBERS_OF_GROUPS_THAT_CAME_OR_WENT, (job, tenant, low, high, low, application))


def add_failed(connection: Connection, job: int) -> None:
    """Whoever is in escrow, due or not: by other rules they may succeed."""
    connection.execute(
        """INSERT INTO work (job, kind, object)
        SELECT e.job, CASE e.kind WHEN 'object' THEN e.object_kind ELSE 'references' END, e.object FROM escrow e
        WHERE e.job = ? AND (e.kind = 'object' OR e.object_kind = 'user') ON CONFLICT DO NOTHING""",
        (job,),
    )


def fill_groups(connection: Connection, job: int, *, everything: bool) -> None:
    """Put the groups whose memberships must be compared whole into the work set, under the kind `members`.

    Those about to be created or linked; with `everything` also those that are linked.
    """
    connection.execute(
        """INSERT INTO work (job, kind, object)
        SELECT p.job, 'members', p.object FROM operation p
        WHERE p.job = ? AND p.state = 'planned' AND p.stage = 1 AND p.object_kind = 'group'
        AND p.kind IN ('create', 'link') ON CONFLICT DO NOTHING""",
        (job,),
    )
    if everything:
        connection.execute(
            """INSERT INTO work (job, kind, object)
            SELECT l.job, 'members', l.object FROM link l WHERE l.job = ? AND l.kind = 'group' AND l.state = 'linked'
            ON CONFLICT DO NOTHING""",
            (job,),
        )


def second_stage(connection: Connection, *, job: int, kind: str, after: str, limit: int) -> list[SecondStage]:
    """The next objects whose members (kind `members`) or references (kind `references`) must be compared."""
    rows = connection.all(
        """SELECT w.object, o.name, o.kind, coalesce(p.kind, ''), coalesce(l.state, ''), e.object FROM work w
        JOIN object o ON o.id = w.object
        LEFT JOIN operation p ON p.job = w.job AND p.stage = 1 AND p.object = w.object
            AND p.state IN ('planned', 'verdict')
        LEFT JOIN link l ON l.job = w.job AND l.object = w.object
        LEFT JOIN escrow e ON e.job = w.job AND e.object = w.object AND e.kind = 'reference'
            AND e.code = 'InternalError'
        WHERE w.job = ? AND w.kind = ? AND w.object > ? AND coalesce(p.kind, '') <> 'delete'
        ORDER BY w.object LIMIT ?""",
        (job, kind, after, limit),
    )
    return [_second_stage(row) for row in rows]


def groups_to_be_deleted(connection: Connection, job: int, after: str, limit: int) -> list[str]:
    """Of the groups whose memberships must be compared, the next that are to be deleted in this cycle."""
    rows = connection.all(
        """SELECT w.object FROM work w JOIN operation p ON p.job = w.job AND p.stage = 1 AND p.object = w.object
            AND p.state IN ('planned', 'verdict') AND p.kind = 'delete'
        WHERE w.job = ? AND w.kind = 'members' AND w.object > ? ORDER BY w.object LIMIT ?""",
        (job, after, limit),
    )
    return [row[0] for row in rows]


def second_stage_of(connection: Connection, job: int, objects: Sequence[str]) -> list[SecondStage]:
    """The same for these objects, whether they are in the work set or not."""
    rows = connection.all(
        f"""SELECT o.id, o.name, o.kind, coalesce(p.kind, ''), coalesce(l.state, ''), e.object FROM object o
        LEFT JOIN operation p ON p.job = ? AND p.stage = 1 AND p.object = o.id AND p.state IN ('planned', 'verdict')
        LEFT JOIN link l ON l.job = ? AND l.object = o.id
        LEFT JOIN escrow e ON e.job = ? AND e.object = o.id AND e.kind = 'reference' AND e.code = 'InternalError'
        WHERE o.id IN ({",".join("?" * len(objects))}) AND coalesce(p.kind, '') <> 'delete' ORDER BY o.id""",
        (job, job, job, *objects),
    )
    return [_second_stage(row) for row in rows]


def _second_stage(row: Row) -> SecondStage:
    return SecondStage(
        object=row[0],
        name=row[1],
        kind=row[2],
        entering=row[3] in _ENTERING,
        linked=row[4] == "linked",
        broken=row[5] is not None,
    )


def add(connection: Connection, job: int, kind: str, object_id: str) -> None:
    """One more object to look at."""
    connection.execute(
        "INSERT INTO work (job, kind, object) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (job, kind, object_id)
    )


def count(connection: Connection, job: int, kind: Kind) -> int:
    """How many objects of a kind must be looked at."""
    row = connection.one("SELECT count(*) FROM work WHERE job = ? AND kind = ?", (job, kind))
    return int(row[0]) if row else 0


def linked(connection: Connection, job: int, kind: str) -> list[str]:
    """Those of a kind who are to be looked at and have an account, or a group, at the target."""
    rows = connection.all(
        """SELECT w.object FROM work w JOIN link l ON l.job = w.job AND l.object = w.object
        WHERE w.job = ? AND w.kind = ? ORDER BY w.object""",
        (job, kind),
    )
    return [row[0] for row in rows]


def clear(connection: Connection, job: int) -> None:
    """Empty the job's work set."""
    connection.execute("DELETE FROM work WHERE job = ?", (job,))
