"""The target as an ASGI application: token, route, one statement, stored bytes out.

Sources: RFC 7644, spec/scim-wire.md sections 5 to 7. Bare ASGI, because a framework costs more than the work
(explanation/performance.md). Errors are always SCIM errors. Order: the application, reading, writing, what every
request shares.
"""

import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable
from functools import partial

from provisor.database import Connection, Database, DatabaseError, Writer
from provisor.provider.model.documents import ENDPOINTS, decode_object, etag
from provisor.provider.protocol import routes
from provisor.provider.protocol.base_paths import Addresses, Scope
from provisor.provider.protocol.bulk_requests import parse_bulk
from provisor.provider.protocol.discovery import describe
from provisor.provider.protocol.heads import check_head, check_media
from provisor.provider.protocol.replies import CLOSE, Disconnected, Receive, Reply, Send, read_body, refused, replied
from provisor.provider.protocol.routes import READING, Route
from provisor.provider.protocol.strict_umbrella import check_question
from provisor.provider.protocol.throttling import NO_LIMITS, Failures, Limits, RateLimit
from provisor.provider.query.find import Question
from provisor.provider.query.reader import Reader, location
from provisor.provider.store.tables import Tenant, now_microseconds
from provisor.provider.store.tenants import load_tenants
from provisor.provider.store.tokens import Admission, bearer
from provisor.provider.verbs import resources
from provisor.provider.verbs.bulk import Run, Step
from provisor.provider.verbs.resources import Answer, Call
from provisor.provider.watch import health
from provisor.provider.watch.inspector import READ_TO_MASK, Exchanges
from provisor.provider.watch.masking import BODY_LIMIT, body_to_mask, masked_query, shown_answer
from provisor.provider.watch.metrics import Metrics
from provisor.provider.watch.request_log import STRANGER_TEXT_LIMIT, TEXT_LIMIT, Entry, RequestLog, about, cut
from provisor.scim.errors import ScimError, invalid_syntax, not_found, not_implemented, shown, unauthorized
from provisor.scim.patch.operations import parse_operations

Pages = Callable[[Scope, Receive, Send], Awaitable[None]]

_LEARN_EVERY = 1_000_000  # microseconds between two looks for tenants that were made since

logger = logging.getLogger("provisor.target")


class _ForPeople(Exception):
    """Not a SCIM request: the pages answer it. Raised, so that a SCIM request pays nothing for them."""


class _Request:
    """What a request carries from its arrival to its log entry."""

    __slots__ = (
        "at",
        "body",
        "duration",
        "headers",
        "kind",
        "logged",
        "object_id",
        "scope",
        "secret",
        "started",
        "tenant",
        "token_id",
    )

    def __init__(self, scope: Scope, tenant: Tenant) -> None:
        self.tenant = tenant
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
        self.secret = False  # whether its address may hold one


