"""Provisioning jobs: one row each, with every saved version of its rules (which a cycle pins).

People and Graph call a job by its `id`, which has Graph's form, template.tenant.guid (spec/graph-synchronization-api.md
section 3). Tables, and the code that reads or writes them, use its `number`: the id in every row and index was a
quarter to a third of what a cycle wrote. Settings are one JSON object, whose meaning belongs to the engine.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypedDict, Unpack

import msgspec

from provisor.database import Connection, Row
from provisor.engine.behaviour import NestedGroups
from provisor.scim.values import Json
from provisor.storage.times import to_microseconds

ScheduleState = Literal["Active", "Disabled", "Paused"]
StatusCode = Literal["NotConfigured", "NotRun", "Active", "Paused", "Quarantine"]

DEFAULT_INTERVAL_SECONDS = 40 * 60  # what administrators know from Entra

_COLUMNS = """number, id, tenant, application, template, schedule_state, interval_seconds, status_code, settings,
    behaviour, ruleset_version, watermark, full_evaluation, last_began_at, last_ended_at, last_cycle, steady_first_at,
    steady_last_at, created_at, restarts, next_at, escrows_pruned, aborts, force_deletes, rules_changed, regroupings"""


NESTED_GROUPS = "nestedGroups"  # setting: flatten, or absent for direct
CHANGE_DRIVEN = "changeDriven"  # setting: whether changes are sent when they come; absent: as the behaviour does
SKIP = "skipOutOfScopeDeletions"  # setting: whether the accounts of those who leave the scope are left alone
APPROVE_ABOVE = "approveAbove"  # setting: how many operations a cycle may send without approval; absent: any number
APPROVER_DIFFERS = "approverDiffers"  # setting: nobody approves a plan that they asked for

# What belongs to a job and goes with it; its events in the log do not.
HANGS_OFF = (
    *("ruleset", "link", "member_link", "waiting", "cycle", "work", "listing", "operation"),
    "unknown_create",
    "once_linked",
    "member_taken",
    "plan",
    "escrow",
    "quarantine",
    "exchange",
    "run_request",
    "taken",
    "hold",
    "held",
    "had_link",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as stored; times are UTC microseconds. `watermark` None: the next cycle is an initial one.

    `full_evaluation`: that one judges everybody. `rules_changed`: whom the new rules can concern.
    `next_at`: when the next run is due, where it is not the interval that says so.
    """

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
    next_at: int | None
    escrows_pruned: bool
    aborts: int
    force_deletes: int | None
    rules_changed: bool = False
    regroupings: int = 0

    @property
    def must_begin_anew(self) -> bool:
        """Whether a cycle that was cut short no longer has the rules or the scope of now."""
        return self.full_evaluation or self.rules_changed


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
    next_at: int | None
    escrows_pruned: bool
    force_deletes: int | None
    rules_changed: bool
    regroupings: int


def nested_groups(job: Job) -> NestedGroups:
    """Who is in a group, for this job."""
    return "flatten" if job.settings.get(NESTED_GROUPS) == "flatten" else "direct"


def running_code(job: Job) -> StatusCode:
    """The status of a job that is started and not in quarantine."""
    return "NotRun" if job.watermark is None and job.steady_first_at is None else "Active"


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
    """A new job, not started and not configured, with `document` as version 1 of its rules.

    Its id ends in that of the service principal; where a job is called so already, or was, in a GUID of its own
    (spec/provisioning-service.md section 1).
    """
    job_id = f"{template}.{tenant.replace('-', '')}.{application}"
    if _was_called(connection, job_id):
        job_id = f"{job_id.removesuffix(application)}{uuid.uuid4()}"
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


def _was_called(connection: Connection, job_id: str) -> bool:
    row = connection.one(
        "SELECT 1 FROM job WHERE id = ? UNION ALL SELECT 1 FROM deleted_job WHERE id = ?", (job_id, job_id)
    )
    return row is not None


def _next_number(connection: Connection) -> int:
    """A number that no job has or had: the log still has events of deleted ones."""
    row = connection.one("SELECT (SELECT max(number) FROM job), (SELECT max(number) FROM deleted_job)")
    return max((number or 0 for number in row or ()), default=0) + 1


def read(connection: Connection, job: int) -> Job | None:
    """One job."""
    row = connection.one(f"SELECT {_COLUMNS} FROM job WHERE number = ?", (job,))
    return _job(row) if row else None


def by_id(connection: Connection, job_id: str) -> Job | None:
    """The job with the id that people and Graph use."""
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


