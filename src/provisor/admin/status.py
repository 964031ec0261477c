"""How a job is, in Graph's words: synchronizationStatus with its executions and its progress.

Values and their making from stored rows. Shapes: spec/graph-synchronization-api.md section 4,
spec/provisioning-service.md section 16.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from provisor.database import Connection
from provisor.scim.values import Json
from provisor.storage import cycles, links, operations
from provisor.storage.cycles import Cycle
from provisor.storage.jobs import Job
from provisor.storage.times import from_microseconds

NEVER = "0001-01-01T00:00:00Z"
LOOKED_AT = 50  # cycles back; failures in a row beyond that are not counted
EXPORTS = ("create", "update", "disable", "delete")
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


def status_of(connection: Connection, job: Job, *, held: Callable[[], bool]) -> JobStatus:
    """The status of a job; `held` says whether some process runs it now."""
    recent = [cycle for cycle in cycles.newest(connection, job.id, LOOKED_AT) if cycle.kind != "plan"]
    ended = [Execution(cycle=cycle) for cycle in recent if cycle.ended_at is not None]
    succeeded = [execution for execution in ended if execution.state == "Succeeded"]
    failures = 0
    while failures < len(ended) and ended[failures].state == "Failed":
        failures += 1
    return JobStatus(
        code=job.status_code,
        failures_in_a_row=failures,
        steady_first=_time(job.steady_first_at),
        steady_last=_time(job.steady_last_at),
        entries={
            "User to User": links.count(connection, job.id, "user"),
            "Group to Group": links.count(connection, job.id, "group"),
        },
        progress=_progress(connection, job, recent[0]) if recent else (),
        running=recent[0] if recent and recent[0].ended_at is None and held() else None,
        last=ended[0] if ended else None,
        last_successful=succeeded[0] if succeeded else None,
        last_with_exports=next((execution for execution in succeeded if execution.exported), None),
    )


def _progress(connection: Connection, job: Job, cycle: Cycle) -> list[tuple[str, int, int]]:
    """What the newest cycle has done, and what it has planned and not done yet."""
    planned = operations.counts(connection, job.id, cycle.n)
    progress = []
    for kind, units in (("user", "Users"), ("group", "Groups")):
        done = _objects(cycle.counters, kind)
        left = sum(
            number
            for (object_kind, operation, state), number in planned.items()
            if object_kind == kind and state in ("planned", "sent") and operation != "members"
        )
        progress.append((units, done, done + left))
    return progress


def _objects(counters: Mapping[str, int], kind: str) -> int:
    return sum(number for name, number in counters.items() if name.startswith(kind + "."))


def _count(counters: Mapping[str, int], kind: str, *outcomes: str) -> int:
    return sum(counters.get(f"{kind}.{outcome}", 0) for outcome in outcomes)


def _time(at: int | None) -> str:
    return NEVER if at is None else from_microseconds(at).strftime("%Y-%m-%dT%H:%M:%SZ")
