"""Whole HTTP/1.1 messages off a stream, as raw bytes: just enough for a proxy that must not understand them.

Order: a request, a reply, their bodies.
"""

from asyncio import IncompleteReadError, StreamReader

HEAD_LIMIT_BYTES = 64 * 1024
_BODILESS_STATUSES = (b"204", b"304")


async def read_request(reader: StreamReader) -> bytes | None:
    """One request with its body; None when the client closed the connection between requests."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except IncompleteReadError:
        return None
    return head + await _body(reader, head, until_closed=False)


async def read_reply(reader: StreamReader, method: str) -> bytes:
    """The reply to a request of `method` with its body, informational replies passed over."""
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        status = head.split(b" ", 2)[1][:3]
        if not status.startswith(b"1"):
            break
    if method == "HEAD" or status in _BODILESS_STATUSES:
        return head
    return head + await _body(reader, head, until_closed=True)


async def _body(reader: StreamReader, head: bytes, *, until_closed: bool) -> bytes:
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(b":") for line in head.split(b"\r\n")[1:])
    }
    if headers.get(b"transfer-encoding", b"").lower() == b"chunked":
        return await _chunks(reader)
    if b"content-length" in headers:
        return await reader.readexactly(int(headers[b"content-length"]))
    return await reader.read() if until_closed else b""


async def _chunks(reader: StreamReader) -> bytes:
    """A chunked body as it stands, up to and with its trailer."""
    body = bytearray()
    while True:
        line = await reader.readuntil(b"\r\n")
        body += line
        size = int(line.split(b";")[0], 16)
        if size == 0:
            break
        body += await reader.readexactly(size + 2)
    while True:
        line = await reader.readuntil(b"\r\n")
        body += line
        if line == b"\r\n":
            return bytes(body)