def scheduled(connection: Connection, tenant: str) -> list[tuple[Job, bool]]:
    """The jobs that may be due, oldest first: whose schedule is active, or who are asked to run now (True)."""
    rows = connection.all(
        f"""SELECT {_COLUMNS}, EXISTS (SELECT 1 FROM run_request r WHERE r.job = job.number AND r.answer IS NULL
            AND (r.by_hand = 1 OR job.schedule_state = 'Active'))
        FROM job WHERE (tenant = ? AND schedule_state = 'Active')
        OR (tenant = ? AND number IN (SELECT job FROM run_request WHERE answer IS NULL AND by_hand = 1))
        ORDER BY created_at, id""",
        (tenant, tenant),
    )
    return [(_job(row), row[-1] != 0) for row in rows]


def change(connection: Connection, job: int, **changes: Unpack[JobChanges]) -> None:
    """Set columns of a job; nothing else of it moves."""
    values: dict[str, object] = {**changes}
    if "settings" in changes:
        values["settings"] = _text(dict(changes["settings"]))
    for name in {"full_evaluation", "rules_changed", "escrows_pruned"} & changes.keys():
        values[name] = int(bool(values[name]))
    if values:
        names = ", ".join(f"{name} = ?" for name in values)
        connection.execute(f"UPDATE job SET {names} WHERE number = ?", (*values.values(), job))


def restarts(connection: Connection, job: int) -> int | None:
    """How often the job was restarted; None when the job no longer exists."""
    row = connection.one("SELECT restarts FROM job WHERE number = ?", (job,))
    return int(row[0]) if row else None


def note_restart(connection: Connection, job: int) -> None:
    """What a running cycle brings must not count as seen: it began before the restart."""
    connection.execute("UPDATE job SET restarts = restarts + 1 WHERE number = ?", (job,))


def aborts(connection: Connection, job: int) -> int | None:
    """How often a cycle of the job was to end at once; None when there is no such job any more."""
    row = connection.one("SELECT aborts FROM job WHERE number = ?", (job,))
    return int(row[0]) if row else None


def note_abort(connection: Connection, job: int) -> None:
    """Whoever runs a cycle of the job now is to end it at once. Nothing is left behind for one that begins later."""
    connection.execute("UPDATE job SET aborts = aborts + 1 WHERE number = ?", (job,))


def forced(connection: Connection, job: int, allowed_at: int) -> None:
    """What was allowed then is done. What was allowed since is not."""
    connection.execute("UPDATE job SET force_deletes = NULL WHERE number = ? AND force_deletes = ?", (job, allowed_at))


def regrouped(connection: Connection, job: int, regroupings: int) -> None:
    """All memberships were compared, with nested groups as they were set by then."""
    connection.execute("UPDATE job SET regroupings = 0 WHERE number = ? AND regroupings = ?", (job, regroupings))


def delete(connection: Connection, job: Job, *, application_name: str, now: datetime) -> None:
    """Forget a job with its rules, links and cycles; its log stays, under the names it has now.

    The credentials of its application go with the application's last job.
    """
    connection.execute(
        """INSERT INTO deleted_job (number, id, tenant, application, application_name, template, deleted_at)
        VALUES (?, ?, ?, ?, ?, ?, ?)""",
        (job.number, job.id, job.tenant, job.application, application_name, job.template, to_microseconds(now)),
    )
    connection.execute(
        "DELETE FROM plan_operation WHERE plan IN (SELECT number FROM plan WHERE job = ?)", (job.number,)
    )
    for table in HANGS_OFF:
        connection.execute(f"DELETE FROM {table} WHERE job = ?", (job.number,))
    connection.execute("DELETE FROM job WHERE number = ?", (job.number,))
    connection.execute(
        """DELETE FROM secret WHERE tenant = ? AND owner_kind = 'application' AND owner = ?
        AND NOT EXISTS (SELECT 1 FROM job WHERE application = ?)""",
        (job.tenant, job.application, job.application),
    )
    connection.execute(
        """DELETE FROM open_trouble WHERE tenant = ? AND (about = ?
        OR (about = ? AND NOT EXISTS (SELECT 1 FROM job WHERE application = ?)))""",
        (job.tenant, job.id, job.application, job.application),
    )


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

    Without any job it is the newest change number: no job needs a tombstone.
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
        next_at=row[20],
        escrows_pruned=row[21] != 0,
        aborts=row[22],
        force_deletes=row[23],
        rules_changed=row[24] != 0,
        regroupings=row[25],
    )
