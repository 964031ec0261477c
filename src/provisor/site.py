"""What `provisor serve` answers over HTTP: health, metrics, the Graph-shaped API, tokens for it, the portal.

In a thread of its own, with a loop of its own: a service whose jobs keep their loop busy is answered for all the same.
Order: the site, one server, its socket and certificate.
"""

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import uvicorn
import uvloop
from starlette.types import ASGIApp, Receive, Scope, Send

from provisor.admin.actor import Actor
from provisor.admin.bundle import Admin
from provisor.admin.errors import AdminError
from provisor.admin.health import Pulse
from provisor.admin.session import Listening
from provisor.graph_api.app import VERSIONS, GraphApi
from provisor.graph_api.routes import ROUTES
from provisor.graph_api.token_endpoint import Issue, IssuedToken, TokenEndpoint
from provisor.monitoring.server import PATHS, application
from provisor.portal.lazy import portal
from provisor.web.connections import GuardedProtocol, Watch

STOP_SECONDS = 5.0
KEEP_ALIVE_SECONDS = 30
BACKLOG = 2048
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - what is shown to a person, not what is listened on


class WholeSite:
    """Which part of the site answers a path: the first part of it says so, or the second where that is a tenant."""

    def __init__(self, first: dict[str, ASGIApp], second: dict[str, ASGIApp], otherwise: ASGIApp) -> None:
        self._first = first
        self._second = second
        self._otherwise = otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        parts = [part.lower() for part in scope.get("path", "").split("/")[1:3]]
        found = self._first.get(parts[0]) if parts else None
        if found is None and len(parts) == 2:
            found = self._second.get(parts[1])
        await (found or self._otherwise)(scope, receive, send)


@contextmanager
def site(admin: Admin, actor: Actor, pulse: Pulse, listening: Listening) -> Iterator[str]:
    """Answer for the block; gives the URL. Raises AdminError when the address or the certificate cannot be used."""
    check_certificate(listening)
    listener = listen(listening.host, listening.port)
    work = ThreadPoolExecutor(max_workers=1, thread_name_prefix="watched")
    watched = application(admin.health, actor, pulse, work)
    admin.health.watch(pulse)
    trust_proxy = listening.trust_proxy
    graph = GraphApi(
        admin,
        ROUTES,
        admin.authentication.authenticate,
        now=admin.now,
        trust_proxy=trust_proxy,
        requests_per_second=listening.requests_per_second,
    )
    tokens = TokenEndpoint(admin.tenant, _issuing(admin), trust_proxy=trust_proxy)
    pages = portal(admin, trust_proxy=trust_proxy)
    first: dict[str, ASGIApp] = {path.strip("/"): watched for path in PATHS}
    first |= dict.fromkeys(VERSIONS, graph) | dict.fromkeys(("common", "metadata"), tokens)
    second: dict[str, ASGIApp] = dict.fromkeys(("oauth2", "v2.0"), tokens)
    try:
        with _served(WholeSite(first, second, pages), listener, listening) as url:
            try:
                yield url
            finally:
                pages.end_streams()
    finally:
        graph.close()
        tokens.close()
        pages.close()
        work.shutdown(wait=False, cancel_futures=True)


def _issuing(admin: Admin) -> Issue:
    def issue(client: str, secret: str, address: str, correlation: str) -> IssuedToken | None:
        given = admin.authentication.issue(client, secret, address, correlation)
        return None if given is None else IssuedToken(*given)

    return issue


@contextmanager
def _served(app: ASGIApp, listener: socket.socket, listening: Listening) -> Iterator[str]:
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            http=GuardedProtocol,
            ws="none",
            lifespan="off",
            access_log=False,
            log_level="critical",
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=int(STOP_SECONDS),
            ssl_certfile=listening.certificate,
            ssl_keyfile=listening.key,
        )
    )
    thread = threading.Thread(target=_run, args=(server, listener), name="site", daemon=True)
    thread.start()
    try:
        yield _url(listening, listener.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(STOP_SECONDS * 2)


def _url(listening: Listening, port: int) -> str:
    """By the host as it was named, which is what a certificate is for; every address of the machine is its name."""
    scheme = "http" if listening.certificate is None else "https"
    host = socket.gethostname() if listening.host in EVERYWHERE else listening.host
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def _run(server: uvicorn.Server, listener: socket.socket) -> None:
    async def guarded() -> None:
        watching = asyncio.ensure_future(Watch(server.server_state.connections).run())
        await server.serve(sockets=[listener])
        watching.cancel()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(guarded())


def check_certificate(listening: Listening) -> None:
    """Raise AdminError for files that a server cannot use, before anything listens."""
    if listening.certificate is None or listening.key is None:
        return
    for file in (listening.certificate, listening.key):
        if not file.is_file():
            raise AdminError(
                "invalid-value", f"There is no file {file}.", "Name the PEM files of the certificate and of its key."
            )
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(listening.certificate, listening.key, "")
    except (OSError, ssl.SSLError) as error:
        raise AdminError(
            "invalid-value",
            f"{listening.certificate} and {listening.key} are not a certificate and its key: {error}.",
            "Name PEM files, of a key without a password.",
        ) from error


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises AdminError when the address cannot be had."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise AdminError(
            "cannot-listen",
            f"Cannot listen on {host} port {port}: {error.strerror or error}.",
            "Name another --port or --host, or end the process that listens there.",
        ) from error
    return listener
