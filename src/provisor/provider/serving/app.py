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
from provisor.provider.protocol.base_paths import Addresses
from provisor.provider.protocol.bulk_requests import parse_bulk
from provisor.provider.protocol.discovery import describe
from provisor.provider.protocol.heads import check_head, check_media
from provisor.provider.protocol.replies import CLOSE, Disconnected, Receive, Reply, Send, read_body, refused, replied
from provisor.provider.protocol.routes import READING
from provisor.provider.protocol.strict_umbrella import check_question
from provisor.provider.protocol.throttling import NO_LIMITS, Failures, Limits, RateLimit
from provisor.provider.query.chunks import Text
from provisor.provider.query.find import name_alone
from provisor.provider.query.reader import Reader
from provisor.provider.store.tables import Tenant
from provisor.provider.store.tenants import load_tenants
from provisor.provider.store.tokens import TokenCheck, bearer
from provisor.provider.verbs import resources
from provisor.provider.verbs.bulk import BulkRun
from provisor.provider.verbs.request import Route, ScimRequest
from provisor.provider.verbs.resources import VerbAnswer
from provisor.provider.watch import health
from provisor.provider.watch.inspector import READ_TO_MASK, Exchanges
from provisor.provider.watch.masking import BODY_LIMIT, body_to_mask, masked_query, shown_answer
from provisor.provider.watch.metrics import Metrics
from provisor.provider.watch.request_log import Done, RequestLog
from provisor.scim.errors import ScimError, invalid_syntax, not_found, not_implemented, shown, unauthorized
from provisor.scim.values import Resource
from provisor.web.addresses import AsgiScope

Pages = Callable[[AsgiScope, Receive, Send], Awaitable[None]]

_LEARN_EVERY = 1_000_000  # microseconds between two checks for new tenants

logger = logging.getLogger("provisor.target")


