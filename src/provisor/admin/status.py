"""A job's status in Graph's words: synchronizationStatus with its executions and progress; and whether it runs at all.

Values, and how they are made from stored rows. Shapes: spec/graph-synchronization-api.md section 4,
spec/provisioning-service.md section 16. Order: executions, when it runs, the status, how it is made.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import takewhile

from provisor.admin.held import HeldShown, held_of
from provisor.database import Connection
from provisor.engine.health import DISABLED_AFTER, SENTENCES
from provisor.engine.leavers import leavers_of
from provisor.runner.due import is_change_driven, next_start
from provisor.runner.run import LINKS_SENT, REFERENCES_SENT, REFERENCES_THROUGH
from provisor.scim.values import Json
from provisor.storage import cycles, escrow, links, operations, quarantine
from provisor.storage.cycles import Cycle
from provisor.storage.escrow import EscrowKind
from provisor.storage.jobs import Job
from provisor.storage.quarantine import Quarantine
from provisor.storage.times import from_microseconds, to_microseconds

NEVER = "0001-01-01T00:00:00Z"
LOOKED_AT = 50  # cycles back, for the newest and the last that ended
EXPORTS = ("create", "update", "disable", "delete")
PHASES = {
    "user": "planning users",
    "group": "planning groups",
    "capacity": "checking the group limit",
    "members": "planning memberships",
    "references": "planning references",
    "execute": "writing to the application",
}
_SECOND_STAGE = {"members": "members", "reference": "references"}
_UNITS = {"user": "Users", "group": "Groups"}
_REFERENCES = "Memberships"  # counted in groups with members to write, and people with a manager
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_STATES = {"succeeded": "Succeeded", "entry-level-errors": "EntryLevelErrors", "failed": "Failed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One cycle that ended, as a synchronizationTaskExecution. `left`: what it had planned and could not send."""

    cycle: Cycle
    left: int = 0

    @property
    def state(self) -> str:
        """Succeeded, Failed or EntryLevelErrors."""
        return _STATES.get(self.cycle.state, "Failed")

    @property
    def exported(self) -> int:
        """Writes to the application that were done; the members of a group, and somebody's manager, are one each."""
        counters = self.cycle.counters
        linked = sum(number for name, number in counters.items() if name.startswith(LINKS_SENT))
        written = sum(_count(counters, kind, *EXPORTS) for kind in ("user", "group"))
        return linked + written + counters.get(REFERENCES_SENT, 0)

    @property
    def escrowed(self) -> int:
        """How many objects failed and are tried again."""
        return _count(self.cycle.counters, "user", "fail") + _count(self.cycle.counters, "group", "fail")

    def to_json(self) -> dict[str, Json]:
        """In Graph's words."""
        cycle = self.cycle
        looked_at = sum(_objects(cycle.counters, kind) for kind in ("user", "group"))
        skipped = _count(cycle.counters, "user", "skip") + _count(cycle.counters, "group", "skip")
        return {
            "activityIdentifier": cycle.id,
            "countEntitled": looked_at - skipped,
            "countEntitledForProvisioning": looked_at - skipped,
            "countEscrowed": self.escrowed,
            "countEscrowedRaw": self.escrowed,
            "countExported": self.exported,
            "countExports": self.exported + self.escrowed + self.left,
            "countImported": looked_at,
            "countImportedDeltas": looked_at,
            "countImportedReferenceDeltas": _count(cycle.counters, "membership", "add", "remove"),
            "error": None if cycle.error is None else {**cycle.error, "tenantActionable": True},
            "state": self.state,
            "timeBegan": _time(cycle.began_at),
            "timeEnded": _time(cycle.ended_at),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """When a job has run and will run; times are None where there are none.

    `served`: a running `provisor serve` uses this database. `phase` is where the current or interrupted cycle is;
    `left` says of how many groups it still has to write `members`, and of how many users `references`.
    """

    served: bool
    running: bool
    cut_short: bool
    phase: str
    last_began: datetime | None
    last_ended: datetime | None
    next_start: datetime | None
    left: Mapping[str, int]
    note: str

    @property
    def seconds(self) -> float | None:
        """How long the last run took; None while one is running, after one that was killed, and if there was none."""
        if self.last_began is None or self.last_ended is None:
            return None
        return (self.last_ended - self.last_began).total_seconds()

    def to_json(self) -> dict[str, Json]:
        """For another program; times are UTC in ISO 8601, or null."""

        def told(moment: datetime | None) -> str | None:
            return None if moment is None else moment.strftime(_TIME)

        return {
            "served": self.served,
            "running": self.running,
            "cutShort": self.cut_short,
            "phase": self.phase or None,
            "lastBegan": told(self.last_began),
            "lastEnded": told(self.last_ended),
            "lastSeconds": self.seconds,
            "nextStart": told(self.next_start),
            "left": dict(self.left),
            "note": self.note,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStatus:
    """A job's synchronizationStatus. `running` is the cycle under way; `progress` is (units, done, all), as it was
    written by `observed`, which a kill does not lose."""

    code: str
    failures_in_a_row: int
    steady_first: str
    steady_last: str
    entries: Mapping[str, int]
    progress: Sequence[tuple[str, int, int]]
    running: Cycle | None
    last: Execution | None
    last_successful: Execution | None
    last_with_exports: Execution | None
    runs: Runs
    quarantine: Quarantine | None = None
    escrows_pruned: bool = False
    escrow: Mapping[EscrowKind, int] = field(default_factory=dict)
    """How many objects, and how many whose references, failed and are tried again."""
    deletions: HeldShown
    leaving: int = 0
    """How many accounts of leavers wait to be deleted, the first of them at `next_deletion`."""
    next_deletion: datetime | None = None
    observed: datetime

    def to_json(self) -> dict[str, Json]:
        """In Graph's words."""

        def told(execution: Execution | None) -> Json:
            return execution.to_json() if execution else None

        return {
            "code": self.code,
            "countSuccessiveCompleteFailures": self.failures_in_a_row,
            "escrowsPruned": self.escrows_pruned,
            "steadyStateFirstAchievedTime": self.steady_first,
            "steadyStateLastAchievedTime": self.steady_last,
            "synchronizedEntryCountByType": [{"key": key, "value": value} for key, value in self.entries.items()],
            "progress": [
                {
                    "units": units,
                    "completedUnits": done,
                    "totalUnits": all_of_them,
                    "progressObservationDateTime": self.observed.strftime(_TIME),
                }
                for units, done, all_of_them in self.progress
            ],
            "lastExecution": told(self.last),
            "lastSuccessfulExecution": told(self.last_successful),
            "lastSuccessfulExecutionWithExports": told(self.last_with_exports),
            "quarantine": None if self.quarantine is None else _quarantine(self.quarantine),
            "troubleshootingUrl": None,
        }

    def leavers_to_json(self) -> dict[str, Json]:
        """Whose accounts wait to be deleted, which Graph does not know of."""
        at = None if self.next_deletion is None else self.next_deletion.strftime(_TIME)
        return {"awaitingDeletion": self.leaving, "nextDeletionDateTime": at}


def status_of(
    connection: Connection, job: Job, *, held: Callable[[], bool], served: Callable[[], bool], now: datetime
) -> JobStatus:
    """The status of a job; `held`: some process runs it now; `served`: some process starts it when it is due."""
    recent = cycles.newest(connection, job.number, LOOKED_AT)
    ended = [Execution(cycle=cycle) for cycle in recent if cycle.ended_at is not None]
    newest = recent[0] if recent else None
    if ended and ended[0].cycle is newest and newest is not None and newest.phase != "done":
        ended[0] = Execution(cycle=newest, left=_unsent(connection, job, newest))
    running = newest if newest is not None and newest.ended_at is None and held() else None
    leavers, (leaving, first) = leavers_of(job.settings), links.leavers(connection, job.number)
    next_deletion = None if first is None else from_microseconds(first) + timedelta(days=leavers.days)
    return JobStatus(
        leaving=leaving,
        next_deletion=next_deletion,
        code=job.status_code,
        failures_in_a_row=_failures_in_a_row(connection, job),
        steady_first=_time(job.steady_first_at),
        steady_last=_time(job.steady_last_at),
        entries={
            "User to User": links.count_ever(connection, job.number, "user"),
            "Group to Group": links.count_ever(connection, job.number, "group"),
        },
        progress=() if newest is None else _progress(connection, job, newest),
        running=running,
        last=ended[0] if ended else None,
        last_successful=_execution(cycles.last_succeeded(connection, job.number)),
        last_with_exports=_execution(cycles.last_succeeded(connection, job.number, exporting=True)),
        runs=_runs(connection, job, newest, running=running is not None, served=served(), now=now),
        quarantine=quarantine.read(connection, job.number),
        escrows_pruned=job.escrows_pruned,
        escrow=escrow.count(connection, job.number),
        deletions=held_of(connection, job),
        observed=now,
    )


def _failures_in_a_row(connection: Connection, job: Job) -> int:
    """How many of the last cycles that ended have failed as a whole."""
    ended = (Execution(cycle=cycle) for cycle in cycles.walk(connection, job.number) if cycle.ended_at is not None)
    return sum(1 for _ in takewhile(lambda execution: execution.state == "Failed", ended))


def _execution(cycle: Cycle | None) -> Execution | None:
    return None if cycle is None else Execution(cycle=cycle)


def _quarantine(found: Quarantine) -> dict[str, Json]:
    """In Graph's words."""
    failure = found.failure
    ours = failure.code == "InternalError"
    return {
        "reason": found.reason,
        "seriesBegan": _time(found.series_began),
        "currentBegan": _time(found.current_began),
        "nextAttempt": _time(found.next_try),
        "seriesCount": found.series_count,
        "error": {
            "code": failure.code,
            "message": failure.message,
            "tenantActionable": not ours,
        },
    }


def _runs(
    connection: Connection, job: Job, newest: Cycle | None, *, running: bool, served: bool, now: datetime
) -> Runs:
    open_still = newest is not None and newest.phase != "done" and newest.state != "abandoned"
    due = next_start(job, to_microseconds(now))
    ended = None if running or (job.last_ended_at or 0) < (job.last_began_at or 0) else job.last_ended_at
    start = None if due is None or not served or running else max(_moment(due) or now, now)
    return Runs(
        served=served,
        running=running,
        cut_short=open_still and not running,
        phase=PHASES.get(newest.phase, newest.phase) if open_still and newest is not None else "",
        last_began=_moment(job.last_began_at),
        last_ended=_moment(ended),  # when a killed run ended is not known
        next_start=start,
        left=_left(connection, job, newest) if open_still and newest is not None else {},
        note=_note(job, running=running, served=served),
    )


def why(found: Quarantine) -> str:
    """The reason of a quarantine, in Graph's word and ours."""
    return f"{found.reason}: {SENTENCES[found.reason][:1].lower()}{SENTENCES[found.reason][1:]}"


def since(found: Quarantine) -> str:
    """When it began, and when the job is switched off if it lasts."""
    began = from_microseconds(found.series_began)
    return f"{began:%Y-%m-%d %H:%M:%S UTC}; switched off on {began + DISABLED_AFTER:%Y-%m-%d}"


def _note(job: Job, *, running: bool, served: bool) -> str:
    """Whether the job starts by itself, and if not, what to do."""
    if job.status_code == "NotConfigured":
        return "This job has no credentials yet and cannot run: save them with `provisor job credentials`."
    if job.schedule_state != "Active":
        what = "After the current cycle the job" if running else "The job"
        return f"The schedule is {job.schedule_state}. {what} does not start by itself; use `provisor job start`."
    if not served:
        what = "after the current cycle this job" if running else "this job"
        return (
            f"No `provisor serve` is running: {what} will not start by itself; run `provisor serve`, "
            "or `provisor job run` for one cycle."
        )
    if is_change_driven(job):
        return "`provisor serve` is running, sends what changes soon, and starts it when it is due."
    return "`provisor serve` is running and starts it when it is due."


def _unsent(connection: Connection, job: Job, cycle: Cycle) -> int:
    """How much a cycle has planned and not sent, or not learnt the outcome of."""
    planned = operations.counts(connection, job.number, cycle.n)
    return sum(number for (_, _, state), number in planned.items() if state in ("planned", "sent"))


def _left(connection: Connection, job: Job, cycle: Cycle) -> dict[str, int]:
    left: dict[str, int] = {}
    for (_, kind, state), number in operations.counts(connection, job.number, cycle.n).items():
        if kind in _SECOND_STAGE and state in ("planned", "sent"):
            left[_SECOND_STAGE[kind]] = left.get(_SECOND_STAGE[kind], 0) + number
    return left


def _progress(connection: Connection, job: Job, cycle: Cycle) -> list[tuple[str, int, int]]:
    """What the newest cycle has done, and what it has planned and not done yet."""
    found = done_and_left(connection, job, cycle)
    through, left = cycle.counters.get(REFERENCES_THROUGH, 0), sum(_left(connection, job, cycle).values())
    return [
        *((_UNITS[kind], done, done + left) for kind, (done, left) in found.items()),
        (_REFERENCES, through, through + left),
    ]


def done_and_left(connection: Connection, job: Job, cycle: Cycle) -> dict[str, tuple[int, int]]:
    """By kind of object: how many a cycle is through with, and how many it has planned and not done yet."""
    planned = operations.counts(connection, job.number, cycle.n)
    found = {}
    for kind in _UNITS:
        left = sum(
            number
            for (object_kind, operation, state), number in planned.items()
            if object_kind == kind and state in ("planned", "sent") and operation not in _SECOND_STAGE
        )
        found[kind] = (_objects(cycle.counters, kind), left)
    return found


def _objects(counters: Mapping[str, int], kind: str) -> int:
    return sum(number for name, number in counters.items() if name.startswith(kind + "."))


def _count(counters: Mapping[str, int], kind: str, *outcomes: str) -> int:
    return sum(counters.get(f"{kind}.{outcome}", 0) for outcome in outcomes)


def _moment(at: int | None) -> datetime | None:
    return None if at is None else from_microseconds(at)


def _time(at: int | None) -> str:
    return NEVER if at is None else from_microseconds(at).strftime(_TIME)
