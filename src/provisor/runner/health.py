"""What the end of a cycle means for its job: quarantine, the end of one, or a pause where an initial cycle went wrong.

Everything is written in the transaction that ends the cycle. Order: a cycle that failed, one that was carried through.
"""

from collections.abc import Mapping
from datetime import datetime

from provisor.database import Connection
from provisor.engine.health import SENTENCES, QuarantineReason, judge_failures, judge_stop, thresholds_of
from provisor.engine.ports import Exchange
from provisor.rules.failure import Failure
from provisor.runner.cycle_event import failed_cycle
from provisor.storage import audit, escrow, jobs, log, quarantine
from provisor.storage.authors import SERVICE
from provisor.storage.cycles import Cycle
from provisor.storage.jobs import Job
from provisor.storage.times import to_microseconds

_DONE = ("create", "update", "link", "disable", "delete")
_SEE = "See who failed, and why, with `provisor job escrow`; the job is tried less and less often."
_PRUNED = "See the provisioning log for who failed, and why; put it right, and start the job again."


def tell_failed(
    connection: Connection,
    job: Job,
    application: str,
    cycle: Cycle,
    failure: Failure,
    now: datetime,
    *,
    exchange: Exchange | None = None,
) -> None:
    """Why a cycle failed as a whole, in the provisioning log; and its job is quarantined where that is to blame."""
    row = failed_cycle(
        tenant=job.tenant,
        job=job.number,
        application=application,
        cycle=cycle.id,
        failure=failure,
        at=to_microseconds(now),
        exchange=exchange,
    )
    log.append(connection, [row])
    present, reason = jobs.read(connection, job.number), judge_stop(failure.code)
    if present is not None and reason is not None:
        quarantine.impose(connection, present, reason, failure, now=now, event=row.id)
    elif present is not None:
        _plan_next(connection, present, now)


def judge_health(
    connection: Connection,
    number: int,
    application: str,
    cycle: Cycle,
    counters: Mapping[str, int],
    now: datetime,
    *,
    again: bool = False,
    held: Failure | None = None,
) -> None:
    """A cycle was carried through: its job is well, or too much of it failed, or deletions were `held` back. `again`:
    the next one follows at once.
    """
    job = jobs.read(connection, number)
    if job is None or job.restarts != cycle.restarts:
        return
    if held is not None:
        event = _event(connection, job, application, cycle, held, now)
        quarantine.impose(connection, job, "TooManyDeletes", held, now=now, event=event)
        return
    failed = escrow.count(connection, number)
    done = sum(counters.get(f"{kind}.{outcome}", 0) for kind in ("user", "group") for outcome in _DONE)
    reason = judge_failures(failed["object"], failed["reference"], done, thresholds_of(job.settings))
    if reason is None or cycle.kind == "initial":
        lifted = quarantine.lift(connection, job, now=now)
        if reason is not None:
            _prune(connection, number, application, cycle, reason, now)
        elif not lifted:
            _plan_next(connection, job, now, again=again)
        return
    failure = Failure(code=reason, message=f"{SENTENCES[reason]}: {_said(failed, done)}.", hint=_SEE)
    event = _event(connection, job, application, cycle, failure, now)
    quarantine.impose(connection, job, reason, failure, now=now, event=event)


def _said(failed: Mapping[escrow.EscrowKind, int], done: int) -> str:
    objects, references = failed["object"], failed["reference"]
    return f"{objects:,} objects and the references of {references:,} failed, {done:,} were provisioned"


def _plan_next(connection: Connection, job: Job, now: datetime, *, again: bool = False) -> None:
    """When the job runs next; what was asked for since this run began stays."""
    known, next_at = quarantine.read(connection, job.number), job.next_at
    if again:
        next_at = to_microseconds(now)
    elif next_at is None or job.last_began_at is None or next_at <= job.last_began_at:
        next_at = None if known is None else quarantine.next_try(known, now)
    if next_at != job.next_at:
        jobs.change(connection, job.number, next_at=next_at)


def _prune(
    connection: Connection, number: int, application: str, cycle: Cycle, reason: QuarantineReason, now: datetime
) -> None:
    """An initial cycle had too many errors: they are cleared, and the job waits for an administrator."""
    job = jobs.read(connection, number)
    if job is None:
        return
    failed = escrow.count(connection, number)
    message = f"{SENTENCES[reason]} in the initial cycle: {failed['object']:,} objects and the references of"
    message += f" {failed['reference']:,}. They are not tried again, and the job is paused."
    _event(connection, job, application, cycle, Failure(code=reason, message=message, hint=_PRUNED), now)
    escrow.forget(connection, number)
    jobs.change(connection, number, schedule_state="Paused", status_code="Paused", escrows_pruned=True, next_at=None)
    audit.record(
        connection,
        tenant=job.tenant,
        author=SERVICE,
        activity="Disable/pause provisioning configuration",
        target=job.id,
        now=now,
        detail={"escrowsPruned": True, "reason": reason, "why": message},
    )


def _event(connection: Connection, job: Job, application: str, cycle: Cycle, failure: Failure, now: datetime) -> str:
    at = to_microseconds(now)
    row = failed_cycle(
        tenant=job.tenant, job=job.number, application=application, cycle=cycle.id, failure=failure, at=at
    )
    log.append(connection, [row])
    return row.id
