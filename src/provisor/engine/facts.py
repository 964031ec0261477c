"""What an event of the provisioning log is kept as: facts, from which the whole document is written when it is read.

Pure. A document repeats much that follows from little; written out for every object it would be most of what a cycle
makes durable. Order: the facts, taking them, telling them as a document.
"""

import msgspec

from provisor.engine.decide import Skip, Standing
from provisor.engine.desired import Desired
from provisor.engine.log_event import Action, Change, EventFrame, FailedStep, Status, as_properties
from provisor.engine.ports import Exchange
from provisor.engine.record import Kind
from provisor.rules.failure import Failure, Retry
from provisor.rules.scoping import Verdict
from provisor.scim.values import Resource


class Judged(msgspec.Struct, array_like=True):
    """What scope said of the object."""

    standing: Standing
    entitled: bool
    active: bool
    passes: bool
    why: str
    reason: str
    detail: list[tuple[str, str, bool]]


class Refused(msgspec.Struct, array_like=True):
    """A failure, and where it happened."""

    code: str
    message: str
    hint: str
    retry: Retry
    step: FailedStep


class Sent(msgspec.Struct, array_like=True):
    """What went over the wire."""

    method: str
    url: str
    status: int | None
    request: str
    response: str
    milliseconds: float


class Facts(msgspec.Struct, array_like=True, kw_only=True):
    """One event without what its row and its cycle say already."""

    kind: Kind
    judged: Judged | None = None
    modified: list[Change] = []
    matching: str | None = None
    unresolved: list[str] = []
    refused: Refused | None = None
    skip: tuple[str, str] | None = None
    sent: Sent | None = None
    unresolved_number: int = 0


encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Facts).decode


def judged(desired: Desired) -> Judged:
    """What scope said, without the document that followed from it."""
    verdict = desired.verdict
    return Judged(
        desired.standing,
        desired.entitled,
        desired.active,
        verdict.passes,
        desired.why.reason,
        verdict.reason,
        list(verdict.detail),
    )


def refused(failure: Failure, step: FailedStep) -> Refused:
    """A failure as a fact."""
    return Refused(failure.code, failure.message, failure.hint, failure.retry, step)


def sent(exchange: Exchange) -> Sent:
    """A captured exchange as a fact."""
    return Sent(
        exchange.method,
        exchange.url,
        exchange.status,
        exchange.request_body.decode("utf-8", "replace"),
        exchange.response_body.decode("utf-8", "replace"),
        round(exchange.milliseconds, 3),
    )


def tell(
    facts: Facts,
    frame: EventFrame,
    *,
    id: str,  # noqa: A002 - the field's name in Graph
    at: str,
    object_id: str,
    name: str,
    action: Action,
    status: Status,
    target_id: str | None,
) -> Resource:
    """The whole document, in the shape of Graph's provisioningObjectSummary, with the exchange beside it."""
    document = frame.event(
        id=id,
        at=at,
        object_id=object_id,
        name=name,
        kind=facts.kind,
        action=action,
        status=status,
        target_id=target_id,
        desired=None if facts.judged is None else _desired(facts.judged, object_id, facts.kind, name),
        matching=facts.matching,
        modified=as_properties(facts.modified),
        unresolved=facts.unresolved,
        unresolved_number=facts.unresolved_number,
        failure=None if facts.refused is None else _failure(facts.refused),
        failed_step="export" if facts.refused is None else facts.refused.step,
        skip=None if facts.skip is None else Skip(*facts.skip),
        milliseconds=0 if facts.sent is None else round(facts.sent.milliseconds),
    )
    if facts.sent is not None:
        document["exchange"] = {name: getattr(facts.sent, name) for name in facts.sent.__struct_fields__}
    return document


def _desired(judged: Judged, object_id: str, kind: Kind, name: str) -> Desired:
    verdict = Verdict(passes=judged.passes, reason=judged.reason, detail=tuple(judged.detail))
    why = Skip("", judged.why)
    return Desired(
        object_id, kind, name, judged.standing, why, verdict, judged.entitled, judged.active, None, "", None, None
    )


def _failure(refused: Refused) -> Failure:
    return Failure(code=refused.code, message=refused.message, hint=refused.hint, retry=refused.retry)
