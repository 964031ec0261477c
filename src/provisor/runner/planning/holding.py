"""Holds deletions back: who is held is written down, with an event for everybody who was not held before; and the end.

Whose operations are `staged` the executor does not see; above a limit the cycle stops, and these stay planned until the
next one begins. Order: holding, the end of it, who is told.
"""

from collections import Counter
from datetime import datetime
from functools import partial

from msgspec.structs import replace

from provisor.database import Connection
from provisor.engine.brake import CODE, HELD, UNMATCHED, Amounts
from provisor.engine.notice import Notice, Turn
from provisor.rules.failure import Failure
from provisor.runner.recording.log_rows import Journal
from provisor.runner.run import PAGE, Run
from provisor.scim.values import Json
from provisor.storage import audit, cycles, holds, log, outbox, records, taken
from provisor.storage.authors import SERVICE, Author
from provisor.storage.holds import HeldDeletion
from provisor.storage.jobs import Job
from provisor.storage.log import LogRow
from provisor.storage.operations import ENTRY

ACTIVITY = "Hold deletions"
_BY_MAPPING = "The mappings make the account inactive."


async def hold(run: Run, failure: Failure, state: str) -> None:
    """Write down everybody whose operation in this state takes something away, for this reason."""
    after = (0, "")
    while page := holds.removing(run.reader(), run.job.number, state, after, PAGE):
        run.counted(await run.writer.write(partial(_write, run, failure, page)))
        after = (page[-1].stage, page[-1].object)
    await run.writer.write(partial(_begin, run, failure, state))


def _write(run: Run, failure: Failure, page: list[HeldDeletion], connection: Connection) -> Counter[str]:
    job = run.job
    new = holds.unknown(connection, job.number, page)
    ids = [one.object for one in new]
    reads = records.by_ids(connection, application=job.application, job=job.number, nested=run.nested, ids=ids)
    journal, events, rows = Journal(run), list[LogRow](), list[HeldDeletion]()
    for one in new:
        if one.object not in reads:
            continue
        record, link = reads[one.object]
        desired = run.judge(record, linked=link is not None)
        if one.stage != ENTRY:
            reason = f"{one.removes:,} member{'s' * (one.removes != 1)} would be removed."
        else:
            reason = _BY_MAPPING if one.kind in ("update", "link") else desired.why.reason
        rows.append(replace(one, reason=reason))
        target_id = None if link is None else link.target_id
        events.append(journal.held(desired, failure.code, reason, target_id=target_id, deletes=one.deletes))
    holds.keep(connection, job.number, rows)
    log.append(connection, events)
    counts = Counter(f"{one.object_kind}.held" for one in rows)
    cycles.add_counts(connection, job.number, run.cycle.n, counts)
    return counts


def _begin(run: Run, failure: Failure, state: str, connection: Connection) -> None:
    job = run.job
    known = holds.read(connection, job.number)
    holds.begin(connection, job.number, failure, run.at())
    holds.drop_others(connection, job.number, state)
    if known is not None and known.failure.code != failure.code:
        tell(connection, job, "over", known.failure, run.application, Amounts(), now=run.now())
    if known is None or known.failure.code != failure.code:
        amounts = holds.count(connection, job.number, allowed=False)
        tell(connection, job, "began", failure, run.application, amounts, now=run.now())


def over(connection: Connection, job: Job, application: str, *, now: datetime, whole: bool = True) -> None:
    """A cycle has held nothing back: what was held is done, or not due any more. `whole`: it was not only for what had
    changed."""
    known = holds.read(connection, job.number)
    if whole:
        taken.decided(connection, job.number)
    if holds.over(connection, job.number, whole=whole) and known is not None:
        tell(connection, job, "over", known.failure, application, Amounts(), now=now)


def undecided(connection: Connection, job: int) -> Failure | None:
    """Why somebody is held above the threshold whom nobody has allowed, if anybody is."""
    known = holds.read(connection, job)
    if known is None or known.failure.code != HELD or not any(holds.count(connection, job, allowed=False)):
        return None
    return known.failure


def tell(
    connection: Connection,
    job: Job,
    turn: Turn,
    failure: Failure,
    application: str,
    amounts: Amounts,
    *,
    now: datetime,
    by: Author = SERVICE,
) -> None:
    """Whoever is to know that a cycle has stopped for it, or that it is over, is told here. Above the threshold of
    section 12 it is the quarantine that is told of."""
    if failure.code not in (CODE, UNMATCHED):
        return
    detail: dict[str, Json] = {"turn": turn, "reason": failure.code, "why": failure.message, **amounts._asdict()}
    audit.record(connection, tenant=job.tenant, author=by, activity=ACTIVITY, target=job.id, now=now, detail=detail)
    over_now = turn == "over"
    notice = Notice(
        trouble="deletions",
        turn=turn,
        about=job.id,
        name=application,
        job=job.id,
        reason=failure.code,
        sentence="What was held back was decided about, or is not due any more." if over_now else failure.message,
        facts=(("Job", job.id),) if over_now else (("Job", job.id), ("What to do", failure.hint)),
        at=now,
    )
    outbox.put(connection, job.tenant, notice)
