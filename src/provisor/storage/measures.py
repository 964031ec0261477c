"""How much there is of what an operator watches: work left, failures that wait, how far behind the feed jobs are.

Only reads, each by an index; no name of a person is among it.
"""

from dataclasses import dataclass

from provisor.database import Connection
from provisor.storage import escrow, feed, forwarding, holds, log
from provisor.storage.jobs import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class JobMeasure:
    """One job. `queue` counts operations by state, `escrow` who failed and is tried again; `lag` is how many change
    numbers it has not passed; `held` is how many accounts and groups are held back.
    """

    queue: dict[str, int]
    escrow: int
    lag: int
    held: int


def of_job(connection: Connection, job: Job) -> JobMeasure:
    """What is left to do for one job."""
    queue = dict.fromkeys(("planned", "sent", "left", "waiting"), 0)
    for state in queue:
        row = connection.one("SELECT count(*) FROM operation WHERE job = ? AND state = ?", (job.number, state))
        queue[state] = int(row[0]) if row else 0
    return JobMeasure(
        queue=queue,
        escrow=escrow.count(connection, job.number)["object"],
        held=holds.number(connection, job.number),
        lag=max(feed.current_change(connection, job.tenant) - (job.watermark or 0), 0),
    )


def forwarding_lag(connection: Connection, tenant: str) -> dict[str, int]:
    """How many numbers of events every receiver of the log lacks."""
    newest = log.newest_number(connection)
    found = forwarding.receivers(connection, tenant)
    return {sink: max(newest - receiver.position, 0) for sink, receiver in found.items()}
