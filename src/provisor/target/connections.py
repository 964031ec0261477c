"""Cuts off clients that take a connection and do nothing with it: slow headers, slow bodies, answers nobody reads.

uvicorn only ends connections that are idle between requests. Instead of a timer for every request, one sweep a second
looks at what every connection waits for; a request that is answered quickly costs nothing. Source: issue, Guard.
And gives an application that has its whole answer at hand a way to send it at once. Answers of one turn of the loop
leave together: their clients are woken together, and ask again together (docs/explanation/performance.md).
"""

import asyncio
import time
from collections.abc import Collection
from functools import partial
from typing import Any, cast
from weakref import WeakKeyDictionary

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from provisor.target.replies import AT_ONCE, Reply

HEAD_SECONDS = 15.0
BODY_SECONDS = 60.0  # a megabyte on a slow line
ANSWER_SECONDS = 60.0  # without a byte taken
HEAD_BYTES = 64 * 1024

_SWEEP_SECONDS = 1.0
_TIMEOUT = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_HEAD_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"

_Phase = tuple[str, int, int]


class Outbox:
    """Answers on their way out. Belongs to one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: list[tuple[asyncio.Transport, bytes]] = []

    def put(self, transport: asyncio.Transport, data: bytes) -> None:
        """Write when this turn of the loop is over."""
        if not self._waiting:
            self._loop.call_soon(self.send)
        self._waiting.append((transport, data))

    def send(self) -> None:
        """Write everything now."""
        waiting, self._waiting = self._waiting, []
        for transport, data in waiting:
            transport.write(data)


_outboxes: "WeakKeyDictionary[asyncio.AbstractEventLoop, Outbox]" = WeakKeyDictionary()


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with an end to how long a request's head may get; the parser itself has none."""

    head_bytes = 0

    def connection_made(self, transport: Any) -> None:  # uvicorn's own type: not every transport of asyncio
        """Take a connection."""
        super().connection_made(transport)
        outbox = _outboxes.get(self.loop)
        if outbox is None:
            outbox = _outboxes[self.loop] = Outbox(self.loop)
        self._outbox = outbox

    def shutdown(self) -> None:
        """End the connection, once what was answered is written."""
        self._outbox.send()
        super().shutdown()

    def on_headers_complete(self) -> None:
        """Start the request, and tell it how to answer at once."""
        super().on_headers_complete()
        if self.cycle is not None and self.cycle.scope is self.scope:
            cast(dict[str, Any], self.scope)[AT_ONCE] = partial(_answer, self._outbox, self.cycle)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, behind the answers to what was."""
        self._outbox.send()
        super().send_400_response(msg)

    def data_received(self, data: bytes) -> None:
        """Take bytes from the wire."""
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before or (before is not None and not before.response_complete):
            self.head_bytes = 0
            return
        self.head_bytes += len(data)
        if self.head_bytes > HEAD_BYTES and not self.transport.is_closing():
            self._outbox.send()  # perhaps the refusal of a body too large, of which this is the rest
            self.transport.write(_HEAD_TOO_LARGE)
            self.transport.close()


def _answer(outbox: Outbox, cycle: RequestResponseCycle, reply: Reply) -> bool:
    """Write a whole answer; False when the usual way has to be taken.

    Two messages through uvicorn's `send` are two segments on the wire, and every header of every answer is checked for
    characters that ours cannot hold: 3 of the 24 µs that uvicorn takes for a request.
    """
    if cycle.flow.write_paused or cycle.disconnected or not cycle.keep_alive or cycle.scope["method"] == "HEAD":
        return False
    cycle.response_started = cycle.response_complete = True
    lines = [STATUS_LINE[reply.status]]
    for name, value in cycle.default_headers:
        lines += (name, b": ", value, b"\r\n")
    for name, value in reply.all_headers():
        lines += (name, b": ", value, b"\r\n")
    lines += (b"\r\n", reply.body)
    outbox.put(cycle.transport, b"".join(lines))
    cycle.message_event.set()
    cycle.on_response()
    return True


class Watch:
    """Remembers since when every connection waits for the same thing."""

    def __init__(self, connections: Collection[Any]) -> None:
        self._connections = connections
        self._since: dict[Any, tuple[_Phase, float]] = {}

    def sweep(self, now: float) -> int:
        """Cut what has waited too long; returns how many connections that were."""
        since: dict[Any, tuple[_Phase, float]] = {}
        cut = 0
        for connection in list(self._connections):
            waiting = _phase(connection)
            if waiting is None:
                continue
            phase, limit = waiting
            known = self._since.get(connection)
            at = known[1] if known is not None and known[0] == phase else now
            if now - at > limit:
                _cut(connection, phase)
                cut += 1
            else:
                since[connection] = (phase, at)
        self._since = since
        return cut

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            self.sweep(time.monotonic())


def _phase(connection: Any) -> tuple[_Phase, float] | None:
    """What a connection waits for its client to do, and for how long it may; None when it waits for us or idles."""
    cycle = connection.cycle
    if cycle is None or cycle.response_complete:
        if connection.timeout_keep_alive_task is not None:
            return None  # idle between requests: uvicorn's own time-out ends it
        return ("head", id(cycle), 0), HEAD_SECONDS
    if cycle.more_body:
        return ("body", id(cycle), 0), BODY_SECONDS
    if connection.flow.write_paused:
        return ("answer", id(cycle), connection.transport.get_write_buffer_size()), ANSWER_SECONDS
    return None


def _cut(connection: Any, phase: _Phase) -> None:
    if phase[0] == "answer":
        connection.transport.abort()
        return
    connection.transport.write(_TIMEOUT)
    connection.transport.close()
