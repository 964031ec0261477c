"""The pages of a skin as an ASGI application: routes, and what is checked before any handler runs.

Handlers are synchronous and run in two threads of their own: hashing a password or searching 100,000 names does not
hold up anything else on the loop. Those that wait for another server have two more, and what moves by itself has one:
neither holds up a page. A path is never logged, as it may hold a one-time secret: its rule is. Order: what a skin
brings, the site, the checks, reading a request.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain
from typing import Generic, Protocol, TypeVar
from urllib.parse import quote
from uuid import uuid4

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from provisor.database import DatabaseError
from provisor.web.addresses import client_address, own_address
from provisor.web.answers import Arrival, Download, PageAnswer, Redirect, TemplatePage, refused
from provisor.web.flashes import Flashes
from provisor.web.live import LiveTopic, LiveTopics
from provisor.web.reading import SentForm, sent_with, storable
from provisor.web.rendering import HEADERS, Renderer
from provisor.web.sessions import form_token_fits, new_secret, session_hash

T = TypeVar("T")
V = TypeVar("V")  # a skin's visit: an arrival with what the skin looked up for it
A = TypeVar("A")  # who may open a page, in the words of the skin
A_contra = TypeVar("A_contra", contravariant=True)  # the same, where it is only asked for

_THREADS = 2
_SLOW_THREADS = 2
_MOST_RECEIVED = 4  # forms with files at once: each may fill twice MAX_UPLOAD_BYTES of the disk while it is read
_STATIC_SECONDS = 31_536_000  # another content has another address
_HEAD_TOO = {"GET": ["GET", "HEAD"], "POST": ["POST"]}

_NOT_OURS = "This form is out of date or came from another site. Go back, reload the page and try again."

logger = logging.getLogger("provisor.web")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Generic[V, A]):
    """One page: what answers it, and who may open it; `slow` when that waits for another server.

    `long`: its form may be longer than a few fields; `files`: files may come with it. Neither is read before it is
    known that the visitor may open the page, and that `check` does not raise for them, as the handler would.
    """

    method: str
    path: str
    handler: Callable[[V], PageAnswer]
    access: A
    slow: bool = False
    long: bool = False
    files: bool = False
    check: Callable[[V], object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveRule(Generic[V, A]):
    """An address that a page follows while it is shown: which topic that is, for this visit. Raises as a page does."""

    path: str
    topic: Callable[[V], LiveTopic]
    access: A


class Skin(Protocol[V, A_contra]):
    """What a site asks the skin whose pages it serves."""

    def visit(self, arrival: Arrival) -> V:
        """The visit of somebody who is not recognised. Must not fail: errors are answered with it."""

    def recognised(self, visit: V) -> V:
        """The visit with who it is, by the secret of its cookie."""

    def stopped(self, visit: V, access: A_contra) -> PageAnswer | None:
        """What this visit is answered instead of the page; None when it may go on."""

    def failed(self, visit: V, error: Exception) -> PageAnswer | None:
        """What an error of the skin's own is answered; None for one that nobody expects."""

    def frame(self, visit: V) -> Mapping[str, object]:
        """What all templates of the skin name."""


