"""What an answer means: statuses and bodies become values or one of the five errors (spec/scim-wire.md section 13).

Knows no connection. Order: the asking, refusals, bodies, Retry-After.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple

import msgspec

from provisor.connectors.capture import excerpt
from provisor.engine.ports import ConnectorError, Exchange, Malformed, Rejected, Throttled, Unauthorized
from provisor.scim.messages import detail_of, scim_type_of
from provisor.scim.values import Json, Resource

LONGEST_PAUSE: Final = timedelta(minutes=10)  # spec/provisioning-service.md section 15: longer wishes are cut
SHORTEST_PAUSE: Final = timedelta(seconds=1)  # without Retry-After; the runner doubles it
DETAIL_CHARACTERS: Final = 500
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"  # .NET servers send it; RFC 8259 section 8.1 lets a reader ignore it

_decode = msgspec.json.Decoder().decode

_HINTS: Final = {
    400: "correct the value or its mapping",
    403: "give the token the right to do this, or free a place if a limit is reached",
    404: "it was deleted there; it is matched again or created anew in the next cycle",
    409: "delete or rename the other one, or change the matching attribute",
    412: "it changed meanwhile and is read again in the next cycle",
    413: "send less at once",
    501: "the application does not offer this; take the attribute out of the mapping",
}


class Reply(NamedTuple):
    """A whole answer, its body already without the token. A tuple: a frozen dataclass costs three times as much."""

    status: int
    payload: bytes
    headers: Mapping[str, str]
    exchange: Exchange


def refused(reply: Reply, host: str, doing: str, now: datetime) -> ConnectorError:
    """The error that a status of 300 or more means; `doing` completes "… did not …"."""
    status, exchange = reply.status, reply.exchange
    if status == 401:
        return Unauthorized(
            f"{host} refused the secret token (status 401) and did not {doing}; "
            "generate a new token there and save it in the job's credentials.",
            exchange=exchange,
        )
    if status in (429, 503):
        until = pause_until(reply.headers.get("Retry-After"), now)
        return Throttled(
            f"{host} is overloaded (status {status}) and did not {doing}; "
            f"it is asked again after {until:%Y-%m-%d %H:%M:%S} UTC.",
            until=until,
            exchange=exchange,
        )
    if status < 400:
        return Malformed(
            f"{host} answered with the unexpected status {status} and did not {doing}; check the tenant URL.",
            excerpt=excerpt(reply.payload),
            exchange=exchange,
        )
    scim_type, detail = _reason(reply.payload)
    named = f"status {status}" + (f", {scim_type}" if scim_type else "")
    hint = _HINTS.get(status, "it is tried again in the next cycle" if status >= 500 else "see what it answered")
    said = f": {detail.rstrip('.')}" if detail else " without a reason"
    return Rejected(
        f"{host} did not {doing} ({named}){said}; {hint}.",
        status=status,
        scim_type=scim_type,
        detail=detail,
        exchange=exchange,
    )


def malformed(reply: Reply, host: str, doing: str, why: str) -> Malformed:
    """The error for an answer that is not SCIM; `why` completes "the answer …"."""
    return Malformed(
        f"{host} was asked to {doing}, but the answer {why}; check the tenant URL and the application's SCIM support.",
        excerpt=excerpt(reply.payload),
        exchange=reply.exchange,
    )


def document(payload: bytes) -> Resource | None:
    """The JSON object in a body, or None when it holds anything else."""
    try:
        value: Json = _decode(payload)
    except (msgspec.DecodeError, RecursionError):
        rest = payload.removeprefix(_BYTE_ORDER_MARK)
        if len(rest) < len(payload) and not rest.startswith(_BYTE_ORDER_MARK):  # one, or we would recurse without end
            return document(rest)
        return None
    return value if isinstance(value, dict) else None


def pause_until(retry_after: str | None, now: datetime) -> datetime:
    """When a throttled target may be asked again: Retry-After in seconds or as a date, at most ten minutes away."""
    if retry_after is None:
        return now + SHORTEST_PAUSE
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return now + timedelta(seconds=min(int(text[:9]), LONGEST_PAUSE.total_seconds()))
    try:
        wished = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return now + SHORTEST_PAUSE
    if wished.tzinfo is None:
        wished = wished.replace(tzinfo=UTC)
    return min(max(wished, now), now + LONGEST_PAUSE)


def _reason(payload: bytes) -> tuple[str | None, str]:
    """scimType and detail of an error body (RFC 7644 section 3.12), or the beginning of whatever came instead."""
    body = document(payload)
    detail = detail_of(body)
    if body is None or detail is None:
        detail = excerpt(payload)
    return scim_type_of(body), " ".join(detail.split())[:DETAIL_CHARACTERS]
