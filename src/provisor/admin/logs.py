"""Verbs on the provisioning log: list with filters, show one event (spec/provisioning-service.md section 17)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from provisor.admin.actor import LOG_READ, Actor
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.admin.jobs import Jobs
from provisor.database import Connection
from provisor.storage import jobs, log
from provisor.storage.log import LoggedEvent, LogQuery
from provisor.storage.times import to_microseconds

__all__ = ["LoggedEvent", "Logs"]


@dataclass(frozen=True, slots=True)
class Logs:
    """What was done to whom, when and why, newest first."""

    context: Context
    jobs: Jobs

    def page(
        self,
        actor: Actor,
        *,
        job: str | None = None,
        cycle: str | None = None,
        identity: str | None = None,
        action: str | None = None,
        status: str | None = None,
        code: str | None = None,
        since: datetime | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> Sequence[LoggedEvent]:
        """Events that fit; `identity` is a name, source id or target id; `before` is the last event id already seen."""
        connection = self.context.read(actor, LOG_READ)
        query = LogQuery(
            tenant=self.context.tenant,
            job=self._job(connection, job) if job else None,
            cycle=cycle,
            action=action,
            status=status,
            code=code,
            identity=identity,
            since=to_microseconds(since) if since else None,
        )
        try:
            return log.find(connection, query, limit=limit, before=before)
        except LookupError:
            raise AdminError(
                "not-found", f"The provisioning log has no event {before!r}.", "`provisor log list` shows them."
            ) from None

    def show(self, actor: Actor, event: str) -> LoggedEvent:
        """One event, whole."""
        found = log.read(self.context.read(actor, LOG_READ), self.context.tenant, event)
        if found is None:
            raise AdminError(
                "not-found", f"The provisioning log has no event {event!r}.", "`provisor log list` shows them."
            )
        return found

    def _job(self, connection: Connection, key: str) -> int:
        """The number of a job, or of one that was deleted and whose log is still there."""
        try:
            return self.jobs.find(connection, key).number
        except AdminError as error:
            found = jobs.deleted(connection, self.context.tenant, key)
            if error.code != "not-found" or not found:
                raise
            if len(found) > 1:
                raise AdminError(
                    "name-ambiguous",
                    f"{len(found)} jobs of {key} were deleted.",
                    "Name the one you mean by its id: " + ", ".join(each.id for each in found) + ".",
                ) from error
            return found[0].number
