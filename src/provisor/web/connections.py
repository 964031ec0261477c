"""Keeps what one connection does to that connection: bounded, answered in order or ended, seen by no other.

uvicorn only ends connections that are idle between requests, and keeps whatever a client sends before a request is
whole. Here heads are bounded, in size and in number; what is not HTTP, incomplete or too slow is refused after the
answers to complete requests before it. Instead of a timer for every request, one sweep per second checks what every
connection waits for; a request answered quickly costs nothing. Knows no path. Source:
reference/scim-service-provider.md section *Limits*.
"""

import asyncio
import resource
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, MutableMapping
from functools import partial
from typing import Any, Literal

from httptools import HttpParserError
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

_Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
_Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

HEAD_SECONDS = 15.0
BODY_SECONDS = 60.0  # a megabyte on a slow line
ANSWER_SECONDS = 60.0  # without a byte taken
HEAD_BYTES = 64 * 1024
HEADERS = 100  # lines of a head; each costs 40 times the bytes of the smallest
PIPELINED = 250  # requests that wait for the answer to the one before
UNFINISHED = 100  # heads that came in part, over all connections: each may hold HEAD_BYTES
CONNECTIONS = 1_000  # fewer where the system allows a process fewer files

_FILES_KEPT_FREE = 64  # for the database, pages, accepting
SWEEP_SECONDS = 1.0

_Phase = tuple[str, int, int]

# uvicorn's inner parts that the guard builds on, besides those it overrides; a release without them must not start.
_BUILT_ON = {
    HttpToolsProtocol: {"connections", "cycle", "flow", "headers", "parser", "pipeline", "scheme", "transport"}
    | {"timeout_keep_alive_task"},
    RequestResponseCycle: {"disconnected", "keep_alive", "message_event", "more_body"}
    | {"response_complete", "response_started"},
}
_OVERRIDDEN = ("_start_asgi_task", "on_response_complete", "send_400_response")


def check_uvicorn(kinds: Mapping[type, Collection[str]] = _BUILT_ON, overridden: Collection[str] = _OVERRIDDEN) -> None:
    """Refuse a uvicorn whose inner parts are not those we know. Raises ImportError."""
    missing = [name for name in overridden if not hasattr(HttpToolsProtocol, name)]
    for kind, names in kinds.items():
        missing += sorted(set(names) - set(kind.__init__.__code__.co_names))  # type: ignore[misc]
    if missing:
        raise ImportError(f"This uvicorn lacks {', '.join(missing)}, which the guard of connections builds on.")


check_uvicorn()


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with bounds to what it keeps and an end that is a refusal, not an exception."""

    _stage: Literal["between", "head", "body"] = "between"  # what comes next belongs to
    _begun = 0  # requests that began in the bytes at hand
    _unread = 0  # bytes since a request or a piece of its body came, as far as they are known to be of one head
    _head_bytes = 0
    _refusal = 400  # what to answer to bytes that the parser refuses
    _ended = False  # whether what comes is thrown away
    _running: RequestResponseCycle | None = None  # the request that is being answered; uvicorn knows the newest

    def connection_made(self, transport: Any) -> None:  # uvicorn's own type: not every transport of asyncio
        """Accept a connection, instead of an idle one when there are too many."""
        super().connection_made(transport)
        if len(self.connections) > _connections_limit():
            _make_room(self.connections, self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a connection."""
        self._abandon()
        super().connection_lost(exc)

    def eof_received(self) -> bool:  # type: ignore[override]  # uvicorn always closes; asyncio asks
        """Answer a client that sends no more and still reads, which TLS does not know; refuse what came in part."""
        if self.scheme == "https":
            self._abandon()
            return False
        if self._stage != "between":
            self.refuse(400)
        self._ended = True
        if self.cycle is None or self.cycle.response_complete:
            return False
        self.cycle.keep_alive = False
        return True

    def data_received(self, data: bytes) -> None:
        """Take bytes from the wire."""
        if self._ended:
            return
        between, self._begun = self._stage == "between", 0
        self._unread += len(data)
        super().data_received(data)
        if self._ended:
            return
        if self._stage == "head":
            if between and self._begun == 1:
                self._unread = len(data)
            _keep_few_unfinished(self)
        elif self._stage == "body" and not self.cycle.response_complete:
            self.flow.pause_reading()  # until somebody asks for it: most refusals need no body
        if self._unread > HEAD_BYTES:
            self.refuse(431)

    def on_message_begin(self) -> None:
        """Begin a request."""
        if len(self.pipeline) >= PIPELINED:
            raise HttpParserError("too many requests at once")
        self._stage = "head"
        self._begun += 1
        self._unread = self._head_bytes = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Take a piece of the address."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; lines after a body are not headers (RFC 9110 section 6.5.1)."""
        if self._stage == "head":
            self._count(len(name) + len(value) + 4)
            super().on_header(name, value)

    def _count(self, number: int) -> None:
        self._head_bytes += number
        if self._head_bytes > HEAD_BYTES or len(self.headers) >= HEADERS:
            self._refusal = 431
            raise HttpParserError("the head is too large")

    def on_headers_complete(self) -> None:
        """Start the request."""
        if self.parser.get_method() == b"CONNECT":  # a 2xx would open a tunnel (RFC 9110 section 9.3.6)
            self._refusal = 405
            raise HttpParserError("no proxy")
        super().on_headers_complete()
        self._stage = "body"
        unfinished.pop(self, None)
        if self.parser.should_upgrade():  # to a protocol we do not speak: what follows may not be HTTP
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body."""
        self._unread = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request."""
        self._stage = "between"
        self._unread = 0
        super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """Go on with the next request."""
        super().on_response_complete()
        if self.pipeline and not self.transport.is_closing():  # uvicorn would read on, faster than it answers
            self.flow.pause_reading()

    def send_400_response(self, msg: str) -> None:
        """Refuse what the parser does not accept."""
        self.refuse(self._refusal)

    def refuse(self, status: int) -> None:
        """Accept no more, and say so after the answers to complete requests; then end the connection."""
        self._ended = True
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            in_part = self._stage == "body"
            if not in_part or cycle.response_started:
                cycle.keep_alive = False
                return
            if cycle is not self._running:
                cycle.keep_alive = False
                self.pipeline[0] = (cycle, partial(_refused, status))
                return
            self._abandon()
        if not self.transport.is_closing():
            if self._stage != "body" or cycle is None or not cycle.response_complete:
                self.transport.write(_refusal(status))
            self.transport.close()

    def _abandon(self) -> None:
        """Nobody waits for answers any more: tell the tasks that work on them."""
        unfinished.pop(self, None)
        self._ended = True
        for cycle in (self._running, self.cycle, *(cycle for cycle, _ in self.pipeline)):
            if cycle is not None and not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()
        self.pipeline.clear()


