"""Who failed and is tried again, which Graph tells no more of than a number (spec/provisioning-service.md section 10).

Order: bodies, shapes, documents.
"""

from typing import Literal, NotRequired, TypedDict

import msgspec

from provisor.admin.escrow import EscrowCause, EscrowEntry, Sent
from provisor.graph_api.odata.times import time_text
from provisor.graph_api.wire.provisioning import ExchangeWire


class RetryAsked(msgspec.Struct, rename="camel"):
    """Whom to try: those of a cause or an error code, one object by its id or name, or all."""

    cause: str | None = None
    object_id: str | None = None
    all: bool = False


class RetryWire(TypedDict):
    """How many entries are tried with the next run."""

    tried: int


class EscrowExampleWire(TypedDict):
    """One of those who failed for a cause."""

    displayName: str
    message: str
    recommendedAction: str


class EscrowCauseWire(TypedDict):
    """A cause with how many failed for it; `nextTryDateTime` null: with the next cycle."""

    cause: str
    errorCode: str
    objects: int
    references: int
    firstFailedDateTime: str
    nextTryDateTime: str | None
    example: EscrowExampleWire


class EscrowEntryWire(TypedDict):
    """Somebody in escrow; an object and its references are so apart from each other."""

    id: str
    objectId: str
    objectType: Literal["user", "group"]
    displayName: str
    kind: Literal["object", "reference"]
    errorCode: str
    message: str
    recommendedAction: str
    cause: str
    attempts: int
    firstFailedDateTime: str
    lastFailedDateTime: str
    nextTryDateTime: str | None
    eventId: str | None
    exchange: NotRequired[ExchangeWire | None]


def cause_document(cause: EscrowCause) -> EscrowCauseWire:
    """A cause."""
    example = cause.example
    return {
        "cause": cause.cause,
        "errorCode": example.code,
        "objects": cause.objects,
        "references": cause.references,
        "firstFailedDateTime": time_text(cause.first_failed_at),
        "nextTryDateTime": _due(cause.due),
        "example": {"displayName": example.name, "message": example.message, "recommendedAction": example.hint},
    }


def entry_document(entry: EscrowEntry) -> EscrowEntryWire:
    """Somebody in escrow."""
    return {
        "id": f"{entry.kind}-{entry.object}",
        "objectId": entry.object,
        "objectType": entry.object_kind,
        "displayName": entry.name,
        "kind": entry.kind,
        "errorCode": entry.code,
        "message": entry.message,
        "recommendedAction": entry.hint,
        "cause": entry.cause,
        "attempts": entry.attempts,
        "firstFailedDateTime": time_text(entry.first_failed_at),
        "lastFailedDateTime": time_text(entry.last_failed_at),
        "nextTryDateTime": _due(entry.due),
        "eventId": entry.event,
    }


def entry_with_exchange(entry: EscrowEntry, sent: Sent | None) -> EscrowEntryWire:
    """The same, with the request and the answer behind it; null where nothing was asked, or it is not kept any more."""
    document = entry_document(entry)
    document["exchange"] = None if sent is None else {
        "method": sent.method,
        "url": sent.url,
        "status": sent.status,
        "request": sent.request,
        "response": sent.response,
        "milliseconds": sent.milliseconds,
    }  # fmt: skip
    return document


def _due(at: int) -> str | None:
    return None if at == 0 else time_text(at)
