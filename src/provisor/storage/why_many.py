"""What those have in common who are about to lose access: the cause, as far as the directory shows it.

Only reads, when a brake has met too many; one cause is told where it holds for at least half of them.
"""

from provisor.database import Connection
from provisor.engine.brake import CauseKind, WhyMany
from provisor.storage import cycles, objects
from provisor.storage.cycles import Cycle
from provisor.storage.jobs import Job

_GOING = """FROM operation o JOIN object x ON x.id = o.object
    WHERE o.job = ? AND o.state IN ('planned', 'staged') AND o.stage = 1 AND o.removes > 0 AND o.object_kind = ?"""
_GROUPS = """SELECT g.name, CASE WHEN g.deleted_at IS NOT NULL OR g.purged_at IS NOT NULL THEN 'group-deleted'
        WHEN a.removed_at IS NOT NULL THEN 'group-unassigned' ELSE 'group-left' END AS what, count(*) AS number
    FROM operation o JOIN member m ON m.member_id = o.object
    JOIN assignment a ON a.principal = m.group_id AND a.application = ?
    JOIN object g ON g.id = m.group_id
    WHERE o.job = ? AND o.state IN ('planned', 'staged') AND o.stage = 1 AND o.removes > 0 AND o.object_kind = 'user'
    AND (g.deleted_at IS NOT NULL OR g.purged_at IS NOT NULL OR a.removed_at IS NOT NULL OR m.removed_at IS NOT NULL)
    GROUP BY g.name, what ORDER BY number DESC, g.name LIMIT 1"""


def of_accounts(connection: Connection, job: Job, cycle: Cycle, kind: str) -> WhyMany | None:
    """Why so many users, or groups, are about to go."""
    row = connection.one(
        f"""SELECT CASE WHEN o.kind IN ('update', 'link') THEN 'mapping'
            WHEN x.deleted_at IS NOT NULL OR x.purged_at IS NOT NULL THEN 'source'
            WHEN x.enabled = 0 AND o.object_kind = 'user' THEN 'disabled' ELSE 'scope' END AS what, count(*) AS number
        {_GOING} GROUP BY what ORDER BY number DESC, what LIMIT 1""",
        (job.number, kind),
    )
    if row is None:
        return None
    what: CauseKind = row[0]
    number = int(row[1])
    match what:
        case "source":
            return _of_source(connection, job, kind, number)
        case "scope":
            return _of_scope(connection, job, cycle, kind, number)
        case _:
            return WhyMany(what, number)


def of_memberships(connection: Connection, job: Job) -> WhyMany | None:
    """The group that most are about to leave; they may have left it, or be read in another way (nested groups)."""
    row = connection.one(
        """SELECT name, removes FROM operation WHERE job = ? AND state = 'planned' AND stage = 2 AND removes > 0
        ORDER BY removes DESC, name LIMIT 1""",
        (job.number,),
    )
    return None if row is None else WhyMany("group-loses", int(row[1]), row[0])


def _of_source(connection: Connection, job: Job, kind: str, number: int) -> WhyMany:
    row = connection.one(
        f"""SELECT x.source, count(*) AS number {_GOING} AND (x.deleted_at IS NOT NULL OR x.purged_at IS NOT NULL)
        GROUP BY x.source ORDER BY number DESC LIMIT 1""",
        (job.number, kind),
    )
    source, gone = (row[0], int(row[1])) if row is not None else ("", number)
    found = connection.one("SELECT name FROM source WHERE id = ?", (source,))
    live = objects.count(connection, job.tenant, "user" if kind == "user" else "group", source=source)
    return WhyMany("source", gone, "" if found is None else found[0], live + gone, f"{kind}s")


def _of_scope(connection: Connection, job: Job, cycle: Cycle, kind: str, number: int) -> WhyMany:
    if kind == "user":
        row = connection.one(_GROUPS, (job.application, job.number))
        if row is not None and int(row[2]) * 2 >= number:
            return WhyMany(row[1], int(row[2]), row[0])
    before = cycles.last_passed(connection, job.number)
    if before is not None and before != cycle.ruleset_version:
        return WhyMany("rules", number, version=cycle.ruleset_version)
    return WhyMany("scope", number)
