"""Provisioning jobs: one row each, with every saved version of its rules (which a cycle pins).

People and Graph call a job by its `id`, which has Graph's form, template.tenant.guid
(spec/graph-synchronization-api.md section 3). Tables, and whoever reads or writes them, call it by its `number`: the
id in every row and index was a quarter to a third of what a cycle wrote. Settings are one JSON object, whose meaning
belongs to the engine.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypedDict, Unpack

import msgspec

from provisor.database import Connection, Row
from provisor.scim.values import Json
from provisor.storage.times import to_microseconds

ScheduleState = Literal["Active", "Disabled", "Paused"]
StatusCode = Literal["NotConfigured", "NotRun", "Active", "Paused", "Quarantine"]

DEFAULT_INTERVAL_SECONDS = 40 * 60  # what administrators know from Entra

_COLUMNS = """number, id, tenant, application, template, schedule_state, interval_seconds, status_code, settings,
    behaviour, ruleset_version, watermark, full_evaluation, last_began_at, last_ended_at, last_cycle, steady_first_at,
    steady_last_at, created_at, restarts"""


# What belongs to a job and goes with it; its events in the log do not.
HANGS_OFF = (
    *("ruleset", "secret", "link", "member_link", "waiting", "cycle", "work", "listing", "operation"),
    "unknown_create",
    "member_taken",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedJob:
    """What stays of a job that was deleted: what its events in the log are told under."""

    number: int
    id: str
    application: str
    application_name: str
    template: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as stored; times are UTC microseconds. `watermark` None: the next cycle is an initial one."""

    number: int
    id: str
    tenant: str
    application: str
    template: str
    schedule_state: ScheduleState
    interval_seconds: int
    status_code: StatusCode
    settings: dict[str, Json]
    behaviour: str
    ruleset_version: int
    watermark: int | None
    full_evaluation: bool
    last_began_at: int | None
    last_ended_at: int | None
    last_cycle: int
    steady_first_at: int | None
    steady_last_at: int | None
    created_at: int
    restarts: int


class JobChanges(TypedDict, total=False):
    """What `change` may set, by column."""

    schedule_state: ScheduleState
    interval_seconds: int
    status_code: StatusCode
    settings: Mapping[str, Json]
    behaviour: str
    ruleset_version: int
    watermark: int | None
    full_evaluation: bool
    last_began_at: int | None
    last_ended_at: int | None
    last_cycle: int
    steady_first_at: int | None
    steady_last_at: int | None


def create(
    connection: Connection,
    *,
    tenant: str,
    application: str,
    template: str,
    document: Json,
    created_by: str,
    now: datetime,
    settings: Mapping[str, Json] | None = None,
    behaviour: str = "provisor",
) -> Job:
    """A new job, not started and not configured, with `document` as version 1 of its rules."""
    job_id = f"{template}.{tenant.replace('-', '')}.{uuid.uuid4()}"
    number = _next_number(connection)
    connection.execute(
        """INSERT INTO job (number, id, tenant, application, template, schedule_state, interval_seconds, status_code,
        settings, behaviour, ruleset_version, full_evaluation, last_cycle, created_at)
        VALUES (?, ?, ?, ?, ?, 'Disabled', ?, 'NotConfigured', ?, ?, 0, 0, 0, ?)""",
        (
            number,
            job_id,
            tenant,
            application,
            template,
            DEFAULT_INTERVAL_SECONDS,
            _text(dict(settings or {})),
            behaviour,
            to_microseconds(now),
        ),
    )
    save_rules(connection, number, document, created_by=created_by, now=now)
    job = read(connection, number)
    if job is None:
        raise LookupError(f"The job {job_id} was not stored.")
    return job


def _next_number(connection: Connection) -> int:
    """A number that no job has or had: the log still tells of deleted ones."""
    row = connection.one("SELECT (SELECT max(number) FROM job), (SELECT max(number) FROM deleted_job)")
    return max((number or 0 for number in row or ()), default=0) + 1


def read(connection: Connection, job: int) -> Job | None:
    """One job."""
    row = connection.one(f"SELECT {_COLUMNS} FROM job WHERE number = ?", (job,))
    return _job(row) if row else None


def by_id(connection: Connection, job_id: str) -> Job | None:
    """The job that people and Graph call so."""
    row = connection.one(f"SELECT {_COLUMNS} FROM job WHERE id = ?", (job_id,))
    return _job(row) if row else None


def all_jobs(connection: Connection, tenant: str, application: str | None = None) -> list[Job]:
    """Every job of the tenant, or of one application, oldest first."""
    rows = connection.all(
        f"""SELECT {_COLUMNS} FROM job WHERE tenant = ? AND application = COALESCE(?, application)
        ORDER BY created_at, id""",
        (tenant, application),
    )
    return [_job(row) for row in rows]


