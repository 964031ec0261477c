"""Makes the rows of the provisioning log for one cycle: who, what, how it ended, and what went over the wire.

Rows hold facts (engine.log_event); the document in Graph's shape is made from them when it is read.
"""

from collections.abc import Sequence

from provisor.database.identifiers import new_id
from provisor.engine.decide import Skip
from provisor.engine.desired import Desired
from provisor.engine.log_event import (
    SHOWN_UNRESOLVED,
    UNRESOLVED_REFERENCE,
    Facts,
    FailedStep,
    LoggedAction,
    Status,
    encode,
    judged,
    refused,
    sent,
)
from provisor.engine.modified import ModifiedProperty, differing, differing_references
from provisor.engine.ports import Exchange
from provisor.engine.record import Kind
from provisor.engine.redaction import Redaction
from provisor.rules.failure import Failure
from provisor.runner.run import Run
from provisor.scim.values import Resource
from provisor.storage.log import LogRow


class Journal:
    """Writes log rows for one run."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def done(
        self,
        desired: Desired,
        action: LoggedAction,
        target_id: str | None,
        *,
        before: Resource | None = None,
        after: Resource | None = None,
        matching: str | None = None,
        exchange: Exchange | None = None,
    ) -> LogRow:
        """Somebody was created, updated, disabled or deleted; `before` and `after` show what changed."""
        mapper = self._run.rules.of(desired.kind).mapper
        modified = [] if after is None else differing(mapper, before, after)
        if mapper.references and before is not None and after is not None:
            modified += differing_references(mapper, before, after)
        if mapper.redacted and exchange is not None:
            exchange = self._redaction(desired, before, after).exchange(exchange)
        facts = Facts(kind=desired.kind, modified=modified, matching=matching, sent=sent(exchange))
        return self._row(desired, action, "success", target_id, facts)

    def members_changed(
        self,
        desired: Desired,
        target_id: str,
        modified: Sequence[ModifiedProperty],
        unresolved: Sequence[str],
        exchange: Exchange | None,
    ) -> LogRow:
        """Memberships or references were written, or could not be yet: `unresolved` are the objects they lead to."""
        status: Status = "warning" if unresolved and not modified else "success"
        if exchange is not None and self._run.rules.of(desired.kind).mapper.redacted:
            exchange = self._redaction(desired, None, None).exchange(exchange)
        facts = Facts(
            kind=desired.kind,
            modified=list(modified),
            unresolved=list(unresolved[:SHOWN_UNRESOLVED]),
            unresolved_number=len(unresolved),
            sent=sent(exchange),
        )
        code = UNRESOLVED_REFERENCE if unresolved else None
        return self._row(desired, "update", status, target_id, facts, code)

    def skipped(
        self, desired: Desired, skip: Skip, target_id: str | None = None, matching: str | None = None
    ) -> LogRow:
        """Somebody was left alone."""
        facts = Facts(kind=desired.kind, matching=matching, skip=(skip.code, skip.reason))
        return self._row(desired, "other", "skipped", target_id, facts, skip.code)

    def held(self, desired: Desired, code: str, reason: str, *, target_id: str | None, deletes: bool) -> LogRow:
        """Somebody was to lose access and keeps it until a person has decided."""
        facts = Facts(kind=desired.kind, skip=(code, f"Held back until somebody allows it. {reason}"))
        action: LoggedAction = "stagedDelete" if deletes else "stagedAction"
        return self._row(desired, action, "skipped", target_id, facts, code)

    def failed(
        self,
        desired: Desired,
        failure: Failure,
        action: LoggedAction,
        *,
        target_id: str | None = None,
        step: FailedStep = "export",
        exchange: Exchange | None = None,
    ) -> LogRow:
        """Somebody could not be provisioned."""
        if self._run.rules.of(desired.kind).mapper.redacted:
            redaction = self._redaction(desired, None, None)
            failure = redaction.failure(failure)
            exchange = None if exchange is None else redaction.exchange(exchange)
        spent = 0.0 if exchange is None else round(exchange.milliseconds, 3)
        facts = Facts(kind=desired.kind, refused=refused(failure, step), milliseconds=spent)
        row = self._row(desired, action, "failure", target_id, facts, failure.code)
        return row._replace(exchange=exchange_text(exchange))

    def shown(self, desired: Desired, failure: Failure) -> Failure:
        """The failure without redacted values."""
        if not self._run.rules.of(desired.kind).mapper.redacted:
            return failure
        return self._redaction(desired, None, None).failure(failure)

    def _redaction(self, desired: Desired, before: Resource | None, after: Resource | None) -> Redaction:
        mapped = desired.mapped
        documents = [before, after, *((mapped.created, mapped.wanted) if mapped is not None else ())]
        held = [document for document in documents if document is not None]
        return Redaction(self._run.rules.of(desired.kind).mapper, held)

    def _row(
        self,
        desired: Desired,
        action: LoggedAction,
        status: Status,
        target_id: str | None,
        facts: Facts,
        code: str | None = None,
    ) -> LogRow:
        run = self._run
        facts.by = run.by
        if desired.standing != "gone":
            facts.judged = judged(desired)
        return LogRow(
            id=new_id(),
            tenant=run.job.tenant,
            job=run.job.number,
            cycle=run.cycle.id,
            at=run.at(),
            action=action,
            status=status,
            code=code,
            source_id=desired.id,
            name=desired.name,
            target_id=target_id,
            facts=encode(facts).decode(),
            kind=desired.kind,
        )


def event_of_failure(run: Run, kind: Kind, object_id: str, name: str, failure: Failure) -> LogRow:
    """Somebody of whom nothing more is known than that they failed, by a fault of ours."""
    return LogRow(
        id=new_id(),
        tenant=run.job.tenant,
        job=run.job.number,
        cycle=run.cycle.id,
        at=run.at(),
        action="other",
        status="failure",
        code=failure.code,
        source_id=object_id,
        name=name,
        target_id=None,
        facts=encode(Facts(kind=kind, refused=refused(failure, "export"))).decode(),
        kind=kind,
    )


def exchange_text(exchange: Exchange | None) -> str | None:
    """An exchange as it is kept apart from its event."""
    return None if exchange is None else encode(sent(exchange)).decode()
