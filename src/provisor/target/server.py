"""The target as an ASGI application: token, route, one statement, stored bytes out (RFC 7644, scim-wire 5 to 7).

Bare ASGI, because a framework costs more than the work (docs/explanation/performance.md). Errors are always SCIM
errors. Order: the application, reading, writing, what every request shares.
"""

import logging
import re
import sqlite3
import time
from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from typing import Any, NamedTuple

from provisor.database import Connection, Database, DatabaseError, Writer
from provisor.scim.errors import ScimError, not_found, too_large, unauthorized
from provisor.scim.patch import parse_operations
from provisor.target import resources
from provisor.target.discovery import describe
from provisor.target.documents import decode_object, etag, refusal_text
from provisor.target.exchanges import READ_TO_MASK, Exchange, Exchanges
from provisor.target.masking import BODY_LIMIT
from provisor.target.reading import Reader, location
from provisor.target.request_log import Entry, RequestLog, cut
from provisor.target.requests import Route, method_refused, parameters, question, route, search, selection
from provisor.target.resources import Answer, Call
from provisor.target.store import SHORT_BASE_PATH, Tenant, now_microseconds
from provisor.target.tokens import bearer, look_up_token

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Pages = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_BODY_BYTES = 1024 * 1024
_HOST = re.compile(rb"[A-Za-z0-9._:\[\]-]{1,255}")
_BASES_LIMIT = 256
_CONTENT_TYPE = (b"content-type", b"application/scim+json; charset=utf-8")
_RETRY_SECONDS = b"1"

logger = logging.getLogger("provisor.target")


