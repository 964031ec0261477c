"""Tells a webhook of an event, signed as Standard Webhooks has it (specification 1.0.0, symmetric signatures).

Sent again, an event has the same webhook-id, by which receivers drop the second. Order: secrets, signing, sending.
"""

import base64
import binascii
import hashlib
import hmac
from typing import Final

from provisor.connectors.addresses import host_of
from provisor.connectors.posting import post
from provisor.engine.ports import Rejected, Secret

PREFIX: Final = "whsec_"
_SHORTEST_BYTES, _LONGEST_BYTES = 24, 64  # what Standard Webhooks asks for
ANSWER_SECONDS: Final = 20.0
GONE: Final = 410  # the receiver wants no more


def make_signing_secret(random: bytes) -> Secret:
    """The secret of a new webhook, as receivers are given it."""
    return Secret(PREFIX + base64.b64encode(random).decode())


def problem_with_signing_secret(secret: Secret) -> str | None:
    """Why this is no secret of Standard Webhooks, without showing it; None when it is one."""
    try:
        key = _key(secret)
    except (ValueError, binascii.Error):
        key = b""
    if not _SHORTEST_BYTES <= len(key) <= _LONGEST_BYTES:
        return (
            f"The signing secret is not {PREFIX} and {_SHORTEST_BYTES} to {_LONGEST_BYTES} bytes in base64; leave it "
            "out, and one is made."
        )
    return None


def signature(secret: Secret, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of webhook-signature."""
    signed = b".".join((message_id.encode(), str(timestamp).encode(), body))
    return "v1," + base64.b64encode(hmac.digest(_key(secret), signed, hashlib.sha256)).decode()


async def tell(
    url: str, secret: Secret, *, message_id: str, timestamp: int, body: bytes, seconds: float = ANSWER_SECONDS
) -> None:
    """Send one event; returns when the receiver has it. `timestamp` is of this try, in seconds.

    Raises Unreachable, and Rejected for every answer that is not 2xx.
    """
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Provisor",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secret, message_id, timestamp, body),
    }
    answer = await post(url, body, headers, seconds=seconds, what="the webhook", status_only=True)
    if not 200 <= answer.status < 300:
        moved = ", which sends us elsewhere and is not followed" if 300 <= answer.status < 400 else ""
        message = f"{host_of(url)} did not take the webhook: it answered {answer.status}{moved}."
        raise Rejected(message, status=answer.status)


def _key(secret: Secret) -> bytes:
    return base64.b64decode(secret.reveal().removeprefix(PREFIX), validate=True)
