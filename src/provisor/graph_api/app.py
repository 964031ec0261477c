"""The API as an ASGI application: who calls, how often, what is asked; then a handler in a thread; then the answer.

Order: the application, one request, who calls, reading, writing.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID, uuid4

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from provisor.admin.actor import Actor
from provisor.admin.bundle import Admin
from provisor.admin.errors import AdminError
from provisor.graph_api.access_tokens import secret_of
from provisor.graph_api.odata.answers import NO_BODY, GraphAnswer
from provisor.graph_api.odata.bodies import MAX_BODY_BYTES, read_body, too_long
from provisor.graph_api.odata.errors import GraphError, bad_request, not_found, refusal_of
from provisor.graph_api.odata.limits import (
    BURST_SECONDS,
    DEFAULT_RATE,
    FAILURES_PER_SECOND,
    FREE_FAILURES,
    CallerLimit,
)
from provisor.graph_api.odata.options import read_options
from provisor.graph_api.odata.requests import GraphRequest
from provisor.graph_api.odata.routing import GraphRoute, Router
from provisor.graph_api.odata.tokens import Seal
from provisor.graph_api.threads import HandlerThreads
from provisor.web.addresses import client_address, own_address
from provisor.web.throttle import network

VERSIONS: Final = ("v1.0", "beta")
BODY_SECONDS: Final = 30.0  # between two parts of a body
_CONTENT_TYPE = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
_ALWAYS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "OData-Version": "4.0",
    "X-Content-Type-Options": "nosniff",
}

logger = logging.getLogger("provisor.graph_api")

# Who presents this bearer token from this address, in the request of this id; None: nobody.
Authenticate = Callable[[str, str, str], Actor | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ids:
    """What a request is known by: ours, and the client's own where it gave one."""

    request: str
    client: str


class GraphApi:
    """Answers what is below /v1.0 and /beta."""

    def __init__(
        self,
        admin: Admin,
        routes: Iterable[GraphRoute],
        authenticate: Authenticate,
        *,
        now: Callable[[], datetime],
        trust_proxy: bool = False,
        requests_per_second: float = DEFAULT_RATE,
    ) -> None:
        self._admin = admin
        self._router = Router(routes)
        self._authenticate = authenticate
        self._now = now
        self._trust_proxy = trust_proxy
        self._callers = CallerLimit(requests_per_second, requests_per_second * BURST_SECONDS)
        self._guesses = CallerLimit(FAILURES_PER_SECOND, FREE_FAILURES)
        self._threads = HandlerThreads()

    def close(self) -> None:
        """Let requests under way end; later ones find no thread."""
        self._threads.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        request = Request(scope, receive)
        ids = _ids(request)
        try:
            response = _written(await self._answered(request, ids), ids)
        except GraphError as error:
            response = _refused(error, ids, self._now())
        except ClientDisconnect:
            return
        except Exception:
            logger.exception("Request %s failed.", ids.request)
            unexpected = GraphError(
                500, "generalException", "The request failed for a reason of ours.", f"Report it with {ids.request}."
            )
            response = _refused(unexpected, ids, self._now())
        if request.method == "HEAD":
            response.body = b""
        await response(scope, receive, send)

    async def _answered(self, request: Request, ids: Ids) -> GraphAnswer:
        version, path = _place(request)
        method = "GET" if request.method == "HEAD" else request.method
        actor = await self._caller(request, ids)
        self._callers.take(actor.id, time.monotonic())
        route, names = self._router.find(method, path, beta=version == "beta")
        query = request.scope.get("query_string", b"").decode("latin-1")
        asked = GraphRequest(
            admin=self._admin,
            actor=actor,
            version=version,
            root=own_address(request.scope, dict(request.scope["headers"]), trust_proxy=self._trust_proxy),
            path=path,
            route=f"{route.method} {route.path}",
            permission=route.permission,
            names=names,
            query=query,
            options=read_options(query, route.query, most=route.most),
            body=read_body(
                route,
                await _body(request),
                request.headers.get("content-type", ""),
                request.headers.get("content-encoding", ""),
            ),
            headers={name.lower(): value for name, value in request.headers.items()},
            seal=Seal(self._admin.link_key, int(self._now().timestamp())),
            now=self._now(),
        )
        return await self._threads.handle(route, actor.id, partial(_handled, route, asked))

    # Who calls

    async def _caller(self, request: Request, ids: Ids) -> Actor:
        """Who signed the request. Raises GraphError 401; 429 where an address has guessed too often."""
        if "access_token" in request.query_params:
            raise bad_request(
                "A token in a URL is not taken: addresses are written to logs.",
                "Send it as Authorization: Bearer …, and replace this one: it may be known by now.",
            )
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise _unauthenticated("The request has no bearer token.")
        headers = dict(request.scope["headers"])
        address = client_address(request.scope, headers, trust_proxy=self._trust_proxy)
        secret = secret_of(token.strip())
        actor = await self._threads.read(partial(self._authenticate, secret, address, ids.request))
        if actor is None:  # a good token is taken from an address where others guess, too
            self._guesses.take(network(address), time.monotonic())
            raise _unauthenticated("The token is unknown, expired or revoked.")
        return actor


