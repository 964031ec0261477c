"""A loopback HTTP proxy that kills a client or loses a reply at the n-th request: the tool of the crash tests.

Stands between a client process and a target, forwards one request at a time so that "the n-th" is well defined, and
needs no hook in either. Plain HTTP/1.1 only. Order: what it may do, the proxy, one connection, messages (http_relay).
"""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias
from urllib.parse import urlsplit, urlunsplit

from provisor.testing.http_relay import read_reply, read_request

QUIET_SECONDS = 0.03  # a connection that the kernel has accepted but we have not seen yet turns up in this time


@dataclass(frozen=True, slots=True)
class Pass:
    """Forward everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KillAfter:
    """SIGKILL the victim right after its `nth` request went to the target, before the reply comes back.

    The target's answer is lost, but the request took effect. Requests which the victim had written before it died
    are dropped, or with `stragglers` still forwarded, as packets on a real wire would be.
    """

    nth: int
    stragglers: bool = False


@dataclass(frozen=True, slots=True)
class LoseReply:
    """Let the target carry out these requests (counted from 1) and break the connection instead of replying."""

    numbers: frozenset[int]


ProxyBehaviour: TypeAlias = Pass | KillAfter | LoseReply


class Forwarded(NamedTuple):
    """A request that reached the target."""

    method: str
    path: str


@dataclass(slots=True)
class _Shift:
    """What holds from one `arm` to the next."""

    behaviour: ProxyBehaviour
    victim: int | None = None
    forwarded: list[Forwarded] = field(default_factory=list)
    struck: bool = False


class FaultProxy:
    """The proxy, running in a thread of its own between `start` and `stop`; made by `fault_proxy`."""

    def __init__(self, target_url: str) -> None:
        parts = urlsplit(target_url)
        if parts.scheme != "http" or parts.hostname is None or parts.port is None:
            raise ValueError(f"The proxy forwards plain HTTP to a port, not to {target_url}.")
        self._target = (parts.hostname, parts.port)
        self._path = parts.path
        self._shift = _Shift(Pass())
        self._connections = 0
        self._loop = asyncio.new_event_loop()
        self._turn = asyncio.Lock()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault-proxy", daemon=True)
        self._server: asyncio.Server | None = None
        self._handlers: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """The target's URL as the client must be given it: same path, this proxy's port."""
        assert self._server is not None, "the proxy was not started"  # noqa: S101  a misuse by the test itself
        port = self._server.sockets[0].getsockname()[1]
        return urlunsplit(("http", f"127.0.0.1:{port}", self._path, "", ""))

    @property
    def forwarded(self) -> tuple[Forwarded, ...]:
        """The requests that reached the target since the last `arm`, in order."""
        return tuple(self._shift.forwarded)

    @property
    def struck(self) -> bool:
        """Whether the armed behaviour has struck."""
        return self._shift.struck

    def arm(self, behaviour: ProxyBehaviour) -> None:
        """Behave so from now on, counting from 1 again. Waits until no earlier client is connected any more."""
        self.settle()
        self._shift = _Shift(behaviour)

    def watch(self, pid: int) -> None:
        """Name the process that KillAfter kills. Requests wait until it is named."""
        self._shift.victim = pid

    def settle(self, timeout_seconds: float = 10.0) -> None:
        """Wait until every client connection is closed; a killed client's are closed by the kernel."""
        deadline = time.monotonic() + timeout_seconds
        quiet_since = time.monotonic()
        while time.monotonic() - quiet_since < QUIET_SECONDS:
            time.sleep(0.005)
            if self._connections:
                quiet_since = time.monotonic()
            if quiet_since > deadline:
                raise TimeoutError(f"{self._connections} connections to the proxy are still open")

    def start(self) -> None:
        """Listen on an ephemeral loopback port."""
        self._thread.start()
        listening = asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=512)
        self._server = asyncio.run_coroutine_threadsafe(listening, self._loop).result(10)

    def stop(self) -> None:
        """Close every connection and end the thread."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        for handler in list(self._handlers):
            handler.cancel()
        await asyncio.gather(*self._handlers, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client connection, with one to the target behind it."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  asyncio runs handlers in tasks
        self._handlers.add(task)
        self._connections += 1
        shift = self._shift
        to_target: asyncio.StreamWriter | None = None
        try:
            from_target, to_target = await asyncio.open_connection(*self._target)
            while (request := await read_request(reader)) is not None:
                async with self._turn:
                    reply = await self._forward(shift, request, from_target, to_target)
                if reply is None:
                    break
                writer.write(reply)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass  # one side went away, which is what this proxy is for
        except asyncio.CancelledError:
            pass  # stop()
        finally:
            self._handlers.discard(task)
            for one in (writer, to_target):
                if one is not None:
                    one.close()
            self._connections -= 1

    async def _forward(
        self, shift: _Shift, request: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bytes | None:
        """Forward one request; None when its client gets no reply."""
        behaviour = shift.behaviour
        if isinstance(behaviour, KillAfter) and shift.struck and not behaviour.stragglers:
            return None
        method, path, _ = request.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
        shift.forwarded.append(Forwarded(method, path))
        number = len(shift.forwarded)
        writer.write(request)
        await writer.drain()
        if isinstance(behaviour, KillAfter) and number == behaviour.nth:
            await self._kill(shift)
        reply = await read_reply(reader, method)
        if isinstance(behaviour, KillAfter) and shift.struck:
            return None
        if isinstance(behaviour, LoseReply) and number in behaviour.numbers:
            shift.struck = True
            return None
        return reply

    async def _kill(self, shift: _Shift) -> None:
        while shift.victim is None:
            await asyncio.sleep(0.001)
        os.kill(shift.victim, signal.SIGKILL)
        shift.struck = True


@contextmanager
def fault_proxy(target_url: str) -> Iterator[FaultProxy]:
    """A started proxy in front of a target, stopped at the end of the block."""
    proxy = FaultProxy(target_url)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()
