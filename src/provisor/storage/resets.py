"""Forgetting, for a restart: what a job knows of its target, or what it would retry.

Rows go in the transaction of the verb that asks (admin.jobs); meanings: spec/provisioning-service.md section 2.3.
"""

from collections.abc import Collection
from datetime import datetime

from provisor.database import Connection
from provisor.storage import cycles, escrow, had_links, jobs, operations, quarantine, unknown
from provisor.storage.authors import SERVICE, Author
from provisor.storage.times import to_microseconds


def reset(connection: Connection, job: int, scopes: Collection[str], *, now: datetime, by: Author = SERVICE) -> None:
    """Forget what a restart's reset scope names; `Full` is everything but the permission of `ForceDeletes`.

    A quarantine ends with `None` too: whoever starts a job again means it to run.
    """
    full = "Full" in scopes
    if full or "ConnectorDataStore" in scopes:
        forget_links(connection, job)
    if full or "ConnectorDataStore" in scopes or "Watermark" in scopes:
        forget_position(connection, job, now=now)
    if full or "Escrows" in scopes:
        forget_failures(connection, job)
    found = jobs.read(connection, job)
    if found is not None and (full or "QuarantineState" in scopes or "None" in scopes):
        quarantine.lift(connection, found, now=now, by=by)
    if "ForceDeletes" in scopes:
        jobs.change(connection, job, force_deletes=to_microseconds(now))


def forget_position(connection: Connection, job: int, *, now: datetime) -> None:
    """The next cycle is an initial one; an interrupted cycle is not continued."""
    cycles.abandon(connection, job, to_microseconds(now))
    jobs.change(connection, job, watermark=None)
    jobs.note_restart(connection, job)


def forget_failures(connection: Connection, job: int) -> None:
    """What failed is no longer tried again for its own sake. What must be taken away, or looked at, is all the same."""
    escrow.forget(connection, job)


def forget_links(connection: Connection, job: int) -> None:
    """Everything must be matched again. Nothing happens at the target. What was sent but not answered stays unknown: an
    account that was released may be in use again by it.
    """
    unknown.keep_in_doubt(connection, job, operations.sent(connection, job))
    had_links.note(connection, job)
    for table in (
        *("link", "once_linked", "member_link", "member_taken", "waiting"),
        *("operation", "escrow", "listing", "work"),
    ):
        connection.execute(f"DELETE FROM {table} WHERE job = ?", (job,))
