"""Verbs on the audit log: who changed what, and who was refused it (spec/provisioning-service.md section 18)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from provisor.admin.actor import AUDIT_READ, Actor
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.admin.logs import not_countable
from provisor.database import Connection
from provisor.storage import audit, audit_search, deleted_jobs
from provisor.storage.audit import AuditEvent, AuditQuery, AuditResult
from provisor.storage.audit_search import AuditCase, AuditField, AuditFound, AuditSearch, AuditTest
from provisor.storage.conditions import TestOperator
from provisor.storage.times import to_microseconds
from provisor.storage.walking import TimePlace, Uncountable

__all__ = [
    "AuditCase",
    "AuditEvent",
    "AuditField",
    "AuditFound",
    "AuditResult",
    "AuditTest",
    "Audits",
    "TestOperator",
    "TimePlace",
]


@dataclass(frozen=True, slots=True)
class Audits:
    """The audit log, newest first."""

    context: Context

    def page(
        self,
        actor: Actor,
        *,
        by: str | None = None,
        activity: str | None = None,
        target: str | None = None,
        result: AuditResult | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> Sequence[AuditEvent]:
        """Events that fit; `by` is the id or the name of who did it, `target` an id, `before` the last event id already
        seen.
        """
        connection = self.context.read(actor, AUDIT_READ)
        known = by is not None and audit.knows_author(connection, self.context.tenant, by)
        query = AuditQuery(
            tenant=self.context.tenant,
            actor=None if known else by,
            actor_id=by if known else None,
            activity=activity,
            target=target,
            result=result,
            since=to_microseconds(since) if since else None,
            until=to_microseconds(until) if until else None,
        )
        try:
            return audit.find(connection, query, limit=limit, before=before)
        except LookupError:
            raise AdminError(
                "not-found", f"The audit log has no event {before!r}.", "`provisor audit` shows them."
            ) from None

    def search(
        self,
        actor: Actor,
        cases: Sequence[AuditCase],
        *,
        limit: int,
        after: TimePlace | None = None,
        oldest_first: bool = False,
    ) -> AuditFound:
        """A page of the events that fit one of the cases, and where the next begins; a page may be empty."""
        connection = self.context.read(actor, AUDIT_READ)
        wanted = self._search(connection, actor, cases, oldest_first=oldest_first)
        return audit_search.search(connection, wanted, limit=limit, after=after)

    def count(self, actor: Actor, cases: Sequence[AuditCase]) -> int:
        """How many events fit. Raises AdminError where only reading all of them would tell."""
        connection = self.context.read(actor, AUDIT_READ)
        try:
            return audit_search.count(connection, self._search(connection, actor, cases))
        except Uncountable:
            raise not_countable() from None

    def show(self, actor: Actor, event: str) -> AuditEvent:
        """One event."""
        found = self.search(actor, [(AuditTest("id", "eq", event),)], limit=1).events if event else ()
        if not found:
            raise AdminError("not-found", f"The audit log has no event {event!r}.", "`provisor audit` shows them.")
        return found[0]

    def activities(self, actor: Actor) -> Sequence[str]:
        """What was ever done or refused, by name."""
        return audit_search.activities(self.context.read(actor, AUDIT_READ), self.context.tenant)

    def _search(
        self, connection: Connection, actor: Actor, cases: Sequence[AuditCase], *, oldest_first: bool = False
    ) -> AuditSearch:
        """Of who may read the log of own applications only, what is about those and their jobs."""
        targets = None
        if AUDIT_READ not in actor.permissions:
            targets = actor.owned | deleted_jobs.ids_of(connection, actor.owned)
        return AuditSearch(tenant=self.context.tenant, cases=cases, targets=targets, oldest_first=oldest_first)