def _handled(route: GraphRoute, asked: GraphRequest) -> GraphAnswer:
    try:
        return route.handler(asked)
    except AdminError as error:
        raise refusal_of(error) from error


# Reading


def _ids(request: Request) -> Ids:
    given = request.headers.get("client-request-id", "")
    made = str(uuid4())
    return Ids(request=made, client=given if _is_guid(given) else made)


def _is_guid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _place(request: Request) -> tuple[str, str]:
    """The version, and the path below it as the client wrote it: a slash in an id is escaped there."""
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    text = raw.partition(b"?")[0].decode("latin-1")
    version, _, path = text.lstrip("/").partition("/")
    if version.lower() not in VERSIONS:
        raise not_found(text[:200])
    return version.lower(), f"/{path}"


async def _body(request: Request) -> bytes:
    parts: list[bytes] = []
    length = 0
    chunks = request.stream().__aiter__()
    while True:
        try:
            part = await asyncio.wait_for(anext(chunks), BODY_SECONDS)
        except StopAsyncIteration:
            return b"".join(parts)
        except TimeoutError:
            raise GraphError(408, "Request_BadRequest", "The rest of the body did not come.") from None
        length += len(part)
        if length > MAX_BODY_BYTES:
            raise too_long()
        parts.append(part)


# Writing


def _unauthenticated(message: str) -> GraphError:
    return GraphError(
        401,
        "InvalidAuthenticationToken",
        message,
        "`provisor admin token create` and `provisor admin client create` make what signs in.",
        headers={"WWW-Authenticate": 'Bearer realm=""'},
    )


def _written(answer: GraphAnswer, ids: Ids) -> Response:
    headers = {**_ALWAYS, "request-id": ids.request, "client-request-id": ids.client, **answer.headers}
    if answer.body is NO_BODY:
        return Response(status_code=answer.status, headers=headers)
    if isinstance(answer.body, bytes):
        return Response(answer.body, answer.status, headers)
    return Response(msgspec.json.encode(answer.body), answer.status, {"Content-Type": _CONTENT_TYPE, **headers})


def _refused(error: GraphError, ids: Ids, now: datetime) -> Response:
    inner = {
        "date": now.strftime("%Y-%m-%dT%H:%M:%S"),
        "request-id": ids.request,
        "client-request-id": ids.client,
    }
    if error.reason:
        inner["reason"] = error.reason
    if error.hint:
        inner["hint"] = error.hint
    told: dict[str, object] = {"code": error.code, "message": error.message, "innerError": inner}
    if error.places:
        told["details"] = [{"code": error.reason, "message": what, "target": place} for place, what in error.places]
    document = {"error": told}
    return _written(GraphAnswer(status=error.status, body=document, headers=error.headers), ids)
