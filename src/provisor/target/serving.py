"""Runs the target as a process: one socket, uvicorn with uvloop and httptools, a stop that loses nothing.

A signal stops it once: requests in flight are answered, the request log is written, the process ends with 0.
"""

import asyncio
import gc
import signal
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import uvicorn
import uvloop

from provisor.database import Database
from provisor.target.connections import GuardedProtocol, Watch
from provisor.target.dashboard.mount import Dashboard
from provisor.target.guard import NO_LIMITS, Limits
from provisor.target.server import Target
from provisor.target.store import TargetError, Tenant, store_setting
from provisor.target.tenants import URL_SETTING

_STOP_SECONDS = 10  # for requests in flight
_BACKLOG = 2048
_COLLECT_EVERY = 20_000  # objects; requests leave next to no cycles behind, and each look for them costs


class Tls(NamedTuple):
    """Files in PEM form."""

    certificate: Path
    key: Path

    def check(self) -> None:
        """Refuse files that no server can use, before anything listens. Raises TargetError."""
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self.certificate, self.key, "")
        except (OSError, ssl.SSLError) as error:
            raise TargetError(
                f"{self.certificate} and {self.key} are no certificate and its key (without a password): {error}."
            ) from error


class _Server(uvicorn.Server):
    """uvicorn without its signal handling, which ends the process by the signal instead of with 0."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def open_socket(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises TargetError when the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
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


def serve(
    database: Database,
    tenant: Tenant,
    listener: socket.socket,
    *,
    ready: Callable[[str], None],
    ready_file: Path | None = None,
    limits: Limits = NO_LIMITS,
    tls: Tls | None = None,
    alone: bool = False,
) -> None:
    """Serve until SIGTERM or SIGINT. `ready` is called with the URL once requests are answered."""
    if tls is not None:
        tls.check()
    url = address_of(listener, tenant, "http" if tls is None else "https")
    with database.transaction() as connection:
        store_setting(connection, tenant, URL_SETTING, url)
    dashboard = Dashboard(database, tenant, alone=alone, trust_proxy=limits.trust_proxy)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        target = Target(database, tenant, dashboard, limits=limits, alone=alone)
        runner.run(_run(target, listener, url, ready, ready_file, tls))
    dashboard.close()


async def _run(
    target: Target,
    listener: socket.socket,
    url: str,
    ready: Callable[[str], None],
    ready_file: Path | None,
    tls: Tls | None,
) -> None:
    server = _Server(
        uvicorn.Config(
            target,
            http=GuardedProtocol,
            ssl_certfile=None if tls is None else tls.certificate,
            ssl_keyfile=None if tls is None else tls.key,
            ws="none",
            lifespan="on",
            access_log=False,
            log_level="warning",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_STOP_SECONDS,
        )
    )

    def stop() -> None:
        server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(ValueError, RuntimeError):  # not in the main thread, as in tests: the caller stops us
            loop.add_signal_handler(number, stop)
    serving = asyncio.ensure_future(server.serve(sockets=[listener]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.005)
    gc.collect()
    gc.freeze()  # what was loaded stays: a collection need not walk through all modules while clients wait
    gc.set_threshold(_COLLECT_EVERY, 20, 50)
    if server.started:
        if ready_file is not None:
            _write_whole(ready_file, url + "\n")
        ready(url)
    watching = asyncio.ensure_future(Watch(server.server_state.connections).run())
    await serving
    watching.cancel()


def _write_whole(path: Path, text: str) -> None:
    """Write a file so that whoever waits for it never reads half of it."""
    unfinished = path.with_name(path.name + ".new")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)
