"""Runs the target as a process: a socket, uvicorn with uvloop and httptools, a stop that loses nothing.

A signal stops it once: requests in flight are answered, the request log is written, the process ends with 0. To use
several cores, start several servers on one database and one port (decision 0010).
"""

import asyncio
import gc
import signal
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import uvicorn
import uvloop

from provisor.database import Database
from provisor.provider.dashboard.lazy import dashboard
from provisor.provider.protocol.throttling import NO_LIMITS, Limits
from provisor.provider.serving.app import ServiceProvider
from provisor.provider.store.tables import TargetError, Tenant, store_setting
from provisor.provider.store.tenants import URL_SETTING
from provisor.web.connections import GuardedProtocol, Watch

_STOP_SECONDS = 10  # for requests in flight
_BACKLOG = 2048
_COLLECT_EVERY = 50_000  # objects; requests leave hardly any reference cycles, and each collection costs


class Tls(NamedTuple):
    """Files in PEM form."""

    certificate: Path
    key: Path

    def check(self) -> None:
        """Refuse files that a server cannot use, before anything listens. Raises TargetError."""
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self.certificate, self.key, "")
        except (OSError, ssl.SSLError) as error:
            raise TargetError(
                f"{self.certificate} and {self.key} are not a certificate and its key (without a password): {error}."
            ) from error


class _Server(uvicorn.Server):
    """uvicorn without its signal handling, which ends the process by the signal instead of with 0."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def open_socket(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises TargetError when the address is not available.

    `shared`: other servers of the same user that also share may listen there; the kernel distributes connections.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise TargetError(f"Cannot listen on {host} port {port}: {error.strerror or error}.") from error
    listener.setblocking(False)
    return listener


def address_of(listener: socket.socket, tenant: Tenant, scheme: str = "http") -> str:
    """The URL a client on this machine uses: what goes into the tenant URL of an application."""
    host, port = listener.getsockname()[:2]
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}{tenant.base_path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What is served, and how: everything a process needs."""

    database: Database
    tenant: Tenant
    listener: socket.socket
    limits: Limits = NO_LIMITS
    tls: Tls | None = None
    alone: bool = False


def serve(service: Service, *, ready: Callable[[str], None], ready_file: Path | None = None) -> None:
    """Serve until SIGTERM or SIGINT. `ready` is called with the URL once requests are answered. Raises TargetError."""
    if service.tls is not None:
        service.tls.check()
    url = address_of(service.listener, service.tenant, "http" if service.tls is None else "https")
    with service.database.transaction() as connection:
        store_setting(connection, service.tenant, URL_SETTING, url)

    def announce() -> None:
        if ready_file is not None:
            _write_whole(ready_file, url + "\n")
        ready(url)

    pages = dashboard(service.database, service.tenant, alone=service.alone, trust_proxy=service.limits.trust_proxy)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        target = ServiceProvider(service.database, service.tenant, pages, limits=service.limits, alone=service.alone)
        runner.run(_run(target, service, announce))
    pages.close()


async def _run(target: ServiceProvider, service: Service, ready: Callable[[], None]) -> None:
    server = guarded_server(target, service.tls)
    _stop_when_told(server)
    serving = asyncio.ensure_future(server.serve(sockets=[service.listener]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.005)
    gc.collect()
    gc.freeze()  # loaded modules stay: a collection need not walk through them while clients wait
    gc.set_threshold(_COLLECT_EVERY, 20, 50)
    watching = asyncio.ensure_future(Watch(server.server_state.connections).run())
    if server.started:
        ready()
    await serving
    watching.cancel()


def guarded_server(target: ServiceProvider, tls: Tls | None) -> _Server:
    """The HTTP server before a target, with our guard against slow clients."""
    return _Server(
        uvicorn.Config(
            target,
            http=GuardedProtocol,
            ssl_certfile=None if tls is None else tls.certificate,
            ssl_keyfile=None if tls is None else tls.key,
            ws="none",
            lifespan="on",
            access_log=False,
            log_level="error",  # or clients that do not send HTTP fill it
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_STOP_SECONDS,
        )
    )


def _stop_when_told(server: _Server) -> None:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(ValueError, RuntimeError):  # not in the main thread, as in tests: the caller stops us
            loop.add_signal_handler(number, stop)


def _write_whole(path: Path, text: str) -> None:
    """Write a file so that readers do not see half of it."""
    unfinished = path.with_name(path.name + ".new")
    unfinished.unlink(missing_ok=True)  # of a server that was killed, or a link that leads elsewhere
    with unfinished.open("x", encoding="utf-8") as file:
        file.write(text)
    unfinished.replace(path)
