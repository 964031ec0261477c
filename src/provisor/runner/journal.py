"""Makes the rows of the provisioning log for one cycle: who, what, how it ended, and the exchange beside it.

The shape and the words are engine.log_event's; this adds ids, moments and what went over the wire.
"""

from collections.abc import Sequence

import msgspec

from provisor.engine.decide import Skip
from provisor.engine.desired import Desired
from provisor.engine.log_event import Action, EventFrame, FailedStep, Status, Systems, modified_properties
from provisor.engine.ports import Exchange
from provisor.rules.failure import Failure
from provisor.runner.run import Run
from provisor.scim.values import Json, Resource
from provisor.storage.identifiers import new_id
from provisor.storage.log import LogRow
from provisor.storage.times import to_microseconds

_MICROSECONDS_A_DAY = 86_400_000_000
_encode = msgspec.json.Encoder().encode


class Journal:
    """Writes log rows for one run."""

    def __init__(self, run: Run) -> None:
        job, template = run.job, run.template
        self._run = run
        self._frame = EventFrame(
            Systems(
                tenant=job.tenant,
                job=job.id,
                cycle=run.cycle.id,
                application=job.application,
                application_name=run.application,
                user_urn=template.user_type.schema.id,
                group_urn=template.group_type.schema.id,
            )
        )

    def done(
        self,
        desired: Desired,
        action: Action,
        target_id: str | None,
        *,
        before: Resource | None = None,
        after: Resource | None = None,
        matching: str | None = None,
        exchange: Exchange | None = None,
    ) -> LogRow:
        """Somebody was created, updated, disabled or deleted; `before` and `after` show what changed."""
        mapper = self._run.rules.of(desired.kind).mapper
        modified = [] if after is None else modified_properties(mapper, before, after)
        return self._row(
            desired, action, "success", target_id=target_id, matching=matching, modified=modified, exchange=exchange
        )

    def members_changed(
        self,
        desired: Desired,
        target_id: str,
        modified: Sequence[Json],
        unresolved: Sequence[str],
        exchange: Exchange | None,
    ) -> LogRow:
        """Memberships or references were written, or could not be yet."""
        status: Status = "warning" if unresolved and not modified else "success"
        return self._row(
            desired,
            "update",
            status,
            target_id=target_id,
            modified=modified,
            unresolved=unresolved,
            exchange=exchange,
        )

    def skipped(
        self, desired: Desired, skip: Skip, target_id: str | None = None, matching: str | None = None
    ) -> LogRow:
        """Somebody was left alone."""
        return self._row(desired, "other", "skipped", target_id=target_id, skip=skip, matching=matching)

    def failed(
        self,
        desired: Desired,
        failure: Failure,
        action: Action,
        *,
        target_id: str | None = None,
        step: FailedStep = "export",
        exchange: Exchange | None = None,
    ) -> LogRow:
        """Somebody could not be provisioned."""
        return self._row(
            desired, action, "failure", target_id=target_id, failure=failure, failed_step=step, exchange=exchange
        )

    def _row(
        self,
        desired: Desired,
        action: Action,
        status: Status,
        *,
        target_id: str | None,
        matching: str | None = None,
        modified: Sequence[Json] = (),
        unresolved: Sequence[str] = (),
        failure: Failure | None = None,
        failed_step: FailedStep = "export",
        skip: Skip | None = None,
        exchange: Exchange | None = None,
    ) -> LogRow:
        moment = self._run.now()
        at = to_microseconds(moment)
        key = new_id()
        document = self._frame.event(
            id=key,
            at=moment.isoformat(),
            object_id=desired.id,
            name=desired.name,
            kind=desired.kind,
            action=action,
            status=status,
            target_id=target_id,
            desired=desired,
            matching=matching,
            modified=modified,
            unresolved=unresolved,
            failure=failure,
            failed_step=failed_step,
            skip=skip,
            milliseconds=0 if exchange is None else round(exchange.milliseconds),
        )
        if exchange is not None:
            document["exchange"] = _shown(exchange)
        code = failure.code if failure is not None else None if skip is None else skip.code
        job = self._run.job
        return (
            key,
            job.tenant,
            job.id,
            self._run.cycle.id,
            at // _MICROSECONDS_A_DAY,
            at,
            action,
            status,
            code,
            desired.id,
            desired.name,
            target_id,
            _encode(document).decode(),
        )


def _shown(exchange: Exchange) -> Resource:
    return {
        "method": exchange.method,
        "url": exchange.url,
        "status": exchange.status,
        "request": exchange.request_body.decode("utf-8", "replace"),
        "response": exchange.response_body.decode("utf-8", "replace"),
        "milliseconds": round(exchange.milliseconds, 3),
    }