class ServiceProvider:
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
        self._pages = pages  # answers outside the base paths, to clients without credentials
        self._addresses = Addresses(tenant, trust_proxy=limits.trust_proxy)
        self._alone = alone
        self.learned_at = 0  # when the tenants were last read; 0 lets an unknown address read them again
        self._failures = Failures()
        self._rate: RateLimit | None = None
        if limits.requests_per_second is not None:
            self._rate = RateLimit(limits.requests_per_second)
        self._metrics = Metrics()
        # Made by `start`: they belong to the loop that serves.
        self._reader: Reader
        self._writer: Writer
        self._admission: TokenCheck
        self.log: RequestLog
        self.exchanges: Exchanges

    async def start(self) -> None:
        """Get ready to answer; call it on the loop that will serve."""
        self._reader = Reader(self._database)
        self._writer = Writer(self._database, self._reader.quiet, RequestLog.insert)
        self._admission = TokenCheck(self._reader.connection)
        self.log = RequestLog(self._writer)
        self.exchanges = Exchanges(self._database, self._writer)

    async def stop(self) -> None:
        """Write what is still to be written."""
        await self.log.flush()
        await self.exchanges.flush()
        await self._writer.close()
        self._reader.close()

    async def _no_request(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Start and stop with the server; anything else that ASGI brings is not HTTP."""
        if scope["type"] != "lifespan":
            await send({"type": "websocket.close", "code": 1008})
            return
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self.start()
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._no_request(scope, receive, send)
            return
        clock = time.time_ns()
        request = ScimRequest(
            tenant=self._tenant,
            now=clock // 1_000_000 * 1000,
            scope=scope,
            headers=dict(scope["headers"]),
            at=clock // 1000,
            started=time.perf_counter_ns(),
        )
        reply: Reply | None = None
        try:
            if self._find(request):
                reply = self._at_once(request) or await self._in_time(request, receive)
        except ScimError as refusal:
            reply = refused(refusal) if refusal.status != 401 else await self._unauthorized(request, refusal)
        except (DatabaseError, sqlite3.OperationalError) as error:
            logger.error("%s %s: %s", scope["method"], shown(masked_query(scope["path"])), error)
            reply = refused(ScimError(503, None, "The database cannot be used at the moment; try again."))
        except Disconnected:
            return
        except Exception:
            logger.exception("%s %s", scope["method"], shown(masked_query(scope["path"])))
            reply = refused(ScimError(500, None, "An error occurred on the server; its log says more."))
        if reply is None:
            await self._beside(scope, receive, send)
            return
        self._keep(request, reply)
        if self.log.full:
            await self.log.flush()
        took = time.perf_counter_ns() - request.started  # with the commit, which the log entry inside it cannot know
        self._metrics.count(scope["method"], request.told_kind, reply.status, took)
        await reply.send(send)

    def _find(self, request: ScimRequest) -> bool:
        """Find whose the request is and what for; False for what is not SCIM: a page, or a health check.

        Raises ScimError.
        """
        scope, headers = request.scope, request.headers
        path = scope["path"]
        check_head(scope, headers)
        found = self._addresses.find(path)
        if found is None:
            if path in health.PATHS:
                return False
            found = self._find_anew(path, request.now)
            if found is None:
                if self._pages is not None and b"authorization" not in headers:
                    return False
                raise not_found("Address", path)
        prefix, request.tenant, request.place, request.id = found
        request.base = self._addresses.base(scope, headers, prefix)
        return True

    def _find_anew(self, path: str, now: int) -> tuple[str, Tenant, Route, str] | None:
        """The place of a path of a tenant created since we started."""
        if self._alone or now - self.learned_at <= _LEARN_EVERY:
            return None
        self.learned_at = now
        self._addresses.learn(load_tenants(self._reader.connection))
        return self._addresses.find(path)

    async def _beside(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """What is not a SCIM request: a health check, or a page for people."""
        if scope["path"] not in health.PATHS:
            if self._pages is not None:
                await self._pages(scope, receive, send)
            return
        try:
            tenants = self._addresses.tenants
            reply = health.answer(scope["path"], self._reader.connection, tenants, self._metrics, self._failures.total)
        except (DatabaseError, sqlite3.Error) as error:
            reply = refused(ScimError(503, None, f"The database cannot be used: {error}."))
        await reply.send(send)

    def _at_once(self, request: ScimRequest) -> Reply | None:
        """The answer to a client that is let in, where it takes no waiting: one path, for what is asked most.

        None for anything else, of which by then everything is known but the body. Raises ScimError.
        """
        self._admit(request)
        scope, place = request.scope, request.place
        if not place.methods:
            raise routes.nothing_at(scope["path"], place)
        request.told_kind, request.told_id = place.kind or place.discovery, request.id or None
        method = scope["method"]
        if method not in place.methods:
            return refused(routes.method_refused(method, place), (b"allow", ", ".join(place.methods).encode()))
        if place is routes.USERS and method == "GET" and (name := name_alone(scope["query_string"])) is not None:
            text = self._reader.by_name(request, name)
            if text is not None:
                return replied(text)
        asked = routes.parameters(scope["query_string"])
        if place.discovery is not None:
            profile, name = request.tenant.profile, request.id or None
            told = describe(profile, request.base, place.discovery, name, filtered=bool(asked.get("filter")))
            return Reply(200, told.encode())
        request.kind, request.root = place.kind or "User", place.kind is None
        if asked:
            routes.select(request, asked)
        if method not in READING:
            return None
        if request.id:
            found = self._reader.at_once(request)
            return None if found is None else _read(request, *found)
        routes.question(request, asked)
        if request.tenant.profile.strict:
            check_question(request)
        return None

    def _admit(self, request: ScimRequest) -> None:
        headers, lines = request.headers, request.scope["headers"]
        if len(lines) != len(headers) and [name for name, _ in lines].count(b"authorization") > 1:
            raise invalid_syntax("The request has more than one Authorization header; send one.")
        token = bearer(headers.get(b"authorization"))
        if token is None:
            raise unauthorized("A bearer token is needed; the API Keys page makes one.")
        request.token_id = self._admission.look_up(request.tenant.number, token, request.now)
        if request.token_id is None:
            raise unauthorized("The bearer token is wrong, expired or revoked.")
        self.log.used(request.token_id, request.now)
        if self._rate is not None:
            self._rate.take(request.token_id)

    async def _unauthorized(self, request: ScimRequest, refusal: ScimError) -> Reply:
        """Delays the answer to clients that keep sending wrong tokens."""
        try:
            held = await self._failures.slow_down(self._addresses.client(request.scope, request.headers))
        except ScimError as throttled:
            return refused(throttled)
        return refused(refusal, CLOSE) if held else refused(refusal)  # or what is pipelined behind it waits as long

    async def _in_time(self, request: ScimRequest, receive: Receive) -> Reply:
        """The answer that takes a body, the disk, or reading far."""
        place, method = request.place, request.scope["method"]
        if method in READING:
            return _read(request, *(await self._reader.read(request)))
        if place.bulk and request.tenant.profile.strict:
            raise not_implemented("Bulk is not served by Umbrella (--strict-umbrella).")
        if place.bulk:
            request.told_kind = "Bulk"
        request.body = await read_body(request.headers.get(b"content-length"), receive)
        if method == "DELETE":  # once it is whole, although what it holds is not needed
            return await self._write(request, partial(resources.delete, request=request))
        check_media(request.headers)
        body = decode_object(request.body)
        if place.bulk:
            return await self._bulk(request, body)
        if place.search:
            routes.search(request, body)
            if request.tenant.profile.strict:
                check_question(request)
            return _read(request, *(await self._reader.read(request)))
        return await self._write(request, resources.work(request, method, body))

    async def _bulk(self, request: ScimRequest, body: Resource) -> Reply:
        bulk = parse_bulk(body)
        if self._rate is not None and request.token_id is not None:
            self._rate.charge(request.token_id, len(bulk.steps))
        log = partial(self.log.insert_operation, request)
        run = BulkRun(bulk, tenant=request.tenant, base=request.base, now=request.now, log=log)
        return Reply(200, (await run.finish(self._writer)).encode())

    async def _write(self, request: ScimRequest, work: Callable[[Connection], VerbAnswer]) -> Reply:
        """Do a write and log it in the same transaction; returns once both are on disk."""
        headers = request.headers
        if (if_match := headers.get(b"if-match")) is not None:
            request.if_match = if_match.decode("latin-1")
        if (if_none_match := headers.get(b"if-none-match")) is not None:
            request.if_none_match = if_none_match.decode("latin-1")

        _, answer = await self._writer.write(lambda connection: Done(request, work(connection)))
        request.logged = True
        return _written(request, answer)

    def _keep(self, request: ScimRequest, reply: Reply) -> None:
        """Hand the log and the request inspector what was asked and answered."""
        secret = not request.logged and self.log.tell(request, reply.status)
        answered = reply.body[:BODY_LIMIT]
        if secret and reply.status >= 400:
            answered = shown_answer(answered, repeats=True).encode()
        self.exchanges.keep(
            (
                request.tenant.number,
                request.at,
                request.duration,
                request.scope["headers"],
                body_to_mask(request.body, READ_TO_MASK, request.tenant.profile.secrets) if request.body else b"",
                len(request.body),
                reply.headers,
                answered,
                reply.size,
            )
        )


def _read(request: ScimRequest, text: Text, version: int | str) -> Reply:
    """The answer with a list, or with a resource and its tag, or that it is the one the client has."""
    if not request.id:
        return replied(text)
    tag = etag(version).encode()
    seen = request.headers.get(b"if-none-match")
    if seen is not None and (seen.strip() == b"*" or tag[2:] in seen):
        return Reply(304, b"", ((b"etag", tag),))
    return replied(text, (b"etag", tag))


def _written(request: ScimRequest, answer: VerbAnswer) -> Reply:
    """The answer to a write that is on disk."""
    tags: tuple[tuple[bytes, bytes], ...] = ((b"etag", etag(answer.version).encode()),)
    if answer.document is None:
        return Reply(204, b"", () if request.scope["method"] == "DELETE" else tags)
    if answer.status == 201:
        tags += ((b"location", f"{request.base}{ENDPOINTS[request.kind]}{answer.id}".encode()),)
    return Reply(answer.status, answer.document.encode(), tags)
