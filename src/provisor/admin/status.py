"""How a job is, in Graph's words: synchronizationStatus with its executions and progress; and whether it runs at all.

Values and their making from stored rows. Shapes: spec/graph-synchronization-api.md section 4,
spec/provisioning-service.md section 16. Order: executions, when it runs, the status, its making.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from provisor.database import Connection
from provisor.runner.scheduler import next_start
from provisor.scim.values import Json
from provisor.storage import cycles, links, operations
from provisor.storage.cycles import Cycle
from provisor.storage.jobs import Job
from provisor.storage.times import from_microseconds, to_microseconds

NEVER = "0001-01-01T00:00:00Z"
LOOKED_AT = 50  # cycles back; failures in a row beyond that are not counted
EXPORTS = ("create", "update", "disable", "delete")
PHASES = {
    "user": "planning users",
    "group": "planning groups",
    "capacity": "planning places for groups",
    "members": "planning memberships",
    "references": "planning references",
    "execute": "writing to the application",
}
_SECOND_STAGE = {"members": "members", "reference": "references"}
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_STATES = {"succeeded": "Succeeded", "entry-level-errors": "EntryLevelErrors", "failed": "Failed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One cycle that ended, as synchronizationTaskExecution tells it."""

    cycle: Cycle

    @property
    def state(self) -> str:
        """Succeeded, Failed or EntryLevelErrors."""
        return _STATES.get(self.cycle.state, "Failed")

    @property
    def exported(self) -> int:
        """Writes to the application that were done."""
        return sum(_count(self.cycle.counters, kind, *EXPORTS) for kind in ("user", "group"))

    @property
    def escrowed(self) -> int:
        """Objects that failed and are tried again."""
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
            "countExports": self.exported + self.escrowed,
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

    `served`: a living `provisor serve` looks after this database. `phase` is what a cycle under way, or one that was
    cut short, is at; `left` says of how many groups it has still to write `members`, of how many people `references`.
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
        """How long the last run took; None while one is under way, after one that was killed, and without any."""
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
    """A job's synchronizationStatus. `running` is the cycle under way; `progress` is (units, done, all)."""

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

    def to_json(self) -> dict[str, Json]:
        """In Graph's words."""

        def told(execution: Execution | None) -> Json:
            return execution.to_json() if execution else None

        return {
            "code": self.code,
            "countSuccessiveCompleteFailures": self.failures_in_a_row,
            "escrowsPruned": False,
            "steadyStateFirstAchievedTime": self.steady_first,
            "steadyStateLastAchievedTime": self.steady_last,
            "synchronizedEntryCountByType": [{"key": key, "value": value} for key, value in self.entries.items()],
            "progress": [
                {"units": units, "completedUnits": done, "totalUnits": all_of_them}
                for units, done, all_of_them in self.progress
            ],
            "lastExecution": told(self.last),
            "lastSuccessfulExecution": told(self.last_successful),
            "lastSuccessfulExecutionWithExports": told(self.last_with_exports),
            "quarantine": None,
            "troubleshootingUrl": None,
        }


def status_of(
    connection: Connection, job: Job, *, held: Callable[[], bool], served: Callable[[], bool], now: datetime
) -> JobStatus:
    """The status of a job; `held`: some process runs it now; `served`: some process starts it when it is due."""
    recent = [cycle for cycle in cycles.newest(connection, job.number, LOOKED_AT) if cycle.kind != "plan"]
    ended = [Execution(cycle=cycle) for cycle in recent if cycle.ended_at is not None]
    succeeded = [execution for execution in ended if execution.state == "Succeeded"]
    failures = 0
    while failures < len(ended) and ended[failures].state == "Failed":
        failures += 1
    newest = recent[0] if recent else None
    running = newest if newest is not None and newest.ended_at is None and held() else None
    return JobStatus(
        code=job.status_code,
        failures_in_a_row=failures,
        steady_first=_time(job.steady_first_at),
        steady_last=_time(job.steady_last_at),
        entries={
            "User to User": links.count(connection, job.number, "user"),
            "Group to Group": links.count(connection, job.number, "group"),
        },
        progress=() if newest is None else _progress(connection, job, newest),
        running=running,
        last=ended[0] if ended else None,
        last_successful=succeeded[0] if succeeded else None,
        last_with_exports=next((execution for execution in succeeded if execution.exported), None),
        runs=_runs(connection, job, newest, running=running is not None, served=served(), now=now),
    )


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
        last_ended=_moment(ended),  # when a killed run ended nobody wrote down
        next_start=start,
        left=_left(connection, job, newest) if open_still and newest is not None else {},
        note=_note(job, running=running, served=served),
    )


def _note(job: Job, *, running: bool, served: bool) -> str:
    """One sentence: whether it starts by itself, and if not, what to do."""
    if job.status_code == "NotConfigured":
        return "It has no credentials yet and cannot run: save them with `provisor job credentials`."
    if job.schedule_state != "Active":
        only = " Once the cycle under way is over, it" if running else " It"
        return f"The schedule is {job.schedule_state}.{only} does not start by itself; `provisor job start` lets it."
    if not served:
        what = "once the cycle under way is over, it" if running else "this job"
        return (
            f"No `provisor serve` is running: {what} will not start by itself; run `provisor serve`, "
            "or `provisor job run` for one cycle."
        )
    return "`provisor serve` is running and starts it when it is due."


def _left(connection: Connection, job: Job, cycle: Cycle) -> dict[str, int]:
    left: dict[str, int] = {}
    for (_, kind, state), number in operations.counts(connection, job.number, cycle.n).items():
        if kind in _SECOND_STAGE and state in ("planned", "sent"):
            left[_SECOND_STAGE[kind]] = left.get(_SECOND_STAGE[kind], 0) + number
    return left


def _progress(connection: Connection, job: Job, cycle: Cycle) -> list[tuple[str, int, int]]:
    """What the newest cycle has done, and what it has planned and not done yet."""
    planned = operations.counts(connection, job.number, cycle.n)
    progress = []
    for kind, units in (("user", "Users"), ("group", "Groups")):
        done = _objects(cycle.counters, kind)
        left = sum(
            number
            for (object_kind, operation, state), number in planned.items()
            if object_kind == kind and state in ("planned", "sent") and operation not in _SECOND_STAGE
        )
        progress.append((units, done, done + left))
    return progress


def _objects(counters: Mapping[str, int], kind: str) -> int:
    return sum(number for name, number in counters.items() if name.startswith(kind + "."))


def _count(counters: Mapping[str, int], kind: str, *outcomes: str) -> int:
    return sum(counters.get(f"{kind}.{outcome}", 0) for outcome in outcomes)


def _moment(at: int | None) -> datetime | None:
    return None if at is None else from_microseconds(at)


def _time(at: int | None) -> str:
    return NEVER if at is None else from_microseconds(at).strftime(_TIME)