unfinished: dict[GuardedProtocol, None] = {}  # connections with a part of a head, the oldest first


def _keep_few_unfinished(connection: GuardedProtocol) -> None:
    unfinished.setdefault(connection)
    if len(unfinished) > UNFINISHED:
        oldest = next(iter(unfinished))
        del unfinished[oldest]
        oldest.refuse(503)


def _connections_limit() -> int:
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return CONNECTIONS if files == resource.RLIM_INFINITY else min(CONNECTIONS, max(1, files - _FILES_KEPT_FREE))


def _make_room(connections: Collection[Any], newest: GuardedProtocol) -> None:
    """End the least useful connection: one that never sent a request, is idle, or takes no answers."""
    others = [other for other in connections if other is not newest]
    for missed_least in (
        lambda other: other.cycle is None,
        lambda other: other.timeout_keep_alive_task is not None,
        lambda other: other.transport.get_write_buffer_size() > 0,
    ):
        found = next(filter(missed_least, others), None)
        if found is not None:
            found.transport.abort()
            return
    newest.refuse(503)


def _refusal(status: int) -> bytes:
    return STATUS_LINE[status] + b"connection: close\r\ncontent-length: 0\r\n\r\n"


async def _refused(status: int, scope: Any, receive: _Receive, send: _Send) -> None:
    """An application that refuses what came in part behind requests that are still being answered."""
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


class Watch:
    """Remembers since when every connection waits for the same thing."""

    def __init__(self, connections: Collection[Any]) -> None:
        self._connections = connections
        self._since: dict[Any, tuple[_Phase, float]] = {}

    def sweep(self, now: float) -> int:
        """Cut connections that have waited too long; returns how many."""
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
            await asyncio.sleep(SWEEP_SECONDS)
            self.sweep(time.monotonic())


def _phase(connection: Any) -> tuple[_Phase, float] | None:
    """What a connection waits for its client to do, and for how long it may; None when it waits for us or idles."""
    cycle = connection.cycle
    if unsent := connection.transport.get_write_buffer_size():  # also of a connection that is being closed
        return ("answer", id(cycle), unsent), ANSWER_SECONDS
    if cycle is None or cycle.response_complete:
        if connection.timeout_keep_alive_task is not None:
            return None  # idle between requests: uvicorn's own time-out ends it
        return ("head", id(cycle), 0), HEAD_SECONDS
    return (("body", id(cycle), 0), BODY_SECONDS) if cycle.more_body else None


def _cut(connection: Any, phase: _Phase) -> None:
    if phase[0] == "answer":
        connection.transport.abort()
        return
    connection.refuse(408)
