"""Forgetting, for a restart: what a job knows of its target, or what it means to try again.

Rows go in the transaction of the verb that asks (admin.jobs); meanings: spec/provisioning-service.md section 2.3.
"""

from datetime import datetime

from provisor.database import Connection
from provisor.storage import cycles, jobs
from provisor.storage.times import to_microseconds


def forget_position(connection: Connection, job: str, *, now: datetime) -> None:
    """The next cycle is an initial one; a cycle that was cut short is not continued."""
    cycles.abandon(connection, job, to_microseconds(now))
    jobs.change(connection, job, watermark=None)


def forget_failures(connection: Connection, job: str) -> None:
    """What failed is no longer tried again for its own sake."""
    connection.execute("DELETE FROM operation WHERE job = ? AND state = 'retry'", (job,))


def forget_links(connection: Connection, job: str) -> None:
    """Everything must be matched anew. Nothing happens at the target."""
    for table in ("link", "member_link", "waiting", "operation", "listing", "work"):
        connection.execute(f"DELETE FROM {table} WHERE job = ?", (job,))