def change(connection: Connection, job: int, **changes: Unpack[JobChanges]) -> None:
    """Set columns of a job; nothing else of it moves."""
    values: dict[str, object] = {**changes}
    if "settings" in changes:
        values["settings"] = _text(dict(changes["settings"]))
    if "full_evaluation" in changes:
        values["full_evaluation"] = int(changes["full_evaluation"])
    if values:
        names = ", ".join(f"{name} = ?" for name in values)
        connection.execute(f"UPDATE job SET {names} WHERE number = ?", (*values.values(), job))


def restarts(connection: Connection, job: int) -> int | None:
    """How often the job was restarted; None when there is no such job any more."""
    row = connection.one("SELECT restarts FROM job WHERE number = ?", (job,))
    return int(row[0]) if row else None


def note_restart(connection: Connection, job: int) -> None:
    """What a cycle that is under way brings must not count as seen: it began before what was asked for."""
    connection.execute("UPDATE job SET restarts = restarts + 1 WHERE number = ?", (job,))


def delete(connection: Connection, job: Job, *, application_name: str, now: datetime) -> None:
    """Forget a job with its rules, credentials, links and cycles; its log stays, under the names it has now."""
    connection.execute(
        """INSERT INTO deleted_job (number, id, tenant, application, application_name, template, deleted_at)
        VALUES (?, ?, ?, ?, ?, ?, ?)""",
        (job.number, job.id, job.tenant, job.application, application_name, job.template, to_microseconds(now)),
    )
    for table in HANGS_OFF:
        connection.execute(f"DELETE FROM {table} WHERE job = ?", (job.number,))
    connection.execute("DELETE FROM job WHERE number = ?", (job.number,))


def deleted(connection: Connection, tenant: str, key: str) -> list[DeletedJob]:
    """The deleted jobs of this id, or of an application that was called so."""
    rows = connection.all(
        """SELECT number, id, application, application_name, template FROM deleted_job
        WHERE tenant = ? AND (id = ? OR application_name = ?) ORDER BY deleted_at, id""",
        (tenant, key, key),
    )
    return [
        DeletedJob(number=row[0], id=row[1], application=row[2], application_name=row[3], template=row[4])
        for row in rows
    ]


def save_rules(connection: Connection, job: int, document: Json, *, created_by: str, now: datetime) -> int:
    """Keep a new version of a job's rules and make it current; returns its number. Cycles under way keep theirs."""
    row = connection.one(
        "UPDATE job SET ruleset_version = ruleset_version + 1 WHERE number = ? RETURNING ruleset_version", (job,)
    )
    if row is None:
        raise LookupError(f"There is no job {job}.")
    version = int(row[0])
    connection.execute(
        "INSERT INTO ruleset (job, version, document, created_at, created_by) VALUES (?, ?, ?, ?, ?)",
        (job, version, _text(document), to_microseconds(now), created_by),
    )
    return version


def rules(connection: Connection, job: int, version: int) -> Json:
    """One version of a job's rules: Graph's synchronizationSchema document."""
    document: Json = msgspec.json.decode(rules_text(connection, job, version))
    return document


def rules_text(connection: Connection, job: int, version: int) -> str:
    """The same as it is stored: a version never changes, so what was made of its text can be kept."""
    row = connection.one("SELECT document FROM ruleset WHERE job = ? AND version = ?", (job, version))
    if row is None:
        raise LookupError(f"The job {job} has no version {version} of its rules.")
    return str(row[0])


def lowest_watermark(connection: Connection, tenant: str) -> int | None:
    """The change number that every job has passed; None while a job has not finished its initial cycle.

    Without any job it is the newest change number: nobody waits for a tombstone.
    """
    row = connection.one("SELECT count(*), count(watermark), min(watermark) FROM job WHERE tenant = ?", (tenant,))
    if row is None or row[0] == 0:
        newest = connection.one("SELECT number FROM feed WHERE tenant = ?", (tenant,))
        return int(newest[0]) if newest else 0
    return int(row[2]) if row[0] == row[1] else None


def _text(document: Json) -> str:
    return msgspec.json.encode(document).decode()


def _job(row: Row) -> Job:
    return Job(
        number=row[0],
        id=row[1],
        tenant=row[2],
        application=row[3],
        template=row[4],
        schedule_state=row[5],
        interval_seconds=row[6],
        status_code=row[7],
        settings=msgspec.json.decode(row[8]),
        behaviour=row[9],
        ruleset_version=row[10],
        watermark=row[11],
        full_evaluation=row[12] != 0,
        last_began_at=row[13],
        last_ended_at=row[14],
        last_cycle=row[15],
        steady_first_at=row[16],
        steady_last_at=row[17],
        created_at=row[18],
        restarts=row[19],
    )
