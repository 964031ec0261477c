"""What a refusal means: statuses and error bodies become one of the five errors (spec/scim-wire.md section 13).

Knows no connection. Order: the answer, refusals, Retry-After.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple

from provisor.connectors.bodies import document
from provisor.connectors.capture import EXCERPT_CHARACTERS, excerpt
from provisor.connectors.reqwest import Headers
from provisor.engine.ports import ConnectorError, Exchange, Malformed, Rejected, Throttled, Unauthorized
from provisor.scim.messages import detail_of, scim_type_of

LONGEST_PAUSE: Final = timedelta(minutes=10)  # spec/provisioning-service.md section 15: longer pauses are cut
UNSAID_PAUSE: Final = timedelta(seconds=1)  # without Retry-After, where nobody backs off further (runner.asking.turns)
DETAIL_CHARACTERS: Final = 500
TYPE_CHARACTERS: Final = 40  # the longest of RFC 7644 has 13
_AGAIN: Final = "it is tried again in the next cycle"

_HINTS: Final = {
    400: "correct the value or its mapping",
    403: "give the token the right to do this, or free a place if a limit is reached",
    404: "it was deleted there; it is matched again or created anew in the next cycle",
    408: _AGAIN,
    409: "delete or rename the other one, or change the matching attribute",
    412: "it changed meanwhile and is read again in the next cycle",
    413: "shorten the value",
    425: _AGAIN,
    499: _AGAIN,
    501: "the application does not offer this; remove the attribute from the mapping",
}


class ReceivedReply(NamedTuple):
    """A whole answer, its body in UTF-8 and already without the token, `garbled` when some of it was unreadable.

    A tuple: a frozen dataclass costs three times as much.
    """

    status: int
    payload: bytes
    headers: Headers
    exchange: Exchange
    garbled: bool = False

    def header(self, name: str) -> str | None:
        """The first header of that name, in any case; read as UTF-8 where it is not ASCII."""
        return header(self.headers, name)


def header(headers: Headers, name: str) -> str | None:
    """The first header of that name as text."""
    value: str | bytes | None = headers.get(name)  # bytes where it is not ASCII, whatever the library's types say
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value


def refused(
    reply: ReceivedReply, host: str, doing: str, now: datetime, cleaned: Callable[[str], str]
) -> ConnectorError:
    """The error that a status other than 2xx means; `doing` completes "… did not …".

    `cleaned` removes the token from a text: it may have been escaped in the body.
    """
    status, exchange = reply.status, reply.exchange
    if status == 401:
        return Unauthorized(
            f"{host} refused the secret token (status 401) and did not {doing}; "
            "generate a new token there and save it in the job's credentials.",
            exchange=exchange,
        )
    if status in (429, 503):
        told = pause_until(reply.header("Retry-After"), now)
        until = told or now + UNSAID_PAUSE
        return Throttled(
            f"{host} is overloaded (status {status}) and did not {doing}; "
            f"it is asked again after {until:%Y-%m-%d %H:%M:%S} UTC.",
            until=until,
            told=told is not None,
            status=status,
            exchange=exchange,
        )
    if status < 400:
        return Malformed(
            f"{host} answered with the unexpected status {status} and did not {doing}; check the tenant URL.",
            excerpt=cleaned(excerpt(reply.payload)),
            status=status,
            exchange=exchange,
        )
    scim_type, detail = _reason(reply.payload, cleaned)
    named = f"status {status}" + (f", {scim_type}" if scim_type else "")
    hint = _HINTS.get(status, _AGAIN if status >= 500 else "see what it answered")
    said = f": {detail.rstrip('.')}" if detail else " without a reason"
    return Rejected(
        f"{host} did not {doing} ({named}){said}; {hint}.",
        status=status,
        scim_type=scim_type,
        detail=detail,
        exchange=exchange,
    )


def malformed(reply: ReceivedReply, host: str, doing: str, why: str, cleaned: Callable[[str], str]) -> Malformed:
    """The error for an answer that is not SCIM; `why` completes "the answer …"."""
    return Malformed(
        cleaned(
            f"{host} was asked to {doing}, but the answer {why}; "
            "check the tenant URL and the application's SCIM support."
        ),
        excerpt=cleaned(excerpt(reply.payload)),
        status=reply.status,
        exchange=reply.exchange,
    )


def pause_until(retry_after: str | None, now: datetime) -> datetime | None:
    """When a throttled target may be asked again: Retry-After in seconds or as a date, at most ten minutes away.

    None where it says nothing that can be read.
    """
    if retry_after is None:
        return None
    text = retry_after.strip()
    seconds, _, fraction = text.partition(".")  # RFC 9110 section 10.2.3 has whole seconds; some send 1.5
    if text.isascii() and seconds.isdigit() and (not fraction or fraction.isdigit()):
        wait = int(seconds[:9]) + (fraction.strip("0") != "")
        return now + timedelta(seconds=min(wait, LONGEST_PAUSE.total_seconds()))
    try:
        wished = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if wished.tzinfo is None:
        wished = wished.replace(tzinfo=UTC)
    return min(max(wished, now), now + LONGEST_PAUSE)


def _reason(payload: bytes, cleaned: Callable[[str], str]) -> tuple[str | None, str]:
    """scimType and detail of an error body (RFC 7644 section 3.12), or the beginning of whatever came instead."""
    body = document(payload)
    detail, scim_type = detail_of(body), scim_type_of(body)
    if detail is None:
        detail = excerpt(payload)
    # Cut before cleaning too: a detail of megabytes need not be searched through.
    said = cleaned(detail[:EXCERPT_CHARACTERS])[:DETAIL_CHARACTERS]
    return scim_type and cleaned(scim_type[:EXCERPT_CHARACTERS])[:TYPE_CHARACTERS], said