class Target:
    """The SCIM service provider of a database's tenants. Start and stop it by the ASGI lifespan, or `start` and `stop`.

    `tenant` is the one whose pages and log it is; the others are served beside it unless `alone`.
    """

    def __init__(
        self,
        database: Database,
        tenant: Tenant,
        pages: Pages | None = None,
        *,
        limits: Limits = NO_LIMITS,
        alone: bool = False,
    ) -> None:
        self._database = database
        self._tenant = tenant
        self._pages = pages  # what answers outside the base paths, to who presents no credentials
        self._addresses = Addresses(tenant, trust_proxy=limits.trust_proxy)
        self._alone = alone
        self._learned_at = 0
        self._failures = Failures()
        self._rate: RateLimit | None = None
        if limits.requests_per_second is not None:
            self._rate = RateLimit(limits.requests_per_second)
        self._metrics = Metrics()

    async def start(self) -> None:
        """Get ready to answer; call it on the loop that will serve."""
        self._reader = Reader(self._database)
        self._writer = Writer(self._database, self._reader.quiet)
        self._admission = Admission(self._reader.connection)
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
        request = _Request(scope, self._tenant)
        try:
            reply = await self._answer(request, receive)
        except ScimError as refusal:
            reply = refused(refusal) if refusal.status != 401 else await self._unauthorized(request, refusal)
        except (DatabaseError, sqlite3.OperationalError) as error:
            logger.error("%s %s: %s", scope["method"], shown(masked_query(scope["path"])), error)
            reply = refused(ScimError(503, None, "The database cannot be used at the moment; try again."))
        except Disconnected:
            return
        except _ForPeople:
            await self._beside(scope, receive, send)
            return
        except Exception:
            logger.exception("%s %s", scope["method"], shown(masked_query(scope["path"])))
            reply = refused(ScimError(500, None, "This request met an error in the server; its log says more."))
        if not request.logged:
            self.log.add(self._entry(request, reply.status))
            if self.log.full:
                await self.log.flush()
        took = time.perf_counter_ns() - request.started  # with the commit, of which the log entry inside it cannot know
        self._metrics.count(scope["method"], request.kind, reply.status, took)
        self._keep(request, reply)
        await reply.send(scope, send)

    async def _beside(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What is no SCIM request: a question about our health, or a page for people."""
        if scope["path"] not in health.PATHS:
            if self._pages is not None:
                await self._pages(scope, receive, send)
            return
        try:
            tenants = self._addresses.tenants
            reply = health.answer(scope["path"], self._reader.connection, tenants, self._metrics, self._failures.total)
        except (DatabaseError, sqlite3.Error) as error:
            reply = refused(ScimError(503, None, f"The database cannot be used: {error}."))
        await reply.send(scope, send)

    async def _answer(self, request: _Request, receive: Receive) -> Reply:
        scope = request.scope
        path = scope["path"]
        check_head(scope, request.headers)
        now = now_microseconds()
        found = self._addresses.find(path) or self._elsewhere(request, now)
        prefix, tenant = found
        request.tenant = tenant
        self._admit(request, now)
        place = routes.route(path[len(prefix) :])
        if place is None:
            raise not_found("Address", path)
        request.kind, request.object_id = place.kind or place.discovery, place.id or place.name
        method = scope["method"]
        if method not in place.methods:
            return refused(routes.method_refused(method, place), (b"allow", ", ".join(place.methods).encode()))
        base = self._addresses.base(scope, request.headers, prefix)
        asked = routes.parameters(scope["query_string"])
        if place.discovery is not None:
            text = describe(tenant.profile, base, place.discovery, place.name, filtered=bool(asked.get("filter")))
            return Reply(200, text.encode())
        call = Call(tenant=tenant, kind=place.kind or "User", base=base, now=now, id=place.id)
        if asked:
            call.attributes, call.excluded = routes.selection(asked)
        if method in READING:
            if place.id:
                return await self._get(request, call)
            return await self._find(call, routes.question(asked), every=place.kind is None)
        if place.bulk:
            return await self._bulk(request, call, receive)
        return await self._post_put_patch_delete(request, call, place, method, receive)

    def _admit(self, request: _Request, now: int) -> None:
        headers = request.scope["headers"]
        if len(headers) != len(request.headers) and [name for name, _ in headers].count(b"authorization") > 1:
            raise invalid_syntax("The request has more than one Authorization header; send one.")
        token = bearer(request.headers.get(b"authorization"))
        if token is None:
            raise unauthorized("A bearer token is needed; the API Keys page makes one.")
        request.token_id = self._admission.look_up(request.tenant.number, token, now)
        if request.token_id is None:
            raise unauthorized("The bearer token is wrong, expired or revoked.")
        self.log.used(request.token_id, now)
        if self._rate is not None:
            self._rate.take(request.token_id)

    async def _unauthorized(self, request: _Request, refusal: ScimError) -> Reply:
        """Who keeps sending wrong tokens waits for the answer."""
        try:
            held = await self._failures.slow_down(self._addresses.client(request.scope, request.headers))
        except ScimError as throttled:
            return refused(throttled)
        return refused(refusal, CLOSE) if held else refused(refusal)  # or what is pipelined behind it waits as long

    def _elsewhere(self, request: _Request, now: int) -> tuple[str, Tenant]:
        """The place of a path that no known tenant has: of a tenant made since we started, or nowhere."""
        path = request.scope["path"]
        if path in health.PATHS:
            raise _ForPeople
        if not self._alone and now - self._learned_at > _LEARN_EVERY:
            self._learned_at = now
            self._addresses.learn(load_tenants(self._reader.connection))
            found = self._addresses.find(path)
            if found is not None:
                return found
        if self._pages is not None and b"authorization" not in request.headers:
            raise _ForPeople
        raise not_found("Address", path)

    async def _find(self, call: Call, asked: Question, *, every: bool) -> Reply:
        if call.tenant.profile.strict:
            check_question(asked, None if every else call.kind, call.tenant.profile.type_of(call.kind))
        if asked.cursor is not None:
            return replied(await self._reader.by_cursor(call, asked, every=every))
        read = self._reader.every if every else self._reader.many
        return replied(await read(call, asked))

    async def _get(self, request: _Request, call: Call) -> Reply:
        text, version = await self._reader.one(call)
        tag = etag(version).encode()
        seen = request.headers.get(b"if-none-match")
        if seen is not None and (seen.strip() == b"*" or tag[2:] in seen):
            return Reply(304, b"", ((b"etag", tag),))
        return replied(text, (b"etag", tag))

    async def _post_put_patch_delete(
        self, request: _Request, call: Call, place: Route, method: str, receive: Receive
    ) -> Reply:
        if_match = request.headers.get(b"if-match")
        call.if_match = None if if_match is None else if_match.decode("latin-1")
        if (if_none_match := request.headers.get(b"if-none-match")) is not None:
            call.if_none_match = if_none_match.decode("latin-1")
        request.body = await read_body(request.headers.get(b"content-length"), receive)
        if method == "DELETE":  # once it is whole, although what it holds is not needed
            return await self._write(request, call, partial(resources.delete, call=call))
        check_media(request.headers)
        body = decode_object(request.body)
        if place.search:
            asked, (call.attributes, call.excluded) = routes.search(body)
            return await self._find(call, asked, every=place.kind is None)
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

    async def _bulk(self, request: _Request, call: Call, receive: Receive) -> Reply:
        if call.tenant.profile.strict:
            raise not_implemented("Bulk is not served by Umbrella (--strict-umbrella).")
        request.kind = "Bulk"
        request.body = await read_body(request.headers.get(b"content-length"), receive)
        check_media(request.headers)
        bulk = parse_bulk(decode_object(request.body))
        if self._rate is not None and request.token_id is not None:
            self._rate.charge(request.token_id, len(bulk.steps))
        log = partial(self._log_operation, request)
        run = Run(bulk, tenant=call.tenant, base=call.base, now=call.now, log=log)
        return Reply(200, (await run.finish(self._writer)).encode())

    def _log_operation(self, request: _Request, connection: Connection, number: int, step: Step, status: int) -> None:
        """Every operation of a bulk has an entry before the bulk's own, so that it is found by its resource."""
        path = f"{ENDPOINTS[step.kind]}{step.id}" if step.id else step.path
        base = request.scope["path"].rstrip("/").removesuffix("/Bulk")
        told = about(base + path, f"bulk={number}", step.id or None, request.tenant.profile.secrets, TEXT_LIMIT)
        self.log.insert(
            connection,
            Entry(
                request.tenant.number,
                request.at,
                cut(step.method),
                told.path,
                told.query,
                step.kind,
                told.object_id,
                status,
                request.token_id,
                0,
            ),
        )

    async def _write(self, request: _Request, call: Call, work: Callable[[Connection], Answer]) -> Reply:
        """Do a write and log it in the same transaction; returns once both are on disk."""

        def write(connection: Connection) -> Answer:
            request.object_id = call.id or None  # of a run that was undone
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
        answered = reply.body[:BODY_LIMIT]
        if request.secret and reply.status >= 400:
            answered = shown_answer(answered, repeats=True).encode()
        self.exchanges.keep(
            (
                request.tenant.number,
                request.at,
                request.duration,
                request.scope["headers"],
                body_to_mask(request.body, READ_TO_MASK, request.tenant.profile.secrets),
                len(request.body),
                reply.headers,
                answered,
                reply.size,
            )
        )

    def _entry(self, request: _Request, status: int) -> Entry:
        scope = request.scope
        request.duration = (time.perf_counter_ns() - request.started) // 1000
        query = scope["query_string"].decode("latin-1")
        limit = STRANGER_TEXT_LIMIT if request.token_id is None else TEXT_LIMIT
        told = about(scope["path"], query, request.object_id, request.tenant.profile.secrets, limit)
        request.secret = told.secret
        return Entry(
            request.tenant.number,
            request.at,
            cut(scope["method"]),
            told.path,
            told.query,
            request.kind,
            told.object_id,
            status,
            request.token_id,
            request.duration,
        )
