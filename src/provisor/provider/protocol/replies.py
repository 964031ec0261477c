"""What goes out, and how a body comes in: the edges of one HTTP exchange (RFC 7644 sections 3.1, 3.12).

Order: replies, refusals, bodies.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, NamedTuple

from provisor.provider.model.documents import dump
from provisor.provider.model.limits import MAX_BODY_BYTES
from provisor.provider.protocol.throttling import TooManyRequests
from provisor.provider.query.chunks import Text, encoded
from provisor.scim.errors import ScimError, too_large

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

CLOSE = (b"connection", b"close")  # a header that ends the connection behind the answer

_SCIM = b"application/scim+json; charset=utf-8"
_RETRY_SECONDS = b"1"


class Reply(NamedTuple):
    """What goes out: a body, and what follows it when it is too long to be sent at once."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()
    content_type: bytes = _SCIM
    more: Sequence[bytes] = ()

    @property
    def size(self) -> int:
        """How many bytes the whole body has."""
        return len(self.body) + sum(map(len, self.more)) if self.more else len(self.body)

    async def send(self, send: Send) -> None:
        """Answer a request."""
        headers = self.headers
        if self.body:
            headers = (b"content-type", self.content_type), (b"content-length", b"%d" % self.size), *headers
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        if not self.more:
            await send({"type": "http.response.body", "body": self.body})
            return
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        for number, part in enumerate(self.more, 1):
            await asyncio.sleep(0)  # others get a turn in between
            await send({"type": "http.response.body", "body": part, "more_body": number < len(self.more)})


class Disconnected(Exception):
    """The client left before its request was complete."""


def replied(text: Text, *headers: tuple[bytes, bytes]) -> Reply:
    """The answer with what was asked for."""
    if isinstance(text, str):
        return Reply(200, text.encode(), headers)
    body, *more = encoded(text)
    return Reply(200, body, headers, more=more)


def refused(refusal: ScimError, *headers: tuple[bytes, bytes]) -> Reply:
    """The answer to a request that is refused."""
    if refusal.status == 401:
        headers += ((b"www-authenticate", b'Bearer realm="scim"'),)
    if refusal.status == 503:
        headers += ((b"retry-after", _RETRY_SECONDS),)
    if isinstance(refusal, TooManyRequests):
        headers += ((b"retry-after", b"%d" % refusal.retry_seconds),)
    return Reply(refusal.status, dump(refusal.body()).encode(), headers)


async def read_body(announced: bytes | None, receive: Receive) -> bytes:
    """The whole body; `announced` is its Content-Length.

    Raises ScimError 413 beyond MAX_BODY_BYTES, Disconnected when the client goes away.
    """
    if announced is not None and announced.isdigit() and int(announced[:20]) > MAX_BODY_BYTES:
        raise too_large(
            f"A body may have {MAX_BODY_BYTES} bytes; this one has {announced[:20].decode()}. Send less at once."
        )
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        part = message.get("body", b"")
        parts.append(part)
        size += len(part)
        if size > MAX_BODY_BYTES:
            raise too_large(f"A body may have {MAX_BODY_BYTES} bytes. Send less at once.")
        if not message.get("more_body"):
            return b"".join(parts)
