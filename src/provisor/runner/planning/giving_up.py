"""Gives up who has failed for 28 days: a last event says so, and nobody tries them again until they change.

Nothing is given up for its age while the clock is doubted (storage.clock).
"""

from collections.abc import Sequence
from functools import partial

from provisor.database import Connection
from provisor.rules.failure import Failure, Retry
from provisor.runner.recording.log_rows import Journal
from provisor.runner.run import PAGE, Run
from provisor.storage import escrow, log, records
from provisor.storage.escrow import EscrowEntry


async def give_up(run: Run) -> None:
    """Take them out of escrow, a page at a time."""
    job = run.job
    at = run.cycle.began_at
    while entries := escrow.expired(run.reader(), job.number, job.tenant, at, PAGE, run.behaviour):
        run.check_stop()
        await run.writer.write(partial(_give_up, run, entries))


def _give_up(run: Run, entries: Sequence[EscrowEntry], connection: Connection) -> None:
    journal = Journal(run)
    ids = [entry.object for entry in entries]
    reads = records.by_ids(connection, application=run.job.application, job=run.job.number, nested=run.nested, ids=ids)
    events = []
    for entry in entries:
        if entry.object in reads:
            record, link = reads[entry.object]
            failure = Failure(code=entry.code, message=entry.message, hint=entry.hint, retry=Retry.NEVER)
            desired = run.judge(record, linked=link is not None)
            events.append(journal.failed(desired, failure, "other", target_id=None if link is None else link.target_id))
    log.append(connection, events)
    escrow.give_up(connection, run.job.number, entries)
