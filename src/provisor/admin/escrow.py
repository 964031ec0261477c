"""Verbs on what failed: who is in escrow and why, try them at once; and quarantine on demand.

What both are: spec/provisioning-service.md sections 10 and 11.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from provisor.admin.actor import JOB_READ, JOB_RUN, JOB_WRITE, Actor
from provisor.admin.applications import LONGEST_TARGET
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.admin.jobs import Jobs
from provisor.database import Connection
from provisor.engine.health import SENTENCES
from provisor.engine.log_event import Sent
from provisor.rules.failure import Failure
from provisor.storage import deleted_jobs, escrow, exchanges, jobs, quarantine
from provisor.storage.escrow import EscrowCause, EscrowEntry
from provisor.storage.times import to_microseconds

__all__ = ["Escrow", "EscrowCause", "EscrowEntry", "Sent"]


@dataclass(frozen=True, slots=True)
class Escrow:
    """Who failed and is tried again."""

    context: Context
    jobs: Jobs

    def causes(self, actor: Actor, key: str) -> Sequence[EscrowCause]:
        """Why objects failed, the most frequent cause first."""
        connection = self.context.read(actor, JOB_READ)
        return escrow.groups(connection, self.jobs.find(connection, key, actor, JOB_READ).number)

    def entries(
        self,
        actor: Actor,
        key: str,
        *,
        cause: str | None = None,
        search: str = "",
        after: tuple[str, str] = ("", ""),
        page: int = 500,
    ) -> Iterator[EscrowEntry]:
        """Everybody in escrow, or all of a cause or an error code whose name contains `search`, after this object and
        kind; read by `page` at a time.
        """
        connection = self.context.read(actor, JOB_READ)
        job = self.jobs.find(connection, key, actor, JOB_READ)
        return escrow.stream(connection, job.number, cause=cause, search=search, after=after, page=page)

    def show(self, actor: Actor, key: str, who: str) -> Sequence[EscrowEntry]:
        """What failed of one object, by its name or id: itself, its references, or both."""
        connection = self.context.read(actor, JOB_READ)
        return _named(connection, self.jobs.find(connection, key, actor, JOB_READ).number, who)

    def exchange(self, actor: Actor, event: str | None) -> Sent | None:
        """The request and the answer behind a failure, as long as they are kept."""
        connection = self.context.read(actor, JOB_READ)
        job = None if event is None else exchanges.job_of(connection, event)
        application = "" if job is None else deleted_jobs.application_of(connection, job)
        if event is not None and not actor.may(JOB_READ, application):
            self.context.refused(actor, JOB_READ, application or event[:LONGEST_TARGET])
            return None
        if event is None or job is None:
            return None
        return exchanges.of_events(connection, [event]).get(event)

    def retry(self, actor: Actor, key: str, *, cause: str | None = None, who: str | None = None) -> int:
        """Try them with the next run, which is due at once: all, those of a cause or code, or one; how many entries."""
        with self.context.change(actor, JOB_RUN, "Retry failed objects") as change:
            job = self.jobs.find(change.connection, key, actor, JOB_RUN)
            at = to_microseconds(change.now)
            found = [] if who is None else _named(change.connection, job.number, who)
            ids: Sequence[str | None] = [None] if who is None else sorted({entry.object for entry in found})
            tried = [
                one
                for object_id in ids
                for one in escrow.retry(change.connection, job.number, at, cause=cause, object_id=object_id)
            ]
            if not tried and cause is not None:
                raise AdminError(
                    "not-found",
                    f"Nobody is in escrow for {cause!r}.",
                    "`provisor job escrow JOB --group` lists causes.",
                )
            change.target, change.detail = job.id, {"entries": len(tried), "cause": cause, "object": who}
            if tried:
                jobs.change(change.connection, job.number, next_at=at)
            else:
                change.nothing()
            return len(tried)

    def quarantine(self, actor: Actor, key: str) -> None:
        """Let the job run less and less often, until it is started or restarted, or a cycle goes through."""
        with self.context.change(actor, JOB_WRITE, quarantine.ACTIVITY) as change:
            job = self.jobs.find(change.connection, key, actor, JOB_WRITE)
            change.nothing()  # its turns are told by whoever makes them
            failure = Failure(
                code="QuarantinedOnDemand",
                message=f"{SENTENCES['QuarantinedOnDemand']} ({actor.name}).",
                hint="`provisor job start` lifts it.",
            )
            quarantine.impose(change.connection, job, "QuarantinedOnDemand", failure, now=change.now, by=actor.author)


def _named(connection: Connection, job: int, who: str) -> Sequence[EscrowEntry]:
    found = escrow.of_object(connection, job, who) or escrow.named(connection, job, who)
    if not found:
        raise AdminError("not-found", f"{who!r} is not in escrow.", "`provisor job escrow JOB` lists who is.")
    return found
