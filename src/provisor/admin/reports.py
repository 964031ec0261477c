"""Verbs that tell what provisioning did over time: statistics to date, and a report by day, by cause or by name.

spec/provisioning-service.md section 16.1. Days are those of UTC. Order: statistics, the report, the verbs.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from provisor.admin.actor import JOB_READ, LOG_READ, Actor
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.admin.logs import Logs
from provisor.database import Connection
from provisor.engine.report import COLUMNS, Happened, WhyNot, by_cause, by_day, day_of, number_of_day, totals
from provisor.scim.values import Json
from provisor.storage import cycles, deleted_jobs, links, log, statistics
from provisor.storage.log import LoggedEvent, LogQuery
from provisor.storage.statistics import StatisticKey
from provisor.storage.times import from_microseconds, to_microseconds

__all__ = [
    "COLUMNS",
    "ActivityReport",
    "CycleTold",
    "LoggedEvent",
    "Reports",
    "Statistics",
    "TargetAnswers",
    "WhyNot",
    "totals",
]

DAYS = 30  # a report's, unless it is told from when
NAMED = 5  # of a cause
_LOOKED_AT = 50  # events of a cause, for names that differ


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """What a job did since it was made. `users` and `groups` ever came into scope; the last cycle is one that ended."""

    job: str
    users: int
    groups: int
    done: Mapping[str, Mapping[str, int]]
    last_cycle: str | None
    last_ended: datetime | None
    last_seconds: float | None

    def to_json(self) -> dict[str, Json]:
        """For another program."""
        return {
            "jobId": self.job,
            "users": self.users,
            "groups": self.groups,
            "done": {kind: dict(counts) for kind, counts in self.done.items()},
            "activityId": self.last_cycle,
            "lastCompleted": None if self.last_ended is None else self.last_ended.isoformat(),
            "lastDurationSeconds": self.last_seconds,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityReport:
    """What happened from the first day to the last, both included."""

    job: str
    application: str
    first: date
    last: date
    days: Mapping[tuple[date, str], Mapping[str, int]]
    causes: Sequence[WhyNot]

    def to_json(self) -> dict[str, Json]:
        """For another program."""
        rows: list[Json] = [
            {"day": day.isoformat(), "kind": kind, **counts} for (day, kind), counts in self.days.items()
        ]
        return {
            "job": self.job,
            "application": self.application,
            "from": self.first.isoformat(),
            "to": self.last.isoformat(),
            "days": rows,
            "causes": [cause.to_json() for cause in self.causes],
            "total": dict(totals(self.days.values())),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleTold:
    """One cycle of a job that ended or runs: `kind`, `state`, `counters` and times as storage.cycles has them;
    `seconds` from its begin to its end, None while it runs. `error` is {code, message, hint} of what stopped it.
    """

    n: int
    id: str
    kind: str
    state: str
    by_change: bool
    began_at: int
    ended_at: int | None
    counters: Mapping[str, int]
    error: Mapping[str, str] | None

    @property
    def seconds(self) -> float | None:
        """How long it took."""
        return None if self.ended_at is None else max(self.ended_at - self.began_at, 0) / 1e6

    @property
    def requests(self) -> int:
        """How many it sent."""
        return sum(number for name, number in self.counters.items() if name.startswith("requests."))

    def count(self, *outcomes: str) -> int:
        """How many users and groups came to one of these outcomes."""
        return sum(self.counters.get(f"{kind}.{one}", 0) for kind in ("user", "group") for one in outcomes)

    @property
    def memberships(self) -> int:
        """How many were added and removed."""
        return self.counters.get("membership.add", 0) + self.counters.get("membership.remove", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetAnswers:
    """How an application answered this process since it started, by method: the mean in seconds, within how many
    seconds 95 of 100 came (None: later than the last bound), and how many there were of each status.
    """

    method: str
    number: int
    mean: float
    most_within: float | None
    statuses: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Reports:
    """Provisioning activity over time."""

    context: Context
    logs: Logs

    def statistics(self, actor: Actor, key: str) -> Statistics:
        """What a job did to date; no number of it ever shrinks, but when its links are forgotten."""
        connection = self.context.read(actor, JOB_READ)
        job = self.logs.jobs.find(connection, key, actor, JOB_READ)
        counted = by_day(_happened(statistics.to_date(connection, job.number)))
        kinds = sorted({kind for _, kind in counted})
        last = next((one for one in cycles.walk(connection, job.number) if one.ended_at is not None), None)
        ended = None if last is None or last.ended_at is None else from_microseconds(last.ended_at)
        return Statistics(
            job=job.id,
            users=links.count_ever(connection, job.number, "user"),
            groups=links.count_ever(connection, job.number, "group"),
            done={kind: totals(counts for (_, of), counts in counted.items() if of == kind) for kind in kinds},
            last_cycle=None if last is None else last.id,
            last_ended=ended,
            last_seconds=None if last is None or ended is None else (last.ended_at or 0) / 1e6 - last.began_at / 1e6,
        )

    def cycles(self, actor: Actor, key: str, *, limit: int = 50) -> Sequence[CycleTold]:
        """The newest cycles of a job, the newest first, with what they did."""
        connection = self.context.read(actor, JOB_READ)
        job = self.logs.jobs.find(connection, key, actor, JOB_READ)
        return [
            CycleTold(
                n=one.n,
                id=one.id,
                kind=one.kind,
                state=one.state,
                by_change=one.by_change,
                began_at=one.began_at,
                ended_at=one.ended_at,
                counters=one.counters,
                error=one.error,
            )
            for one in cycles.newest(connection, job.number, limit)
        ]

    def asked(self, actor: Actor, key: str) -> Sequence[TargetAnswers]:
        """How a job's application answered, as far as this process asked it."""
        connection = self.context.read(actor, JOB_READ)
        job, tally = self.logs.jobs.find(connection, key, actor, JOB_READ), self.context.tally
        found = []
        for (owner, method), took in sorted(tally.request_seconds.items()):
            number = sum(took.numbers)
            if owner == job.id and number:
                statuses = {
                    said: many for (of, by, said), many in list(tally.requests.items()) if (of, by) == (owner, method)
                }
                mean = took.seconds / number
                found.append(
                    TargetAnswers(
                        method=method, number=number, mean=mean, most_within=took.within(0.95), statuses=statuses
                    )
                )
        return found

    def report(self, actor: Actor, key: str, *, first: date | None = None, last: date | None = None) -> ActivityReport:
        """What a job did on the days from `first` to `last`, by default the last 30; of a deleted job, too."""
        connection = self.context.read(actor, LOG_READ)
        number = self.logs.number_of(connection, actor, key)
        first, last = self._days(first, last)
        happened = _happened(statistics.of_days(connection, number, number_of_day(first), number_of_day(last)))
        job, application = deleted_jobs.called(connection, number)
        return ActivityReport(
            job=job,
            application=application,
            first=first,
            last=last,
            days=by_day(happened),
            causes=[
                self._told(connection, self._query(number, first, last, outcome, code), many)
                for (outcome, code), many in by_cause(happened).items()
            ],
        )

    def people(
        self, actor: Actor, key: str, *, first: date | None = None, last: date | None = None
    ) -> Iterator[LoggedEvent]:
        """By name what a job did on these days, as far back as the log is kept."""
        connection = self.context.read(actor, LOG_READ)
        number = self.logs.number_of(connection, actor, key)
        return log.stream(connection, self._query(number, *self._days(first, last)))

    def _days(self, first: date | None, last: date | None) -> tuple[date, date]:
        last = min(last or self.context.now().date(), date.max - timedelta(days=1))
        first = first or last - timedelta(days=DAYS - 1)
        if first > last:
            raise AdminError(
                "invalid-value", f"A report from {first} to {last} has no day.", "Name the earlier day first."
            )
        return first, last

    def _query(self, job: int, first: date, last: date, status: str | None = None, code: str | None = None) -> LogQuery:
        return LogQuery(
            tenant=self.context.tenant,
            job=job,
            status=status,
            code=code,
            since=to_microseconds(datetime.combine(first, time(), UTC)),
            until=to_microseconds(datetime.combine(last + timedelta(days=1), time(), UTC)),
        )

    def _told(self, connection: Connection, query: LogQuery, number: int) -> WhyNot:
        events = log.find(connection, query, limit=_LOOKED_AT)
        names = dict.fromkeys(event.name for event in events if event.name)
        said: Json = events[0].document["provisioningStatusInfo"] if events else None
        inner = said.get("errorInformation") if isinstance(said, dict) else None
        return WhyNot(
            outcome=query.status or "",
            code=query.code or "",
            number=number,
            reason=str(inner.get("reason") or "") if isinstance(inner, dict) else "",
            names=tuple(names)[:NAMED],
        )


def _happened(rows: Sequence[tuple[StatisticKey, int]]) -> list[Happened]:
    return [
        Happened(day=day_of(key.day), kind=key.kind, action=key.action, status=key.status, code=key.code, number=number)
        for key, number in rows
    ]