class Reply(NamedTuple):
    """What goes out."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()


class Disconnected(Exception):
    """The client went away before its request was complete."""


class _ForPeople(Exception):
    """Not a SCIM request: the pages answer it. Raised, so that a SCIM request pays nothing for them."""


class _Request:
    """What a request carries from its arrival to its log entry."""

    __slots__ = ("at", "body", "duration", "headers", "kind", "logged", "object_id", "scope", "started", "token_id")

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.at = time.time_ns() // 1000
        self.started = time.perf_counter_ns()
        self.token_id: str | None = None
        self.kind: str | None = None
        self.object_id: str | None = None
        self.body = b""
        self.duration = 0
        self.logged = False


class Target:
    """The SCIM service provider of one tenant. Start and stop it by the ASGI lifespan, or by `start` and `stop`."""

    def __init__(self, database: Database, tenant: Tenant, pages: Pages | None = None) -> None:
        self._database = database
        self._tenant = tenant
        self._pages = pages  # what answers outside the base paths, to who presents no credentials
        self._prefixes = tuple(dict.fromkeys((tenant.base_path, SHORT_BASE_PATH)))
        self._bases: dict[tuple[bytes, str], str] = {}

    async def start(self) -> None:
        """Get ready to answer; call it on the loop that will serve."""
        self._writer = Writer(self._database)
        self._reader = Reader(self._database)
        self.log = RequestLog(self._writer)
        self.exchanges = Exchanges(self._database, self._writer)

    async def stop(self) -> None:
        """Write what is still to be written."""
        await self.log.flush()
        await self.exchanges.flush()
        await self._writer.close()
        self._reader.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one ASGI connection."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self.start()
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = _Request(scope)
        try:
            reply = await self._answer(request, receive)
        except ScimError as refusal:
            reply = _refused(refusal)
        except (DatabaseError, sqlite3.OperationalError) as error:
            logger.error("%s %s: %s", scope["method"], scope["path"], error)
            reply = _refused(ScimError(503, None, "The database cannot be used at the moment; try again."))
        except Disconnected:
            return
        except _ForPeople:
            if self._pages is not None:
                await self._pages(scope, receive, send)
            return
        except Exception:
            logger.exception("%s %s", scope["method"], scope["path"])
            reply = _refused(ScimError(500, None, "This request met an error in the server; its log says more."))
        if not request.logged:
            self.log.add(self._entry(request, reply.status))
            if self.log.full:
                await self.log.flush()
        self._keep(request, reply)
        await send(
            {
                "type": "http.response.start",
                "status": reply.status,
                "headers": [_CONTENT_TYPE, (b"content-length", b"%d" % len(reply.body)), *reply.headers]
                if reply.body
                else list(reply.headers),
            }
        )
        await send({"type": "http.response.body", "body": reply.body})

    async def _answer(self, request: _Request, receive: Receive) -> Reply:
        scope = request.scope
        path, prefix = scope["path"], None
        for candidate in self._prefixes:
            if path.startswith(candidate) and path[len(candidate) : len(candidate) + 1] in ("/", ""):
                prefix = candidate
                break
        if prefix is None:
            if self._pages is not None and b"authorization" not in request.headers:
                raise _ForPeople
            raise not_found("Address", path)
        now = now_microseconds()
        self._admit(request, now)
        place = route(path[len(prefix) :])
        if place is None:
            raise not_found("Address", path)
        request.kind, request.object_id = place.kind or place.discovery, place.id or place.name
        method = scope["method"]
        if method not in place.methods:
            return _refused(method_refused(method, place), (b"allow", ", ".join(place.methods).encode()))
        base = self._base(request, prefix)
        asked = parameters(scope["query_string"])
        if place.discovery is not None:
            text = describe(self._tenant.profile, base, place.discovery, place.name, filtered=bool(asked.get("filter")))
            return Reply(200, text.encode())
        call = Call(tenant=self._tenant, kind=place.kind or "User", base=base, now=now, id=place.id)
        if asked:
            call.attributes, call.excluded = selection(asked)
        if method == "GET":
            if place.kind is None:
                return Reply(200, (await self._reader.every(call, question(asked))).encode())
            return await self._get(request, call, asked)
        return await self._post_put_patch_delete(request, call, place, method, receive)

    def _admit(self, request: _Request, now: int) -> None:
        token = bearer(request.headers.get(b"authorization"))
        if token is None:
            raise unauthorized("A bearer token is needed; the API Keys page makes one.")
        request.token_id = look_up_token(self._reader.connection, self._tenant.number, token, now)
        if request.token_id is None:
            raise unauthorized("The bearer token is wrong, expired or revoked.")
        self.log.used(request.token_id, now)

    def _base(self, request: _Request, prefix: str) -> str:
        """The address this client knows us by, for locations."""
        host = request.headers.get(b"host") or b""
        base = self._bases.get((host, prefix))
        if base is None:
            scope = request.scope
            if _HOST.fullmatch(host):
                address = host.decode()
            else:
                name, port = scope.get("server") or ("localhost", None)
                address = f"{name}:{port}" if port else str(name)
            base = f"{scope.get('scheme', 'http')}://{address}{prefix}"
            if len(self._bases) >= _BASES_LIMIT:
                self._bases.clear()
            self._bases[host, prefix] = base
        return base

    async def _get(self, request: _Request, call: Call, asked: dict[str, str]) -> Reply:
        if not call.id:
            return Reply(200, (await self._reader.many(call, question(asked))).encode())
        text, version = await self._reader.one(call)
        tag = etag(version).encode()
        seen = request.headers.get(b"if-none-match")
        if seen is not None and (seen.strip() == b"*" or tag[2:] in seen):
            return Reply(304, b"", ((b"etag", tag),))
        return Reply(200, text.encode(), ((b"etag", tag),))

    async def _post_put_patch_delete(
        self, request: _Request, call: Call, place: Route, method: str, receive: Receive
    ) -> Reply:
        if_match = request.headers.get(b"if-match")
        call.if_match = None if if_match is None else if_match.decode("latin-1")
        if method == "DELETE":
            return await self._write(request, call, partial(resources.delete, call=call))
        request.body = await _body(request, receive)
        body = decode_object(request.body)
        if place.search:
            asked, (call.attributes, call.excluded) = search(body)
            read = self._reader.every if place.kind is None else self._reader.many
            return Reply(200, (await read(call, asked)).encode())
        work: Callable[[Connection], Answer]
        if method == "POST":
            content, ids = resources.accepted(call, body)
            work = partial(resources.create, call=call, content=content, ids=ids)
        elif method == "PUT":
            work = partial(resources.put, call=call, body=body)
        else:
            verb = resources.patch_user if call.kind == "User" else resources.patch_group
            work = partial(verb, call=call, operations=parse_operations(body))
        return await self._write(request, call, work)

    async def _write(self, request: _Request, call: Call, work: Callable[[Connection], Answer]) -> Reply:
        """Do a write and log it in the same transaction; returns once both are on disk."""

        def write(connection: Connection) -> Answer:
            answer = work(connection)
            request.object_id = answer.id
            self.log.insert(connection, self._entry(request, answer.status))
            return answer

        answer = await self._writer.write(write)
        request.logged = True
        if answer.document is None:
            tags = () if request.scope["method"] == "DELETE" else ((b"etag", etag(answer.version).encode()),)
            return Reply(204, b"", tags)
        where = location(call, answer.id).encode()
        headers: tuple[tuple[bytes, bytes], ...] = ((b"etag", etag(answer.version).encode()),)
        if answer.status == 201:
            headers += ((b"location", where),)
        return Reply(answer.status, answer.document.encode(), headers)

    def _keep(self, request: _Request, reply: Reply) -> None:
        """Hand the request inspector what was sent and answered."""
        self.exchanges.keep(
            Exchange(
                self._tenant.number,
                request.at,
                request.duration,
                request.scope["headers"],
                request.body[:READ_TO_MASK],
                len(request.body),
                reply.headers,
                reply.body[:BODY_LIMIT],
                len(reply.body),
            )
        )

    def _entry(self, request: _Request, status: int) -> Entry:
        scope = request.scope
        request.duration = (time.perf_counter_ns() - request.started) // 1000
        return Entry(
            self._tenant.number,
            request.at,
            cut(scope["method"]),
            cut(scope["path"]),
            cut(scope["query_string"].decode("latin-1")),
            request.kind,
            None if request.object_id is None else cut(request.object_id),
            status,
            request.token_id,
            request.duration,
        )


def _refused(refusal: ScimError, *headers: tuple[bytes, bytes]) -> Reply:
    if refusal.status == 401:
        headers += ((b"www-authenticate", b'Bearer realm="scim"'),)
    if refusal.status == 503:
        headers += ((b"retry-after", _RETRY_SECONDS),)
    return Reply(refusal.status, refusal_text(refusal).encode(), headers)


async def _body(request: _Request, receive: Receive) -> bytes:
    """The whole body. Raises ScimError 413 beyond MAX_BODY_BYTES, Disconnected when the client goes away."""
    announced = request.headers.get(b"content-length")
    if announced is not None and announced.isdigit() and int(announced) > MAX_BODY_BYTES:
        raise too_large(f"A body may have {MAX_BODY_BYTES} bytes; this one has {int(announced)}. Send less at once.")
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        whole = bytes(message.get("body", b""))
        if len(whole) > MAX_BODY_BYTES:
            raise too_large(f"A body may have {MAX_BODY_BYTES} bytes. Send less at once.")
        return whole
    parts, size = [], 0
    while True:
        if message["type"] == "http.disconnect":
            raise Disconnected
        part = message.get("body", b"")
        parts.append(part)
        size += len(part)
        if size > MAX_BODY_BYTES:
            raise too_large(f"A body may have {MAX_BODY_BYTES} bytes. Send less at once.")
        if not message.get("more_body"):
            return b"".join(parts)
        message = await receive()
