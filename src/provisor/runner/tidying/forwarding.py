"""Passes the provisioning log on: what was written since the last time, to every receiver that is set.

How far a receiver has come is noted after it was given a batch: a kill in between gives it that batch once more, and
loses none. One process forwards at a time; what follows the order of commits misses nothing that was written late.
"""

from provisor.database import Database
from provisor.runner.job_lock import JobBusy, job_lock
from provisor.runner.tidying.sinks import send
from provisor.storage import forwarding, log
from provisor.storage.forwarding import Receiver, Sink
from provisor.storage.log import LogQuery

BATCH = 200
_MOST_BATCHES = 50  # in one go; the rest comes with the next
_LOCK = "log-forwarding"  # no id of a job


def forward(database: Database, tenant: str) -> dict[Sink, str]:
    """Give every receiver what it lacks; what kept one from it, in a sentence. Blocks for a moment: not for a loop."""
    if not forwarding.receivers(database.reader(), tenant):
        return {}
    failures: dict[Sink, str] = {}
    try:
        with job_lock(database.path, _LOCK):
            for sink, receiver in forwarding.receivers(database.reader(), tenant).items():
                try:
                    _catch_up(database, tenant, sink, receiver)
                except OSError as error:
                    why = error.strerror or str(error)
                    failures[sink] = f"The provisioning log cannot be passed on to {receiver.address}: {why}."
    except JobBusy:  # another process does it
        return {}
    return failures


def _catch_up(database: Database, tenant: str, sink: Sink, receiver: Receiver) -> None:
    for _ in range(_MOST_BATCHES):
        events, reached = log.follow(database.reader(), LogQuery(tenant=tenant), receiver.position, BATCH)
        if reached == receiver.position:
            return
        if events:
            send(sink, receiver.address, events)
        with database.transaction() as connection:
            forwarding.passed(connection, tenant, sink, receiver, reached)
        receiver = Receiver(receiver.address, reached)
