"""Forgetting, for a restart: what a job knows of its target, or what it means to try again.

Rows go in the transaction of the verb that asks (admin.jobs); meanings: spec/provisioning-service.md section 2.3.
"""

from datetime import datetime

from provisor.database import Connection
from provisor.storage import cycles, jobs, links, unknown
from provisor.storage.times import to_microseconds


def forget_position(connection: Connection, job: int, *, now: datetime) -> None:
    """The next cycle is an initial one; a cycle that was cut short is not continued."""
    cycles.abandon(connection, job, to_microseconds(now))
    jobs.change(connection, job, watermark=None)
    jobs.note_restart(connection, job)


def forget_failures(connection: Connection, job: int) -> None:
    """What failed is no longer tried again for its own sake. What must be taken away, or looked at, is all the same."""
    connection.execute(
        """DELETE FROM member_link WHERE job = ? AND pushed = 0 AND pending = 1 AND group_id IN (
            SELECT object FROM operation WHERE job = ? AND state = 'retry' AND stage = 2)""",
        (job, job),
    )
    connection.execute(
        """DELETE FROM operation WHERE job = ? AND state = 'retry' AND removes = 0 AND NOT EXISTS (SELECT 1 FROM link l
        WHERE l.job = operation.job AND l.object = operation.object AND l.pushed_hash = ?)""",
        (job, links.NOBODY_KNOWS),
    )


def forget_links(connection: Connection, job: int) -> None:
    """Everything must be matched anew. Nothing happens at the target. What was sent and not answered stays unknown."""
    unknown.take_over(connection, job)
    for table in ("link", "member_link", "member_taken", "waiting", "operation", "listing", "work"):
        connection.execute(f"DELETE FROM {table} WHERE job = ?", (job,))