class WebSite(Generic[V, A]):
    """Every page of one skin."""

    def __init__(
        self,
        skin: Skin[V, A],
        rules: Sequence[Rule[V, A]],
        renderer: Renderer,
        *,
        cookie: str,
        trust_proxy: bool,
        live: Sequence[LiveRule[V, A]] = (),
    ) -> None:
        self._skin = skin
        self._renderer = renderer
        self._cookie = cookie
        self._trust_proxy = trust_proxy
        self._flashes = Flashes()
        self.receiving = 0  # forms with files at this moment
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="page")
        self._slow_threads = ThreadPoolExecutor(_SLOW_THREADS, thread_name_prefix="slow-page")
        # One more for pages that move: a reader may open 200 of them that search the whole log.
        self._live_thread = ThreadPoolExecutor(1, thread_name_prefix="live-page")
        self._topics = LiveTopics(self._live_thread, renderer.fragment)
        self.application = Starlette(
            routes=[
                *(Route(rule.path, self._stream(rule), methods=["GET"]) for rule in live),
                *(Route(rule.path, self._endpoint(rule), methods=_HEAD_TOO[rule.method]) for rule in rules),
                Route("/static/{name}", self._static),
            ],
            exception_handlers={HTTPException: self._http_error},
        )
        self.application.router.redirect_slashes = False

    def end_streams(self) -> None:
        """Let no window follow anything any more: a server that stops does not wait for them."""
        self._topics.close()

    def close(self) -> None:
        """Finish what is being rendered."""
        self.end_streams()
        for threads in (self._threads, self._slow_threads, self._live_thread):
            threads.shutdown(wait=True, cancel_futures=True)

    # Pages

    def _endpoint(self, rule: Rule[V, A]) -> Callable[[Request], Awaitable[Response]]:
        def answer(arrival: Arrival, visit: V) -> PageAnswer:
            if arrival.method == "POST" and not _own_form(arrival):
                return refused("Not done", _NOT_OURS, 403)
            return self._skin.stopped(visit, rule.access) or rule.handler(visit)

        def stopped(arrival: Arrival, visit: V) -> PageAnswer | None:
            if _from_elsewhere(arrival):
                return refused("Not done", _NOT_OURS, 403)
            early = self._skin.stopped(visit, rule.access)
            if early is None and rule.check is not None:
                rule.check(visit)
            return early

        threads = self._slow_threads if rule.slow else self._threads

        async def endpoint(request: Request) -> Response:
            arrival = self._arrival(request)
            if request.method != "POST":
                return await self._respond(arrival, rule.path, answer, threads)
            if rule.long or rule.files:
                early = await self._in_thread(self._threads, self._perhaps, arrival, rule.path, stopped)
                if early is not None:
                    return early
            if rule.files and self.receiving >= _MOST_RECEIVED:
                return await self._respond(arrival, rule.path, _too_many, self._threads)
            self.receiving += rule.files
            try:
                async with sent_with(request, long=rule.long, files=rule.files) as sent:
                    said = _too_large if sent.too_large else answer
                    return await self._respond(_with(arrival, sent), rule.path, said, threads)
            except ClientDisconnect:
                return _empty(arrival, 400)
            finally:
                self.receiving -= rule.files

        return endpoint

    async def _http_error(self, request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        title = "Not found" if status == 404 else "Not possible here"
        text = "There is no such page." if status == 404 else f"{request.method} is not possible at this address."
        answer = refused(title, text, status)
        return await self._respond(self._arrival(request), "no page", lambda _arrival, _visit: answer, self._threads)

    async def _respond(
        self,
        arrival: Arrival,
        place: str,
        answer: Callable[[Arrival, V], PageAnswer],
        threads: ThreadPoolExecutor,
    ) -> Response:
        response = await self._in_thread(threads, self._perhaps, arrival, place, answer)
        assert response is not None  # noqa: S101 - every page has an answer
        return response

    async def _in_thread(self, threads: ThreadPoolExecutor, work: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(threads, work, *arguments)

    def _perhaps(
        self, arrival: Arrival, place: str, answer: Callable[[Arrival, V], PageAnswer | None]
    ) -> Response | None:
        """The response to what a visit is answered; None where it is answered nothing."""
        unknown = visit = self._skin.visit(arrival)
        try:
            visit = unknown if arrival.cookie is None else self._skin.recognised(unknown)
            answered = answer(arrival, visit)
            return None if answered is None else self._response(arrival, visit, answered)
        except (DatabaseError, sqlite3.OperationalError) as error:
            logger.error("%s %s: %s", arrival.method, place, error)
            answered = refused("Try again", "The database cannot be used at the moment.", 503)
        except Exception as error:
            expected = self._skin.failed(visit, error)
            if expected is not None:
                return self._response(arrival, visit, expected)
            logger.exception("%s %s", arrival.method, place)
            answered = refused("An error", "An error occurred on the server; its log says more.", 500)
        return self._response(arrival, unknown, answered)

    def _response(self, arrival: Arrival, visit: V, answer: PageAnswer) -> Response:
        response: Response
        secret: str | None = None
        match answer:
            case Redirect(to=to, secret=secret):
                response = RedirectResponse(to, 303)
                if answer.done:
                    self._flashes.keep(secret or arrival.secret, answer.done)
            case Download(media_type=media_type):
                response = StreamingResponse(_begun(answer.parts), media_type=media_type)
                response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(answer.name, safe='')}"
            case TemplatePage(status=status):
                secret = None if arrival.cookie else arrival.secret
                done = None if arrival.cookie is None else self._flashes.take(arrival.cookie)
                frame = {"done": done, **self._skin.frame(visit)}
                document = self._renderer.render(answer, frame, secret=arrival.secret)
                response = Response(document, status, media_type="text/html")
                if answer.retry_after_seconds is not None:
                    response.headers["Retry-After"] = str(answer.retry_after_seconds)
        _guard(response, arrival)
        if secret is not None:
            response.set_cookie(
                cookie_name(self._cookie, secure=arrival.secure),
                secret,
                max_age=None if secret else 0,
                secure=arrival.secure,
                httponly=True,
                samesite="lax",
            )
        return response

    # What moves by itself

    def _stream(self, rule: LiveRule[V, A]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            arrival = replace(self._arrival(request), passive=True)
            opened: list[LiveTopic] = []

            def open_topic(_arrival: Arrival, visit: V) -> PageAnswer | None:
                stopped = self._skin.stopped(visit, rule.access)
                if stopped is None:
                    opened[:] = [rule.topic(visit)]
                return stopped

            def allowed() -> bool:
                """Whether the visitor may follow the topic; once it is followed, only while it is still the same one:
                its key says who sees what of it.
                """
                before = opened[:]
                if self._perhaps(arrival, rule.path, open_topic) is not None:
                    return False
                return not before or before[0].key == opened[0].key

            # A stream that is refused is answered 204, after which a browser does not ask again.
            browser = session_hash(arrival.secret)
            if _from_elsewhere(arrival) or self._topics.full_for(browser):
                return _empty(arrival, 204)
            if not await self._in_thread(self._threads, allowed):
                return _empty(arrival, 204)
            response = StreamingResponse(
                self._topics.follow(opened[0], allowed, browser), media_type="text/event-stream; charset=utf-8"
            )
            _guard(response, arrival)
            response.headers["X-Accel-Buffering"] = "no"
            return response

        return endpoint

    # Reading

    def _arrival(self, request: Request) -> Arrival:
        headers = dict(request.scope["headers"])
        url = own_address(request.scope, headers, trust_proxy=self._trust_proxy)
        cookie = request.cookies.get(cookie_name(self._cookie, secure=url.startswith("https:"))) or None
        return Arrival(
            method=request.method,
            path=request.scope["path"],  # request.url would take the Host header for a part of it
            names=storable(request.path_params),
            query=storable(request.query_params),
            form={},
            fetch_site=request.headers.get("sec-fetch-site", ""),
            origin=request.headers.get("origin", ""),
            url=url,
            address=client_address(request.scope, headers, trust_proxy=self._trust_proxy),
            agent=request.headers.get("user-agent", ""),
            correlation=str(uuid4()),
            cookie=cookie,
            secret=cookie or new_secret(),
        )

    async def _static(self, request: Request) -> Response:
        file = self._renderer.static.get(request.path_params["name"])
        if file is None:
            raise HTTPException(404)
        known = request.query_params.get("v") == file.version
        kept = f"public, max-age={_STATIC_SECONDS}, immutable" if known else "no-cache"
        return Response(file.content, headers={**HEADERS, "Cache-Control": kept}, media_type=file.media_type)


def _with(arrival: Arrival, sent: SentForm) -> Arrival:
    return replace(arrival, form=dict(sent.fields), fields=sent.fields, uploads=sent.uploads)


def _too_large(_arrival: Arrival, _visit: object) -> PageAnswer:
    text = "More was sent than this page takes. Files may have 256 MB together; long texts 2 MB, other forms less."
    return refused("Too large", text, 413)


def _too_many(_arrival: Arrival, _visit: object) -> PageAnswer:
    return refused("Try again", "Too many files are being received at the moment. Try again in a minute.", 503)


def _empty(arrival: Arrival, status: int) -> Response:
    response = Response(status_code=status)
    _guard(response, arrival)
    return response


def _guard(response: Response, arrival: Arrival) -> None:
    response.headers.update(HEADERS)
    response.headers["Cache-Control"] = "no-store"
    if arrival.secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"


def _begun(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The same parts, the first of them made now: what cannot begin is an error page, not half a file."""
    rest = iter(parts)
    return chain([next(rest, b"")], rest)


def cookie_name(name: str, *, secure: bool) -> str:
    """What a site calls its cookie: a browser takes one with this prefix over TLS only, and for this host alone."""
    return f"__Host-{name}" if secure else name


def _own_form(arrival: Arrival) -> bool:
    """Whether a POST came from a page of ours: by its hidden field, and by what the browser says of its origin."""
    if _from_elsewhere(arrival) or arrival.cookie is None:
        return False
    return form_token_fits(arrival.cookie, arrival.path, arrival.form.get("form_token", ""))


def _from_elsewhere(arrival: Arrival) -> bool:
    """Whether the browser says that a request comes from another site's page.

    Over plain HTTP some say an origin alone; it is "null" for our own pages, as they send no referrer. Only its host
    is compared: a proxy that is not trusted may have taken off the TLS.
    """
    if arrival.fetch_site:
        return arrival.fetch_site not in ("same-origin", "none")
    return arrival.origin not in ("", "null") and _host(arrival.origin) != _host(arrival.url)


def _host(address: str) -> str:
    return address.partition("://")[2]
