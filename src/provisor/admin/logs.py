"""Verbs on the provisioning log: list with filters, show one event, export, follow (spec/provisioning-service.md
section 17).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypedDict, Unpack

from provisor.admin.actor import LOG_READ, SERVICE_READ, SERVICE_WRITE, Actor
from provisor.admin.applications import LONGEST_TARGET
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.admin.jobs import Jobs
from provisor.database import Connection
from provisor.engine.log_files import CSV_TABLES, CsvTable, harmless
from provisor.runner.tidying.sinks import send, syslog_address
from provisor.storage import deleted_jobs, forwarding, log, log_search
from provisor.storage.forwarding import Receiver, Sink
from provisor.storage.log import LoggedEvent, LogQuery
from provisor.storage.log_search import LogCase, LogField, LogFound, LogSearch, LogTest
from provisor.storage.times import to_microseconds
from provisor.storage.walking import TimePlace, Uncountable

__all__ = [
    "CSV_TABLES",
    "CsvTable",
    "LogCase",
    "LogField",
    "LogFilters",
    "LogFound",
    "LogTest",
    "LoggedEvent",
    "Logs",
    "Receiver",
    "Sink",
    "TimePlace",
    "harmless",
]


class LogFilters(TypedDict, total=False):
    """What narrows the log; what is absent or None does not.

    `job` is an id or the name of its application, `identity` a name, source id or target id; `application`,
    `source_system` and `target_system` are ids or the names there were when the event was written.
    """

    job: str | None
    cycle: str | None
    change: str | None
    identity: str | None
    action: str | None
    status: str | None
    code: str | None
    application: str | None
    source_system: str | None
    target_system: str | None
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Logs:
    """What was done to whom, when and why, newest first."""

    context: Context
    jobs: Jobs

    def page(
        self, actor: Actor, *, before: str | None = None, limit: int = 50, **filters: Unpack[LogFilters]
    ) -> Sequence[LoggedEvent]:
        """Events that fit, of jobs whose log the actor may read; `before` is the last event id already seen."""
        connection = self.context.read(actor, LOG_READ)
        query = self._query(connection, actor, filters)
        if before is not None:
            self.show(actor, before)
        return log.find(connection, query, limit=limit, before=before)

    def search(
        self,
        actor: Actor,
        cases: Sequence[LogCase],
        *,
        limit: int,
        after: TimePlace | None = None,
        oldest_first: bool = False,
    ) -> LogFound:
        """A page of the events that fit one of the cases, and where the next begins; a page may be empty."""
        connection = self.context.read(actor, LOG_READ)
        wanted = self._search(connection, actor, cases, oldest_first=oldest_first)
        return log_search.search(connection, wanted, limit=limit, after=after)

    def count(self, actor: Actor, cases: Sequence[LogCase]) -> int:
        """How many events fit. Raises AdminError where only reading all of them would tell."""
        connection = self.context.read(actor, LOG_READ)
        try:
            return log_search.count(connection, self._search(connection, actor, cases))
        except Uncountable:
            raise not_countable() from None

    def show(self, actor: Actor, event: str) -> LoggedEvent:
        """One event, in full."""
        connection = self.context.read(actor, LOG_READ)
        found = log.read(connection, self.context.tenant, event)
        if found is None or not actor.may(LOG_READ, deleted_jobs.application_of(connection, found.job)):
            if LOG_READ not in actor.permissions:
                self.context.refused(actor, LOG_READ, event[:LONGEST_TARGET])
            raise AdminError(
                "not-found", f"The provisioning log has no event {event!r}.", "`provisor log list` shows them."
            )
        return found

    def export(self, actor: Actor, **filters: Unpack[LogFilters]) -> Iterator[LoggedEvent]:
        """Every event that fits, oldest first, a page in memory at a time; what is written meanwhile may be missing."""
        connection = self.context.read(actor, LOG_READ)
        return log.stream(connection, self._query(connection, actor, filters))

    def position(self, actor: Actor) -> int:
        """The present end of the log, from where it can be followed."""
        return log.newest_number(self.context.read(actor, LOG_READ))

    def follow(self, actor: Actor, position: int, **filters: Unpack[LogFilters]) -> tuple[Sequence[LoggedEvent], int]:
        """What fits of the next events after a position, in the order in which they were committed, and the position
        reached: none was passed over, and when it stays the same there is nothing new.
        """
        connection = self.context.read(actor, LOG_READ)
        return log.follow(connection, self._query(connection, actor, filters), position)

    def receivers(self, actor: Actor) -> Mapping[Sink, Receiver]:
        """To whom the log is passed on as it is written."""
        return forwarding.receivers(self.context.read(actor, SERVICE_READ), self.context.tenant)

    def forward(self, actor: Actor, sink: Sink, address: str | None) -> Mapping[Sink, Receiver]:
        """Have `provisor serve` pass on what is written from now on; None: to no such receiver any more."""
        with self.context.change(actor, SERVICE_WRITE, "Update log forwarding") as change:
            if address is not None:
                _check(sink, address)
            tenant, connection = self.context.tenant, change.connection
            before = forwarding.receivers(connection, tenant).get(sink)
            change.target = sink
            change.detail = {"old": None if before is None else before.address, "new": address}
            if (before and before.address) == address:
                change.nothing()
            else:
                new = None if address is None else Receiver(address, log.newest_number(connection))
                forwarding.set_receiver(connection, tenant, sink, new)
            return forwarding.receivers(connection, tenant)

    def _search(
        self, connection: Connection, actor: Actor, cases: Sequence[LogCase], *, oldest_first: bool = False
    ) -> LogSearch:
        jobs = _readable(connection, actor)
        return LogSearch(tenant=self.context.tenant, cases=cases, jobs=jobs, oldest_first=oldest_first)

    def _query(self, connection: Connection, actor: Actor, filters: LogFilters) -> LogQuery:
        job, since, until = filters.get("job"), filters.get("since"), filters.get("until")
        return LogQuery(
            tenant=self.context.tenant,
            job=self.number_of(connection, actor, job) if job else None,
            jobs=_readable(connection, actor),
            cycle=filters.get("cycle"),
            change=filters.get("change"),
            action=filters.get("action"),
            status=filters.get("status"),
            code=filters.get("code"),
            identity=filters.get("identity"),
            application=filters.get("application"),
            source_system=filters.get("source_system"),
            target_system=filters.get("target_system"),
            since=to_microseconds(since) if since else None,
            until=to_microseconds(until) if until else None,
        )

    def number_of(self, connection: Connection, actor: Actor, key: str) -> int:
        """The number of a job whose log the actor may read, or of one that was deleted and whose log is still there."""
        try:
            return self.jobs.find(connection, key, actor, LOG_READ).number
        except AdminError as error:
            gone = deleted_jobs.named(connection, self.context.tenant, key)
            found = [each for each in gone if actor.may(LOG_READ, each.application)]
            if error.code != "not-found" or not found:
                raise
            if len(found) > 1:
                raise AdminError(
                    "name-ambiguous",
                    f"{len(found)} jobs of {key} were deleted.",
                    "Name the one you mean by its id: " + ", ".join(each.id for each in found) + ".",
                ) from error
            return found[0].number


def not_countable() -> AdminError:
    """Counting would be reading all of a log."""
    return AdminError(
        "not-countable",
        "How many events fit is not known before all are read: no index answers this filter.",
        "Leave the count out, or compare ids, names and codes by eq.",
    )


def _readable(connection: Connection, actor: Actor) -> frozenset[int] | None:
    """The jobs whose log the actor may read; None: all."""
    return None if LOG_READ in actor.permissions else deleted_jobs.numbers_of(connection, actor.owned)


def _check(sink: Sink, address: str) -> None:
    """Raise AdminError for a receiver that cannot be one."""
    try:
        if sink == "syslog":
            syslog_address(address)
        elif not Path(address).is_absolute():
            raise ValueError(f"{address} is not an absolute path.")
        else:
            send(sink, address, [])
    except ValueError as error:
        raise AdminError("invalid-value", str(error), "See `provisor log forward --help`.") from error
    except OSError as error:
        why = error.strerror or str(error)
        raise AdminError("invalid-value", f"{address} cannot be written: {why}.", "Name another file.") from error
