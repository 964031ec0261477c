"""Quarantine: a job with too many or critical errors runs less and less often, and after four weeks not any more.

One row a job while it lasts. Whatever comes to be known about it passes `_tell`. Order: the row, imposing, lifting.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, TypeAlias, cast

import msgspec

from provisor.database import Connection
from provisor.engine.health import DISABLED_AFTER, SENTENCES, QuarantineReason, is_disabled
from provisor.engine.notice import Notice, Turn
from provisor.engine.retry import next_in_series
from provisor.rules.failure import Failure
from provisor.scim.values import Json
from provisor.storage import applications, audit, clock, jobs, outbox
from provisor.storage.authors import SERVICE, Author
from provisor.storage.jobs import Job, JobChanges
from provisor.storage.times import from_microseconds, to_microseconds

ACTIVITY = "Quarantine"
QuarantineTurn: TypeAlias = Literal["entered", "changed", "left", "disabled"]
_TURNS: Mapping[QuarantineTurn, Turn] = {
    "entered": "began",
    "changed": "changed",
    "left": "over",
    "disabled": "changed",
}
_COLUMNS = "reason, series_began, current_began, next_try, series_count, code, message, hint, event"


class Quarantine(msgspec.Struct, frozen=True, kw_only=True):
    """Why a job is in quarantine; times are UTC microseconds.

    `series_began`: first imposed; `current_began`: last; `series_count`: how often it was looked at and left in force.
    `event`: the log's about the failure.
    """

    reason: QuarantineReason
    series_began: int
    current_began: int
    next_try: int
    series_count: int
    failure: Failure
    event: str | None


def read(connection: Connection, job: int) -> Quarantine | None:
    """The job's quarantine, if it is in one."""
    row = connection.one(f"SELECT {_COLUMNS} FROM quarantine WHERE job = ?", (job,))
    if row is None:
        return None
    return Quarantine(
        reason=cast(QuarantineReason, row[0]),
        series_began=row[1],
        current_began=row[2],
        next_try=row[3],
        series_count=row[4],
        failure=Failure(code=row[5], message=row[6], hint=row[7]),
        event=row[8],
    )


def next_try(found: Quarantine, now: datetime) -> int:
    """When a job that stays in this quarantine is tried next."""
    return to_microseconds(next_in_series(from_microseconds(found.series_began), now))


# Imposing


def impose(
    connection: Connection,
    job: Job,
    reason: QuarantineReason,
    failure: Failure,
    *,
    now: datetime,
    event: str | None = None,
    by: Author = SERVICE,
) -> Quarantine:
    """The job enters quarantine, or stays in it, and is tried by the cadence of engine.retry, for four weeks.

    `job` as it is in this transaction.
    """
    known, at = read(connection, job.number), to_microseconds(now)
    began = at if known is None else min(known.series_began, at)
    found = Quarantine(
        reason=reason,
        series_began=began,
        current_began=at,
        next_try=to_microseconds(next_in_series(from_microseconds(began), now)),
        series_count=0 if known is None else known.series_count + 1,
        failure=failure,
        event=event,
    )
    _put(connection, job.number, found)
    changes: JobChanges = {"next_at": found.next_try}
    if job.status_code != "Paused":
        changes["status_code"] = "Quarantine"
    disabled = (
        job.schedule_state == "Active"
        and is_disabled(from_microseconds(began), now)
        and clock.doubt(connection, job.tenant) is None
    )
    if disabled:
        changes["schedule_state"] = "Disabled"
        changes["next_at"] = None
    jobs.change(connection, job.number, **changes)
    if known is None or known.reason != reason:
        _tell(connection, job, "entered" if known is None else "changed", found, now=now, by=by)
    if disabled:
        _tell(connection, job, "disabled", found, now=now, by=by)
    return found


def _put(connection: Connection, job: int, found: Quarantine) -> None:
    failure = found.failure
    connection.execute("DELETE FROM quarantine WHERE job = ?", (job,))
    connection.execute(
        f"INSERT INTO quarantine (job, {_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?)",
        (
            *(job, found.reason, found.series_began, found.current_began, found.next_try, found.series_count),
            *(failure.code, failure.message, failure.hint, found.event),
        ),
    )


# Lifting


def lift(connection: Connection, job: Job, *, now: datetime, by: Author = SERVICE) -> bool:
    """The job leaves quarantine, if it is in one, and runs on its interval again; `job` as in this transaction."""
    known = read(connection, job.number)
    if known is None:
        return False
    connection.execute("DELETE FROM quarantine WHERE job = ?", (job.number,))
    changes: JobChanges = {"next_at": None}
    if job.status_code == "Quarantine":
        changes["status_code"] = jobs.running_code(job)
    jobs.change(connection, job.number, **changes)
    _tell(connection, job, "left", known, now=now, by=by)
    return True


def _tell(
    connection: Connection, job: Job, turn: QuarantineTurn, found: Quarantine, *, now: datetime, by: Author
) -> None:
    """Whoever is to know of a turn in a quarantine is told here, in its transaction: by the audit log, by mail and
    webhooks."""
    detail: dict[str, Json] = {"turn": turn, "reason": found.reason, "why": SENTENCES[found.reason]}
    if turn != "left":
        detail["error"] = {"code": found.failure.code, "message": found.failure.message}
        detail["nextAttempt"] = from_microseconds(found.next_try).isoformat()
    audit.record(connection, tenant=job.tenant, author=by, activity=ACTIVITY, target=job.id, now=now, detail=detail)
    outbox.put(connection, job.tenant, _notice(connection, job, turn, found, now))


def _notice(connection: Connection, job: Job, turn: QuarantineTurn, found: Quarantine, now: datetime) -> Notice:
    """What spec/provisioning-service.md section 11.4 has told."""
    application = applications.read(connection, job.application)
    sentence = SENTENCES[found.reason]
    facts = [("Job", job.id), ("Error", f"{found.failure.code}: {found.failure.message}")]
    if turn == "disabled":
        sentence = "The job was in quarantine for four weeks, so it was switched off. Start it again to have it run."
    elif turn != "left":
        if found.reason == "TooManyDeletes":
            facts.append(("What to do", found.failure.hint))
        until = from_microseconds(found.series_began) + DISABLED_AFTER
        facts.append(("Next attempt", from_microseconds(found.next_try).isoformat(timespec="seconds")))
        facts.append(("Switched off", until.isoformat(timespec="seconds")))
    return Notice(
        trouble="quarantine",
        turn=_TURNS[turn],
        about=job.id,
        name=job.id if application is None else application.display_name,
        job=job.id,
        reason=f"{found.reason}, disabled" if turn == "disabled" else found.reason,
        sentence=sentence,
        facts=tuple(facts),
        at=now,
    )
