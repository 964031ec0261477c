"""Verbs for who looks after the service: whether it is well, and figures of what it does.

Figures carry ids of jobs and names of applications, never one of a person. Order: what is told, the verbs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from provisor.admin.actor import SERVICE_READ, Actor
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.admin.source_figures import SourceFigures, behind_seconds, source_figures
from provisor.admin.tally import NO_ANSWER, Histogram, Tally
from provisor.database import Connection
from provisor.runner.job_lock import is_held
from provisor.runner.scheduler import next_start
from provisor.runner.tidying.pulse import Pulse
from provisor.scim.values import Json
from provisor.storage import applications, clock, connected_sources, jobs, measures, statistics
from provisor.storage.connected_sources import ConnectedSource
from provisor.storage.jobs import Job
from provisor.storage.statistics import StatisticKey
from provisor.storage.times import to_microseconds

__all__ = [
    "NO_ANSWER",
    "Health",
    "HealthReport",
    "Histogram",
    "JobFigures",
    "Pulse",
    "ServiceFigures",
    "SourceFigures",
    "Tally",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHealth:
    """How one source is: how many runs failed one after another, the code of what went wrong, how far it is behind."""

    id: str
    failures: int
    error: str | None
    behind: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthReport:
    """How the service is. `database` is what is wrong with it; `behind` is by how many seconds a job is overdue, and
    `sources` whether each source can be read, with the same.
    """

    scheduler_alive: bool
    beat_seconds: float
    database: str | None
    behind: Mapping[str, float]
    sources: Sequence[SourceHealth] = ()

    @property
    def ready(self) -> bool:
        """Whether it does its work."""
        return self.scheduler_alive and self.database is None

    def to_json(self) -> dict[str, Json]:
        """For another program."""
        return {
            "status": "ok" if self.ready else "failing",
            "scheduler": {"alive": self.scheduler_alive, "lastBeatSeconds": round(self.beat_seconds, 1)},
            "database": {"writable": self.database is None, "problem": self.database},
            "behindSeconds": round(max(self.behind.values(), default=0.0), 1),
            "jobs": [{"id": job, "behindSeconds": round(seconds, 1)} for job, seconds in self.behind.items()],
            "sources": [
                {"id": one.id, "failures": one.failures, "error": one.error, "behindSeconds": round(one.behind, 1)}
                for one in self.sources
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFigures:
    """What an operator watches of one job."""

    job: Job
    application: str
    running: bool
    behind_seconds: float
    measured: measures.JobMeasure
    counted: Sequence[tuple[StatisticKey, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFigures:
    """What an operator watches of the whole service."""

    jobs: Sequence[JobFigures]
    sources: Sequence[SourceFigures]
    database_bytes: int
    forwarding_lag: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the service keeps its things."""

    tenant: str
    database: Path
    database_bytes: int
    key_file: Path


@dataclass(slots=True)
class _Watched:
    """The loop that this process serves jobs with, once it does."""

    pulse: Pulse = field(default_factory=Pulse)


@dataclass(frozen=True, slots=True)
class Health:
    """How the service is."""

    context: Context
    watched: _Watched = field(default_factory=_Watched)

    @property
    def tally(self) -> Tally:
        """What this process counted."""
        return self.context.tally

    def watch(self, pulse: Pulse) -> None:
        """This is the loop that looks are about in which none is named."""
        self.watched.pulse = pulse

    def places(self, actor: Actor) -> Places:
        """Where the database is, how large, and where its key."""
        self.context.needs(actor, SERVICE_READ)
        path = self.context.database.path
        return Places(
            tenant=self.context.tenant,
            database=path,
            database_bytes=path.stat().st_size,
            key_file=self.context.key_file,
        )

    def look(self, actor: Actor, pulse: Pulse | None = None) -> HealthReport:
        """Whether the loop that `pulse` belongs to lives and the database can be written: a row of it is."""
        self.context.needs(actor, SERVICE_READ)
        pulse = pulse or self.watched.pulse
        problem, behind, sources = None, dict[str, float](), list[SourceHealth]()
        try:
            with self.context.database.transaction() as connection:
                clock.observe(connection, self.context.tenant, now=self.context.now())
            reader = self.context.database.reader()
            behind = {job.id: self._behind(job) for job in jobs.all_jobs(reader, self.context.tenant)}
            sources = [self._of_source(one) for one in connected_sources.every(reader, self.context.tenant)]
        except Exception as error:  # noqa: BLE001 - whatever keeps it from writing is what was asked for
            problem = str(error) or type(error).__name__
        return HealthReport(
            scheduler_alive=pulse.alive,
            beat_seconds=pulse.age_seconds,
            database=problem,
            behind=behind,
            sources=sources,
        )

    def _of_source(self, source: ConnectedSource) -> SourceHealth:
        return SourceHealth(
            id=source.id,
            failures=source.failures,
            error=None if source.error is None else source.error.code,
            behind=behind_seconds(self.context, source),
        )

    def figures(self, actor: Actor) -> ServiceFigures:
        """Everything the database knows that is worth a graph."""
        connection = self.context.read(actor, SERVICE_READ)
        try:
            return ServiceFigures(
                jobs=[self._of_job(connection, job) for job in jobs.all_jobs(connection, self.context.tenant)],
                sources=source_figures(self.context, connection),
                database_bytes=self.context.database.path.stat().st_size,
                forwarding_lag=measures.forwarding_lag(connection, self.context.tenant),
            )
        except Exception as error:  # the driver's own errors too: who watches is told, not shown a traceback
            raise AdminError("database", str(error), "Look at the database's file and its disk.") from error

    def _of_job(self, connection: Connection, job: Job) -> JobFigures:
        application = applications.read(connection, job.application)
        return JobFigures(
            job=job,
            application=application.display_name if application else job.application,
            running=self._running(job),
            behind_seconds=self._behind(job),
            measured=measures.of_job(connection, job),
            counted=statistics.to_date(connection, job.number),
        )

    def _running(self, job: Job) -> bool:
        return is_held(self.context.database.path, job.id)

    def _behind(self, job: Job) -> float:
        """How long ago the job should have begun; 0 while it runs."""
        present = to_microseconds(self.context.now())
        due = next_start(job, present)
        if due is None or self._running(job):
            return 0.0
        since = due or job.last_ended_at or present  # due at once: since when nobody wrote down
        return max(present - since, 0) / 1e6
